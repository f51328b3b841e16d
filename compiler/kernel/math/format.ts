/** Float formats, and the integer tricks on their bits: rounding by a large constant, powers of two, exponents. */
import { internal } from "../../diagnostics.js";
import type { BitsType, Emitter, FloatType, Value } from "./emit.js";

export interface FloatFormat {
  readonly type: FloatType;
  readonly bits: BitsType;
  /** Stored mantissa bits. */
  readonly mantissa: number;
  readonly bias: number;
  /** Adding and subtracting it rounds a float of magnitude < 2^(mantissa - 1) to the nearest integer. */
  readonly rounder: number;
  readonly rounderBits: bigint;
  /** Splits a significand in two halves of at most 12 (f32) or 26 (f64) bits: 2^s + 1 (Veltkamp). */
  readonly splitter: number;
  /** The smallest normal number. */
  readonly smallest: number;
}

const FORMATS: Readonly<Record<FloatType, FloatFormat>> = {
  f32: {
    type: "f32",
    bits: "i32",
    mantissa: 23,
    bias: 127,
    rounder: 1.5 * 2 ** 23,
    rounderBits: 0x4b400000n,
    splitter: 2 ** 12 + 1,
    smallest: 2 ** -126,
  },
  f64: {
    type: "f64",
    bits: "i64",
    mantissa: 52,
    bias: 1023,
    rounder: 1.5 * 2 ** 52,
    rounderBits: 0x4338000000000000n,
    splitter: 2 ** 27 + 1,
    smallest: 2 ** -1022,
  },
};

export const isFloatType = (type: string): type is FloatType => type === "f32" || type === "f64";

export const formatOf = (x: Value): FloatFormat =>
  isFloatType(x.type) ? FORMATS[x.type] : internal(`float math on ${x.type}`);

/** The integer nearest to t, ties to even, and the bits of t + rounder, whose low bits are that integer's. */
export const roundedInteger = (m: Emitter, t: Value): { readonly value: Value; readonly bits: Value } => {
  const { rounder } = formatOf(t);
  const sum = m.add(t, rounder);
  return { value: m.sub(sum, rounder), bits: m.bits(sum) };
};

/** 2^(n + shift) from the bits of n + rounder; the exponent must be that of a normal number. */
export const powerOfTwo = (m: Emitter, f: FloatFormat, bits: Value, shift = 0): Value =>
  m.float(m.shl(m.add(bits, BigInt(f.bias + shift)), f.mantissa));

/**
 * p * 2^(n + shift) from the bits of n + rounder, for p in [1/2, 2): in two factors, so that overflow, subnormals and
 * zeros come out rounded once. |n + shift| < 2 * bias - 1.
 */
export const scaleByPower = (m: Emitter, p: Value, bits: Value, shift = 0): Value => {
  const f = formatOf(p);
  const total = m.add(bits, BigInt(2 * f.bias + shift) - f.rounderBits);
  const half = m.ushr(total, 1);
  const first = m.float(m.shl(half, f.mantissa));
  const second = m.float(m.shl(m.sub(total, half), f.mantissa));
  return m.mul(m.mul(p, first), second);
};

export interface Decomposed {
  /** In [sqrt(1/2), sqrt(2)), with x = mantissa * 2^exponent for positive finite x. */
  readonly mantissa: Value;
  /** As a float. */
  readonly exponent: Value;
}

/** Mantissa and exponent of a positive finite number, subnormals included; of anything else some finite numbers. */
export const decompose = (m: Emitter, x: Value): Decomposed => {
  const f = formatOf(x);
  const lift = 2 ** (f.mantissa + 1);
  const tiny = m.lt(x, f.smallest);
  const bits = m.bits(m.select(tiny, m.mul(x, lift), x));
  // bits of sqrt(1/2) rounded to the eighth bit of the mantissa: any cut near it will do, but one that is exact in both formats
  const cut = f.type === "f32" ? 0x3f350000n : 0x3fe6a00000000000n;
  const relative = m.sub(bits, cut);
  const mask = ~((1n << BigInt(f.mantissa)) - 1n);
  const exponentBits = m.and(relative, mask);
  const mantissa = m.float(m.sub(bits, exponentBits));
  const offset = m.select(tiny, -(f.mantissa + 1), m.constant(f.type, 0));
  const exponent = m.add(signedExponent(m, f, relative), offset);
  return { mantissa, exponent };
};

/** floor(bits / 2^mantissa) as a float, for bits of magnitude < 2^(width - 1). */
const signedExponent = (m: Emitter, f: FloatFormat, bits: Value): Value => {
  if (f.type === "f32") return m.convert(m.shr(bits, f.mantissa), "f32");
  // SIMD has neither an arithmetic shift nor a conversion of i64: shift a biased, unsigned exponent under the rounder
  const biased = m.ushr(m.add(bits, 1n << 62n), f.mantissa);
  return m.sub(m.float(m.or(biased, f.rounderBits)), f.rounder + 2 ** (62 - f.mantissa));
};
