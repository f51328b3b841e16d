/** Functions over trees: nested arrays and objects with numbers or tensors at the leaves. */
import { fail } from "../../compiler/diagnostics.js";
import { library } from "../library-function.js";
import type { Tensor } from "../types.js";
import { isLeaf } from "./core.js";

/** Tree functions see any nesting; the callers' types say which. */
type Node = unknown;
type LeafFunction = (...leaves: readonly Tensor[]) => Node;
type Fields = Readonly<Record<string, Node>>;

const fieldOf = (tree: Node, name: string): Node => (tree as Fields)[name];

/** A node in words: what decides whether trees fit together. */
const nodeText = (tree: Node): string => {
  if (isLeaf(tree)) return "a number or tensor";
  if (Array.isArray(tree)) return `an array of ${tree.length}`;
  if (typeof tree !== "object" || tree === null) return String(tree);
  return `an object { ${Object.keys(tree).sort().join(", ")} }`;
};

const mapNodes = (f: LeafFunction, trees: readonly Node[]): Node => {
  const first = trees[0];
  const wanted = nodeText(first);
  const odd = trees.find((tree) => nodeText(tree) !== wanted);
  if (odd !== undefined)
    return fail("TSJ4031", "type", `trees differ in structure: ${wanted} and ${nodeText(odd)}`);
  if (isLeaf(first)) return f(...(trees as readonly Tensor[]));
  if (Array.isArray(first))
    return first.map((_, k) =>
      mapNodes(
        f,
        trees.map((t) => (t as readonly Node[])[k]),
      ),
    );
  if (typeof first !== "object" || first === null)
    return fail("TSJ4030", "type", `a tree has numbers or tensors at its leaves, not ${String(first)}`);
  return Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      mapNodes(
        f,
        trees.map((t) => fieldOf(t, name)),
      ),
    ]),
  );
};

/** `f` of the leaves at each place of trees with the same structure as the first. */
export const treeMap: <T>(
  f: (...leaves: readonly Tensor[]) => number,
  tree: T,
  ...rest: readonly unknown[]
) => T = library("tree.map", (f: LeafFunction, ...trees: readonly Node[]) => mapNodes(f, trees)) as <T>(
  f: (...leaves: readonly Tensor[]) => number,
  tree: T,
  ...rest: readonly unknown[]
) => T;

const leavesOf = (tree: Node): readonly Tensor[] => {
  if (isLeaf(tree)) return [tree as Tensor];
  const nodes = Array.isArray(tree) ? tree : Object.values(tree as Fields);
  return nodes.flatMap((node) => leavesOf(node));
};

/** All leaves, depth first, in key order. */
export const treeLeaves: (tree: unknown) => readonly Tensor[] = library("tree.leaves", (tree: Node) =>
  leavesOf(tree),
);
