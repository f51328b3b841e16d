/**
 * Logarithms. x = m 2^e with m near 1, f = m - 1: log x = e log 2 + log(1 + f), log 2 in two parts of which the first
 * has so few bits that e times it is exact. In f32 log(1 + f) = f - f^2/2 + f^3 P(f); in f64, where that polynomial would
 * be long, with s = f / (2 + f), log(1 + f) = 2 atanh s = f - (f^2/2 - s (f^2/2 + s^2 P(s^2))), as in FreeBSD's msun.
 *
 * Largest errors measured:
 *   log: 0.85 ulp in f32, 0.79 in f64
 *   log1p: 0.93 ulp in f32, 0.78 in f64
 *   log2: 1.35 ulp in f32, 1.11 in f64
 *   log10: 1.12 ulp in f32, 1.00 in f64
 */
import { type DoubleWord, fastTwoSum, twoSum } from "./double-word.js";
import { type Emitter, type FloatType, orSign, polynomial, type Value } from "./emit.js";
import { decompose, formatOf } from "./format.js";

interface LogTable {
  readonly ln2Hi: number;
  readonly ln2Lo: number;
  /** P: in f (f32), in s^2 (f64). */
  readonly tail: readonly number[];
  readonly log10Of2Hi: number;
  readonly log10Of2Lo: number;
}

const TABLE: Readonly<Record<FloatType, LogTable>> = {
  f32: {
    // 0x1.62e4p-1: 15 bits
    ln2Hi: 0.693145751953125,
    ln2Lo: Math.LN2 - 0.693145751953125,
    // minimax on [-0.295, 0.417], relative error of the logarithm 2^-26.6
    tail: [
      0.3333333134651184, -0.25000864267349243, 0.20001308619976044, -0.16621454060077667,
      0.14198549091815948, -0.13176456093788147, 0.12789921462535858, -0.07624974101781845,
    ],
    // 0x1.3441p-2
    log10Of2Hi: 0.3010292053222656,
    log10Of2Lo: 0.3010299956639812 - 0.3010292053222656,
  },
  f64: {
    // 0x1.62e42feep-1: 32 bits
    ln2Hi: 0.6931471803691238,
    ln2Lo: 1.9082149292705877e-10,
    // minimax on |s| <= 0.1729, relative error of the logarithm 2^-59.3
    tail: [
      0.6666666666666743, 0.3999999999935192, 0.28571428757613004, 0.22222196893247548, 0.18183657232639502,
      0.15311541039808338, 0.14822294718368545,
    ],
    // 0x1.34413509fp-2
    log10Of2Hi: 0.30102999566361177,
    log10Of2Lo: 3.694239077158931e-13,
  },
};

/** 1 / log 2 - 1 and 1 / log 10 - 1/2, to the last bit of a double. */
const LOG2E_MINUS_1 = 0.4426950408889634;
const LOG10E_MINUS_HALF = -0.06570551809674817;

export interface LogTerms {
  readonly e: Value;
  readonly f: Value;
  /** f^3 P(f) - f^2/2. */
  readonly tail: Value;
}

/** log x = e log 2 + f + tail for positive finite x; e and f are exact. */
export const logTerms = (m: Emitter, x: Value): LogTerms => {
  const { mantissa, exponent } = decompose(m, x);
  const f = m.sub(mantissa, 1);
  const square = m.mul(f, f);
  const half = m.mul(square, 0.5);
  const t = TABLE[formatOf(x).type];
  if (x.type === "f32") {
    const cubic = m.mul(m.mul(f, square), polynomial(m, f, t.tail));
    return { e: exponent, f, tail: m.sub(cubic, half) };
  }
  const s = m.div(f, m.add(f, 2));
  const z = m.mul(s, s);
  return { e: exponent, f, tail: m.sub(m.mul(s, m.fma(z, polynomial(m, z, t.tail), half)), half) };
};

/** `y` for positive finite `x`, -Infinity for zeros, else NaN or the infinite x. */
const specialCases = (m: Emitter, x: Value, y: Value): Value => {
  const finite = m.select(m.lt(x, Number.POSITIVE_INFINITY), y, x);
  const below = m.select(m.eq(x, 0), Number.NEGATIVE_INFINITY, m.constant(x.type, Number.NaN));
  return m.select(m.gt(x, 0), finite, below);
};

export const log = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const { e, f, tail } = logTerms(m, x);
  return specialCases(m, x, m.fma(e, t.ln2Hi, m.add(f, m.fma(e, t.ln2Lo, tail))));
};

/**
 * log(a + b), b being 0 or 1: with u the rounded sum and c what that lost, log u + c / u; and log 2 more where `twice` holds.
 */
export const logOfSum = (m: Emitter, a: DoubleWord, b: Value, twice: Value | null): Value => {
  const t = TABLE[formatOf(b).type];
  const sum = twoSum(m, a.high, b);
  const [u, lost] = [sum.high, m.add(sum.low, a.low)];
  const { e, f, tail } = logTerms(m, u);
  const exponent = twice === null ? e : m.add(e, m.select(twice, 1, m.constant(b.type, 0)));
  const small = m.add(m.div(lost, u), m.fma(exponent, t.ln2Lo, tail));
  return specialCases(m, u, m.fma(exponent, t.ln2Hi, m.add(f, small)));
};

/** Keeps the sign of zero. */
export const log1p = (m: Emitter, x: Value): Value =>
  orSign(m, logOfSum(m, { high: x, low: m.constant(x.type, 0) }, m.constant(x.type, 1), null), x);

/** f / log 2 = f + f (1 / log 2 - 1): what is rounded is the smaller part. */
export const log2 = (m: Emitter, x: Value): Value => {
  const { e, f, tail } = logTerms(m, x);
  const { high, low } = fastTwoSum(m, e, f);
  const small = m.fma(f, LOG2E_MINUS_1, m.fma(tail, Math.LOG2E, low));
  return specialCases(m, x, m.add(high, small));
};

/** f / log 10 = f/2 + f (1 / log 10 - 1/2), likewise. */
export const log10 = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const { e, f, tail } = logTerms(m, x);
  const small = m.fma(f, LOG10E_MINUS_HALF, m.fma(e, t.log10Of2Lo, m.mul(tail, Math.LOG10E)));
  return specialCases(m, x, m.fma(e, t.log10Of2Hi, m.fma(f, 0.5, small)));
};
