/** Reading properties: elements, fields, methods, and what `in` and keys mean. */
import { arrayMethod } from "./arrays.js";
import { callValue } from "./calls.js";
import { describe } from "./describe.js";
import { narrowed } from "./facts.js";
import { growFor } from "./growth.js";
import { below, hostFunction, hostMember, openHost, wrapHost, wrapStatic } from "./hosts.js";
import { iterate } from "./iterate.js";
import { refuse, type Site } from "./machine.js";
import { maybeOf, requirePresent } from "./maybe.js";
import { functionName } from "./names.js";
import { readField } from "./records.js";
import { namespaceOf, tensorMethod } from "./registry.js";
import { needStatic } from "./reify.js";
import { itemAt, tryStageRows } from "./staged-arrays.js";
import { numberMember, tensorIndex, tensorMember } from "./tensor-members.js";
import { refuseMoved, refuseUnmerged, requireMerged } from "./tensors.js";
import {
  type ArrayValue,
  builtin,
  type ClassValue,
  type FunctionValue,
  functionOf,
  isNullish,
  isStatic,
  lengthOf,
  memberOf,
  type ObjectValue,
  staticValue,
  UNDEFINED,
  type Value,
} from "./values.js";

const INDEX = /^(?:0|[1-9]\d*)$/;

const isArrayLike = (object: Value): boolean =>
  object.kind === "array" || (object.kind === "host" && Array.isArray(object.value));

/** A key that must be known: only elements of one kind can be reached by a number that is computed. */
const needKey = (site: Site, key: Value, object: Value): never =>
  isArrayLike(object)
    ? needStatic(
        site,
        key,
        "the index of an array whose elements are not numbers of one kind, or rows of them of one length,",
        "keep what is indexed at run time in arrays of numbers: one array for each field",
      )
    : needStatic(
        site,
        key,
        "the name of a property",
        "keep what is looked up at run time in an array of numbers: it can be indexed by a computed number",
      );

/** A property key as JavaScript has it: a number for array indices, else a string. */
export const keyOf = (site: Site, key: Value, object: Value): string | number => {
  if (!isStatic(key)) return needKey(site, key, object);
  const { value } = key;
  if (typeof value === "number") return value;
  if (typeof value === "string") return INDEX.test(value) ? Number(value) : value;
  if (typeof value === "symbol")
    return refuse(site, "TSJ1041", "symbols as property keys are not compiled", "use a string as the key");
  return String(value);
};

/** `object[key]`; `object.key` has the name as a static key. */
export const getMember = (site: Site, object: Value, key: Value): Value => {
  if (object.kind === "tensor") {
    const { value } = isStatic(key) ? key : { value: null };
    return typeof value === "string" && !INDEX.test(value)
      ? tensorMember(site, object, value)
      : tensorIndex(site, object, key);
  }
  if (maybeOf(object) === null) requireMerged(site, object);
  if (object.kind === "array" && key.kind === "tensor") {
    if (growFor(site, object, key, null) || tryStageRows(site, object, key.needs))
      return itemAt(site, object, key);
  }
  const name = keyOf(site, key, object);
  switch (object.kind) {
    case "static":
      return staticMember(site, object.value, name, object);
    case "array":
      if (typeof name === "number") return elementOf(site, object, name);
      if (name !== "length") return arrayMethod(site, object, name);
      return object.held.kind === "grown" ? object.held.length.value : staticValue(lengthOf(object));
    case "object":
      if (object.fixed === "moved") return refuseMoved(site);
      return narrowed(
        site,
        readField(site, object, String(name)) ?? objectMember(site, object, String(name)),
      );
    case "host": {
      const isMethod = Array.isArray(object.value) && typeof name === "string" && name !== "length";
      return isMethod ? getMember(site, openHost(site, object), key) : hostMember(site, object, name);
    }
    case "function":
      return functionMember(site, object, String(name));
    case "unmerged": {
      const { maybe } = object;
      if (maybe === undefined) return refuseUnmerged(site, object);
      return getMember(site, requirePresent(site, maybe, `the property \`${name}\``), key);
    }
    default: {
      const never: never = object;
      return never;
    }
  }
};

