/** Chains of properties, elements and calls: `a?.b.c(d)`. */
import type { ts } from "ts-morph";
import { chooseValue } from "./branches.js";
import { callValue } from "./calls.js";
import { callSuper } from "./classes.js";
import { describe } from "./describe.js";
import { elementsOf, evaluate } from "./expressions.js";
import { isUnknown } from "./faults.js";
import { type Frame, type Machine, refuse, type Site } from "./machine.js";
import { maybeOf } from "./maybe.js";
import { getMember, staticOf } from "./members.js";
import { callOrLookInto } from "./refused.js";
import { refuseUnmerged } from "./tensors.js";
import { bare } from "./typescript-only.js";
import { isNullish, type Maybe, memberOf, staticValue, UNDEFINED, type Value } from "./values.js";

export type ChainNode = ts.PropertyAccessExpression | ts.ElementAccessExpression | ts.CallExpression;

/** A link of `a?.b.c(d)`; null where a `?.` before it found nothing. */
export const chain = (m: Machine, frame: Frame, node: ts.Expression): Value | null => {
  const { ts } = m;
  const isLink =
    ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node) || ts.isCallExpression(node);
  if (ts.isNonNullExpression(node)) return chain(m, frame, node.expression);
  if (!isLink) return evaluate(m, frame, node);
  if (ts.isCallExpression(node)) return callLink(m, frame, node);
  if (node.expression.kind === ts.SyntaxKind.SuperKeyword) return superMember(m, frame, node);
  const object = chain(m, frame, node.expression);
  if (object === null || (node.questionDotToken !== undefined && isNullish(object))) return null;
  const maybe = node.questionDotToken === undefined ? null : maybeOf(object);
  if (maybe !== null) return optionalMember(m, frame, node, maybe);
  return member(m, frame, node, object);
};

const refuseChain = (site: Site): never =>
  refuse(
    site,
    "TSJ1103",
    "a chain goes on behind a `?.` whose left side is missing or not at run time",
    "test it first: if (a !== undefined) ...",
  );

/** `a?.name` at the end of a chain, where `a` may be missing at run time. */
const optionalMember = (
  m: Machine,
  frame: Frame,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
  { present, value }: Maybe,
): Value => {
  const site: Site = { machine: m, frame, node };
  const { ts } = m;
  const { parent } = node;
  const goesOn =
    (ts.isPropertyAccessExpression(parent) ||
      ts.isElementAccessExpression(parent) ||
      ts.isCallExpression(parent)) &&
    parent.expression === node;
  if (goesOn) refuseChain(site);
  return chooseValue(
    site,
    present,
    () => member(m, frame, node, value),
    () => UNDEFINED,
  );
};

/** `super.name`: a member of the class that this one extends. */
const superMember = (
  m: Machine,
  frame: Frame,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
): Value => {
  const parent = frame.home?.parent ?? null;
  const name = m.ts.isPropertyAccessExpression(node) ? node.name.text : null;
  // In a static method `this` is the class, and so is what `super` looks into.
  if (parent !== null && name !== null && frame.self.kind === "function")
    return staticOf({ machine: m, frame, node }, parent, frame.self, name);
  const found = name === null ? null : memberOf(parent, name);
  if (found === null)
    return refuse({ machine: m, frame, node }, "TSJ1040", "`super` is compiled for methods only");
  if (found.kind === "method") return found.fn;
  return found.get === null ? UNDEFINED : callValue({ machine: m, frame, node }, found.get, [], frame.self);
};

const member = (
  m: Machine,
  frame: Frame,
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
  object: Value,
): Value => {
  const site: Site = { machine: m, frame, node };
  const key = m.ts.isPropertyAccessExpression(node)
    ? staticValue(node.name.text)
    : evaluate(m, frame, node.argumentExpression);
  return m.builder.at(frame.source.spanOf(node), () => getMember(site, object, key));
};

const callLink = (m: Machine, frame: Frame, node: ts.CallExpression): Value | null => {
  const { ts } = m;
  const site: Site = { machine: m, frame, node };
  const expression = bare(node.expression);
  let self: Value = UNDEFINED;
  let callee: Value;
  if (expression.kind === ts.SyntaxKind.SuperKeyword)
    return callSuper({ machine: m, frame, node }, elementsOf(m, frame, node.arguments));
  if (ts.isPropertyAccessExpression(expression) || ts.isElementAccessExpression(expression)) {
    const isSuper = expression.expression.kind === ts.SyntaxKind.SuperKeyword;
    const object = isSuper ? frame.self : chain(m, frame, expression.expression);
    if (object === null || (expression.questionDotToken !== undefined && isNullish(object))) return null;
    const maybe = expression.questionDotToken === undefined ? null : maybeOf(object);
    if (maybe !== null) refuseChain({ machine: m, frame, node: expression });
    self = object;
    if (isUnknown(object))
      return callOrLookInto(site, elementsOf(m, frame, node.arguments), () => refuseUnmerged(site, object));
    callee = isSuper ? superMember(m, frame, expression) : member(m, frame, expression, object);
    if (isNullish(callee) && node.questionDotToken === undefined)
      return refuse(
        { ...site, node: expression },
        "TSJ1050",
        `${describe(object)} has no method \`${expression.getLastToken()?.getText() ?? ""}\``,
      );
  } else {
    const value = chain(m, frame, expression);
    if (value === null) return null;
    callee = value;
  }
  if (node.questionDotToken !== undefined && isNullish(callee)) return null;
  const args = elementsOf(m, frame, node.arguments);
  return m.builder.at(frame.source.spanOf(node), () =>
    callOrLookInto(site, args, () => callValue(site, callee, args, self)),
  );
};
