/** `for`, `while` and `do`: real loops in the program, or unrolled where they are short or must be. */
import type { ts } from "ts-morph";
import { createBuilder } from "../ir/builder.js";
import { chooseCompletion } from "./branches.js";
import { absorb, anyTaken, type Completion, exitsOf, fallsThrough, taken } from "./completions.js";
import { type Counted, counterValue, countLoop } from "./counted.js";
import { perform } from "./effects.js";
import { copyEnvironment, createEnvironment, type Environment } from "./environment.js";
import { type Cell, setBinding } from "./journal.js";
import { type Frame, type Machine, type Site, step } from "./machine.js";
import { tryRegion, withRows } from "./regions.js";
import { type LoopPlan, type Staging, stageLoop } from "./staged-loops.js";
import { evaluateCondition, execute, runDeclarations } from "./statements.js";
import { isContinue, isMine, isShort, mustUnroll, needOf, seedsOf, unrollNext } from "./unrolling.js";
import type { Need, TensorValue } from "./values.js";

export const runFor = (
  m: Machine,
  frame: Frame,
  s: ts.ForStatement,
  labels: readonly string[],
): Completion => {
  const { ts } = m;
  const inner: Frame = { ...frame, env: createEnvironment(frame.env) };
  const { initializer } = s;
  if (initializer !== undefined) {
    if (ts.isVariableDeclarationList(initializer)) runDeclarations(m, inner, initializer);
    else perform(m, inner, initializer);
  }
  const need = needOf(m, frame, s);
  if (mustUnroll(m, need) || need === null) return unrollFor(m, inner, s, labels);
  const counted = countLoop(m, inner, s);
  if (counted !== null) {
    if (counted.trip === 0) return null;
    if (isShort(m, counted.trip, s.statement)) {
      const before = m.unrolled;
      m.unrolled *= Math.max(1, counted.trip);
      const end = unrollFor(m, inner, s, labels);
      m.unrolled = before;
      return end;
    }
    const staged = stageCounted(m, inner, s, labels, need, counted);
    if (staged.counted) return staged.end;
  }
  return stageTested(m, inner, s, labels, need, {
    test: s.condition,
    step: s.incrementor,
    first: true,
    body: (f) => execute(m, f, s.statement),
    env: inner.env,
  });
};

/** Each iteration has variables of its own, that start with the values the last one left. */
const unrollFor = (m: Machine, outer: Frame, s: ts.ForStatement, labels: readonly string[]): Completion => {
  let inner: Frame = { ...outer, env: copyEnvironment(outer.env) };
  for (;;) {
    step({ machine: m, frame: outer, node: s });
    if (s.condition !== undefined && !decided(m, inner, s.condition)) return null;
    const end = absorb(execute(m, inner, s.statement), isContinue(labels));
    const after = inner;
    const advance = (): Completion => {
      inner = { ...after, env: copyEnvironment(after.env) };
      if (s.incrementor !== undefined) perform(m, inner, s.incrementor);
      return null;
    };
    if (end === null) {
      advance();
      continue;
    }
    const site: Site = { machine: m, frame: outer, node: s };
    return unrollNext(site, end, labels, () => {
      advance();
      return unrollRest(m, inner, s, labels);
    });
  }
};

const unrollRest = (m: Machine, inner: Frame, s: ts.ForStatement, labels: readonly string[]): Completion =>
  unrollFor(m, inner, s, labels);

/** A condition that must be known now. */
const decided = (m: Machine, frame: Frame, node: ts.Expression): boolean =>
  evaluateCondition(m, frame, node, true) === true;

const stageCounted = (
  m: Machine,
  inner: Frame,
  s: ts.ForStatement,
  labels: readonly string[],
  need: Need,
  counted: Counted,
): Staging => {
  const site: Site = { machine: m, frame: inner, node: s };
  return stageLoop({
    site,
    need,
    trip: counted.trip,
    test: null,
    runs: typeof counted.trip === "number",
    mine: (e) => isMine(labels)(e.exit),
    invariant: [...counted.reads, counted.binding],
    seeds: () => seedsOf(m, inner, s.statement),
    body: (k) => {
      const env = copyEnvironment(inner.env);
      const own = env.bindings.get(counted.name);
      if (own !== undefined && k !== null) own.value = counterValue(site, counted, k);
      const end = absorb(execute(m, { ...inner, env }, s.statement), isContinue(labels));
      writeBack(m, inner.env, env, counted.name);
      return end;
    },
  });
};

