/**
 * random: keyed counter-based streams, bit for bit those of JAX's default generator (threefry2x32, partitionable).
 * A key is u32[2]. Nothing is global: the same key gives the same numbers, split it for more.
 * Source of the generator: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).
 */
import { fail } from "../../compiler/diagnostics.js";
import type { DType, Shape } from "../../compiler/ir/types.js";
import { library } from "../library-function.js";
import type { Operand, Tensor } from "../types.js";
import { lift, shapeArgument } from "./core.js";
import { erfinv } from "./erfinv.js";
import { prim } from "./prim.js";
import { argmax } from "./reductions.js";
import { concatenate, expandDims } from "./shapes.js";

type Size = number | readonly number[];
/** A key from a whole number: its low 32 bits. */
export const key: (seed: Operand) => Tensor = library("random.key", (seed: Operand): Tensor => {
  const low = prim.bitcast(prim.toInt32(lift(seed)), { dtype: "u32" });
  return keyOf(prim.const({ value: 0, dtype: "u32", shape: [] }), low);
});
const keyOf = (high: Tensor, low: Tensor): Tensor => concatenate([expandDims(high, 0), expandDims(low, 0)]);

/** Word `k` of a key, as a scalar. */
const word = (keyPair: Tensor, k: number): Tensor =>
  prim.reshape(prim.slice(checkKey(keyPair), { start: [k], limit: [k + 1], stride: [1] }), { shape: [] });
const checkKey = (k: Tensor): Tensor =>
  k.dtype === "u32" && k.ndim === 1 && k.shape[0] === 2
    ? k
    : fail(
        "TSJ4020",
        "type",
        `a random key is u32[2] (from random.key or random.split), not ${k.dtype}[${k.shape.join(", ")}]`,
      );

/** Both output words of the generator at counters 0, 1, .. in row-major order. */
const words = (keyPair: Operand, shape: Shape): readonly [Tensor, Tensor] => {
  const k = lift(keyPair);
  const size = shape.reduce((n, d) => n * d, 1);
  const spread = (v: Tensor): Tensor => prim.broadcast(v, { shape: [size], dims: [] });
  const k0 = spread(word(k, 0));
  const k1 = spread(word(k, 1));
  const high = prim.const({ value: 0, dtype: "u32", shape: [size] }); // counters stay below 2^32
  const low = prim.iota({ dtype: "u32", shape: [size], axis: 0 });
  return [
    prim.reshape(prim.threefry(k0, k1, high, low, { lane: 0 }), { shape }),
    prim.reshape(prim.threefry(k0, k1, high, low, { lane: 1 }), { shape }),
  ];
};

/** Uniform 32-bit words. */
export const bits: (keyPair: Operand, shape?: Size) => Tensor = library(
  "random.bits",
  (keyPair: Operand, shape: Size = []): Tensor => {
    const [high, low] = words(keyPair, shapeArgument(shape));
    return prim.xor(high, low);
  },
);

/** Two keys or more: the first two can be destructured. */
export type Keys = Tensor & { readonly 0: Tensor; readonly 1: Tensor };

/** `count` independent keys: u32[count, 2]. Destructure them: `const [a, b] = random.split(key)`. */
export const split: (keyPair: Operand, count?: number) => Keys = library(
  "random.split",
  (keyPair: Operand, count = 2): Keys => {
    const [high, low] = words(keyPair, shapeArgument(count));
    return concatenate([expandDims(high, 1), expandDims(low, 1)], 1) as Keys;
  },
);

/** A key that depends on `data` (a whole number), e.g. a step count. */
export const foldIn: (keyPair: Operand, data: Operand) => Tensor = library(
  "random.foldIn",
  (keyPair: Operand, data: Operand): Tensor => {
    const k = lift(keyPair);
    const low = prim.bitcast(prim.toInt32(lift(data)), { dtype: "u32" });
    const high = prim.const({ value: 0, dtype: "u32", shape: [] });
    const mix = (lane: 0 | 1): Tensor => prim.threefry(word(k, 0), word(k, 1), high, low, { lane });
    return keyOf(mix(0), mix(1));
  },
);

