/**
 * x % y of floats, exact for every magnitude: x - q y with q = trunc(x / y).
 *
 * y a power of two of at least 1: x / y and q y are exact.
 * y whole and |x| < 2^(precision - 1): q is the rounded quotient truncated or one more, q y <= |x| + |y| is whole and so exact,
 * and x - q y is a multiple of x's last place that is no greater than x.
 * Otherwise, while q < 2^(precision - 1), q is the rounded quotient truncated or one less; q and y are cut in halves whose four
 * products are exact, and each partial difference is a multiple of y's last place that fits the significand.
 * Larger quotients: with x = X 2^d 2^e and y = Y 2^e, X and Y integers, the remainder is (X (2^d mod Y) mod Y) 2^e, the power
 * by repeated squaring.
 */
import { type DoubleWord, split } from "./double-word.js";
import { type Emitter, orSign, type Value } from "./emit.js";
import { type FloatFormat, formatOf } from "./format.js";

/** |x| mod |y| for quotients below 2^(precision - 1). */
const smallQuotient = (m: Emitter, f: FloatFormat, a: Value, b: Value, quotient: Value): Value => {
  // halves by bits, because multiplying y could overflow
  const halfBits = Math.ceil(f.mantissa / 2) + (f.type === "f64" ? 1 : 0);
  const bHigh = m.float(m.and(m.bits(b), -(1n << BigInt(halfBits))));
  const bLow = m.sub(b, bHigh);
  const half = 2 ** (halfBits - (f.type === "f64" ? 1 : 0));
  const q = m.trunc(quotient);
  const qHigh = m.mul(m.trunc(m.mul(q, 1 / half)), half);
  const qLow = m.sub(q, qHigh);
  const products: readonly (readonly [Value, Value])[] = [
    [qHigh, bHigh],
    [qHigh, bLow],
    [qLow, bHigh],
    [qLow, bLow],
  ];
  const r = products.reduce((rest, [s, t]) => m.sub(rest, m.mul(s, t)), a);
  // the quotient was rounded up to an integer
  return m.select(m.lt(r, 0), m.add(r, b), r);
};

/** x modulo n, brought to [-n/2, n/2] from [-3n/2, 3n/2]. */
const center = (m: Emitter, x: Value, n: Value): Value => {
  const half = m.mul(n, 0.5);
  return m.select(m.gt(x, half), m.sub(x, n), m.select(m.lt(x, m.neg(half)), m.add(x, n), x));
};

/**
 * x y modulo n, in [-n/2, n/2], of integers in that range: x y - q n with q within 3/4 of x y / n, whose two products
 * are exact double words.
 */
const multiplyModulo = (m: Emitter, x: Value, y: Value, n: Value, nHalves: DoubleWord): Value => {
  const exact = (u: Value, v: Value, uh: DoubleWord, vh: DoubleWord): DoubleWord => {
    const high = m.mul(u, v);
    const cross = m.add(
      m.add(m.sub(m.mul(uh.high, vh.high), high), m.mul(uh.high, vh.low)),
      m.mul(uh.low, vh.high),
    );
    return { high, low: m.add(cross, m.mul(uh.low, vh.low)) };
  };
  const p = exact(x, y, split(m, x), split(m, y));
  const q = m.nearest(m.div(p.high, n));
  const w = exact(q, n, split(m, q), nHalves);
  return center(m, m.add(m.sub(p.high, w.high), m.sub(p.low, w.low)), n);
};

/** |x| mod |y| for finite x and y with x normal and |x| > |y| > 0. */
const largeQuotient = (m: Emitter, f: FloatFormat, a: Value, b: Value): Value => {
  const lift = f.mantissa + 1;
  const subnormal = m.lt(b, f.smallest);
  const c = m.select(subnormal, m.mul(b, 2 ** lift), b);
  const mask = (1n << BigInt(f.mantissa)) - 1n;
  const one = BigInt(f.bias + f.mantissa) << BigInt(f.mantissa);
  const integer = (v: Value): Value => m.float(m.or(m.and(m.bits(v), mask), one));
  const [x, n] = [integer(a), integer(c)];
  const exponent = m.ushr(m.bits(c), f.mantissa);
  const lifted = m.select(subnormal, lift, m.constant(f.bits, 0));
  const d = m.add(m.sub(m.ushr(m.bits(a), f.mantissa), exponent), lifted);

  const nHalves = split(m, n);
  // 2^(d >> steps) < n to begin with
  const steps = f.type === "f32" ? 4 : 6;
  let t = m.float(m.shl(m.add(m.ushr(d, steps), f.bias), f.mantissa));
  for (let k = steps - 1; k >= 0; k--) {
    const square = multiplyModulo(m, t, t, n, nHalves);
    t = m.select(m.eq(m.and(d, 1 << k), 0), square, center(m, m.add(square, square), n));
  }
  // n/2 < x < 2n
  const r = multiplyModulo(m, t, center(m, m.sub(x, n), n), n, nHalves);
  const positive = m.select(m.lt(r, 0), m.add(r, n), r);
  // exact at each step: the remainder is a multiple of y's last place
  const unit = m.float(m.shl(exponent, f.mantissa));
  const scaled = m.mul(m.mul(positive, 2 ** -f.mantissa), unit);
  return m.mul(scaled, m.select(subnormal, 2 ** -lift, m.constant(f.type, 1)));
};

/** |x| mod |y| for whole y and |x| < 2^(precision - 1). */
const wholeDivisor = (m: Emitter, a: Value, b: Value, quotient: Value): Value => {
  const r = m.sub(a, m.mul(m.trunc(quotient), b));
  return m.select(m.lt(r, 0), m.add(r, b), r);
};

const isPowerOfTwo = (c: number): boolean => {
  const exponent = Math.round(Math.log2(c));
  return 2 ** exponent === c;
};

/**
 * ECMAScript's `%`: the sign of x; NaN for infinite x and for y = 0; x where |y| > |x|.
 * @param divisor y where it is a constant, else null
 */
export const floatRemainder = (m: Emitter, x: Value, y: Value, divisor: number | null): Value => {
  const f = formatOf(x);
  const a = m.abs(x);
  const c = divisor === null ? null : Math.abs(divisor);
  // an infinite x gives Infinity - Infinity
  if (c !== null && c >= 1 && c < 2 ** f.bias && isPowerOfTwo(c))
    return orSign(m, m.sub(a, m.mul(m.trunc(m.mul(a, 1 / c)), c)), x);
  const b = m.abs(y);
  const quotient = m.div(a, b);
  const large = m.ge(quotient, 2 ** (f.mantissa - 1));
  const whole = c !== null && Number.isInteger(c);
  const [r = a] = whole
    ? m.rarely(
        m.ge(a, 2 ** f.mantissa),
        () => [m.select(large, largeQuotient(m, f, a, b), smallQuotient(m, f, a, b, quotient))],
        [wholeDivisor(m, a, b, quotient)],
      )
    : m.rarely(large, () => [largeQuotient(m, f, a, b)], [smallQuotient(m, f, a, b, quotient)]);
  const valid = m.and(m.lt(a, Number.POSITIVE_INFINITY), m.gt(b, 0));
  const magnitude = m.select(m.lt(a, b), a, r);
  return orSign(m, m.select(valid, magnitude, Number.NaN), x);
};
