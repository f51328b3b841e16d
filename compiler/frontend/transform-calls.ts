/** jvp, vjp and linearize inside compiled code. */
import { jvpFunction } from "../../autodiff/jvp.js";
import { type Linearized, linearizeFunction, withBoundedResiduals } from "../../autodiff/linearize.js";
import { transposeInto } from "../../autodiff/transpose.js";
import { internal } from "../diagnostics.js";
import { isFloat, sameShape, typeText, type Var } from "../ir/types.js";
import { freeVars, substitute } from "../ir/walk.js";
import { describe } from "./describe.js";
import { openHost } from "./hosts.js";
import { iterate } from "./iterate.js";
import { refuse, type Site } from "./machine.js";
import { type Mode, type Nested, stageNested } from "./nested.js";
import { constantOf, tensorOf, varOf } from "./tensors.js";
import { mapStaged, stagedLeaves } from "./trees.js";
import {
  arrayOf,
  builtin,
  isStatic,
  keysOf,
  objectOf,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";

const floatLeaves = (site: Site, trees: readonly Value[], what: string): readonly TensorValue[] => {
  const leaves = trees.flatMap((tree) => stagedLeaves(site, tree, what));
  for (const leaf of leaves)
    if (!isFloat(leaf.v.type.dtype))
      refuse(
        site,
        "TSJ3012",
        `${what} holds ${typeText(leaf.v.type)}, and only f32 and f64 vary smoothly`,
        "cast it to f32, or let the function capture it",
      );
  return leaves;
};

/** A tangent or cotangent in the type of what it belongs to. */
const matchingLeaf = (site: Site, leaf: TensorValue, wanted: TensorValue, what: string): Var => {
  const v = varOf(site, leaf);
  if (
    !sameShape(v.type.shape, wanted.v.type.shape) ||
    !isFloat(v.type.dtype) ||
    (!leaf.weak && v.type.dtype !== wanted.v.type.dtype)
  )
    refuse(site, "TSJ3013", `${what} must be ${typeText(wanted.v.type)}, not ${typeText(v.type)}`);
  return site.machine.builder.cast(v, wanted.v.type.dtype);
};

const matching = (
  site: Site,
  trees: readonly Value[],
  like: readonly TensorValue[],
  what: string,
): readonly Var[] => {
  const leaves = trees.flatMap((tree) => stagedLeaves(site, tree, what));
  if (leaves.length !== like.length)
    refuse(site, "TSJ3013", `${what} must have ${like.length} leaves, it has ${leaves.length}`);
  return leaves.map((leaf, k) => matchingLeaf(site, leaf, like[k] ?? leaf, what));
};

/** Each tree with its share of the leaves, in order. */
const refill = (site: Site, trees: readonly Value[], leaves: readonly Value[]): readonly Value[] => {
  let next = 0;
  return trees.map((tree) => mapStaged(site, tree, () => leaves[next++] ?? UNDEFINED));
};

const outValue = (
  site: Site,
  tree: Value,
  like: readonly TensorValue[],
  vars: readonly (Var | undefined)[],
): Value => {
  let k = 0;
  return mapStaged(site, tree, (leaf) => {
    const v = vars[k];
    const weak = like[k++]?.weak ?? false;
    return v === undefined ? leaf : tensorOf(site, v, { weak });
  });
};

/** jvp(fn, primals, tangents): [out, tangent of out]. */
export const jvpCall = (
  site: Site,
  [fn = UNDEFINED, primals = UNDEFINED, tangents = UNDEFINED]: readonly Value[],
): Value => {
  const { builder } = site.machine;
  const given = iterate(site, primals);
  const leaves = floatLeaves(site, given, "the primals of jvp");
  const dots = matching(site, iterate(site, tangents), leaves, "the tangents of jvp");
  const staged = stageNested(
    site,
    fn,
    (param) =>
      refill(
        site,
        given,
        leaves.map((leaf) => param(leaf, leaf.v.type)),
      ),
    "forward",
  );
  const { fn: ir, tangentOuts } = jvpFunction(
    staged.fn,
    staged.fn.params.map(() => true),
  );
  const results = builder.inline(ir, [...leaves.map((leaf) => varOf(site, leaf)), ...dots]);
  const outs = results.slice(0, staged.leaves.length);
  let next = staged.leaves.length;
  const outDots = tangentOuts.map((has, k) => {
    if (has) return results[next++];
    const out = outs[k];
    return out === undefined ? undefined : builder.zerosLike(out);
  });
  return arrayOf([
    outValue(site, staged.out, staged.leaves, outs),
    outValue(site, staged.out, staged.leaves, outDots),
  ]);
};

/** A function staged on all leaves of its arguments, taken apart into values and derivatives. */
interface Linear {
  readonly leaves: readonly TensorValue[];
  readonly staged: Nested;
  readonly parts: Linearized;
}

const linearParts = (site: Site, fn: Value, primals: readonly Value[], what: string, mode: Mode): Linear => {
  const leaves = floatLeaves(site, primals, what);
  const staged = stageNested(
    site,
    fn,
    (param) =>
      refill(
        site,
        primals,
        leaves.map((leaf) => param(leaf, leaf.v.type)),
      ),
    mode,
  );
  const parts = linearizeFunction(
    staged.fn,
    staged.fn.params.map(() => true),
  );
  return { leaves, staged, parts };
};

/** The results and what the derivative needs of the way to them. */
const evaluate = (site: Site, { leaves, staged, parts }: Linear) => {
  const values = site.machine.builder.inline(
    parts.primal,
    leaves.map((leaf) => varOf(site, leaf)),
  );
  const count = staged.leaves.length;
  return { outs: values.slice(0, count), residuals: values.slice(count) };
};

/** The cotangents of the primals, one tree each. */
const pullBack = (
  site: Site,
  { leaves, staged, parts }: Linear,
  primals: readonly Value[],
  residuals: readonly Var[],
  ct: Value,
): Value => {
  const { builder } = site.machine;
  const all = matchingFloats(site, ct, staged);
  const seeds = all.filter((_, k) => parts.tangentOuts[k] === true);
  const cts = transposeInto(builder, parts.linear, residuals, seeds);
  const values = leaves.map((leaf, k) =>
    tensorOf(site, cts[k] ?? builder.zerosLike(leaf.v), { weak: leaf.weak, hostArray: leaf.hostArray }),
  );
  return arrayOf(refill(site, primals, values));
};

/** The tangent of the result for tangents of the primals. */
const pushForward = (
  site: Site,
  { leaves, staged, parts }: Linear,
  outs: readonly Var[],
  residuals: readonly Var[],
  tangents: readonly Value[],
): Value => {
  const { builder } = site.machine;
  const dots = matching(site, tangents, leaves, "the tangents of linearize");
  const present = builder.inline(parts.linear, [...residuals, ...dots]);
  let next = 0;
  const outDots = parts.tangentOuts.map((has, k) => {
    if (has) return present[next++];
    const out = outs[k];
    return out === undefined ? undefined : builder.zerosLike(out);
  });
  return outValue(site, staged.out, staged.leaves, outDots);
};

/** vjp(fn, ...primals): [out, (cotangent of out) => cotangents of the primals, one each]. */
export const vjpCall = (site: Site, [fn = UNDEFINED, ...primals]: readonly Value[]): Value => {
  const linear = linearParts(site, fn, primals, "an argument of vjp", "reverse");
  const { outs, residuals } = evaluate(site, linear);
  const pullback = builtin("pullback", ([ct = UNDEFINED], at) =>
    pullBack(at, linear, primals, residuals, ct),
  );
  return arrayOf([outValue(site, linear.staged.out, linear.staged.leaves, outs), pullback]);
};

/** linearize(fn, ...primals): [out, (...tangents of the primals) => tangent of out]. */
export const linearizeCall = (site: Site, [fn = UNDEFINED, ...primals]: readonly Value[]): Value => {
  const linear = linearParts(site, fn, primals, "an argument of linearize", "forward");
  const { outs, residuals } = evaluate(site, linear);
  const push = builtin("linear", (tangents, at) => pushForward(at, linear, outs, residuals, tangents));
  return arrayOf([outValue(site, linear.staged.out, linear.staged.leaves, outs), push]);
};

/**
 * What crosses from the program that evaluates to those that apply the derivative: the residuals, and the values of the
 * surroundings that the derivative reads, as they were. Numbers and booleans cross as doubles, which hold them exactly.
 */
const keptOf = ({ parts }: Linear, residuals: readonly Var[]): readonly Var[] => [
  ...residuals,
  ...freeVars(parts.linear),
];

const bounded = (linear: Linear): Linear => ({ ...linear, parts: withBoundedResiduals(linear.parts) });

const modeOf = (mode: Value): Mode =>
  isStatic(mode) && (mode.value === "reverse" || mode.value === "forward")
    ? mode.value
    : internal("the mode of a derivative is not known");

/** evaluateKept(mode, fn, ...primals): [out, what the derivative needs, by name]. */
export const evaluateKeptCall = (
  site: Site,
  [mode = UNDEFINED, fn = UNDEFINED, ...primals]: readonly Value[],
): Value => {
  const { builder } = site.machine;
  const linear = bounded(linearParts(site, fn, primals, "an argument", modeOf(mode)));
  const { outs, residuals } = evaluate(site, linear);
  const kept = keptOf(linear, residuals).map((v, k): readonly [string, Value] => [
    `r${k}`,
    tensorOf(site, v.type.shape.length === 0 ? builder.cast(v, "f64") : v),
  ]);
  return arrayOf([outValue(site, linear.staged.out, linear.staged.leaves, outs), objectOf(kept)]);
};

/** applyKept(mode, fn, kept, seeds, ...primals): the cotangents of the primals, or the tangent of the result. */
export const applyKeptCall = (
  site: Site,
  [mode = UNDEFINED, fn = UNDEFINED, kept = UNDEFINED, seeds = UNDEFINED, ...primals]: readonly Value[],
): Value => {
  const { builder } = site.machine;
  const direction = modeOf(mode);
  const linear = bounded(linearParts(site, fn, primals, "an argument", direction));
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
  if (direction === "reverse") return pullBack(site, closed, primals, residuals, seeds);
  const outs = staged.leaves.map((leaf): Var => ({ type: leaf.v.type }));
  return pushForward(site, closed, outs, residuals, iterate(site, seeds));
};

/**
 * The leaves of a cotangent, in the order of the result's. An array of plain numbers is one value in compiled code; where
 * the result is an array of several, it is taken apart.
 */
export const leavesLike = (site: Site, ct: Value, result: Value): readonly TensorValue[] => {
  if (result.kind === "array" && result.held.kind !== "staged" && constantOf(result) === null) {
    const items = iterate(site, ct);
    if (items.length !== result.items.length)
      refuse(
        site,
        "TSJ3013",
        `the cotangent has ${items.length} entries where the result is ${describe(result)}`,
      );
    return result.items.flatMap((item, k) => leavesLike(site, items[k] ?? UNDEFINED, item));
  }
  const fields = ct.kind === "host" ? openHost(site, ct) : ct;
  if (result.kind === "object" && fields.kind === "object")
    return keysOf(result).flatMap((key) =>
      leavesLike(
        site,
        fields.props.get(key) ?? refuse(site, "TSJ3013", `the cotangent lacks \`${key}\``),
        result.props.get(key) ?? UNDEFINED,
      ),
    );
  return stagedLeaves(site, ct, "the cotangent");
};

/** A cotangent for each float result; those of integers are not looked at (null). */
const matchingFloats = (site: Site, ct: Value, { out, leaves: like }: Nested): readonly (Var | null)[] => {
  const leaves = leavesLike(site, ct, out);
  if (leaves.length !== like.length)
    refuse(
      site,
      "TSJ3013",
      `the cotangent must have ${like.length} leaves like the result, it has ${leaves.length}`,
    );
  return like.map((wanted, k) => {
    const leaf = leaves[k];
    return leaf === undefined || !isFloat(wanted.v.type.dtype)
      ? null
      : matchingLeaf(site, leaf, wanted, "the cotangent");
  });
};
