/** Statements: run while staging; loops and branches are decided here and now. */
import type { ts } from "ts-morph";
import { MAX_SHOWN } from "../ops/check-text.js";
import { targetsOf } from "./bindings.js";
import { chooseCompletion, chooseTruth, chooseValue, logical, notOf } from "./branches.js";
import { classFrom } from "./classes.js";
import type { Code } from "./codes.js";
import { absorb, anyTaken, type Completion, exitsOf, fallsThrough, taken } from "./completions.js";
import { COUNTED, condition, truth } from "./conditions.js";
import { perform } from "./effects.js";
import { createEnvironment, declare, type Environment } from "./environment.js";
import { closureOf, evaluate } from "./expressions.js";
import { runForIn, runForOf } from "./item-loops.js";
import { setBinding } from "./journal.js";
import { runFor, runWhile } from "./loops.js";
import { type Frame, type Machine, refuse, type Site, spanAt } from "./machine.js";
import { getMember } from "./members.js";
import { binary } from "./operators.js";
import { bindPattern, declaring } from "./patterns.js";
import { runOrLeaveOut } from "./refused.js";
import { refuseThrow, StagedThrow } from "./regions.js";
import { toHost } from "./reify.js";
import type { FunctionNode } from "./source.js";
import { refuseSyntax } from "./syntax.js";
import { varOf } from "./tensors.js";
import { checkTextOf, withoutNumbers } from "./thrown-text.js";
import { runTry } from "./try.js";
import { enumValue, isTypeOnly } from "./typescript-only.js";
import { functionOf, staticValue, type TensorValue, UNDEFINED, type Value } from "./values.js";

const varNames = new WeakMap<ts.Node, readonly string[]>();

/** Names that `var` declares in a function's body, at any depth of blocks. */
const hoistedVars = (m: Machine, body: ts.Node): readonly string[] => {
  const known = varNames.get(body);
  if (known !== undefined) return known;
  const { ts } = m;
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === 0)
      for (const d of node.declarations) names.push(...targetsOf(d.name).map((n) => n.text));
    node.forEachChild(visit);
  };
  visit(body);
  varNames.set(body, names);
  return names;
};

/** Declares what a block declares: functions with their value, `let` and `const` as not yet reached. */
const hoist = (m: Machine, frame: Frame, env: Environment, statements: readonly ts.Statement[]): void => {
  const { ts } = m;
  for (const s of statements) {
    if (ts.isFunctionDeclaration(s) && s.name !== undefined && s.body !== undefined)
      declare(env, s.name.text, closureOf({ ...frame, env }, s, s.name.text), false);
    else if (ts.isVariableStatement(s) && (s.declarationList.flags & ts.NodeFlags.BlockScoped) !== 0)
      for (const d of s.declarationList.declarations)
        for (const name of targetsOf(d.name))
          declare(env, name.text, undefined, (s.declarationList.flags & ts.NodeFlags.Const) !== 0);
    else if ((ts.isClassDeclaration(s) || ts.isEnumDeclaration(s)) && s.name !== undefined)
      declare(env, s.name.text, undefined, true);
  }
};

/** Runs a function's body; gives what it returns. */
export const runBody = (m: Machine, frame: Frame, node: FunctionNode, body: ts.Block): Value => {
  for (const name of hoistedVars(m, body))
    if (!frame.env.bindings.has(name)) declare(frame.env, name, UNDEFINED, false);
  hoist(m, frame, frame.env, body.statements);
  const end = runStatements(m, frame, body.statements);
  if (end === null) return UNDEFINED;
  if (end.kind === "return") return end.value;
  const odd = exitsOf(end).find((e) => e.exit.kind !== "return");
  if (odd !== undefined)
    return refuse({ machine: m, frame, node }, "TSJ1040", `\`${odd.exit.kind}\` outside of a loop`);
  const [way] = exitsOf(end);
  if (way?.exit.kind !== "return") return UNDEFINED;
  const { value } = way.exit;
  if (!fallsThrough(end)) return value;
  const site: Site = { machine: m, frame, node };
  return chooseValue(
    site,
    anyTaken(site, [way]),
    () => value,
    () => UNDEFINED,
  );
};

const runStatements = (
  m: Machine,
  frame: Frame,
  statements: readonly ts.Statement[],
  from = 0,
): Completion => {
  for (let k = from; k < statements.length; k++) {
    const s = statements[k];
    const end = s === undefined ? null : runOrLeaveOut(m, frame, s, () => execute(m, frame, s));
    if (end === null) continue;
    if (!fallsThrough(end) || k + 1 === statements.length) return end;
    // The rest runs where none of the ways out was taken.
    const site: Site = { machine: m, frame, node: s ?? null };
    return chooseCompletion(
      site,
      anyTaken(site, exitsOf(end)),
      () => taken(end),
      () => runStatements(m, frame, statements, k + 1),
    );
  }
  return null;
};

