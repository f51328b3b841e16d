/**
 * log |gamma x|.
 *
 * Up to 3.36: lgamma(2 + z) = z (1 - C) + z^2 Q + z^3 P(z) with z = x - k, k an integer near x, C Euler's constant, and the logarithm of what
 * lies between: lgamma x = lgamma(2 + z) + log(x - 1) (k = 3), + 0, - log x, - log(x (1 + x)) (k = 0).
 * Beyond: Stirling's (x - 1/2) (log x - 1) - 1/2 + log(2 pi) / 2 + W(1 / x^2) / x.
 * Below -1/2: lgamma x = -log(|x sin(pi x)| / pi) - lgamma(-x). P, W and the sine are minimax fits made with mpmath.
 *
 * The leading terms are summed in two words, so that zeros at 1 and 2 keep their relative precision. Near the zeros of negative x
 * the error is an absolute one, about 2^-51. f32 is computed in f64, because only that leaves 2 ulp near those zeros.
 *
 * Largest errors measured (f64 below -1/2: ulp of 1 where the value is smaller):
 *   lgamma: 0.51 ulp in f32, 1.55 in f64
 */
import { type DoubleWord, fastTwoSum, twoProduct, twoSum } from "./double-word.js";
import { type Emitter, polynomial, type Value } from "./emit.js";
import { formatOf } from "./format.js";
import { type LogTerms, logTerms } from "./log.js";

/** 0x1.62e42feep-1, 32 bits of log 2, and the rest. */
const [LN2_HI, LN2_LO] = [0.6931471803691238, 1.9082149292705877e-10];
/** 1 - C rounded, and what that lost. */
const ONE_LESS_EULER = [0.42278433509846713, 4.942915152430645e-18] as const;
/** (log(2 pi) - 1) / 2 rounded, and what that lost. */
const STIRLING = [0.4189385332046727, 1.6728209650585413e-17] as const;

/** The coefficient of z^2. */
const QUADRATIC = 0.3224670334241132;
/** The others, from that of z^3, for -0.64 <= z <= 0.36: error 2^-64.3 of z. */
const NEAR = [
  -0.0673523010531981, 0.020580808427785077, -0.007385551028672762, 0.002890510330693658,
  -0.0011927539118199886, 0.0005096695266477126, -0.00022315475308458215, 9.945747418404468e-5,
  -4.492636916916008e-5, 2.0507612075887934e-5, -9.437655802262302e-6, 4.373297124464183e-6,
  -2.0532424945833362e-6, 9.492365381689175e-7, -3.964983943461832e-7, 2.8515750205093133e-7,
  -1.5315171895944232e-7, -1.3235078832674213e-7, -1.446664073493954e-7,
];
/** W on x >= 3.34, error of the function 2^-60.9. */
const FAR = [
  0.0833333333333333, -0.0027777777777414103, 0.0007936507824152916, -0.0005952364856988073,
  0.0008416212950529035, -0.0019110289546299124, 0.00619371143714257, -0.024529163947297667,
  0.09481571763862516, -0.27388306235118043, 0.4023884609830464,
];
/** sin(pi f) / (pi f) - 1 in f^2 over f^2, |f| <= 1/2, relative error 2^-61.6. */
const SINE = [
  -1.6449340668482264, 0.8117424252833401, -0.19075182412150193, 0.026147847805471865, -0.002346080893871205,
  0.0001484278309024041, -6.972068414109948e-6, 2.449941151061249e-7,
];
const FAR_FROM = 3.36;
/** z = x - k lies in [-1/2 - UP, 1/2 - UP]: x up to 1.36 is near 1, where its logarithm is short; nearer to 2 it would cancel. */
const UP = 0.14;
/** Beyond, x - 1/2 is x and the product of two words would overflow; its low word no longer counts. */
const HUGE = 2 ** 60;

