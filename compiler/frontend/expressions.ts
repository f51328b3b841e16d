/** Expressions. Each is staged with the user's line, so that an operation can name it. */
import type { ts } from "ts-morph";
import { assignTarget, referenceTo } from "./assignments.js";
import { chooseValue } from "./branches.js";
import { type ChainNode, chain } from "./chains.js";
import { classFrom } from "./classes.js";
import { condition as conditionOf, refuseHole } from "./conditions.js";
import { construct } from "./construct.js";
import { perform } from "./effects.js";
import { createEnvironment, declare } from "./environment.js";
import { collecting, REFUSED } from "./faults.js";
import { instanceOf } from "./instance-of.js";
import { iterate } from "./iterate.js";
import { objectLiteral } from "./literals.js";
import { type Frame, type Machine, refuse, type Site } from "./machine.js";
import { deleteMember } from "./member-writes.js";
import { hasMember } from "./members.js";
import { copyOf } from "./natives.js";
import { checkOperands, refuseThis } from "./operands.js";

import { type BinaryOperator, binary, type UnaryOperator, unary } from "./operators.js";
import { forgetWrites } from "./refused.js";
import { resolve } from "./resolve.js";
import type { FunctionNode } from "./source.js";
import { evaluateCondition } from "./statements.js";
import { refuseSyntax } from "./syntax.js";
import { taggedTemplate, template } from "./templates.js";
import { refuseUnmerged } from "./tensors.js";
import {
  arrayOf,
  type FunctionValue,
  functionOf,
  isNullish,
  memberOf,
  NULL,
  staticValue,
  UNDEFINED,
  type Value,
} from "./values.js";

/** A function written in the code being staged. */
export const closureOf = (frame: Frame, node: FunctionNode, name: string): FunctionValue =>
  functionOf({ kind: "closure", node, env: frame.env, frame, name });

/** The value of an expression. */
export const evaluate = (m: Machine, frame: Frame, node: ts.Expression): Value => {
  const span = frame.source.spanOf(node);
  if (span === null) return evaluateKind(m, frame, node);
  const { faults } = m;
  if (faults === null || frame.libraryScript !== null)
    return m.builder.at(span, () => evaluateKind(m, frame, node));
  const { builder } = m;
  return collecting(
    m,
    () => builder.at(span, () => evaluateKind(m, frame, node)),
    () => forgetWrites(m, frame, node, REFUSED.needs ?? []),
  );
};