export const runBlock = (m: Machine, frame: Frame, statements: readonly ts.Statement[]): Completion => {
  const inner: Frame = { ...frame, env: createEnvironment(frame.env) };
  hoist(m, inner, inner.env, statements);
  return runStatements(m, inner, statements);
};

/** `const x = ...`, `let`, `var`. */
export const runDeclarations = (m: Machine, frame: Frame, list: ts.VariableDeclarationList): void => {
  const { ts } = m;
  const blockScoped = (list.flags & ts.NodeFlags.BlockScoped) !== 0;
  const constant = (list.flags & ts.NodeFlags.Const) !== 0;
  if ((list.flags & ts.NodeFlags.Using) === ts.NodeFlags.Using)
    refuse({ machine: m, frame, node: list }, "TSJ1040", "`using` is not compiled");
  for (const d of list.declarations) {
    if (d.initializer === undefined && !blockScoped) continue;
    const value = d.initializer === undefined ? UNDEFINED : evaluate(m, frame, d.initializer);
    const env = blockScoped ? frame.env : varEnvironment(frame.env, d.name, m);
    bindPattern(m, frame, d.name, named(m, d.name, value), declaring(m, frame, env, constant));
  }
};

/** `const f = () => ...` gives the function its name. */
const named = (m: Machine, name: ts.BindingName, value: Value): Value =>
  m.ts.isIdentifier(name) &&
  value.kind === "function" &&
  value.callee.kind === "closure" &&
  value.callee.name === ""
    ? { ...value, callee: { ...value.callee, name: name.text } }
    : value;

/** The environment of the function that a `var` belongs to. */
const varEnvironment = (env: Environment, name: ts.BindingName, m: Machine): Environment => {
  const wanted = m.ts.isIdentifier(name) ? name.text : (targetsOf(name)[0]?.text ?? "");
  for (let at: Environment | null = env; at !== null; at = at.parent) if (at.bindings.has(wanted)) return at;
  return env;
};

/** Runs one statement. `labels` are those that stand before it. */
export const execute = (
  m: Machine,
  frame: Frame,
  s: ts.Statement,
  labels: readonly string[] = [],
): Completion => {
  const span = frame.source.spanOf(s);
  return span === null
    ? executeKind(m, frame, s, labels)
    : m.builder.at(span, () => executeKind(m, frame, s, labels));
};

const executeKind = (m: Machine, frame: Frame, s: ts.Statement, labels: readonly string[]): Completion => {
  const { ts } = m;
  const site: Site = { machine: m, frame, node: s };
  if (ts.isExpressionStatement(s)) {
    perform(m, frame, s.expression);
    return null;
  }
  if (ts.isVariableStatement(s)) {
    runDeclarations(m, frame, s.declarationList);
    return null;
  }
  if (ts.isReturnStatement(s))
    return {
      kind: "return",
      value: s.expression === undefined ? UNDEFINED : evaluate(m, frame, s.expression),
    };
  if (ts.isIfStatement(s)) {
    const { elseStatement } = s;
    return chooseCompletion(
      site,
      evaluateCondition(m, frame, s.expression),
      () => execute(m, frame, s.thenStatement),
      () => (elseStatement === undefined ? null : execute(m, frame, elseStatement)),
    );
  }
  if (ts.isBlock(s)) return endLabel(runBlock(m, frame, s.statements), labels);
  if (ts.isForStatement(s)) return runFor(m, frame, s, labels);
  if (ts.isForOfStatement(s)) return runForOf(m, frame, s, labels);
  if (ts.isForInStatement(s)) return runForIn(m, frame, s, labels);
  if (ts.isWhileStatement(s) || ts.isDoStatement(s)) return runWhile(m, frame, s, labels);
  if (ts.isBreakStatement(s)) return { kind: "break", label: s.label?.text ?? null };
  if (ts.isContinueStatement(s)) return { kind: "continue", label: s.label?.text ?? null };
  if (ts.isLabeledStatement(s)) {
    const inner = [...labels, s.label.text];
    return endLabel(execute(m, frame, s.statement, inner), inner);
  }
  if (ts.isSwitchStatement(s)) return runSwitch(m, frame, s);
  if (ts.isThrowStatement(s)) return runThrow(m, frame, s);
  if (ts.isTryStatement(s)) return runTry(m, frame, s);
  if (ts.isClassDeclaration(s)) {
    const binding = s.name === undefined ? undefined : frame.env.bindings.get(s.name.text);
    const value = functionOf({ kind: "class", type: classFrom(m, frame, s) });
    if (binding !== undefined) setBinding(m, binding, value);
    return null;
  }
  if (ts.isFunctionDeclaration(s) || ts.isEmptyStatement(s) || isTypeOnly(s)) return null;
  if (ts.isEnumDeclaration(s)) {
    const binding = frame.env.bindings.get(s.name.text);
    if (binding !== undefined) setBinding(m, binding, enumValue(m, frame, s));
    return null;
  }
  return refuseSyntax(site, s);
};

