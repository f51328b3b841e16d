/**
 * The error function, its complement, the normal distribution function and x times it.
 *
 * erf x: x + x P(x^2) on |x| <= 1, beyond 1 - e^-Q(|x|).
 *
 * Tails keep their relative precision: for a >= cut, erfc a and the normal tail are e^(-a^2 scale) P(t) / (1 + c a) with
 * t = (a - k) / (a + k), which maps [0, infinity) to a bounded range (M. Shepherd, J. Laframboise, "Chebyshev approximation of
 * (1 + 2x) exp(x^2) erfc x", 1981). The square, the quotient and the exponential are carried in two words, because e^(-a^2)
 * turns an absolute error of a^2 into a relative one. c is chosen for a P that is flat where t is inexact. The
 * coefficients are minimax fits made with mpmath.
 *
 * Largest errors measured:
 *   erf: 1.19 ulp in f32, 1.18 in f64
 *   erfc: 0.91 ulp in f32, 0.82 in f64
 *   ndtr: 1.21 ulp in f32, 1.28 in f64
 *   gelu: 1.49 ulp in f32, 1.64 in f64
 */
import { type DoubleWord, fastTwoSum, twoProduct, twoSum } from "./double-word.js";
import { type Emitter, type FloatType, orSign, polynomial, type Value } from "./emit.js";
import { expOfSum, expScaled } from "./exp.js";
import { formatOf } from "./format.js";

interface TailTable {
  /** t = (a - k) / (a + k). */
  readonly k: number;
  /** P's constant rounded to the format, and what that lost. */
  readonly constant: readonly [number, number];
  /** (P(t) - P(0)) / t. */
  readonly rest: readonly number[];
  /** Where the tail rounds to zero. */
  readonly zero: number;
}

interface ErrorTable {
  /** (erf x - x) / x in x^2 for |x| <= 1: the term x, then those of x^3. */
  readonly central: readonly number[];
  /** -log erfc x for x >= 1. */
  readonly outer: readonly number[];
  /** Where erf rounds to 1. */
  readonly one: number;
  readonly erfc: TailTable;
  /** (ndtr x - 1/2) / x in x^2 for |x| <= 9/16. */
  readonly ndtr: readonly number[];
  readonly ndtrTail: TailTable;
}

const TABLE: Readonly<Record<FloatType, ErrorTable>> = {
  f32: {
    // relative errors 2^-29.6 and 2^-29.8 of erf
    central: [
      0.12837916612625122, -0.3761262595653534, 0.1128358542919159, -0.026853814721107483,
      0.005188330542296171, -0.0008010202436707914, 7.853849820094183e-5,
    ],
    outer: [
      0.00034158528433181345, 1.1270889043807983, 0.6381452679634094, 0.10310638695955276,
      -0.021837888285517693, 0.0029476138297468424, -0.0001863746001617983,
    ],
    one: 4,
    // relative error 2^-29.9
    erfc: {
      k: 2,
      constant: [1.0215827226638794, -1.7328601003258507e-8],
      rest: [
        -0.176369309425354, -0.06410826742649078, 0.10329308360815048, -0.03973140940070152,
        -0.004267076961696148, 0.006327067967504263, 0.0006612580618821084, -0.001070248894393444,
        -0.0001877323811640963, 0.00014433354954235256,
      ],
      zero: 10.3,
    },
    // relative errors 2^-32.3 and 2^-31.4
    ndtr: [
      0.3989422917366028, -0.06649036705493927, 0.00997328944504261, -0.0011850976152345538,
      0.00010777798161143437,
    ],
    ndtrTail: {
      k: 3,
      constant: [0.5771912336349487, 2.1202215890685223e-8],
      rest: [
        -0.06905779242515564, -0.05134648457169533, 0.06800811737775803, -0.02994481474161148,
        0.0007259960402734578, 0.0040049124509096146, -0.0003652242594398558, -0.0006652877782471478,
        2.6156918465858325e-5, 0.00010179827950196341,
      ],
      zero: 14.6,
    },
  },
  f64: {
    // relative errors 2^-62.7 and 2^-59.5 of erf
    central: [
      0.1283791670955126, -0.3761263890318375, 0.11283791670954858, -0.02686617064507296, 0.00522397762478137,
      -0.0008548326978765149, 0.00012055331037551108, -1.4925593518728226e-5, 1.6460972954153765e-6,
      -1.635002619207727e-7, 1.4657883530919653e-8, -1.136567067182716e-9, 5.945255584223488e-11,
    ],
    outer: [
      1.7962477457410596e-7, 1.1283773292158341, 0.6366284891568282, 0.10274725138377, -0.019078153343988016,
      -0.0002804924514626529, 0.0017690052826499153, -0.0006411769755730554, 4.482557293167891e-5,
      7.036481948547494e-5, -4.503652456764111e-5, 1.6513624954573774e-5, -4.326953512960783e-6,
      8.505555719018416e-7, -1.257020651142033e-7, 1.3626384296271018e-8, -1.0256767527430516e-9,
      4.795925781849726e-11, -1.0495970869229545e-12,
    ],
    one: 6,
    // relative error 2^-59.6
    erfc: {
      k: 4,
      constant: [0.9589962033754297, 5.1389479160794956e-17],
      rest: [
        -0.16948284982046477, 0.06621465880653081, 0.010008336516689626, -0.048538505177486216,
        0.05452267233893804, -0.041923010229935, 0.02466465014311976, -0.011133234631047593,
        0.003574195803606311, -0.0005737704490027533, -0.0001296968836043274, 0.00010732751693518366,
        -1.8774526404298315e-5, -7.681277532671181e-6, 4.178141237728772e-6, 1.5124079744131327e-7,
        -5.912851686140136e-7, 5.977648561679326e-8, 7.425960782616447e-8, -1.2116841322431116e-8,
        -7.042016502117447e-9, 8.129483142475706e-10,
      ],
      zero: 27.5,
    },
    // relative errors 2^-71.0 and 2^-59.1
    ndtr: [
      0.3989422804014327, -0.06649038006690544, 0.009973557010035806, -0.0011873282154800755,
      0.00011543468760884042, -9.444656178349793e-6, 6.659688029395325e-7, -4.122437448508353e-8,
      2.2676884681422426e-9, -1.047401524251573e-10,
    ],
    ndtrTail: {
      k: 5,
      constant: [0.5576649610687956, 5.036356564123408e-17],
      rest: [
        -0.07857596347650819, 0.009770757560952971, 0.03272390979755729, -0.04496514177889243,
        0.03652467917684044, -0.021210861891330063, 0.008747211919909008, -0.002149978111546256,
        -2.382968825719189e-5, 0.00024302454459840852, -6.724989047646801e-5, -1.4031260884937019e-5,
        1.1642415300822115e-5, 8.10962413601756e-8, -1.6949480322790713e-6, 1.3982688784518775e-7,
        2.5408104218697615e-7, -2.898203611836142e-8, -3.831321539892574e-8, 3.1824180361127956e-9,
        4.182578855004954e-9,
      ],
      zero: 38.8,
    },
  },
};

