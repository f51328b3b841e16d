/**
 * The exponential family. Reduction: x = n ln 2 + r with n the nearest integer to x / ln 2, ln 2 in two parts of which
 * the first has so few bits that n times it is exact.
 */
import { type Emitter, polynomial, signBit, type Value, withSign } from "./emit.js";
import { type FloatFormat, formatOf, powerOfTwo, roundedInteger } from "./format.js";

interface ExpTable {
  readonly ln2Hi: number;
  readonly ln2Lo: number;
  /** (e^r - 1 - r) / r^2. */
  readonly tail: readonly number[];
  /** The same, for a small relative error of e^r - 1. */
  readonly tailMinus1: readonly number[];
  /** Above, e^x overflows; below, it rounds to zero. */
  readonly overflow: number;
  readonly underflow: number;
  /** Below, expm1 rounds to -1. */
  readonly minusOne: number;
}

const TABLE: Readonly<Record<FloatFormat["type"], ExpTable>> = {
  f32: {
    // 0x1.62e4p-1: 15 bits
    ln2Hi: 0.693145751953125,
    ln2Lo: Math.LN2 - 0.693145751953125,
    // minimax on |r| <= 1.01 ln(2)/2, error of e^r 2^-28.1
    tail: [0.4999999403953552, 0.16666509211063385, 0.041668009012937546, 0.008369989693164825, 0.0013847032096236944],
    // minimax on |r| <= 1.01 ln(2)/2, error of e^r - 1 2^-28.1
    tailMinus1: [
      0.5, 0.16666634380817413, 0.04166650399565697, 0.008341710083186626, 0.0013931529829278588,
      0.00015041392180137336,
    ],
    overflow: 89,
    underflow: -104,
    minusOne: -18,
  },
  f64: {
    ln2Hi: 0, ln2Lo: 0, tail: [], tailMinus1: [], overflow: 710, underflow: -746, minusOne: -38,
  },
};

interface Reduced {
  /** n, and its bits before the exponent's shift. */
  readonly n: Value;
  readonly bits: Value;
  /** x - n ln 2, and what its rounding lost. */
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
