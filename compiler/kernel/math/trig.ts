/**
 * sin, cos and tan: odd and even polynomials on [-pi/4, pi/4] after reduction to a quadrant.
 *
 * Largest errors measured:
 *   sin: 1.02 ulp in f32, 0.90 in f64
 *   cos: 1.01 ulp in f32, 0.96 in f64
 *   tan: 1.26 ulp in f32, 1.02 in f64
 */
import { twoProduct } from "./double-word.js";
import { type Emitter, type FloatType, orSign, polynomial, type Value } from "./emit.js";
import { formatOf } from "./format.js";
import { type Reduced, reduceQuadrant } from "./trig-reduction.js";

interface TrigTable {
  /** (sin r - r) / r^3, (cos r - 1 + r^2/2) / r^4, (tan r - r) / r^3 in r^2. */
  readonly sin: readonly number[];
  readonly cos: readonly number[];
  readonly tan: readonly number[];
}

const TABLE: Readonly<Record<FloatType, TrigTable>> = {
  f32: {
    // minimax, relative errors 2^-27.8, 2^-33.0, 2^-29.5
    sin: [-0.16666653752326965, 0.008332106284797192, -0.00019507882825564593],
    cos: [0.04166664555668831, -0.0013887308305129409, 2.4432101781712845e-5],
    tan: [
      0.33333349227905273, 0.1333266943693161, 0.05405997484922409, 0.02127937413752079, 0.010847789235413074,
      6.977631710469723e-5, 0.004387850407510996,
    ],
  },
  f64: {
    // minimax, relative errors 2^-57.9, 2^-63.9, 2^-56.2
    sin: [
      -0.1666666666666663, 0.00833333333332184, -0.00019841269829358528, 2.7557313538514158e-6,
      -2.5050734389219102e-8, 1.5895433284765082e-10,
    ],
    cos: [
      0.041666666666666595, -0.0013888888888873338, 2.480158728899748e-5, -2.755731421529866e-7,
      2.087570511481773e-9, -1.1358732759099743e-11,
    ],
    tan: [
      0.33333333333332776, 0.1333333333341482, 0.05396825392657268, 0.021869489611311677,
      0.008863219131229108, 0.0035922893817085947, 0.0014547560931897016, 0.0005950727728546973,
      0.0002223557598732525, 0.00013657568855939006, -2.6457522784110402e-5, 8.951843172730793e-5,
      -4.491248339322989e-5, 2.0871951942036263e-5,
    ],
  },
};

/** sin r, with the sign of r also where it is a zero. */
const kernelSin = (m: Emitter, { high: r, low }: Reduced): Value => {
  const z = m.mul(r, r);
  const tail = m.fma(m.mul(r, z), polynomial(m, z, TABLE[formatOf(r).type].sin), low);
  return orSign(m, m.add(r, tail), r);
};

/** cos r = 1 - (r^2/2 - r^4 C). */
const kernelCos = (m: Emitter, { high: r, low }: Reduced): Value => {
  const z = m.mul(r, r);
  const small = m.sub(
    m.mul(z, 0.5),
    m.sub(m.mul(m.mul(z, z), polynomial(m, z, TABLE[formatOf(r).type].cos)), m.mul(r, low)),
  );
  return m.sub(m.constant(r.type, 1), small);
};

const isOdd = (m: Emitter, quadrant: Value): Value => m.ne(m.and(quadrant, 1), 0);

/** sin of r + quadrant pi/2. */
const sinOfQuadrant = (m: Emitter, reduced: Reduced, quadrant: Value): Value => {
  const y = m.select(isOdd(m, quadrant), kernelCos(m, reduced), kernelSin(m, reduced));
  const signAt = formatOf(reduced.high).type === "f32" ? 30 : 62;
  return m.float(m.xor(m.bits(y), m.shl(m.and(quadrant, 2), signAt)));
};

export const sin = (m: Emitter, x: Value): Value => {
  const reduced = reduceQuadrant(m, x);
  return sinOfQuadrant(m, reduced, reduced.quadrant);
};

/** cos x = sin(x + pi/2). */
export const cos = (m: Emitter, x: Value): Value => {
  const reduced = reduceQuadrant(m, x);
  return sinOfQuadrant(m, reduced, m.add(reduced.quadrant, 1));
};

/** tan r in even quadrants, -1 / tan r in odd ones, its reciprocal refined by what rounding tan r lost. */
export const tan = (m: Emitter, x: Value): Value => {
  const { quadrant, high: r, low } = reduceQuadrant(m, x);
  const one = m.constant(r.type, 1);
  const z = m.mul(r, r);
  // d tan r = (1 + tan^2 r) dr, near 1 + r^2
  const tail = m.fma(m.mul(r, z), polynomial(m, z, TABLE[formatOf(r).type].tan), m.fma(low, z, low));
  const y = m.add(r, tail);
  const lost = m.sub(tail, m.sub(y, r));
  const inverse = m.div(m.neg(one), y);
  // 1 + inverse (y + lost) is the relative error of the reciprocal
  const p = twoProduct(m, inverse, y);
  const error = m.add(m.add(m.add(p.high, 1), p.low), m.mul(inverse, lost));
  const cotangent = m.add(inverse, m.mul(inverse, error));
  return m.select(isOdd(m, quadrant), cotangent, orSign(m, y, r));
};
