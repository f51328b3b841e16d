/**
 * Partial evaluation of a loop: the known loop computes what does not depend on the inputs that vary and keeps what the
 * linear loop needs of each iteration; the linear loop, a `for` over the iterations that there were, reads it. It is kept in
 * arrays [trip, ...], or in tapes where the number of iterations is not known beforehand. Not kept is what does not change
 * from one iteration to the next, and what can be computed again from the counter and constants at little cost.
 */
import type { Builder } from "../../ir/builder.js";
import { forInputs } from "../../ir/control.js";
import { type AnyOp, type Eqn, type IrFunction, isControl, isUnbounded, type Var } from "../../ir/types.js";
import { hasEffect } from "../effects.js";
import { COUNTER, typesOf } from "./checks.js";
import { dependentCarries } from "./depends.js";
import { negated, pick, spread } from "./lists.js";
import type { Parts, SplitEngine, Tapes } from "./record.js";
import { closeAll, readRow, tapeLayout, tapeVars, writeRow } from "./tapes.js";

/** Ops whose result costs more than reading it from memory. */
const COSTLY: ReadonlySet<AnyOp> = new Set<AnyOp>([
  "dot",
  "scatterAdd",
  "dynamicUpdate",
  "reduceSum",
  "reduceProd",
  "reduceMax",
  "reduceMin",
  "argmax",
  "argmin",
  "threefry",
]);

/** Known equations that depend on the counter and constants only, at little cost. */
const recomputable = (parts: Parts, before: readonly Var[]): ReadonlyMap<Var, Eqn> => {
  const available = new Set<Var>(before);
  const found = new Map<Var, Eqn>();
  for (const eqn of parts.known) {
    if (isControl(eqn) || COSTLY.has(eqn.op) || hasEffect(eqn)) continue;
    if (!eqn.inputs.every((v) => available.has(v))) continue;
    const [out] = eqn.outs;
    available.add(out);
    found.set(out, eqn);
  }
  return found;
};

/** The equations of `found` that `wanted` needs, in program order. */
const closureOf = (parts: Parts, found: ReadonlyMap<Var, Eqn>, wanted: readonly Var[]): readonly Eqn[] => {
  const needed = new Set<Eqn>();
  const visit = (v: Var): void => {
    const eqn = found.get(v);
    if (eqn === undefined || needed.has(eqn)) return;
    needed.add(eqn);
    eqn.inputs.forEach(visit);
  };
  wanted.forEach(visit);
  return parts.known.filter((eqn) => needed.has(eqn));
};

/** Writes x as row i of a stack. */
const store = (b: Builder, stack: Var, i: Var, x: Var): Var => {
  const row = b.reshape(x, [1, ...x.type.shape]);
  const zero = b.scalar(0, "i32");
  return b.emit("dynamicUpdate", [stack, row, i, ...x.type.shape.map(() => zero)], { mode: "clamp" });
};

/** Row i of a stack. */
const load = (b: Builder, stack: Var, i: Var): Var => {
  const shape = stack.type.shape.slice(1);
  const zero = b.scalar(0, "i32");
  const starts = [i, ...shape.map(() => zero)];
  return b.reshape(
    b.emit("dynamicSlice", [stack, ...starts], { sizes: [1, ...shape], mode: "clamp" }),
    shape,
  );
};

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
  readonly constVary: readonly boolean[];
  /** Which carries vary. */
  readonly varies: readonly boolean[];
  readonly parts: Parts;
  /** The body's params, as `parts` has them. */
  readonly counter: Var | null;
  readonly knownConsts: readonly Var[];
  readonly bodyCarries: readonly Var[];
  /** What is kept of each iteration, and how. */
  readonly stacked: readonly Var[];
  readonly keep: Keep;
}

/** How the values of an iteration are kept: in `stores`, at a row that `origin` plus the iteration's number gives. */
interface Keep {
  readonly stores: readonly Var[];
  /** The row of the first iteration; null for 0. */
  readonly origin: Var | null;
  readonly write: (b: Builder, stores: readonly Var[], row: Var, values: readonly Var[]) => readonly Var[];
  readonly read: (b: Builder, stores: readonly Var[], row: Var) => readonly Var[];
}

const inStacks = (known: Builder, stacked: readonly Var[], trip: number): Keep => ({
  stores: stacked.map(({ type: { dtype, shape } }) =>
    // a body that never runs still has to fit
    known.splat(0, { dtype, shape: [Math.max(trip, 1), ...shape] }),
  ),
  origin: null,
  write: (b, stores, row, values) =>
    stores.map((stack, k) => {
      const x = values[k];
      return x === undefined ? stack : store(b, stack, row, x);
    }),
  read: (b, stores, row) => stores.map((stack) => load(b, stack, row)),
});