/** A condition; `mustBeKnown`: refuses one that is known only at run time. */
export const evaluateCondition = (
  m: Machine,
  frame: Frame,
  node: ts.Expression,
  mustBeKnown = false,
): boolean | TensorValue => {
  const { ts } = m;
  const K = ts.SyntaxKind;
  const site: Site = { machine: m, frame, node };
  if (ts.isParenthesizedExpression(node)) return evaluateCondition(m, frame, node.expression, mustBeKnown);
  if (mustBeKnown) return truth(site, evaluate(m, frame, node), "how often this loop runs", COUNTED);
  if (ts.isPrefixUnaryExpression(node) && node.operator === K.ExclamationToken) {
    const inner = evaluateCondition(m, frame, node.operand);
    return typeof inner === "boolean" ? !inner : notOf(site, inner);
  }
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    if (kind === K.AmpersandAmpersandToken || kind === K.BarBarToken) {
      const left = evaluateCondition(m, frame, node.left);
      const operator = kind === K.BarBarToken ? "||" : "&&";
      return logical(site, operator, left, () => evaluateCondition(m, frame, node.right));
    }
    if (kind === K.CommaToken) {
      perform(m, frame, node.left);
      return evaluateCondition(m, frame, node.right);
    }
  }
  if (ts.isConditionalExpression(node))
    return chooseTruth(
      site,
      evaluateCondition(m, frame, node.condition),
      () => evaluateCondition(m, frame, node.whenTrue),
      () => evaluateCondition(m, frame, node.whenFalse),
    );
  return condition(site, evaluate(m, frame, node));
};

const endLabel = (end: Completion, labels: readonly string[]): Completion =>
  absorb(end, (exit) => exit.kind === "break" && exit.label !== null && labels.includes(exit.label));

const runSwitch = (m: Machine, frame: Frame, s: ts.SwitchStatement): Completion => {
  const { ts } = m;
  const inner: Frame = { ...frame, env: createEnvironment(frame.env) };
  const { clauses } = s.caseBlock;
  hoist(
    m,
    inner,
    inner.env,
    clauses.flatMap((c) => [...c.statements]),
  );
  const value = evaluate(m, frame, s.expression);
  const runFrom = (k: number): Completion =>
    k < 0
      ? null
      : runStatements(
          m,
          inner,
          clauses.slice(k).flatMap((c) => [...c.statements]),
        );
  const start = clauses.findIndex((c) => ts.isDefaultClause(c));
  // The cases are compared in order, the default is where none is equal.
  const test = (k: number): Completion => {
    const clause = clauses[k];
    if (clause === undefined) return runFrom(start);
    if (ts.isDefaultClause(clause)) return test(k + 1);
    const site: Site = { machine: m, frame: inner, node: clause.expression };
    const equal = binary(site, "===", value, evaluate(m, inner, clause.expression));
    return chooseCompletion(
      site,
      condition(site, equal, "the case"),
      () => runFrom(k),
      () => test(k + 1),
    );
  };
  return absorb(test(0), (exit) => exit.kind === "break" && exit.label === null);
};

/** A throw: a check where its path is known only at run time, else refused. */
const runThrow = (m: Machine, frame: Frame, s: ts.ThrowStatement): Completion => {
  const site: Site = { machine: m, frame, node: s };
  if (frame.catches) return { kind: "throw", value: evaluate(m, frame, s.expression) };
  const { value, shown } =
    m.catching > 0 ? { value: evaluate(m, frame, s.expression), shown: [] } : whatIsThrown(m, frame, s);
  const error = value.kind === "object" && value.type !== null ? null : toHost(site, value, "what is thrown");
  const read = (name: string): string =>
    String(toHost(site, getMember(site, value, staticValue(name)), "what is thrown"));
  const message =
    error === null
      ? `${read("name")}: ${read("message")}`
      : error instanceof Error
        ? `${error.name}: ${error.message}`
        : String(error);
  if (m.journals.length === 0 && m.catching === 0) return refuseThrow(site, withoutNumbers(message));
  if (shown.length === 0) throw new StagedThrow(site, message, value);
  const { builder: b } = m;
  const values = shown.slice(0, MAX_SHOWN).map((x) => b.cast(varOf(site, x), "f64"));
  b.at(spanAt(site), () =>
    b.emit("check", [b.scalar(0, "bool"), b.scalar(0, "i32"), ...values], {
      code: "TSJ1120" satisfies Code,
      message: checkTextOf(message),
    }),
  );
  throw new StagedThrow(site, withoutNumbers(message), value, b);
};

/** What a throw throws, and the numbers in its text that are known only at run time. */
const whatIsThrown = (
  m: Machine,
  frame: Frame,
  s: ts.ThrowStatement,
): { readonly value: Value; readonly shown: readonly TensorValue[] } => {
  const before = m.shown;
  const shown: TensorValue[] = [];
  m.shown = shown;
  try {
    return { value: evaluate(m, frame, s.expression), shown };
  } finally {
    m.shown = before;
  }
};
