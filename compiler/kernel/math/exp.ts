/**
 * The exponential family. Reduction: x = n ln 2 + r with n the nearest integer to x / ln 2, ln 2 in two parts of which
 * the first has so few bits that n times it is exact.
 *
 * Largest errors measured:
 *   exp: 0.99 ulp in f32, 0.99 in f64
 *   exp2: 1.07 ulp in f32, 1.04 in f64
 *   expm1: 1.38 ulp in f32, 1.44 in f64
 *   sinh: 1.55 ulp in f32, 1.52 in f64
 *   cosh: 1.42 ulp in f32, 1.23 in f64
 *   tanh: 1.39 ulp in f32, 1.36 in f64
 */
import { type DoubleWord, fastTwoSum, twoProduct } from "./double-word.js";
import { type Emitter, type Operand, oddPolynomial, orSign, polynomial, type Value } from "./emit.js";
import { type FloatFormat, formatOf, powerOfTwo, roundedInteger, scaleByPower } from "./format.js";

interface ExpTable {
  readonly ln2Hi: number;
  readonly ln2Lo: number;
  /** (e^r - 1 - r) / r^2. */
  readonly tail: readonly number[];
  /** The same, for a small relative error of e^r - 1. */
  readonly tailMinus1: readonly number[];
  /** At and above, e^x and e^x / 2 overflow; below `underflow`, e^x rounds to zero. */
  readonly overflow: number;
  readonly underflow: number;
  readonly overflowMinus1: number;
  /** At and above, 2^x overflows; below, it rounds to zero. */
  readonly overflow2: number;
  readonly underflow2: number;
  /** Below, expm1 rounds to -1. */
  readonly minusOne: number;
  /** (sinh x - x) / x^3 in x^2, on |x| < 1. */
  readonly sinh: readonly number[];
  /** (tanh x - x) / x^3 in x^2, on |x| < tanhCut. */
  readonly tanh: readonly number[];
  readonly tanhCut: number;
  /** Above, tanh rounds to 1. */
  readonly tanhOne: number;
}

/** (2^r - 1 - r log 2) / r^2 for |r| <= 1/2: minimax, relative errors of 2^r 2^-28.2 and 2^-57.3. */
export const EXP2_TAIL: Readonly<Record<FloatFormat["type"], readonly number[]>> = {
  f32: [
    0.24022647738456726, 0.055503614246845245, 0.009618483483791351, 0.0013390574604272842,
    0.00015337028889916837,
  ],
  f64: [
    0.24022650695910122, 0.05550410866481896, 0.009618129107595965, 0.0013333558147280865,
    0.0001540353045619109, 1.525273288804589e-5, 1.3215435270613733e-6, 1.0178481291357386e-7,
    7.073842345242606e-9, 4.3894479407606887e-10,
  ],
};

