/** Loops, unrolled while staging. */
import type { ts } from "ts-morph";
import { assignTarget } from "./assignments.js";
import { truth } from "./conditions.js";
import { copyEnvironment, createEnvironment } from "./environment.js";
import { evaluate } from "./expressions.js";
import { openHost } from "./hosts.js";
import { iterate } from "./iterate.js";
import { type Frame, type Machine, refuse, type Site, step } from "./machine.js";
import { bindPattern, declaring } from "./patterns.js";
import { type Completion, execute, runDeclarations } from "./statements.js";
import { describe, isNullish, keysOf, staticValue, type Value } from "./values.js";

/** What the loop does after its body ended so: leave with a completion, or go on. */
type Next = { readonly leave: true; readonly end: Completion } | { readonly leave: false };
const GO_ON: Next = { leave: false };

const afterBody = (end: Completion, labels: readonly string[]): Next => {
  if (end === null) return GO_ON;
  if (end.kind === "return") return { leave: true, end };
  const mine = end.label === null || labels.includes(end.label);
  if (end.kind === "continue") return mine ? GO_ON : { leave: true, end };
  return { leave: true, end: mine ? null : end };
};

export const runFor = (
  m: Machine,
  frame: Frame,
  s: ts.ForStatement,
  labels: readonly string[],
): Completion => {
  const { ts } = m;
  let inner: Frame = { ...frame, env: createEnvironment(frame.env) };
  const { initializer } = s;
  if (initializer !== undefined) {
    if (ts.isVariableDeclarationList(initializer)) runDeclarations(m, inner, initializer);
    else evaluate(m, inner, initializer);
  }
  // Each iteration has variables of its own, that start with the values the last one left.
  inner = { ...inner, env: copyEnvironment(inner.env) };
  for (;;) {
    step({ machine: m, frame, node: s });
    if (s.condition !== undefined) {
      const condition = evaluate(m, inner, s.condition);
      if (!truth({ machine: m, frame: inner, node: s.condition }, condition, "the loop's condition"))
        return null;
    }
    const next = afterBody(execute(m, inner, s.statement), labels);
    if (next.leave) return next.end;
    inner = { ...inner, env: copyEnvironment(inner.env) };
    if (s.incrementor !== undefined) evaluate(m, inner, s.incrementor);
  }
};

export const runWhile = (
  m: Machine,
  frame: Frame,
  s: ts.WhileStatement | ts.DoStatement,
  labels: readonly string[],
): Completion => {
  const holds = (): boolean =>
    truth(
      { machine: m, frame, node: s.expression },
      evaluate(m, frame, s.expression),
      "the loop's condition",
    );
  if (m.ts.isWhileStatement(s) && !holds()) return null;
  do {
    step({ machine: m, frame, node: s });
    const next = afterBody(execute(m, frame, s.statement), labels);
    if (next.leave) return next.end;
  } while (holds());
  return null;
};

/** The body once for each item, with the loop's variable bound anew. */
const runOver = (
  m: Machine,
  frame: Frame,
  s: ts.ForOfStatement | ts.ForInStatement,
  items: Iterable<Value>,
  labels: readonly string[],
): Completion => {
  const { ts } = m;
  for (const item of items) {
    step({ machine: m, frame, node: s });
    const inner: Frame = { ...frame, env: createEnvironment(frame.env) };
    const { initializer } = s;
    if (ts.isVariableDeclarationList(initializer)) {
      const [declaration] = initializer.declarations;
      const blockScoped = (initializer.flags & ts.NodeFlags.BlockScoped) !== 0;
      const constant = (initializer.flags & ts.NodeFlags.Const) !== 0;
      if (declaration !== undefined && blockScoped)
        bindPattern(m, inner, declaration.name, item, declaring(inner, inner.env, constant));
      else if (declaration !== undefined)
        bindPattern(m, inner, declaration.name, item, (name, value) => assignTarget(m, inner, name, value));
    } else assignTarget(m, inner, initializer, item);
    const next = afterBody(execute(m, inner, s.statement), labels);
    if (next.leave) return next.end;
  }
  return null;
};

/** Arrays may grow while they are gone through. */
function* live(items: readonly Value[]): Generator<Value> {
  for (let k = 0; k < items.length; k++) {
    const item = items[k];
    if (item !== undefined) yield item;
  }
}

export const runForOf = (
  m: Machine,
  frame: Frame,
  s: ts.ForOfStatement,
  labels: readonly string[],
): Completion => {
  const site: Site = { machine: m, frame, node: s.expression };
  if (s.awaitModifier !== undefined) return refuse(site, "TSJ1040", "`for await` is not compiled");
  return runOver(m, frame, s, live(iterate(site, evaluate(m, frame, s.expression))), labels);
};

export const runForIn = (
  m: Machine,
  frame: Frame,
  s: ts.ForInStatement,
  labels: readonly string[],
): Completion => {
  const site: Site = { machine: m, frame, node: s.expression };
  const value = evaluate(m, frame, s.expression);
  const object = value.kind === "host" ? openHost(site, value) : value;
  if (isNullish(object)) return null;
  const keys =
    object.kind === "object"
      ? keysOf(object)
      : object.kind === "array"
        ? object.items.map((_, k) => String(k))
        : refuse(site, "TSJ1040", `\`for..in\` over ${describe(object)} is not compiled`);
  return runOver(m, frame, s, keys.map(staticValue), labels);
};
