/** Dense row-major arrays for the reference evaluation: storage, strides and strided copies. */
import { internal } from "../diagnostics.js";
import { type DType, type Shape, sizeOf } from "../ir/types.js";
import type { Data, NdArray } from "./op.js";

/** Zeroed storage for `size` elements. */
export const allocate = (dtype: DType, size: number): Data => {
  switch (dtype) {
    case "f32":
      return new Float32Array(size);
    case "f64":
      return new Float64Array(size);
    case "i32":
      return new Int32Array(size);
    case "u32":
      return new Uint32Array(size);
    case "bool":
      return new Uint8Array(size);
    default: {
      const never: never = dtype;
      return internal(`no storage for ${never}`);
    }
  }
};

/** Element `k`, which must exist. */
export const at = (xs: ArrayLike<number>, k: number): number => {
  const x = xs[k];
  return x === undefined ? internal(`element ${k} of ${xs.length}`) : x;
};

/**
 * An array from numbers in row-major order. f32 rounds to nearest; i32 and u32 wrap modulo 2^32; bool keeps `x != 0`.
 * The number of values must be the shape's size.
 */
export const ndarray = (dtype: DType, shape: Shape, values: ArrayLike<number>): NdArray => {
  const size = sizeOf(shape);
  if (values.length !== size) internal(`${values.length} values for shape [${shape.join(",")}]`);
  const data = allocate(dtype, size);
  for (let k = 0; k < size; k++) data[k] = dtype === "bool" ? Number(at(values, k) !== 0) : at(values, k);
  return { dtype, shape, data };
};

/** Elements between neighbours along each axis, row-major. */
export const stridesOf = (shape: Shape): number[] => {
  const strides = new Array<number>(shape.length).fill(1);
  for (let k = shape.length - 2; k >= 0; k--) strides[k] = at(strides, k + 1) * at(shape, k + 1);
  return strides;
};

/** Element (i0, i1, ...) lies at `offset + sum(ik * strides[k])`. */
export interface View {
  readonly data: Data;
  readonly offset: number;
  readonly strides: readonly number[];
}

export const viewOf = (x: NdArray): View => ({ data: x.data, offset: 0, strides: stridesOf(x.shape) });

/** Copies a block of `shape` from one view into another. */
export const copyView = (from: View, to: View, shape: Shape): void => {
  const last = shape.length - 1;
  const visit = (axis: number, i: number, j: number): void => {
    if (last < 0) {
      to.data[j] = at(from.data, i);
      return;
    }
    const n = at(shape, axis);
    const di = at(from.strides, axis);
    const dj = at(to.strides, axis);
    if (axis === last) for (let k = 0; k < n; k++) to.data[j + k * dj] = at(from.data, i + k * di);
    else for (let k = 0; k < n; k++) visit(axis + 1, i + k * di, j + k * dj);
  };
  if (sizeOf(shape) > 0) visit(0, from.offset, to.offset);
};

/** The block of `shape` that a view shows, as a new array. */
export const materialize = (dtype: DType, shape: Shape, from: View): NdArray => {
  const out: NdArray = { dtype, shape, data: allocate(dtype, sizeOf(shape)) };
  copyView(from, viewOf(out), shape);
  return out;
};

/** Result axis k is operand axis `perm[k]`; the operand itself for the identity. */
export const permute = (x: NdArray, perm: readonly number[]): NdArray => {
  if (perm.every((p, k) => p === k)) return x;
  const strides = stridesOf(x.shape);
  const view: View = { data: x.data, offset: 0, strides: perm.map((p) => at(strides, p)) };
  return materialize(
    x.dtype,
    perm.map((p) => at(x.shape, p)),
    view,
  );
};

/** 0, 1, ..., n - 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

/** Axes of a rank that are not among `axes`, ascending. */
export const otherAxes = (rank: number, axes: readonly number[]): number[] =>
  range(rank).filter((k) => !axes.includes(k));
