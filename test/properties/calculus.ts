/** Finite differences, inner products and batches of arrays, in f64. */
import { type Shape, sizeOf } from "../../compiler/ir/types.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";

export interface Estimate {
  readonly value: number;
  /** A bound on the distance to the derivative. */
  readonly error: number;
}

const STEP = 2 ** -10;
/** Unit roundoff of f64. */
const EPSILON = 2 ** -53;

/**
 * d/dt f(t) at 0 for every element of every result. With D(h) = (f(h) - f(-h)) / 2h the value is (4 D(h) - D(2h)) / 3,
 * whose error is O(h^4); the distance between the estimates for h and 2h, which is about 15 times that error, bounds it
 * as long as h is small for the function. Rounding adds about |f| eps / h for each evaluation, times the number of
 * roundings inside f, for which 1000 stands.
 */
export const difference = (f: (step: number) => readonly NdArray[]): readonly (readonly Estimate[])[] => {
  const at = new Map<number, readonly NdArray[]>();
  for (const k of [1, 2, 4]) {
    at.set(k, f(k * STEP));
    at.set(-k, f(-k * STEP));
  }
  const element = (k: number, result: number, i: number): number =>
    at.get(k)?.[result]?.data[i] ?? Number.NaN;
  const central = (k: number, r: number, i: number): number =>
    (element(k, r, i) - element(-k, r, i)) / (2 * k * STEP);
  const first = at.get(1) ?? [];
  return first.map((y, r) =>
    Array.from(y.data, (n, i): Estimate => {
      const fine = (4 * central(1, r, i) - central(2, r, i)) / 3;
      const coarse = (4 * central(2, r, i) - central(4, r, i)) / 3;
      const rounding = (1000 * EPSILON * (1 + Math.abs(n))) / STEP;
      return { value: fine, error: Math.abs(fine - coarse) + rounding };
    }),
  );
};

/** The sum of all products of elements. */
export const dotAll = (xs: readonly NdArray[], ys: readonly NdArray[]): number => {
  let sum = 0;
  xs.forEach((x, k) => {
    const y = ys[k]?.data ?? [];
    x.data.forEach((n, i) => {
      sum += n * (y[i] ?? Number.NaN);
    });
  });
  return sum;
};

/** The largest absolute value, at least 1. */
export const largest = (xs: readonly NdArray[]): number =>
  Math.max(1, ...xs.flatMap((x) => Array.from(x.data, Math.abs)));

/** Numbers in (-1, 1) that look arbitrary and are the same each time: the fractional parts of multiples of sqrt 2. */
export const randomLike = (x: NdArray): NdArray =>
  ndarray(
    x.dtype,
    x.shape,
    Array.from(x.data, (_, k) => 2 * (((k + 1) * Math.SQRT2) % 1) - 1),
  );

/** Equally shaped arrays along a new axis 0. */
export const stackBatch = (rows: readonly NdArray[]): NdArray => {
  const [first] = rows;
  if (first === undefined) throw new RangeError("a batch needs a row");
  const shape: Shape = [rows.length, ...first.shape];
  const all = rows.flatMap((row) => [...row.data]);
  if (all.length !== sizeOf(shape)) throw new RangeError("rows of a batch differ in shape");
  return ndarray(first.dtype, shape, all);
};

/** f(0), ..., f(size - 1), each result stacked. */
export const loopOverBatch = (size: number, f: (k: number) => readonly NdArray[]): readonly NdArray[] => {
  const runs = Array.from({ length: size }, (_, k) => f(k));
  const [first] = runs;
  return (first ?? []).map((_, r) => stackBatch(runs.flatMap((run) => run.slice(r, r + 1))));
};
