/**
 * Lexical scopes of a script: which declaration a name means, and whether its variable is ever assigned to again.
 * A captured variable that is, would go stale in compiled code.
 */
import type { ts } from "ts-morph";
import { typescript } from "./ts.js";

/** Names each scope declares, and the names assigned to outside their declaration, by scope. */
interface Bindings {
  readonly declared: ReadonlyMap<ts.Node, ReadonlySet<string>>;
  readonly assigned: ReadonlyMap<ts.Node, ReadonlyMap<string, readonly ts.Identifier[]>>;
}

/** The identifiers a binding name or assignment pattern writes to. */
export const targetsOf = (node: ts.Node): readonly ts.Identifier[] => {
  const t = typescript();
  if (t.isIdentifier(node)) return [node];
  if (
    t.isParenthesizedExpression(node) ||
    t.isNonNullExpression(node) ||
    t.isAsExpression(node) ||
    t.isSatisfiesExpression(node)
  )
    return targetsOf(node.expression);
  if (t.isObjectBindingPattern(node) || t.isArrayBindingPattern(node))
    return node.elements.flatMap((e) => (t.isBindingElement(e) ? targetsOf(e.name) : []));
  if (t.isArrayLiteralExpression(node)) return node.elements.flatMap(targetsOf);
  if (t.isSpreadElement(node) || t.isSpreadAssignment(node)) return targetsOf(node.expression);
  if (t.isObjectLiteralExpression(node)) return node.properties.flatMap(targetsOf);
  if (t.isPropertyAssignment(node)) return targetsOf(node.initializer);
  if (t.isShorthandPropertyAssignment(node)) return [node.name];
  if (t.isBinaryExpression(node) && node.operatorToken.kind === t.SyntaxKind.EqualsToken)
    return targetsOf(node.left);
  return [];
};

const isFunctionScope = (node: ts.Node): boolean => {
  const t = typescript();
  return (
    t.isFunctionLike(node) ||
    t.isSourceFile(node) ||
    t.isClassStaticBlockDeclaration(node) ||
    t.isModuleBlock(node)
  );
};

const isScope = (node: ts.Node): boolean => {
  const t = typescript();
  return (
    isFunctionScope(node) ||
    t.isBlock(node) ||
    t.isCaseBlock(node) ||
    t.isForStatement(node) ||
    t.isForOfStatement(node) ||
    t.isForInStatement(node) ||
    t.isCatchClause(node) ||
    t.isClassLike(node)
  );
};

const enclosing = (node: ts.Node, test: (n: ts.Node) => boolean): ts.Node => {
  let at: ts.Node = node.parent;
  while (!test(at)) at = at.parent;
  return at;
};

/** `X || (X = {})`: how compilers open an enum or a namespace; it assigns once, before any use. */
const isOpening = (node: ts.BinaryExpression): boolean => {
  const t = typescript();
  const outer = t.isParenthesizedExpression(node.parent) ? node.parent.parent : node.parent;
  return (
    t.isBinaryExpression(outer) &&
    outer.operatorToken.kind === t.SyntaxKind.BarBarToken &&
    t.isIdentifier(outer.left) &&
    t.isIdentifier(node.left) &&
    outer.left.text === node.left.text
  );
};

/**
 * The step of `for (let i = 0; ...; i++)`, for what the loop declares: each iteration has a variable of its own, which the
 * step does not change.
 */
const isLoopStep = (node: ts.Node, name: string): boolean => {
  const t = typescript();
  let at = node;
  while (t.isExpression(at) && at.parent !== undefined && !t.isForStatement(at.parent)) at = at.parent;
  const loop = at.parent;
  if (loop === undefined || !t.isForStatement(loop) || loop.incrementor !== at) return false;
  const list = loop.initializer;
  return (
    list !== undefined &&
    t.isVariableDeclarationList(list) &&
    (list.flags & t.NodeFlags.Let) !== 0 &&
    list.declarations.some((d) => targetsOf(d.name).some(({ text }) => text === name))
  );
};

