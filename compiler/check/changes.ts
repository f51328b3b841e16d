/** Whether a captured array or object may be another one at a call than after its declaration. */
import type { ts } from "ts-morph";
import { typescript } from "../frontend/ts.js";

const MUTATORS: ReadonlySet<string> = new Set([
  ...["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"],
  ...["set", "add", "delete", "clear"],
]);

/** `a.b[c].d`: the whole chain that starts at `node`, with the name of its last link. */
const chainFrom = (node: ts.Node): { readonly top: ts.Node; readonly last: string | null } => {
  const t = typescript();
  let top = node;
  let last: string | null = null;
  for (;;) {
    const { parent } = top;
    if (t.isPropertyAccessExpression(parent) && parent.expression === top) last = parent.name.text;
    else if (t.isElementAccessExpression(parent) && parent.expression === top) last = null;
    else if (!t.isNonNullExpression(parent) && !t.isParenthesizedExpression(parent)) return { top, last };
    top = parent;
  }
};

/** Whether a call's function is known to leave its arguments as they are: one of the package's or of the language's. */
export type IsHarmless = (callee: ts.Expression) => boolean;

const mayChangeAt = (name: ts.Identifier, isHarmless: IsHarmless): boolean => {
  const t = typescript();
  const K = t.SyntaxKind;
  const { top, last } = chainFrom(name);
  const { parent } = top;
  if (t.isCallExpression(parent) || t.isNewExpression(parent)) {
    if (parent.expression === top) return last !== null && MUTATORS.has(last);
    return top === name || last === null ? !isHarmless(parent.expression) : false;
  }
  if (t.isBinaryExpression(parent)) {
    const { kind } = parent.operatorToken;
    const assigns = kind >= K.FirstAssignment && kind <= K.LastAssignment;
    return assigns && (parent.left === top || top === name);
  }
  if (t.isPrefixUnaryExpression(parent) || t.isPostfixUnaryExpression(parent))
    return parent.operator === K.PlusPlusToken || parent.operator === K.MinusMinusToken;
  if (t.isDeleteExpression(parent)) return true;
  // Another name for it.
  const isAlias =
    t.isVariableDeclaration(parent) ||
    t.isPropertyAssignment(parent) ||
    t.isShorthandPropertyAssignment(parent) ||
    t.isArrayLiteralExpression(parent) ||
    t.isReturnStatement(parent) ||
    t.isArrowFunction(parent);
  return isAlias && top === name && !(t.isVariableDeclaration(parent) && parent.name === top);
};

/** Names that are no mention of a variable: `a.name`, `{ name: 1 }`, types. */
const isMention = (node: ts.Identifier): boolean => {
  const t = typescript();
  const { parent } = node;
  if (t.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (t.isPropertyAssignment(parent)) return parent.initializer === node;
  return !t.isTypeNode(parent) && !t.isQualifiedName(parent) && !t.isImportSpecifier(parent);
};

/** Whether anything in the file may change what `name` holds: a mention that writes to it, hands it on or renames it. */
export const mayChange = (tree: ts.SourceFile, name: string, isHarmless: IsHarmless): boolean => {
  const t = typescript();
  const visit = (node: ts.Node): boolean => {
    if (t.isIdentifier(node) && node.text === name && isMention(node) && mayChangeAt(node, isHarmless))
      return true;
    return node.forEachChild((child) => visit(child) || undefined) === true;
  };
  return visit(tree);
};
