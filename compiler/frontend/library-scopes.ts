/**
 * The variables of the library's own functions where there is no inspector to ask: the build writes down, beside each of its
 * modules and closures, a function that lists them. A bundler renames the variables in that list as it renames them in the
 * functions, so the names are read from the list's own text.
 */
import type { ts } from "ts-morph";
import type { ScopeObject } from "./inspector.js";
import { metaOf } from "./registry.js";
import { typescript } from "./ts.js";
import type { AnyFunction } from "./types.js";

/** `() => [a, b]`: the values of these variables. */
type List = () => readonly unknown[];

/** A module's own variables, and those that it imports. */
export interface ModuleScope {
  readonly declared: List;
  readonly imported: List;
}

const modules: ModuleScope[] = [];
export const moduleScope = (declared: List, imported: List): ModuleScope => {
  const scope = { declared, imported };
  modules.push(scope);
  return scope;
};

const closures = new WeakMap<object, { readonly locals: List; readonly module: ModuleScope }>();
/** Notes what a function of the library closes over; gives the function. */
export const scoped = <F extends AnyFunction>(fn: F, locals: List, module: ModuleScope): F => {
  closures.set(fn, { locals, module });
  return fn;
};

const namesOf = (list: List): readonly (string | null)[] => {
  const t = typescript();
  const text = `(${Function.prototype.toString.call(list)})`;
  const names: (string | null)[] = [];
  const visit = (node: ts.Node): void => {
    if (t.isArrayLiteralExpression(node))
      names.push(...node.elements.map((e) => (t.isIdentifier(e) ? e.text : null)));
    else node.forEachChild(visit);
  };
  visit(t.createSourceFile("list.js", text, t.ScriptTarget.Latest, true, t.ScriptKind.JS));
  return names;
};

const scopeOf = (...lists: readonly List[]): ScopeObject =>
  Object.fromEntries(
    lists.flatMap((list) => {
      const values = list();
      return namesOf(list).flatMap((name, k) => (name === null ? [] : [[name, values[k]] as const]));
    }),
  );

const known = new Map<ModuleScope, ScopeObject>();
const scopeOfModule = (module: ModuleScope): ScopeObject => {
  const scope = known.get(module) ?? scopeOf(module.declared, module.imported);
  known.set(module, scope);
  return scope;
};

const isOrHolds = (value: unknown, fn: AnyFunction): boolean => {
  if (value === fn) return true;
  const meta = typeof value === "function" ? metaOf(value as AnyFunction) : undefined;
  return meta?.kind === "library" && meta.fn === fn;
};

const find = (fn: AnyFunction): readonly ScopeObject[] | null => {
  const closure = closures.get(fn);
  if (closure !== undefined) return [scopeOf(closure.locals), scopeOfModule(closure.module)];
  const module = modules.find(({ declared }) => declared().some((value) => isOrHolds(value, fn)));
  return module === undefined ? null : [scopeOfModule(module)];
};

const found = new WeakMap<AnyFunction, readonly ScopeObject[] | null>();
/**
 * Scopes of a function of the library, from the inside out; null for functions that are not the library's, and in the
 * library's sources, where the inspector is asked.
 */
export const libraryScopes = (fn: AnyFunction): readonly ScopeObject[] | null => {
  const before = found.get(fn);
  if (before !== undefined) return before;
  const scopes = find(fn);
  found.set(fn, scopes);
  return scopes;
};
