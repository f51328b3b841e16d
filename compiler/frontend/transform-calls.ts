/** jvp and vjp inside compiled code. */
import { jvpFunction } from "../../autodiff/jvp.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { isFloat, sameShape, typeText, type Var } from "../ir/types.js";
import { iterate } from "./iterate.js";
import { refuse, type Site } from "./machine.js";
import { stageNested } from "./nested.js";
import { tensorOf, varOf } from "./tensors.js";
import { mapStaged, stagedLeaves } from "./trees.js";
import { arrayOf, builtin, type TensorValue, UNDEFINED, type Value } from "./values.js";

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

/** Tangents or cotangents in the types of what they belong to. */
const matching = (
  site: Site,
  trees: readonly Value[],
  like: readonly TensorValue[],
  what: string,
): readonly Var[] => {
  const leaves = trees.flatMap((tree) => stagedLeaves(site, tree, what));
  if (leaves.length !== like.length)
    refuse(site, "TSJ3013", `${what} must have ${like.length} leaves, it has ${leaves.length}`);
  return leaves.map((leaf, k) => {
    const wanted = like[k] ?? leaf;
    const v = varOf(site, leaf);
    if (
      !sameShape(v.type.shape, wanted.v.type.shape) ||
      !isFloat(v.type.dtype) ||
      (!leaf.weak && v.type.dtype !== wanted.v.type.dtype)
    )
      refuse(site, "TSJ3013", `${what} must be ${typeText(wanted.v.type)}, not ${typeText(v.type)}`);
    return site.machine.builder.cast(v, wanted.v.type.dtype);
  });
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
  const staged = stageNested(site, fn, (param) =>
    refill(
      site,
      given,
      leaves.map((leaf) => param(leaf, leaf.v.type)),
    ),
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

/** vjp(fn, ...primals): [out, (cotangent of out) => cotangents of the primals, one each]. */
export const vjpCall = (site: Site, [fn = UNDEFINED, ...primals]: readonly Value[]): Value => {
  const { builder } = site.machine;
  const leaves = floatLeaves(site, primals, "an argument of vjp");
  const vars = leaves.map((leaf) => varOf(site, leaf));
  const staged = stageNested(
    site,
    fn,
    (param) =>
      refill(
        site,
        primals,
        leaves.map((leaf) => param(leaf, leaf.v.type)),
      ),
    true,
  );
  const outs = builder.inline(staged.fn, vars);
  const pullback = builtin("pullback", ([ct = UNDEFINED], at) => {
    const floats = staged.leaves.filter((leaf) => isFloat(leaf.v.type.dtype));
    const all = matchingFloats(at, ct, staged.leaves);
    const ir = vjpFunction(
      staged.fn,
      staged.fn.params.map(() => true),
    ).fn;
    const results = at.machine.builder.inline(ir, [...vars, ...all.slice(0, floats.length)]);
    const cts = results.slice(staged.leaves.length);
    const values = leaves.map((leaf, k) =>
      tensorOf(at, cts[k] ?? leaf.v, { weak: leaf.weak, hostArray: leaf.hostArray }),
    );
    return arrayOf(refill(at, primals, values));
  });
  return arrayOf([outValue(site, staged.out, staged.leaves, outs), pullback]);
};

/** Cotangents of the float results; those of integers are not looked at. */
const matchingFloats = (site: Site, ct: Value, like: readonly TensorValue[]): readonly Var[] => {
  const leaves = stagedLeaves(site, ct, "the cotangent");
  if (leaves.length !== like.length)
    refuse(
      site,
      "TSJ3013",
      `the cotangent must have ${like.length} leaves like the result, it has ${leaves.length}`,
    );
  const pairs = leaves.flatMap((leaf, k) => {
    const wanted = like[k];
    return wanted !== undefined && isFloat(wanted.v.type.dtype) ? [{ leaf, wanted }] : [];
  });
  return matching(
    site,
    pairs.map((p) => p.leaf),
    pairs.map((p) => p.wanted),
    "the cotangent",
  );
};
