/** grad, valueAndGrad, vmap and jit of a function inside compiled code: the callee is staged, transformed and inlined. */
import { gradFunction, valueAndGradFunction } from "../../autodiff/grad.js";
import { callValue } from "./calls.js";
import { describe } from "./describe.js";
import { isUnknownNeeds, unknownValue } from "./faults.js";
import { jacobianCall } from "./jacobian-call.js";
import { NeedStatic, refuse, type Site } from "./machine.js";
import { lookInto } from "./refused.js";
import type { Transform } from "./registry.js";
import { constantOf, isLeaf, tensorOf, varOf } from "./tensors.js";
import { arrayOf, type Value } from "./values.js";
import { vmapCall } from "./vmap-call.js";
import { auxOf, type Derivative, likeArguments, likeResults, stageWanted } from "./wanted.js";

type GradTransform = Derivative & { readonly kind: "grad" | "valueAndGrad" };

/** Calls a transformed function. */
export const applyTransform = (
  site: Site,
  transform: Transform,
  fn: Value,
  args: readonly Value[],
): Value => {
  try {
    return transformed(site, transform, fn, args);
  } catch (e) {
    // What takes unknown arguments apart is unknown. The function itself can be looked at.
    if (transform.kind !== "jit" && e instanceof NeedStatic && isUnknownNeeds(e.needs)) {
      const unknown = unknownValue(e.needs);
      const given = transform.kind === "vmap" ? args.map(() => unknown) : args;
      lookInto(site, () => callValue(site, fn, given));
    }
    throw e;
  }
};

const transformed = (site: Site, transform: Transform, fn: Value, args: readonly Value[]): Value => {
  switch (transform.kind) {
    case "jit":
      return callValue(site, fn, args);
    case "grad":
    case "valueAndGrad":
      return gradCall(site, transform, fn, args);
    case "jacfwd":
    case "jacrev":
      return jacobianCall(site, transform, fn, args);
    case "vmap":
      return vmapCall(site, transform, fn, args);
    default: {
      const never: never = transform;
      return never;
    }
  }
};

/** A gradient is of one number: the result, or the first of the pair with `hasAux`. */
const requireNumber = (site: Site, kind: string, value: Value, hasAux: boolean): void => {
  const isOne =
    value.kind === "tensor" ||
    (value.kind === "static" && isLeaf(value)) ||
    (value.kind === "array" && (value.held.kind === "staged" || constantOf(value) !== null));
  if (isOne) return;
  const isTree = value.kind === "array" || value.kind === "object" || value.kind === "host";
  refuse(
    site,
    "TSJ3011",
    hasAux
      ? `${kind} with hasAux differentiates the first of [value, extra], which must be one number, not ${describe(value)}`
      : `${kind} needs a function that returns one number, this one returns ${describe(value)}`,
    isTree
      ? "jacrev differentiates functions of several results; to hand extra results through, return [value, extra] and pass { hasAux: true }"
      : "return the number to differentiate",
  );
};

/** Gradients with the structure of the arguments; aux results are handed through. */
const gradCall = (site: Site, transform: GradTransform, fn: Value, args: readonly Value[]): Value => {
  const { kind, hasAux } = transform;
  const { builder } = site.machine;
  const wanted = stageWanted(site, transform, fn, args, "reverse");
  const { staged } = wanted;
  const aux = auxOf(site, staged.out, hasAux, kind);
  requireNumber(site, kind, aux === null ? staged.out : aux.value, hasAux);
  const flags = staged.fn.params.map(() => true);
  const options = { aux: staged.leaves.length - 1 };
  const vars = wanted.given.flat().map((leaf) => varOf(site, leaf));
  const isGrad = kind === "grad";
  const ir = isGrad
    ? gradFunction(staged.fn, flags, options)
    : valueAndGradFunction(staged.fn, flags, options);
  const results = builder.inline(ir, vars);
  const gradVars = isGrad ? results.slice(0, vars.length) : results.slice(options.aux + 1);
  const valueVars = isGrad ? results.slice(vars.length) : results.slice(0, options.aux + 1);
  const grad = likeArguments(site, transform, args, wanted, (leaf, k) =>
    tensorOf(site, gradVars[k] ?? leaf.v, { weak: leaf.weak, hostArray: leaf.hostArray }),
  );
  const extraLeaves = staged.leaves.slice(1);
  const extraOf = (tree: Value, from: number): Value =>
    likeResults(site, tree, extraLeaves, valueVars.slice(from));
  if (isGrad) return aux === null ? grad : arrayOf([grad, extraOf(aux.extra, 0)]);
  const value = likeResults(site, aux === null ? staged.out : aux.value, staged.leaves, valueVars);
  return arrayOf([aux === null ? value : arrayOf([value, extraOf(aux.extra, 1)]), grad]);
};
