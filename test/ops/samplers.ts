/** Seeded values for operands: smooth regions for derivatives, edge values for evaluation. */
import type { DType } from "../../compiler/ir/types.js";

/** Uniform in [0, 1). */
export type Rng = () => number;
/** `count` element values. */
export type Sampler = (rng: Rng, count: number) => readonly number[];

/** A generator with a given seed: a 32-bit counter through a mixing function (multiply, xor-shift). */
export const rngFrom = (seed: number): Rng => {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
};

const each =
  (f: (rng: Rng) => number): Sampler =>
  (rng, count) =>
    Array.from({ length: count }, () => f(rng));

/** Uniform in [least, greatest). */
export const uniform = (least: number, greatest: number): Sampler =>
  each((rng) => least + (greatest - least) * rng());

/** Magnitude uniform in [least, greatest), either sign: keeps away from 0. */
export const signed = (least: number, greatest: number): Sampler =>
  each((rng) => (rng() < 0.5 ? -1 : 1) * (least + (greatest - least) * rng()));

/** Integers from `least` to `greatest`, both included. */
export const integers = (least: number, greatest: number): Sampler =>
  each((rng) => least + Math.floor((greatest - least + 1) * rng()));

/** One of a list. */
export const oneOf = (values: readonly number[]): Sampler =>
  each((rng) => values[Math.floor(values.length * rng())] ?? Number.NaN);

/** An integer plus a fraction in [0.1, 0.4): away from every point where a rounding function steps. */
export const betweenSteps: Sampler = each((rng) => Math.floor(6 * rng()) - 3 + 0.1 + 0.3 * rng());

/** Multiples of 1/4 plus `offset`: two such operands with different offsets never come close to each other. */
export const grid = (offset: number): Sampler => each((rng) => Math.floor(16 * rng()) / 4 - 2 + offset);

/** Distinct multiples of 1/4 in random order: no two are close. */
export const distinct: Sampler = (rng, count) =>
  Array.from({ length: count }, (_, k) => ({ value: (k - count / 2) / 4, key: rng() }))
    .sort((p, q) => p.key - q.key)
    .map((p) => p.value);

/** Mixes the values of two samplers at random. */
export const mixed =
  (p: Sampler, q: Sampler): Sampler =>
  (rng, count) => {
    const [xs, ys] = [p(rng, count), q(rng, count)];
    return xs.map((x, k) => (rng() < 0.5 ? x : (ys[k] ?? x)));
  };

/** Values where implementations differ: NaN, infinities, signed zeros, ties of rounding, subnormal, tiny and huge ones. */
export const FLOAT_EDGES: readonly number[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  -1.5,
  2.5,
  -0.2,
  0.49999999999999994,
  3,
  -7,
  1e-40,
  1e-310,
  -1e-20,
  1e22,
  -1e22,
  2 ** 31,
  2 ** 32 + 5,
  2 ** 53,
  3e38,
  1e300,
];
const I32_EDGES = [0, 1, -1, 2, -7, 31, 32, 33, 2 ** 31 - 1, -(2 ** 31), 65536, 123456789];
const U32_EDGES = [0, 1, 2, 7, 31, 32, 33, 2 ** 31, 2 ** 32 - 1, 65536, 3456789012];

/** Anything of a dtype, edge values often. */
export const anyOf = (dtype: DType): Sampler => {
  switch (dtype) {
    case "f32":
    case "f64":
      return mixed(oneOf(FLOAT_EDGES), uniform(-4, 4));
    case "i32":
      return mixed(oneOf(I32_EDGES), integers(-9, 9));
    case "u32":
      return mixed(oneOf(U32_EDGES), integers(0, 9));
    case "bool":
      return integers(0, 1);
    default: {
      const never: never = dtype;
      return never;
    }
  }
};

/** Small integers of a dtype: sums and sums of products of them are exact in every order, f32 included. */
export const smallOf = (dtype: DType): Sampler => {
  if (dtype === "bool") return integers(0, 1);
  return dtype === "u32" ? integers(0, 8) : integers(-8, 8);
};
