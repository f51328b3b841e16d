/**
 * What a call's arguments look like to the compiler: their leaves, and a canonical text of everything about them that
 * decides the program (structure, dtypes, shapes, static values) and nothing else.
 */
import { fail } from "../compiler/diagnostics.js";
import { metaOf } from "../compiler/frontend/registry.js";
import type { AnyFunction, ArgLeaf, StaticNumbers, Store, Tree } from "../compiler/frontend/types.js";
import type { Shape, TensorType } from "../compiler/ir/types.js";
import { isNumber, readNested } from "./nested.js";
import { isTensor, isWeak } from "./tensor.js";
import { dtypeOfTyped, isTypedArray } from "./tensor-data.js";
import type { Tensor, TypedArray } from "./types.js";

/** A nested array of numbers, read. */
export interface HostArray {
  readonly shape: Shape;
  readonly elements: readonly number[];
}

/** The value of a staged leaf. */
export type HostLeaf = number | Tensor | TypedArray | HostArray;

export interface Signature {
  readonly key: string;
  /** Staged leaves in order. */
  readonly leaves: readonly HostLeaf[];
  /** Every staged leaf is a plain number. */
  readonly plain: boolean;
}

/** Where a leaf is: `argument 1 ("w").layers[0]`. */
type Path = readonly (string | number)[];

