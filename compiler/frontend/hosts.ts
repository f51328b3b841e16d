/**
 * Captured values. Primitives in bindings that never change are constants, functions are inlined, numbers and arrays found by a
 * path become hidden arguments that are read again at every call, and what decides structure is checked at every call.
 */
import { internal } from "../diagnostics.js";
import { type Machine, refuse, type Site } from "./machine.js";
import { metaOf, namespaceOf, readStaged } from "./registry.js";
import type { AnyFunction, Capture, CaptureAspect, Expectation } from "./types.js";
import {
  type ArrayValue,
  arrayOf,
  type FunctionValue,
  functionOf,
  type HostValue,
  nextSerial,
  type ObjectValue,
  objectOf,
  type Place,
  staticValue,
  type Value,
} from "./values.js";

/** Canonical text of a primitive or a number array, with -0, NaN and bigint told apart. */
export const constantKey = (value: unknown): string => {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name}${constantKey(Array.from(value as Float64Array))}`;
  if (Array.isArray(value)) return `[${value.map(constantKey).join()}]`;
  return typeof value === "symbol" ? value.toString() : String(value);
};

export const placeText = ({ name, path }: Place): string =>
  name + path.map((p) => (typeof p === "number" ? `[${p}]` : `.${p}`)).join("");

const placeKey = (place: Place): string => JSON.stringify([place.fn, place.name, ...place.path]);

/** Index of a function whose source goes into the program. */
export const functionIndex = (machine: Machine, fn: AnyFunction): number => {
  const known = machine.functions.indexOf(fn);
  return known >= 0 ? known : machine.functions.push(fn) - 1;
};

/** Notes a captured value, once; gives its index. */
const record = (
  machine: Machine,
  place: Place,
  expect: Expectation,
  mutable: boolean,
  aspect: CaptureAspect = "value",
): number => {
  const key = `${placeKey(place)} ${aspect}`;
  const known = machine.captureIndex.get(key);
  if (known !== undefined) return known;
  const read = aspect === "value" ? place.read : () => aspectOf(aspect, place.read());
  const capture: Capture = {
    fn: place.fn,
    name: place.name,
    path: place.path,
    aspect,
    expect,
    mutable,
    read,
  };
  const index = machine.captures.push(capture) - 1;
  machine.captureIndex.set(key, index);
  return index;
};

/** What of a captured value decides the program. */
export const aspectOf = (aspect: CaptureAspect, value: unknown): unknown => {
  switch (aspect) {
    case "value":
      return value;
    case "text":
      return constantKey(value);
    case "length":
    case "keys":
      return structureOf(value);
    case "class":
      return classOf(value);
    default: {
      const never: never = aspect;
      return never;
    }
  }
};

/** What of a container decides the program: an array's length, an object's keys. */
const structureOf = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.length
    : typeof value === "object" && value !== null
      ? JSON.stringify(Object.keys(value))
      : value;

/** What truth, `typeof` and `Array.isArray` tell of a value. Methods are captures of their own. */
const classOf = (value: unknown): unknown =>
  typeof value !== "object" || value === null
    ? typeof value
    : Array.isArray(value)
      ? "array"
      : `object ${value.constructor?.name ?? ""}`;

/** The program holds for this very object only: what it compares or finds in two places. */
export const pinIdentity = ({ machine }: Site, { value, place }: HostValue): void => {
  if (place.library === null)
    record(machine, place, { kind: "constant", key: constantKey(value) }, place.mutable);
};

/** A function that is not written in the code being staged. */
export const hostFunction = (
  fn: AnyFunction,
  libraryScript: string | null = null,
  place: Place | null = null,
): FunctionValue => {
  const meta = metaOf(fn);
  if (meta?.kind === "transform")
    return functionOf({ kind: "transform", transform: meta.transform, fn: hostFunction(meta.fn) });
  return functionOf({ kind: "host", fn, libraryScript, place });
};

const isNativeFunction = (fn: AnyFunction): boolean =>
  Function.prototype.toString.call(fn).endsWith("{ [native code] }");

const recordFunction = (machine: Machine, fn: AnyFunction, place: Place): void => {
  const meta = metaOf(fn);
  const expect: Expectation =
    meta !== undefined && meta.kind !== "transform"
      ? { kind: "registered", id: meta.id }
      : meta === undefined && isNativeFunction(fn)
        ? { kind: "registered", id: `native ${fn.name}` }
        : { kind: "function", fn: functionIndex(machine, fn) };
  record(machine, place, expect, place.mutable);
};

/** A value read natively that never changes: a member of Math, of a registered namespace. */
export const wrapStatic = (value: unknown): Value =>
  typeof value === "function" ? hostFunction(value) : staticValue(value);

/** The abstract value of a captured one. `libraryScript`: the script of the library whose code reads it. */
export const wrapHost = (site: Site, value: unknown, place: Place, libraryScript = place.library): Value => {
  const { machine } = site;
  if (typeof value === "function") {
    if (place.library === null) recordFunction(machine, value, place);
    return hostFunction(value, libraryScript, place);
  }
  if (typeof value === "number" && (place.library !== null || place.path.length === 0)) {
    if (place.library === null)
      record(machine, place, { kind: "constant", key: constantKey(value) }, place.mutable);
    return staticValue(value);
  }
  if (typeof value !== "number" && (typeof value !== "object" || value === null)) {
    if (place.library === null)
      record(machine, place, { kind: "constant", key: constantKey(value) }, place.mutable);
    return staticValue(value);
  }
  if (typeof value === "object" && value !== null) {
    const namespace = namespaceOf(value);
    if (namespace !== undefined) {
      if (place.library === null)
        record(machine, place, { kind: "registered", id: namespace }, place.mutable);
      return staticValue(value);
    }
    if (value instanceof RegExp || BUILTIN_OBJECTS.has(value)) {
      const text = constantKey(constantKey(value));
      if (place.library === null)
        record(machine, place, { kind: "constant", key: text }, place.mutable, "text");
      return staticValue(value);
    }
  }
  const staged =
    place.library !== null && (typeof value !== "object" || Array.isArray(value)) ? null : readStaged(value);
  if (staged !== null && !(Array.isArray(value) && value.length === 0))
    return hidden(site, value, place, staged);
  if (typeof value !== "object" || value === null) return internal(`no abstract value for ${String(value)}`);
  const host: HostValue = { kind: "host", value, place };
  const known = machine.hosts.get(value);
  if (known === undefined) {
    machine.hosts.set(value, host);
    if (place.library === null)
      record(machine, place, { kind: "constant", key: constantKey(classOf(value)) }, place.mutable, "class");
    return host;
  }
  if (known.kind === "host" && placeKey(known.place) !== placeKey(place)) {
    pinIdentity(site, known);
    pinIdentity(site, host);
  }
  return known;
};

export const BUILTIN_OBJECTS: ReadonlySet<unknown> = new Set([Math, JSON, Reflect, console, globalThis]);

type StagedAs = NonNullable<ReturnType<typeof readStaged>>;

/** Largest captured array that may become part of the program's text when its numbers are needed at compile time. */
const MAX_STATIC_ELEMENTS = 4096;

/** A hidden argument; static if an earlier attempt found that its value is needed. */
const hidden = (site: Site, value: unknown, place: Place, staged: StagedAs): Value => {
  const { machine } = site;
  const key = placeKey(place);
  if (machine.statics.has(key)) {
    record(machine, place, { kind: "constant", key: constantKey(constantKey(value)) }, true, "text");
    return staticNumbers(value);
  }
  const known = machine.hidden.get(key);
  const { type, weak, hostArray, store } = staged;
  const input = known ?? {
    capture: record(machine, place, { kind: "staged", type, weak, hostArray, store }, true),
    v: machine.root.param(type),
    type,
  };
  machine.hidden.set(key, input);
  const small = type.shape.reduce((n, d) => n * d, 1) <= MAX_STATIC_ELEMENTS;
  const canBeStatic = small && (typeof value === "number" || Array.isArray(value));
  return {
    kind: "tensor",
    v: input.v,
    weak,
    hostArray,
    needs: canBeStatic ? [{ kind: "capture", key }] : null,
    origin: {
      label: `captured \`${placeText(place)}\` is ${type.dtype}[${type.shape.join(", ")}]`,
      span: null,
    },
    builder: machine.root,
    fixed: "captured",
    born: nextSerial(),
    mayBe: [],
    store,
    holes: false,
    view: null,
    replaced: [],
  };
};