/** x limited to `high`; NaN stays. */
const atMost = (m: Emitter, x: Value, high: number): Value => m.select(m.gt(x, high), high, x);

export const erf = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const a = m.abs(x);
  const z = m.mul(x, x);
  const inner = m.fma(x, polynomial(m, z, t.central), x);
  const exponent = m.neg(polynomial(m, atMost(m, a, t.one), t.outer));
  const outer = m.sub(m.constant(x.type, 1), expScaled(m, exponent, 0));
  return orSign(m, m.select(m.gt(a, 1), outer, inner), x);
};

/** high + low as the quotient n / d of two-word numbers, to about a word and a half. */
const quotient = (m: Emitter, n: DoubleWord, d: DoubleWord): DoubleWord => {
  const high = m.div(n.high, d.high);
  const back = twoProduct(m, high, d.high);
  const rest = m.add(m.sub(m.sub(n.high, back.high), back.low), m.sub(n.low, m.mul(high, d.low)));
  return { high, low: m.div(rest, d.high) };
};

const times = (m: Emitter, x: DoubleWord, factor: Value | null): DoubleWord => {
  if (factor === null) return x;
  const { high, low } = twoProduct(m, x.high, factor);
  return { high, low: m.fma(x.low, factor, low) };
};

/** factor e^(-a^2 / 2^halvings) P(t) / (1 + a + a share), 0 <= a <= t.zero, `share` a power of two. */
const tail = (
  m: Emitter,
  a: Value,
  t: TailTable,
  halvings: 0 | 1,
  share: number,
  factor: Value | null,
): Value => {
  const one = m.constant(a.type, 1);
  const u = m.div(m.sub(a, t.k), m.add(a, t.k));
  const [high, low] = t.constant;
  const p = times(m, fastTwoSum(m, high, m.fma(u, polynomial(m, u, t.rest), low)), factor);
  const ca = fastTwoSum(m, a, m.mul(a, share));
  const sum = twoSum(m, one, ca.high);
  const q = quotient(m, p, { high: sum.high, low: m.add(sum.low, ca.low) });
  const square = twoProduct(m, a, a);
  const scale = -(2 ** -halvings);
  return expOfSum(m, { high: m.mul(square.high, scale), low: m.mul(square.low, scale) }, q);
};

/** 1 - erf x up to 3/8, the tail beyond; 2 less the tail of -x below -3/8. */
export const erfc = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const a = m.abs(x);
  const z = m.mul(x, x);
  const central = m.sub(m.constant(x.type, 1), m.fma(x, polynomial(m, z, t.central), x));
  const far = tail(m, atMost(m, a, t.erfc.zero), t.erfc, 0, 1 / 2, null);
  const outer = m.select(m.lt(x, 0), m.sub(m.constant(x.type, 2), far), far);
  return m.select(m.gt(a, 3 / 8), outer, central);
};

/** The share of a normal distribution below x: erfc(-x / sqrt 2) / 2. */
export const ndtr = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const a = m.abs(x);
  const z = m.mul(x, x);
  const central = m.fma(x, polynomial(m, z, t.ndtr), 0.5);
  const far = tail(m, atMost(m, a, t.ndtrTail.zero), t.ndtrTail, 1, 1 / 4, null);
  const outer = m.select(m.lt(x, 0), far, m.sub(m.constant(x.type, 1), far));
  return m.select(m.gt(a, 9 / 16), outer, central);
};

/** x ndtr x: x/2 + x^2 P(x^2) up to 9/16; beyond, with g the product of |x| and the tail, -g or x - g. -0 at -Infinity. */
export const gelu = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const a = m.abs(x);
  const z = m.mul(x, x);
  const central = m.fma(z, polynomial(m, z, t.ndtr), m.mul(x, 0.5));
  const limited = atMost(m, a, t.ndtrTail.zero);
  const far = tail(m, limited, t.ndtrTail, 1, 1 / 4, limited);
  const outer = m.select(m.lt(x, 0), m.neg(far), m.sub(x, far));
  return orSign(m, m.select(m.gt(a, 9 / 16), outer, central), x);
};
