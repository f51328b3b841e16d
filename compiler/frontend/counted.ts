/** Loops whose iterations can be counted before they begin: `for (let i = a; i < b; i += c)`. */
import type { ts } from "ts-morph";
import { isDeclaredInside, targetsOf } from "./bindings.js";
import { type Binding, lookup } from "./environment.js";
import { evaluate } from "./expressions.js";
import { isIntegral } from "./integral.js";
import type { Cell } from "./journal.js";
import { type Frame, type Machine, NeedStatic, type Site } from "./machine.js";
import type { Trip } from "./staged-loops.js";
import { lift, needsOf, varOf } from "./tensors.js";
import { bare } from "./typescript-only.js";
import { isStatic, type TensorValue, type Value } from "./values.js";

export interface Counted {
  readonly name: string;
  readonly binding: Binding;
  readonly start: Value;
  readonly step: number;
  readonly trip: Trip;
  /** Variables that the number of iterations was computed from. */
  readonly reads: readonly Cell[];
}

const writtenNames = new WeakMap<ts.Node, ReadonlySet<string>>();

/** Names of variables from outside that are assigned to anywhere in a piece of code. */
export const assignedIn = ({ ts }: Machine, root: ts.Node): ReadonlySet<string> => {
  const known = writtenNames.get(root);
  if (known !== undefined) return known;
  const names = new Set<string>();
  const add = (target: ts.Node): void => {
    for (const name of targetsOf(target)) if (!isDeclaredInside(root, name)) names.add(name.text);
    let base = ts.isExpression(target) ? bare(target) : target;
    while (ts.isElementAccessExpression(base) || ts.isPropertyAccessExpression(base))
      base = bare(base.expression);
    if (base !== target && ts.isIdentifier(base) && !isDeclaredInside(root, base))
      names.add(`[${base.text}]`);
  };
  const elements = (target: ts.Node): void => {
    add(target);
    if (ts.isArrayLiteralExpression(target)) for (const e of target.elements) elements(e);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken;
      if (kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment) elements(node.left);
    } else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
      if (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)
        add(node.operand);
    } else if (
      (ts.isForOfStatement(node) || ts.isForInStatement(node)) &&
      !ts.isVariableDeclarationList(node.initializer)
    )
      elements(node.initializer);
    node.forEachChild(visit);
  };
  visit(root);
  writtenNames.set(root, names);
  return names;
};

const numberOf = (m: Machine, node: ts.Expression): number | null => {
  const { ts } = m;
  if (ts.isParenthesizedExpression(node)) return numberOf(m, node.expression);
  return ts.isNumericLiteral(node) ? Number(node.text) : null;
};

/** `i++`, `i -= 2`: the variable and the step. */
const stepOf = (m: Machine, frame: Frame, node: ts.Expression): { name: string; step: number } | null => {
  const { ts } = m;
  const K = ts.SyntaxKind;
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    if (!ts.isIdentifier(node.operand)) return null;
    if (node.operator === K.PlusPlusToken) return { name: node.operand.text, step: 1 };
    return node.operator === K.MinusMinusToken ? { name: node.operand.text, step: -1 } : null;
  }
  if (!ts.isBinaryExpression(node) || !ts.isIdentifier(node.left)) return null;
  const { kind } = node.operatorToken;
  if (kind !== K.PlusEqualsToken && kind !== K.MinusEqualsToken) return null;
  const known = numberOf(m, node.right) ?? staticNumber(frame, m, node.right);
  if (known === null || !Number.isInteger(known) || known === 0) return null;
  return { name: node.left.text, step: kind === K.PlusEqualsToken ? known : -known };
};

/** The value of a variable that holds a known number. */
const staticNumber = (frame: Frame, { ts }: Machine, node: ts.Expression): number | null => {
  if (!ts.isIdentifier(node)) return null;
  const value = lookup(frame.env, node.text)?.value;
  return value !== undefined && isStatic(value) && typeof value.value === "number" ? value.value : null;
};

