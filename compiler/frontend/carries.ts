/** What a loop carries from one iteration to the next: found by running its body until the forms of values stay the same. */
import { type Builder, createBuilder } from "../ir/builder.js";
import type { TensorType, Var } from "../ir/types.js";
import { assemble, typesOf } from "./assemble.js";
import { type Completion, exitsOf, type PossibleExit } from "./completions.js";
import { type Form, join } from "./forms.js";
import { needGrowth } from "./growth.js";
import { type Meeting, type Side, sharedAmong } from "./identities.js";
import type { Length } from "./items.js";
import { type Cell, type State, stateOf } from "./journal.js";
import { beginLength, type LengthCarry, lengthText, nextLength, tripsOf } from "./lengths.js";
import { NeedStatic, type Site } from "./machine.js";
import { readSlot, type Slot, slotsOf } from "./merge.js";
import { type Trial, tryRegion } from "./regions.js";
import { tensorOf } from "./tensors.js";
import { isStatic, type Need, type TensorValue, UNDEFINED, type Value } from "./values.js";

/** A number of iterations: known now, or as i32. */
export type Trip = number | Var;

export interface LoopPlan {
  readonly site: Site;
  /** What unrolls it. */
  readonly need: Need;
  /** Iterations, where they can be counted beforehand; the body then gets the number of the iteration. */
  readonly trip: Trip | null;
  /** Whether another iteration begins; null for one that goes on until it is left. Writes nothing. */
  readonly test: (() => boolean | TensorValue) | null;
  /** One iteration, to where the next begins; ways out that lead there are absorbed. */
  readonly body: (counter: TensorValue | null) => Completion;
  /** Whether the first iteration always runs. */
  readonly runs: boolean;
  /** Ways out that end at this loop. */
  readonly mine: (exit: PossibleExit) => boolean;
  /** What must not be written to for the count to hold. */
  readonly invariant: readonly Cell[];
  /** Cells that the body is known to write to. */
  readonly seeds: () => readonly Cell[];
}

const I32: TensorType = { dtype: "i32", shape: [] };

export interface Carry {
  readonly slot: Slot;
  readonly initial: Side;
  /** What an iteration starts with. */
  readonly head: Form;
  /** What it carries; not that of the head where only the end has a value. */
  readonly form: Form;
  /** Set for the length of an array that grows. */
  readonly length: LengthCarry | null;
}

const MAX_ROUNDS = 12;

const signature = (form: Form): string => {
  switch (form.kind) {
    case "same":
      return "same";
    case "leaf":
      return `${form.type.dtype}[${form.type.shape.join()}]${form.weak ? "w" : ""}${form.hostArray ? "h" : ""}${form.rows ? "r" : ""}${form.store ?? ""}${form.identity.fixed ?? ""}`;
    case "array":
      return `(${form.items.map(signature).join()})${form.identity.fixed ?? ""}`;
    case "object":
      return `{${form.keys.map((k, i) => `${k}:${signature(form.fields[i] ?? form)}`).join()}}${form.identity.fixed ?? ""}`;
    case "maybe":
      return `${String(form.missing.value)}|${signature(form.value)}`;
    case "row":
      return `@${form.place.kind}${form.index.map((i) => i.known ?? `i${i.whole}`).join()}`;
    case "unmerged":
      return "?";
    default: {
      const never: never = form;
      return never;
    }
  }
};

const keyOf = ({ key }: Slot): string => `${typeof key} ${key}`;

/** A round: the body's region on heads of the carries' forms. */
export interface Round {
  readonly trial: Trial<Completion>;
  readonly counter: Var | null;
  readonly params: readonly Var[];
}

/** Puts what an iteration starts with in place; gives the params. */
export const enter = (
  meeting: Meeting,
  builder: Builder,
  carries: readonly Carry[],
  k: TensorValue | null,
): readonly Var[] =>
  carries.flatMap(({ slot, head, form, length }) => {
    const params = typesOf(form).map((t) => builder.param(t));
    if (length !== null) beginLength(meeting.site, length, params[0] ?? null, k);
    else if (head.kind === "same") slot.write(head.value);
    else slot.write(assemble(meeting, head, head.kind === "unmerged" ? [] : params));
    return params;
  });

const runRound = (plan: LoopPlan, meeting: Meeting, carries: readonly Carry[]): Round => {
  const { site } = plan;
  const builder = createBuilder();
  const counter = plan.trip === null ? null : builder.param(I32);
  let params: readonly Var[] = [];
  const trips = tripsOf(site.machine, plan.trip);
  if (counter !== null && Number.isFinite(trips))
    site.machine.ranges.set(counter, [0, Math.max(0, trips - 1)]);
  const k = counter === null ? null : tensorOf(site, counter, { needs: [plan.need] });
  const run = (): Completion => {
    params = enter(meeting, builder, carries, k);
    return plan.body(k);
  };
  const trial = tryRegion(site, builder, [plan.need], run, true);
  return { trial, counter, params };
};

/** The carry of a slot, from what the loop starts with and what an iteration leaves. */
const carryOf = (meeting: Meeting, slot: Slot, initial: Side, end: Side, runs: boolean): Carry | null => {
  const form = join(meeting, initial ?? UNDEFINED, end ?? UNDEFINED);
  const length = null;
  if (form.kind === "same")
    return slot.unsettled === true ? { slot, initial, head: form, form, length } : null;
  if (form.kind !== "unmerged") return { slot, initial, head: form, form, length };
  const only = runs && end !== null ? join(meeting, null, end) : form;
  return { slot, initial: null, head: form, form: only.kind === "same" ? form : only, length };
};

