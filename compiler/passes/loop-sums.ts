/**
 * What a loop's length says about sums with its counter. A loop from s below n runs n - s times, so that s + i <= n - 1 in it,
 * though s alone may be large and i alone as well. The facts are noted with the ranges of the loop's constants, from where
 * they come to the equation that adds the counter.
 */
import { forOperands } from "../ir/control.js";
import type { ControlEqn, Eqn, IrFunction, Var } from "../ir/types.js";
import { boundsOf, type Linear, linearOf, plus, shifted } from "./linear.js";
import type { CounterSum, Range } from "./range.js";

interface Context {
  readonly definition: (v: Var) => Eqn | undefined;
  readonly range: (v: Var) => Range | null;
}

const numbers = new WeakMap<IrFunction, number>();
let lastNumber = 0;
/** Tells loops apart. */
const numberOf = (body: IrFunction): number => {
  const known = numbers.get(body) ?? ++lastNumber;
  numbers.set(body, known);
  return known;
};

/** step * i <= most in every iteration i. */
interface Limit {
  readonly step: number;
  readonly most: Linear;
}

/** The ranges of a loop's counter, which is at most `last`, and of its constants. */
export const loopRanges = (
  c: Context,
  eqn: Extract<ControlEqn, { op: "for" }>,
  last: number,
): readonly (Range | null)[] => {
  const { trip, consts } = forOperands(eqn.inputs, eqn.params);
  const loop = numberOf(eqn.params.body);
  const counter: Range = { lo: 0, hi: last, int: true, plus: true, counter: { loop, scale: 1 } };
  const limit = trip === null ? null : limitOf(c, trip);
  const count = trip === null ? null : linearOf(c, trip);
  const ranges = consts.map((v): Range | null => {
    const of = c.range(v);
    const by = fromLast(c, v, count);
    const range = of !== null && by !== null ? { ...of, last: { loop, by } } : of;
    const own = range === null || limit === null ? [] : sumsOf(c, v, range, limit, loop, last);
    return range === null || own.length === 0 ? range : { ...range, sums: [...(range.sums ?? []), ...own] };
  });
  return [counter, ...ranges];
};

/** v - (count - 1), if that is known. */
const fromLast = (c: Context, v: Var, count: Linear | null): number | null => {
  const value = count === null || v.type.dtype !== "i32" || v.type.shape.length > 0 ? null : linearOf(c, v);
  if (value === null || count === null) return null;
  const { terms, offset } = plus(value, count, -1);
  return terms.size === 0 ? offset + 1 : null;
};

/** What is known of v + step * i and v - step * i, if it is more than the ranges of v and i say. */
const sumsOf = (
  c: Context,
  v: Var,
  range: Range,
  { step, most }: Limit,
  loop: number,
  last: number,
): readonly CounterSum[] => {
  const value = v.type.shape.length === 0 ? linearOf(c, v) : null;
  if (value === null) return [];
  const above = boundsOf(c, plus(value, most, 1));
  const below = boundsOf(c, plus(value, most, -1));
  const up = { loop, scale: step, lo: range.lo, hi: above?.hi ?? Number.POSITIVE_INFINITY };
  const down = { loop, scale: -step, lo: below?.lo ?? Number.NEGATIVE_INFINITY, hi: range.hi };
  return [
    ...(up.hi < range.hi + step * last ? [up] : []),
    ...(down.lo > range.lo - step * last ? [down] : []),
  ];
};

/** What bounds the counter of a loop that runs `trip` times. */
const limitOf = (c: Context, trip: Var): Limit | null => {
  const count = countOf(c, trip);
  return (
    strided(c, count) ?? withStep(1, linearOf(c, count), -1) // i <= count - 1
  );
};

const withStep = (step: number, most: Linear | null, shift: number): Limit | null =>
  most === null ? null : { step, most: shifted(most, shift) };

/** x of max(x, 0), however it is written: if the loop runs at all, it runs x times. */
const countOf = (c: Context, trip: Var): Var => {
  const eqn = c.definition(trip);
  const [x, y, z] = eqn?.inputs ?? [];
  const isZero = (v: Var | undefined): boolean => pointOf(c, v) === 0;
  switch (eqn?.op) {
    case "cast":
      return x !== undefined && c.range(x)?.int === true ? countOf(c, x) : trip;
    case "max":
      if (x === undefined || y === undefined) return trip;
      return isZero(y) ? countOf(c, x) : isZero(x) ? countOf(c, y) : trip;
    case "select": {
      const test = x === undefined ? undefined : c.definition(x);
      const compares = test?.op === "gt" && test.inputs[0] === y && isZero(test.inputs[1]);
      return compares && y !== undefined && isZero(z) ? countOf(c, y) : trip;
    }
    default:
      return trip;
  }
};

/** The only value in a range. */
const pointOf = (c: Context, v: Var | undefined): number | null => {
  const r = v === undefined ? null : c.range(v);
  return r !== null && r.lo === r.hi ? r.lo : null;
};

/** Loops of several at a time: ceil(d / step) of them, where step * i < d; or floor(d / step) + 1, where step * i <= d. */
const strided = (c: Context, count: Var): Limit | null => {
  const eqn = c.definition(count);
  const [x, y] = eqn?.inputs ?? [];
  if (eqn === undefined || x === undefined) return null;
  if (eqn.op === "ceil") {
    const parts = quotientOf(c, x);
    return parts === null ? null : withStep(parts.step, linearOf(c, parts.of), -1);
  }
  if (eqn.op !== "add" || pointOf(c, y) !== 1) return null;
  const whole = uncast(c, x);
  const floor = c.definition(whole);
  const [inner] = floor?.inputs ?? [];
  const truncates = floor?.op === "div" && whole.type.dtype === "i32";
  const parts = truncates
    ? quotientOf(c, whole)
    : floor?.op === "floor" && inner !== undefined
      ? quotientOf(c, inner)
      : null;
  if (parts === null || (truncates && (c.range(parts.of)?.lo ?? -1) < 0)) return null;
  return withStep(parts.step, linearOf(c, parts.of), 0);
};

const uncast = (c: Context, v: Var): Var => {
  const eqn = c.definition(v);
  const [x] = eqn?.inputs ?? [];
  return eqn?.op === "cast" && x !== undefined && c.range(x)?.int === true ? x : v;
};

/** d / step for a constant step >= 1. */
const quotientOf = (c: Context, v: Var): { readonly of: Var; readonly step: number } | null => {
  const eqn = c.definition(v);
  const [x, y] = eqn?.inputs ?? [];
  const step = pointOf(c, y);
  return eqn?.op === "div" && x !== undefined && step !== null && Number.isInteger(step) && step >= 1
    ? { of: x, step }
    : null;
};
