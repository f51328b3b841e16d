/** np: arrays from nothing, or shaped like another. The default dtype is f32. */
import { fail } from "../../compiler/diagnostics.js";
import type { DType } from "../../compiler/ir/types.js";
import { library } from "../library-function.js";
import type { Operand, Tensor } from "../types.js";
import { lift, shapeArgument, trailingAxes } from "./core.js";
import { prim } from "./prim.js";

type Size = number | readonly number[];
const splat = (value: number, shape: Size, dtype: DType): Tensor =>
  prim.const({ value, dtype, shape: shapeArgument(shape) });

/** Zeros of a shape; f32 unless `dtype` says otherwise. */
export const zeros: (shape: Size, dtype?: DType) => Tensor = library(
  "np.zeros",
  (shape: Size, dtype: DType = "f32"): Tensor => splat(0, shape, dtype),
);
/** Ones of a shape; f32 unless `dtype` says otherwise. */
export const ones: (shape: Size, dtype?: DType) => Tensor = library(
  "np.ones",
  (shape: Size, dtype: DType = "f32"): Tensor => splat(1, shape, dtype),
);
/** A shape filled with `value`; f32 unless `dtype` says otherwise. */
export const full: (shape: Size, value: Operand, dtype?: DType) => Tensor = library(
  "np.full",
  (shape: Size, value: Operand, dtype: DType = "f32"): Tensor => {
    const v = prim.cast(lift(value), { dtype });
    const sizes = shapeArgument(shape);
    return prim.broadcast(v, { shape: sizes, dims: trailingAxes(v.ndim, sizes.length) });
  },
);

/** Zeros of the shape and dtype of `x`. */
export const zerosLike: (x: Operand) => Tensor = library("np.zerosLike", (x: Operand): Tensor => {
  const v = lift(x);
  return prim.const({ value: 0, dtype: v.dtype, shape: v.shape });
});
/** Ones of the shape and dtype of `x`. */
export const onesLike: (x: Operand) => Tensor = library("np.onesLike", (x: Operand): Tensor => {
  const v = lift(x);
  return prim.const({ value: 1, dtype: v.dtype, shape: v.shape });
});
/** `value` in the shape and dtype of `x`. */
export const fullLike: (x: Operand, value: Operand) => Tensor = library(
  "np.fullLike",
  (x: Operand, value: Operand): Tensor => {
    const v = lift(x);
    return full(v.shape, value, v.dtype);
  },
);

const countSteps = (start: number, stop: number, step: number): number => {
  const n = Math.ceil((stop - start) / step);
  if (!Number.isFinite(n))
    return fail("TSJ4010", "shape", `arange(${start}, ${stop}, ${step}) has no finite length`);
  return Math.max(0, n);
};

/**
 * `start`, `start + step`, ... below `stop`; one argument counts from 0. i32 if all are whole numbers, else f32.
 */
export const arange: (start: number, stop?: number | null, step?: number, dtype?: DType) => Tensor = library(
  "np.arange",
  (start: number, stop: number | null = null, step = 1, dtype: DType | null = null): Tensor => {
    const from = stop === null ? 0 : start;
    const to = stop === null ? start : stop;
    const whole = Number.isInteger(from) && Number.isInteger(to) && Number.isInteger(step);
    const counter = prim.iota({ dtype: whole ? "i32" : "f64", shape: [countSteps(from, to, step)], axis: 0 });
    return prim.cast(lift(counter * step + from), { dtype: dtype ?? (whole ? "i32" : "f32") });
  },
);

/** `num` evenly spaced values from `start` to `stop`, both included unless `endpoint` is false. */
export const linspace: (
  start: Operand,
  stop: Operand,
  num?: number,
  endpoint?: boolean,
  dtype?: DType,
) => Tensor = library(
  "np.linspace",
  (start: Operand, stop: Operand, num = 50, endpoint = true, dtype: DType = "f32"): Tensor => {
    const steps = endpoint ? Math.max(1, num - 1) : Math.max(1, num);
    const t = prim.iota({ dtype: "f64", shape: shapeArgument(num), axis: 0 });
    const a = prim.cast(lift(start), { dtype: "f64" });
    const b = prim.cast(lift(stop), { dtype: "f64" });
    // a*(1-t) + b*t hits both ends exactly
    return prim.cast(lift(a * ((steps - t) / steps) + b * (t / steps)), { dtype });
  },
);

/** Ones on diagonal `k`, zeros elsewhere. */
export const eye: (n: number, m?: number | null, k?: number, dtype?: DType) => Tensor = library(
  "np.eye",
  (n: number, m: number | null = null, k = 0, dtype: DType = "f32"): Tensor => {
    const shape = shapeArgument([n, m ?? n]);
    const row = prim.iota({ dtype: "i32", shape, axis: 0 });
    const col = prim.iota({ dtype: "i32", shape, axis: 1 });
    return prim.cast(lift(row + k === col), { dtype });
  },
);

/** Lower triangle: elements above diagonal `k` become 0; the last two axes. */
export const tril: (x: Operand, k?: number) => Tensor = library("np.tril", (x: Operand, k = 0): Tensor => {
  const v = lift(x);
  const row = prim.iota({ dtype: "i32", shape: v.shape, axis: v.ndim - 2 });
  const col = prim.iota({ dtype: "i32", shape: v.shape, axis: v.ndim - 1 });
  return prim.select(lift(row + k >= col), v, zerosLike(v));
});
/** Upper triangle: elements below diagonal `k` become 0; the last two axes. */
export const triu: (x: Operand, k?: number) => Tensor = library("np.triu", (x: Operand, k = 0): Tensor => {
  const v = lift(x);
  const row = prim.iota({ dtype: "i32", shape: v.shape, axis: v.ndim - 2 });
  const col = prim.iota({ dtype: "i32", shape: v.shape, axis: v.ndim - 1 });
  return prim.select(lift(row + k <= col), v, zerosLike(v));
});