/** The carry of the length of an array that grows. */
const carryOfLength = (
  { site, ...rest }: Meeting,
  plan: LoopPlan,
  { slot, initial, end, from, to }: End,
  before: Carry | null,
  leaves: boolean,
): Carry | null => {
  if (from === null || to === null) return null;
  const length = nextLength(site, plan, { slot, from, to }, before?.length ?? null, leaves);
  if (length === null) return null;
  const known: Form = { kind: "same", value: initial ?? UNDEFINED };
  if (length.step !== null) return { slot, initial, head: known, form: known, length };
  const general = tensorOf(site, { type: { dtype: "f64", shape: [] } }, { weak: true });
  const form = join({ site, ...rest }, general, end === general ? initial : end);
  return form.kind === "leaf" ? { slot, initial, head: form, form, length } : null;
};

interface End {
  readonly slot: Slot;
  readonly initial: Side;
  readonly end: Side;
  /** The lengths of an array that grows. */
  readonly from: Length | null;
  readonly to: Length | null;
}
const lengthOfState = (state: State): Length | null =>
  state.kind === "array" && state.held.kind === "grown" ? state.held.length : null;

/** Slots that a round wrote to, with what it left there. */
const ends = (
  site: Site,
  carries: readonly Carry[],
  after: ReadonlyMap<Cell, State>,
  need: Need,
): readonly End[] => {
  const cells = new Set<Cell>([...carries.map((c) => c.slot.cell), ...after.keys()]);
  return [...cells].flatMap((cell) => {
    const before = stateOf(cell);
    const state = after.get(cell) ?? before;
    const slots = slotsOf(site, cell, [before, state]);
    if (slots === null) {
      needGrowth(site, cell, [before, state], new NeedStatic([need]));
      throw new NeedStatic([need]);
    }
    return slots.map((slot) => ({
      slot,
      initial: readSlot(site, slot, before),
      end: readSlot(site, slot, state),
      from: lengthOfState(before),
      to: lengthOfState(state),
    }));
  });
};

export interface Stable {
  readonly carries: readonly Carry[];
  readonly round: Round;
  readonly endOf: (carry: Carry) => Side;
}

/** Rounds until the forms are those of the round before. */
export const findCarries = (plan: LoopPlan, meeting: Meeting): Stable => {
  const { site } = plan;
  let carries: readonly Carry[] = seeded(plan, meeting);
  for (let k = 0; k < MAX_ROUNDS; k++) {
    const { moves } = site.machine;
    const round = runRound(plan, meeting, carries);
    const list = ends(site, carries, round.trial.after, plan.need);
    const shared = sharedAmong(list.map((l) => l.initial));
    sharedAmong(
      list.map((l) => l.end),
      shared,
    );
    const meetingNow: Meeting = { ...meeting, shared };
    const known = new Map<Cell, Map<string, Carry>>();
    for (const c of carries)
      known.set(c.slot.cell, (known.get(c.slot.cell) ?? new Map()).set(keyOf(c.slot), c));
    const leaves = exitsOf(round.trial.result).length > 0;
    const next = list.flatMap((l) => {
      const { slot, initial, end } = l;
      const before = known.get(slot.cell)?.get(keyOf(slot));
      if (slot.key === "length") return carryOfLength(meetingNow, plan, l, before ?? null, leaves) ?? [];
      const carry = carryOf(meetingNow, slot, initial, end, plan.runs);
      if (carry !== null) return [carry];
      return before === undefined ? [] : [before];
    });
    const text = (cs: readonly Carry[]): string =>
      cs
        .map(
          (c) =>
            `${c.slot.cell.born}.${keyOf(c.slot)}${c.slot.unsettled === true ? "!" : ""}${lengthText(c.length)}:${signature(c.head)}/${signature(c.form)}`,
        )
        .join(";");
    if (text(next) === text(carries) && moves === site.machine.moves) {
      const at = new Map<Carry, Side>();
      next.forEach((c) => {
        const found = list.find((l) => l.slot.cell === c.slot.cell && keyOf(l.slot) === keyOf(c.slot));
        at.set(c, found?.end ?? null);
      });
      return { carries: next, round, endOf: (c) => at.get(c) ?? null };
    }
    carries = next;
  }
  throw new NeedStatic([plan.need]);
};

/** Numbers and arrays that the body assigns to are carried from the start: most rounds are the last one then. */
const seeded = (plan: LoopPlan, meeting: Meeting): readonly Carry[] =>
  [...new Set(plan.seeds())].flatMap((cell) => {
    const state = stateOf(cell);
    return (slotsOf(plan.site, cell, [state]) ?? []).flatMap((slot): readonly Carry[] => {
      const initial = readSlot(plan.site, slot, state);
      if (initial === null) return [];
      const general = generalOf(plan.site, initial);
      if (general === null) return [];
      const form = join(meeting, initial, general);
      return form.kind === "leaf" ? [{ slot, initial, head: form, form, length: null }] : [];
    });
  });

/** A value of the same kind that is not this one. */
const generalOf = (site: Site, value: Value): Value | null => {
  if (isStatic(value)) {
    if (typeof value.value !== "number" && typeof value.value !== "boolean") return null;
    const dtype = typeof value.value === "number" ? "f64" : "bool";
    return tensorOf(site, { type: { dtype, shape: [] } }, { weak: true });
  }
  if (value.kind !== "tensor" || value.view !== null) return null;
  const { weak, hostArray, store } = value;
  return tensorOf(site, { type: value.v.type }, { weak, hostArray, store });
};
