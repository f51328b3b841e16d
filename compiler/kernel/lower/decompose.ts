/**
 * Rewrites what kernels don't know into what they do, in tensor IR:
 * argmax and argmin into two reductions, reductions of no or one element into splats and reshapes, products into at most one
 * free axis per side and one contracted axis, products that contract nothing into multiplications.
 */
import { internal } from "../../diagnostics.js";
import type { Builder } from "../../ir/builder.js";
import {
  type DotParams,
  type DType,
  type Eqn,
  type IrFunction,
  isFloat,
  type PlainEqn,
  type ReduceOp,
  type Shape,
  sizeOf,
  type Var,
} from "../../ir/types.js";
import { mapEquations } from "../../ir/walk.js";
import type { Combine } from "../types.js";
import { anyEquation } from "./prepare.js";

export const COMBINE: Readonly<Record<ReduceOp, Combine>> = {
  reduceSum: "sum",
  reduceProd: "prod",
  reduceMax: "max",
  reduceMin: "min",
};

const GREATEST: Readonly<Record<DType, number>> = {
  f32: Number.POSITIVE_INFINITY,
  f64: Number.POSITIVE_INFINITY,
  i32: 2 ** 31 - 1,
  u32: 2 ** 32 - 1,
  bool: 1,
};
const LEAST: Readonly<Record<DType, number>> = {
  f32: Number.NEGATIVE_INFINITY,
  f64: Number.NEGATIVE_INFINITY,
  i32: -(2 ** 31),
  u32: 0,
  bool: 0,
};

/** The neutral element: what an empty reduction gives. */
export const identityOf = (combine: Combine, dtype: DType): number => {
  switch (combine) {
    case "sum":
      return 0;
    case "prod":
      return 1;
    case "max":
      return LEAST[dtype];
    case "min":
      return GREATEST[dtype];
    default: {
      const never: never = combine;
      return internal(`no neutral element for ${never}`);
    }
  }
};

export const operand = (inputs: readonly Var[], k: number): Var =>
  inputs[k] ?? internal(`an equation lacks operand ${k}`);
export const dim = (shape: Shape, d: number): number =>
  shape[d] ?? internal(`no axis ${d} in [${shape.join(",")}]`);

/** Axes of a rank that are in neither list, ascending. */
const remaining = (rank: number, a: readonly number[], b: readonly number[]): number[] =>
  Array.from({ length: rank }, (_, d) => d).filter((d) => !a.includes(d) && !b.includes(d));

/** The first index whose element equals the extreme; a NaN equals it where the extreme is NaN. */
const firstExtreme = (b: Builder, x: Var, axis: number, op: "reduceMax" | "reduceMin"): Var => {
  const { shape, dtype } = x.type;
  const dims = remaining(shape.length, [axis], []);
  const extreme = b.emit(op, [x], { axes: [axis] });
  const wide = b.broadcast(extreme, shape, dims);
  const same = b.eq(x, wide);
  const hit = dtype === "f32" || dtype === "f64" ? b.or(same, b.and(b.ne(x, x), b.ne(wide, wide))) : same;
  const index = b.emit("iota", [], { dtype: "i32", shape, axis });
  const none = b.splat(GREATEST.i32, { dtype: "i32", shape });
  return b.emit("reduceMin", [b.select(hit, index, none)], { axes: [axis] });
};

/** The operand as [batch..., free?, contracted], both groups merged into one axis each where they have several. */
const sideOf = (
  b: Builder,
  x: Var,
  batch: readonly number[],
  contract: readonly number[],
): { readonly x: Var; readonly free: readonly number[]; readonly params: readonly number[] } => {
  const free = remaining(x.type.shape.length, batch, contract);
  const sizes = (axes: readonly number[]): number[] => axes.map((d) => dim(x.type.shape, d));
  if (free.length <= 1 && contract.length === 1)
    return { x, free: sizes(free), params: [...batch, ...contract] };
  const ordered = b.transpose(x, [...batch, ...free, ...contract]);
  const merged = b.reshape(ordered, [
    ...sizes(batch),
    ...(free.length === 0 ? [] : [sizeOf(sizes(free))]),
    sizeOf(sizes(contract)),
  ]);
  const rank = merged.type.shape.length;
  return { x: merged, free: sizes(free), params: [...batch.map((_, k) => k), rank - 1] };
};