const TABLE: Readonly<Record<FloatFormat["type"], ExpTable>> = {
  f32: {
    // 0x1.62e4p-1: 15 bits
    ln2Hi: 0.693145751953125,
    ln2Lo: Math.LN2 - 0.693145751953125,
    // minimax on |r| <= 1.01 ln(2)/2, relative error of e^r 2^-28.1
    tail: [
      0.4999999403953552, 0.16666509211063385, 0.041668009012937546, 0.008369989693164825,
      0.0013847032096236944,
    ],
    // minimax on |r| <= 1.01 ln(2)/2, relative error of e^r - 1 2^-28.1
    tailMinus1: [
      0.5, 0.16666634380817413, 0.04166650399565697, 0.008341710083186626, 0.0013931529829278588,
      0.00015041392180137336,
    ],
    overflow: 90,
    underflow: -104,
    // n = 129 at most
    overflowMinus1: 89.5,
    overflow2: 129,
    underflow2: -151,
    minusOne: -18,
    // minimax, relative error 2^-31.6
    sinh: [0.1666666716337204, 0.00833331048488617, 0.00019842895562760532, 2.7822131869470468e-6],
    // minimax, relative error 2^-29.7
    tanh: [
      -0.33333316445350647, 0.13332544267177582, -0.0538475476205349, 0.02105071395635605,
      -0.0062428489327430725,
    ],
    tanhCut: 0.55,
    tanhOne: 9.02,
  },
  f64: {
    // 0x1.62e42feep-1: 32 bits
    ln2Hi: 0.6931471803691238,
    ln2Lo: 1.9082149292705877e-10,
    // minimax on |r| <= 1.005 ln(2)/2, relative error of e^r 2^-55.9
    tail: [
      0.5000000000000011, 0.1666666666666572, 0.04166666666651971, 0.008333333333573162,
      0.0013888888949313547, 0.00019841269915232612, 2.480148447368132e-5, 2.755682654742518e-6,
      2.763410526310148e-7, 2.5338593589736772e-8,
    ],
    // minimax on |r| <= 1.005 ln(2)/2, relative error of e^r - 1 2^-61.2
    tailMinus1: [
      0.5, 0.1666666666666668, 0.04166666666666672, 0.008333333333318938, 0.0013888888888842381,
      0.00019841269893318178, 2.480158742717625e-5, 2.7557236805665702e-6, 2.755717916584871e-7,
      2.5111631272584058e-8, 2.0944116880551337e-9,
    ],
    overflow: 711,
    underflow: -746,
    overflowMinus1: 710.1,
    overflow2: 1025,
    underflow2: -1076,
    minusOne: -38,
    // minimax, relative error 2^-61.8
    sinh: [
      0.16666666666666669, 0.008333333333332912, 0.0001984126984159341, 2.7557319106756312e-6,
      2.5052130998845193e-8, 1.6056659154290552e-10, 7.77660061241434e-13,
    ],
    // minimax, relative error 2^-60.3
    tanh: [
      -0.333333333333333, 0.1333333333332658, -0.05396825396373697, 0.021869488385180876,
      -0.008863232590468765, 0.0035920919211163706, -0.0014555421559253473, 0.0005884417243651278,
      -0.00023337477948195113, 8.330713465367763e-5, -1.9489233818415722e-5,
    ],
    tanhCut: 0.55,
    tanhOne: 19.1,
  },
};

const TANH_ONE_BITS = 0x41105000;

interface Reduced {
  /** The bits of n + rounder. */
  readonly bits: Value;
  readonly n: Value;
  /** x - n ln 2, and what rounding r lost. */
  readonly r: Value;
  readonly rLow: () => Value;
}

const reduce = (m: Emitter, x: Value): Reduced => {
  const { ln2Hi, ln2Lo } = TABLE[formatOf(x).type];
  const { value: n, bits } = roundedInteger(m, m.mul(x, Math.LOG2E));
  const high = m.sub(x, m.mul(n, ln2Hi));
  const low = m.mul(n, ln2Lo);
  const r = m.sub(high, low);
  return { n, bits, r, rLow: () => m.sub(m.sub(high, r), low) };
};

/** Below, e^x rounds to zero. */
export const expUnderflow = (x: Value): number => TABLE[formatOf(x).type].underflow;

/** x limited to [low, high]; NaN stays. */
const clamp = (m: Emitter, x: Value, low: number, high: number): Value =>
  m.select(m.gt(x, high), high, m.select(m.lt(x, low), low, x));

const clampAbove = (m: Emitter, x: Value, high: number): Value => m.select(m.gt(x, high), high, x);

/** e^x * 2^shift, shift in -1..0. */
export const expScaled = (m: Emitter, x: Value, shift: number): Value => {
  const t = TABLE[formatOf(x).type];
  const { bits, r } = reduce(m, clamp(m, x, t.underflow, t.overflow));
  // 1 + (r + r^2 tail): the sum of the small terms first
  const p = m.add(m.fma(m.mul(r, r), polynomial(m, r, t.tail), r), 1);
  return scaleByPower(m, p, bits, shift);
};

export const exp = (m: Emitter, x: Value): Value => expScaled(m, x, 0);

/**
 * 2^x = 2^n 2^r, r = x - n exactly: 1 + (r log 2 + r^2 T).
 */
