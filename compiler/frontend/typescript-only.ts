/**
 * Syntax that TypeScript has and JavaScript has not. A program that runs comes without it; one that is only read is taken as
 * it is written.
 */
import type { ts } from "ts-morph";
import { createEnvironment, declare } from "./environment.js";
import { evaluate } from "./expressions.js";
import { touch } from "./journal.js";
import type { Frame, Machine } from "./machine.js";
import { typescript } from "./ts.js";
import { isStatic, objectOf, staticValue, UNDEFINED, type Value } from "./values.js";

/** The expression within parentheses and type assertions, which leave its value and its `this` as they are. */
export const bare = (node: ts.Expression): ts.Expression => {
  const t = typescript();
  return t.isParenthesizedExpression(node) ||
    t.isNonNullExpression(node) ||
    t.isAsExpression(node) ||
    t.isSatisfiesExpression(node) ||
    t.isTypeAssertionExpression(node)
    ? bare(node.expression)
    : node;
};

/** `this: T`, which is no parameter. */
export const isThisParameter = ({ name }: ts.ParameterDeclaration): boolean =>
  typescript().isIdentifier(name) && name.text === "this";

const hasModifier = (node: ts.Node, kinds: readonly ts.SyntaxKind[]): boolean => {
  const t = typescript();
  return t.canHaveModifiers(node) && t.getModifiers(node)?.some((m) => kinds.includes(m.kind)) === true;
};

/** A statement that is gone when the program runs. */
export const isTypeOnly = (s: ts.Statement): boolean => {
  const t = typescript();
  return (
    t.isInterfaceDeclaration(s) ||
    t.isTypeAliasDeclaration(s) ||
    hasModifier(s, [t.SyntaxKind.DeclareKeyword])
  );
};

/** A member of a class that is gone when the program runs. */
export const isTypeOnlyMember = (member: ts.ClassElement): boolean => {
  const t = typescript();
  const K = t.SyntaxKind;
  if (t.isIndexSignatureDeclaration(member)) return true;
  if (t.isMethodDeclaration(member)) return member.body === undefined;
  return hasModifier(member, [K.DeclareKeyword, K.AbstractKeyword]);
};

/** Sets the fields that are parameters of the constructor as well: `constructor(readonly x: number)`. */
export const setParameterProperties = (m: Machine, { env, self }: Frame, node: ts.Node): void => {
  const t = typescript();
  const K = t.SyntaxKind;
  const kinds = [K.PublicKeyword, K.PrivateKeyword, K.ProtectedKeyword, K.ReadonlyKeyword, K.OverrideKeyword];
  if (!t.isConstructorDeclaration(node) || self.kind !== "object") return;
  for (const p of node.parameters) {
    if (!hasModifier(p, kinds) || !t.isIdentifier(p.name)) continue;
    touch(m, self);
    self.props.set(p.name.text, env.bindings.get(p.name.text)?.value ?? UNDEFINED);
  }
};

/** An enum's members by name; those without a value count on from the one before. */
export const enumValue = (m: Machine, frame: Frame, node: ts.EnumDeclaration): Value => {
  let next: Value = staticValue(0);
  const inner: Frame = { ...frame, env: createEnvironment(frame.env) };
  return objectOf(
    node.members.map((member) => {
      const value = member.initializer === undefined ? next : evaluate(m, inner, member.initializer);
      next = isStatic(value) && typeof value.value === "number" ? staticValue(value.value + 1) : UNDEFINED;
      const { name } = member;
      const text = m.ts.isIdentifier(name) || m.ts.isStringLiteralLike(name) ? name.text : name.getText();
      declare(inner.env, text, value, true);
      return [text, value] as const;
    }),
  );
};
