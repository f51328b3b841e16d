/**
 * x^y = 2^(y log2 |x|), the logarithm and the product in two words, because y log2 |x| reaches the exponent's range and
 * its absolute error is the result's relative one.
 *
 * With |x| = m 2^e and s = (m - 1) / (m + 1): log2 |x| = e + 2 / (3 log 2) s (3 + s^2 + s^4 P(s^2)). As in FreeBSD's msun the
 * first word of each pair has half a significand ("head"), so that products of heads are exact.
 *
 * Largest errors measured:
 *   pow: 0.79 ulp in f32, 0.77 in f64
 */
import { fastTwoSum } from "./double-word.js";
import { type Emitter, type FloatType, polynomial, signBit, type Value } from "./emit.js";
import { EXP2_TAIL } from "./exp.js";
import { decompose, formatOf, roundedInteger, scaleByPower } from "./format.js";

interface PowTable {
  /** 2 / (3 log 2): rounded, its head, and the rest. */
  readonly factor: number;
  readonly factorHead: number;
  readonly factorRest: number;
  /** (3 atanh(s) / s - 3 - s^2) / s^4 in s^2. */
  readonly log: readonly number[];
  /** log 2 in a head and the rest. */
  readonly ln2Head: number;
  readonly ln2Rest: number;
  /** |y log2 x| at which everything over- or underflows, and a |y| that is enough for that whatever x is. */
  readonly limit: number;
  readonly enough: number;
}

const TABLE: Readonly<Record<FloatType, PowTable>> = {
  f32: {
    factor: 0.9617966939259756,
    factorHead: 0.961669921875,
    factorRest: 0.0001267720509756049,
    // minimax on |s| <= 0.173, relative error of the logarithm 2^-36.7
    log: [0.6000024080276489, 0.42819368839263916, 0.3516077995300293],
    ln2Head: 0.693115234375,
    ln2Rest: Math.LN2 - 0.693115234375,
    limit: 160,
    enough: 2 ** 40,
  },
  f64: {
    factor: 0.9617966939259756,
    factorHead: 0.9617966860532761,
    factorRest: 7.872699542894897e-9,
    // minimax on |s| <= 0.173, relative error of the logarithm 2^-66.1
    log: [
      0.6000000000000382, 0.4285714285493222, 0.3333333382018971, 0.27272672903806083, 0.2308030891589837,
      0.19881097684754673, 0.19833665127692715,
    ],
    ln2Head: 0.693147175014019,
    ln2Rest: 5.5459262969660605e-9,
    limit: 1100,
    enough: 2 ** 70,
  },
};

/** x with the lower half of its significand cut off: 12 (f32) or 26 (f64) bits stay. */
const headOf = (m: Emitter, x: Value): Value =>
  m.float(m.and(m.bits(x), x.type === "f32" ? -(1n << 12n) : -(1n << 27n)));

/** An unevaluated sum; `head` has half a significand. */
interface Headed {
  readonly head: Value;
  readonly rest: Value;
}

/** log2 of a positive finite number. */
const log2Headed = (m: Emitter, x: Value): Headed => {
  const t = TABLE[formatOf(x).type];
  const { mantissa, exponent: e } = decompose(m, x);
  const f = m.sub(mantissa, 1);
  // the divisor m + 1 = d + dRest exactly; s = sHead + sRest
  const sum = m.add(mantissa, 1);
  const d = headOf(m, sum);
  const dRest = m.sub(mantissa, m.sub(d, 1));
  const inverse = m.div(m.constant(x.type, 1), sum);
  const sHead = headOf(m, m.mul(f, inverse));
  const sRest = m.mul(m.sub(m.sub(f, m.mul(sHead, d)), m.mul(sHead, dRest)), inverse);
  const s = m.add(sHead, sRest);
  // g = 3 + s^2 + s^4 P; the square of the head is exact
  const z = m.mul(s, s);
  const square = m.mul(sHead, sHead);
  const r = m.fma(m.mul(z, z), polynomial(m, z, t.log), m.mul(sRest, m.add(sHead, s)));
  const g = headOf(m, m.add(m.add(square, r), 3));
  const gRest = m.sub(r, m.sub(m.sub(g, 3), square));
  // p = s g
  const u = m.mul(sHead, g);
  const v = m.fma(sRest, g, m.mul(gRest, s));
  const p = headOf(m, m.add(u, v));
  const pRest = m.sub(v, m.sub(p, u));
  // q = p 2 / (3 log 2)
  const q = m.mul(p, t.factorHead);
  const qRest = m.fma(p, t.factorRest, m.mul(pRest, t.factor));
  const head = headOf(m, m.add(m.add(q, qRest), e));
  return { head, rest: m.sub(qRest, m.sub(m.sub(head, e), q)) };
};

