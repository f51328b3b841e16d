/** The two halves of a vjp or linearize that is called from outside: one program evaluates, another applies the derivative. */
import { withBoundedResiduals } from "../../autodiff/linearize.js";
import { internal } from "../diagnostics.js";
import { sameShape, type Var } from "../ir/types.js";
import { freeVars, substitute } from "../ir/walk.js";
import { iterate } from "./iterate.js";
import {
  evaluate,
  type Linear,
  linearParts,
  outValue,
  pullBack,
  pushForward,
  stagePoint,
} from "./linear-parts.js";
import type { Site } from "./machine.js";
import { tensorOf, varOf } from "./tensors.js";
import { stagedLeaves } from "./trees.js";
import { arrayOf, isStatic, objectOf, UNDEFINED, type Value } from "./values.js";

/** What a pair of programs agrees on. */
const keptPoint = (site: Site, mode: Value, aux: Value, fn: Value, primals: readonly Value[]): Linear => {
  const isReverse = isStatic(mode) && mode.value === "reverse";
  const hasAux = isStatic(aux) && aux.value === true;
  const point = isReverse
    ? stagePoint(site, "vjp", fn, primals, "reverse", hasAux)
    : stagePoint(site, "linearize", fn, primals, "forward", hasAux);
  const linear = linearParts(point);
  return { ...linear, parts: withBoundedResiduals(linear.parts) };
};

/**
 * What crosses from the program that evaluates to those that apply the derivative: the residuals, and the values of the
 * surroundings that the derivative reads, as they were. Numbers and booleans cross as doubles, which hold them exactly.
 */
const keptOf = ({ parts }: Linear, residuals: readonly Var[]): readonly Var[] => [
  ...residuals,
  ...freeVars(parts.linear),
];

/** evaluateKept(mode, hasAux, fn, ...primals): [out, what the derivative needs, by name], then what else fn returns. */
export const evaluateKeptCall = (
  site: Site,
  [mode = UNDEFINED, aux = UNDEFINED, fn = UNDEFINED, ...primals]: readonly Value[],
): Value => {
  const { builder } = site.machine;
  const linear = keptPoint(site, mode, aux, fn, primals);
  const { outs, extras, residuals } = evaluate(site, linear);
  const kept = keptOf(linear, residuals).map((v, k): readonly [string, Value] => [
    `r${k}`,
    tensorOf(site, v.type.shape.length === 0 ? builder.cast(v, "f64") : v),
  ]);
  return arrayOf([outValue(site, linear, outs), objectOf(kept), ...extras]);
};

/** applyKept(mode, hasAux, fn, kept, seeds, ...primals): the cotangents of the primals, or the tangent of the result. */
export const applyKeptCall = (
  site: Site,
  [
    mode = UNDEFINED,
    aux = UNDEFINED,
    fn = UNDEFINED,
    kept = UNDEFINED,
    seeds = UNDEFINED,
    ...primals
  ]: readonly Value[],
): Value => {
  const { builder } = site.machine;
  const linear = keptPoint(site, mode, aux, fn, primals);
  const { staged, parts } = linear;
  const given = stagedLeaves(site, kept, "a residual");
  const wanted = keptOf(linear, parts.linear.params.slice(0, parts.residualCount));
  const vars = wanted.map((v, k) => {
    const leaf = given[k];
    return leaf === undefined || !sameShape(leaf.v.type.shape, v.type.shape)
      ? internal(`residual ${k} of ${staged.fn.name} is not what it was`)
      : builder.cast(varOf(site, leaf), v.type.dtype);
  });
  const residuals = vars.slice(0, parts.residualCount);
  const asTheyWere = new Map(
    wanted.map((v, k): readonly [Var, Var] => [v, vars[k] ?? v]).slice(residuals.length),
  );
  const closed: Linear = { ...linear, parts: { ...parts, linear: substitute(parts.linear, asTheyWere) } };
  if (isStatic(mode) && mode.value === "reverse") return pullBack(site, closed, residuals, seeds);
  const outs = staged.leaves.map((leaf): Var => ({ type: leaf.v.type }));
  return pushForward(site, closed, outs, residuals, iterate(site, seeds));
};