export interface ArgumentNames {
  /** Name of parameter `k`, or null where it has none of its own. */
  readonly at: (k: number) => string | null;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Parameter names as far as the source's first parentheses show them: good enough for messages. */
export const parameterNames = (fn: AnyFunction): ArgumentNames => {
  let names: readonly string[] | null = null;
  const read = (): readonly string[] => {
    const text = Function.prototype.toString.call(fn);
    const single = /^(?:async\s+)?([A-Za-z_$][\w$]*)\s*=>/.exec(text);
    if (single !== null) return [single[1] ?? ""];
    const open = text.indexOf("(");
    const parts: string[] = [];
    let depth = 0;
    let from = open + 1;
    for (let k = open; k >= 0 && k < text.length; k++) {
      const c = text[k] ?? "";
      if ("([{".includes(c)) depth++;
      const closes = ")]}".includes(c);
      if (closes) depth--;
      if ((c === "," && depth === 1) || (closes && depth === 0)) {
        parts.push(text.slice(from, k));
        from = k + 1;
      }
      if (closes && depth === 0) break;
    }
    return parts.map((p) => p.split(/[=:?]/)[0]?.trim() ?? "");
  };
  return {
    at: (k) => {
      names ??= read();
      const name = names[k] ?? "";
      return IDENTIFIER.test(name) ? name : null;
    },
  };
};

/** Text of a path whose first step is the argument's index. */
export const pathText = (path: Path, names: ArgumentNames): string => {
  const [first, ...rest] = path;
  const name = names.at(Number(first));
  const head = `argument ${Number(first) + 1}${name === null ? "" : ` ("${name}")`}`;
  const steps = rest.map((step) =>
    typeof step === "number" ? `[${step}]` : IDENTIFIER.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
  );
  return head + steps.join("");
};

const functionIds = new WeakMap<AnyFunction, number>();
let functionCount = 0;

/** A function by identity; those of the library have stable names, so that a program with them can be kept on disk. */
const functionKey = (fn: AnyFunction): string => {
  const meta = metaOf(fn);
  if (meta !== undefined && meta.kind !== "transform") return `fn:${meta.id}`;
  let id = functionIds.get(fn);
  if (id === undefined) {
    id = functionCount++;
    functionIds.set(fn, id);
  }
  return `fn#${id}`;
};

/** Whether a key names a function that only this process knows. */
export const isProcessBound = (key: string): boolean => key.includes("fn#");

const isFunction = (x: unknown): x is AnyFunction => typeof x === "function";

/** A plain object, or an instance of a class that adds nothing to its fields (no methods, no accessors). */
const isRecord = (x: object): boolean => {
  for (let proto: unknown = Object.getPrototypeOf(x); ; ) {
    if (proto === null || typeof proto !== "object") return true;
    const own = Reflect.ownKeys(proto);
    const above: unknown = Object.getPrototypeOf(proto);
    if (above === null && own.includes("hasOwnProperty")) return true; // Object.prototype, of any realm
    if (own.some((key) => key !== "constructor")) return false;
    proto = above;
  }
};

const fieldsOf = (x: object): Readonly<Record<string, unknown>> => x as Readonly<Record<string, unknown>>;

const refuse = (value: unknown, path: Path, names: ArgumentNames): never => {
  const what =
    typeof value === "object" && value !== null
      ? `an instance of ${value.constructor?.name ?? "a class"}`
      : `a ${typeof value}`;
  const hint =
    typeof value === "bigint"
      ? "convert it with Number()"
      : value instanceof Promise
        ? "await it first"
        : value instanceof ArrayBuffer
          ? "pass a typed array over it"
          : "compiled functions take numbers, tensors, typed arrays, nested arrays, plain objects, strings and booleans";
  return fail("TSJ5040", "type", `${pathText(path, names)} is ${what}, which compiled code cannot take`, {
    hint,
  });
};

/** How a value is taken apart: what both the key and the tree of the arguments are made from. */
export interface Visitor<T> {
  readonly staged: (
    leaf: HostLeaf,
    type: TensorType,
    weak: boolean,
    hostArray: boolean,
    store: Store | null,
  ) => T;
  readonly constant: (value: unknown, key: string) => T;
  readonly array: (items: readonly T[]) => T;
  readonly object: (keys: readonly string[], fields: readonly T[]) => T;
}

const SCALAR: TensorType = { dtype: "f64", shape: [] };

const visit = <T>(
  value: unknown,
  path: (string | number)[],
  names: ArgumentNames,
  v: Visitor<T>,
  within: Set<object>,
): T => {
  switch (typeof value) {
    case "number":
      return v.staged(value, SCALAR, true, false, null);
    case "string":
      return v.constant(value, JSON.stringify(value));
    case "boolean":
    case "undefined":
      return v.constant(value, String(value));
    case "bigint":
    case "symbol":
      return refuse(value, path, names);
    case "function":
      return isFunction(value) ? v.constant(value, functionKey(value)) : refuse(value, path, names);
    case "object":
      break;
  }
  if (value === null) return v.constant(null, "null");
  if (isTensor(value)) return v.staged(value, value, isWeak(value), false, null);
  if (ArrayBuffer.isView(value)) {
    const dtype = dtypeOfTyped(value);
    if (dtype === null || !isTypedArray(value)) return refuse(value, path, names);
    return v.staged(value, { dtype, shape: [value.length] }, false, true, storeOf(value));
  }
  if (within.has(value))
    return fail("TSJ5041", "type", `${pathText(path, names)} contains itself`, {
      hint: "pass only the part with the numbers",
    });
  if (Array.isArray(value)) {
    const nested = readNested(value, isNumber, pathText(path, names));
    if (nested !== null) return v.staged(nested, { dtype: "f64", shape: nested.shape }, false, true, null);
  } else if (!isRecord(value)) return refuse(value, path, names);
  within.add(value);
  const keys = Object.keys(value);
  const children: T[] = [];
  const steps = Array.isArray(value) ? value.keys() : keys;
  for (const step of steps) {
    path.push(step);
    children.push(visit(fieldsOf(value)[step], path, names, v, within));
    path.pop();
  }
  within.delete(value);
  return Array.isArray(value) ? v.array(children) : v.object(keys, children);
};

/** Takes argument `index` apart. */
export const visitArgument = <T>(arg: unknown, index: number, names: ArgumentNames, v: Visitor<T>): T =>
  visit(arg, [index], names, v, new Set());

/** The kind of a typed array. */
const storeOf = (x: TypedArray): Store => {
  if (x instanceof Float32Array) return "f32";
  if (x instanceof Float64Array) return "f64";
  if (x instanceof Uint32Array) return "u32";
  if (x instanceof Int8Array) return "i8";
  if (x instanceof Uint8Array) return "u8";
  if (x instanceof Uint8ClampedArray) return "u8c";
  if (x instanceof Int16Array) return "i16";
  return x instanceof Uint16Array ? "u16" : "i32";
};

const stagedKey = (type: TensorType, hostArray: boolean, store: Store | null): string =>
  `${type.dtype}[${type.shape.join(",")}]${store ?? (hostArray ? "h" : "")}`;

/** The memory of the caller's arrays, one entry per place where an array stands. */
const memoryOf = (x: unknown, found: object[], within: Set<object> = new Set()): void => {
  if (typeof x !== "object" || x === null || isTensor(x) || within.has(x)) return;
  if (ArrayBuffer.isView(x)) found.push(x.buffer);
  else if (Array.isArray(x) && x.every(isNumber)) found.push(x);
  else {
    within.add(x);
    for (const item of Object.values(x)) memoryOf(item, found, within);
    within.delete(x);
  }
};

/** Whether two arguments are, or hold, one array: a write through one name would be seen through the other. */
const isShared = (args: readonly unknown[]): boolean => {
  const found: object[] = [];
  for (const arg of args) memoryOf(arg, found);
  return new Set(found).size < found.length;
};

/** Whether a value is, or holds, an array that the arguments hold as well. */
export const sharesMemory = (args: readonly unknown[], value: unknown): boolean => {
  const own: object[] = [];
  memoryOf(value, own);
  const given: object[] = [];
  for (const arg of args) memoryOf(arg, given);
  return own.some((memory) => given.includes(memory));
};

/** The signature of a call. Throws a diagnostic that names the argument where one can't be taken. */
export const signatureOf = (args: readonly unknown[], names: ArgumentNames): Signature => {
  const leaves: HostLeaf[] = [];
  let plain = true;
  let hostArrays = 0;
  const visitor: Visitor<string> = {
    staged: (leaf, type, weak, hostArray, store) => {
      leaves.push(leaf);
      if (typeof leaf === "number") return "n";
      plain = false;
      if (hostArray) hostArrays++;
      return `${stagedKey(type, hostArray, store)}${weak ? "w" : ""}`;
    },
    constant: (_, key) => key,
    array: (items) => `(${items.join()})`,
    object: (keys, fields) => `{${keys.map((k, i) => `${JSON.stringify(k)}:${fields[i]}`).join()}}`,
  };
  const within = new Set<object>();
  const key = args.map((arg, k) => visit(arg, [k], names, visitor, within)).join(";");
  return { key: hostArrays > 1 && isShared(args) ? `${key} shared` : key, leaves, plain };
};

/** Number arrays up to this size may be needed as static values: shapes, axes. */
const MAX_STATIC_ELEMENTS = 64;

/** What the front end may make static: a number, or the numbers of a small array. */
const staticNumbers = (leaf: HostLeaf): StaticNumbers | null => {
  if (typeof leaf === "number") return leaf;
  if (!("elements" in leaf) || leaf.elements.length > MAX_STATIC_ELEMENTS) return null;
  const { shape, elements } = leaf;
  const build = (axis: number, offset: number, count: number): StaticNumbers => {
    const n = shape[axis];
    if (n === undefined) return elements[offset] ?? Number.NaN;
    const inner = n === 0 ? 0 : count / n;
    return Array.from({ length: n }, (_, k) => build(axis + 1, offset + k * inner, inner));
  };
  return build(0, 0, elements.length);
};

/** Whether two static leaves are the same number or array of numbers. */
export const sameStatic = (a: HostLeaf | undefined, b: HostLeaf | undefined): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !("elements" in a) || !("elements" in b))
    return false;
  return a.shape.join() === b.shape.join() && a.elements.every((x, k) => Object.is(x, b.elements[k]));
};

