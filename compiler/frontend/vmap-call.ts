/** vmap of a function inside compiled code. */
import { vmapKeeping } from "../../autodiff/vmap.js";
import { internal } from "../diagnostics.js";
import type { Var } from "../ir/types.js";
import { withBatch } from "../ops/batching.js";
import { describe } from "./describe.js";
import { refuse, type Site } from "./machine.js";
import { stageNested } from "./nested.js";
import type { AxesSpec, Transform } from "./registry.js";
import { lift, tensorOf, varOf } from "./tensors.js";
import type { TensorValue, Value } from "./values.js";
import { argumentName, mapWithAxes, type Name } from "./vmap-axes.js";

type Vmap = Transform & { readonly kind: "vmap" };

/** Axis `axis` to the front, the others in order. */
const toFront = (axis: number, rank: number): readonly number[] => [
  axis,
  ...Array.from({ length: rank }, (_, k) => k).filter((k) => k !== axis),
];

const normalize = (site: Site, axis: number, leaf: TensorValue, what: Name): number => {
  const rank = leaf.v.type.shape.length;
  const k = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(k) && k >= 0 && k < rank) return k;
  return refuse(
    site,
    "TSJ3020",
    `vmap over axis ${axis} of ${what()}, which is ${describe(leaf)}`,
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
  let size: { readonly n: number; readonly what: Name } | null = null;
  const fronts: Var[] = [];
  const staged = stageNested(site, fn, (param) =>
    args.map((arg, k) => {
      const name: Name = () => argumentName(site, fn, k);
      return mapWithAxes(site, "inAxes", specs[k], arg, name, (value, axis, what) => {
        if (axis === null) return value;
        const leaf = lift(site, value, what());
        const from = normalize(site, axis, leaf, what);
        const { shape, dtype } = leaf.v.type;
        const n = shape[from] ?? 0;
        if (size !== null && size.n !== n)
          refuse(
            site,
            "TSJ3020",
            `vmap maps over axes of different sizes: ${size.n} in ${size.what()} and ${n} in ${what()}`,
          );
        size ??= { n, what };
        fronts.push(builder.transpose(varOf(site, leaf), toFront(from, shape.length)));
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
      "vmap has nothing to map over: every entry of inAxes is null, or belongs to an argument without numbers",
      "give at least one argument an axis",
    );
  const { fn: ir, batched } = vmapKeeping(
    staged.fn,
    staged.fn.params.map(() => true),
    batch.n,
  );
  const results = builder.inline(ir, fronts);
  let k = 0;
  return mapWithAxes(
    site,
    "outAxes",
    outAxes,
    staged.out,
    () => "the result",
    (leaf, axis, what) => {
      const like = staged.leaves[k];
      const v = results[k];
      const own = batched[k++];
      if (v === undefined || like === undefined) return internal(`vmap lacks a result for ${describe(leaf)}`);
      if (axis === null) {
        if (own !== true) return tensorOf(site, v, { weak: like.weak, hostArray: like.hostArray });
        return refuse(
          site,
          "TSJ3020",
          `outAxes has null for ${what()}, which differs from example to example`,
          "null keeps one value for all examples: give a mapped result an axis",
        );
      }
      return tensorOf(site, intoAxis(site, withBatch(builder, v, own, batch.n), axis, what));
    },
  );
};

/** Axis 0 of a result to `axis` of the mapped result. */
const intoAxis = (site: Site, v: Var, axis: number, what: Name): Var => {
  const rank = v.type.shape.length;
  const to = axis < 0 ? axis + rank : axis;
  if (to < 0 || to >= rank)
    return refuse(
      site,
      "TSJ3020",
      `outAxes has ${axis} for ${what()}, of which the mapped form has ${countText(rank, "axis", "axes")}`,
    );
  const perm = Array.from({ length: rank }, (_, i) => (i < to ? i + 1 : i === to ? 0 : i));
  return site.machine.builder.transpose(v, perm);
};

/** One element of a mapped number array is a JavaScript number. */
const elementLike = (leaf: TensorValue): TensorValue => ({
  ...leaf,
  weak: leaf.hostArray && leaf.v.type.dtype === "f64",
});
