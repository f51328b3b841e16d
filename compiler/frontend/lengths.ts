/** How the length of an array changes from one iteration of a loop to the next. */
import type { Var } from "../ir/types.js";
import type { LoopPlan, Trip } from "./carries.js";
import { advanced, lengthFrom } from "./growth.js";
import type { Length } from "./items.js";
import { touch } from "./journal.js";
import { type Machine, NeedStatic, type Site } from "./machine.js";
import type { Slot } from "./merge.js";
import { rangeOf } from "./ranges.js";
import { lift, tensorOf, varOf } from "./tensors.js";
import { type ArrayValue, isStatic, type TensorValue } from "./values.js";

/** A length that a loop changes. */
export interface LengthCarry {
  readonly array: ArrayValue;
  /** Before the loop. */
  readonly from: Length;
  /** What each iteration adds; null where that differs. */
  readonly step: number | null;
  /** The greatest length that an iteration starts with, and the greatest after the loop. */
  readonly head: number;
  readonly last: number;
  /** The sum that iterations start with. */
  start: Length | null;
}

/** The most iterations that a run can have. */
export const tripsOf = (machine: Machine, trip: Trip | null): number => {
  if (trip === null) return Number.POSITIVE_INFINITY;
  return typeof trip === "number" ? trip : Math.max(0, rangeOf(machine, trip)[1]);
};

export const lengthText = (length: LengthCarry | null): string =>
  length === null ? "" : `[${length.step},${length.head},${length.last}]`;

/** What a round tells about a length, after what was assumed in it. */
export const nextLength = (
  site: Site,
  plan: LoopPlan,
  { slot, from, to }: { readonly slot: Slot; readonly from: Length; readonly to: Length },
  before: LengthCarry | null,
  leaves: boolean,
): LengthCarry | null => {
  const { cell } = slot;
  if (!("kind" in cell) || cell.kind !== "array") return null;
  const start = before === null ? from : (before.start ?? from);
  const unchanged = to.base === start.base && to.offset === start.offset;
  const grows = Math.max(0, to.bound - start.bound);
  if (before === null && unchanged && grows === 0) return null;
  const trips = tripsOf(site.machine, plan.trip);
  // One more item at each of many iterations that nobody counts.
  if (grows > 0 && !Number.isFinite(trips)) throw new NeedStatic([plan.need]);
  const head = from.bound + (grows === 0 ? 0 : Math.max(0, trips - 1) * grows);
  const last = from.bound + (grows === 0 ? 0 : trips * grows);
  const steady =
    to.base === start.base && plan.trip !== null && !leaves && (before === null || before.step !== null);
  const step = steady ? to.offset - start.offset : null;
  return { array: cell, from, step, head, last, start: null };
};

const hold = (site: Site, { array }: LengthCarry, length: Length): void => {
  const { held } = array;
  if (held.kind !== "grown") return;
  touch(site.machine, array);
  array.held = { ...held, length };
};

/** The length that iteration `k` starts with: from + k * step, or what is carried. */
export const beginLength = (
  site: Site,
  carry: LengthCarry,
  param: Var | null,
  k: TensorValue | null,
): void => {
  const { step, from, head } = carry;
  const { builder } = site.machine;
  let start: Length;
  if (step !== null && k !== null) {
    const i = builder.cast(varOf(site, k), "f64");
    const scaled = step === 1 ? i : builder.mul(i, builder.fill(i, step));
    const known = isStatic(from.value) && from.value.value === 0;
    const v = known ? scaled : builder.add(varOf(site, lift(site, from.value)), scaled);
    start = step === 0 ? from : lengthFrom(site, tensorOf(site, v, { weak: true, needs: k.needs }), head);
  } else if (param !== null)
    start = lengthFrom(site, tensorOf(site, param, { weak: true, needs: k?.needs ?? null }), head);
  else return;
  carry.start = start;
  hold(site, carry, start);
};

/** The length after the loop. */
export const endLength = (
  site: Site,
  carry: LengthCarry,
  trip: Trip | null,
  value: TensorValue | null,
): void => {
  const { step, from, last } = carry;
  if (step === null) {
    if (value !== null) hold(site, carry, lengthFrom(site, value, last));
    return;
  }
  if (typeof trip === "number") {
    hold(site, carry, advanced(site, from, step * trip, last));
    return;
  }
  if (trip === null) return;
  const { builder } = site.machine;
  const n = builder.cast(builder.max(trip, builder.zerosLike(trip)), "f64");
  const scaled = step === 1 ? n : builder.mul(n, builder.fill(n, step));
  const v = builder.add(varOf(site, lift(site, from.value)), scaled);
  hold(site, carry, lengthFrom(site, tensorOf(site, v, { weak: true }), last));
};