/** The variables of an iteration, as the next one starts with them. */
const writeBack = (m: Machine, to: Environment, from: Environment, except: string | null): void => {
  for (const [name, binding] of to.bindings) {
    const value = from.bindings.get(name)?.value;
    if (name !== except && value !== binding.value) setBinding(m, binding, value);
  }
};

interface Tested {
  readonly test: ts.Expression | undefined;
  readonly step: ts.Expression | undefined;
  /** Whether the condition is looked at before the first iteration. */
  readonly first: boolean;
  readonly body: (frame: Frame) => Completion;
  /** Variables that each iteration has for itself; null if there are none. */
  readonly env: Environment | null;
}

/** Whether evaluating a condition changes anything, and whether it is known to hold now. */
const probe = (m: Machine, frame: Frame, site: Site, test: ts.Expression, need: Need) => {
  const trial = withRows(site, () =>
    tryRegion(site, createBuilder(), [need], () => evaluateCondition(m, frame, test)),
  );
  return { pure: trial.after.size === 0, result: trial.result };
};

const stageTested = (
  m: Machine,
  inner: Frame,
  s: ts.IterationStatement,
  labels: readonly string[],
  need: Need,
  loop: Tested,
): Completion => {
  const site: Site = { machine: m, frame: inner, node: s };
  // `while (true)` has no condition at all.
  const test = loop.test?.kind === m.ts.SyntaxKind.TrueKeyword ? undefined : loop.test;
  const now = test === undefined || !loop.first ? null : probe(m, inner, site, test, need);
  const pure = now === null ? test === undefined : now.pure;
  if (now !== null && pure && now.result === false) return null;
  const seeds = (): readonly Cell[] => seedsOf(m, inner, s);
  const again = (f: Frame): boolean | TensorValue =>
    test === undefined ? true : evaluateCondition(m, f, test);
  const iteration = (withTest: boolean) => (): Completion => {
    const env = loop.env === null ? inner.env : copyEnvironment(loop.env);
    const own: Frame = { ...inner, env };
    const end = absorb(loop.body(own), isContinue(labels));
    const nextEnv = loop.env === null ? env : copyEnvironment(env);
    const next: Frame = { ...inner, env: nextEnv };
    const advance = (): Completion => {
      if (loop.step !== undefined) perform(m, next, loop.step);
      if (!withTest) return null;
      return chooseCompletion(
        site,
        again(next),
        () => null,
        () => ({ kind: "break", label: null }),
      );
    };
    const exits = exitsOf(end);
    const last =
      end === null
        ? advance()
        : !fallsThrough(end)
          ? end
          : chooseCompletion(site, anyTaken(site, exits), () => taken(end), advance);
    if (loop.env !== null) writeBack(m, loop.env, nextEnv, null);
    return last;
  };
  const plan = (withTest: boolean, runs: boolean): LoopPlan => ({
    site,
    need,
    trip: null,
    test: withTest || test === undefined ? null : () => again(inner),
    runs,
    mine: (e) => isMine(labels)(e.exit),
    invariant: [],
    seeds,
    body: iteration(withTest),
  });
  const endOf = (staging: Staging): Completion => (staging.counted ? staging.end : null);
  // Without effects the condition is looked at before each iteration; else where JavaScript evaluates it.
  if (pure) return endOf(stageLoop(plan(false, test === undefined || now?.result === true)));
  if (!loop.first) return endOf(stageLoop(plan(true, true)));
  return chooseCompletion(
    site,
    again(inner),
    () => endOf(stageLoop(plan(true, true))),
    () => null,
  );
};

export const runWhile = (
  m: Machine,
  frame: Frame,
  s: ts.WhileStatement | ts.DoStatement,
  labels: readonly string[],
): Completion => {
  const need = needOf(m, frame, s);
  const isWhile = m.ts.isWhileStatement(s);
  if (!mustUnroll(m, need) && need !== null)
    return stageTested(m, frame, s, labels, need, {
      test: s.expression,
      step: undefined,
      first: isWhile,
      body: (f) => execute(m, f, s.statement),
      env: null,
    });
  if (isWhile && !decided(m, frame, s.expression)) return null;
  return unrollWhile(m, frame, s, labels);
};

const unrollWhile = (
  m: Machine,
  frame: Frame,
  s: ts.WhileStatement | ts.DoStatement,
  labels: readonly string[],
): Completion => {
  do {
    step({ machine: m, frame, node: s });
    const end = absorb(execute(m, frame, s.statement), isContinue(labels));
    if (end === null) continue;
    return unrollNext({ machine: m, frame, node: s }, end, labels, () =>
      decided(m, frame, s.expression) ? unrollWhile(m, frame, s, labels) : null,
    );
  } while (decided(m, frame, s.expression));
  return null;
};
