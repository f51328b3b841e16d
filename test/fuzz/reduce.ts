/** Makes a failing program smaller: by leaving parts out and by putting parts in the place of what they are part of. */
import type { Program } from "./program.js";

type Tree = null | boolean | number | string | readonly Tree[] | { readonly [key: string]: Tree };
type Path = readonly (string | number)[];

const childrenOf = (tree: Tree): readonly (readonly [string | number, Tree])[] =>
  Array.isArray(tree)
    ? tree.map((item: Tree, k) => [k, item] as const)
    : typeof tree === "object" && tree !== null
      ? Object.entries(tree)
      : [];

const replaceAt = (tree: Tree, path: Path, by: (old: Tree) => Tree): Tree => {
  const [step, ...rest] = path;
  if (step === undefined) return by(tree);
  if (Array.isArray(tree))
    return tree.map((item: Tree, k) => (k === step ? replaceAt(item, rest, by) : item));
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree).map(([key, item]) => [key, key === step ? replaceAt(item, rest, by) : item]),
  );
};

const isNode = (tree: Tree): boolean => typeof tree === "object" && tree !== null && "kind" in tree;

/** Smaller trees; those in which whole lists and statements are missing come first. */
function* smaller(tree: Tree): Generator<Tree> {
  const places: { readonly path: Path; readonly tree: Tree }[] = [];
  const collect = (at: Tree, path: Path): void => {
    places.push({ path, tree: at });
    for (const [key, child] of childrenOf(at)) collect(child, [...path, key]);
  };
  collect(tree, []);
  places.sort((a, b) => a.path.length - b.path.length);
  for (const { path, tree: at } of places) {
    if (!Array.isArray(at) || at.length === 0) continue;
    for (let n = at.length; n >= 1; n = Math.floor(n / 2))
      for (let k = 0; k < at.length; k += n)
        yield replaceAt(tree, path, () => at.filter((_: Tree, j: number) => j < k || j >= k + n));
    // a block's statements in the place of the statement that holds it
    for (let k = 0; k < at.length; k++)
      for (const [, child] of childrenOf(at[k] ?? null))
        if (Array.isArray(child) && child.length > 0 && child.every(isNode))
          yield replaceAt(tree, path, () => [...at.slice(0, k), ...child, ...at.slice(k + 1)]);
  }
  for (const { path, tree: at } of places) {
    if (!isNode(at)) continue;
    yield replaceAt(tree, path, () => ({ kind: "literal", value: 1, at: 0 }));
    yield replaceAt(tree, path, () => ({ kind: "variable", pick: 0 }));
    for (const [, child] of childrenOf(at)) if (isNode(child)) yield replaceAt(tree, path, () => child);
  }
}

/**
 * The smallest program found that `fails` still, in at most `most` tries. Some of the trees that are tried are no programs:
 * `fails` must be false for them.
 */
export const reduceProgram = (
  program: Program,
  fails: (smaller: Program) => boolean,
  most: number,
): Program => {
  let best = program;
  let tries = 0;
  const seen = new Set<string>([JSON.stringify(best)]);
  for (let again = true; again; ) {
    again = false;
    // A program is a tree of records, lists and numbers; what is no program any more does not fail.
    for (const candidate of smaller(best as unknown as Tree)) {
      const key = JSON.stringify(candidate);
      if (seen.has(key)) continue;
      seen.add(key);
      if (tries++ >= most) return best;
      const next = candidate as unknown as Program;
      if (!fails(next)) continue;
      best = next;
      again = true;
      break;
    }
  }
  return best;
};
