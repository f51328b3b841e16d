/** Reverse mode: linearize, then transpose the linear part. */
import { type Builder, createBuilder } from "../compiler/ir/builder.js";
import { type IrFunction, isFloat, type Var } from "../compiler/ir/types.js";
import type { MaybeVar } from "../compiler/ops/op.js";
import { checkActive } from "./jvp.js";
import { linearizeFunction } from "./linearize.js";
import { materialise, transposeInto } from "./transpose.js";

/**
 * Appends `fn(args)` and the cotangents of its wanted params to `b`, given one cotangent per result (null: zero).
 * `grads` has one entry per wanted param, in order (null: zero).
 */
export const vjpInto = (
  b: Builder,
  fn: IrFunction,
  wanted: readonly boolean[],
  args: readonly Var[],
  cts: readonly MaybeVar[],
): { readonly outs: readonly Var[]; readonly grads: readonly MaybeVar[] } => {
  const { primal, linear, tangentOuts } = linearizeFunction(fn, wanted);
  const values = b.inline(primal, args);
  const residuals = values.slice(fn.results.length);
  const seeds = tangentOuts.flatMap((has, k) => (has ? [cts[k] ?? null] : []));
  return {
    outs: values.slice(0, fn.results.length),
    grads: transposeInto(b, linear, residuals, seeds),
  };
};

/**
 * Reverse mode as a function. Params: the primals, then one cotangent per float result. Results: the primal results,
 * then a cotangent for each wanted param (which must be a float), zeros written out. Free values stay free.
 */
export const vjpFunction = (fn: IrFunction, wanted: readonly boolean[]): { readonly fn: IrFunction } => {
  checkActive(fn, wanted);
  const b = createBuilder();
  const args = fn.params.map((p) => b.param(p.type, p));
  const cts = fn.results.map((v) => (isFloat(v.type.dtype) ? b.param(v.type) : null));
  const { outs, grads } = vjpInto(b, fn, wanted, args, cts);
  const sources = fn.params.filter((_, k) => wanted[k] === true);
  return { fn: b.finish(`${fn.name}.vjp`, [...outs, ...materialise(b, sources, grads)]) };
};