const staticNumbers = (value: unknown): Value =>
  Array.isArray(value) ? arrayOf(value.map(staticNumbers), "captured") : staticValue(value);

/** A property of what is at `place`. */
export const below = (place: Place, key: string | number): Place => ({
  ...place,
  path: [...place.path, key],
  mutable: true,
  read: () => {
    const parent = place.read() as Readonly<Record<string | number, unknown>> | null | undefined;
    return parent?.[key];
  },
});

/** A property of a captured object. */
export const hostMember = (site: Site, host: HostValue, key: string | number): Value => {
  const { value, place } = host;
  if (Array.isArray(value) && key === "length") {
    structure(site, host);
    return staticValue(value.length);
  }
  const member: unknown = (value as Readonly<Record<string | number, unknown>>)[key];
  return wrapHost(site, member, below(place, key));
};

/** Whether an object is an ES module's namespace. */
const namespaceModule = (value: object): boolean =>
  (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === "Module";

const structure = ({ machine }: Site, { value, place }: HostValue): void => {
  if (place.library !== null) return;
  record(
    machine,
    place,
    { kind: "constant", key: constantKey(structureOf(value)) },
    true,
    Array.isArray(value) ? "length" : "keys",
  );
};

const isPlain = (value: object): boolean => {
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === null || proto === Object.prototype || namespaceModule(value);
};

const opened = new WeakMap<HostValue, ArrayValue | ObjectValue>();

/** A captured array or plain object with all its members; its structure is checked at every call. */
export const openHost = (site: Site, host: HostValue): ArrayValue | ObjectValue => {
  const before = opened.get(host);
  if (before !== undefined) return before;
  const { value } = host;
  if (!Array.isArray(value) && !isPlain(value))
    return refuse(
      site,
      "TSJ1011",
      `the captured \`${placeText(host.place)}\` is an instance of ${value.constructor?.name ?? "a class"}, which can't be looked into`,
      "capture or pass the numbers and arrays that the function needs",
    );
  structure(site, host);
  const result = Array.isArray(value)
    ? arrayOf(
        value.map((_, k) => hostMember(site, host, k)),
        "captured",
      )
    : objectOf(
        Object.keys(value).map((key) => [key, hostMember(site, host, key)] as const),
        "captured",
      );
  opened.set(host, result);
  return result;
};