/** Whether an expression gives the same value at every iteration, without effects. */
const isInvariant = (
  m: Machine,
  frame: Frame,
  node: ts.Expression,
  written: ReadonlySet<string>,
): boolean => {
  const { ts } = m;
  const all = (...parts: readonly ts.Expression[]): boolean =>
    parts.every((p) => isInvariant(m, frame, p, written));
  if (ts.isNumericLiteral(node)) return true;
  if (ts.isIdentifier(node)) return !written.has(node.text);
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isAsExpression(node))
    return all(node.expression);
  if (ts.isPrefixUnaryExpression(node))
    return node.operator === ts.SyntaxKind.MinusToken && all(node.operand);
  if (ts.isPropertyAccessExpression(node)) {
    if (node.name.text === "length") return lengthIsFixed(m, frame, node.expression, written);
    return false;
  }
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isAssignment = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return !isAssignment && kind !== ts.SyntaxKind.CommaToken && all(node.left, node.right);
  }
  if (ts.isCallExpression(node)) {
    const { expression } = node;
    return (
      ts.isPropertyAccessExpression(expression) &&
      ts.isIdentifier(expression.expression) &&
      expression.expression.text === "Math" &&
      lookup(frame.env, "Math") === null &&
      all(...node.arguments)
    );
  }
  return false;
};

/** A loop that changes a length it is counted by is found out when its body has been run. */
const lengthIsFixed = (
  { ts }: Machine,
  _frame: Frame,
  node: ts.Expression,
  written: ReadonlySet<string>,
): boolean => {
  let at = node;
  while (ts.isNonNullExpression(at) || ts.isParenthesizedExpression(at) || ts.isAsExpression(at))
    at = at.expression;
  if (ts.isElementAccessExpression(at) && ts.isNumericLiteral(at.argumentExpression)) at = at.expression;
  return ts.isIdentifier(at) && !written.has(at.text);
};

/**
 * Reverse mode keeps less where it is known how often a loop runs: arguments that tell it are made known. The counter of an
 * enclosing loop is not, which would copy that loop's body.
 */
const needKnown = (values: readonly Value[]): void => {
  const needs = needsOf(values.filter((v) => v.kind === "tensor"));
  if (needs?.every((need) => need.kind !== "loop") === true) throw new NeedStatic(needs);
};

/** Variables, and the arrays that they hold, as their lengths may be read. */
const bindingsIn = (m: Machine, frame: Frame, node: ts.Node): readonly Cell[] => {
  const found: Cell[] = [];
  const arrays = (value: Value | undefined): readonly Cell[] =>
    value?.kind !== "array"
      ? []
      : [value, ...(value.held.kind === "list" ? value.held.list.flatMap(arrays) : [])];
  const visit = (at: ts.Node): void => {
    const binding = m.ts.isIdentifier(at) ? lookup(frame.env, at.text) : null;
    if (binding !== null) found.push(binding, ...arrays(binding.value));
    at.forEachChild(visit);
  };
  visit(node);
  return found;
};

type Comparison = "<" | "<=" | ">" | ">=";
const MIRROR: Readonly<Record<Comparison, Comparison>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const isComparison = (text: string): text is Comparison => Object.hasOwn(MIRROR, text);

const MAX_TRIP = 2 ** 31 - 1;

