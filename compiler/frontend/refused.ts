/** What a refused part of the program leaves behind: what it may have written is unknown, and its parts are still looked at. */
import type { ts } from "ts-morph";
import { createBuilder } from "../ir/builder.js";
import { targetsOf } from "./bindings.js";
import { callValue } from "./calls.js";
import { type Completion, completionOf, type Exit } from "./completions.js";
import { assignedIn } from "./counted.js";
import { createEnvironment, declare, lookup } from "./environment.js";
import { absorbFault, isUnknownNeeds, REFUSED, unknownCondition, unknownValue } from "./faults.js";
import { setBinding } from "./journal.js";
import { type Frame, loopKey, type Machine, NeedStatic, type Site } from "./machine.js";
import { spoil } from "./merge.js";
import { bindPattern, declaring } from "./patterns.js";
import { StagedThrow, tryRegion, withRows } from "./regions.js";
import { execute, runBlock } from "./statements.js";
import type { Need, Value } from "./values.js";

type Needs = readonly Need[];

/** An array or object of the function's own is unknown from now on. */
const forgetObject = (site: Site, value: Value | undefined, needs: Needs): void => {
  if ((value?.kind === "array" || value?.kind === "object") && value.fixed === null)
    spoil(site, value, needs, "unknown here");
};

/** The variable at the start of `a.b[c].d(...)`. */
const rootName = (m: Machine, node: ts.Expression): string | null => {
  const { ts } = m;
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isAsExpression(node))
    return rootName(m, node.expression);
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)
    ? rootName(m, node.expression)
    : null;
};

/** Makes unknown what a piece of code may write: variables, elements, arguments of calls and what called functions assign. */
export const forgetWrites = (
  m: Machine,
  frame: Frame,
  node: ts.Node,
  needs: Needs,
  seen: Set<ts.Node> = new Set(),
): void => {
  const { ts } = m;
  if (seen.has(node)) return;
  seen.add(node);
  const site: Site = { machine: m, frame, node };
  const valueHeld = (name: string): Value | undefined => lookup(frame.env, name)?.value;
  for (const name of assignedIn(m, node)) {
    const isElement = name.startsWith("[");
    const binding = lookup(frame.env, isElement ? name.slice(1, -1) : name);
    if (isElement) forgetObject(site, binding?.value, needs);
    else if (binding !== null && !binding.constant && binding.value !== undefined)
      setBinding(m, binding, unknownValue(needs));
  }
  const visit = (at: ts.Node): void => {
    if (ts.isCallExpression(at) || ts.isNewExpression(at)) {
      const names = [at.expression, ...(at.arguments ?? [])].map((e) =>
        rootName(m, ts.isSpreadElement(e) ? e.expression : e),
      );
      for (const name of names) if (name !== null) forgetObject(site, valueHeld(name), needs);
      const callee = ts.isIdentifier(at.expression) ? valueHeld(at.expression.text) : undefined;
      if (callee?.kind === "function" && callee.callee.kind === "closure") {
        const { node: body, env, frame: home } = callee.callee;
        forgetWrites(m, { ...home, env }, body, needs, seen);
      }
    }
    at.forEachChild(visit);
  };
  visit(node);
};

/** Ways out of a statement, as it is written. */
const exitsIn = (m: Machine, { catches }: Frame, statement: ts.Statement, needs: Needs): readonly Exit[] => {
  const { ts } = m;
  const exits = new Map<string, Exit>();
  const visit = (node: ts.Node, breaks: boolean, continues: boolean, labels: readonly string[]): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    if (ts.isReturnStatement(node)) exits.set("return", { kind: "return", value: unknownValue(needs) });
    if (ts.isThrowStatement(node) && catches)
      exits.set("throw", { kind: "throw", value: unknownValue(needs) });
    if (ts.isBreakStatement(node) || ts.isContinueStatement(node)) {
      const kind = ts.isBreakStatement(node) ? "break" : "continue";
      const label = node.label?.text ?? null;
      const isInside = label === null ? (kind === "break" ? breaks : continues) : labels.includes(label);
      if (!isInside) exits.set(`${kind} ${label ?? ""}`, { kind, label });
    }
    const loops = ts.isIterationStatement(node, false);
    const inner = ts.isLabeledStatement(node) ? [...labels, node.label.text] : labels;
    node.forEachChild((child) =>
      visit(child, breaks || loops || ts.isSwitchStatement(node), continues || loops, inner),
    );
  };
  visit(statement, false, false, []);
  return [...exits.values()];
};

/** Runs a part of a refused statement for its faults alone. */
const explore = (site: Site, needs: Needs, f: () => unknown): void => {
  const { machine } = site;
  const before = machine.faults?.unknowns ?? 0;
  try {
    withRows(site, () => tryRegion(site, createBuilder(), needs, f));
  } catch (e) {
    if (!(e instanceof StagedThrow)) absorbFault(machine, e, before);
  }
};

