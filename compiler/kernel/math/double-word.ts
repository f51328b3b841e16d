/**
 * Unevaluated sums of two floats ("double-double"): T. Dekker, "A floating-point technique for extending the available
 * precision" (1971), D. Knuth, TAOCP 2, 4.2.2. No step uses `fma`: a product that a target rounds twice must stay exact here.
 */
import type { Emitter, Operand, Value } from "./emit.js";
import { formatOf } from "./format.js";

/** high + low, |low| at most half an ulp of high. */
export interface DoubleWord {
  readonly high: Value;
  readonly low: Value;
}

/** a + b exactly. */
export const twoSum = (m: Emitter, a: Value, b: Value): DoubleWord => {
  const high = m.add(a, b);
  const part = m.sub(high, a);
  return { high, low: m.add(m.sub(a, m.sub(high, part)), m.sub(b, part)) };
};

/** a + b exactly, for |a| >= |b| or a = 0. */
export const fastTwoSum = (m: Emitter, a: Operand, b: Value): DoubleWord => {
  const high = m.add(a, b);
  return { high, low: m.sub(b, m.sub(high, a)) };
};

/** a in two halves whose products are exact; |a| < 2^(emax - mantissa/2 - 1). */
export const split = (m: Emitter, a: Value): DoubleWord => {
  const scaled = m.mul(a, formatOf(a).splitter);
  const high = m.sub(scaled, m.sub(scaled, a));
  return { high, low: m.sub(a, high) };
};

/** a * b exactly, unless it over- or underflows. */
export const twoProduct = (m: Emitter, a: Value, b: Value): DoubleWord => {
  const high = m.mul(a, b);
  const x = split(m, a);
  const y = split(m, b);
  const cross = m.add(m.add(m.sub(m.mul(x.high, y.high), high), m.mul(x.high, y.low)), m.mul(x.low, y.high));
  return { high, low: m.add(cross, m.mul(x.low, y.low)) };
};
