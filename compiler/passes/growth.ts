/**
 * How far whole numbers can get that a loop of known length makes of each other: tables of dynamic programs, counts, paths. If
 * every value an iteration makes is at most `step` above some value there was before, then after n iterations all are at
 * most n * step above where they began.
 *
 * A value here is either known by itself, or lies within [lo + lower, hi + upper], where [lo, hi] holds all values of the
 * group before the iteration. Sums with known values move the bounds, minima and maxima and choices take the wider ones.
 */

import { forOperands, ifOperands } from "../ir/control.js";
import { refuseRule } from "../ir/rules.js";
import {
  type ControlEqn,
  type Eqn,
  type IrFunction,
  isControl,
  type PlainEqn,
  type Var,
} from "../ir/types.js";
import { I32, type Range, rangeOf, union, wholeRange, within } from "./range.js";

type Ranges = readonly (Range | null)[];
type Value =
  | { readonly kind: "known"; readonly range: Range | null }
  | { readonly kind: "grown"; readonly lower: number; readonly upper: number };
type Grown = Extract<Value, { kind: "grown" }>;

const known = (range: Range | null): Value => ({ kind: "known", range });
const grown = (lower: number, upper: number): Grown => ({ kind: "grown", lower, upper });

/** One evaluation of a loop's body. */
interface Run {
  /** What the group holds at first; known values that join it widen it. */
  base: Range;
  /** How far values computed in i32, and in any type, get from the group's. */
  word: Grown;
  all: Grown;
}

/** The widest magnitudes up to which f64 holds every whole number. */
const EXACT = 2 ** 53;

/**
 * The ranges of those carries whose `found` range is no better than their dtype's, in a `for` of at most `trip` iterations;
 * null for the others, and where nothing can be said. `before` are the ranges of the counter and the constants.
 */
export const groupGrowth = (
  body: IrFunction,
  before: Ranges,
  starts: Ranges,
  found: Ranges,
  trip: number,
): Ranges => {
  const carries = body.params.slice(before.length);
  const none = carries.map(() => null);
  const group = new Set<number>();
  carries.forEach((p, k) => {
    const range = found[k] ?? null;
    const whole = wholeRange(p.type.dtype);
    const open = range === null || (whole !== null && within(whole, range));
    if (open && starts[k]?.int === true && p.type.dtype !== "f32" && p.type.dtype !== "u32") group.add(k);
  });
  for (;;) {
    const members = [...group];
    const base = members.map((k) => starts[k] ?? null).reduce(union, starts[members[0] ?? -1] ?? null);
    if (base === null || !Number.isFinite(trip)) return none;
    const run: Run = { base, word: grown(0, 0), all: grown(0, 0) };
    const params = [
      ...before.map(known),
      ...carries.map((_, k) => (group.has(k) ? grown(0, 0) : known(found[k] ?? null))),
    ];
    const results = evaluate(run, body, params).map((v, k) => (group.has(k) ? joined(run, v) : v));
    const failed = members.filter((k) => results[k]?.kind !== "grown");
    if (failed.length === 0) return limitsOf(run, carries, group, results, trip) ?? none;
    for (const k of failed) group.delete(k);
  }
};

/** What the group holds after `trip` iterations; null where something on the way is not exact. */
const limitsOf = (
  run: Run,
  carries: readonly Var[],
  group: ReadonlySet<number>,
  results: readonly Value[],
  trip: number,
): Ranges | null => {
  const step = hullOf([...group].flatMap((k) => results[k] ?? []));
  const lo = run.base.lo + trip * Math.min(0, step.lower);
  const hi = run.base.hi + trip * Math.max(0, step.upper);
  if (lo + run.all.lower < -EXACT || hi + run.all.upper > EXACT) return null;
  if (!within({ lo: lo + run.word.lower, hi: hi + run.word.upper, int: true }, I32)) return null;
  return carries.map((_, k) => (group.has(k) ? { lo: lo + 0, hi: hi + 0, int: true } : null));
};

const hullOf = (values: readonly Value[]): Grown => {
  const own = values.flatMap((v) => (v.kind === "grown" ? [v] : []));
  return grown(Math.min(...own.map((v) => v.lower)), Math.max(...own.map((v) => v.upper)));
};

/** A value as one of the group; a known one widens the base. */
const joined = (run: Run, v: Value): Value => {
  if (v.kind === "grown") return v;
  const { range } = v;
  if (range === null || !range.int) return v;
  if (!within(range, run.base)) run.base = union(run.base, range) ?? run.base;
  return grown(0, 0);
};

/** Both, as far as one is of the group. */
const either = (run: Run, x: Value, y: Value): Value => {
  if (x.kind === "known" && y.kind === "known") return known(union(x.range, y.range));
  const [a, b] = [joined(run, x), joined(run, y)];
  return a.kind === "grown" && b.kind === "grown" ? hullOf([a, b]) : known(null);
};

const rangeIn = (v: Value, at: Var): Range | null =>
  (v.kind === "known" ? v.range : null) ?? wholeRange(at.type.dtype);