/** A loop's body is as certain as the loop. */
const SURELY: Needs = [{ kind: "unknown", cause: null, staged: true }];

/** Runs what every call reaches for its faults alone. */
export const lookInto = (site: Site, f: () => unknown): void => explore(site, SURELY, f);

/** Runs a call. Where it can't be made because of what is unknown, the functions that are handed to it are looked into. */
export const callOrLookInto = <T>(site: Site, args: readonly Value[], call: () => T): T => {
  const { faults } = site.machine;
  if (faults === null || site.frame?.libraryScript !== null) return call();
  try {
    return call();
  } catch (e) {
    if (e instanceof NeedStatic && isUnknownNeeds(e.needs))
      for (const fn of args)
        if (fn.kind === "function" && fn.callee.kind === "closure" && !faults.entered.has(fn.callee.node)) {
          const unknown = fn.callee.node.parameters.map(() => unknownValue(e.needs));
          lookInto(site, () => callValue(site, fn, unknown));
        }
    throw e;
  }
};

/** Looks at the parts of a statement that could not be run as a whole. */
const exploreParts = (m: Machine, frame: Frame, s: ts.Statement, needs: Needs): void => {
  const { ts } = m;
  const inner: Frame = { ...frame, env: createEnvironment(frame.env) };
  const unknown = unknownValue(needs);
  const run = (part: ts.Statement, because: Needs): void =>
    explore({ machine: m, frame: inner, node: part }, because, () => execute(m, inner, part));
  if (ts.isIfStatement(s)) {
    // A condition that is refused for what it is would be one that only a run decides.
    const because = needs === REFUSED.needs ? SURELY : needs;
    run(s.thenStatement, because);
    if (s.elseStatement !== undefined) run(s.elseStatement, because);
  } else if (ts.isForStatement(s)) {
    if (s.initializer !== undefined && ts.isVariableDeclarationList(s.initializer))
      for (const d of s.initializer.declarations)
        for (const name of targetsOf(d.name)) declare(inner.env, name.text, unknown, false);
    run(s.statement, SURELY);
  } else if (ts.isForOfStatement(s) || ts.isForInStatement(s)) {
    if (ts.isVariableDeclarationList(s.initializer))
      for (const d of s.initializer.declarations)
        bindPattern(m, inner, d.name, unknown, declaring(m, inner, inner.env, false));
    run(s.statement, SURELY);
  } else if (ts.isWhileStatement(s) || ts.isDoStatement(s)) run(s.statement, SURELY);
  else if (ts.isSwitchStatement(s))
    for (const clause of s.caseBlock.clauses)
      explore({ machine: m, frame: inner, node: clause }, needs, () => runBlock(m, inner, clause.statements));
  else if (ts.isTryStatement(s)) {
    run(s.tryBlock, SURELY);
    if (s.finallyBlock !== undefined) run(s.finallyBlock, SURELY);
  } else if (ts.isLabeledStatement(s)) exploreParts(m, frame, s.statement, needs);
};

/** What is left of a statement that was refused. */
const leaveOut = (m: Machine, frame: Frame, s: ts.Statement, needs: Needs): Completion => {
  const { ts } = m;
  if (ts.isVariableStatement(s))
    for (const d of s.declarationList.declarations)
      for (const { text } of targetsOf(d.name)) {
        const binding = lookup(frame.env, text);
        if (binding !== null) setBinding(m, binding, unknownValue(needs));
      }
  if (ts.isClassDeclaration(s) && s.name !== undefined)
    declare(frame.env, s.name.text, unknownValue(needs), true);
  forgetWrites(m, frame, s, needs);
  exploreParts(m, frame, s, needs);
  const site: Site = { machine: m, frame, node: s };
  const exits = exitsIn(m, frame, s, needs).map((exit) => ({ flag: unknownCondition(site, needs), exit }));
  return completionOf(exits, true);
};

/** Whether a loop asks to be unrolled. One with unknown values in it would be so for nothing. */
const unrolls = (m: Machine, frame: Frame, s: ts.Statement, e: unknown): boolean => {
  if (!(e instanceof NeedStatic)) return false;
  const loop = m.ts.isLabeledStatement(s) ? s.statement : s;
  const key = loopKey(m, frame, loop);
  return e.needs.some((need) => need.kind === "loop" && need.key === key);
};

/** Runs a statement; one that is refused is left out, where faults are collected. */
export const runOrLeaveOut = (
  m: Machine,
  frame: Frame,
  s: ts.Statement,
  run: () => Completion,
): Completion => {
  const { faults, unrolled } = m;
  if (faults === null || frame.libraryScript !== null) return run();
  const before = faults.unknowns;
  try {
    return run();
  } catch (e) {
    const { needs } =
      unrolls(m, frame, s, e) && faults.unknowns > before ? REFUSED : absorbFault(m, e, before);
    m.unrolled = unrolled;
    return leaveOut(m, frame, s, needs ?? []);
  }
};
