/** Rounding, sign and the conversions that machine ops don't have as they are. */
import { type Emitter, orSign, type Value } from "./emit.js";
import { isFloatType } from "./format.js";

/**
 * ECMAScript's Math.round: floor(x + 1/2) without the rounding of that sum: t = floor x, and t + 1 where x - t >= 1/2.
 * [-1/2, -0] gives -0.
 */
export const round = (m: Emitter, x: Value): Value => {
  const t = m.floor(x);
  return orSign(m, m.select(m.ge(m.sub(x, t), 0.5), m.add(t, 1), t), x);
};

/** Math.sign: zeros and NaN are themselves. */
export const sign = (m: Emitter, x: Value): Value => {
  if (x.type === "u32") return m.min(x, 1);
  if (!isFloatType(x.type)) return m.max(m.min(x, 1), -1);
  return m.select(m.gt(m.abs(x), 0), orSign(m, m.constant(x.type, 1), x), x);
};

/**
 * ECMAScript's ToInt32: truncated, modulo 2^32. r = x - trunc(x / 2^32) 2^32 is exact and has the sign of x; its magnitude
 * fits u32. Infinities make it NaN, and NaN converts to 0.
 */
export const toInt32 = (m: Emitter, x: Value): Value => {
  if (!isFloatType(x.type)) return m.bitcast(x, "i32");
  const r = m.sub(x, m.mul(m.trunc(m.mul(x, 2 ** -32)), 2 ** 32));
  const magnitude = m.bitcast(m.convert(m.abs(r), "u32"), "i32");
  return m.select(m.lt(x, 0), m.neg(magnitude), magnitude);
};
