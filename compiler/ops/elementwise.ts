/** Constructors of the elementwise ops' records: from scalar kernels per dtype and a derivative to a whole op. */
import type { Builder } from "../ir/builder.js";
import {
  type BinaryOp,
  type DType,
  type NoParams,
  type OpName,
  sizeOf,
  type UnaryOp,
  type Var,
} from "../ir/types.js";
import { allBatched } from "./batching.js";
import { one, requireDType, requireEqual, two } from "./checks.js";
import { allocate, at } from "./ndarray.js";
import type { AdRule, MaybeVar, NdArray, OpDef } from "./op.js";

export type Kernel1 = (x: number) => number;
export type Kernel2 = (x: number, y: number) => number;
/**
 * The dtypes an op is defined for, with the scalar function of each. Values come in as doubles; the result is stored
 * in the result's dtype, so f32 rounds once and i32, u32 wrap modulo 2^32.
 */
export type Kernels<F> = { readonly [D in DType]?: F };

export const floats = <F>(f: F): { readonly f32: F; readonly f64: F } => ({ f32: f, f64: f });
export const ints = <F>(f: F): { readonly i32: F; readonly u32: F } => ({ i32: f, u32: f });
export const numbers = <F>(f: F) => ({ ...floats(f), ...ints(f) });
export const every = <F>(f: F) => ({ ...numbers(f), bool: f });

const DTYPES: readonly DType[] = ["f32", "f64", "i32", "u32", "bool"];
const defined = <F>(kernels: Kernels<F>): readonly DType[] => DTYPES.filter((d) => kernels[d] !== undefined);

const kernelFor = <F>(op: OpName, kernels: Kernels<F>, x: NdArray): F => {
  const f = kernels[x.dtype];
  if (f === undefined) throw new TypeError(`${op} has no kernel for ${x.dtype}`);
  return f;
};

/** `f` at every index of equally shaped operands. */
export const mapElements = (
  dtype: DType,
  inputs: readonly [NdArray, ...NdArray[]],
  f: (k: number) => number,
): NdArray => {
  const { shape } = inputs[0];
  const n = sizeOf(shape);
  const data = allocate(dtype, n);
  for (let k = 0; k < n; k++) data[k] = f(k);
  return { dtype, shape, data };
};

/** The batching rule of every elementwise op: give all operands the axis. */
export const batchElementwise =
  <K extends OpName>(name: K): OpDef<K>["batch"] =>
  (b, inputs, batched, size, params) =>
    b.emit(name, allBatched(b, inputs, batched, size), params);

interface Spec<K extends OpName, F> {
  readonly eval: Kernels<F>;
  readonly ad: AdRule<K>;
  /** Dtype of the result where it isn't the operand's. */
  readonly result?: DType;
}

export const unary = <K extends UnaryOp>(name: K, spec: Spec<K, Kernel1>): OpDef<K> => ({
  name,
  infer: (inputs) => {
    const x = one(name, inputs);
    requireDType(name, x, defined(spec.eval));
    return { dtype: spec.result ?? x.dtype, shape: x.shape };
  },
  eval: (inputs) => {
    const x = one(name, inputs);
    const f = kernelFor(name, spec.eval, x);
    return mapElements(spec.result ?? x.dtype, [x], (k) => f(at(x.data, k)));
  },
  ad: spec.ad,
  batch: batchElementwise(name),
});

export const binary = <K extends BinaryOp>(name: K, spec: Spec<K, Kernel2>): OpDef<K> => ({
  name,
  infer: (inputs) => {
    const [x, y] = two(name, inputs);
    requireEqual(name, x, y);
    requireDType(name, x, defined(spec.eval));
    return { dtype: spec.result ?? x.dtype, shape: x.shape };
  },
  eval: (inputs) => {
    const [x, y] = two(name, inputs);
    const f = kernelFor(name, spec.eval, x);
    return mapElements(spec.result ?? x.dtype, [x, y], (k) => f(at(x.data, k), at(y.data, k)));
  },
  ad: spec.ad,
  batch: batchElementwise(name),
});

/** The rule of an op whose result does not vary smoothly: integers, comparisons, rounding. */
export const noDerivative: { readonly kind: "zero" } = { kind: "zero" };

/** Sum of two tangents, where null is zero. */
export const sumOf = (b: Builder, p: MaybeVar, q: MaybeVar): MaybeVar => {
  if (p === null) return q;
  return q === null ? p : b.add(p, q);
};

interface Nonlinear {
  readonly kind: "nonlinear";
  readonly jvp: (
    b: Builder,
    inputs: readonly Var[],
    tangents: readonly MaybeVar[],
    params: NoParams,
    out: Var,
  ) => MaybeVar;
}

/** d f(x) = dx * slope(x, f(x)). */
export const slope = (f: (b: Builder, x: Var, out: Var) => Var): Nonlinear => ({
  kind: "nonlinear",
  jvp: (b, [x], [dx], _params, out) =>
    x === undefined || dx === undefined || dx === null ? null : b.mul(dx, f(b, x, out)),
});

type Partial2 = (b: Builder, x: Var, y: Var, out: Var) => Var;

/** d f(x, y) = dx * df/dx + dy * df/dy; only the partial derivatives that a tangent needs are built. */
export const partials = (byX: Partial2, byY: Partial2): Nonlinear => ({
  kind: "nonlinear",
  jvp: (b, [x, y], [dx, dy], _params, out) => {
    if (x === undefined || y === undefined) return null;
    const p = dx === undefined || dx === null ? null : b.mul(dx, byX(b, x, y, out));
    const q = dy === undefined || dy === null ? null : b.mul(dy, byY(b, x, y, out));
    return sumOf(b, p, q);
  },
});

/** A record per op of a family, each typed by its own name. */
export type RecordsOf<K extends OpName> = { readonly [N in K]: OpDef<N> };
