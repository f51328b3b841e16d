/**
 * Names of functions. Build tools that rename variables keep the functions' names by `Object.defineProperty(f, "name", ..)`,
 * inside a helper of their own that may be called anything.
 */
import { refuse, type Site } from "./machine.js";
import { type Callee, isStatic, type Value } from "./values.js";

/** Names given after the function was made, by its code or class. */
const given = new WeakMap<object, string>();

const keyOf = (callee: Callee): object | null =>
  callee.kind === "closure" ? callee.node : callee.kind === "class" ? callee.type : null;

const mayName = (callee: Callee | null, name: unknown): boolean =>
  callee?.kind !== "host" || callee.fn.name === name;

/** What `f.name` is. */
export const functionName = (callee: Callee & { readonly kind: "closure" | "class" }): string =>
  given.get(keyOf(callee) ?? callee) ?? (callee.kind === "closure" ? callee.name : callee.type.name);

/**
 * `Object.defineProperty(f, "name", { value })` of a function that is written in the code being staged, or that has the name
 * already: the class of a captured class's static block.
 */
export const defineProperty = (site: Site, args: readonly Value[]): Value => {
  const [target, key, descriptor] = args;
  const to = descriptor?.kind === "object" ? descriptor.props.get("value") : undefined;
  const callee = target?.kind === "function" ? target.callee : null;
  const own = callee === null ? null : callee.kind === "host" ? callee.fn : keyOf(callee);
  const isName = key !== undefined && isStatic(key) && key.value === "name";
  if (
    target === undefined ||
    own === null ||
    !isName ||
    to === undefined ||
    !isStatic(to) ||
    !mayName(callee, to.value)
  )
    return refuse(
      site,
      "TSJ1040",
      "defineProperty is not compiled: it changes an object",
      "assign to the property, or make a new object: { ...object, key: value }",
    );
  if (callee?.kind !== "host") given.set(own, String(to.value));
  return target;
};
