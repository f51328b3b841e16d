/**
 * Partial evaluation of the JVP: what depends on no tangent is known and computed once (the primal part), the rest is
 * linear in the tangents (the linear part). Known values that the linear part uses are the residuals.
 */
import { type IrFunction, isUnbounded, type Var } from "../compiler/ir/types.js";
import { substitute } from "../compiler/ir/walk.js";
import { cseOfIndices } from "../compiler/passes/cse.js";
import { dce } from "../compiler/passes/dce.js";
import { hoist } from "../compiler/passes/hoist.js";
import { holdsRules } from "../compiler/passes/inline-rules.js";
import { narrow } from "../compiler/passes/narrow.js";
import { jvpFunction } from "./jvp.js";
import { partsOf } from "./partial.js";

export interface Linearized {
  /** From fn's params to fn's results, then the residuals. */
  readonly primal: IrFunction;
  /** From the residuals, then a tangent for each active param, to a tangent for each result that has one. */
  readonly linear: IrFunction;
  readonly residualCount: number;
  /** For each result of fn whether `linear` gives its tangent; where not, it is zero. */
  readonly tangentOuts: readonly boolean[];
}

/**
 * The function without indices that are kept or computed twice: in integers, accesses that are known to lie inside unchecked.
 * Only what leaves derivatives as they are.
 */
const prepared = (fn: IrFunction): IrFunction => hoist(cseOfIndices(dce(holdsRules(fn) ? fn : narrow(fn))));

/**
 * f'(x) as a function that no longer needs x, only what was kept. `active` as in `jvpFunction`. Free values of `fn`
 * stay free in both parts. Constants are written again in the linear part instead of being kept. Loop-invariant work is
 * moved out of loops first, so that it is kept once and not per iteration.
 */
export const linearizeFunction = (fn: IrFunction, active: readonly boolean[]): Linearized => {
  const { fn: jvp, tangentOuts } = jvpFunction(prepared(fn), active);
  const both = hoist(jvp);
  const nPrimals = fn.params.length;
  const nResults = fn.results.length;
  const { params, known, linear, results, residuals } = partsOf(
    both,
    both.params.map((_, k) => k >= nPrimals),
    both.results.map((_, k) => k >= nResults),
    null,
  );
  return {
    primal: {
      name: `${fn.name}.primal`,
      params: params.slice(0, nPrimals),
      body: known,
      results: [...results.slice(0, nResults), ...residuals],
    },
    linear: {
      name: `${fn.name}.linear`,
      params: [...residuals, ...params.slice(nPrimals)],
      body: linear,
      results: results.slice(nResults),
    },
    residualCount: residuals.length,
    tangentOuts,
  };
};

/**
 * The same with residuals that can be results of a program: an array without end cannot, so where there is one, the params
 * are kept instead, and the linear part computes again what it was.
 */
export const withBoundedResiduals = (l: Linearized): Linearized => {
  const { primal, linear, residualCount } = l;
  const residuals = linear.params.slice(0, residualCount);
  if (!residuals.some((v) => isUnbounded(v.type))) return l;
  const bounded = residuals.filter((v) => !isUnbounded(v.type));
  const kept = bounded.map((v): readonly [Var, Var] => [v, { type: v.type }]);
  const { body, results } = substitute(linear, new Map(kept));
  const outs = primal.results.slice(0, primal.results.length - residualCount);
  return {
    ...l,
    primal: { ...primal, results: [...outs, ...primal.params, ...bounded] },
    linear: dce({
      name: linear.name,
      params: [...primal.params, ...kept.map(([, v]) => v), ...linear.params.slice(residualCount)],
      body: [...primal.body, ...body],
      results,
    }),
    residualCount: primal.params.length + bounded.length,
  };
};
