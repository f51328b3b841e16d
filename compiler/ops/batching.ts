/** What batching rules share: giving an operand the new leading axis, and moving that axis. */
import { internal } from "../diagnostics.js";
import type { Builder } from "../ir/builder.js";
import type { IndexMode, OpName, Var } from "../ir/types.js";
import { otherAxes, range } from "./ndarray.js";
import type { OpDef } from "./op.js";

/** `x` with axis 0 of `size`: itself if it is batched, else broadcast. */
export const withBatch = (b: Builder, x: Var, batched: boolean | undefined, size: number): Var =>
  batched === true
    ? x
    : b.broadcast(
        x,
        [size, ...x.type.shape],
        x.type.shape.map((_, k) => k + 1),
      );

/** Every operand with the batch axis. */
export const allBatched = (
  b: Builder,
  xs: readonly Var[],
  batched: readonly boolean[],
  size: number,
): readonly Var[] => xs.map((x, k) => withBatch(b, x, batched[k], size));

/** Moves `axis` to the front; the others keep their order. */
export const axisToFront = (b: Builder, x: Var, axis: number): Var =>
  b.transpose(x, [axis, ...otherAxes(x.type.shape.length, [axis])]);

/** Axes as they are numbered once a leading axis is there. */
export const shifted = (axes: readonly number[]): number[] => axes.map((k) => k + 1);

/** The scalars `x` of shape [size] as [size, 1, ..., 1] spread to `shape` (which starts with size). */
export const alongBatch = (b: Builder, x: Var, shape: readonly number[]): Var => b.broadcast(x, shape, [0]);

/** The batching rule of an op without operands: it is never asked. */
export const neverBatched = <K extends OpName>(name: K): OpDef<K>["batch"] => {
  return () => internal(`${name} has no operand that could be batched`);
};

/** The permutation that undoes `perm`. */
export const inversePermutation = (perm: readonly number[]): number[] =>
  range(perm.length).map((k) => perm.indexOf(k));

/** An index that is inside where the equation stands may be outside for examples that would not have come there. */
export const batchedMode = (mode: IndexMode): IndexMode => (mode === "inside" ? "clamp" : mode);
