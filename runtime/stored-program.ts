/** Programs as they are kept on disk: what they hold for, and how captured values are found again without the source. */
import { aspectOf, constantKey } from "../compiler/frontend/hosts.js";
import { functionFacts, type ScopeObject } from "../compiler/frontend/inspector.js";
import { metaOf } from "../compiler/frontend/registry.js";
import type { AnyFunction, Capture, InputSource, OutLeaf, Tree } from "../compiler/frontend/types.js";
import type { TensorType } from "../compiler/ir/types.js";
import { type CapturedValue, capturedValues, captureName, matchesStaged, registeredId } from "./captures.js";
import { debug } from "./debug.js";
import { describeFunction, type FunctionDescription } from "./describe-function.js";
import type { Binary } from "./run-wasm.js";
import { type HostLeaf, stagedType } from "./signature.js";

/**
 * How a function is found again: it is the root, a captured value, what another one or a captured value was made from, or the
 * only one that the library has under a name.
 */
type Route =
  | { readonly via: "root" }
  | { readonly via: "capture"; readonly capture: number }
  | { readonly via: "origin"; readonly of: number }
  | { readonly via: "captureOrigin"; readonly capture: number }
  | { readonly via: "library"; readonly id: string };

interface StoredFunction extends FunctionDescription {
  readonly route: Route;
}

type StoredCapture = Omit<Capture, "read">;

/** What of a program can be written down. */
export interface StoredProgram {
  readonly functions: readonly StoredFunction[];
  readonly captures: readonly StoredCapture[];
  readonly inputs: readonly InputSource[];
  readonly out: Tree<OutLeaf>;
  readonly resultTypes: readonly TensorType[];
  readonly staticLeaves: readonly number[];
  readonly writes: boolean;
  readonly staticValues: readonly number[];
  /** Text of the IR, for programs that are interpreted at first; null for those that never are. */
  readonly ir: string | null;
  readonly binary: Binary | null;
}

/** What is stored beside the code. */
export type ProgramFacts = Omit<
  StoredProgram,
  "functions" | "captures" | "staticValues" | "ir" | "binary"
> & {
  readonly functions: readonly AnyFunction[];
  readonly captures: readonly Capture[];
};

const isFunction = (x: unknown): x is AnyFunction => typeof x === "function";

/** Functions of the library by their ids; null for an id that several have, such as the methods of an optimizer. */
const libraryFunctions = new Map<string, AnyFunction | null>();
export const markLibrary = (id: string, fn: AnyFunction): void =>
  void libraryFunctions.set(id, libraryFunctions.has(id) ? null : fn);

/** What a callable was made from. */
const originOf = (value: unknown): AnyFunction | null => {
  const meta = isFunction(value) ? metaOf(value) : undefined;
  return meta === undefined || meta.kind === "intrinsic" ? null : meta.fn;
};

/** Through a function with a smaller index, so that following routes ends at the root. */
const routeTo = (fn: AnyFunction, index: number, { functions, captures }: ProgramFacts): Route | null => {
  if (index === 0) return { via: "root" };
  const before = captures.map((c, k) => ({ ...c, k })).filter((c) => c.fn < index);
  const capture = before.find(({ expect }) => expect.kind === "function" && expect.fn === index);
  if (capture !== undefined) return { via: "capture", capture: capture.k };
  const of = functions.slice(0, index).findIndex((other) => originOf(other) === fn);
  if (of >= 0) return { via: "origin", of };
  const made = before.find(({ read, aspect }) => aspect === "value" && originOf(read()) === fn);
  if (made !== undefined) return { via: "captureOrigin", capture: made.k };
  for (const [id, known] of libraryFunctions) if (known === fn) return { via: "library", id };
  return null;
};

/** The program in a form that another process can check and load; null if it depends on what only this process has. */
export const storeProgram = (
  facts: ProgramFacts,
  staticValues: readonly number[],
  code: { readonly ir: string | null; readonly binary: Binary | null },
): StoredProgram | null => {
  const functions: StoredFunction[] = [];
  for (const [index, fn] of facts.functions.entries()) {
    const route = routeTo(fn, index, facts);
    const description = route === null ? null : describeFunction(fn);
    if (route === null || description === null) {
      debug(1, () => `function ${fn.name} cannot be recognised in another process`);
      return null;
    }
    functions.push({ route, ...description });
  }
  const captures = facts.captures.map(
    ({ fn, name, path, aspect, expect, mutable }): StoredCapture => ({
      fn,
      name,
      path,
      aspect,
      expect,
      mutable,
    }),
  );
  const { inputs, out, resultTypes, staticLeaves, writes } = facts;
  return { functions, captures, inputs, out, resultTypes, staticLeaves, staticValues, writes, ...code };
};