/** The results of a region, given its params. */
const evaluate = (run: Run, fn: IrFunction, params: readonly Value[]): readonly Value[] => {
  const values = new Map<Var, Value>();
  const lookUp = (v: Var): Value => values.get(v) ?? known(wholeRange(v.type.dtype));
  fn.params.forEach((p, k) => void values.set(p, params[k] ?? known(wholeRange(p.type.dtype))));
  for (const eqn of fn.body) {
    const outs = isControl(eqn) ? evaluateControl(run, eqn, lookUp) : [evaluatePlain(run, eqn, lookUp)];
    eqn.outs.forEach((v, k) => {
      const out = outs[k] ?? known(null);
      const fits = out.kind === "known" || noted(run, v, eqn, out);
      values.set(v, fits ? out : known(wholeRange(v.type.dtype)));
    });
  }
  return fn.results.map(lookUp);
};

/** Notes how far a value gets from the group's; false for types without exact whole numbers. */
const noted = (run: Run, v: Var, eqn: Eqn, out: Grown): boolean => {
  const { dtype } = v.type;
  if (dtype !== "f64" && dtype !== "i32") return false;
  run.all = hullOf([run.all, out]);
  if (dtype === "i32" || eqn.op === "toInt32") run.word = hullOf([run.word, out]);
  return true;
};

const evaluatePlain = (run: Run, eqn: PlainEqn, lookUp: (v: Var) => Value): Value => {
  const inputs = eqn.inputs.map(lookUp);
  const [x = known(null), y = known(null), z = known(null)] = inputs;
  if (inputs.some((v) => v.kind === "grown"))
    switch (eqn.op) {
      case "cast":
      case "toInt32":
      case "reshape":
      case "broadcast":
      case "transpose":
      case "slice":
      case "reverse":
      case "stopGradient":
      case "barrier":
      case "gather":
      case "dynamicSlice":
        if (x.kind === "grown") return x;
        break;
      case "add":
        return moved(x, y, 1) ?? moved(y, x, 1) ?? known(wholeRange(eqn.outs[0].type.dtype));
      case "sub":
        return moved(x, y, -1) ?? known(wholeRange(eqn.outs[0].type.dtype));
      case "min":
      case "max":
        return either(run, x, y);
      case "select":
        if (y.kind === "grown" || z.kind === "grown") return either(run, y, z);
        break;
      case "dynamicUpdate":
        if (x.kind === "grown" || y.kind === "grown") return either(run, x, y);
        break;
      default:
        break;
    }
  return known(
    rangeOf(
      eqn,
      eqn.inputs.map((v, k) => rangeIn(inputs[k] ?? known(null), v)),
    ),
  );
};

/** x + sign * y, where y is known. */
const moved = (x: Value, y: Value, sign: 1 | -1): Value | null => {
  if (x.kind === "known" || y.kind === "grown" || y.range?.int !== true) return null;
  const [lo, hi] = sign === 1 ? [y.range.lo, y.range.hi] : [-y.range.hi, -y.range.lo];
  return grown(x.lower + lo, x.upper + hi);
};

const evaluateControl = (run: Run, eqn: ControlEqn, lookUp: (v: Var) => Value): readonly Value[] => {
  const unknown = eqn.outs.map((v) => known(wholeRange(v.type.dtype)));
  switch (eqn.op) {
    case "if": {
      const operands = ifOperands(eqn.inputs).operands.map(lookUp);
      const then = evaluate(run, eqn.params.then, operands);
      const otherwise = evaluate(run, eqn.params.else, operands);
      return then.map((v, k) => either(run, v, otherwise[k] ?? known(null)));
    }
    case "while":
      return unknown;
    case "for": {
      const { trip, consts, carries } = forOperands(eqn.inputs, eqn.params);
      const count = trip === null ? known(null) : lookUp(trip);
      const most = Math.max(
        0,
        eqn.params.trip ?? (count.kind === "known" ? (count.range?.hi ?? Infinity) : Infinity),
      );
      if (!Number.isFinite(most)) return unknown;
      const inits = carries.map(lookUp);
      const start = hullOf(inits);
      const own = eqn.params.body.params.slice(1 + consts.length);
      const counter = known({ lo: 0, hi: Math.max(0, most - 1), int: true });
      const iteration = (of: Grown): readonly Value[] =>
        evaluate(run, eqn.params.body, [
          counter,
          ...consts.map(lookUp),
          ...own.map((p, k) => (inits[k]?.kind === "grown" ? of : known(wholeRange(p.type.dtype)))),
        ]);
      if (!Number.isFinite(start.lower)) return unknown;
      const once = iteration(start).map((v, k) => (inits[k]?.kind === "grown" ? joined(run, v) : v));
      if (once.some((v, k) => inits[k]?.kind === "grown" && v.kind !== "grown")) return unknown;
      const after = hullOf(once.filter((_, k) => inits[k]?.kind === "grown"));
      const last = grown(
        start.lower + most * Math.min(0, after.lower - start.lower),
        start.upper + most * Math.max(0, after.upper - start.upper),
      );
      iteration(last); // notes how far the values of the last one get
      return unknown.map((v, k) => (inits[k]?.kind === "grown" ? last : v));
    }
    case "custom":
    case "fromTranspose":
    case "checkpoint":
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};
