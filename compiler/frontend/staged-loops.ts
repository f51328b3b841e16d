/**
 * Loops of the program. The body is run on what a general iteration starts with, until what it leaves behind has the form
 * of what it started with: then everything that it writes is carried from one iteration to the next.
 */
import { type Builder, createBuilder } from "../ir/builder.js";
import type { TensorType, Var } from "../ir/types.js";
import { asValue } from "./branches.js";
import { anyTaken, type Completion, completionOf, exitsOf, type PossibleExit } from "./completions.js";
import {
  assemble,
  type Form,
  flatten,
  join,
  type Meeting,
  type Side,
  sharedAmong,
  typesOf,
} from "./forms.js";
import { type Cell, type State, stateOf } from "./journal.js";
import { NeedStatic, refuse, type Site } from "./machine.js";
import { readSlot, type Slot, slotsOf } from "./merge.js";
import {
  closeRegions,
  inTrial,
  refuseThrow,
  StagedThrow,
  type Trial,
  tryRegion,
  withRows,
} from "./regions.js";
import { lift, tensorOf, varOf } from "./tensors.js";
import {
  isStatic,
  type Need,
  nextSerial,
  staticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";

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

interface Carry {
  readonly slot: Slot;
  readonly initial: Side;
  /** What an iteration starts with. */
  readonly head: Form;
  /** What it carries; not that of the head where only the end has a value. */
  readonly form: Form;
}

const MAX_ROUNDS = 12;
const I32: TensorType = { dtype: "i32", shape: [] };
const BOOL: TensorType = { dtype: "bool", shape: [] };

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
interface Round {
  readonly trial: Trial<Completion>;
  readonly counter: Var | null;
  readonly params: readonly Var[];
}

/** Puts what an iteration starts with in place; gives the params. */
const enter = (meeting: Meeting, builder: Builder, carries: readonly Carry[]): readonly Var[] =>
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

interface Stable {
  readonly carries: readonly Carry[];
  readonly round: Round;
  readonly endOf: (carry: Carry) => Side;
}

/** Rounds until the forms are those of the round before. */
const findCarries = (plan: LoopPlan, meeting: Meeting): Stable => {
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

/** The ways out of the body as carries: a flag each, and what they return. */
interface Out {
  readonly exit: PossibleExit;
  readonly form: Form;
}

const outsOf = (meeting: Meeting, end: Completion): readonly Out[] =>
  exitsOf(end).map((exit) => ({
    exit,
    form:
      exit.exit.kind === "return" ? join(meeting, null, exit.exit.value) : { kind: "same", value: UNDEFINED },
  }));

/** The count does not hold: the body changes what it was computed from. */
export type Staging = { readonly counted: false } | { readonly counted: true; readonly end: Completion };

/** Stages a loop; gives the ways out that lead further than behind it. */
export const stageLoop = (plan: LoopPlan): Staging => withRows(plan.site, () => stageOnce(plan));

const stageOnce = (plan: LoopPlan): Staging => {
  const { site } = plan;
  const meeting: Meeting = {
    site,
    since: nextSerial(),
    needs: [plan.need],
    shared: new Set(),
    fixed: new Map(),
  };
  try {
    const stable = findCarries(plan, meeting);
    if (stable.carries.some((c) => plan.invariant.includes(c.slot.cell))) return { counted: false };
    const { trial } = stable.round;
    const outs = outsOf(meeting, trial.result);
    const forever = plan.trip === null && plan.test === null;
    if (forever && outs.length === 0) return refuseEndless(site);
    const results = emitLoop(plan, meeting, stable, outs);
    let next = 0;
    const take = (form: Form): readonly Var[] => {
      const part = results.slice(next, next + typesOf(form).length);
      next += part.length;
      return part;
    };
    for (const carry of stable.carries) {
      const value = assemble(meeting, carry.form, take(carry.form));
      carry.slot.write(value);
    }
    const exits = outs.map(({ exit, form }): PossibleExit => {
      const [flag] = results.slice(next, next + 1);
      next++;
      const value = assemble(meeting, form, take(form));
      return {
        flag:
          flag === undefined ? staticValue(true) : tensorOf(site, flag, { weak: true, needs: [plan.need] }),
        exit: exit.exit.kind === "return" ? { kind: "return", value } : exit.exit,
      };
    });
    const further = exits.filter((e) => !plan.mine(e));
    return { counted: true, end: completionOf(further, !forever || further.length < exits.length) };
  } catch (e) {
    // An iteration that always throws: certain only where there is one.
    if (e instanceof StagedThrow && !plan.runs) return refuseThrow(e.site, e.text);
    throw e;
  }
};

const refuseEndless = (site: Site): never =>
  refuse(
    site,
    "TSJ1105",
    "this loop never ends",
    "leave it with break or return, or give it a condition that changes",
  );

const emitLoop = (plan: LoopPlan, meeting: Meeting, stable: Stable, outs: readonly Out[]): readonly Var[] => {
  const { site, trip } = plan;
  const { builder } = site.machine;
  const { carries, round, endOf } = stable;
  const outTypes = outs.flatMap(({ form }) => [BOOL, ...typesOf(form)]);
  const next = inTrial(site, round.trial, () => {
    const b = site.machine.builder;
    for (const type of outTypes) b.param(type);
    return [
      ...carries.flatMap((c) => flatten(site, c.form, endOf(c))),
      ...outs.flatMap(({ exit, form }) => [
        varOf(site, lift(site, exit.flag)),
        ...flatten(site, form, exit.exit.kind === "return" ? exit.exit.value : null),
      ]),
    ];
  });
  const initial = [
    ...carries.flatMap((c) => flatten(site, c.form, c.initial, true)),
    ...outTypes.map((t) => builder.splat(0, t)),
  ];
  if (trip !== null && outs.length === 0) {
    const body = round.trial.builder.finish("body", next);
    const { fns, free } = closeRegions([{ fn: body, own: 1 }]);
    const count = typeof trip === "number" ? [] : [trip];
    return builder.emitAll("for", [...count, ...free, ...initial], {
      trip: typeof trip === "number" ? trip : null,
      consts: free.length,
      body: fns[0] ?? body,
    });
  }
  return emitWhile(plan, meeting, stable, outs, { next, initial, outTypes });
};

interface Carried {
  readonly next: readonly Var[];
  readonly initial: readonly Var[];
  readonly outTypes: readonly TensorType[];
}

/** A loop that is left by a condition or by ways out; one that is counted carries its counter. */
const emitWhile = (
  plan: LoopPlan,
  meeting: Meeting,
  { carries, round }: Stable,
  outs: readonly Out[],
  { next, initial, outTypes }: Carried,
): readonly Var[] => {
  const { site, trip } = plan;
  const { builder } = site.machine;
  const counted = round.counter;
  const results = inTrial(site, round.trial, () => {
    if (counted === null) return next;
    const b = site.machine.builder;
    return [b.add(counted, b.scalar(1, "i32")), ...next];
  });
  const body = round.trial.builder.finish("body", results);
  const cond = createBuilder();
  const k = counted === null ? null : cond.param(I32);
  const params = carries.flatMap((c) => typesOf(c.form).map((t) => cond.param(t)));
  const outParams = outTypes.map((t) => cond.param(t));
  const holds = inBuilder(site, cond, () => {
    const flags: PossibleExit[] = [];
    let at = 0;
    for (const { exit, form } of outs) {
      const flag = outParams[at];
      at += 1 + typesOf(form).length;
      if (flag !== undefined) flags.push({ flag: tensorOf(site, flag, { weak: true }), exit: exit.exit });
    }
    const left = flags.length === 0 ? null : varOf(site, anyTaken(site, flags));
    if (k !== null) {
      const more = cond.lt(k, typeof trip === "number" ? cond.scalar(trip, "i32") : (trip ?? k));
      return left === null ? more : cond.and(cond.not(left), more);
    }
    if (plan.test === null) return left === null ? cond.scalar(1, "bool") : cond.not(left);
    return testUnless(plan, meeting, carries, cond, params, left);
  });
  const closed = closeRegions([
    { fn: cond.finish("cond", [holds]), own: 0 },
    { fn: body, own: 0 },
  ]);
  const [condFn, bodyFn] = closed.fns;
  if (condFn === undefined || bodyFn === undefined) return [];
  const start = counted === null ? initial : [builder.scalar(0, "i32"), ...initial];
  const finals = builder.emitAll("while", [...closed.free, ...start], {
    consts: closed.free.length,
    cond: condFn,
    body: bodyFn,
  });
  return counted === null ? finals : finals.slice(1);
};

const inBuilder = <T>({ machine }: Site, builder: Builder, f: () => T): T => {
  const outer = machine.builder;
  machine.builder = builder;
  machine.open.add(builder);
  try {
    return builder.at(outer.span(), f);
  } finally {
    machine.builder = outer;
    machine.open.delete(builder);
  }
};

/** The loop's own condition, evaluated only where the loop was not left. */
const testUnless = (
  plan: LoopPlan,
  meeting: Meeting,
  carries: readonly Carry[],
  cond: Builder,
  params: readonly Var[],
  left: Var | null,
): Var => {
  const { site, test } = plan;
  const inner = createBuilder();
  let held: readonly Var[] = [];
  const trial = tryRegion(site, inner, [plan.need], () => {
    held = enter(meeting, inner, carries);
    return test === null ? true : test();
  });
  if (trial.result === true && left === null) return refuseEndless(site);
  const result = inTrial(site, trial, () => varOf(site, lift(site, asValue(trial.result))));
  const open = { ...inner.finish("test", [result]), params: held };
  if (left === null) return cond.inline(open, params)[0] ?? result;
  const otherwise = createBuilder();
  const no = createBuilder();
  const { fns, free } = closeRegions([
    { fn: no.finish("then", [no.scalar(0, "bool")]), own: 0 },
    { fn: otherwise.finish("else", otherwise.inline(open, params)), own: 0 },
  ]);
  const [then, rest] = fns;
  if (then === undefined || rest === undefined) return left;
  // biome-ignore lint/suspicious/noThenProperty: a region's name
  return cond.emitAll("if", [left, ...free], { then, else: rest })[0] ?? left;
};
