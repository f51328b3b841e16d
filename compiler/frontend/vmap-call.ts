/** vmap of a function inside compiled code. */
import { vmapFunction } from "../../autodiff/vmap.js";
import { describe } from "./describe.js";
import { refuse, type Site } from "./machine.js";
import { stageNested } from "./nested.js";
import type { AxesSpec, Transform } from "./registry.js";
import { lift, tensorOf, varOf } from "./tensors.js";
import { mapStaged } from "./trees.js";
import { keysOf, type TensorValue, type Value } from "./values.js";

type Vmap = Transform & { readonly kind: "vmap" };

/** The axis of each leaf of a tree, in order; a number or null stands for a whole subtree. */
const axesOf = (
  site: Site,
  spec: AxesSpec | undefined,
  tree: Value,
  what: string,
): readonly (number | null)[] => {
  if (spec === undefined) return refuse(site, "TSJ3020", `${what} has no entry for every argument`);
  if (spec === null || typeof spec === "number") {
    const axes: (number | null)[] = [];
    mapStaged(site, tree, (leaf) => {
      axes.push(spec);
      return leaf;
    });
    return axes;
  }
  if (tree.kind === "array" && Array.isArray(spec))
    return tree.items.flatMap((item, k) => axesOf(site, (spec as readonly AxesSpec[])[k], item, what));
  if (tree.kind === "object" && !Array.isArray(spec))
    return keysOf(tree).flatMap((key) =>
      axesOf(site, (spec as { readonly [key: string]: AxesSpec })[key], tree.props.get(key) ?? tree, what),
    );
  return refuse(site, "TSJ3020", `${what} does not have the structure of ${describe(tree)}`);
};

/** Axis `axis` to the front, the others in order. */
const toFront = (axis: number, rank: number): readonly number[] => [
  axis,
  ...Array.from({ length: rank }, (_, k) => k).filter((k) => k !== axis),
];

const normalize = (site: Site, axis: number, leaf: TensorValue, what: string): number => {
  const rank = leaf.v.type.shape.length;
  const k = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(k) && k >= 0 && k < rank) return k;
  return refuse(
    site,
    "TSJ3020",
    `vmap over axis ${axis} of ${what}, which is ${describe(leaf)}`,
    "null leaves an argument unmapped",
  );
};

const countText = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export const vmapCall = (site: Site, { inAxes, outAxes }: Vmap, fn: Value, args: readonly Value[]): Value => {
  const { builder } = site.machine;
  const specs = Array.isArray(inAxes) ? (inAxes as readonly AxesSpec[]) : args.map(() => inAxes);
  if (specs.length !== args.length)
    return refuse(
      site,
      "TSJ3020",
      `inAxes has ${countText(specs.length, "entry", "entries")}, the call has ${countText(args.length, "argument", "arguments")}`,
    );
  let size: { readonly n: number; readonly what: string } | null = null;
  const fronts: { readonly leaf: TensorValue; readonly front: TensorValue }[] = [];
  const staged = stageNested(site, fn, (param) =>
    args.map((arg, k) => {
      const axes = axesOf(site, specs[k], arg, "inAxes");
      let at = 0;
      return mapStaged(site, arg, (value) => {
        const axis = axes[at++] ?? null;
        if (axis === null) return value;
        const what = `argument ${k + 1}`;
        const leaf = lift(site, value, what);
        const from = normalize(site, axis, leaf, what);
        const { shape, dtype } = leaf.v.type;
        const n = shape[from] ?? 0;
        if (size !== null && size.n !== n)
          refuse(
            site,
            "TSJ3020",
            `vmap maps over axes of different sizes: ${size.n} in ${size.what} and ${n} in ${what}`,
          );
        size ??= { n, what };
        const v = builder.transpose(varOf(site, leaf), toFront(from, shape.length));
        fronts.push({ leaf, front: { ...leaf, v, builder } });
        const inner = { dtype, shape: shape.filter((_, i) => i !== from) };
        return param(elementLike(leaf), inner);
      });
    }),
  );
  const batch = size as { readonly n: number } | null;
  if (batch === null)
    return refuse(
      site,
      "TSJ3020",
      "vmap has nothing to map over: every entry of inAxes is null",
      "give at least one argument an axis",
    );
  const ir = vmapFunction(
    staged.fn,
    staged.fn.params.map(() => true),
    batch.n,
  );
  const results = builder.inline(
    ir,
    fronts.map(({ front }) => front.v),
  );
  const axes = axesOf(site, outAxes, staged.out, "outAxes");
  let k = 0;
  return mapStaged(site, staged.out, () => {
    const v = results[k];
    const axis = axes[k++] ?? null;
    if (v === undefined || axis === null)
      return refuse(site, "TSJ3020", "outAxes can't be null: every result is mapped");
    const rank = v.type.shape.length;
    const to = axis < 0 ? axis + rank : axis;
    if (to < 0 || to >= rank)
      return refuse(site, "TSJ3020", `outAxes ${axis} is out of range for a result of rank ${rank}`);
    const perm = Array.from({ length: rank }, (_, i) => (i < to ? i + 1 : i === to ? 0 : i));
    return tensorOf(site, builder.transpose(v, perm));
  });
};

/** One element of a mapped number array is a JavaScript number. */
const elementLike = (leaf: TensorValue): TensorValue => ({
  ...leaf,
  weak: leaf.hostArray && leaf.v.type.dtype === "f64",
});
