/** Axes of vmap beside the trees that they belong to: a number or null stands for all leaves below it. */
import { TscJitError } from "../diagnostics.js";
import { describe } from "./describe.js";
import { openHost } from "./hosts.js";
import { refuse, type Site } from "./machine.js";
import type { AxesSpec } from "./registry.js";
import { type FunctionNode, sourceOf } from "./source.js";
import { constantOf, requireMerged } from "./tensors.js";
import { mapStaged } from "./trees.js";
import type { AnyFunction } from "./types.js";
import { arrayOf, keysOf, objectOf, UNDEFINED, type Value } from "./values.js";

/** What a value is called in messages; asked only where there is one. */
export type Name = () => string;
/** A leaf and the axis that belongs to it. */
export type AtLeaf = (leaf: Value, axis: number | null, what: Name) => Value;

type Axes = AxesSpec | undefined;
const isList = (spec: Axes): spec is readonly AxesSpec[] => Array.isArray(spec);

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const step = (key: string): string => (IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

const countText = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

/**
 * The tree with `f` of each leaf. `of` says whose axes they are ("inAxes"), `what` names the tree in messages. Refuses axes
 * that don't have the tree's structure as far as they go.
 */
export const mapWithAxes = (
  site: Site,
  of: string,
  spec: Axes,
  tree: Value,
  what: Name,
  f: AtLeaf,
): Value => {
  requireMerged(site, tree);
  if (tree.kind === "host") return mapWithAxes(site, of, spec, openHost(site, tree), what, f);
  const inner = (axes: Axes, value: Value, at: string): Value =>
    mapWithAxes(site, of, axes, value, () => `${what()}${at}`, f);
  const list = tree.kind === "array" && tree.held.kind === "list" ? tree.items : null;
  if (spec === undefined)
    return refuse(site, "TSJ3020", `${of} has no entry for ${what()}, which is ${describe(tree)}`);
  if (spec === null || typeof spec === "number") {
    if (tree.kind === "object")
      return objectOf(
        keysOf(tree).map((key) => [key, inner(spec, tree.props.get(key) ?? UNDEFINED, step(key))]),
      );
    if (list !== null && constantOf(tree) === null)
      return arrayOf(list.map((item, k) => inner(spec, item, `[${k}]`)));
    return mapStaged(site, tree, (leaf) => f(leaf, spec, what));
  }
  if (isList(spec)) {
    if (list === null)
      return refuse(site, "TSJ3020", `${of} has an array for ${what()}, which is ${describe(tree)}`);
    if (list.length !== spec.length)
      return refuse(
        site,
        "TSJ3020",
        `${of} has ${countText(spec.length, "entry", "entries")} for ${what()}, which is ${describe(tree)}`,
      );
    return arrayOf(list.map((item, k) => inner(spec[k], item, `[${k}]`)));
  }
  if (tree.kind !== "object")
    return refuse(site, "TSJ3020", `${of} has an object for ${what()}, which is ${describe(tree)}`);
  const keys = keysOf(tree);
  const axes = spec as { readonly [key: string]: AxesSpec };
  const unknown = Object.keys(axes).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    return refuse(
      site,
      "TSJ3020",
      `${of} has an entry for ${what()}${step(unknown)}, but there are only ${keys.join(", ")}`,
    );
  return objectOf(
    keys.map((key) => [
      key,
      inner(Object.hasOwn(axes, key) ? axes[key] : undefined, tree.props.get(key) ?? UNDEFINED, step(key)),
    ]),
  );
};

/** The parameters of a function, where its source is at hand. */
const parametersOf = (fn: Value): FunctionNode["parameters"] | null => {
  if (fn.kind !== "function") return null;
  const { callee } = fn;
  switch (callee.kind) {
    case "closure":
      return callee.node.parameters;
    case "host":
      return parametersOfLive(callee.fn, callee.libraryScript !== null);
    case "transform":
      return parametersOf(callee.fn);
    case "class":
    case "builtin":
      return null;
    default: {
      const never: never = callee;
      return never;
    }
  }
};

/** Null for a function without a source of its own, such as Math.sin. */
const parametersOfLive = (fn: AnyFunction, library: boolean): FunctionNode["parameters"] | null => {
  try {
    const { node } = sourceOf(fn, { library });
    return "parameters" in node ? node.parameters : null;
  } catch (e) {
    if (e instanceof TscJitError) return null;
    throw e;
  }
};

/** What argument k is called in messages: `argument 2 ("y")`. */
export const argumentName = (site: Site, fn: Value, k: number): string => {
  const name = parametersOf(fn)?.[k]?.name;
  return `argument ${k + 1}${name !== undefined && site.machine.ts.isIdentifier(name) ? ` ("${name.text}")` : ""}`;
};
