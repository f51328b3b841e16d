/**
 * A region on those examples of a batch that take it. The others are given the operands of the first that does: a check
 * fails only if it fails for an example that takes the region, and what is discarded afterwards has finite derivatives
 * wherever what is kept has, so that 0 * infinity never spoils a gradient.
 */
import type { Builder } from "../../ir/builder.js";
import type { IrFunction, Var } from "../../ir/types.js";
import { withBatch } from "../batching.js";
import { typesOf } from "./checks.js";
import type { BatchEngine } from "./record.js";
import { batchedType } from "./regions.js";

/** mask ? x : y, for x and y of shape [size, ...] and a mask of shape [size]. */
export const selectLanes = (b: Builder, mask: Var, x: Var, y: Var): Var =>
  b.select(b.broadcast(mask, x.type.shape, [0]), x, y);

/** Whether the mask is set anywhere; for a batch of at least one. */
export const anyLane = (b: Builder, mask: Var): Var => b.emit("reduceMax", [mask], { axes: [0] });

/** Batched values, of which the lanes outside the mask have those of the first lane inside it. */
export const guard = (
  b: Builder,
  mask: Var,
  xs: readonly Var[],
  batched: readonly boolean[],
): readonly Var[] => {
  if (!batched.includes(true)) return xs;
  const first = b.emit("argmax", [b.cast(mask, "i32")], { axis: 0 });
  return xs.map((x, k) => {
    if (batched[k] !== true) return x;
    const one = b.emit("gather", [x, first], { axis: 0, batch: 0, mode: "clamp" });
    const dims = one.type.shape.map((_, d) => d + 1);
    return selectLanes(b, mask, x, b.broadcast(one, x.type.shape, dims));
  });
};

/** The region's results, all batched; lanes outside the mask hold values of no meaning. */
export const runMasked = (
  e: BatchEngine,
  b: Builder,
  mask: Var,
  region: IrFunction,
  args: readonly Var[],
  batched: readonly boolean[],
  size: number,
): readonly Var[] => {
  const into = (inner: Builder, operands: readonly Var[]): readonly Var[] => {
    const { values, batched: own } = e.into(inner, region, operands, batched, size);
    return values.map((v, k) => withBatch(inner, v, own[k], size));
  };
  if (size > 0 && e.isHarmless(region)) return into(b, args);
  const none = (inner: Builder): readonly Var[] =>
    region.results.map((v) => inner.splat(0, batchedType(v.type, size)));
  if (size === 0) return none(b);
  return b.emitAll("if", [anyLane(b, mask), mask, ...args], {
    then: e.build("then", typesOf([mask, ...args]), (inner, [own, ...operands]) =>
      own === undefined ? [] : into(inner, guard(inner, own, operands, batched)),
    ),
    else: e.build("else", typesOf([mask, ...args]), (inner) => none(inner)),
  });
};
