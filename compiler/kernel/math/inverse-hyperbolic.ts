/**
 * asinh, acosh and atanh: logarithms, and odd polynomials near zero.
 *
 * Largest errors measured:
 *   asinh: 1.58 ulp in f32, 1.33 in f64
 *   acosh: 0.87 ulp in f32, 0.74 in f64
 *   atanh: 1.02 ulp in f32, 0.93 in f64
 */
import { fastTwoSum, twoProduct, twoSum } from "./double-word.js";
import { type Emitter, type FloatType, oddPolynomial, orSign, type Value } from "./emit.js";
import { formatOf } from "./format.js";
import { logOfSum } from "./log.js";

interface InverseHyperbolicTable {
  /** (asinh x - x) / x^3 in x^2 for |x| < 1. */
  readonly asinh: readonly number[];
  /** (atanh x - x) / x^3 in x^2 for |x| < 1/2. */
  readonly atanh: readonly number[];
  /** Above, x^2 + 1 and x^2 - 1 round to x^2. */
  readonly large: number;
}

const TABLE: Readonly<Record<FloatType, InverseHyperbolicTable>> = {
  f32: {
    // minimax, relative errors 2^-28.1 and 2^-29.4
    asinh: [
      -0.16666629910469055, 0.07498715817928314, -0.04448787868022919, 0.029456287622451782,
      -0.01918206550180912, 0.010430836118757725, -0.003838429693132639, 0.0006739810924045742,
    ],
    atanh: [
      0.33333301544189453, 0.2000245451927185, 0.14223742485046387, 0.11816823482513428, 0.051585763692855835,
      0.1764068454504013,
    ],
    large: 2 ** 14,
  },
  f64: {
    // minimax, relative errors 2^-55.0 and 2^-60.9
    asinh: [
      -0.16666666666665486, 0.07499999999821907, -0.04464285704805902, 0.03038194186371998,
      -0.02237211672446476, 0.017352303786447417, -0.013961321459001386, 0.01153206198108173,
      -0.009678097771063043, 0.008117565477113823, -0.006612360766274362, 0.005012513829260456,
      -0.0033549932648767075, 0.0018715167559590483, -0.0008164185850636046, 0.0002570778810153698,
      -5.144171771690103e-5, 4.879449900795881e-6,
    ],
    atanh: [
      0.3333333333333328, 0.20000000000018558, 0.14285714283388204, 0.11111111258245962, 0.09090903583985223,
      0.07692440734192263, 0.06664482086483789, 0.059074827357420874, 0.05057626001686751,
      0.059584178149178116, -0.005399364343057894, 0.17507988349391998, -0.19629756086655142,
      0.24123015159955993,
    ],
    large: 2 ** 28,
  },
};

/** log(1 + u + low), and log 2a instead where a is large. */
const logNear = (m: Emitter, u: Value, low: Value, a: Value, large: Value): Value => {
  const zero = m.constant(u.type, 0);
  const one = m.constant(u.type, 1);
  const sum = { high: m.select(large, a, u), low: m.select(large, zero, low) };
  return logOfSum(m, sum, m.select(large, zero, one), large);
};

/** log(1 + a + a^2 / (1 + sqrt(a^2 + 1))), a = |x|. */
export const asinh = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const a = m.abs(x);
  const large = m.gt(a, t.large);
  const square = m.mul(a, a);
  const u = m.add(a, m.div(square, m.add(m.sqrt(m.add(square, 1)), 1)));
  const y = orSign(m, logNear(m, u, m.constant(x.type, 0), a, large), x);
  return orSign(m, m.select(m.lt(a, 1), oddPolynomial(m, x, t.asinh), y), x);
};

/**
 * log(1 + t + q), t = x - 1, q = sqrt(2t + t^2), in double words: v = 2t + t^2 and q + (v - q^2) / (2q), because near 1
 * the errors of t and q would add to the logarithm's.
 */
export const acosh = (m: Emitter, x: Value): Value => {
  const { large: limit } = TABLE[formatOf(x).type];
  const large = m.gt(x, limit);
  const t = m.sub(m.select(large, 1, x), 1);
  const square = twoProduct(m, t, t);
  const sum = twoSum(m, m.add(t, t), square.high);
  const q = m.sqrt(sum.high);
  const back = twoProduct(m, q, q);
  const rest = m.add(m.sub(m.sub(sum.high, back.high), back.low), m.add(sum.low, square.low));
  const correction = m.select(m.gt(q, 0), m.div(rest, m.add(q, q)), m.constant(x.type, 0));
  const u = fastTwoSum(m, q, t);
  const y = logNear(m, u.high, m.add(u.low, correction), x, large);
  return m.select(m.lt(x, 1), Number.NaN, y);
};

/** log(1 + 2a / (1 - a)) / 2, a = |x|. */
export const atanh = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const a = m.abs(x);
  const u = m.div(m.add(a, a), m.sub(m.constant(x.type, 1), a));
  const y = orSign(
    m,
    m.mul(logOfSum(m, { high: u, low: m.constant(x.type, 0) }, m.constant(x.type, 1), null), 0.5),
    x,
  );
  return orSign(m, m.select(m.lt(a, 0.5), oddPolynomial(m, x, t.atanh), y), x);
};
