/** Reading and writing properties. */

import { arrayMethod } from "./arrays.js";
import { callValue } from "./calls.js";
import { below, hostFunction, hostMember, openHost, placeText, wrapHost, wrapStatic } from "./hosts.js";
import { refuse, type Site } from "./machine.js";
import { namespaceOf, tensorMethod } from "./registry.js";
import { needStatic } from "./reify.js";
import { numberMember, tensorIndex, tensorMember } from "./tensor-members.js";
import { builtin, describe, type Fixed, isStatic, staticValue, UNDEFINED, type Value } from "./values.js";

const INDEX = /^(?:0|[1-9]\d*)$/;

/** Array methods that change the array. */
const MUTATING: ReadonlySet<string> = new Set([
  "push",
  "pop",
  "shift",
  "unshift",
  "splice",
  "sort",
  "reverse",
  "fill",
  "copyWithin",
]);

/** A property key as JavaScript has it: a number for array indices, else a string. */
const keyOf = (site: Site, key: Value, what: string): string | number => {
  if (!isStatic(key)) return needStatic(site, key, what);
  const { value } = key;
  if (typeof value === "number") return value;
  if (typeof value === "string") return INDEX.test(value) ? Number(value) : value;
  if (typeof value === "symbol") return refuse(site, "TSJ1041", "symbols as property keys are not compiled");
  return String(value);
};

/** `object[key]`; `object.key` has the name as a static key. */
export const getMember = (site: Site, object: Value, key: Value): Value => {
  if (object.kind === "tensor") {
    const { value } = isStatic(key) ? key : { value: null };
    if (object.fixed !== null && typeof value === "string" && MUTATING.has(value))
      return refuseFixed(site, object.fixed, "an element");
    return typeof value === "string" && !INDEX.test(value)
      ? tensorMember(site, object, value)
      : tensorIndex(site, object, key);
  }
  const name = keyOf(site, key, "an index into a JavaScript array");
  switch (object.kind) {
    case "static":
      return staticMember(site, object.value, name, object);
    case "array":
      if (typeof name === "number") return object.items[name] ?? UNDEFINED;
      return name === "length" ? staticValue(object.items.length) : arrayMethod(site, object, name);
    case "object":
      return object.props.get(String(name)) ?? objectMember(site, object, String(name));
    case "host": {
      const isMethod = Array.isArray(object.value) && typeof name === "string" && name !== "length";
      return isMethod ? getMember(site, openHost(site, object), key) : hostMember(site, object, name);
    }
    case "function":
      return functionMember(site, object, String(name));
    default: {
      const never: never = object;
      return never;
    }
  }
};

const objectMember = (site: Site, object: Value & { readonly kind: "object" }, name: string): Value => {
  if (name === "hasOwnProperty")
    return builtin(name, ([key = UNDEFINED]) =>
      staticValue(isStatic(key) && object.props.has(String(key.value))),
    );
  return name in Object.prototype
    ? refuse(site, "TSJ1041", `\`${name}\`, which every object inherits, is not compiled`)
    : UNDEFINED;
};

const functionMember = (site: Site, object: Value & { readonly kind: "function" }, name: string): Value => {
  const { callee } = object;
  if (callee.kind === "host") return hostFunctionMember(site, object, name);
  if (name === "name") return staticValue(callee.kind === "transform" ? "" : callee.name);
  return refuse(site, "TSJ1041", `the property \`${name}\` of a function is not compiled`);
};

const hostFunctionMember = (
  site: Site,
  object: Value & { readonly kind: "function" },
  name: string,
): Value => {
  const { callee } = object;
  if (callee.kind !== "host") return UNDEFINED;
  if (name === "call")
    return builtin("call", ([self = UNDEFINED, ...args], at) => callValue(at, object, args, self));
  const { fn, place } = callee;
  const value: unknown = (fn as unknown as Readonly<Record<string, unknown>>)[name];
  const own = Object.getOwnPropertyDescriptor(fn, name);
  // Members of the language's own constructors (Number.EPSILON, Array.from) never change.
  if (own === undefined || own.writable === false || place === null) {
    if (own === undefined || own.writable === false || typeof value === "function") return wrapStatic(value);
    return refuse(site, "TSJ1041", `the property \`${name}\` of a function is not compiled`);
  }
  return wrapHost(site, value, below(place, name));
};

