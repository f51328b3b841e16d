/** The general product: contraction over pairs of axes, with shared batch axes. */
import { type DotParams, type Shape, sizeOf, type TensorType, typeText } from "../ir/types.js";
import { axisToFront, inversePermutation, shifted } from "./batching.js";
import { refuse, requireAxes, requireDType, two } from "./checks.js";
import type { RecordsOf } from "./elementwise.js";
import { allocate, at, otherAxes, permute, range } from "./ndarray.js";

const freeAxes = (shape: Shape, contract: readonly number[], batch: readonly number[]): number[] =>
  otherAxes(shape.length, [...contract, ...batch]);

/** Free axes of both operands, ascending. */
const dotFreeAxes = (
  lhs: Shape,
  rhs: Shape,
  p: DotParams,
): { readonly lhsFree: readonly number[]; readonly rhsFree: readonly number[] } => ({
  lhsFree: freeAxes(lhs, p.lhsContract, p.lhsBatch),
  rhsFree: freeAxes(rhs, p.rhsContract, p.rhsBatch),
});

const requirePairs = (
  what: string,
  lhs: TensorType,
  rhs: TensorType,
  lhsAxes: readonly number[],
  rhsAxes: readonly number[],
): void => {
  if (lhsAxes.length !== rhsAxes.length)
    refuse("dot", `${what} axes [${lhsAxes.join(",")}] and [${rhsAxes.join(",")}] don't pair up`);
  lhsAxes.forEach((l, k) => {
    const r = at(rhsAxes, k);
    if (at(lhs.shape, l) !== at(rhs.shape, r))
      refuse("dot", `${what} axis ${l} of ${typeText(lhs)} and axis ${r} of ${typeText(rhs)} differ in size`);
  });
};

/** Indices of a list in ascending order of its entries. */
const sortOrder = (list: readonly number[]): number[] =>
  range(list.length).sort((p, q) => at(list, p) - at(list, q));

export const contractOps: RecordsOf<"dot"> = {
  // out[b, i, j] = sum over k of lhs[b, i, k] rhs[b, j, k]; floats accumulate in f64 and round once, integers wrap
  dot: {
    name: "dot",
    infer: (inputs, p) => {
      const [lhs, rhs] = two("dot", inputs);
      if (lhs.dtype !== rhs.dtype)
        refuse("dot", `dtypes differ: ${typeText(lhs)} and ${typeText(rhs)}`, "type");
      requireDType("dot", lhs, ["f32", "f64", "i32", "u32"]);
      requireAxes("dot", [...p.lhsContract, ...p.lhsBatch], lhs);
      requireAxes("dot", [...p.rhsContract, ...p.rhsBatch], rhs);
      requirePairs("contracted", lhs, rhs, p.lhsContract, p.rhsContract);
      requirePairs("batch", lhs, rhs, p.lhsBatch, p.rhsBatch);
      const { lhsFree, rhsFree } = dotFreeAxes(lhs.shape, rhs.shape, p);
      const shape = [
        ...[...p.lhsBatch, ...lhsFree].map((k) => at(lhs.shape, k)),
        ...rhsFree.map((k) => at(rhs.shape, k)),
      ];
      return { dtype: lhs.dtype, shape };
    },
    eval: (inputs, p) => {
      const [lhs, rhs] = two("dot", inputs);
      const { lhsFree, rhsFree } = dotFreeAxes(lhs.shape, rhs.shape, p);
      const sizes = (shape: Shape, axes: readonly number[]): number[] => axes.map((k) => at(shape, k));
      const x = permute(lhs, [...p.lhsBatch, ...lhsFree, ...p.lhsContract]).data;
      const y = permute(rhs, [...p.rhsBatch, ...rhsFree, ...p.rhsContract]).data;
      const batch = sizes(lhs.shape, p.lhsBatch);
      const shape = [...batch, ...sizes(lhs.shape, lhsFree), ...sizes(rhs.shape, rhsFree)];
      const rows = sizeOf(sizes(lhs.shape, lhsFree));
      const columns = sizeOf(sizes(rhs.shape, rhsFree));
      const depth = sizeOf(sizes(lhs.shape, p.lhsContract));
      const isFloat = lhs.dtype === "f32" || lhs.dtype === "f64";
      const data = allocate(lhs.dtype, sizeOf(shape));
      for (let n = 0, out = 0; n < sizeOf(batch); n++)
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++, out++) {
            const first = (n * rows + i) * depth;
            const second = (n * columns + j) * depth;
            let sum = 0;
            if (isFloat) for (let k = 0; k < depth; k++) sum += at(x, first + k) * at(y, second + k);
            else
              for (let k = 0; k < depth; k++)
                sum = (sum + Math.imul(at(x, first + k), at(y, second + k))) | 0;
            data[out] = sum;
          }
      return { dtype: lhs.dtype, shape, data };
    },
    ad: {
      kind: "bilinear",
      // The cotangent has axes [batch, lhs free, rhs free]: contract the other operand's free axes with it, then put the
      // axes that come out (batch, own free, own contracted) back where the operand has them.
      transpose: (b, ct, [lhs, rhs], which, p) => {
        const { lhsFree, rhsFree } = dotFreeAxes(lhs.type.shape, rhs.type.shape, p);
        const nb = p.lhsBatch.length;
        const ctBatch = range(nb);
        const ctLhs = lhsFree.map((_, k) => nb + k);
        const ctRhs = rhsFree.map((_, k) => nb + lhsFree.length + k);
        if (which === 0) {
          const product = b.emit("dot", [ct, rhs], {
            lhsContract: ctRhs,
            rhsContract: rhsFree,
            lhsBatch: ctBatch,
            rhsBatch: p.rhsBatch,
          });
          const contracted = sortOrder(p.rhsContract).map((k) => at(p.lhsContract, k));
          return b.transpose(product, inversePermutation([...p.lhsBatch, ...lhsFree, ...contracted]));
        }
        const product = b.emit("dot", [lhs, ct], {
          lhsContract: lhsFree,
          rhsContract: ctLhs,
          lhsBatch: p.lhsBatch,
          rhsBatch: ctBatch,
        });
        const contracted = sortOrder(p.lhsContract).map((k) => at(p.rhsContract, k));
        return b.transpose(product, inversePermutation([...p.rhsBatch, ...contracted, ...rhsFree]));
      },
    },
    batch: (b, inputs, [lhsBatched, rhsBatched], _size, p) => {
      const [lhs, rhs] = two("dot", inputs);
      const [l, r] = [lhsBatched === true, rhsBatched === true];
      const both = l && r;
      const product = b.emit("dot", [lhs, rhs], {
        lhsContract: l ? shifted(p.lhsContract) : p.lhsContract,
        rhsContract: r ? shifted(p.rhsContract) : p.rhsContract,
        lhsBatch: [...(both ? [0] : []), ...(l ? shifted(p.lhsBatch) : p.lhsBatch)],
        rhsBatch: [...(both ? [0] : []), ...(r ? shifted(p.rhsBatch) : p.rhsBatch)],
      });
      if (both) return product;
      // the batched side's axis 0 is its first free axis
      const nb = p.lhsBatch.length;
      const lhsFreeCount = lhs.type.shape.length - p.lhsContract.length - nb;
      return axisToFront(b, product, l ? nb : nb + lhsFreeCount);
    },
  },
};