/** e log 2 + f as two words, and the tail. */
const logWords = (
  m: Emitter,
  { e, f, tail }: LogTerms,
): { readonly sum: DoubleWord; readonly rest: Value } => {
  const sum = fastTwoSum(m, m.mul(e, LN2_HI), f);
  return { sum: { high: sum.high, low: sum.low }, rest: m.fma(e, LN2_LO, tail) };
};

/** For x >= -1/2; NaN or whatever elsewhere. */
const positive = (m: Emitter, x: Value): Value => {
  const zero = m.constant(x.type, 0);
  const far = m.ge(x, FAR_FROM);
  const k = m.nearest(m.add(x, UP));
  const z = m.sub(x, k);
  // x (1 + x), x, 1, x - 1
  const shifted = m.select(
    m.eq(k, 0),
    m.abs(m.fma(x, x, x)),
    m.select(m.eq(k, 1), x, m.select(m.eq(k, 2), 1, m.sub(x, 1))),
  );
  const { sum: log, rest } = logWords(m, logTerms(m, m.select(far, x, shifted)));
  // near
  const sign = m.select(m.gt(k, 2), 1, m.constant(x.type, -1));
  const linear = twoProduct(m, z, m.constant(x.type, ONE_LESS_EULER[0]));
  const square = twoProduct(m, z, z);
  const quadratic = twoProduct(m, square.high, m.constant(x.type, QUADRATIC));
  const gamma = twoSum(m, linear.high, quadratic.high);
  const near = twoSum(m, gamma.high, m.mul(sign, log.high));
  const lows = m.fma(
    square.low,
    QUADRATIC,
    m.add(m.add(linear.low, quadratic.low), m.add(gamma.low, near.low)),
  );
  const cubic = m.mul(m.mul(square.high, z), polynomial(m, z, NEAR));
  const nearSmall = m.add(lows, m.fma(sign, m.add(log.low, rest), m.fma(z, ONE_LESS_EULER[1], cubic)));
  // far
  const factor = m.sub(log.high, 1);
  const product = twoProduct(m, m.sub(x, 0.5), factor);
  const inverse = m.div(m.constant(x.type, 1), x);
  const series = m.fma(inverse, polynomial(m, m.mul(inverse, inverse), FAR), STIRLING[1]);
  const lost = m.add(m.sub(log.high, m.add(factor, 1)), log.low);
  const all = twoSum(m, product.high, m.constant(x.type, STIRLING[0]));
  const low = m.select(m.gt(x, HUGE), zero, m.add(product.low, all.low));
  const farSmall = m.fma(m.sub(x, 0.5), m.add(lost, rest), m.add(low, series));
  return m.add(m.select(far, all.high, near.high), m.select(far, farSmall, nearSmall));
};

const lgammaDouble = (m: Emitter, x: Value): Value => {
  const a = m.abs(x);
  const below = m.lt(x, -0.5);
  const core = positive(m, m.select(below, a, x));
  const [y = core] = m.rarely(below, () => {
    const f = m.sub(a, m.nearest(a));
    const z = m.mul(f, f);
    const sine = m.mul(m.abs(f), m.fma(z, polynomial(m, z, SINE), 1));
    const { sum, rest } = logWords(m, logTerms(m, m.mul(a, sine)));
    return [m.neg(m.add(m.add(core, sum.high), m.add(sum.low, rest)))];
  }, [core]);
  // infinite at 0, -1, -2, .. and at both infinities
  const pole = m.or(m.and(m.le(x, 0), m.eq(m.nearest(x), x)), m.eq(a, Number.POSITIVE_INFINITY));
  return m.select(pole, Number.POSITIVE_INFINITY, m.select(m.eq(x, x), y, x));
};

export const lgamma = (m: Emitter, x: Value): Value =>
  formatOf(x).type === "f64" ? lgammaDouble(m, x) : m.convert(lgammaDouble(m, m.convert(x, "f64")), x.type);
