/** What the scopes of a file declare: names with their declarations, and what a module exports under a name. */
import type { ts } from "ts-morph";
import { targetsOf } from "../frontend/bindings.js";
import { typescript } from "../frontend/ts.js";

/** Where a name of a scope comes from. */
export type Declaration =
  | { readonly kind: "variable"; readonly node: ts.VariableDeclaration }
  | { readonly kind: "parameter"; readonly node: ts.ParameterDeclaration }
  | { readonly kind: "function"; readonly node: ts.FunctionDeclaration | ts.FunctionExpression }
  | { readonly kind: "class"; readonly node: ts.ClassLikeDeclaration }
  | { readonly kind: "enum"; readonly node: ts.EnumDeclaration }
  /** `name` null: the whole module. */
  | {
      readonly kind: "import";
      readonly node: ts.Node;
      readonly specifier: string;
      readonly name: string | null;
    }
  /** Declared in a way that only a run can tell the value of. */
  | { readonly kind: "other"; readonly node: ts.Node };

export type Declarations = ReadonlyMap<string, Declaration>;

const isType = (node: { readonly isTypeOnly?: boolean }): boolean => node.isTypeOnly === true;

const textOf = (node: ts.Expression | undefined): string =>
  node !== undefined && typescript().isStringLiteralLike(node) ? node.text : "";

const importsOf = (s: ts.ImportDeclaration): readonly (readonly [string, Declaration])[] => {
  const t = typescript();
  const specifier = textOf(s.moduleSpecifier);
  const { importClause: clause } = s;
  if (clause === undefined || clause.phaseModifier === t.SyntaxKind.TypeKeyword) return [];
  const entries: (readonly [string, Declaration])[] = [];
  if (clause.name !== undefined)
    entries.push([clause.name.text, { kind: "import", node: clause.name, specifier, name: "default" }]);
  const { namedBindings: named } = clause;
  if (named === undefined) return entries;
  if (t.isNamespaceImport(named))
    entries.push([named.name.text, { kind: "import", node: named.name, specifier, name: null }]);
  else
    for (const e of named.elements)
      if (!isType(e))
        entries.push([
          e.name.text,
          { kind: "import", node: e.name, specifier, name: (e.propertyName ?? e.name).text },
        ]);
  return entries;
};

const variablesOf = (list: ts.VariableDeclarationList): readonly (readonly [string, Declaration])[] =>
  list.declarations.flatMap((node) =>
    targetsOf(node.name).map(({ text }) => [text, { kind: "variable", node }] as const),
  );

const statementNames = (s: ts.Statement): readonly (readonly [string, Declaration])[] => {
  const t = typescript();
  if (t.isImportDeclaration(s)) return importsOf(s);
  if (t.isVariableStatement(s)) return variablesOf(s.declarationList);
  if (t.isFunctionDeclaration(s) && s.name !== undefined)
    return [[s.name.text, s.body === undefined ? { kind: "other", node: s } : { kind: "function", node: s }]];
  if (t.isClassDeclaration(s) && s.name !== undefined) return [[s.name.text, { kind: "class", node: s }]];
  if (t.isEnumDeclaration(s)) return [[s.name.text, { kind: "enum", node: s }]];
  if (t.isModuleDeclaration(s) && t.isIdentifier(s.name)) return [[s.name.text, { kind: "other", node: s }]];
  if (t.isImportEqualsDeclaration(s) && t.isExternalModuleReference(s.moduleReference))
    return [
      [
        s.name.text,
        { kind: "import", node: s.name, specifier: textOf(s.moduleReference.expression), name: null },
      ],
    ];
  return [];
};

/** Variables that `var` declares in blocks further in. */
const hoisted = (body: ts.Node): readonly (readonly [string, Declaration])[] => {
  const t = typescript();
  const found: (readonly [string, Declaration])[] = [];
  const visit = (node: ts.Node): void => {
    if (t.isFunctionLike(node) || t.isClassLike(node)) return;
    if (t.isVariableDeclarationList(node) && (node.flags & t.NodeFlags.BlockScoped) === 0)
      found.push(...variablesOf(node));
    node.forEachChild(visit);
  };
  body.forEachChild(visit);
  return found;
};

