/** Cases of library functions for the checks of derivatives and batches: a program of the library's, and its arguments. */
import type { DType, Shape } from "../../compiler/ir/types.js";
import type { Tensor } from "../../runtime/index.js";
import { distinct, grid, integers, oneOf, type Sampler, uniform } from "../ops/samplers.js";

/** Values of one argument, f64 unless `dtype` says otherwise. */
export interface Argument {
  readonly shape: Shape;
  readonly values: Sampler;
  readonly dtype: DType;
}

/** What a case may compute: tensors, and arrays and records of these. */
type Result = number | readonly Result[] | { readonly [name: string]: Result };

export interface LibraryCase {
  /** A function of as many tensors as there are arguments. */
  readonly f: (...xs: readonly Tensor[]) => unknown;
  readonly args: readonly Argument[];
}

/**
 * - `smooth`: has derivatives at the values of its cases
 * - `flat`: its result is constant in a neighbourhood of them, or no float
 */
export interface LibraryEntry {
  readonly kind: "smooth" | "flat";
  readonly cases: readonly LibraryCase[];
}

/** The names of a namespace's functions. */
export type FunctionsOf<N> = {
  readonly [K in keyof N]: N[K] extends (...args: never[]) => unknown ? K : never;
}[keyof N];

/** An entry for each function of a namespace: one without does not compile. */
export type EntriesOf<N> = { readonly [K in FunctionsOf<N>]: LibraryEntry };

const f64 = (shape: Shape, values: Sampler): Argument => ({ shape, values, dtype: "f64" });

/** Anything in [-2, 2). */
export const real = (...shape: Shape): Argument => f64(shape, uniform(-2, 2));
export const positive = (...shape: Shape): Argument => f64(shape, uniform(0.5, 2));
/** Inside of (-1, 1). */
export const inner = (...shape: Shape): Argument => f64(shape, uniform(-0.9, 0.9));
/** No two values close to each other, none close to a multiple of 1/4. */
export const apart = (...shape: Shape): Argument => ({
  ...f64(shape, distinct),
  values: (rng, count) => distinct(rng, count).map((x) => x + 0.1),
});
/** Away from the values of `apart`, of `real` at whole numbers, and of one another. */
export const between = (...shape: Shape): Argument => f64(shape, grid(0.02));
export const flags = (...shape: Shape): Argument => ({ shape, values: integers(0, 1), dtype: "bool" });
/** Whole numbers from 0 to n - 1. */
export const indices = (n: number, ...shape: Shape): Argument => ({
  shape,
  values: integers(0, n - 1),
  dtype: "i32",
});
/** A random key. */
export const keys = (): Argument => ({ shape: [2], values: integers(0, 2 ** 31 - 1), dtype: "u32" });
export const oneOfThese = (values: readonly number[], ...shape: Shape): Argument => f64(shape, oneOf(values));

type Of<A extends readonly Argument[]> = { readonly [K in keyof A]: Tensor };
/** A case: its arguments, then the program. */
export const on = <const A extends readonly Argument[]>(
  args: A,
  f: (...xs: Of<A>) => Result,
): LibraryCase => ({
  args,
  f: f as LibraryCase["f"],
});

export const smooth = (...cases: readonly LibraryCase[]): LibraryEntry => ({ kind: "smooth", cases });
export const flat = (...cases: readonly LibraryCase[]): LibraryEntry => ({ kind: "flat", cases });
