/**
 * Partial evaluation of a loop: the known loop computes what does not depend on the inputs that vary and keeps what the
 * linear loop needs of each iteration; the linear loop, a `for` over the iterations that there were, reads it. It is kept in
 * arrays [trip, ...], or in tapes where the number of iterations is not known beforehand. Not kept is what does not change
 * from one iteration to the next, and what can be computed again from that, the counter and what is kept, at less cost.
 */
import type { Builder } from "../../ir/builder.js";
import { forInputs } from "../../ir/control.js";
import { markCount } from "../../ir/names.js";
import { type Eqn, type IrFunction, isUnbounded, sizeOf, type Var } from "../../ir/types.js";
import { hasEffect } from "../effects.js";
import { COUNTER, typesOf } from "./checks.js";
import { dependentCarries } from "./depends.js";
import { negated, pick, spread } from "./lists.js";
import type { Parts, SplitEngine, Tapes } from "./record.js";
import { chooseResiduals, keepingCost } from "./residuals.js";
import { closeAll, readRow, readStack, tapeLayout, tapeVars, writeRow, writeStack } from "./tapes.js";

/** A `for` or `while`. */
export interface Loop {
  /** The trip count of a `for` that is known when it is compiled. */
  readonly trip: number | null;
  /** The count of a `for` where it is not. */
  readonly count: Var | null;
  readonly consts: readonly Var[];
  readonly carries: readonly Var[];
  /** (consts, carries) -> whether to go on; null for a `for`. */
  readonly cond: IrFunction | null;
  /** (i, consts, carries) -> carries; of a `while` without i. */
  readonly body: IrFunction;
}

/** What the two loops agree on. */
interface Split {
  readonly e: SplitEngine;
  readonly loop: Loop;
  /** How often it runs is known: what it keeps goes to stacks. */
  readonly bounded: boolean;
  readonly constVary: readonly boolean[];
  /** Which carries vary. */
  readonly varies: readonly boolean[];
  readonly parts: Parts;
  /** The body's params, as `parts` has them. */
  readonly counter: Var | null;
  readonly knownConsts: readonly Var[];
  readonly bodyCarries: readonly Var[];
  /** What is kept of each iteration, and how; and what gives the other residuals. */
  readonly stacked: readonly Var[];
  readonly again: readonly Eqn[];
  readonly keep: Keep;
}

/** How the values of an iteration are kept: in `tapes`, at a row that the iterations of the loops and `origin` give. */
interface Keep {
  readonly tapes: Tapes;
  /** The loops around and this one as indices of a row, or for tapes without end the row of the first iteration. */
  readonly origin: readonly Var[];
  readonly write: (b: Builder, tapes: readonly Var[], row: Row, values: readonly Var[]) => readonly Var[];
  readonly read: (b: Builder, tapes: readonly Var[], row: Row) => readonly Var[];
}
/** The iteration, and what `origin` is there. */
interface Row {
  readonly i: Var;
  readonly origin: readonly Var[];
}

const inStacks = (e: SplitEngine, stacked: readonly Var[], trips: readonly number[]): Keep => ({
  tapes: e.openTapes(stacked.map(({ type: { dtype, shape } }) => ({ dtype, shape: [...trips, ...shape] }))),
  origin: e.at,
  write: (b, stacks, { i, origin }, values) =>
    stacks.map((stack, k) => {
      const x = values[k];
      return x === undefined ? stack : writeStack(b, stack, [...origin, i], x);
    }),
  read: (b, stacks, { i, origin }) => stacks.map((stack) => readStack(b, stack, [...origin, i])),
});

const inTapes = (e: SplitEngine, stacked: readonly Var[]): Keep => {
  const types = typesOf(stacked);
  const layout = tapeLayout(types);
  const tapes = e.openTapes(layout.types);
  const rowOf = (b: Builder, { i, origin: [first] }: Row): Var =>
    first === undefined ? i : markCount(b.add(first, i));
  return {
    tapes,
    origin: tapes.cursor === null ? [] : [tapes.cursor],
    write: (b, now, row, values) => writeRow(b, layout, now, rowOf(b, row), values),
    read: (b, now, row) => readRow(b, layout, now, rowOf(b, row), types),
  };
};

interface KnownLoop {
  /** The carries that don't vary, at the end. */
  readonly fixed: readonly Var[];
  readonly tapes: readonly Var[];
  /** How many iterations there were; null for the trip count that is known. */
  readonly count: Var | null;
  /** The tapes of loops inside as they were opened, and what they are at the end, all in a row. */
  readonly opened: readonly Tapes[];
  readonly inner: readonly Var[];
}