/** Members of primitives and of the language's own objects. */
const staticMember = (site: Site, value: unknown, name: string | number, whole: Value): Value => {
  if (value === undefined || value === null)
    return refuse(
      site,
      "TSJ1051",
      `the property \`${name}\` of ${value} is read here`,
      "JavaScript throws a TypeError here",
    );
  if (typeof value === "number") {
    const member = numberMember(String(name));
    if (member !== null) return member;
    const method = tensorMethod(String(name));
    if (method !== undefined && !(String(name) in Number.prototype))
      return builtin(String(name), (args, at) => callValue(at, hostFunction(method), [whole, ...args]));
  }
  const member: unknown = (Object(value) as Readonly<Record<string | number, unknown>>)[name];
  if (member === undefined && typeof value === "object" && namespaceOf(value) !== undefined)
    return refuse(site, "TSJ1041", `${namespaceOf(value)} has no \`${name}\``);
  return wrapStatic(member);
};

const refuseFixed = (site: Site, fixed: NonNullable<Fixed>, what: string): never =>
  fixed === "argument"
    ? refuse(
        site,
        "TSJ1020",
        `${what} of an argument is written to: compiled functions leave their arguments as they are`,
        "make a copy and return it: { ...object, key: value }, array.with(i, value)",
      )
    : refuse(
        site,
        "TSJ1021",
        `${what} of a captured value is written to: compiled functions change nothing outside`,
        "return the new value instead",
      );

/** `object[key] = value`. */
export const setMember = (site: Site, object: Value, key: Value, value: Value): undefined => {
  switch (object.kind) {
    case "tensor":
      if (object.fixed !== null) return refuseFixed(site, object.fixed, "an element");
      return refuse(
        site,
        "TSJ1042",
        "writing to an element of a staged array is not compiled yet",
        "build the array with np.where, np.stack or np.concatenate instead",
      );
    case "array": {
      if (object.fixed !== null) return refuseFixed(site, object.fixed, "an element");
      const name = keyOf(site, key, "an index into a JavaScript array");
      if (name === "length" && isStatic(value) && typeof value.value === "number") {
        while (object.items.length > value.value) object.items.pop();
        while (object.items.length < value.value) object.items.push(UNDEFINED);
        return;
      }
      if (typeof name !== "number" || !Number.isInteger(name) || name < 0)
        return refuse(site, "TSJ1131", `\`${name}\` is no index of an array`);
      while (object.items.length < name) object.items.push(UNDEFINED);
      object.items[name] = value;
      return;
    }
    case "object":
      if (object.fixed !== null) return refuseFixed(site, object.fixed, `property \`${describeKey(key)}\``);
      object.props.set(String(keyOf(site, key, "a property key")), value);
      return;
    case "host":
      return refuse(
        site,
        "TSJ1021",
        `the captured \`${placeText(object.place)}\` is written to: compiled functions change nothing outside`,
        "return the new value instead",
      );
    case "static":
    case "function":
      return refuse(
        site,
        "TSJ1040",
        `a property of ${describe(object)} can't be written to in compiled code`,
      );
    default: {
      const never: never = object;
      return never;
    }
  }
};

const describeKey = (key: Value): string => (isStatic(key) ? String(key.value) : "?");

/** `delete object[key]`. */
export const deleteMember = (site: Site, object: Value, key: Value): undefined => {
  if (object.kind !== "object")
    return refuse(site, "TSJ1040", `\`delete\` on ${describe(object)} is not compiled`);
  if (object.fixed !== null) return refuseFixed(site, object.fixed, `property \`${describeKey(key)}\``);
  object.props.delete(String(keyOf(site, key, "a property key")));
};

/** `key in object`. */
export const hasMember = (site: Site, object: Value, key: Value): boolean => {
  const name = keyOf(site, key, "a property key");
  if (object.kind === "object") return object.props.has(String(name)) || name in Object.prototype;
  if (object.kind === "array") return typeof name === "number" ? name < object.items.length : name in [];
  if (object.kind === "host") return hasMember(site, openHost(site, object), key);
  if (object.kind === "static" && typeof object.value === "object" && object.value !== null)
    return name in object.value;
  return refuse(site, "TSJ1040", `\`in\` on ${describe(object)} is not compiled`);
};
