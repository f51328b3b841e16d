/** Whole numbers as sums of multiples of others, so that what cancels in a difference cancels in its range too. */
import type { Eqn, Var } from "../ir/types.js";
import { type Range, wholeRange, within } from "./range.js";

interface Context {
  readonly definition: (v: Var) => Eqn | undefined;
  readonly range: (v: Var) => Range | null;
}

/** offset + sum(factor * value), exactly. */
export interface Linear {
  readonly terms: ReadonlyMap<Var, number>;
  readonly offset: number;
}

/** Definitions that are looked through. */
const DEPTH = 8;

/** a + k * b */
export const plus = (a: Linear, b: Linear, k: number): Linear => {
  const terms = new Map(a.terms);
  for (const [v, factor] of b.terms) {
    const sum = (terms.get(v) ?? 0) + k * factor;
    if (sum === 0) terms.delete(v);
    else terms.set(v, sum);
  }
  return { terms, offset: a.offset + k * b.offset };
};

export const shifted = (a: Linear, by: number): Linear => ({ ...a, offset: a.offset + by });

/** The value of a whole number in other ones; null where it is not known to be whole. */
export const linearOf = (c: Context, v: Var, depth = DEPTH): Linear | null => {
  const range = c.range(v);
  if (range?.int !== true) return null;
  if (range.lo === range.hi) return { terms: new Map(), offset: range.lo };
  const itself: Linear = { terms: new Map([[v, 1]]), offset: 0 };
  const eqn = depth === 0 ? undefined : c.definition(v);
  const [x, y] = eqn?.inputs ?? [];
  if (eqn === undefined || x === undefined) return itself;
  /** A result that was not exact would have lost what it was computed from. */
  const exact = (result: Linear | null): Linear => {
    const whole = wholeRange(v.type.dtype);
    const bounds = result === null ? null : boundsOf(c, result);
    const fits = bounds !== null && (whole === null || within(bounds, whole));
    return result !== null && fits ? result : itself;
  };
  const of = (u: Var): Linear | null => linearOf(c, u, depth - 1);
  const sum = (k: number): Linear => {
    const [a, b] = [of(x), y === undefined ? null : of(y)];
    return exact(a === null || b === null ? null : plus(a, b, k));
  };
  switch (eqn.op) {
    case "cast":
      return exact(of(x));
    case "add":
      return sum(1);
    case "sub":
      return sum(-1);
    case "neg": {
      const a = of(x);
      return exact(a === null ? null : plus({ terms: new Map(), offset: 0 }, a, -1));
    }
    default:
      return itself;
  }
};

/** Largest magnitude up to which sums of whole numbers are exact in doubles. */
const EXACT = 2 ** 53;

/** What a sum lies in. */
export const boundsOf = ({ range }: Context, { terms, offset }: Linear): Range | null => {
  let [lo, hi] = [offset, offset];
  for (const [v, factor] of terms) {
    const r = range(v);
    if (r?.int !== true) return null;
    lo += Math.min(factor * r.lo, factor * r.hi);
    hi += Math.max(factor * r.lo, factor * r.hi);
  }
  return lo < -EXACT || hi > EXACT ? null : { lo: lo + 0, hi: hi + 0, int: true };
};