/** A sum of one term: 0 + -0 is 0. */
const plusZero = (b: Builder, x: Var): Var => (isFloat(x.type.dtype) ? b.add(b.zerosLike(x), x) : x);

const product = (b: Builder, lhs: Var, rhs: Var, p: DotParams, out: Var): Var => {
  const { dtype, shape } = out.type;
  if (p.lhsContract.some((d) => dim(lhs.type.shape, d) === 0)) return b.splat(0, out.type);
  const nb = p.lhsBatch.length;
  if (p.lhsContract.every((d) => dim(lhs.type.shape, d) === 1)) {
    const outer = (x: Var, batch: readonly number[], contract: readonly number[]): Var => {
      const free = remaining(x.type.shape.length, batch, contract);
      const ordered = b.transpose(x, [...batch, ...free, ...contract]);
      return b.reshape(ordered, ordered.type.shape.slice(0, batch.length + free.length));
    };
    const l = outer(lhs, p.lhsBatch, p.lhsContract);
    const r = outer(rhs, p.rhsBatch, p.rhsContract);
    const nl = l.type.shape.length;
    const lDims = l.type.shape.map((_, d) => d);
    const rDims = r.type.shape.map((_, d) => (d < nb ? d : nl + d - nb));
    return plusZero(b, b.mul(b.broadcast(l, shape, lDims), b.broadcast(r, shape, rDims)));
  }
  const l = sideOf(b, lhs, p.lhsBatch, p.lhsContract);
  const r = sideOf(b, rhs, p.rhsBatch, p.rhsContract);
  const small = b.emit("dot", [l.x, r.x], {
    lhsBatch: l.params.slice(0, nb),
    rhsBatch: r.params.slice(0, nb),
    lhsContract: l.params.slice(nb),
    rhsContract: r.params.slice(nb),
  });
  if (small.type.dtype !== dtype) return internal("a product changed its dtype");
  return b.reshape(small, shape);
};

const rewrite = (b: Builder, eqn: PlainEqn, inputs: readonly Var[]): Var => {
  switch (eqn.op) {
    case "argmax":
      return firstExtreme(b, operand(inputs, 0), eqn.params.axis, "reduceMax");
    case "argmin":
      return firstExtreme(b, operand(inputs, 0), eqn.params.axis, "reduceMin");
    case "reduceSum":
    case "reduceProd":
    case "reduceMax":
    case "reduceMin": {
      const x = operand(inputs, 0);
      const out = eqn.outs[0].type;
      const extents = eqn.params.axes.map((d) => dim(x.type.shape, d));
      if (extents.includes(0)) return b.splat(identityOf(COMBINE[eqn.op], out.dtype), out);
      if (extents.some((n) => n !== 1)) return b.emit(eqn.op, inputs, eqn.params);
      const same = b.reshape(x, out.shape);
      return eqn.op === "reduceSum" ? plusZero(b, same) : same;
    }
    case "dot":
      return product(b, operand(inputs, 0), operand(inputs, 1), eqn.params, eqn.outs[0]);
    default:
      return b.emit(eqn.op, inputs, eqn.params);
  }
};

const needsRewrite = (eqn: Eqn): boolean => {
  switch (eqn.op) {
    case "argmax":
    case "argmin":
    case "dot":
      return true;
    case "reduceSum":
    case "reduceProd":
    case "reduceMax":
    case "reduceMin":
      return eqn.inputs.some(({ type }) => {
        const extents = eqn.params.axes.map((d) => dim(type.shape, d));
        return extents.includes(0) || extents.every((n) => n === 1);
      });
    default:
      return false;
  }
};

export const decompose = (fn: IrFunction): IrFunction =>
  anyEquation(fn, needsRewrite) ? mapEquations(fn, rewrite) : fn;
