/** Trees of abstract values: nested arrays and objects with numbers and staged values at the leaves. */

import { openHost } from "./hosts.js";
import type { Site } from "./machine.js";
import { settled } from "./settled.js";
import { constantOf, isLeaf, lift, refuseUnmerged, requireMerged } from "./tensors.js";
import {
  arrayOf,
  keysOf,
  objectOf,
  type StaticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";

/** A leaf: a staged value, or a static one. */
export type Leaf = TensorValue | StaticValue;

/** `f` at each leaf, in an equal structure. */
export const mapLeaves = (site: Site, tree: Value, f: (leaf: Leaf) => Value): Value => {
  requireMerged(site, tree);
  switch (tree.kind) {
    case "static":
    case "tensor":
      return f(tree);
    case "array":
      if (tree.held.kind === "grown") return mapLeaves(site, settled(site, tree), f);
      if (tree.held.kind === "staged") return f(tree.held.rows);
      return arrayOf(tree.items.map((item) => mapLeaves(site, item, f)));
    case "object":
      return objectOf(
        keysOf(tree).map((key) => [key, mapLeaves(site, tree.props.get(key) ?? UNDEFINED, f)] as const),
      );
    case "host":
      return mapLeaves(site, openHost(site, tree), f);
    case "unmerged":
      return refuseUnmerged(site, tree);
    case "function":
      return tree;
    default: {
      const never: never = tree;
      return never;
    }
  }
};

/** The leaves that are numbers or arrays, as staged values; a regular array of plain numbers is one leaf. */
export const stagedLeaves = (site: Site, tree: Value, what: string): readonly TensorValue[] => {
  const leaves: TensorValue[] = [];
  mapStaged(site, tree, (leaf) => {
    leaves.push(lift(site, leaf, what));
    return leaf;
  });
  return leaves;
};

/** How a program writes the way to a field: `.w`, `["a b"]`, `[2]`. */
export const stepText = (step: string | number): string =>
  typeof step === "number" ? `[${step}]` : IDENTIFIER.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * Like mapLeaves for numbers, booleans and arrays only: what else is static stays as it is. `f` is told the way to the leaf,
 * as `stepText` writes it.
 */
export const mapStaged = (
  site: Site,
  tree: Value,
  f: (leaf: Value, path: string) => Value,
  path = "",
): Value => {
  requireMerged(site, tree);
  if (tree.kind === "array" && tree.held.kind === "grown")
    return mapStaged(site, settled(site, tree), f, path);
  if (tree.kind === "array" && tree.held.kind === "staged") return f(tree.held.rows, path);
  if (tree.kind === "array" && tree.items.length > 0 && constantOf(tree) !== null) return f(tree, path);
  switch (tree.kind) {
    case "static":
      return isLeaf(tree) ? f(tree, path) : tree;
    case "tensor":
      return f(tree, path);
    case "array":
      return arrayOf(tree.items.map((item, k) => mapStaged(site, item, f, path + stepText(k))));
    case "object":
      return objectOf(
        keysOf(tree).map(
          (key) => [key, mapStaged(site, tree.props.get(key) ?? UNDEFINED, f, path + stepText(key))] as const,
        ),
      );
    case "host":
      return mapStaged(site, openHost(site, tree), f, path);
    case "unmerged":
      return refuseUnmerged(site, tree);
    case "function":
      return tree;
    default: {
      const never: never = tree;
      return never;
    }
  }
};

/** The same structure with other values for its staged leaves, in order. */
export const withLeaves = (site: Site, tree: Value, leaves: readonly Value[]): Value => {
  let k = 0;
  return mapStaged(site, tree, () => leaves[k++] ?? UNDEFINED);
};
