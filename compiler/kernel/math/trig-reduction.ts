/**
 * Argument reduction of sin, cos and tan: x = n pi/2 + r with |r| <= pi/4 and n modulo 4, r to full relative precision for
 * every finite x.
 *
 * Ordinary x (W. Cody, W. Waite, "Software manual for the elementary functions", 1980): pi/2 in four parts, the first
 * three of so few bits that n times them is exact. Huge x (M. Payne, R. Hanek, "Radian reduction for trigonometric
 * functions", 1983): only a window of the bits of 2/pi bears on x 2/pi modulo 4; the product with it is done in limbs.
 */
import { internal } from "../../diagnostics.js";
import { fastTwoSum, twoProduct } from "./double-word.js";
import type { Emitter, FloatType, Value } from "./emit.js";
import { type FloatFormat, formatOf, powerOfTwo, roundedInteger } from "./format.js";

export interface Reduced {
  /** An integer of the float's width whose two low bits are n modulo 4. */
  readonly quadrant: Value;
  /** r is the sum of both. */
  readonly high: Value;
  readonly low: Value;
}

interface ReductionTable {
  /** pi/2: three parts of 14 (f32) or 33 (f64) bits, then the rest. */
  readonly parts: readonly [number, number, number, number];
  /** n keeps to 10 or 20 bits below it. */
  readonly limit: number;
  /** pi/2 rounded, and what that lost. */
  readonly halfPi: readonly [number, number];
  readonly limbBits: number;
  /** 2/pi in limbs, the first at weight 2^-limbBits; as far as the largest exponent needs. */
  readonly limbs: readonly number[];
  /** Limbs of x 2/pi below the binary point: an error below 2^-70 or 2^-118, r being 2^-30 or 2^-61 at least. */
  readonly columns: number;
}

const TABLE: Readonly<Record<FloatType, ReductionTable>> = {
  f32: {
    parts: [1.5706787109375, 0.00011761486530303955, 9.918039722833782e-10, 2.896073971621982e-13],
    limit: 1600,
    halfPi: [1.5707963705062866, -4.371138828673793e-8],
    limbBits: 12,
    // biome-ignore format: a table
    limbs: [
      0xa2f, 0x983, 0x6e4, 0xe44, 0x152, 0x9fc, 0x275, 0x7d1, 0xf53, 0x4dd, 0xc0d, 0xb62, 0x959, 0x93c, 0x439, 0x041,
      0xfe5, 0x163, 0xabd,
    ],
    columns: 7,
  },
  f64: {
    parts: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32],
    limit: 1.6e6,
    halfPi: [1.5707963267948966, 6.123233995736766e-17],
    limbBits: 24,
    // biome-ignore format: a table
    limbs: [
      0xa2f983, 0x6e4e44, 0x1529fc, 0x2757d1, 0xf534dd, 0xc0db62, 0x95993c, 0x439041, 0xfe5163, 0xabdebb, 0xc561b7,
      0x246e3a, 0x424dd2, 0xe00649, 0x2eea09, 0xd1921c, 0xfe1deb, 0x1cb129, 0xa73ee8, 0x8235f5, 0x2ebb44, 0x84e99c,
      0x7026b4, 0x5f7e41, 0x3991d6, 0x398353, 0x39f49c, 0x845f8b, 0xbdf928, 0x3b1ff8, 0x97ffde, 0x05980f, 0xef2f11,
      0x8b5a0a, 0x6d1f6d, 0x367ecf, 0x27cb09, 0xb74f46, 0x3f669e, 0x5fea2d, 0x7527ba, 0xc7ebe5, 0xf17b3d, 0x0739f7,
      0x8a5292, 0xea6bfb, 0x5fb11f, 0x8d5d08, 0x560330, 0x46fc7b, 0x6babf0, 0xcfbc20, 0x9af436, 0x1da9e3, 0x91615e,
      0xe61b08,
    ],
    columns: 6,
  },
};

