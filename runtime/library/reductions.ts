/** np: reductions. `axis` is one axis, a list, or all; `keepdims` leaves the reduced axes as size 1. */
import { library } from "../library-function.js";
import type { Operand, Tensor } from "../types.js";
import { type Axis, countOf, keepDims, lift, normalizeAxes, normalizeAxis, requireOptions } from "./core.js";
import { isfinite, where } from "./elementwise.js";
import { prim } from "./prim.js";

export interface ReduceOptions {
  readonly keepdims?: boolean;
}
const OPTIONS: readonly string[] = ["keepdims"];
type Reduction = (x: Operand, axis?: Axis | null, options?: ReduceOptions) => Tensor;

/** Applies `f` over the axes and restores them where asked. */
const reduce = (
  of: string,
  x: Operand,
  axis: Axis | null,
  options: ReduceOptions,
  f: (v: Tensor, axes: readonly number[]) => Tensor,
  names: readonly string[] = OPTIONS,
): Tensor => {
  requireOptions(of, options, names);
  const v = lift(x);
  const axes = normalizeAxes(axis, v.ndim);
  const r = f(v, axes);
  return options.keepdims === true ? prim.reshape(r, { shape: keepDims(v.shape, axes) }) : r;
};

/** Sums of bool and integers count in i32/u32. */
const countable = (v: Tensor): Tensor => (v.dtype === "bool" ? prim.cast(v, { dtype: "i32" }) : v);

/** Sum along `axis` (one, a list, or all); bool counts in i32. `keepdims` leaves the axes as size 1. */
export const sum: Reduction = library(
  "np.sum",
  (x: Operand, axis: Axis | null = null, options: ReduceOptions = {}) =>
    reduce("np.sum", x, axis, options, (v, axes) => prim.reduceSum(countable(v), { axes })),
);
/** Product along `axis` (one, a list, or all); bool counts in i32. */
export const prod: Reduction = library(
  "np.prod",
  (x: Operand, axis: Axis | null = null, options: ReduceOptions = {}) =>
    reduce("np.prod", x, axis, options, (v, axes) => prim.reduceProd(countable(v), { axes })),
);
/** Greatest element along `axis` (one, a list, or all); NaN if any is. */
export const max: Reduction = library(
  "np.max",
  (x: Operand, axis: Axis | null = null, options: ReduceOptions = {}) =>
    reduce("np.max", x, axis, options, (v, axes) => prim.reduceMax(v, { axes })),
);
/** Smallest element along `axis` (one, a list, or all); NaN if any is. */
export const min: Reduction = library(
  "np.min",
  (x: Operand, axis: Axis | null = null, options: ReduceOptions = {}) =>
    reduce("np.min", x, axis, options, (v, axes) => prim.reduceMin(v, { axes })),
);
/** True where any element is nonzero. */
export const any: Reduction = library(
  "np.any",
  (x: Operand, axis: Axis | null = null, options: ReduceOptions = {}) =>
    reduce("np.any", x, axis, options, (v, axes) =>
      prim.reduceMax(prim.cast(v, { dtype: "bool" }), { axes }),
    ),
);
/** True where every element is nonzero. */
export const all: Reduction = library(
  "np.all",
  (x: Operand, axis: Axis | null = null, options: ReduceOptions = {}) =>
    reduce("np.all", x, axis, options, (v, axes) =>
      prim.reduceMin(prim.cast(v, { dtype: "bool" }), { axes }),
    ),
);

/** Arithmetic mean; integers give f32. */
export const mean: Reduction = library(
  "np.mean",
  (x: Operand, axis: Axis | null = null, options: ReduceOptions = {}) =>
    reduce("np.mean", x, axis, options, (v, axes) =>
      lift(prim.reduceSum(countable(v), { axes }) / countOf(v.shape, axes)),
    ),
);

export interface VarianceOptions extends ReduceOptions {
  /** Divisor is n - ddof. */
  readonly ddof?: number;
}
const VARIANCE_OPTIONS: readonly string[] = ["keepdims", "ddof"];
type Variance = (x: Operand, axis?: Axis | null, options?: VarianceOptions) => Tensor;

