/** The methods of tensors as types; the library's table of methods implements them, inside and outside compiled code. */
import type { DType } from "../compiler/ir/types.js";
import type { Tensor, TensorLike } from "./types.js";

type Axis = number | readonly number[];
type Reduction = (axis?: Axis | null, options?: { readonly keepdims?: boolean }) => Tensor;
type Spread = (
  axis?: Axis | null,
  options?: { readonly keepdims?: boolean; readonly ddof?: number },
) => Tensor;

/** Each is the np function of the same name with this tensor first (`sub` is np.subtract, and so on). */
export interface TensorMethods {
  abs(): Tensor;
  exp(): Tensor;
  log(): Tensor;
  sqrt(): Tensor;
  tanh(): Tensor;
  neg(): Tensor;
  add(other: TensorLike): Tensor;
  sub(other: TensorLike): Tensor;
  mul(other: TensorLike): Tensor;
  div(other: TensorLike): Tensor;
  pow(exponent: TensorLike): Tensor;
  maximum(other: TensorLike): Tensor;
  minimum(other: TensorLike): Tensor;
  clip(low: TensorLike | null, high?: TensorLike | null): Tensor;
  astype(dtype: DType): Tensor;
  readonly sum: Reduction;
  readonly mean: Reduction;
  readonly prod: Reduction;
  readonly max: Reduction;
  readonly min: Reduction;
  readonly var: Spread;
  readonly std: Spread;
  argmax(axis?: number | null): Tensor;
  argmin(axis?: number | null): Tensor;
  cumsum(axis?: number | null): Tensor;
  reshape(shape: number | readonly number[]): Tensor;
  transpose(axes?: readonly number[] | null): Tensor;
  ravel(): Tensor;
  squeeze(axis?: Axis | null): Tensor;
  take(indices: TensorLike, axis?: number): Tensor;
  dot(other: TensorLike): Tensor;
  matmul(other: TensorLike): Tensor;
}

export type MethodName = keyof TensorMethods;