const reduceOrdinary = (m: Emitter, x: Value): Reduced => {
  const [c1, c2, c3, c4] = TABLE[formatOf(x).type].parts;
  const { value: n, bits } = roundedInteger(m, m.mul(x, 2 / Math.PI));
  const a = m.sub(x, m.mul(n, c1));
  const p2 = m.mul(n, c2);
  const b = m.sub(a, p2);
  const bLost = m.sub(m.sub(a, b), p2);
  const p3 = m.mul(n, c3);
  const c = m.sub(b, p3);
  const cLost = m.sub(m.sub(b, c), p3);
  // subtracted, not added, so that -0 stays
  const excess = m.sub(m.mul(n, c4), m.add(bLost, cLost));
  const high = m.sub(c, excess);
  return { quadrant: bits, high, low: m.sub(m.sub(c, high), excess) };
};

/** Integers in the registers that hold limbs: i32 beside f32; beside f64 floats, because SIMD has no product of i64. */
interface LimbArithmetic {
  readonly fromFloat: (a: Value) => Value;
  /** floor(a / 2^bits) and the rest, for a >= 0. */
  readonly carry: (a: Value) => { readonly carry: Value; readonly rest: Value };
  readonly toFloat: (a: Value) => Value;
}

const limbArithmetic = (m: Emitter, f: FloatFormat, bits: number): LimbArithmetic =>
  f.type === "f32"
    ? {
        carry: (a) => ({ carry: m.ushr(a, bits), rest: m.and(a, 2 ** bits - 1) }),
        fromFloat: (a) => m.convert(a, "i32"),
        toFloat: (a) => m.convert(a, "f32"),
      }
    : {
        carry: (a) => {
          const carry = m.floor(m.mul(a, 2 ** -bits));
          return { carry, rest: m.sub(a, m.mul(carry, 2 ** bits)) };
        },
        fromFloat: (a) => a,
        toFloat: (a) => a,
      };

/** a * b + c * d + ... */
const dot = (m: Emitter, a: readonly Value[], b: readonly Value[]): Value =>
  a.map((x, k) => m.mul(x, b[k] ?? internal("limbs of unequal numbers"))).reduce((sum, p) => m.add(sum, p));

/**
 * limbs[index - before .. + count] of a table that is zero outside, for a float `index` in [0, last]: a barrel shift by
 * each power of two in turn.
 */
const selectWindow = (
  m: Emitter,
  register: Value["type"],
  limbs: readonly number[],
  index: Value,
  last: number,
  before: number,
  count: number,
): readonly Value[] => {
  let window: readonly Value[] = Array.from({ length: last + count }, (_, k) =>
    m.constant(register, limbs[k - before] ?? 0),
  );
  let rest = index;
  for (let step = 2 ** Math.floor(Math.log2(last)); step >= 1; step /= 2) {
    const far = m.ge(rest, step);
    rest = m.sub(rest, m.select(far, step, m.constant(rest.type, 0)));
    const needed = Math.min(window.length, count + step - 1);
    window = window.slice(0, needed).map((near, k) => {
      const shifted = window[k + step];
      return shifted === undefined ? near : m.select(far, shifted, near);
    });
  }
  return window;
};

