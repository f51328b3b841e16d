/** Writing and deleting properties, and what must not be written to. */
import { callValue } from "./calls.js";
import { nativeBaseOf } from "./classes.js";
import { describe } from "./describe.js";
import { truncate } from "./grown.js";
import { growFor } from "./growth.js";
import { placeText } from "./hosts.js";
import { touch } from "./journal.js";
import { refuse, type Site } from "./machine.js";
import { keyOf } from "./members.js";
import { recordsApart, setField } from "./records.js";
import { setItem, tryStageRows } from "./staged-arrays.js";
import { setElement } from "./tensor-members.js";
import { refuseMoved, refuseUnmerged } from "./tensors.js";
import {
  type ArrayValue,
  type ClassValue,
  type Fixed,
  isStatic,
  lengthOf,
  memberOf,
  type ObjectValue,
  staticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";

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