const entriesOf = (scope: ts.Node): readonly (readonly [string, Declaration])[] => {
  const t = typescript();
  if (t.isSourceFile(scope)) return [...hoisted(scope), ...scope.statements.flatMap(statementNames)];
  if (t.isBlock(scope) || t.isModuleBlock(scope)) return scope.statements.flatMap(statementNames);
  if (t.isCaseBlock(scope)) return scope.clauses.flatMap((c) => c.statements.flatMap(statementNames));
  if (t.isForStatement(scope) || t.isForOfStatement(scope) || t.isForInStatement(scope)) {
    const { initializer } = scope;
    return initializer !== undefined && t.isVariableDeclarationList(initializer)
      ? variablesOf(initializer)
      : [];
  }
  if (t.isCatchClause(scope))
    return targetsOf(scope.variableDeclaration?.name ?? scope).map(({ text }) => [
      text,
      { kind: "other", node: scope },
    ]);
  if (!t.isFunctionLike(scope)) return [];
  const own: readonly (readonly [string, Declaration])[] =
    t.isFunctionExpression(scope) && scope.name !== undefined
      ? [[scope.name.text, { kind: "function", node: scope }]]
      : [];
  const inside = "body" in scope && scope.body !== undefined ? hoisted(scope.body) : [];
  const parameters = scope.parameters.flatMap((node): readonly (readonly [string, Declaration])[] =>
    t.isParameter(node)
      ? targetsOf(node.name).map(({ text }) => [text, { kind: "parameter", node }] as const)
      : [],
  );
  return [...own, ...inside, ...parameters];
};

const known = new WeakMap<ts.Node, Declarations>();

/** The names that a scope declares itself; of several declarations the last with a value counts. */
export const declarationsIn = (scope: ts.Node): Declarations => {
  const before = known.get(scope);
  if (before !== undefined) return before;
  const map = new Map<string, Declaration>();
  for (const [name, declaration] of entriesOf(scope))
    if (declaration.kind !== "other" || !map.has(name)) map.set(name, declaration);
  known.set(scope, map);
  return map;
};

/** What a module has under an exported name. */
export type Export =
  | { readonly kind: "local"; readonly name: string }
  | { readonly kind: "expression"; readonly node: ts.Expression | ts.FunctionDeclaration }
  | { readonly kind: "from"; readonly specifier: string; readonly name: string | null };

const isExported = (s: ts.Statement): boolean => {
  const t = typescript();
  return (
    t.canHaveModifiers(s) && t.getModifiers(s)?.some((m) => m.kind === t.SyntaxKind.ExportKeyword) === true
  );
};
const isDefault = (s: ts.Statement): boolean => {
  const t = typescript();
  return (
    t.canHaveModifiers(s) && t.getModifiers(s)?.some((m) => m.kind === t.SyntaxKind.DefaultKeyword) === true
  );
};

/** What a module exports: by name, and the modules all of whose names it hands on. */
export const exportsOf = (
  tree: ts.SourceFile,
  types = false,
): { readonly named: ReadonlyMap<string, Export>; readonly all: readonly string[] } => {
  const t = typescript();
  const named = new Map<string, Export>();
  const all: string[] = [];
  for (const s of tree.statements) {
    if (t.isExportAssignment(s)) named.set("default", { kind: "expression", node: s.expression });
    else if (t.isExportDeclaration(s)) {
      if (isType(s) && !types) continue;
      const from = s.moduleSpecifier === undefined ? null : textOf(s.moduleSpecifier);
      const { exportClause: clause } = s;
      if (clause === undefined) all.push(from ?? "");
      else if (t.isNamespaceExport(clause))
        named.set(clause.name.text, { kind: "from", specifier: from ?? "", name: null });
      else
        for (const e of clause.elements) {
          const inner = (e.propertyName ?? e.name).text;
          named.set(
            e.name.text,
            from === null ? { kind: "local", name: inner } : { kind: "from", specifier: from, name: inner },
          );
        }
    } else if (t.isFunctionDeclaration(s) && s.name === undefined && s.body !== undefined)
      named.set("default", { kind: "expression", node: s });
    else if (isExported(s))
      for (const [name] of statementNames(s))
        named.set(isDefault(s) ? "default" : name, { kind: "local", name });
  }
  return { named, all };
};
