/**
 * The logistic function 1 / (1 + e^-x): with e = e^-|x|, 1 / (1 + e) or e / (1 + e). What rounding
 * 1 + e loses is made good to first order, and e's power of two is applied last, so that the lower tail ends in subnormals.
 *
 * Largest errors measured:
 *   sigmoid: 1.76 ulp in f32, 1.47 in f64
 */
import { fastTwoSum } from "./double-word.js";
import type { Emitter, Value } from "./emit.js";
import { expUnderflow, expWords } from "./exp.js";
import { type FloatFormat, formatOf, powerOfTwo, scaleByPower } from "./format.js";

/** p 2^n from the bits of n + rounder, n <= 0: where that is below the normal numbers, any number as small. */
const small = (m: Emitter, f: FloatFormat, p: Value, bits: Value): Value => {
  // SIMD has no maximum of i64
  if (f.type === "f64") return scaleByPower(m, p, bits);
  return m.mul(p, powerOfTwo(m, f, m.max(bits, f.rounderBits - BigInt(f.bias - 1))));
};

export const sigmoid = (m: Emitter, x: Value): Value => {
  const f = formatOf(x);
  const least = expUnderflow(x);
  const negative = m.neg(m.abs(x));
  const { high, low, bits } = expWords(m, m.select(m.lt(negative, least), least, negative), 0);
  const p = m.add(high, low);
  const below = m.lt(x, 0);
  const d = fastTwoSum(m, 1, small(m, f, p, bits));
  const q = m.div(m.select(below, p, 1), d.high);
  // d.low counts where e is small and d.high near 1
  const y = m.sub(q, m.mul(q, d.low));
  return scaleByPower(m, y, m.select(below, bits, m.constant(f.bits, f.rounderBits)));
};
