/** What a loop carries from one iteration to the next: found by running its body until the forms of values stay the same. */
import { type Builder, createBuilder } from "../ir/builder.js";
import type { TensorType, Var } from "../ir/types.js";
import { assemble, typesOf } from "./assemble.js";
import type { Completion, PossibleExit } from "./completions.js";
import { type Form, join } from "./forms.js";
import { type Meeting, type Side, sharedAmong } from "./identities.js";
import { type Cell, type State, stateOf } from "./journal.js";
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
}

const MAX_ROUNDS = 12;

const signature = (form: Form): string => {
  switch (form.kind) {
    case "same":
      return "same";
    case "leaf":
      return `${form.type.dtype}[${form.type.shape.join()}]${form.weak ? "w" : ""}${form.hostArray ? "h" : ""}${form.rows ? "r" : ""}${form.store ?? ""}${form.identity.fixed ?? ""}`;
    case "view":
      return `v${form.base.born}[${form.index.join()}]`;
    case "array":
      return `(${form.items.map(signature).join()})${form.identity.fixed ?? ""}`;
    case "object":
      return `{${form.keys.map((k, i) => `${k}:${signature(form.fields[i] ?? form)}`).join()}}${form.identity.fixed ?? ""}`;
    case "maybe":
      return `${String(form.missing.value)}|${signature(form.value)}`;
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
export const enter = (meeting: Meeting, builder: Builder, carries: readonly Carry[]): readonly Var[] =>
  carries.flatMap(({ slot, head, form }) => {
    const params = typesOf(form).map((t) => builder.param(t));
    if (head.kind === "same") slot.write(head.value);
    else slot.write(assemble(meeting, head, head.kind === "unmerged" ? [] : params));
    return params;
  });

const runRound = (plan: LoopPlan, meeting: Meeting, carries: readonly Carry[]): Round => {
  const { site } = plan;
  const builder = createBuilder();
  const counter = plan.trip === null ? null : builder.param(I32);
  let params: readonly Var[] = [];
  const trial = tryRegion(site, builder, [plan.need], () => {
    params = enter(meeting, builder, carries);
    return plan.body(counter === null ? null : tensorOf(site, counter, { needs: [plan.need] }));
  });
  return { trial, counter, params };
};

/** The carry of a slot, from what the loop starts with and what an iteration leaves. */
const carryOf = (meeting: Meeting, slot: Slot, initial: Side, end: Side, runs: boolean): Carry | null => {
  const form = join(meeting, initial ?? UNDEFINED, end ?? UNDEFINED);
  if (form.kind === "same") return slot.unsettled === true ? { slot, initial, head: form, form } : null;
  if (form.kind !== "unmerged") return { slot, initial, head: form, form };
  const only = runs && end !== null ? join(meeting, null, end) : form;
  return { slot, initial: null, head: form, form: only.kind === "same" ? form : only };
};

/** Slots that a round wrote to, with what it left there. */
const ends = (
  site: Site,
  carries: readonly Carry[],
  after: ReadonlyMap<Cell, State>,
  need: Need,
): readonly { slot: Slot; initial: Side; end: Side }[] => {
  const cells = new Set<Cell>([...carries.map((c) => c.slot.cell), ...after.keys()]);
  return [...cells].flatMap((cell) => {
    const before = stateOf(cell);
    const state = after.get(cell) ?? before;
    const slots = slotsOf(site, cell, [before, state]);
    if (slots === null) throw new NeedStatic([need]);
    return slots.map((slot) => ({
      slot,
      initial: readSlot(site, slot, before),
      end: readSlot(site, slot, state),
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
    const next = list.flatMap(({ slot, initial, end }) => {
      const before = known.get(slot.cell)?.get(keyOf(slot));
      const carry = carryOf(meetingNow, slot, initial, end, plan.runs);
      if (carry !== null) return [carry];
      return before === undefined ? [] : [before];
    });
    const text = (cs: readonly Carry[]): string =>
      cs
        .map(
          (c) =>
            `${c.slot.cell.born}.${keyOf(c.slot)}${c.slot.unsettled === true ? "!" : ""}:${signature(c.head)}/${signature(c.form)}`,
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
      return form.kind === "leaf" ? [{ slot, initial, head: form, form }] : [];
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
