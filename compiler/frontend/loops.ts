/** Loops: real ones in the program, or unrolled where they are short or where the body needs to know the iteration. */
import type { ts } from "ts-morph";
import { createBuilder } from "../ir/builder.js";
import { assignTarget } from "./assignments.js";
import { chooseCompletion } from "./branches.js";
import { absorb, anyTaken, type Completion, type Exit, exitsOf, fallsThrough, taken } from "./completions.js";
import { assignedIn, type Counted, counterValue, countLoop } from "./counted.js";
import { copyEnvironment, createEnvironment, type Environment, lookup } from "./environment.js";
import { evaluate } from "./expressions.js";
import { openHost } from "./hosts.js";
import { itemsOf, type Sequence } from "./iterate.js";
import { type Cell, setBinding } from "./journal.js";
import { type Frame, loopKey, type Machine, needKey, refuse, type Site, step } from "./machine.js";
import { bindPattern, declaring } from "./patterns.js";
import { tryRegion } from "./regions.js";
import { type LoopPlan, type Staging, stageLoop } from "./staged-loops.js";
import { evaluateCondition, execute, runDeclarations } from "./statements.js";
import {
  describe,
  isNullish,
  keysOf,
  type Need,
  staticValue,
  type TensorValue,
  type Value,
} from "./values.js";

/**
 * Trip counts up to which a loop is unrolled, one with loops in it, and how many copies of an innermost body all enclosing
 * loops together may make.
 */
const MAX_UNROLLED = 8;
const MAX_UNROLLED_OUTER = 3;
const MAX_UNROLLED_NEST = 32;

const isMine =
  (labels: readonly string[]) =>
  (exit: Exit): boolean =>
    exit.kind !== "return" && (exit.label === null || labels.includes(exit.label));
const isContinue =
  (labels: readonly string[]) =>
  (exit: Exit): boolean =>
    exit.kind === "continue" && isMine(labels)(exit);

/** Goes on after one iteration unless it left the loop. */
const unrollNext = (
  site: Site,
  end: Completion,
  labels: readonly string[],
  next: () => Completion,
): Completion => {
  const left = absorb(end, isContinue(labels));
  const done = (c: Completion): Completion => absorb(c, isMine(labels));
  if (left === null) return next();
  if (!fallsThrough(left)) return done(left);
  return chooseCompletion(site, anyTaken(site, exitsOf(left)), () => done(taken(left)), next);
};

/** What unrolls a loop; null in the library, whose loops are part of how it is written. */
const needOf = (m: Machine, frame: Frame, s: ts.Node): (Need & { readonly kind: "loop" }) | null =>
  frame.libraryScript !== null ? null : { kind: "loop", key: loopKey(m, frame, s) };

const mustUnroll = (m: Machine, need: Need | null): boolean => need === null || m.statics.has(needKey(need));

const isShort = (m: Machine, trip: unknown, body: ts.Node | null): trip is number =>
  typeof trip === "number" &&
  trip <= (body !== null && hasLoop(m, body) ? MAX_UNROLLED_OUTER : MAX_UNROLLED) &&
  m.unrolled * Math.max(1, trip) <= MAX_UNROLLED_NEST;

const withLoops = new WeakMap<ts.Node, boolean>();
/** Whether there is a loop in a piece of code. */
const hasLoop = (m: Machine, root: ts.Node): boolean => {
  const known = withLoops.get(root);
  if (known !== undefined) return known;
  const { ts } = m;
  const visit = (node: ts.Node): boolean =>
    ts.isIterationStatement(node, false) || node.forEachChild((child) => visit(child) || undefined) === true;
  const found = visit(root);
  withLoops.set(root, found);
  return found;
};

/** The variables, and the arrays they hold, that a loop's code assigns to. */
const seedsOf = (m: Machine, frame: Frame, root: ts.Node): readonly Cell[] =>
  [...assignedIn(m, root)].flatMap((name): readonly Cell[] => {
    const element = name.startsWith("[");
    const binding = lookup(frame.env, element ? name.slice(1, -1) : name);
    if (binding === null || binding.constant) {
      if (!element || binding?.value === undefined) return [];
    }
    if (!element) return [binding];
    const { value } = binding;
    if (
      value?.kind === "tensor" &&
      value.v.type.shape.length > 0 &&
      value.fixed === null &&
      value.view === null
    )
      return [value];
    if (value?.kind === "array" && value.held.kind === "staged" && value.held.rows.view === null)
      return [value.held.rows];
    return [];
  });

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
    else evaluate(m, inner, initializer);
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
      if (s.incrementor !== undefined) evaluate(m, inner, s.incrementor);
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
  const trial = tryRegion(site, createBuilder(), [need], () => evaluateCondition(m, frame, test));
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
      if (loop.step !== undefined) evaluate(m, next, loop.step);
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

