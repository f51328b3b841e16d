/** What every derivative inside compiled code needs: the arguments to differentiate by, and the function staged on them. */
import { isFloat, typeText, type Var } from "../ir/types.js";
import { describe } from "./describe.js";
import { refuse, type Site } from "./machine.js";
import { type Mode, type Nested, stageNested } from "./nested.js";
import type { Transform } from "./registry.js";
import { tensorOf } from "./tensors.js";
import { mapStaged, stagedLeaves, withLeaves } from "./trees.js";
import { arrayOf, type TensorValue, UNDEFINED, type Value } from "./values.js";

export type Derivative = Extract<Transform, { readonly argnums: number | readonly number[] }>;

/** A function staged on arguments of which some are differentiated by. */
export interface Wanted {
  /** Positions of the arguments to differentiate by, and the leaves of each. */
  readonly positions: readonly number[];
  readonly given: readonly (readonly TensorValue[])[];
  /** Its params are those leaves, in order. */
  readonly staged: Nested;
}

/** Positions to differentiate in, checked; negative ones count from the end. */
const positions = (site: Site, { argnums, kind }: Derivative, count: number): readonly number[] => {
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

/** Stages `fn` with the leaves of the arguments that `argnums` names as params. */
export const stageWanted = (
  site: Site,
  transform: Derivative,
  fn: Value,
  args: readonly Value[],
  mode: Mode,
): Wanted => {
  const { kind } = transform;
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
    mode,
  );
  return { positions: wanted, given, staged };
};

/** What belongs to each argument that is differentiated by, one value per leaf; one argument alone without the list. */
export const likeArguments = (
  site: Site,
  { argnums }: Derivative,
  args: readonly Value[],
  { positions: wanted, given }: Wanted,
  entry: (leaf: TensorValue, k: number) => Value,
): Value => {
  let next = 0;
  const values = wanted.map((k, i) =>
    withLeaves(
      site,
      args[k] ?? UNDEFINED,
      (given[i] ?? []).map((leaf) => entry(leaf, next++)),
    ),
  );
  return typeof argnums === "number" ? (values[0] ?? UNDEFINED) : arrayOf(values);
};

/** A tree with other values for its leaves: `vars`, in order, each as weak as the leaf it stands for. */
export const likeResults = (
  site: Site,
  tree: Value,
  leaves: readonly TensorValue[],
  vars: readonly (Var | undefined)[],
): Value => {
  let k = 0;
  return mapStaged(site, tree, (leaf) => {
    const v = vars[k];
    const weak = leaves[k++]?.weak ?? false;
    return v === undefined ? leaf : tensorOf(site, v, { weak });
  });
};

/** `[value, extra]` of a function with auxiliary results; null without them. */
export const auxOf = (
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