const knownLoop = (s: Split, known: Builder): KnownLoop => {
  const { e, loop, parts, keep, counter } = s;
  const { cond } = loop;
  const fixed = negated(s.varies);
  const fixedConsts = pick(loop.consts, negated(s.constVary));
  const inner = parts.tapes.map(({ before }) => e.openTapes(before.types));
  const consts = [...fixedConsts, ...keep.origin];
  const counted = cond === null ? [] : [known.scalar(0, "i32")];
  const parted = [pick(loop.carries, fixed), keep.tapes.tapes, inner.flatMap(tapeVars), counted];
  const carries = parted.flat();
  const starts = parted.map((_, k) => parted.slice(0, k).reduce((n, list) => n + list.length, consts.length));
  /** The consts and carries of one iteration, by what they are. */
  const taken = (args: readonly Var[]) => {
    const part = (k: number): readonly Var[] => args.slice(starts[k], starts[k + 1]);
    return {
      consts: args.slice(0, fixedConsts.length),
      origin: args.slice(fixedConsts.length, consts.length),
      fixed: part(0),
      tapes: part(1),
      inner: part(2),
      count: part(3)[0],
    };
  };
  const region: IrFunction = {
    name: "body",
    params: [
      ...(counter === null ? [] : [counter]),
      ...s.knownConsts,
      ...pick(s.bodyCarries, fixed),
      ...parts.tapes.flatMap(({ before }) => tapeVars(before)),
      ...parts.at,
    ],
    body: parts.known,
    results: [
      ...pick(parts.results, fixed),
      ...s.stacked,
      ...parts.tapes.flatMap(({ after }) => tapeVars(after)),
    ],
  };
  const nFixed = pick(loop.carries, fixed).length;
  const iteration = (b: Builder, i: Var, args: readonly Var[]): readonly Var[] => {
    const now = taken(args);
    const values = b.inline(region, [
      ...(counter === null ? [] : [i]),
      ...now.consts,
      ...now.fixed,
      ...now.inner,
      ...(s.bounded ? [...now.origin, i] : []),
    ]);
    const kept = values.slice(nFixed, nFixed + s.stacked.length);
    return [
      ...values.slice(0, nFixed),
      ...keep.write(b, now.tapes, { i, origin: now.origin }, kept),
      ...values.slice(nFixed + s.stacked.length),
    ];
  };
  const split = (values: readonly Var[], count: Var | null): KnownLoop => {
    const all = taken([...consts, ...values]);
    return { fixed: all.fixed, tapes: all.tapes, opened: inner, inner: all.inner, count };
  };
  const types = typesOf([...consts, ...carries]);
  if (cond !== null) {
    // what varies decides nothing
    const test = e.build("cond", types, (b, args) => {
      const now = taken(args);
      const given = [...spread(now.consts, negated(s.constVary)), ...spread(now.fixed, fixed)];
      return b.inline(
        cond,
        cond.params.map((p, k) => given[k] ?? p),
      );
    });
    const body = e.build("body", types, (b, args) => {
      const { count } = taken(args);
      return count === undefined
        ? []
        : [...iteration(b, count, args), markCount(b.add(count, b.scalar(1, "i32")))];
    });
    const values = known.emitAll("while", [...consts, ...carries], {
      consts: consts.length,
      cond: test,
      body,
    });
    const { count = known.scalar(0, "i32") } = taken([...consts, ...values]);
    return split(values, count);
  }
  const { trip, count } = loop;
  const needed = carries.length > 0 || parts.known.some(hasEffect);
  if (!needed) return split([], count);
  const body = e.build("body", [COUNTER, ...types], (b, [i, ...args]) =>
    i === undefined ? [] : iteration(b, i, args),
  );
  const inputs = forInputs({ trip: count, consts, carries });
  return split(known.emitAll("for", inputs, { trip, consts: consts.length, body }), count);
};