/** The arguments as the front end takes them; staged leaves are counted in the order of the signature's. */
export const argumentTrees = (args: readonly unknown[], names: ArgumentNames): readonly Tree<ArgLeaf>[] => {
  let index = 0;
  const shared = isShared(args) ? { shared: true } : {};
  const visitor: Visitor<Tree<ArgLeaf>> = {
    staged: (leaf, type, weak, hostArray, store) => {
      const { dtype, shape } = type;
      return {
        kind: "leaf",
        leaf: {
          kind: "staged",
          index: index++,
          type: { dtype, shape },
          weak,
          value: staticNumbers(leaf),
          hostArray,
          store,
          ...shared,
        },
      };
    },
    constant: (value) => ({ kind: "leaf", leaf: { kind: "static", value } }),
    array: (items) => ({ kind: "array", items }),
    object: (keys, fields) => ({ kind: "object", keys, fields }),
  };
  const within = new Set<object>();
  return args.map((arg, k) => visit(arg, [k], names, visitor, within));
};

/** Paths of the staged leaves, for messages. */
export const leafPaths = (args: readonly unknown[], names: ArgumentNames): readonly string[] => {
  const paths: string[] = [];
  const path: (string | number)[] = [];
  const visitor: Visitor<null> = {
    staged: () => {
      paths.push(pathText(path, names));
      return null;
    },
    constant: () => null,
    array: () => null,
    object: () => null,
  };
  const within = new Set<object>();
  for (const [k, arg] of args.entries()) {
    path.splice(0, path.length, k);
    visit(arg, path, names, visitor, within);
  }
  return paths;
};

/** How a captured value would be staged; null for one that is no number or array. */
export const stagedType = (
  value: unknown,
): {
  readonly leaf: HostLeaf;
  readonly type: TensorType;
  readonly weak: boolean;
  readonly hostArray: boolean;
  readonly store: Store | null;
} | null => {
  if (typeof value === "number")
    return { leaf: value, type: SCALAR, weak: true, hostArray: false, store: null };
  if (isTensor(value))
    return { leaf: value, type: value, weak: isWeak(value), hostArray: false, store: null };
  if (isTypedArray(value)) {
    const dtype = dtypeOfTyped(value) ?? "f64";
    return {
      leaf: value,
      type: { dtype, shape: [value.length] },
      weak: false,
      hostArray: true,
      store: storeOf(value),
    };
  }
  if (!Array.isArray(value)) return null;
  const nested = readNested(value, isNumber, "the captured array");
  if (nested === null) return null;
  return {
    leaf: nested,
    type: { dtype: "f64", shape: nested.shape },
    weak: false,
    hostArray: true,
    store: null,
  };
};