interface KnownLoop {
  /** The carries that don't vary, at the end. */
  readonly fixed: readonly Var[];
  readonly stores: readonly Var[];
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
  const consts = [...fixedConsts, ...(keep.origin === null ? [] : [keep.origin])];
  const counted = cond === null ? [] : [known.scalar(0, "i32")];
  const parted = [pick(loop.carries, fixed), keep.stores, inner.flatMap(tapeVars), counted];
  const carries = parted.flat();
  const starts = parted.map((_, k) => parted.slice(0, k).reduce((n, list) => n + list.length, consts.length));
  /** The consts and carries of one iteration, by what they are. */
  const taken = (args: readonly Var[]) => {
    const part = (k: number): readonly Var[] => args.slice(starts[k], starts[k + 1]);
    const origin = keep.origin === null ? null : (args[fixedConsts.length] ?? null);
    return {
      consts: args.slice(0, fixedConsts.length),
      origin,
      fixed: part(0),
      stores: part(1),
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
    ]);
    const kept = values.slice(nFixed, nFixed + s.stacked.length);
    const row = now.origin === null || kept.length === 0 ? i : b.add(now.origin, i);
    return [
      ...values.slice(0, nFixed),
      ...keep.write(b, now.stores, row, kept),
      ...values.slice(nFixed + s.stacked.length),
    ];
  };
  const split = (values: readonly Var[], count: Var | null): KnownLoop => {
    const all = taken([...consts, ...values]);
    return { fixed: all.fixed, stores: all.stores, opened: inner, inner: all.inner, count };
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
      return count === undefined ? [] : [...iteration(b, count, args), b.add(count, b.scalar(1, "i32"))];
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
const linearLoop = (
  s: Split,
  linear: Builder,
  found: ReadonlyMap<Var, Eqn>,
  done: KnownLoop,
  inner: readonly Var[],
): readonly Var[] => {
  const { e, loop, parts, keep, counter } = s;
  const region: IrFunction = {
    name: "body",
    params: [
      ...(counter === null ? [] : [counter]),
      ...s.knownConsts,
      ...s.stacked,
      ...parts.tapes.flatMap(({ after }) => after.tapes),
      ...pick(parts.params.slice(counter === null ? 0 : 1), [...s.constVary, ...s.varies]),
    ],
    body: [...closureOf(parts, found, parts.residuals), ...parts.linear],
    results: pick(parts.results, s.varies),
  };
  const origin = keep.origin === null ? [] : [keep.origin];
  const fixedConsts = pick(loop.consts, negated(s.constVary));
  const consts = [...fixedConsts, ...origin, ...done.stores, ...inner, ...pick(loop.consts, s.constVary)];
  const carries = pick(loop.carries, s.varies);
  const body = e.build("body", [COUNTER, ...typesOf([...consts, ...carries])], (b, [i, ...args]) => {
    if (i === undefined) return [];
    const first = fixedConsts.length;
    const from = first + origin.length;
    const [base] = origin.length === 0 ? [] : args.slice(first);
    const row = base === undefined ? i : b.add(base, i);
    const kept = keep.read(b, args.slice(from, from + done.stores.length), row);
    return b.inline(region, [
      ...(counter === null ? [] : [i]),
      ...args.slice(0, first),
      ...kept,
      ...args.slice(from + done.stores.length),
    ]);
  });
  const inputs = forInputs({ trip: done.count, consts, carries });
  return linear.emitAll("for", inputs, { trip: loop.trip, consts: consts.length, body });
};

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
  const unbounded = loop.trip === null || e.unbounded;
  const steady = loop.consts.map((v, k) => constVary[k] === false && e.isSteady(v));
  const place = { unbounded, steady: [...(lead === 1 ? [true] : []), ...steady, ...varies.map(() => false)] };
  const parts = e.parts(loop.body, [...before, ...varies], varies, place);
  const counter = lead === 1 ? (parts.params[0] ?? null) : null;
  const bodyConsts = parts.params.slice(lead, lead + loop.consts.length);
  const knownConsts = pick(bodyConsts, negated(constVary));
  const again = [
    ...(counter === null ? [] : [counter]),
    ...pick(
      bodyConsts,
      constVary.map((x, k) => !x && (steady[k] === true || !isUnbounded(bodyConsts[k]?.type ?? COUNTER))),
    ),
  ];
  const found = recomputable(parts, again);
  const free = new Set<Var>([...(counter === null ? [] : [counter]), ...knownConsts, ...found.keys()]);
  const stacked = parts.residuals.filter((v) => !free.has(v));
  const types = typesOf(stacked);
  const layout = tapeLayout(types);
  const tapes = unbounded && layout.types.length > 0 ? e.openTapes(layout.types) : null;
  const keep: Keep =
    tapes === null && loop.trip !== null && !unbounded
      ? inStacks(known, stacked, loop.trip)
      : {
          stores: tapes?.tapes ?? [],
          origin: tapes?.cursor ?? null,
          write: (b, stores, row, values) => writeRow(b, layout, stores, row, values),
          read: (b, stores, row) => readRow(b, layout, stores, row, types),
        };
  const bodyCarries = parts.params.slice(lead + loop.consts.length);
  const s: Split = { e, loop, constVary, varies, parts, counter, knownConsts, bodyCarries, stacked, keep };
  const done = knownLoop(s, known);
  if (tapes !== null) {
    const counted = done.count ?? known.scalar(loop.trip ?? 0, "i32");
    // a count that is given may be negative
    const rows = loop.count === null ? counted : known.max(counted, known.scalar(0, "i32"));
    e.closeTapes(tapes, done.stores, known.add(tapes.cursor, rows));
  }
  const inner = closeAll(e, done.opened, done.inner).flat();
  const moving = linearLoop(s, linear, found, done, inner);
  const still = spread(done.fixed, negated(varies));
  const moved = spread(moving, varies);
  return { outs: loop.carries.map((x, k) => still[k] ?? moved[k] ?? x), varies };
};