const evaluateKind = (m: Machine, frame: Frame, node: ts.Expression): Value => {
  const { ts } = m;
  const K = ts.SyntaxKind;
  const site: Site & { readonly frame: Frame } = { machine: m, frame, node };
  switch (node.kind) {
    case K.NumericLiteral:
      return staticValue(Number((node as ts.NumericLiteral).text));
    case K.StringLiteral:
    case K.NoSubstitutionTemplateLiteral:
      return staticValue((node as ts.StringLiteral).text);
    case K.TrueKeyword:
      return staticValue(true);
    case K.FalseKeyword:
      return staticValue(false);
    case K.NullKeyword:
      return NULL;
    case K.Identifier: {
      const name = node as ts.Identifier;
      if (name.text === "arguments" && !frame.env.bindings.has("arguments"))
        return refuse(
          site,
          "TSJ1040",
          "`arguments` is not compiled",
          "use a rest parameter: (...args) => ...",
        );
      return resolve(site, name.text, name);
    }
    case K.ThisKeyword:
      return isNullish(frame.self) ? refuseThis(site) : frame.self;
    case K.ParenthesizedExpression:
    case K.AsExpression:
    case K.SatisfiesExpression:
    case K.NonNullExpression:
    case K.TypeAssertionExpression:
    case K.ExpressionWithTypeArguments:
      return evaluate(m, frame, (node as ts.ParenthesizedExpression).expression);
    case K.BinaryExpression:
      return binaryExpression(m, frame, node as ts.BinaryExpression, site);
    case K.PrefixUnaryExpression:
      return prefix(m, frame, node as ts.PrefixUnaryExpression, site);
    case K.PostfixUnaryExpression: {
      const { operator, operand } = node as ts.PostfixUnaryExpression;
      return increment(m, frame, operand, operator === K.PlusPlusToken ? "+" : "-", site).before;
    }
    case K.PropertyAccessExpression:
    case K.ElementAccessExpression:
    case K.CallExpression: {
      const value = chain(m, frame, node as ChainNode);
      return value ?? UNDEFINED;
    }
    case K.ConditionalExpression: {
      const { condition, whenTrue, whenFalse } = node as ts.ConditionalExpression;
      return chooseValue(
        site,
        evaluateCondition(m, frame, condition),
        () => evaluate(m, frame, whenTrue),
        () => evaluate(m, frame, whenFalse),
      );
    }
    case K.ArrowFunction:
    case K.FunctionExpression:
      return functionExpression(frame, node as ts.ArrowFunction | ts.FunctionExpression, site);
    case K.ArrayLiteralExpression: {
      const { elements } = node as ts.ArrayLiteralExpression;
      const [only] = elements;
      if (elements.length === 1 && only !== undefined && ts.isSpreadElement(only))
        return copyOf({ ...site, node: only }, evaluate(m, frame, only.expression));
      return arrayOf(elementsOf(m, frame, elements));
    }
    case K.ObjectLiteralExpression:
      return objectLiteral(m, frame, node as ts.ObjectLiteralExpression);
    case K.TemplateExpression:
      return template(m, frame, node as ts.TemplateExpression, site);
    case K.TaggedTemplateExpression:
      return taggedTemplate(m, frame, node as ts.TaggedTemplateExpression, site);
    case K.TypeOfExpression:
      return typeOf(m, frame, (node as ts.TypeOfExpression).expression);
    case K.VoidExpression:
      evaluate(m, frame, (node as ts.VoidExpression).expression);
      return UNDEFINED;
    case K.DeleteExpression:
      return deletion(m, frame, (node as ts.DeleteExpression).expression, site);
    case K.ClassExpression: {
      const type = classFrom(m, frame, node as ts.ClassExpression);
      return functionOf({ kind: "class", type });
    }
    case K.NewExpression: {
      const { expression, arguments: list } = node as ts.NewExpression;
      const callee = evaluate(m, frame, expression);
      return construct(site, callee, elementsOf(m, frame, list ?? []));
    }
    case K.RegularExpressionLiteral: {
      const { text } = node as ts.RegularExpressionLiteral;
      const end = text.lastIndexOf("/");
      return staticValue(new RegExp(text.slice(1, end), text.slice(end + 1)));
    }
    case K.BigIntLiteral:
      return staticValue(BigInt((node as ts.BigIntLiteral).text.replace(/n$/, "")));
    case K.MetaProperty:
      return refuse(site, "TSJ1040", `\`${node.getText(frame.source.tree)}\` is not compiled`);
    default:
      return refuseSyntax(site, node);
  }
};

/** Elements of an array literal or of an argument list, spreads opened. */
export const elementsOf = (m: Machine, frame: Frame, nodes: readonly ts.Expression[]): readonly Value[] =>
  nodes.flatMap((element) => {
    if (m.ts.isSpreadElement(element))
      return [...iterate({ machine: m, frame, node: element }, evaluate(m, frame, element.expression))];
    return [m.ts.isOmittedExpression(element) ? UNDEFINED : evaluate(m, frame, element)];
  });

const functionExpression = (
  frame: Frame,
  node: ts.ArrowFunction | ts.FunctionExpression,
  site: Site,
): Value => {
  const { ts } = site.machine;
  const isAsync = node.modifiers?.some((mod) => mod.kind === ts.SyntaxKind.AsyncKeyword) === true;
  if (isAsync || node.asteriskToken !== undefined)
    return refuse(site, "TSJ1005", `${isAsync ? "async functions" : "generators"} are not compiled`);
  if (!ts.isFunctionExpression(node) || node.name === undefined) return closureOf(frame, node, "");
  const env = createEnvironment(frame.env);
  const value = closureOf({ ...frame, env }, node, node.name.text);
  declare(env, node.name.text, value, true);
  return value;
};

const typeOf = (m: Machine, frame: Frame, node: ts.Expression): Value => {
  const value = evaluate(m, frame, node);
  switch (value.kind) {
    case "static":
      return staticValue(typeof value.value);
    case "unmerged":
      return refuseUnmerged({ machine: m, frame, node }, value);
    case "tensor": {
      if (value.holes) return refuseHole({ machine: m, frame, node });
      const isNumber = value.weak && value.v.type.shape.length === 0;
      return staticValue(isNumber ? (value.v.type.dtype === "bool" ? "boolean" : "number") : "object");
    }
    case "function":
      return staticValue("function");
    default:
      return staticValue("object");
  }
};

