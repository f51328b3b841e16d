/** From abstract values back to plain JavaScript: what must be known at compile time. */

import { describe } from "./describe.js";
import { openHost, wrapStatic } from "./hosts.js";
import { NeedStatic, refuse, type Site } from "./machine.js";
import { refuseUnmerged, requireMerged } from "./tensors.js";
import { placeInText } from "./thrown-text.js";
import { arrayOf, keysOf, type Need, objectOf, staticValue, UNDEFINED, type Value } from "./values.js";

/** Whether a value holds nothing staged; functions count as known only if `functions` says so. */
export const isKnown = (site: Site, value: Value, functions = false): boolean => {
  switch (value.kind) {
    case "static":
      return true;
    case "tensor":
    case "unmerged":
      return false;
    case "array":
      return value.held.kind === "list" && value.items.every((item) => isKnown(site, item, functions));
    case "object":
      return [...value.props.values()].every((item) => isKnown(site, item, functions));
    case "host":
      return isOpenable(value.value) && isKnown(site, openHost(site, value), functions);
    case "function":
      return functions && value.callee.kind === "host";
    default: {
      const never: never = value;
      return never;
    }
  }
};

const isOpenable = (value: object): boolean => {
  const proto: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || proto === null || proto === Object.prototype;
};

/** What could be made static to know the value; null if that is not possible. */
export const neededFor = (value: Value): readonly Need[] | null => {
  if (value.kind === "tensor" || value.kind === "unmerged") return value.needs;
  if (value.kind === "array" && value.held.kind === "grown" && value.held.length.value.kind === "tensor")
    return value.held.length.value.needs;
  const parts =
    value.kind === "array" ? value.items : value.kind === "object" ? [...value.props.values()] : [];
  const needs: Need[] = [];
  for (const part of parts) {
    if (part.kind !== "tensor" && part.kind !== "array" && part.kind !== "object") continue;
    const inner = neededFor(part);
    if (inner === null) return null;
    needs.push(...inner);
  }
  return needs;
};

/**
 * The value in plain JavaScript. A staged number argument or captured number is made static by starting again; any other
 * staged value is refused. `what` says what it is needed for.
 */
export const toHost = (site: Site, value: Value, what: string): unknown => {
  switch (value.kind) {
    case "static":
      return value.value;
    case "tensor":
      return needStatic(site, value, what);
    case "unmerged":
      return refuseUnmerged(site, value);
    case "array":
      requireMerged(site, value);
      return value.items.map((item) => toHost(site, item, what));
    case "object":
      return Object.fromEntries(
        keysOf(value).map((key) => [key, toHost(site, value.props.get(key) ?? UNDEFINED, what)]),
      );
    case "host":
      return toHost(site, openHost(site, value), what);
    case "function":
      if (value.callee.kind === "host") return value.callee.fn;
      return refuse(site, "TSJ1102", `${what} can't hold a function written here`);
    default: {
      const never: never = value;
      return never;
    }
  }
};

const STATIC_SOURCES =
  "shapes, axes and bounds may depend on static values and on number arguments, not on the elements of arrays";

/** Starts again with what the value depends on static, or refuses. */
export const needStatic = (site: Site, value: Value, what: string, wayOut = STATIC_SOURCES): never => {
  const needs = neededFor(value);
  if (needs !== null && needs.length > 0) throw new NeedStatic(needs);
  return refuse(
    site,
    "TSJ1102",
    `${what} must be known at compile time, but it is ${describe(value)} that is computed at run time`,
    wayOut,
  );
};

/** A known number. */
export const toNumber = (site: Site, value: Value, what: string): number => {
  const host = toHost(site, value, what);
  return typeof host === "number"
    ? host
    : refuse(site, "TSJ1052", `${what} must be a number, not ${describe(value)}`);
};

/** JavaScript's conversion for `+` with a string and for templates. */
export const toPrimitive = (site: Site, value: Value): unknown => {
  if (value.kind === "static") return value.value;
  if (value.kind === "function") return refuse(site, "TSJ1052", "a function can't be made into text here");
  if (value.kind === "tensor" && site.machine.shown !== null) {
    const place = placeInText(site.machine.shown, value);
    if (place !== null) return place;
  }
  if (value.kind === "tensor")
    return needStatic(site, value, "text", "return the number, and make text of it outside");
  return String(toHost(site, value, "text"));
};

/** The abstract value of what a native call gave: plain arrays and objects can be written to, all else is opaque. */
export const fromHost = (value: unknown, seen = new Map<object, Value>()): Value => {
  if (typeof value !== "object" || value === null) return wrapStatic(value);
  const before = seen.get(value);
  if (before !== undefined) return before;
  if (Array.isArray(value)) {
    const array = arrayOf([]);
    seen.set(value, array);
    for (const item of value) array.items.push(fromHost(item, seen));
    return array;
  }
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== null && proto !== Object.prototype) return staticValue(value);
  const object = objectOf([]);
  seen.set(value, object);
  for (const [key, item] of Object.entries(value)) object.props.set(key, fromHost(item, seen));
  return object;
};