/** Binds the loop's variable to an item and runs the body. */
const runItem = (
  m: Machine,
  frame: Frame,
  s: ts.ForOfStatement | ts.ForInStatement,
  item: Value,
): Completion => {
  const { ts } = m;
  const inner: Frame = { ...frame, env: createEnvironment(frame.env) };
  const { initializer } = s;
  if (ts.isVariableDeclarationList(initializer)) {
    const [declaration] = initializer.declarations;
    const blockScoped = (initializer.flags & ts.NodeFlags.BlockScoped) !== 0;
    const constant = (initializer.flags & ts.NodeFlags.Const) !== 0;
    if (declaration !== undefined && blockScoped)
      bindPattern(m, inner, declaration.name, item, declaring(m, inner, inner.env, constant));
    else if (declaration !== undefined)
      bindPattern(m, inner, declaration.name, item, (name, value) => assignTarget(m, inner, name, value));
  } else assignTarget(m, inner, initializer, item);
  return execute(m, inner, s.statement);
};

/** The body once for each item, unrolled. Arrays may grow while they are gone through. */
const unrollOver = (
  m: Machine,
  frame: Frame,
  s: ts.ForOfStatement | ts.ForInStatement,
  items: Sequence,
  labels: readonly string[],
  from = 0,
): Completion => {
  for (let k = from; k < items.length(); k++) {
    const site: Site = { machine: m, frame, node: s };
    step(site);
    const end = absorb(runItem(m, frame, s, items.at(site, k)), isContinue(labels));
    if (end !== null)
      return unrollNext(site, end, labels, () => unrollOver(m, frame, s, items, labels, k + 1));
  }
  return null;
};

export const runForOf = (
  m: Machine,
  frame: Frame,
  s: ts.ForOfStatement,
  labels: readonly string[],
): Completion => {
  const site: Site = { machine: m, frame, node: s.expression };
  if (s.awaitModifier !== undefined) return refuse(site, "TSJ1040", "`for await` is not compiled");
  const items = itemsOf(site, evaluate(m, frame, s.expression));
  const need = needOf(m, frame, s);
  const n = items.length();
  if (mustUnroll(m, need) || need === null || !items.stageable || isShort(m, n, s.statement)) {
    const before = m.unrolled;
    m.unrolled *= Math.max(1, n);
    const end = unrollOver(m, frame, s, items, labels);
    m.unrolled = before;
    return end;
  }
  const staging = stageLoop({
    site: { machine: m, frame, node: s },
    need,
    trip: n,
    test: null,
    runs: true,
    mine: (e) => isMine(labels)(e.exit),
    invariant: [],
    seeds: () => seedsOf(m, frame, s),
    body: (k) =>
      absorb(runItem(m, frame, s, items.at(site, k === null ? 0 : numberOf(site, k))), isContinue(labels)),
  });
  return staging.counted ? staging.end : null;
};

/** The iteration's number as JavaScript counts. */
const numberOf = (site: Site, k: TensorValue): TensorValue => ({
  ...k,
  v: site.machine.builder.cast(k.v, "f64"),
  weak: true,
});

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
  const items = keys.map(staticValue);
  return unrollOver(
    m,
    frame,
    s,
    { length: () => items.length, at: (_, k) => items[Number(k)] ?? staticValue(""), stageable: false },
    labels,
  );
};

/**
 * `body` for k = 0 to n - 1, as one loop of the program or unrolled: k is known then. A way out named by `label` (a name that
 * no program has) or a break ends it.
 */
export const runIndexed = (
  site: Site,
  n: number,
  body: (k: Value) => Completion,
  options: { readonly stageable: boolean },
): Completion => {
  const { machine: m, frame, node } = site;
  const need = frame === null || node === null ? null : needOf(m, frame, node);
  const unroll = (from: number): Completion => {
    for (let k = from; k < n; k++) {
      step(site);
      const end = absorb(body(staticValue(k)), isContinue([]));
      if (end !== null) return unrollNext(site, end, [], () => unroll(k + 1));
    }
    return null;
  };
  if (mustUnroll(m, need) || need === null || !options.stageable || isShort(m, n, null)) {
    const before = m.unrolled;
    m.unrolled *= Math.max(1, n);
    const end = unroll(0);
    m.unrolled = before;
    return end;
  }
  const staging = stageLoop({
    site,
    need,
    trip: n,
    test: null,
    runs: true,
    mine: (e) => isMine([])(e.exit),
    invariant: [],
    seeds: () => [],
    body: (k) => absorb(body(k === null ? staticValue(0) : numberOf(site, k)), isContinue([])),
  });
  return staging.counted ? staging.end : null;
};

/** Whether a loop of `n` iterations at this place would be unrolled. */
export const isUnrolled = (site: Site, n: number): boolean => {
  const { machine: m, frame, node } = site;
  const need = frame === null || node === null ? null : needOf(m, frame, node);
  return mustUnroll(m, need) || isShort(m, n, null);
};