/** [0, 1): the top 23 bits as the fraction of a f32 in [1, 2), minus 1; f64 takes 52 bits of two words. */
const unit = (keyPair: Operand, shape: Shape, dtype: DType): Tensor => {
  const [high, low] = words(keyPair, shape);
  if (dtype === "f32") {
    const fraction = prim.ushr(prim.xor(high, low), prim.const({ value: 9, dtype: "u32", shape }));
    const one = prim.const({ value: 0x3f800000, dtype: "u32", shape });
    return lift(prim.bitcast(prim.or(fraction, one), { dtype: "f32" }) - 1);
  }
  if (dtype !== "f64") return fail("TSJ4021", "type", `random numbers are f32 or f64, not ${dtype}`);
  const top = prim.cast(high, { dtype });
  const rest = prim.cast(prim.ushr(low, prim.const({ value: 12, dtype: "u32", shape })), { dtype });
  return lift((top * 2 ** 20 + rest) * 2 ** -52); // exact: below 2^52
};

/** Uniform in [low, high). */
export const uniform: (
  keyPair: Operand,
  shape?: Size,
  low?: Operand,
  high?: Operand,
  dtype?: DType,
) => Tensor = library(
  "random.uniform",
  (keyPair: Operand, shape: Size = [], low: Operand = 0, high: Operand = 1, dtype: DType = "f32"): Tensor => {
    const least = prim.cast(lift(low), { dtype });
    const most = prim.cast(lift(high), { dtype });
    return lift(Math.max(least, unit(keyPair, shapeArgument(shape), dtype) * (most - least) + least));
  },
);

/** Standard normal: sqrt(2) * erfinv(u), u uniform in (-1, 1). */
export const normal: (keyPair: Operand, shape?: Size, dtype?: DType) => Tensor = library(
  "random.normal",
  (keyPair: Operand, shape: Size = [], dtype: DType = "f32"): Tensor => {
    const least = dtype === "f32" ? -1 + 2 ** -24 : -1 + 2 ** -53; // the number after -1
    return lift(Math.SQRT2 * erfinv(uniform(keyPair, shape, least, 1, dtype)));
  },
);

/** True with probability `p`. */
export const bernoulli: (keyPair: Operand, p?: Operand, shape?: Size) => Tensor = library(
  "random.bernoulli",
  (keyPair: Operand, p: Operand = 0.5, shape: Size | null = null): Tensor => {
    const chance = lift(p);
    return lift(uniform(keyPair, shape ?? chance.shape) < chance);
  },
);

/** Whole numbers in [low, high), i32; the bounds are static. */
export const randint: (keyPair: Operand, shape: Size, low: number, high: number) => Tensor = library(
  "random.randint",
  (keyPair: Operand, shape: Size, low: number, high: number): Tensor => {
    const sizes = shapeArgument(shape);
    const keys = split(keyPair);
    const span = prim.const({ value: spanOf(low, high), dtype: "u32", shape: sizes });
    const factor = prim.const({ value: wordModulus(spanOf(low, high)), dtype: "u32", shape: sizes });
    // 64 random bits modulo the span, from two words
    const top = prim.rem(bits(keys[0], sizes), span);
    const rest = prim.rem(bits(keys[1], sizes), span);
    const offset = prim.rem(prim.add(prim.mul(top, factor), rest), span);
    return lift(prim.bitcast(offset, { dtype: "i32" }) + low);
  },
);
const spanOf = (low: number, high: number): number =>
  Number.isInteger(low) && Number.isInteger(high) && high > low && high - low < 2 ** 32
    ? high - low
    : fail(
        "TSJ4022",
        "type",
        `randint needs whole numbers low < high less than 2^32 apart, not ${low} and ${high}`,
      );
/** 2^32 modulo the span as JAX computes it: (2^16 mod span)^2 in wrapping 32-bit arithmetic, mod span. */
const wordModulus = (span: number): number => (Math.imul(2 ** 16 % span, 2 ** 16 % span) >>> 0) % span;

/** Standard Gumbel: -log(-log(u)). */
export const gumbel: (keyPair: Operand, shape?: Size) => Tensor = library(
  "random.gumbel",
  (keyPair: Operand, shape: Size = []): Tensor => {
    const tiny = 2 ** -126; // least normal f32
    return lift(-Math.log(-Math.log(uniform(keyPair, shape, tiny, 1))));
  },
);

/** A class index (i32) per row of unnormalised log-probabilities, along the last axis. */
export const categorical: (keyPair: Operand, logits: Operand) => Tensor = library(
  "random.categorical",
  (keyPair: Operand, logits: Operand): Tensor => {
    const z = lift(logits);
    return argmax(z + gumbel(keyPair, z.shape), -1);
  },
);