export const exp2 = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const limited = clamp(m, x, t.underflow2, t.overflow2);
  const { value: n, bits } = roundedInteger(m, limited);
  const r = m.sub(limited, n);
  const small = m.fma(m.mul(r, r), polynomial(m, r, EXP2_TAIL[formatOf(x).type]), m.mul(r, Math.LN2));
  return scaleByPower(m, m.add(small, 1), bits);
};

/** The mantissa of an exponential e^(x + low), in two words, and the bits of its exponent's n + rounder. */
export const expWords = (m: Emitter, x: Value, low: Operand): DoubleWord & { readonly bits: Value } => {
  const t = TABLE[formatOf(x).type];
  const { bits, r, rLow } = reduce(m, x);
  const e = fastTwoSum(m, 1, r);
  const above = m.fma(m.mul(r, r), polynomial(m, r, t.tailMinus1), e.low);
  return { bits, high: e.high, low: m.fma(m.add(rLow(), low), m.add(e.high, above), above) };
};

/**
 * factor e^(x.high + x.low) for a factor of two words, of magnitude in [2^-8, 1] or 0, and x in (underflow, 0]: the product with the
 * mantissa is rounded once, then comes the power of two, which may round to a subnormal.
 */
export const expOfSum = (m: Emitter, x: DoubleWord, factor: DoubleWord): Value => {
  const e = expWords(m, x.high, x.low);
  const p = twoProduct(m, factor.high, e.high);
  const rest = m.fma(factor.high, e.low, m.fma(factor.low, e.high, p.low));
  return scaleByPower(m, m.add(p.high, rest), e.bits);
};

/**
 * e^x - 1 = 2^n q + (2^n - 1) with q = e^r - 1; a quarter of it first, because 2^n may overflow where the result
 * does not. Keeps the sign of zero.
 */
export const expm1 = (m: Emitter, x: Value): Value => {
  const f = formatOf(x);
  const t = TABLE[f.type];
  const { n, bits, r, rLow } = reduce(m, clamp(m, x, t.minusOne, t.overflowMinus1));
  const q = m.add(r, m.fma(m.mul(r, r), polynomial(m, r, t.tailMinus1), rLow()));
  const quarter = powerOfTwo(m, f, bits, -2);
  const y = m.mul(m.fma(q, quarter, m.sub(quarter, 0.25)), 4);
  return orSign(m, m.select(m.eq(n, 0), q, y), x);
};

/** With h = e^|x| / 2: sinh |x| = h - 1 / (4h); an odd polynomial below 1. */
export const sinh = (m: Emitter, x: Value): Value => {
  const h = expScaled(m, m.abs(x), -1);
  const large = orSign(m, m.sub(h, m.div(m.constant(x.type, 0.25), h)), x);
  return m.select(m.ge(m.abs(x), 1), large, oddPolynomial(m, x, TABLE[formatOf(x).type].sinh));
};

/** With h = e^|x| / 2: cosh x = h + 1 / (4h). */
export const cosh = (m: Emitter, x: Value): Value => {
  const h = expScaled(m, m.abs(x), -1);
  return m.add(h, m.div(m.constant(x.type, 0.25), h));
};

/**
 * tanh |x| = 1 - 2 / (e^(2|x|) + 1), an odd polynomial near zero. The limit from above is one of bits, which is cheap and
 * loses NaN; the polynomial, taken where the comparison fails, keeps it.
 */
export const tanh = (m: Emitter, x: Value): Value => {
  const f = formatOf(x);
  const t = TABLE[f.type];
  const a =
    f.type === "f32" ? m.float(m.min(m.bits(m.abs(x)), TANH_ONE_BITS)) : clampAbove(m, m.abs(x), t.tanhOne);
  const { bits, r } = reduce(m, m.add(a, a));
  const p = m.add(m.fma(m.mul(r, r), polynomial(m, r, t.tail), r), 1);
  // p * 2^n by adding to the exponent: 0 <= n
  const e = m.float(m.add(m.bits(p), m.shl(bits, f.mantissa)));
  const large = m.sub(m.constant(x.type, 1), m.div(m.constant(x.type, 2), m.add(e, 1)));
  return orSign(m, m.select(m.ge(m.abs(x), t.tanhCut), large, oddPolynomial(m, x, t.tanh)), x);
};
