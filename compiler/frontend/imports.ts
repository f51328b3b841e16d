/** Imported variables: a module may go on assigning to a variable that it exports, and who imports it sees the new value. */
import type { ts } from "ts-morph";
import type { Span } from "../diagnostics.js";
import { isTopLevel, topLevelReassignment } from "./bindings.js";
import { loadedScripts, type Script } from "./inspector.js";
import { scriptsAt } from "./script-graph.js";
import { parseScript, spanner } from "./source.js";
import { typescript } from "./ts.js";

/** A name of another module. */
interface Import {
  readonly specifier: string;
  readonly name: string;
}

const specifierOf = (node: ts.Expression | undefined): string =>
  node !== undefined && typescript().isStringLiteral(node) ? node.text : "";

/** Where a file's top-level variable is imported from; null for one of its own, and for namespaces, which are read live. */
const importOf = (tree: ts.SourceFile, local: string): Import | null => {
  const t = typescript();
  for (const statement of tree.statements) {
    if (!t.isImportDeclaration(statement)) continue;
    const specifier = specifierOf(statement.moduleSpecifier);
    const clause = statement.importClause;
    if (clause?.name?.text === local) return { specifier, name: "default" };
    const named = clause?.namedBindings;
    if (named === undefined || !t.isNamedImports(named)) continue;
    const found = named.elements.find((e) => e.name.text === local);
    if (found !== undefined) return { specifier, name: (found.propertyName ?? found.name).text };
  }
  return null;
};

/** What a module exports under a name: a variable of its own, or something of other modules. */
const exportsOf = (
  tree: ts.SourceFile,
  name: string,
): { readonly local: string | null; readonly from: readonly Import[] } => {
  const t = typescript();
  const from: Import[] = [];
  for (const statement of tree.statements) {
    if (!t.isExportDeclaration(statement)) continue;
    const { exportClause, moduleSpecifier } = statement;
    const specifier = specifierOf(moduleSpecifier);
    if (exportClause === undefined) from.push({ specifier, name });
    else if (t.isNamedExports(exportClause)) {
      const found = exportClause.elements.find((e) => e.name.text === name);
      if (found === undefined) continue;
      const inner = (found.propertyName ?? found.name).text;
      return moduleSpecifier === undefined
        ? { local: inner, from }
        : { local: null, from: [{ specifier, name: inner }] };
    }
  }
  return { local: name, from };
};

/** The loaded scripts that a specifier may mean: the file it names, else any of the user's. */
const candidates = (from: Script, specifier: string): readonly Script[] => {
  if (specifier.startsWith("node:")) return [];
  const all = loadedScripts().filter(({ id }) => id !== from.id);
  if (!specifier.startsWith(".")) return all;
  const found = scriptsAt(from, specifier);
  return found.length > 0 ? found : all;
};

const search = (from: Script, { specifier, name }: Import, seen: Set<string>): Span | null => {
  for (const script of candidates(from, specifier)) {
    const key = `${script.id} ${name}`;
    if (seen.has(key) || !script.text.includes(name) || !/\bexport\b/.test(script.text)) continue;
    seen.add(key);
    const { tree, map } = parseScript(script);
    const { local, from: others } = exportsOf(tree, name);
    const change = local === null ? null : topLevelReassignment(tree, local);
    if (change !== null) return spanner(tree, script, map)(change);
    const imported = local === null ? null : importOf(tree, local);
    for (const next of imported === null ? others : [imported, ...others]) {
      const span = search(script, next, seen);
      if (span !== null) return span;
    }
  }
  return null;
};

const results = new Map<string, Span | null>();

/** Where the module that exports the imported variable `name` assigns to it again; null where that is nowhere to be seen. */
export const importedReassignment = (
  script: Script,
  tree: ts.SourceFile,
  node: ts.Node,
  name: string,
): Span | null => {
  if (!isTopLevel(tree, node, name)) return null;
  const key = `${script.id} ${name}`;
  const known = results.get(key);
  if (known !== undefined) return known;
  const imported = importOf(tree, name);
  const result = imported === null ? null : search(script, imported, new Set());
  results.set(key, result);
  return result;
};