/** A variable of a function's scopes as a way to read it; null where there is none. */
const variable = (
  fn: AnyFunction,
  name: string,
  scope: (() => Readonly<Record<string, unknown>>) | null,
): (() => unknown) | null => {
  if (scope !== null) {
    if (Object.hasOwn(scope(), name)) return () => scope()[name];
  } else {
    const scopes: readonly ScopeObject[] = functionFacts(fn)?.scopes ?? [];
    const found = scopes.find((s) => Object.hasOwn(s, name));
    // Bindings that are assigned to again are refused when a program is made: the value stays.
    if (found !== undefined) {
      const value = found[name];
      return () => value;
    }
  }
  // Captures of global variables are paths from here.
  return name === "globalThis" ? () => globalThis : null;
};

const step = (parent: unknown, key: string | number): unknown =>
  parent === null || parent === undefined ? undefined : Reflect.get(Object(parent), key);

const reader = ({ path, aspect }: StoredCapture, base: () => unknown): (() => unknown) => {
  return () => aspectOf(aspect, path.reduce(step, base()));
};

const isNative = (fn: AnyFunction): boolean =>
  Function.prototype.toString.call(fn).endsWith("{ [native code] }");

/** Whether a captured value is what it was in the process that stored the program. Functions are compared elsewhere. */
const matches = ({ expect }: StoredCapture, value: unknown): boolean => {
  switch (expect.kind) {
    case "constant":
      return (
        (typeof value !== "object" || value === null) &&
        !isFunction(value) &&
        constantKey(value) === expect.key
      );
    case "function":
      return isFunction(value);
    case "registered": {
      const id =
        registeredId(value) ?? (isFunction(value) && isNative(value) ? `native ${value.name}` : null);
      return id === expect.id;
    }
    case "staged": {
      const now = stagedType(value);
      return now !== null && matchesStaged(now, expect);
    }
    default: {
      const never: never = expect;
      return never;
    }
  }
};

/**
 * The captures of a stored program in this process; null where something differs: a function's text or the file around it,
 * a captured constant, the shape of a captured array.
 */
export const resolveCaptures = (
  stored: StoredProgram,
  root: AnyFunction,
  scope: (() => Readonly<Record<string, unknown>>) | null,
): readonly CapturedValue[] | null => {
  const functions = new Map<number, AnyFunction>();
  const readers = new Map<number, () => unknown>();
  const isSame = (fn: AnyFunction, { text, script }: StoredFunction): boolean => {
    const now = describeFunction(fn);
    return now !== null && now.text === text && now.script === script;
  };
  /** The function at an index, found and compared once; null where it is not what it was. */
  const functionAt = (index: number): AnyFunction | null => {
    const known = functions.get(index);
    if (known !== undefined) return known;
    const entry = stored.functions[index];
    if (entry === undefined) return null;
    const fn = follow(entry.route);
    if (fn === null || !isSame(fn, entry)) return null;
    functions.set(index, fn);
    return fn;
  };
  const follow = (route: Route): AnyFunction | null => {
    switch (route.via) {
      case "root":
        return root;
      case "capture": {
        const value = readerAt(route.capture)?.();
        return isFunction(value) ? value : null;
      }
      case "origin":
        return originOf(functionAt(route.of));
      case "captureOrigin":
        return originOf(readerAt(route.capture)?.());
      case "library":
        return libraryFunctions.get(route.id) ?? null;
      default: {
        const never: never = route;
        return never;
      }
    }
  };
  const readerAt = (index: number): (() => unknown) | null => {
    const known = readers.get(index);
    if (known !== undefined) return known;
    const capture = stored.captures[index];
    if (capture === undefined) return null;
    const owner = functionAt(capture.fn);
    const base = owner === null ? null : variable(owner, capture.name, scope);
    if (base === null) return null;
    const read = reader(capture, base);
    readers.set(index, read);
    return read;
  };

  const captures: Capture[] = [];
  for (const [index, capture] of stored.captures.entries()) {
    const read = readerAt(index);
    const value = read?.();
    const same =
      read !== null &&
      matches(capture, value) &&
      (capture.expect.kind !== "function" || functionAt(capture.expect.fn) === value);
    if (!same) {
      debug(2, () => `a program on disk does not fit: ${captureName(capture)} has changed`);
      return null;
    }
    captures.push({ ...capture, read });
  }
  for (const [index, fn] of stored.functions.entries())
    if (fn !== null && functionAt(index) === null) return null;
  return capturedValues(captures);
};

/** Whether the static values are those of a call. */
export const hasStatics = (
  { staticLeaves, staticValues }: StoredProgram,
  leaves: readonly HostLeaf[],
): boolean => staticLeaves.every((leaf, k) => Object.is(leaves[leaf], staticValues[k]));
