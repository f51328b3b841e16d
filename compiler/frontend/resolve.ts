/** What a name means: a variable of the code being staged, a captured one, or a global. */
import type { ts } from "ts-morph";
import type { Span } from "../diagnostics.js";
import { reassignment } from "./bindings.js";
import { lookup } from "./environment.js";
import { narrowed } from "./facts.js";
import { functionIndex, wrapHost, wrapStatic } from "./hosts.js";
import { importedReassignment } from "./imports.js";
import { functionFacts, type ScopeObject, scriptIdOf } from "./inspector.js";
import { libraryScopes } from "./library-scopes.js";
import { type Frame, refuse, type Site } from "./machine.js";
import { metaOf, namespaceOf } from "./registry.js";
import { keyInScope } from "./scope-names.js";
import type { AnyFunction } from "./types.js";
import { builtin, type Place, UNDEFINED, type Value } from "./values.js";

/** Globals that the language itself has: their values don't change. */
const STANDARD: ReadonlySet<string> = new Set([
  ...[
    "Array",
    "Object",
    "Number",
    "String",
    "Boolean",
    "Symbol",
    "BigInt",
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
  ],
  ...[
    "Math",
    "JSON",
    "Reflect",
    "Date",
    "RegExp",
    "Function",
    "Promise",
    "globalThis",
    "console",
    "performance",
  ],
  ...["Error", "TypeError", "RangeError", "SyntaxError", "EvalError", "URIError", "AggregateError"],
  ...[
    "Float32Array",
    "Float64Array",
    "Int8Array",
    "Int16Array",
    "Int32Array",
    "BigInt64Array",
    "BigUint64Array",
  ],
  ...["Uint8Array", "Uint8ClampedArray", "Uint16Array", "Uint32Array", "ArrayBuffer", "DataView"],
  ...["parseInt", "parseFloat", "NaN", "Infinity", "isNaN", "isFinite", "structuredClone", "crypto"],
  ...["setTimeout", "setInterval", "queueMicrotask", "fetch", "require"],
]);

/** Variables that a live function closes over, read once a function. */
const scopesOf = new WeakMap<AnyFunction, readonly ScopeObject[]>();

/** The captured variable, `undefined` in a wrapper so that an undefined value differs from none. */
const find = (
  scopes: readonly ScopeObject[],
  name: string,
): { readonly value: unknown; readonly isModule: boolean } | null => {
  const outermost = scopes.length - (isWrapper(scopes.at(-1)) ? 2 : 1);
  for (const [k, scope] of scopes.entries())
    if (Object.hasOwn(scope, name)) return { value: scope[name], isModule: k >= outermost };
  return null;
};

const WRAPPER: ReadonlySet<string> = new Set(["exports", "require", "module", "__filename", "__dirname"]);
/** The parameters of the function that Node wraps a CommonJS module in. */
const isWrapper = (scope: ScopeObject | undefined): boolean =>
  scope !== undefined && Object.keys(scope).every((key) => WRAPPER.has(key));

const captured = (frame: Frame, live: AnyFunction, name: string): ReturnType<typeof find> => {
  const first = find(scopesOf.get(live) ?? frame.source.scopes ?? [], name);
  if (first !== null) return first;
  // A variable that had no value yet when the scopes were read last.
  const scopes = libraryScopes(live) ?? functionFacts(live)?.scopes ?? [];
  scopesOf.set(live, scopes);
  return find(scopes, name);
};

/** The value of an identifier. */
export const resolve = (site: Site & { readonly frame: Frame }, name: string, node: ts.Identifier): Value => {
  const { machine, frame } = site;
  const binding = lookup(frame.env, name);
  if (binding?.captured !== undefined) return binding.captured(site, node);
  if (binding !== null)
    return narrowed(
      site,
      binding.value ??
        refuse(site, "TSJ1053", `\`${name}\` is used before its declaration`, "move the declaration up"),
    );
  if (name === "undefined") return wrapStatic(undefined);
  if (machine.scope !== null && frame.libraryScript === null) return fromScope(site, machine.scope, name);
  const live = frame.live;
  const found = frame.source.scopes === null ? null : captured(frame, live, name);
  if (found === null) return global(site, name);
  const library = frame.libraryScript !== null;
  if (!library) checkConstant(site, name, node, found.value);
  const place: Place = {
    fn: library && found.isModule ? -1 : functionIndex(machine, live),
    name,
    path: [],
    library: found.isModule ? frame.libraryScript : null,
    mutable: false,
    read: () => found.value,
  };
  return wrapHost(site, found.value, place, library ? libraryOf(frame, found) : null);
};

/** Functions of the library's own files are library code; those that a user handed to it are not. */
const libraryOf = (
  frame: Frame,
  found: { readonly value: unknown; readonly isModule: boolean },
): string | null => {
  if (found.isModule || typeof found.value !== "function") return frame.libraryScript;
  const { value } = found;
  const isOwn = libraryScopes(value as AnyFunction) !== null || scriptIdOf(value) === frame.libraryScript;
  return isOwn ? frame.libraryScript : null;
};

/** Functions and namespaces of the library and of the language. */
const isOurs = (value: unknown): boolean => {
  if (typeof value !== "function")
    return typeof value === "object" && value !== null && namespaceOf(value) !== undefined;
  const meta = metaOf(value);
  return meta !== undefined && meta.kind !== "transform";
};

export const refuseReassigned = (site: Site, name: string, span: Span | null): never =>
  refuse(
    site,
    "TSJ1010",
    `\`${name}\` is captured, but it is assigned to again elsewhere: compiled code would go on with an old value`,
    `pass \`${name}\` in as a parameter`,
    [{ message: `\`${name}\` is assigned here`, span }],
  );

/** Refuses a captured variable that is assigned to anywhere after its declaration. */
const checkConstant = (
  site: Site & { readonly frame: Frame },
  name: string,
  node: ts.Identifier,
  value: unknown,
): void => {
  const { source } = site.frame;
  if (source.script === null) return;
  const change = reassignment(source.tree, node, name);
  const span =
    change !== null
      ? source.spanOf(change)
      : isOurs(value)
        ? null
        : importedReassignment(source.script, source.tree, node, name);
  if (change !== null || span !== null) refuseReassigned(site, name, span);
};

/** `jit(fn, { scope: () => ({ ... }) })`: read anew at every call. */
const fromScope = (site: Site, scope: () => Readonly<Record<string, unknown>>, name: string): Value => {
  const variables = scope();
  const key = keyInScope(scope, variables, name);
  if (key === null) return global(site, name);
  return wrapHost(site, variables[key], {
    fn: 0,
    name: key,
    path: [],
    library: null,
    mutable: true,
    read: () => scope()[key],
  });
};

const global = (site: Site, name: string): Value => {
  const stand = site.machine.faults?.world?.global(site, name) ?? null;
  if (stand !== null) return stand;
  const globals = globalThis as Readonly<Record<string, unknown>>;
  // Seen through also where the variables of the build tool's helper can't be seen.
  if (!(name in globals) && name === "__name") return builtin(name, ([fn = UNDEFINED]) => fn);
  if (!(name in globals))
    return refuse(
      site,
      "TSJ1004",
      `\`${name}\` is not visible here`,
      "if the code runs without tsc-jit, hand its variables over: jit(fn, { scope: () => ({ name }) })",
    );
  const value = globals[name];
  if (STANDARD.has(name)) return wrapStatic(value);
  const read = (): unknown => globals[name];
  return wrapHost(site, value, {
    fn: 0,
    name: "globalThis",
    path: [name],
    library: null,
    mutable: true,
    read,
  });
};
