/** What every derivative inside compiled code needs: the arguments to differentiate by, and the function staged on them. */
import type { Var } from "../ir/types.js";
import { describe } from "./describe.js";
import { refuse, type Site } from "./machine.js";
import { type Mode, type Nested, stageNested } from "./nested.js";
import type { Transform } from "./registry.js";
import { leafName, smoothLeavesOf } from "./smooth.js";
import { tensorOf } from "./tensors.js";
import { mapStaged, withLeaves } from "./trees.js";
import { arrayOf, type TensorValue, UNDEFINED, type Value } from "./values.js";

export type Derivative = Extract<Transform, { readonly argnums: number | readonly number[] }>;

/** What messages call it. */
export const titleOf = ({ kind, title }: Derivative): string => title ?? kind;

/** A function staged on arguments of which some are differentiated by. */
export interface Wanted {
  /** Positions of the arguments to differentiate by, and the leaves of each. */
  readonly positions: readonly number[];
  readonly given: readonly (readonly TensorValue[])[];
  /** Its params are those leaves, in order. */
  readonly staged: Nested;
}

/** Positions to differentiate in, checked; negative ones count from the end. */
const positions = (site: Site, transform: Derivative, count: number): readonly number[] => {
  const { argnums } = transform;
  const kind = titleOf(transform);
  const list = typeof argnums === "number" ? [argnums] : argnums;
  const found = list.map((n) => {
    const k = n < 0 ? n + count : n;
    if (Number.isInteger(k) && k >= 0 && k < count) return k;
    const has = count === 1 ? "one argument" : `${count} arguments`;
    return refuse(
      site,
      "TSJ3010",
      `argnums ${n} of ${kind} names no argument: the call has ${has}`,
      "argnums counts from 0, and from the last as -1",
    );
  });
  const twice = found.findIndex((k, i) => found.indexOf(k) < i);
  if (twice >= 0)
    refuse(
      site,
      "TSJ3010",
      `argnums of ${kind} names argument ${(found[twice] ?? 0) + 1} twice: ${list.join(", ")}`,
    );
  return found;
};

/** Stages `fn` with the leaves of the arguments that `argnums` names as params. */
export const stageWanted = (
  site: Site,
  transform: Derivative,
  fn: Value,
  args: readonly Value[],
  mode: Mode,
): Wanted => {
  const kind = titleOf(transform);
  const wanted = positions(site, transform, args.length);
  const given = wanted.map((k) => {
    const arg = args[k] ?? UNDEFINED;
    const leaves = smoothLeavesOf(site, { kind, fn, chooses: true }, arg, k);
    if (leaves.length === 0)
      refuse(
        site,
        "TSJ3012",
        `${kind} can't differentiate by ${leafName(site, fn, k)}: it is ${describe(arg)}${arg.kind === "object" ? " without numbers" : ""}`,
        "name other arguments: { argnums: ... }",
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
