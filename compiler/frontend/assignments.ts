/** Assignments: variables, properties, patterns, `+=`, `++`. */
import type { ts } from "ts-morph";
import { lookup } from "./environment.js";
import { evaluate } from "./expressions.js";
import { itemsOf } from "./iterate.js";
import { setBinding } from "./journal.js";
import { propertyName } from "./literals.js";
import { type Frame, type Machine, refuse, type Site } from "./machine.js";
import { setMember } from "./member-writes.js";
import { getMember } from "./members.js";
import { restOf, withDefault, withOrigin } from "./patterns.js";
import { resolve } from "./resolve.js";
import { bare } from "./typescript-only.js";
import { arrayOf, isStatic, staticValue, UNDEFINED, type Value } from "./values.js";

/** A place that can be read and written; its parts are evaluated once. */
export interface Reference {
  readonly get: () => Value;
  readonly set: (value: Value) => undefined;
}

export const referenceTo = (m: Machine, frame: Frame, target: ts.Expression): Reference => {
  const { ts } = m;
  const inner = bare(target);
  if (inner !== target) return referenceTo(m, frame, inner);
  const site: Site & { readonly frame: Frame } = { machine: m, frame, node: target };
  if (ts.isIdentifier(target))
    return {
      get: () => resolve(site, target.text, target),
      set: (value) => setVariable(m, frame, target, value),
    };
  if (ts.isPropertyAccessExpression(target)) {
    const object = evaluate(m, frame, target.expression);
    const key = staticValue(target.name.text);
    return { get: () => getMember(site, object, key), set: (value) => setMember(site, object, key, value) };
  }
  if (ts.isElementAccessExpression(target)) {
    const object = evaluate(m, frame, target.expression);
    const key = evaluate(m, frame, target.argumentExpression);
    return { get: () => getMember(site, object, key), set: (value) => setMember(site, object, key, value) };
  }
  return refuse(site, "TSJ1040", "this can't be assigned to");
};

const setVariable = (m: Machine, frame: Frame, name: ts.Identifier, value: Value): undefined => {
  const site: Site = { machine: m, frame, node: name };
  const binding = lookup(frame.env, name.text);
  if (binding === null || binding.captured !== undefined)
    return refuse(
      site,
      "TSJ1021",
      `\`${name.text}\` is assigned to, but it is declared outside of the compiled function`,
      "return the new value instead",
    );
  if (binding.constant) return refuse(site, "TSJ1022", `\`${name.text}\` is a constant`);
  if (binding.value === undefined)
    return refuse(
      site,
      "TSJ1053",
      `\`${name.text}\` is used before its declaration`,
      "move the declaration up",
    );
  setBinding(m, binding, withOrigin(frame, name, value));
};

/** `target = value`, where the target may be a pattern. */
export const assignTarget = (m: Machine, frame: Frame, target: ts.Expression, value: Value): undefined => {
  const { ts } = m;
  const site: Site = { machine: m, frame, node: target };
  if (ts.isArrayLiteralExpression(target)) {
    const items = itemsOf(site, value);
    const from = (first: number): readonly Value[] =>
      Array.from({ length: Math.max(0, items.length() - first) }, (_, k) => items.at(site, first + k));
    // Each item is read when its turn comes: what is assigned to may be an item itself.
    target.elements.forEach((element, k) => {
      if (ts.isOmittedExpression(element)) return;
      if (ts.isSpreadElement(element)) assignTarget(m, frame, element.expression, arrayOf(from(k)));
      else assignElement(m, frame, element, k < items.length() ? items.at(site, k) : UNDEFINED);
    });
    return;
  }
  if (ts.isObjectLiteralExpression(target)) return assignObject(m, frame, target, value, site);
  referenceTo(m, frame, target).set(value);
};

/** An element of a pattern, with its default. */
const assignElement = (m: Machine, frame: Frame, element: ts.Expression, value: Value): undefined => {
  const { ts } = m;
  const hasDefault =
    ts.isBinaryExpression(element) && element.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  if (!hasDefault) return assignTarget(m, frame, element, value);
  assignTarget(m, frame, element.left, withDefault(m, frame, value, element.right));
};

const assignObject = (
  m: Machine,
  frame: Frame,
  target: ts.ObjectLiteralExpression,
  value: Value,
  site: Site,
): undefined => {
  const { ts } = m;
  const used: string[] = [];
  for (const p of target.properties) {
    if (ts.isSpreadAssignment(p)) {
      assignTarget(m, frame, p.expression, restOf(site, value, used));
    } else if (ts.isShorthandPropertyAssignment(p)) {
      const found = getMember(site, value, staticValue(p.name.text));
      used.push(p.name.text);
      setVariable(m, frame, p.name, withDefault(m, frame, found, p.objectAssignmentInitializer));
    } else if (ts.isPropertyAssignment(p)) {
      const key = propertyName(m, frame, p.name);
      used.push(String(isStatic(key) ? key.value : ""));
      assignElement(m, frame, p.initializer, getMember(site, value, key));
    } else refuse(site, "TSJ1040", "this can't be assigned to");
  }
};