/** Element `k` of an array; undefined where JavaScript has none. */
const elementOf = (site: Site, array: ArrayValue, k: number): Value => {
  if (array.held.kind === "list") return array.held.list[k] ?? UNDEFINED;
  if (array.held.kind === "grown") return Number.isInteger(k) && k >= 0 ? itemAt(site, array, k) : UNDEFINED;
  return Number.isInteger(k) && k >= 0 && k < lengthOf(array) ? itemAt(site, array, k) : UNDEFINED;
};

const objectMember = (site: Site, object: ObjectValue, name: string): Value => {
  const member = memberOf(object.type, name);
  if (member?.kind === "method") return member.fn;
  if (member?.kind === "accessor")
    return member.get === null ? UNDEFINED : callValue(site, member.get, [], object);
  if (name === "constructor" && object.type !== null && object.type.isLiteral !== true)
    return functionOf({ kind: "class", type: object.type });
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
  if (callee.kind === "class") return staticOf(site, callee.type, object, name);
  if (name === "call" || name === "apply" || name === "bind") return caller(object, name);
  if (name === "name")
    return staticValue(
      callee.kind === "closure" ? functionName(callee) : callee.kind === "builtin" ? callee.name : "",
    );
  return refuse(site, "TSJ1041", `the property \`${name}\` of a function is not compiled`);
};

/** A property of a class, its own or one that it inherits. */
export const staticOf = (site: Site, type: ClassValue, self: Value, name: string): Value => {
  for (let at: ClassValue | null = type; at !== null; at = at.parent) {
    const member = at.staticMembers.get(name);
    if (member?.kind === "accessor")
      return member.get === null ? UNDEFINED : callValue(site, member.get, [], self);
    const value = at.statics.props.get(name);
    if (value !== undefined) return value;
  }
  return name === "name" ? staticValue(functionName({ kind: "class", type })) : UNDEFINED;
};

/** `f.call`, `f.apply` and `f.bind`. */
export const caller = (fn: FunctionValue, name: "call" | "apply" | "bind"): Value =>
  builtin(name, ([self = UNDEFINED, ...args], site) => {
    if (name === "call") return callValue(site, fn, args, self);
    if (name === "bind") return builtin("bound", (more, at) => callValue(at, fn, [...args, ...more], self));
    const [list = UNDEFINED] = args;
    return callValue(site, fn, isNullish(list) ? [] : iterate(site, list), self);
  });

const hostFunctionMember = (
  site: Site,
  object: Value & { readonly kind: "function" },
  name: string,
): Value => {
  const { callee } = object;
  if (callee.kind !== "host") return UNDEFINED;
  const { fn, place } = callee;
  if ((name === "call" || name === "apply" || name === "bind") && fn[name] === Function.prototype[name])
    return caller(object, name);
  const value: unknown = (fn as unknown as Readonly<Record<string, unknown>>)[name];
  const own = Object.getOwnPropertyDescriptor(fn, name);
  // Members of the language's own constructors (Number.EPSILON, Array.from) never change.
  const isInherited = own === undefined && !(name in Function.prototype) && value !== undefined;
  if ((own === undefined && !isInherited) || own?.writable === false || place === null) {
    if (own === undefined || own.writable === false || typeof value === "function") return wrapStatic(value);
    return refuse(site, "TSJ1041", `the property \`${name}\` of a function is not compiled`);
  }
  return wrapHost(site, value, below(place, name));
};

/** Members of primitives and of the language's own objects. */
const staticMember = (site: Site, value: unknown, name: string | number, whole: Value): Value => {
  if (value === undefined || value === null)
    return refuse(site, "TSJ1051", `the property \`${name}\` of ${value} is read here`, null);
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

/** `key in object`. */
export const hasMember = (site: Site, object: Value, key: Value): boolean => {
  const name = keyOf(site, key, object);
  requireMerged(site, object);
  if (object.kind === "object") return object.props.has(String(name)) || name in Object.prototype;
  if (object.kind === "array") return typeof name === "number" ? name < lengthOf(object) : name in [];
  if (object.kind === "host") return hasMember(site, openHost(site, object), key);
  if (object.kind === "static" && typeof object.value === "object" && object.value !== null)
    return name in object.value;
  return refuse(site, "TSJ1040", `\`in\` on ${describe(object)} is not compiled`);
};