/** The carries that vary, at the end. */
const linearLoop = (s: Split, linear: Builder, done: KnownLoop, inner: readonly Var[]): readonly Var[] => {
  const { e, loop, parts, keep, counter } = s;
  const region: IrFunction = {
    name: "body",
    params: [
      ...(counter === null ? [] : [counter]),
      ...s.knownConsts,
      ...s.stacked,
      ...parts.at,
      ...parts.tapes.flatMap(({ after }) => after.tapes),
      ...pick(parts.params.slice(counter === null ? 0 : 1), [...s.constVary, ...s.varies]),
    ],
    body: [...s.again, ...parts.linear],
    results: pick(parts.results, s.varies),
  };
  const fixedConsts = pick(loop.consts, negated(s.constVary));
  const consts = [...fixedConsts, ...keep.origin, ...done.tapes, ...inner, ...pick(loop.consts, s.constVary)];
  const carries = pick(loop.carries, s.varies);
  const body = e.build("body", [COUNTER, ...typesOf([...consts, ...carries])], (b, [i, ...args]) => {
    if (i === undefined) return [];
    const first = fixedConsts.length;
    const from = first + keep.origin.length;
    const origin = args.slice(first, from);
    const kept = keep.read(b, args.slice(from, from + done.tapes.length), { i, origin });
    return b.inline(region, [
      ...(counter === null ? [] : [i]),
      ...args.slice(0, first),
      ...kept,
      ...(s.bounded ? [...origin, i] : []),
      ...args.slice(from + done.tapes.length),
    ]);
  });
  const inputs = forInputs({ trip: done.count, consts, carries });
  return linear.emitAll("for", inputs, { trip: loop.trip, consts: consts.length, body });
};

/** Elements up to which a constant is there anyway. */
const SMALL = 16;

/**
 * The cost per iteration of keeping a constant for the linear loop: none where that is done once, or where it is small; where what
 * is around the loop runs again and again, the array is kept for each run. A number of iterations that is not known may be small.
 */
const constantCost = (v: Var, steady: boolean, trip: number | null): number =>
  steady || (sizeOf(v.type.shape) <= SMALL && !isUnbounded(v.type))
    ? 0
    : keepingCost(v) / Math.max(1, trip ?? 1);

/** Takes a loop apart; `constVary` and `initVary` say which of its operands vary. */
export const splitLoop = (
  e: SplitEngine,
  known: Builder,
  linear: Builder,
  loop: Loop,
  constVary: readonly boolean[],
  initVary: readonly boolean[],
): { readonly outs: readonly Var[]; readonly varies: readonly boolean[] } => {
  const lead = loop.cond === null ? 1 : 0;
  const before = [...(lead === 1 ? [false] : []), ...constVary];
  const varies = dependentCarries(loop.body, before, initVary);
  const bounded = loop.trip !== null && !e.unbounded;
  const steady = loop.consts.map((v, k) => constVary[k] === false && e.isSteady(v));
  // a body that never runs still has to fit
  const trips = bounded ? [...e.trips, Math.max(loop.trip, 1)] : [];
  const place = {
    unbounded: !bounded,
    trips,
    steady: [...(lead === 1 ? [true] : []), ...steady, ...varies.map(() => false)],
  };
  const parts = e.parts(loop.body, [...before, ...varies], varies, place);
  const counter = lead === 1 ? (parts.params[0] ?? null) : null;
  const bodyConsts = parts.params.slice(lead, lead + loop.consts.length);
  const knownConsts = pick(bodyConsts, negated(constVary));
  const costs = new Map<Var, number>(counter === null ? [] : [[counter, 0]]);
  bodyConsts.forEach((v, k) => {
    if (constVary[k] !== true) costs.set(v, constantCost(v, steady[k] === true, loop.trip));
  });
  const { kept, again } = chooseResiduals(parts, (v) => costs.get(v) ?? keepingCost(v));
  const stacked = kept.filter((v) => !costs.has(v));
  const keep = bounded ? inStacks(e, stacked, trips) : inTapes(e, stacked);
  const bodyCarries = parts.params.slice(lead + loop.consts.length);
  const both = { e, loop, bounded, constVary, varies, parts, keep };
  const s: Split = { ...both, counter, knownConsts, bodyCarries, stacked, again };
  const done = knownLoop(s, known);
  const { tapes } = keep;
  if (tapes.cursor !== null) {
    const counted = done.count ?? known.scalar(loop.trip ?? 0, "i32");
    // a count that is given may be negative
    const rows = loop.count === null ? counted : known.max(counted, known.scalar(0, "i32"));
    e.closeTapes(tapes, done.tapes, markCount(known.add(tapes.cursor, rows)));
  } else if (tapes.tapes.length > 0) e.closeTapes(tapes, done.tapes, null);
  const inner = closeAll(e, done.opened, done.inner).flat();
  const moving = linearLoop(s, linear, done, inner);
  const still = spread(done.fixed, negated(varies));
  const moved = spread(moving, varies);
  return { outs: loop.carries.map((x, k) => still[k] ?? moved[k] ?? x), varies };
};
