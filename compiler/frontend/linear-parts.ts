/** A function's derivative at a point, taken apart into what is evaluated once and what is linear in tangents. */
import { type Linearized, linearizeFunction } from "../../autodiff/linearize.js";
import { transposeInto } from "../../autodiff/transpose.js";
import { createBuilder } from "../ir/builder.js";
import { type IrFunction, isFloat, type Var } from "../ir/types.js";
import { leavesLike, matchingLeaf } from "./like-leaves.js";
import type { Site } from "./machine.js";
import { type Mode, type Nested, stageNested } from "./nested.js";
import { type ByWhat, leafName, smoothLeavesOf } from "./smooth.js";
import { tensorOf, varOf } from "./tensors.js";
import { mapStaged } from "./trees.js";
import { arrayOf, type TensorValue, UNDEFINED, type Value } from "./values.js";
import { auxOf, likeResults } from "./wanted.js";

/** A function staged on all leaves of its arguments. */
export interface Point {
  readonly by: ByWhat;
  readonly primals: readonly Value[];
  readonly leaves: readonly TensorValue[];
  /** Its program, and the value that is differentiated. */
  readonly staged: Nested;
  /** What else it returns, as a tree with its leaves, which are the program's last results; null without `hasAux`. */
  readonly extra: { readonly tree: Value; readonly leaves: readonly TensorValue[] } | null;
}
export interface Linear extends Point {
  readonly parts: Linearized;
}

/** Each tree with its share of the leaves, in order. */
const refill = (site: Site, trees: readonly Value[], leaves: readonly Value[]): readonly Value[] => {
  let next = 0;
  return trees.map((tree) => mapStaged(site, tree, () => leaves[next++] ?? UNDEFINED));
};

export const stagePoint = (
  site: Site,
  kind: string,
  fn: Value,
  primals: readonly Value[],
  mode: Mode,
  hasAux: boolean,
): Point => {
  const by: ByWhat = { kind, fn, chooses: false };
  const leaves = primals.flatMap((tree, k) => smoothLeavesOf(site, by, tree, k));
  const all = stageNested(
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
  const aux = auxOf(site, all.out, hasAux, kind);
  if (aux === null) return { by, primals, leaves, staged: all, extra: null };
  let count = 0;
  mapStaged(site, aux.value, (leaf) => {
    count++;
    return leaf;
  });
  const staged = { fn: all.fn, out: aux.value, leaves: all.leaves.slice(0, count) };
  return { by, primals, leaves, staged, extra: { tree: aux.extra, leaves: all.leaves.slice(count) } };
};

/** The function with no derivative in its results from `from` on. */
const withConstants = (fn: IrFunction, from: number): IrFunction => {
  if (from === fn.results.length) return fn;
  const b = createBuilder();
  const values = b.inline(
    fn,
    fn.params.map((p) => b.param(p.type)),
  );
  return b.finish(
    fn.name,
    values.map((v, k) => (k < from || !isFloat(v.type.dtype) ? v : b.stopGradient(v))),
  );
};

export const linearParts = (point: Point): Linear => {
  const fn = withConstants(point.staged.fn, point.staged.leaves.length);
  const active = fn.params.map(() => true);
  return { ...point, parts: linearizeFunction(fn, active) };
};

/** The results, with what else the function returns, and what the derivative needs of the way to them. */
export const evaluate = (site: Site, { leaves, staged, extra, parts }: Linear) => {
  const values = site.machine.builder.inline(
    parts.primal,
    leaves.map((leaf) => varOf(site, leaf)),
  );
  const count = staged.leaves.length;
  const total = count + (extra?.leaves.length ?? 0);
  return {
    outs: values.slice(0, count),
    extras: extraOf(site, extra, values.slice(count, total)),
    residuals: values.slice(total),
  };
};

/** What else the function returns, as the last entry of a list; nothing without `hasAux`. */
export const extraOf = (site: Site, extra: Point["extra"], vars: readonly Var[]): readonly Value[] =>
  extra === null ? [] : [likeResults(site, extra.tree, extra.leaves, vars)];

/** The value with `vars` for its leaves. */
export const outValue = (site: Site, { staged }: Point, vars: readonly (Var | undefined)[]): Value =>
  likeResults(site, staged.out, staged.leaves, vars);

/** The tangents of the primals, one tree each, as the leaves of all. */
export const tangentVars = (
  site: Site,
  { by, primals, leaves }: Point,
  tangents: readonly Value[],
): readonly Var[] => {
  let next = 0;
  return primals.flatMap((primal, k) => {
    const what = `the tangent of ${leafName(site, by.fn, k)}`;
    const own = leavesLike(site, tangents[k] ?? UNDEFINED, primal, { what, of: "the primal" });
    return own.map((leaf) => matchingLeaf(site, leaf, leaves[next++] ?? leaf, what));
  });
};

/** The tangents of the results, zeros written out; `present` are those that there are. */
export const spreadTangents = (
  site: Site,
  point: Point,
  tangentOuts: readonly boolean[],
  present: readonly Var[],
  outs: readonly Var[],
): Value => {
  let next = 0;
  return outValue(
    site,
    point,
    outs.map((out, k) => (tangentOuts[k] === true ? present[next++] : site.machine.builder.zerosLike(out))),
  );
};

/** The tangent of the result for tangents of the primals. */
export const pushForward = (
  site: Site,
  linear: Linear,
  outs: readonly Var[],
  residuals: readonly Var[],
  tangents: readonly Value[],
): Value => {
  const { parts } = linear;
  const dots = tangentVars(site, linear, tangents);
  const present = site.machine.builder.inline(parts.linear, [...residuals, ...dots]);
  return spreadTangents(site, linear, parts.tangentOuts, present, outs);
};

/** A cotangent for each float result; those of integers are not looked at (null). */
const cotangentVars = (site: Site, ct: Value, { staged }: Point): readonly (Var | null)[] => {
  const what = "the cotangent";
  const leaves = leavesLike(site, ct, staged.out, { what, of: "the result" });
  return staged.leaves.map((like, k) => {
    const leaf = leaves[k];
    return leaf === undefined || !isFloat(like.v.type.dtype) ? null : matchingLeaf(site, leaf, like, what);
  });
};

/** The cotangents of the primals, one tree each. */
export const pullBack = (site: Site, linear: Linear, residuals: readonly Var[], ct: Value): Value => {
  const { builder } = site.machine;
  const { leaves, primals, parts } = linear;
  const seeds = cotangentVars(site, ct, linear).filter((_, k) => parts.tangentOuts[k] === true);
  const cts = transposeInto(builder, parts.linear, residuals, seeds);
  const values = leaves.map((leaf, k) =>
    tensorOf(site, cts[k] ?? builder.zerosLike(leaf.v), { weak: leaf.weak, hostArray: leaf.hostArray }),
  );
  return arrayOf(refill(site, primals, values));
};
