/** The functions of a file that are compiled: those handed to jit, grad, vmap and the like, and on demand its exports. */
import type { ts } from "ts-morph";
import { typescript } from "../frontend/ts.js";
import { type Declaration, declarationsIn, exportsOf } from "./declarations.js";
import type { Module, Project } from "./project.js";

export type Root =
  /** A call of one of the transforms. `applied`: its further arguments are those of the function. */
  | { readonly kind: "call"; readonly applied: boolean; readonly node: ts.CallExpression }
  | { readonly kind: "export"; readonly name: string; readonly node: ts.Node };

/** Take a function and give one. */
const TRANSFORMS: ReadonlySet<string> = new Set([
  ...["jit", "grad", "valueAndGrad", "vmap", "jacfwd", "jacrev", "hessian"],
]);
/** Take a function and what it is applied to. */
const APPLIED: ReadonlySet<string> = new Set(["jvp", "vjp", "linearize", "checkGrads"]);

const declarationAt = (node: ts.Node, name: string): Declaration | null => {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    const found = declarationsIn(at).get(name);
    if (found !== undefined) return found;
  }
  return null;
};

/** Imports and names that are followed. */
const MAX_STEPS = 16;

/** The export of the package that an expression means: its name, "" for the package as a whole; null for anything else. */
const meaningOf = (project: Project, module: Module, node: ts.Expression, steps = 0): string | null => {
  const t = typescript();
  if (steps > MAX_STEPS) return null;
  const follow = (next: ts.Expression): string | null => meaningOf(project, module, next, steps + 1);
  if (t.isParenthesizedExpression(node) || t.isNonNullExpression(node) || t.isAsExpression(node))
    return follow(node.expression);
  if (t.isPropertyAccessExpression(node)) return follow(node.expression) === "" ? node.name.text : null;
  if (t.isCallExpression(node)) {
    const [specifier] = node.arguments;
    const isRequire = t.isIdentifier(node.expression) && node.expression.text === "require";
    return isRequire && specifier !== undefined && t.isStringLiteral(specifier)
      ? ofImport(project, module, specifier.text, null, steps)
      : null;
  }
  if (!t.isIdentifier(node)) return null;
  return ofDeclaration(project, module, node.text, declarationAt(node, node.text), steps);
};

const ofDeclaration = (
  project: Project,
  module: Module,
  name: string,
  declaration: Declaration | null,
  steps: number,
): string | null => {
  const t = typescript();
  if (declaration?.kind === "import")
    return ofImport(project, module, declaration.specifier, declaration.name, steps);
  if (declaration?.kind !== "variable" || declaration.node.initializer === undefined) return null;
  const { name: pattern, initializer } = declaration.node;
  const whole = meaningOf(project, module, initializer, steps + 1);
  if (t.isIdentifier(pattern)) return whole;
  if (whole !== "" || !t.isObjectBindingPattern(pattern)) return null;
  const element = pattern.elements.find((e) => t.isIdentifier(e.name) && e.name.text === name);
  const property = element?.propertyName ?? element?.name;
  return property !== undefined && t.isIdentifier(property) ? property.text : null;
};

const ofImport = (
  project: Project,
  module: Module,
  specifier: string,
  name: string | null,
  steps: number,
): string | null => {
  if (steps > MAX_STEPS) return null;
  const target = project.resolve(module, specifier);
  if (target.kind === "library") return name ?? "";
  if (target.kind !== "module" || name === null) return null;
  const { named, all } = exportsOf(target.module.tree);
  const found = named.get(name);
  switch (found?.kind) {
    case "from":
      return ofImport(project, target.module, found.specifier, found.name, steps + 1);
    case "local": {
      const declaration = declarationsIn(target.module.tree).get(found.name) ?? null;
      return ofDeclaration(project, target.module, found.name, declaration, steps + 1);
    }
    case "expression":
      return null;
    default:
      for (const from of all) {
        const meaning = ofImport(project, target.module, from, name, steps + 1);
        if (meaning !== null) return meaning;
      }
      return null;
  }
};

/** The call whose first argument, alone or within calls of transforms, this one is. */
const callRoots = (project: Project, module: Module): readonly Root[] => {
  const t = typescript();
  const roots: Root[] = [];
  const visit = (node: ts.Node, within: boolean): void => {
    const isCall = t.isCallExpression(node);
    const meaning = isCall ? meaningOf(project, module, node.expression) : null;
    const applied = meaning !== null && APPLIED.has(meaning);
    const isTransform = applied || (meaning !== null && TRANSFORMS.has(meaning));
    if (isCall && isTransform && !within) roots.push({ kind: "call", applied, node });
    node.forEachChild((child) =>
      visit(
        child,
        (isCall && isTransform && child === node.arguments[0]) ||
          (within && t.isParenthesizedExpression(node)),
      ),
    );
  };
  visit(module.tree, false);
  return roots;
};

/** Functions that the module exports. */
const exportRoots = ({ tree }: Module): readonly Root[] => {
  const t = typescript();
  return [...exportsOf(tree).named].flatMap(([name, found]): readonly Root[] => {
    if (found.kind === "from") return [];
    if (found.kind === "expression") {
      const { node } = found;
      const isFunction =
        t.isFunctionDeclaration(node) || t.isArrowFunction(node) || t.isFunctionExpression(node);
      return isFunction ? [{ kind: "export", name, node }] : [];
    }
    const declaration = declarationsIn(tree).get(found.name);
    if (declaration?.kind === "function") return [{ kind: "export", name, node: declaration.node }];
    const initializer = declaration?.kind === "variable" ? declaration.node.initializer : undefined;
    const isFunction =
      initializer !== undefined && (t.isArrowFunction(initializer) || t.isFunctionExpression(initializer));
    return isFunction ? [{ kind: "export", name, node: initializer }] : [];
  });
};

/** Names of the functions that a module exports. */
export const exportedFunctions = (module: Module): readonly string[] =>
  exportRoots(module).flatMap((r) => (r.kind === "export" ? [r.name] : []));

/** Which exported functions are checked as well: all of them, or those with these names. */
export type Exported = "none" | "all" | readonly string[];

/** The roots of a file, in the order in which they are written. */
export const rootsOf = (project: Project, module: Module, exported: Exported): readonly Root[] => {
  const wanted =
    exported === "none"
      ? []
      : exportRoots(module).filter(
          (r) => exported === "all" || (r.kind === "export" && exported.includes(r.name)),
        );
  return [...callRoots(project, module), ...wanted].sort((a, b) => a.node.pos - b.node.pos);
};
