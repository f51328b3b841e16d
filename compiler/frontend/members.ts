/** Reading and writing properties. */

import { arrayMethod } from "./arrays.js";
import { callValue } from "./calls.js";
import { nativeBaseOf } from "./classes.js";
import { narrowed } from "./facts.js";
import { truncate } from "./grown.js";
import { growFor } from "./growth.js";
import { below, hostFunction, hostMember, openHost, placeText, wrapHost, wrapStatic } from "./hosts.js";
import { iterate } from "./iterate.js";
import { touch } from "./journal.js";
import { refuse, type Site } from "./machine.js";
import { maybeOf, requirePresent } from "./maybe.js";
import { functionName } from "./names.js";
import { readField, recordsApart, setField } from "./records.js";
import { namespaceOf, tensorMethod } from "./registry.js";
import { needStatic } from "./reify.js";
import { itemAt, setItem, tryStageRows } from "./staged-arrays.js";
import { numberMember, setElement, tensorIndex, tensorMember } from "./tensor-members.js";
import { refuseMoved, refuseUnmerged, requireMerged } from "./tensors.js";
import {
  type ArrayValue,
  builtin,
  type ClassValue,
  describe,
  type Fixed,
  type FunctionValue,
  functionOf,
  isNullish,
  isStatic,
  lengthOf,
  memberOf,
  type ObjectValue,
  staticValue,
  type TensorValue,
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
const keyOf = (site: Site, key: Value, object: Value): string | number => {
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

/** Runs a setter; false where there is none. */
const setAccessor = (site: Site, object: ObjectValue, name: string, value: Value): boolean => {
  const member = object.props.has(name) ? null : memberOf(object.type, name);
  // The name of an error can be set, and is its own from then on.
  if (member?.kind !== "accessor" || (member.set === null && nativeBaseOf(object.type) !== null))
    return false;
  if (member.set === null)
    return refuse(
      site,
      "TSJ1022",
      `\`${name}\` has a getter only`,
      "give it a setter, or write to the field behind it",
    );
  callValue(site, member.set, [value], object);
  return true;
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

/** `Class.name = value`: runs an inherited setter, else sets a property of the class itself. */
const setStatic = (site: Site, type: ClassValue, self: Value, name: string, value: Value): undefined => {
  for (let at: ClassValue | null = type; at !== null; at = at.parent) {
    const member = at.staticMembers.get(name);
    if (member?.kind === "accessor") {
      if (member.set === null) return refuse(site, "TSJ1022", `\`${name}\` has a getter only`);
      callValue(site, member.set, [value], self);
      return;
    }
    if (at.statics.props.has(name)) break;
  }
  return setMember(site, type.statics, staticValue(name), value);
};

/** `f.call`, `f.apply` and `f.bind`. */
const caller = (fn: FunctionValue, name: "call" | "apply" | "bind"): Value =>
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

export const refuseFixed = (site: Site, fixed: NonNullable<Fixed>, what: string): never => {
  switch (fixed) {
    case "argument":
      return refuse(
        site,
        "TSJ1020",
        `${what} of an argument is written to: compiled functions leave their arguments as they are`,
        "make a copy and return it: { ...object, key: value }, x.slice(), array.with(i, value)",
      );
    case "captured":
      return refuse(
        site,
        "TSJ1021",
        `${what} of a captured value is written to: compiled functions change nothing outside`,
        "return the new value instead",
      );
    case "merged":
      return refuse(
        site,
        "TSJ1023",
        `${what} is written to of what may be one of several objects: which one is known only at run time`,
        "write to each on its own path, or copy: x.slice(), { ...object }",
      );
    case "moved":
      return refuseMoved(site);
    case "frozen":
      return refuse(
        site,
        "TSJ1022",
        `${what} of a frozen object is written to`,
        "JavaScript throws a TypeError here: leave out Object.freeze, or make a copy: { ...object, key: value }",
      );
    default: {
      const never: never = fixed;
      return never;
    }
  }
};

/** Refuses a write to an array that is not this function's; one of the caller's must be returned. */
export const requireWritable = (site: Site, array: TensorValue): void => {
  if (array.fixed === null) return;
  const root = array.view?.base ?? array;
  const { owned } = site.machine;
  if (array.fixed !== "argument" || !owned.has(root)) {
    refuseFixed(site, array.fixed, "an element");
    return;
  }
  if (owned.get(root) === null) owned.set(root, site);
};

/** `object[key] = value`. */
export const setMember = (site: Site, object: Value, key: Value, value: Value): undefined => {
  switch (object.kind) {
    case "tensor":
      requireWritable(site, object);
      return setElement(site, object, key, value);
    case "array": {
      if (object.fixed !== null) return refuseFixed(site, object.fixed, "an element");
      if (object.spoilt !== null) return refuseUnmerged(site, object.spoilt);
      claimAll(site, object);
      if (
        key.kind === "tensor" &&
        (growFor(site, object, key, value) || tryStageRows(site, object, key.needs))
      )
        return setItem(site, object, key, value);
      const name = keyOf(site, key, object);
      if (name === "length" && isStatic(value) && typeof value.value === "number") {
        if (object.held.kind === "grown") return truncate(site, object, value);
        touch(site.machine, object);
        while (object.items.length > value.value) object.items.pop();
        while (object.items.length < value.value) object.items.push(UNDEFINED);
        return;
      }
      if (typeof name !== "number" || !Number.isInteger(name) || name < 0)
        return refuse(site, "TSJ1131", `\`${name}\` is no index of an array`);
      const { held } = object;
      if (held.kind === "grown" && (held.length.base !== null || name <= held.length.offset))
        return setItem(site, object, name, value);
      if (held.kind !== "list" && held.kind !== "grown" && name < lengthOf(object))
        return setItem(site, object, name, value);
      touch(site.machine, object);
      while (object.items.length < name) object.items.push(UNDEFINED);
      object.items[name] = value;
      return;
    }
    case "object":
      if (object.fixed !== null) return refuseFixed(site, object.fixed, `property \`${describeKey(key)}\``);
      if (object.spoilt !== null) return refuseUnmerged(site, object.spoilt);
      if (setAccessor(site, object, String(isStatic(key) ? key.value : ""), value)) return;
      claimAll(site, object);
      if (object.row !== null) return setField(site, object, String(keyOf(site, key, object)), value);
      touch(site.machine, object);
      object.props.set(String(keyOf(site, key, object)), value);
      return;
    case "host":
      return refuse(
        site,
        "TSJ1021",
        `the captured \`${placeText(object.place)}\` is written to: compiled functions change nothing outside`,
        "return the new value instead",
      );
    case "unmerged":
      return refuseUnmerged(site, object);
    case "function":
      if (object.callee.kind === "class" && object.callee.type.live === null)
        return setStatic(site, object.callee.type, object, String(keyOf(site, key, object)), value);
      return refuse(
        site,
        object.callee.kind === "host" ? "TSJ1021" : "TSJ1040",
        `a property of ${describe(object)} can't be written to in compiled code`,
        "keep it in a plain object that the function makes",
      );
    case "static":
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

/** Ends the use of the objects that this one may be. */
export const claimAll = (site: Site, value: ArrayValue | ObjectValue): void => {
  for (const other of value.mayBe) {
    if (other.fixed !== "moved") site.machine.moves++;
    other.fixed = "moved";
  }
};

const describeKey = (key: Value): string => (isStatic(key) ? String(key.value) : "?");

/** `delete object[key]`. */
export const deleteMember = (site: Site, object: Value, key: Value): undefined => {
  if (object.kind !== "object")
    return refuse(site, "TSJ1040", `\`delete\` on ${describe(object)} is not compiled`);
  if (object.fixed !== null) return refuseFixed(site, object.fixed, `property \`${describeKey(key)}\``);
  if (object.row !== null)
    return refuse(
      site,
      "TSJ1042",
      "a field of an object in an array is deleted",
      "set it to a number instead",
    );
  if (object.row !== null) {
    recordsApart(site);
    return refuse(
      site,
      "TSJ1042",
      "a field of an object in an array is deleted",
      "set it to a number instead",
    );
  }
  touch(site.machine, object);
  object.props.delete(String(keyOf(site, key, object)));
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
