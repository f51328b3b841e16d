/** np: matrix and tensor products, all over the one general product primitive. */
import { fail } from "../../compiler/diagnostics.js";
import { library } from "../library-function.js";
import type { Operand, Tensor } from "../types.js";
import { broadcastShapes, lift, normalizeAxis, range, sameDtype } from "./core.js";
import { parseEinsum } from "./einsum.js";
import { prim } from "./prim.js";
import { broadcastTo, expandDims, ravel, transpose } from "./shapes.js";

type Binary = (x: Operand, y: Operand) => Tensor;

/** Equal dtypes, shapes as they are. */
const pair = (x: Operand, y: Operand): readonly [Tensor, Tensor] => {
  const [a, b] = sameDtype(lift(x), lift(y)) as readonly [Tensor, Tensor];
  return a.dtype === "bool" ? [prim.cast(a, { dtype: "i32" }), prim.cast(b, { dtype: "i32" })] : [a, b];
};

/** NumPy's dot: inner product of vectors, product of matrices, last axis of `x` with the second to last of `y`. */
export const dot: Binary = library("np.dot", (x: Operand, y: Operand): Tensor => {
  const [a, b] = pair(x, y);
  if (a.ndim === 0 || b.ndim === 0) return lift(a * b);
  return prim.dot(a, b, {
    lhsContract: [a.ndim - 1],
    rhsContract: [Math.max(0, b.ndim - 2)],
    lhsBatch: [],
    rhsBatch: [],
  });
});

/** NumPy's matmul: the last two axes are matrices, the others broadcast as batches; vectors are promoted. */
export const matmul: Binary = library("np.matmul", (x: Operand, y: Operand): Tensor => {
  const [a, b] = pair(x, y);
  if (a.ndim === 0 || b.ndim === 0)
    return fail("TSJ2018", "shape", "matmul needs at least rank 1 on both sides");
  if (a.ndim === 1 || b.ndim === 1 || (a.ndim === 2 && b.ndim === 2)) return dotLast(a, b);
  const lead = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const lhs = broadcastTo(a, [...lead, ...a.shape.slice(-2)]);
  const rhs = broadcastTo(b, [...lead, ...b.shape.slice(-2)]);
  const batch = range(lead.length);
  return prim.dot(lhs, rhs, {
    lhsContract: [lead.length + 1],
    rhsContract: [lead.length],
    lhsBatch: batch,
    rhsBatch: batch,
  });
});
/** One side a vector, or both matrices: free axes of both stay in order. */
const dotLast = (a: Tensor, b: Tensor): Tensor =>
  prim.dot(a, b, {
    lhsContract: [a.ndim - 1],
    rhsContract: [Math.max(0, b.ndim - 2)],
    lhsBatch: [],
    rhsBatch: [],
  });

/** Products of all pairs of elements of the flattened operands: [x.size, y.size]. */
export const outer: Binary = library(
  "np.outer",
  (x: Operand, y: Operand): Tensor => lift(expandDims(ravel(lift(x)), 1) * expandDims(ravel(lift(y)), 0)),
);
/** Contraction of the last axes. */
export const inner: Binary = library("np.inner", (x: Operand, y: Operand): Tensor => {
  const [a, b] = pair(x, y);
  if (a.ndim === 0 || b.ndim === 0) return lift(a * b);
  return prim.dot(a, b, { lhsContract: [a.ndim - 1], rhsContract: [b.ndim - 1], lhsBatch: [], rhsBatch: [] });
});
/** Inner product of the flattened operands. */
export const vdot: Binary = library("np.vdot", (x: Operand, y: Operand): Tensor => {
  const [a, b] = pair(x, y);
  return prim.dot(ravel(a), ravel(b), { lhsContract: [0], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
});

type ContractAxes = number | readonly [readonly number[], readonly number[]];
/** Contracts the last n axes of `x` with the first n of `y`, or the axes listed. */
export const tensordot: (x: Operand, y: Operand, axes?: ContractAxes) => Tensor = library(
  "np.tensordot",
  (x: Operand, y: Operand, axes: ContractAxes = 2): Tensor => {
    const [a, b] = pair(x, y);
    const lhs = typeof axes === "number" ? range(axes).map((k) => a.ndim - axes + k) : axes[0];
    const rhs = typeof axes === "number" ? range(axes) : axes[1];
    return prim.dot(a, b, {
      lhsContract: lhs.map((k) => normalizeAxis(k, a.ndim)),
      rhsContract: rhs.map((k) => normalizeAxis(k, b.ndim)),
      lhsBatch: [],
      rhsBatch: [],
    });
  },
);

/**
 * Einstein summation, e.g. `einsum("ij,jk->ik", a, b)`; explicit or implicit output, repeated labels take diagonals.
 * Operands are contracted from left to right.
 */
export const einsum: (spec: string, ...xs: readonly Operand[]) => Tensor = library(
  "np.einsum",
  (spec: string, ...xs: readonly Operand[]): Tensor => {
    const vs = xs.map((x) => lift(x));
    const plan = parseEinsum(
      spec,
      vs.map((v) => v.shape),
    );
    let acc = sumOut(vs[0] as Tensor, plan.first.labels, plan.first.keep);
    for (const [k, step] of plan.steps.entries()) {
      const [a, b] = pair(acc, sumOut(vs[k + 1] as Tensor, step.labels, step.keep));
      acc = prim.dot(a, b, step.dot);
    }
    return transpose(acc, plan.perm);
  },
);

/** Sums out the labels that nothing else needs; labels of one operand are distinct. */
const sumOut = (v: Tensor, labels: readonly string[], keep: readonly string[]): Tensor =>
  prim.reduceSum(v, { axes: range(labels.length).filter((k) => !keep.includes(labels[k] ?? "")) });

/** Euclidean length, over all elements or along `axis`. The gradient at 0 is NaN, as in JAX. */
export const norm: (x: Operand, axis?: number | null) => Tensor = library(
  "np.linalg.norm",
  (x: Operand, axis: number | null = null): Tensor => {
    const v = lift(x);
    return lift(
      Math.sqrt(
        prim.reduceSum(lift(v * v), { axes: axis === null ? range(v.ndim) : [normalizeAxis(axis, v.ndim)] }),
      ),
    );
  },
);