/** 2^(high + low), the sum limited so that the exponent stays in scaleByPower's range. */
const exp2Sum = (m: Emitter, high: Value, low: Value): Value => {
  const t = TABLE[formatOf(high).type];
  const sum = m.add(high, low);
  const inside = m.lt(m.abs(sum), t.limit);
  const limit = m.select(m.lt(sum, 0), -t.limit, m.constant(sum.type, t.limit));
  const { value: n, bits } = roundedInteger(m, m.select(inside, sum, limit));
  const whole = m.sub(high, n);
  const r = m.select(inside, m.add(whole, low), 0);
  // 1 + head(r) head(log 2), whose product is exact, and then everything smaller
  const lost = m.select(inside, m.sub(low, m.sub(r, whole)), 0);
  const rHead = headOf(m, r);
  const main = fastTwoSum(m, 1, m.mul(rHead, t.ln2Head));
  const linear = m.fma(rHead, t.ln2Rest, m.mul(m.add(m.sub(r, rHead), lost), Math.LN2));
  const rest = m.fma(m.mul(r, r), polynomial(m, r, EXP2_TAIL[formatOf(high).type]), linear);
  return scaleByPower(m, m.add(main.high, m.add(main.low, rest)), bits);
};

/**
 * ECMAScript's: y = 0 gives 1 even for NaN; NaN for |x| = 1 with an infinite y, and for finite x < 0 with y not an integer;
 * zeros and infinities keep the sign of x where y is an odd integer.
 */
export const pow = (m: Emitter, x: Value, y: Value): Value => {
  const { type } = formatOf(x);
  const { enough } = TABLE[type];
  const nan = m.constant(type, Number.NaN);
  const one = m.constant(type, 1);
  const a = m.abs(x);
  // a larger exponent over- or underflows as this one does, and log |x| = 0 times infinity would be NaN
  const limited = m.select(m.gt(y, enough), enough, m.select(m.lt(y, -enough), -enough, y));
  const log = log2Headed(m, a);
  const yHead = headOf(m, limited);
  const high = m.mul(yHead, log.head);
  const finite = exp2Sum(m, high, m.fma(m.sub(limited, yHead), log.head, m.mul(limited, log.rest)));
  const negativeBase = m.select(m.and(m.lt(x, 0), m.ne(m.nearest(y), y)), nan, finite);
  // |x| is 0, Infinity or NaN
  const singular = m.not(m.and(m.gt(a, 0), m.lt(a, Number.POSITIVE_INFINITY)));
  const edge = m.select(m.gt(y, 0), a, m.div(one, a));
  const magnitude = m.select(singular, edge, negativeBase);
  const half = m.mul(y, 0.5);
  const odd = m.and(m.eq(m.nearest(y), y), m.ne(m.nearest(half), half));
  const signed = m.select(odd, m.float(m.or(m.bits(magnitude), signBit(m, x))), magnitude);
  const undefinedLimit = m.or(m.ne(y, y), m.and(m.eq(a, 1), m.eq(m.abs(y), Number.POSITIVE_INFINITY)));
  return m.select(m.eq(y, 0), one, m.select(undefinedLimit, nan, signed));
};
