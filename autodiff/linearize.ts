/**
 * Partial evaluation of the JVP: what depends on no tangent is known and computed once (the primal part), the rest is
 * linear in the tangents (the linear part). Known values that the linear part uses are the residuals.
 */
import type { Eqn, IrFunction, Var } from "../compiler/ir/types.js";
import { jvpFunction } from "./jvp.js";
import { splitLinear } from "./transpose.js";

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
 * f'(x) as a function that no longer needs x, only what was kept. `active` as in `jvpFunction`. Free values of `fn`
 * stay free in both parts. Constants are written again in the linear part instead of being kept.
 */
export const linearizeFunction = (fn: IrFunction, active: readonly boolean[]): Linearized => {
  const { fn: both, tangentOuts } = jvpFunction(fn, active);
  const primals = both.params.slice(0, fn.params.length);
  const tangents = both.params.slice(fn.params.length);
  const { linear, known } = splitLinear(both.body, tangents);

  const knownBy = new Map<Var, Eqn | null>(primals.map((p) => [p, null]));
  for (const eqn of known) knownBy.set(eqn.outs[0], eqn);
  const residuals = new Set<Var>();
  const repeated = new Set<Eqn>();
  const need = (v: Var): void => {
    const by = knownBy.get(v);
    if (by === undefined) return; // linear, or free
    if (by !== null && by.inputs.length === 0) repeated.add(by);
    else residuals.add(v);
  };
  const outTangents = both.results.slice(fn.results.length);
  for (const eqn of linear) eqn.inputs.forEach(need);
  outTangents.forEach(need);

  return {
    primal: {
      name: `${fn.name}.primal`,
      params: primals,
      body: known,
      results: [...both.results.slice(0, fn.results.length), ...residuals],
    },
    linear: {
      name: `${fn.name}.linear`,
      params: [...residuals, ...tangents],
      body: [...repeated, ...linear],
      results: outTangents,
    },
    residualCount: residuals.size,
    tangentOuts,
  };
};