/** Mean squared distance from the mean, in two passes (no cancellation). */
export const variance: Variance = library(
  "np.var",
  (x: Operand, axis: Axis | null = null, options: VarianceOptions = {}) =>
    reduce(
      "np.var",
      x,
      axis,
      options,
      (v, axes) => {
        const d = lift(v - mean(v, axes, { keepdims: true }));
        return lift(prim.reduceSum(lift(d * d), { axes }) / (countOf(v.shape, axes) - (options.ddof ?? 0)));
      },
      VARIANCE_OPTIONS,
    ),
);
/** Square root of the variance. */
export const std: Variance = library(
  "np.std",
  (x: Operand, axis: Axis | null = null, options: VarianceOptions = {}) =>
    lift(Math.sqrt(variance(x, axis, options))),
);

/** log(sum(exp(x))), stable: the maximum is taken out first. */
export const logsumexp: Reduction = library(
  "nn.logsumexp",
  (x: Operand, axis: Axis | null = null, options: ReduceOptions = {}) =>
    reduce("nn.logsumexp", x, axis, options, (v, axes) => {
      const m = prim.stopGradient(prim.reduceMax(v, { axes }));
      const shift = where(isfinite(m), m, 0); // an infinite maximum would give inf - inf
      const spread = lift(v - prim.reshape(shift, { shape: keepDims(v.shape, axes) }));
      return lift(Math.log(prim.reduceSum(lift(Math.exp(spread)), { axes })) + shift);
    }),
);

type ArgReduction = (x: Operand, axis?: number | null, options?: ReduceOptions) => Tensor;
const argReduce = (
  of: string,
  x: Operand,
  axis: number | null,
  options: ReduceOptions,
  f: (v: Tensor, axis: number) => Tensor,
): Tensor => {
  requireOptions(of, options, OPTIONS);
  const given = countable(lift(x));
  const v = axis === null ? prim.reshape(given, { shape: [given.size] }) : given;
  const a = axis === null ? 0 : normalizeAxis(axis, v.ndim);
  const r = f(v, a);
  if (options.keepdims !== true) return r;
  return prim.reshape(r, { shape: axis === null ? given.shape.map(() => 1) : keepDims(v.shape, [a]) });
};

/** Index (i32) of the first largest element along `axis`, of the flattened array without one. */
export const argmax: ArgReduction = library(
  "np.argmax",
  (x: Operand, axis: number | null = null, options: ReduceOptions = {}) =>
    argReduce("np.argmax", x, axis, options, (v, a) => prim.argmax(v, { axis: a })),
);
/** Index (i32) of the first smallest element along `axis`, of the flattened array without one. */
export const argmin: ArgReduction = library(
  "np.argmin",
  (x: Operand, axis: number | null = null, options: ReduceOptions = {}) =>
    argReduce("np.argmin", x, axis, options, (v, a) => prim.argmin(v, { axis: a })),
);

/** Running sum along `axis` (of the flattened array without one), by doubling steps: log2(n) shifted additions. */
export const cumsum: (x: Operand, axis?: number | null) => Tensor = library(
  "np.cumsum",
  (x: Operand, axis: number | null = null): Tensor => {
    const given = countable(lift(x));
    let v = axis === null ? prim.reshape(given, { shape: [given.size] }) : given;
    const a = axis === null ? 0 : normalizeAxis(axis, v.ndim);
    const n = v.shape[a] ?? 1;
    for (let step = 1; step < n; step *= 2) {
      const start = v.shape.map(() => 0);
      const head = prim.slice(v, {
        start,
        limit: v.shape.map((d, k) => (k === a ? n - step : d)),
        stride: v.shape.map(() => 1),
      });
      const low = v.shape.map((_, k) => (k === a ? step : 0));
      v = lift(v + prim.pad(head, lift(0), { low, high: start, interior: start }));
    }
    return v;
  },
);
