/** Ranges that a loop's iterations leave as they are: widened until they hold everything, then narrowed again. */
import { isFloat, type Var } from "../ir/types.js";
import { neverMinusZero, type Range, sameRange, union, wholeRange, withPlus } from "./range.js";

type Ranges = readonly (Range | null)[];

/** How often ranges may grow before they are widened to everything their dtype holds. */
const ROUNDS = 3;
/** How often they are computed again afterwards, from ranges that hold everything to ones that hold less. */
const NARROWINGS = 2;

/** Ranges that hold what the loop starts with and what an iteration makes of it; `limits` hold it for other reasons. */
export const fixedPoint = (
  starts: Ranges,
  carries: readonly Var[],
  next: (now: Ranges) => Ranges,
  limits: Ranges = [],
): Ranges => {
  const step = (from: Ranges, now: Ranges): Ranges => {
    const after = next(now);
    return from.map((r, k) => {
      const held = limits[k] ?? union(r, after[k] ?? null);
      // no integer is -0, whatever its range was made from: ranges that tell it differently would never be the same
      return isFloat(carries[k]?.type.dtype ?? "f64") ? held : withPlus(held, true);
    });
  };
  let now = starts;
  for (let round = 0; ; round++) {
    const wider = step(now, now);
    if (wider.every((r, k) => sameRange(r, now[k] ?? null))) break;
    const before = now;
    now =
      round < ROUNDS
        ? wider
        : wider.map((r, k) => ((limits[k] ?? null) === null ? widened(before[k] ?? null, r, carries[k]) : r));
  }
  for (let k = 0; k < NARROWINGS; k++) now = step(starts, now);
  return now;
};

/** Bounds that still move go as far as they can; a float's range is given up in the second step. */
const widened = (before: Range | null, wider: Range | null, carry: Var | undefined): Range | null => {
  const whole = carry === undefined ? null : wholeRange(carry.type.dtype);
  if (sameRange(before, wider)) return wider;
  if (before === null || wider === null || whole === null)
    return whole === null ? widenedFloat(before, wider) : whole;
  return {
    lo: wider.lo < before.lo ? whole.lo : wider.lo,
    hi: wider.hi > before.hi ? whole.hi : wider.hi,
    int: true,
    plus: true,
  };
};

/** An integer that grows is tried up to 2^31, which a condition of the loop may confine it to; then it is given up. */
const widenedFloat = (before: Range | null, wider: Range | null): Range | null => {
  if (before === null || wider === null || !wider.int) return null;
  const lo = wider.lo < before.lo ? -(2 ** 31) : wider.lo;
  const hi = wider.hi > before.hi ? 2 ** 31 : wider.hi;
  return wider.lo < lo || wider.hi > hi ? null : withPlus({ lo, hi, int: true }, neverMinusZero(wider));
};
