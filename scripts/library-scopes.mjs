// An esbuild plugin: the library's modules say what their functions close over (compiler/frontend/library-scopes.ts), so
// that they can be compiled where there is no inspector.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { ts } = createRequire(require.resolve("ts-morph"))("@ts-morph/common");

/** Identifiers that a binding name declares. */
const namesIn = (name) =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((e) => (ts.isBindingElement(e) ? namesIn(e.name) : []));

const declaredBy = (statement) => {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap((d) => namesIn(d.name));
  const isNamed = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
  return isNamed && statement.name !== undefined ? [statement.name.text] : [];
};

const importedBy = (statement) => {
  if (!ts.isImportDeclaration(statement)) return [];
  const clause = statement.importClause;
  if (clause === undefined || clause.isTypeOnly) return [];
  const { name, namedBindings } = clause;
  const names = name === undefined ? [] : [name.text];
  if (namedBindings === undefined) return names;
  if (ts.isNamespaceImport(namedBindings)) return [...names, namedBindings.name.text];
  return [...names, ...namedBindings.elements.filter((e) => !e.isTypeOnly).map((e) => e.name.text)];
};

/** Names that a scope inside of a module declares for what is in it. */
const declaredIn = (scope) => {
  if (ts.isFunctionLike(scope)) return scope.parameters.flatMap((p) => namesIn(p.name));
  if (ts.isBlock(scope)) return scope.statements.flatMap(declaredBy);
  const isLoop = ts.isForStatement(scope) || ts.isForOfStatement(scope) || ts.isForInStatement(scope);
  if (isLoop && scope.initializer !== undefined && ts.isVariableDeclarationList(scope.initializer))
    return scope.initializer.declarations.flatMap((d) => namesIn(d.name));
  return [];
};

/** Names that the code of a node reads: what is only a type, a property or a label is none. */
const namesRead = (root) => {
  const names = new Set();
  const visit = (node) => {
    if (ts.isTypeNode(node)) return;
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isProperty =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node);
      if (!isProperty) names.add(node.text);
    }
    node.forEachChild(visit);
  };
  visit(root);
  return names;
};

/** Variables of the functions around `fn` that it reads. */
const capturedBy = (fn) => {
  const read = namesRead(fn);
  const found = new Set();
  for (let at = fn.parent; at !== undefined && !ts.isSourceFile(at); at = at.parent)
    for (const name of declaredIn(at)) if (read.has(name)) found.add(name);
  return [...found];
};

const instrument = (file, text) => {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const edits = [];
  const visit = (node) => {
    const isFunction = ts.isArrowFunction(node) || ts.isFunctionExpression(node);
    const { parent } = node;
    const isVariable =
      isFunction && ts.isVariableDeclaration(parent) && ts.isSourceFile(parent.parent.parent.parent);
    if (isFunction && !isVariable) {
      edits.push([node.getStart(tree), "__scoped("]);
      edits.push([node.end, `, () => [${capturedBy(node).join(", ")}], __module)`]);
    }
    node.forEachChild(visit);
  };
  visit(tree);
  let result = text;
  for (const [at, insert] of edits.sort(([a], [b]) => b - a))
    result = result.slice(0, at) + insert + result.slice(at);
  const declared = tree.statements.flatMap(declaredBy);
  const imported = tree.statements.flatMap(importedBy);
  return (
    `import { moduleScope as __moduleScope, scoped as __scoped } from "tsc-jit:library-scopes";\n` +
    `const __module = __moduleScope(() => [${["__module", ...declared].join(", ")}], ` +
    `() => [${["__scoped", ...imported].join(", ")}]);\n${result}`
  );
};

/** @returns {import("esbuild").Plugin} */
export const libraryScopes = (root) => ({
  name: "library-scopes",
  setup(build) {
    build.onResolve({ filter: /^tsc-jit:library-scopes$/ }, () => ({
      path: join(root, "compiler", "frontend", "library-scopes.ts"),
    }));
    build.onLoad({ filter: /[\\/]runtime[\\/]library[\\/][^\\/]+\.ts$/ }, async ({ path }) => ({
      contents: instrument(path, await readFile(path, "utf8")),
      loader: "ts",
    }));
  },
});