const deletion = (m: Machine, frame: Frame, target: ts.Expression, site: Site): Value => {
  const { ts } = m;
  if (!ts.isPropertyAccessExpression(target) && !ts.isElementAccessExpression(target))
    return refuse(site, "TSJ1040", "`delete` needs a property");
  const object = evaluate(m, frame, target.expression);
  const key = ts.isPropertyAccessExpression(target)
    ? staticValue(target.name.text)
    : evaluate(m, frame, target.argumentExpression);
  deleteMember(site, object, key);
  return staticValue(true);
};

const prefix = (m: Machine, frame: Frame, node: ts.PrefixUnaryExpression, site: Site): Value => {
  const K = m.ts.SyntaxKind;
  switch (node.operator) {
    case K.PlusPlusToken:
      return increment(m, frame, node.operand, "+", site).after;
    case K.MinusMinusToken:
      return increment(m, frame, node.operand, "-", site).after;
    case K.PlusToken:
    case K.MinusToken:
    case K.TildeToken:
    case K.ExclamationToken:
      return unary(
        site,
        m.ts.tokenToString(node.operator) as UnaryOperator,
        evaluate(m, frame, node.operand),
      );
    default: {
      const never: never = node.operator;
      return never;
    }
  }
};

/** `x++`: gives the number before and the one after. */
const increment = (m: Machine, frame: Frame, target: ts.Expression, sign: "+" | "-", site: Site) => {
  const place = referenceTo(m, frame, target);
  const before = unary(site, "+", place.get());
  const after = binary(site, sign, before, staticValue(1));
  place.set(after);
  return { before, after };
};

const binaryExpression = (m: Machine, frame: Frame, node: ts.BinaryExpression, site: Site): Value => {
  const { ts } = m;
  const K = ts.SyntaxKind;
  const { left, right, operatorToken } = node;
  const { kind } = operatorToken;
  const text = ts.tokenToString(kind) ?? "";
  if (kind === K.EqualsToken) {
    if (ts.isArrayLiteralExpression(left) || ts.isObjectLiteralExpression(left)) {
      const value = evaluate(m, frame, right);
      assignTarget(m, frame, left, value);
      return value;
    }
    const place = referenceTo(m, frame, left);
    const value = evaluate(m, frame, right);
    place.set(value);
    return value;
  }
  if (kind >= K.FirstCompoundAssignment && kind <= K.LastCompoundAssignment) {
    const place = referenceTo(m, frame, left);
    const before = place.get();
    const operator = text.slice(0, -1);
    if (operator === "&&" || operator === "||" || operator === "??") {
      const chosen = choose({ ...site, node: left }, operator, before, () => {
        const value = evaluate(m, frame, right);
        place.set(value);
        return value;
      });
      // What was undefined on some paths is so no longer.
      if (before.kind === "unmerged" && ts.isIdentifier(left)) place.set(chosen);
      return chosen;
    }
    const by = evaluate(m, frame, right);
    checkOperands(site, operator as BinaryOperator, left, before, right, by);
    const value = binary(site, operator as BinaryOperator, before, by);
    place.set(value);
    return value;
  }
  if (kind === K.CommaToken) {
    perform(m, frame, left);
    return evaluate(m, frame, right);
  }
  if (kind === K.InKeyword && ts.isPrivateIdentifier(left)) {
    const object = evaluate(m, frame, right);
    const isIn =
      object.kind === "object" && (object.props.has(left.text) || memberOf(object.type, left.text) !== null);
    return staticValue(isIn);
  }
  const a = evaluate(m, frame, left);
  if (text === "&&" || text === "||" || text === "??")
    return choose({ ...site, node: left }, text, a, () => evaluate(m, frame, right));
  const b = evaluate(m, frame, right);
  if (kind === K.InKeyword) return staticValue(hasMember(site, b, a));
  if (kind === K.InstanceOfKeyword) return instanceOf(site, a, b);
  checkOperands(site, text as BinaryOperator, left, a, right, b);
  return binary(site, text as BinaryOperator, a, b);
};

/** The left side of a logical operator, or the right one where it goes on to that. */
const choose = (site: Site, operator: "&&" | "||" | "??", left: Value, right: () => Value): Value => {
  if (operator === "??") {
    if (left.kind === "tensor" && left.holes) return refuseHole(site);
    if (left.kind === "unmerged") {
      const { maybe } = left;
      if (maybe === undefined) return refuseUnmerged(site, left);
      return chooseValue(site, maybe.present, () => maybe.value, right);
    }
    return isNullish(left) ? right() : left;
  }
  const holds = conditionOf(site, left, `the left side of \`${operator}\``);
  const keep = (): Value => left;
  return operator === "&&" ? chooseValue(site, holds, right, keep) : chooseValue(site, holds, keep, right);
};
