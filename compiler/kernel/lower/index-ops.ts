/** The indices that integer arithmetic makes: what is known of a sum's or a remainder's form and range. */
import type { KernelOp, ValueId } from "../types.js";
import { addIndex, constantOf, type Index, scaleIndex, valueIndex } from "./index-expr.js";

const LEAST = -(2 ** 31);
const GREATEST = 2 ** 31 - 1;

/** The index, unless it may wrap: then nothing is known. */
const exact = (i: Index): Index | null => (i.lo >= LEAST && i.hi <= GREATEST ? i : null);

/**
 * What register `v` = op(args) of i32 holds, from what is known of its operands (null: nothing): affine where the operation is,
 * else itself within a range.
 */
export const indexOfOp = (op: KernelOp, v: ValueId, args: readonly (Index | null)[]): Index | null => {
  const [a = null, b = null, c = null] = args;
  const within = (lo: number, hi: number): Index => valueIndex(v, lo, hi);
  switch (op) {
    case "add":
      return a === null || b === null ? null : exact(addIndex(a, b));
    case "sub":
      return a === null || b === null ? null : exact(addIndex(a, scaleIndex(b, -1)));
    case "mul": {
      if (a === null || b === null) return null;
      const [x, y] = [constantOf(a), constantOf(b)];
      if (y !== null) return exact(scaleIndex(a, y));
      if (x !== null) return exact(scaleIndex(b, x));
      const ends = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
      return exact(within(Math.min(...ends), Math.max(...ends)));
    }
    case "min":
      return within(Math.min(a?.lo ?? LEAST, b?.lo ?? LEAST), Math.min(a?.hi ?? GREATEST, b?.hi ?? GREATEST));
    case "max":
      return within(Math.max(a?.lo ?? LEAST, b?.lo ?? LEAST), Math.max(a?.hi ?? GREATEST, b?.hi ?? GREATEST));
    case "rem": {
      const n = b === null ? null : constantOf(b);
      if (n === null || n === 0) return null;
      const most = Math.abs(n) - 1;
      const lo = a !== null && a.lo >= 0 ? 0 : -most;
      const hi = a === null ? most : Math.max(0, Math.min(most, a.hi));
      return within(lo, hi);
    }
    case "div": {
      const n = b === null ? null : constantOf(b);
      if (a === null || n === null || n < 1) return null;
      return within(Math.trunc(a.lo / n), Math.trunc(a.hi / n));
    }
    case "and": {
      const mask = b === null ? null : constantOf(b);
      return mask !== null && mask >= 0 ? within(0, mask) : null;
    }
    case "shr": {
      const n = b === null ? null : constantOf(b);
      if (a === null || n === null || n < 0 || n > 31) return null;
      return within(a.lo >> n, a.hi >> n);
    }
    case "select":
      return b === null || c === null ? null : within(Math.min(b.lo, c.lo), Math.max(b.hi, c.hi));
    default:
      return null;
  }
};
