/**
 * Names in `scope: () => ({ rate, table: big })`. A minifier renames the variables there as it renames them in the function
 * that is compiled, and leaves the keys: so a name means the property whose value is that variable, else the one of that key.
 */
import type { ts } from "ts-morph";
import { typescript } from "./ts.js";

type Scope = () => Readonly<Record<string, unknown>>;

/** Variable to key, as the function's text has them. */
const read = (scope: Scope): ReadonlyMap<string, string> => {
  const t = typescript();
  const keys = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (!t.isObjectLiteralExpression(node)) {
      node.forEachChild(visit);
      return;
    }
    for (const p of node.properties) {
      if (t.isShorthandPropertyAssignment(p)) keys.set(p.name.text, p.name.text);
      else if (
        t.isPropertyAssignment(p) &&
        t.isIdentifier(p.initializer) &&
        !t.isComputedPropertyName(p.name)
      )
        keys.set(p.initializer.text, p.name.text);
    }
  };
  const text = `(${Function.prototype.toString.call(scope)})`;
  visit(t.createSourceFile("scope.js", text, t.ScriptTarget.Latest, true, t.ScriptKind.JS));
  return keys;
};

const known = new WeakMap<Scope, ReadonlyMap<string, string>>();

/** The key under which `scope` gives the variable `name`; null if it does not. */
export const keyInScope = (
  scope: Scope,
  variables: Readonly<Record<string, unknown>>,
  name: string,
): string | null => {
  const keys = known.get(scope) ?? read(scope);
  known.set(scope, keys);
  const key = keys.get(name) ?? name;
  return Object.hasOwn(variables, key) ? key : null;
};