/** Iterations from `start` while `i op bound`: max(0, ceil((bound - start) / step)), one more where the bound counts. */
const tripOf = (site: Site, start: Value, bound: Value, step: number, op: Comparison): Trip | null => {
  const inclusive = op.length === 2;
  if (isStatic(start) && isStatic(bound)) {
    if (typeof start.value !== "number" || typeof bound.value !== "number") return null;
    const distance = ((bound.value - start.value) * Math.sign(step)) / Math.abs(step);
    const n = inclusive ? Math.floor(distance) + 1 : Math.ceil(distance);
    return Number.isNaN(n) ? 0 : n > MAX_TRIP ? null : Math.max(0, n);
  }
  const { builder: b } = site.machine;
  const [from, to] = [start, bound].map((v) => b.cast(varOf(site, lift(site, v)), "f64"));
  if (from === undefined || to === undefined) return null;
  const distance = step > 0 ? b.sub(to, from) : b.sub(from, to);
  const scaled = Math.abs(step) === 1 ? distance : b.div(distance, b.fill(distance, Math.abs(step)));
  const whole =
    Math.abs(step) === 1 && isIntegral(site.machine, to)
      ? scaled
      : inclusive
        ? b.floor(scaled)
        : b.ceil(scaled);
  const count = inclusive ? b.add(whole, b.fill(whole, 1)) : whole;
  // NaN counts as none, as it compares false.
  return b.cast(b.select(b.gt(count, b.zerosLike(count)), count, b.zerosLike(count)), "i32");
};

const isScalar = (value: Value | undefined): value is Value =>
  value !== undefined &&
  ((isStatic(value) && typeof value.value === "number") ||
    (value.kind === "tensor" && value.v.type.shape.length === 0 && value.v.type.dtype !== "bool"));

/** Counts a `for` loop whose initializer has been run; null where that can't be done beforehand. */
export const countLoop = (m: Machine, frame: Frame, s: ts.ForStatement): Counted | null => {
  const { ts } = m;
  const { condition, incrementor } = s;
  if (condition === undefined || incrementor === undefined || !ts.isBinaryExpression(condition)) return null;
  const step = stepOf(m, frame, incrementor);
  if (step === null) return null;
  const text = ts.tokenToString(condition.operatorToken.kind) ?? "";
  if (!isComparison(text)) return null;
  const mirrored = ts.isIdentifier(condition.right) && condition.right.text === step.name;
  const [variable, boundNode] = mirrored
    ? [condition.right, condition.left]
    : [condition.left, condition.right];
  const op = mirrored ? MIRROR[text] : text;
  if (!ts.isIdentifier(variable) || variable.text !== step.name || op.startsWith(">") !== step.step < 0)
    return null;
  const declared = s.initializer !== undefined && ts.isVariableDeclarationList(s.initializer);
  const own = declared && (s.initializer.flags & ts.NodeFlags.Let) !== 0;
  const binding = frame.env.bindings.get(step.name);
  if (!own || binding === undefined) return null;
  const written = assignedIn(m, s.statement);
  if (written.has(step.name)) return null;
  if (!isInvariant(m, frame, boundNode, new Set([...written, step.name]))) return null;
  const start = binding.value;
  if (!isScalar(start) || (isStatic(start) && (!Number.isInteger(start.value) || Object.is(start.value, -0))))
    return null;
  if (start.kind === "tensor" && (!start.weak || !isIntegral(m, start.v))) return null;
  const bound = evaluate(m, frame, boundNode);
  if (!isScalar(bound)) return null;
  if (m.reverse > 0 && !(isStatic(start) && isStatic(bound))) needKnown([start, bound]);
  const trip = tripOf({ machine: m, frame, node: s }, start, bound, step.step, op);
  if (trip === null) return null;
  return { name: step.name, binding, start, step: step.step, trip, reads: bindingsIn(m, frame, boundNode) };
};

/** The variable's value at iteration `k`: start + k * step. */
export const counterValue = (site: Site, { start, step }: Counted, k: TensorValue): Value => {
  const { builder: b } = site.machine;
  const i = b.cast(varOf(site, k), "f64");
  const scaled = step === 1 ? i : b.mul(i, b.fill(i, step));
  const from = isStatic(start) && start.value === 0 ? null : b.cast(varOf(site, lift(site, start)), "f64");
  const v = from === null ? scaled : b.add(from, scaled);
  return { ...k, v, weak: true, builder: b };
};
