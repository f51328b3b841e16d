/**
 * Logarithms. x = m 2^e with m near 1, f = m - 1: log x = e log 2 + f - f^2/2 + f^3 P(f). The constants of the
 * other bases are in two parts, the first of so few bits that e times it is exact.
 */
import { type Emitter, type FloatType, orSign, polynomial, type Value } from "./emit.js";
import { decompose, formatOf } from "./format.js";

interface LogTable {
  readonly ln2Hi: number;
  readonly ln2Lo: number;
  /** (log(1 + f) - f + f^2/2) / f^3. */
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
      0.3333333134651184, -0.25000864267349243, 0.20001308619976044, -0.16621454060077667, 0.14198549091815948,
      -0.13176456093788147, 0.12789921462535858, -0.07624974101781845,
    ],
    // 0x1.3441p-2
    log10Of2Hi: 0.301029205322265625,
    log10Of2Lo: 0.301029995663981195 - 0.301029205322265625,
  },
  f64: { ln2Hi: 0, ln2Lo: 0, tail: [0], log10Of2Hi: 0, log10Of2Lo: 0 },
};

/** 1 / log 2 - 1 and 1 / log 10 - 1/2, to the last bit of a double. */
const LOG2E_MINUS_1 = 0.442695040888963407;
const LOG10E_MINUS_HALF = -0.0657055180967481723;

interface Terms {
  readonly e: Value;
  readonly f: Value;
  /** f^3 P(f) - f^2/2. */
  readonly tail: Value;
}

/** For positive finite x. */
const terms = (m: Emitter, x: Value): Terms => {
  const { mantissa, exponent } = decompose(m, x);
  const f = m.sub(mantissa, 1);
  const square = m.mul(f, f);
  const cubic = m.mul(m.mul(f, square), polynomial(m, f, TABLE[formatOf(x).type].tail));
  return { e: exponent, f, tail: m.sub(cubic, m.mul(square, 0.5)) };
};

/** `y` for positive finite `x`, -Infinity for zeros, else NaN or the infinite x. */
const specialCases = (m: Emitter, x: Value, y: Value): Value => {
  const finite = m.select(m.lt(x, Number.POSITIVE_INFINITY), y, x);
  const below = m.select(m.eq(x, 0), Number.NEGATIVE_INFINITY, m.constant(x.type, Number.NaN));
  return m.select(m.gt(x, 0), finite, below);
};

export const log = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const { e, f, tail } = terms(m, x);
  return specialCases(m, x, m.fma(e, t.ln2Hi, m.add(f, m.fma(e, t.ln2Lo, tail))));
};

/** With u = 1 + x rounded and c what that lost: log u + c / u. Keeps the sign of zero. */
export const log1p = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const u = m.add(x, 1);
  const part = m.sub(u, 1);
  const lost = m.add(m.sub(m.constant(x.type, 1), m.sub(u, part)), m.sub(x, part));
  const { e, f, tail } = terms(m, u);
  const small = m.add(m.div(lost, u), m.fma(e, t.ln2Lo, tail));
  return orSign(m, specialCases(m, u, m.fma(e, t.ln2Hi, m.add(f, small))), x);
};

/** f / log 2 = f + f (1 / log 2 - 1): what is rounded is the smaller part. */
export const log2 = (m: Emitter, x: Value): Value => {
  const { e, f, tail } = terms(m, x);
  return specialCases(m, x, m.add(e, m.add(f, m.fma(f, LOG2E_MINUS_1, m.mul(tail, Math.LOG2E)))));
};

/** f / log 10 = f/2 + f (1 / log 10 - 1/2), likewise. */
export const log10 = (m: Emitter, x: Value): Value => {
  const t = TABLE[formatOf(x).type];
  const { e, f, tail } = terms(m, x);
  const small = m.fma(f, LOG10E_MINUS_HALF, m.fma(e, t.log10Of2Lo, m.mul(tail, Math.LOG10E)));
  return specialCases(m, x, m.fma(e, t.log10Of2Hi, m.fma(f, 0.5, small)));
};
