/**
 * x^y = 2^(y log2 |x|), the logarithm and the product in double words, because y log2 |x| reaches the exponent's range
 * and its absolute error is the result's relative one.
 *
 * log2 m for m in [sqrt(1/2), sqrt(2)): s = (m - 1) / (m + 1), log2 m = (2 / log 2) (s + s^3/3 + s^5/5 + ...).
 */
import {
  type DoubleConstant,
  type DoubleWord,
  fastTwoSum,
  timesDouble,
  twoProduct,
  twoSum,
} from "./double-word.js";
import { type Emitter, type FloatType, polynomial, signBit, type Value } from "./emit.js";
import { decompose, formatOf, roundedInteger, scaleByPower } from "./format.js";

interface PowTable {
  /** 2 / log 2, two thirds of that, and what follows s^5 (c2 + c3 s^2 + ...). */
  readonly c0: DoubleConstant;
  readonly c1: DoubleConstant;
  readonly rest: readonly number[];
  /** (2^r - 1) / r for |r| <= 1/2. */
  readonly exp2: readonly number[];
  /** |y log2 x| at which everything over- or underflows, and a |y| that is enough for that whatever x is. */
  readonly limit: number;
  readonly enough: number;
}

const twoWords = (high: number, low: number): DoubleConstant => ({ high, low });

const TABLE: Readonly<Record<FloatType, PowTable>> = {
  f32: {
    c0: twoWords(2.885390043258667, 3.851926067000022e-8),
    c1: twoWords(0.9617967009544373, -7.028461812552678e-9),
    // minimax on |s| <= 0.1716, relative error of the logarithm 2^-36.8
    rest: [0.5770801901817322, 0.41184985637664795, 0.3378232419490814],
    // minimax on |r| <= 1/2, relative error of 2^r 2^-26.3
    exp2: [
      0.6931471824645996, 0.24022594094276428, 0.055503662675619125, 0.009625445120036602,
      0.0013387927319854498, 0.00013332534581422806,
    ],
    limit: 160,
    enough: 2 ** 40,
  },
  f64: {
    c0: twoWords(2.8853900817779268, 4.0710547481862066e-17),
    c1: twoWords(0.9617966939259756, 5.0577616648125907e-17),
    // minimax on |s| <= 0.1729, relative error of the logarithm 2^-73.2
    rest: [
      0.577078016355585, 0.41219858311140983, 0.3205988978983755, 0.26230820032205554, 0.22195216219635688,
      0.19240532009840028, 0.16837307469919352, 0.17345157248551332,
    ],
    // minimax on |r| <= 1/2, relative error of 2^r 2^-57.0
    exp2: [
      Math.LN2,
      0.24022650695910172,
      0.055504108664824574,
      0.00961812910757706,
      0.0013333558145567253,
      0.00015403530478896765,
      1.5252734738519187e-5,
      1.3215424443975668e-6,
      1.0177655745572235e-7,
      7.0756270187171106e-9,
      4.5193762520806783e-10,
    ],
    limit: 1100,
    enough: 2 ** 70,
  },
};

/** log2 of a positive finite number in two words. */
const log2Double = (m: Emitter, x: Value): DoubleWord => {
  const t = TABLE[formatOf(x).type];
  const { mantissa, exponent } = decompose(m, x);
  const f = m.sub(mantissa, 1);
  // m + 1 = d + dLow; s = f / (d + dLow) in two words
  const d = m.add(mantissa, 1);
  const dLow = m.sub(mantissa, m.sub(d, 1));
  const inverse = m.div(m.constant(x.type, 1), d);
  const high = m.mul(f, inverse);
  const p = twoProduct(m, high, d);
  const rest = m.sub(m.sub(m.sub(f, p.high), p.low), m.mul(high, dLow));
  const s: DoubleWord = { high, low: m.mul(rest, inverse) };
  // t = s^2 (c1 + s^2 (c2 + ...))
  const q = twoProduct(m, high, high);
  const z: DoubleWord = { high: q.high, low: m.add(q.low, m.mul(m.add(high, high), s.low)) };
  const tail = m.mul(z.high, polynomial(m, z.high, t.rest));
  const u = fastTwoSum(m, t.c1.high, tail);
  const inner = timesDouble(m, z, { high: u.high, low: m.add(u.low, t.c1.low) });
  const v = fastTwoSum(m, t.c0.high, inner.high);
  const log = timesDouble(m, s, { high: v.high, low: m.add(v.low, m.add(inner.low, t.c0.low)) });
  const sum = twoSum(m, exponent, log.high);
  return fastTwoSum(m, sum.high, m.add(sum.low, log.low));
};

/** 2^(high + low), limited so that the exponent stays in scaleByPower's range; NaN stays. */
const exp2Double = (m: Emitter, { high, low }: DoubleWord): Value => {
  const t = TABLE[formatOf(high).type];
  const h = m.select(m.gt(high, t.limit), t.limit, m.select(m.lt(high, -t.limit), -t.limit, high));
  const { value: n, bits } = roundedInteger(m, h);
  const r = m.add(m.sub(h, n), m.select(m.lt(m.abs(high), t.limit), low, 0));
  return scaleByPower(m, m.fma(r, polynomial(m, r, t.exp2), 1), bits);
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
  // a larger exponent over- or underflows as this one does, and its halves would overflow
  const limited = m.select(m.gt(y, enough), enough, m.select(m.lt(y, -enough), -enough, y));
  const log = log2Double(m, a);
  const p = twoProduct(m, limited, log.high);
  const finite = exp2Double(m, { high: p.high, low: m.add(p.low, m.mul(limited, log.low)) });
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
