/** grad, valueAndGrad, vmap and jit of a function inside compiled code: the callee is staged, transformed and inlined. */
import { gradFunction, valueAndGradFunction } from "../../autodiff/grad.js";
import { isFloat, typeText } from "../ir/types.js";
import { callValue } from "./calls.js";
import { refuse, type Site } from "./machine.js";
import { stageNested } from "./nested.js";
import type { Transform } from "./registry.js";
import { tensorOf, varOf } from "./tensors.js";
import { mapStaged, stagedLeaves, withLeaves } from "./trees.js";
import { arrayOf, describe, type TensorValue, UNDEFINED, type Value } from "./values.js";
import { vmapCall } from "./vmap-call.js";

type GradTransform = Transform & { readonly kind: "grad" | "valueAndGrad" };

/** Calls a transformed function. */
export const applyTransform = (
  site: Site,
  transform: Transform,
  fn: Value,
  args: readonly Value[],
): Value => {
  switch (transform.kind) {
    case "jit":
      return callValue(site, fn, args);
    case "grad":
    case "valueAndGrad":
      return gradCall(site, transform, fn, args);
    case "vmap":
      return vmapCall(site, transform, fn, args);
    default: {
      const never: never = transform;
      return never;
    }
  }
};

/** Positions to differentiate in, checked; negative ones count from the end. */
const positions = (site: Site, { argnums, kind }: GradTransform, count: number): readonly number[] => {
  const list = typeof argnums === "number" ? [argnums] : argnums;
  return list.map((n) => {
    const k = n < 0 ? n + count : n;
    if (Number.isInteger(k) && k >= 0 && k < count) return k;
    return refuse(
      site,
      "TSJ3010",
      `argnums ${n} of ${kind} names no argument: the call has ${count}`,
      "argnums counts from 0",
    );
  });
};

const requireFloat = (site: Site, leaf: TensorValue, kind: string, k: number): void => {
  if (isFloat(leaf.v.type.dtype)) return;
  refuse(
    site,
    "TSJ3012",
    `${kind} can't differentiate by argument ${k + 1}: it holds ${typeText(leaf.v.type)}, and only f32 and f64 vary smoothly`,
    "choose other arguments with argnums, or cast this one to f32",
  );
};

/** Gradients with the structure of the arguments; aux results are handed through. */
const gradCall = (site: Site, transform: GradTransform, fn: Value, args: readonly Value[]): Value => {
  const { kind, argnums, hasAux } = transform;
  const { builder } = site.machine;
  const wanted = positions(site, transform, args.length);
  const given = wanted.map((k) => {
    const leaves = stagedLeaves(site, args[k] ?? UNDEFINED, `argument ${k + 1} of ${kind}`);
    for (const leaf of leaves) requireFloat(site, leaf, kind, k);
    if (leaves.length === 0)
      refuse(
        site,
        "TSJ3012",
        `${kind} can't differentiate by argument ${k + 1}: it is ${describe(args[k] ?? UNDEFINED)}`,
      );
    return leaves;
  });
  const staged = stageNested(
    site,
    fn,
    (param) => {
      const inner = wanted.map((k, i) =>
        withLeaves(
          site,
          args[k] ?? UNDEFINED,
          (given[i] ?? []).map((leaf) => param(leaf, leaf.v.type)),
        ),
      );
      return args.map((arg, k) => inner[wanted.lastIndexOf(k)] ?? arg);
    },
    true,
  );
  const aux = auxOf(site, staged.out, hasAux, kind);
  if (aux === null && staged.leaves.length !== 1)
    refuse(
      site,
      "TSJ3011",
      `${kind} needs a function that returns one number, this one returns ${describe(staged.out)}`,
      "return [value, extra] and pass { hasAux: true } to hand extra results through",
    );
  const flags = staged.fn.params.map(() => true);
  const options = { aux: staged.leaves.length - 1 };
  const vars = given.flat().map((leaf) => varOf(site, leaf));
  const isGrad = kind === "grad";
  const ir = isGrad
    ? gradFunction(staged.fn, flags, options)
    : valueAndGradFunction(staged.fn, flags, options);
  const results = builder.inline(ir, vars);
  const gradVars = isGrad ? results.slice(0, vars.length) : results.slice(options.aux + 1);
  const valueVars = isGrad ? results.slice(vars.length) : results.slice(0, options.aux + 1);
  let next = 0;
  const grads = wanted.map((k, i) =>
    withLeaves(
      site,
      args[k] ?? UNDEFINED,
      (given[i] ?? []).map((leaf) =>
        tensorOf(site, gradVars[next++] ?? leaf.v, { weak: leaf.weak, hostArray: leaf.hostArray }),
      ),
    ),
  );
  const grad = typeof argnums === "number" ? (grads[0] ?? UNDEFINED) : arrayOf(grads);
  const primals = staged.leaves.map((leaf, k) => ({ like: leaf, v: valueVars[isGrad ? k - 1 : k] }));
  let leafIndex = isGrad ? 1 : 0;
  const rebuild = (tree: Value): Value =>
    mapStaged(site, tree, (leaf) => {
      const entry = primals[leafIndex++];
      const weak = entry?.like.weak ?? false;
      return entry?.v === undefined ? leaf : tensorOf(site, entry.v, { weak });
    });
  if (isGrad) return aux === null ? grad : arrayOf([grad, rebuild(aux.extra)]);
  const value = rebuild(aux === null ? staged.out : aux.value);
  return arrayOf([aux === null ? value : arrayOf([value, rebuild(aux.extra)]), grad]);
};

/** `[value, extra]` of a function with auxiliary results; null without them. */
const auxOf = (
  site: Site,
  out: Value,
  hasAux: boolean,
  kind: string,
): { readonly value: Value; readonly extra: Value } | null => {
  if (!hasAux) return null;
  if (out.kind === "array" && out.items.length === 2)
    return { value: out.items[0] ?? UNDEFINED, extra: out.items[1] ?? UNDEFINED };
  return refuse(
    site,
    "TSJ3011",
    `${kind} with hasAux needs a function that returns [value, extra], this one returns ${describe(out)}`,
  );
};