const collect = (tree: ts.SourceFile): Bindings => {
  const t = typescript();
  const { SyntaxKind: K } = t;
  const declared = new Map<ts.Node, Set<string>>();
  const written: ts.Identifier[] = [];
  const declare = (scope: ts.Node, names: readonly ts.Identifier[]): void => {
    const set = declared.get(scope) ?? new Set();
    for (const name of names) set.add(name.text);
    declared.set(scope, set);
  };
  const write = (node: ts.Node, target: ts.Node): void =>
    void written.push(...targetsOf(target).filter(({ text }) => !isLoopStep(node, text)));
  const visit = (node: ts.Node): void => {
    if (t.isVariableDeclaration(node)) {
      const blockScoped = (t.getCombinedNodeFlags(node) & t.NodeFlags.BlockScoped) !== 0;
      declare(enclosing(node, blockScoped ? isScope : isFunctionScope), targetsOf(node.name));
    } else if (t.isParameter(node)) declare(enclosing(node, isScope), targetsOf(node.name));
    else if (t.isFunctionDeclaration(node) || t.isClassDeclaration(node)) {
      if (node.name !== undefined) declare(enclosing(node, isScope), [node.name]);
    } else if (t.isFunctionExpression(node) || t.isClassExpression(node)) {
      if (node.name !== undefined) declare(node, [node.name]);
    } else if (t.isImportClause(node) || t.isNamespaceImport(node) || t.isImportSpecifier(node)) {
      if (node.name !== undefined && t.isIdentifier(node.name)) declare(tree, [node.name]);
    } else if (t.isBinaryExpression(node)) {
      const { kind } = node.operatorToken;
      const assigns = kind >= K.FirstAssignment && kind <= K.LastAssignment;
      if (assigns && !isOpening(node)) write(node, node.left);
    } else if (t.isPrefixUnaryExpression(node) || t.isPostfixUnaryExpression(node)) {
      const steps = node.operator === K.PlusPlusToken || node.operator === K.MinusMinusToken;
      if (steps) write(node, node.operand);
    } else if (
      (t.isForOfStatement(node) || t.isForInStatement(node)) &&
      !t.isVariableDeclarationList(node.initializer)
    )
      written.push(...targetsOf(node.initializer));
    node.forEachChild(visit);
  };
  visit(tree);

  const assigned = new Map<ts.Node, Map<string, ts.Identifier[]>>();
  for (const name of written) {
    const scope = scopeOf(declared, name, name.text);
    if (scope === null) continue;
    const names = assigned.get(scope) ?? new Map<string, ts.Identifier[]>();
    names.set(name.text, [...(names.get(name.text) ?? []), name]);
    assigned.set(scope, names);
  }
  return { declared, assigned };
};

/** The innermost scope around `node` that declares `name`. */
const scopeOf = (declared: Bindings["declared"], node: ts.Node, name: string): ts.Node | null => {
  for (let at: ts.Node | undefined = node.parent; at !== undefined; at = at.parent)
    if (declared.get(at)?.has(name) === true) return at;
  return null;
};

const cache = new WeakMap<ts.SourceFile, Bindings>();

const bindingsOf = (tree: ts.SourceFile): Bindings => {
  const bindings = cache.get(tree) ?? collect(tree);
  cache.set(tree, bindings);
  return bindings;
};

/** Whether `name` means a variable that is declared inside of `root`, a statement around it, and not by its head. */
export const isDeclaredInside = (root: ts.Node, name: ts.Identifier): boolean => {
  const scope = scopeOf(bindingsOf(root.getSourceFile()).declared, name, name.text);
  if (scope === null) return false;
  if (scope === root) return typescript().isBlock(root);
  return scope.pos >= root.pos && scope.end <= root.end;
};

/** Whether `name` in `node` means a variable of the whole file. */
export const isTopLevel = (tree: ts.SourceFile, node: ts.Node, name: string): boolean =>
  scopeOf(bindingsOf(tree).declared, node, name) === tree;

/** A place that assigns again to the file's variable `name`. */
export const topLevelReassignment = (tree: ts.SourceFile, name: string): ts.Identifier | null =>
  bindingsOf(tree).assigned.get(tree)?.get(name)?.[0] ?? null;

/** A place that assigns again to the variable that `name` means in `node`; null where its value never changes. */
export const reassignment = (tree: ts.SourceFile, node: ts.Node, name: string): ts.Identifier | null => {
  const bindings = bindingsOf(tree);
  const scope = scopeOf(bindings.declared, node, name);
  return scope === null ? null : (bindings.assigned.get(scope)?.get(name)?.[0] ?? null);
};