/** For finite |x| >= 1; infinities give NaN. */
const reduceHuge = (m: Emitter, x: Value): Reduced => {
  const f = formatOf(x);
  const { limbBits, limbs, columns, halfPi } = TABLE[f.type];
  const base = 2 ** limbBits;
  const { fromFloat, toFloat, carry } = limbArithmetic(m, f, limbBits);

  // |x| = significand 2^E; E + c = limbBits index + s with 0 <= s < limbBits and c such that limbBits divides c + mantissa
  const c = (limbBits - (f.mantissa % limbBits)) % limbBits;
  const before = (f.mantissa + c) / limbBits;
  const bits = m.bits(m.abs(x));
  const exponent = m.float(m.or(m.ushr(bits, f.mantissa), f.rounderBits));
  const e = m.sub(exponent, f.rounder + f.bias - c);
  const index = m.floor(m.mul(m.add(e, 0.5), 1 / limbBits));
  const s = m.sub(e, m.mul(index, limbBits));
  const mantissaMask = (1n << BigInt(f.mantissa)) - 1n;
  const significand = m.float(m.or(m.and(bits, mantissaMask), BigInt(f.bias) << BigInt(f.mantissa)));
  // A = |x| 2^(limbBits (before - index)), an integer, in limbs from the lowest
  const scaled = m.mul(significand, powerOfTwo(m, f, roundedInteger(m, s).bits, f.mantissa));
  const count = Math.ceil((f.mantissa + limbBits) / limbBits);
  const a: Value[] = [];
  let rest = scaled;
  for (let k = count - 1; k >= 0; k--) {
    const limb = m.floor(m.mul(rest, base ** -k));
    rest = m.sub(rest, m.mul(limb, base ** k));
    a.unshift(fromFloat(limb));
  }

  // column k of A 2/pi has weight base^-k; those above column 0 are multiples of 4
  const last = Math.floor((f.bias + c) / limbBits);
  const window = selectWindow(m, a[0]?.type ?? f.type, limbs, index, last, before + 1, columns + count);
  const fraction: Value[] = [];
  let carried: Value | null = null;
  for (let k = columns; k >= 1; k--) {
    const products = dot(m, a, window.slice(k, k + count));
    const column = carry(carried === null ? products : m.add(products, carried));
    fraction.unshift(column.rest);
    carried = column.carry;
  }
  const whole = toFloat(carry(m.add(dot(m, a, window.slice(0, count)), carried ?? 0)).rest);
  const up = m.ge(fraction[0] ?? scaled, base / 2);
  const near = fraction.map((limb) =>
    toFloat(m.select(up, m.sub(m.constant(limb.type, base - 1), limb), limb)),
  );

  // pairs of limbs are exact floats
  const pairs: Value[] = [];
  for (let k = 0; k < near.length; k += 2) {
    const high = near[k] ?? scaled;
    const low = near[k + 1];
    const weight = base ** -(k + 1);
    pairs.push(low === undefined ? m.mul(high, weight) : m.mul(m.fma(high, base, low), weight / base));
  }
  const [first, second, ...others] = pairs;
  if (first === undefined || second === undefined) return internal("too few limbs of 2/pi");
  const tail = others.reduceRight<Value | null>((sum, p) => (sum === null ? p : m.add(p, sum)), null);
  const u = fastTwoSum(m, second, tail ?? m.constant(f.type, 0));
  const v = fastTwoSum(m, first, u.high);
  const p = twoProduct(m, v.high, m.constant(f.type, halfPi[0]));
  const low = m.add(p.low, m.fma(v.high, halfPi[1], m.mul(m.add(v.low, u.low), halfPi[0])));
  const r = fastTwoSum(m, p.high, low);

  const negative = m.lt(x, 0);
  const flip = m.xor(negative, up);
  const n = m.add(
    m.sub(whole, m.mul(m.floor(m.mul(whole, 0.25)), 4)),
    m.select(up, 1, m.constant(f.type, 0)),
  );
  const signed = (y: Value): Value => m.select(flip, m.neg(y), y);
  return {
    quadrant: roundedInteger(m, m.select(negative, m.neg(n), n)).bits,
    // 0 * x makes NaN of infinities
    high: m.add(signed(r.high), m.mul(x, 0)),
    low: signed(r.low),
  };
};

export const reduceQuadrant = (m: Emitter, x: Value): Reduced => {
  const ordinary = reduceOrdinary(m, x);
  const [quadrant, high, low] = m.rarely(m.gt(m.abs(x), TABLE[formatOf(x).type].limit), () => {
    const huge = reduceHuge(m, x);
    return [huge.quadrant, huge.high, huge.low];
  }, [ordinary.quadrant, ordinary.high, ordinary.low]);
  if (quadrant === undefined || high === undefined || low === undefined)
    return internal("reduction gives three values");
  return { quadrant, high, low };
};
