/**
 * asin, acos, atan and atan2: odd polynomials; constants in two parts.
 *
 * Largest errors measured:
 *   asin: 1.60 ulp in f32, 1.55 in f64
 *   acos: 1.10 ulp in f32, 1.04 in f64
 *   atan: 1.16 ulp in f32, 1.12 in f64
 *   atan2: 1.50 ulp in f32, 1.22 in f64
 */
import { type Emitter, type FloatType, orSign, polynomial, type Value } from "./emit.js";
import { formatOf } from "./format.js";

interface InverseTable {
  /** (asin x - x) / x^3 in x^2 for |x| <= 1/2. */
  readonly asin: readonly number[];
  /** (atan x - x) / x^3 in x^2 for |x| <= 1. */
  readonly atan: readonly number[];
  /** pi/2 rounded, and what that lost. */
  readonly halfPi: readonly [number, number];
}

const TABLE: Readonly<Record<FloatType, InverseTable>> = {
  f32: {
    // minimax, relative errors 2^-27.6 and 2^-31.1
    asin: [
      0.16666752099990845, 0.074953094124794, 0.04546915367245674, 0.02418474107980728, 0.042158398777246475,
    ],
    atan: [
      -0.333333283662796, 0.1999971568584442, -0.14280343055725098, 0.11061233282089233, -0.08821462094783783,
      0.06763648986816406, -0.04498325660824776, 0.022777613252401352, -0.007425355259329081,
      0.0011345179518684745,
    ],
    halfPi: [1.5707963705062866, -4.371138828673793e-8],
  },
  f64: {
    // minimax, relative errors 2^-59.5 and 2^-56.1
    asin: [
      0.1666666666666676, 0.07499999999970865, 0.04464285717456594, 0.030381942709438576,
      0.022372214953092114, 0.017351612453327787, 0.013980817186672961, 0.011398925368266685,
      0.010780255467939417, 0.003706118306294245, 0.021708828777376992, -0.02100197692154848,
      0.032631055310548544,
    ],
    atan: [
      -0.3333333333333307, 0.19999999999951748, -0.14285714282587728, 0.11111111007319203,
      -0.09090907007119663, 0.07692279877123513, -0.06666404290321017, 0.05880528768038,
      -0.052535209055367675, 0.04722323703946695, -0.04219165301624594, 0.036641260193577135,
      -0.029902206974613772, 0.02198202149211492, -0.013897093678366949, 0.007193450308598181,
      -0.0028830210717165883, 0.0008305301797122389, -0.00015196159892507795, 1.3202188505005457e-5,
    ],
    halfPi: [1.5707963267948966, 6.123233995736766e-17],
  },
};

interface Arcsine {
  /** |x| <= 1/2 */
  readonly inner: Value;
  /** b + tail is asin |x| where inner, else asin sqrt((1 - |x|) / 2), of which pi/2 less twice is asin |x|. */
  readonly b: Value;
  readonly tail: Value;
}

const arcsine = (m: Emitter, x: Value): Arcsine => {
  const a = m.abs(x);
  const inner = m.le(a, 0.5);
  const w = m.mul(m.sub(m.constant(x.type, 1), a), 0.5);
  const z = m.select(inner, m.mul(a, a), w);
  const b = m.select(inner, a, m.sqrt(w));
  return { inner, b, tail: m.mul(m.mul(b, z), polynomial(m, z, TABLE[formatOf(x).type].asin)) };
};

export const asin = (m: Emitter, x: Value): Value => {
  const [high, low] = TABLE[formatOf(x).type].halfPi;
  const { inner, b, tail } = arcsine(m, x);
  const outer = m.sub(m.constant(x.type, high), m.fma(b, 2, m.fma(tail, 2, -low)));
  return orSign(m, m.select(inner, m.add(b, tail), outer), x);
};

/** pi/2 - asin x inside; outside 2 asin sqrt((1 - x) / 2), and pi less that for negative x. */
export const acos = (m: Emitter, x: Value): Value => {
  const [high, low] = TABLE[formatOf(x).type].halfPi;
  const { inner, b, tail } = arcsine(m, x);
  const negative = m.lt(x, 0);
  const signed = (v: Value): Value => m.select(negative, m.neg(v), v);
  const central = m.sub(m.constant(x.type, high), m.add(signed(b), m.sub(signed(tail), low)));
  const double = m.fma(b, 2, m.mul(tail, 2));
  const far = m.sub(m.constant(x.type, 2 * high), m.fma(b, 2, m.fma(tail, 2, -2 * low)));
  return m.select(inner, central, m.select(negative, far, double));
};

/** t^3 P(t^2), so that t plus it is atan t, 0 <= t <= 1. */
const arctangentTail = (m: Emitter, t: Value): Value => {
  const z = m.mul(t, t);
  return m.mul(m.mul(t, z), polynomial(m, z, TABLE[formatOf(t).type].atan));
};

/** pi/2 - atan(1 / |x|) beyond 1. */
export const atan = (m: Emitter, x: Value): Value => {
  const [high, low] = TABLE[formatOf(x).type].halfPi;
  const a = m.abs(x);
  const far = m.gt(a, 1);
  const t = m.select(far, m.div(m.constant(x.type, 1), a), a);
  const tail = arctangentTail(m, t);
  const outer = m.sub(m.constant(x.type, high), m.add(t, m.sub(tail, low)));
  return orSign(m, m.select(far, outer, m.add(t, tail)), x);
};

/** Of t = min(|y|, |x|) / max(|y|, |x|), mirrored at the diagonal and at the y axis; quadrants by the signs of zeros too. */
export const atan2 = (m: Emitter, y: Value, x: Value): Value => {
  const f = formatOf(x);
  const [high, low] = TABLE[f.type].halfPi;
  const zero = m.constant(f.type, 0);
  const [a, b] = [m.abs(y), m.abs(x)];
  const steep = m.gt(a, b);
  const [lesser, greater] = [m.select(steep, b, a), m.select(steep, a, b)];
  // 0/0 counts as 0 and Infinity/Infinity as 1
  const ratio = m.select(m.eq(lesser, greater), 1, m.div(lesser, greater));
  const t = m.select(m.eq(lesser, 0), zero, ratio);
  const tail = arctangentTail(m, t);
  // base + (t + tail), the angle from the nearest axis of the right half or with the sign turned
  const left = m.lt(m.bits(x), 0);
  const turn = m.xor(steep, left);
  const base = (part: number): Value => m.select(steep, part, m.select(left, 2 * part, zero));
  const [s, sTail] = [m.select(turn, m.neg(t), t), m.select(turn, m.neg(tail), tail)];
  const angle = m.add(base(high), m.add(s, m.add(sTail, base(low))));
  const ordered = m.and(m.eq(x, x), m.eq(y, y));
  return m.select(ordered, orSign(m, angle, y), Number.NaN);
};
