/** Trees of leaves. */
import type { Tree } from "../../frontend/types.js";

export const mapTree = <A, B>(tree: Tree<A>, f: (leaf: A) => B): Tree<B> => {
  switch (tree.kind) {
    case "leaf":
      return { kind: "leaf", leaf: f(tree.leaf) };
    case "array":
      return { kind: "array", items: tree.items.map((t) => mapTree(t, f)) };
    case "object":
      return { kind: "object", keys: tree.keys, fields: tree.fields.map((t) => mapTree(t, f)) };
    default: {
      const never: never = tree;
      return never;
    }
  }
};

export const leaves = <L>(tree: Tree<L>): readonly L[] => {
  const found: L[] = [];
  mapTree(tree, (leaf) => found.push(leaf));
  return found;
};
