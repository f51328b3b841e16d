/** Loops over items: `for..of`, `for..in`, and those of array methods. */
import type { ts } from "ts-morph";
import { assignTarget } from "./assignments.js";
import { absorb, type Completion } from "./completions.js";
import { describe } from "./describe.js";
import { createEnvironment } from "./environment.js";
import { evaluate } from "./expressions.js";
import { openHost } from "./hosts.js";
import { itemsOf, type Sequence } from "./iterate.js";
import { type Frame, type Machine, NeedStatic, refuse, type Site, step } from "./machine.js";
import { bindPattern, declaring } from "./patterns.js";
import { needStatic } from "./reify.js";
import { stageLoop, type Trip } from "./staged-loops.js";
import { execute } from "./statements.js";
import { requireMerged, tensorOf, varOf } from "./tensors.js";
import { isContinue, isMine, isShort, mustUnroll, needOf, seedsOf, unrollNext } from "./unrolling.js";
import {
  arrayOf,
  isNullish,
  isStatic,
  keysOf,
  lengthOf,
  staticValue,
  type TensorValue,
  type Value,
} from "./values.js";

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
  const sequence = evaluate(m, frame, s.expression);
  const items = itemsOf(site, sequence);
  const need = needOf(m, frame, s);
  const n = tripOfCount(site, items.count());
  if (mustUnroll(m, need) || need === null || !items.stageable || isShort(m, n, s.statement)) {
    const before = m.unrolled;
    m.unrolled *= typeof n === "number" ? Math.max(1, n) : 1;
    const end = unrollOver(m, frame, s, items, labels);
    m.unrolled = before;
    return end;
  }
  const staging = stageLoop({
    site: { machine: m, frame, node: s },
    need,
    trip: n,
    test: null,
    runs: typeof n === "number",
    mine: (e) => isMine(labels)(e.exit),
    invariant: sequence.kind === "array" ? [sequence] : [],
    seeds: () => seedsOf(m, frame, s),
    body: (k) =>
      absorb(runItem(m, frame, s, items.at(site, k === null ? 0 : numberOf(site, k))), isContinue(labels)),
  });
  if (!staging.counted) throw new NeedStatic([need]);
  return staging.end;
};

/** A number of items as a number of iterations. */
export const tripOfCount = (site: Site, count: Value): Trip =>
  count.kind === "tensor"
    ? site.machine.builder.cast(varOf(site, count), "i32")
    : Number(isStatic(count) ? count.value : 0);

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
  requireMerged(site, object);
  if (isNullish(object)) return null;
  const keys =
    object.kind === "object"
      ? keysOf(object)
      : object.kind === "array"
        ? Array.from({ length: lengthOf(object) }, (_, k) => String(k))
        : object.kind === "tensor" && object.hostArray
          ? Array.from({ length: object.v.type.shape[0] ?? 0 }, (_, k) => String(k))
          : refuse(site, "TSJ1040", `\`for..in\` over ${describe(object)} is not compiled`);
  const items = keys.map(staticValue);
  return unrollOver(m, frame, s, { ...itemsOf(site, arrayOf(items)), stageable: false }, labels);
};

/**
 * `body` for k = 0 to n - 1, as one loop of the program or unrolled: k is known then. A way out named by `label` (a name that
 * no program has) or a break ends it.
 */
export const runIndexed = (
  site: Site,
  n: Trip,
  body: (k: Value) => Completion,
  options: { readonly stageable: boolean; readonly over?: Value },
): Completion => {
  const { machine: m, frame, node } = site;
  const need = frame === null || node === null ? null : needOf(m, frame, node);
  const unroll = (from: number): Completion => {
    if (typeof n !== "number") return null;
    for (let k = from; k < n; k++) {
      step(site);
      const end = absorb(body(staticValue(k)), isContinue([]));
      if (end !== null) return unrollNext(site, end, [], () => unroll(k + 1));
    }
    return null;
  };
  if (mustUnroll(m, need) || need === null || !options.stageable || isShort(m, n, null)) {
    const before = m.unrolled;
    if (typeof n !== "number") return needStatic(site, tensorOf(site, n), "the number of items");
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
    runs: typeof n === "number",
    mine: (e) => isMine([])(e.exit),
    invariant: options.over?.kind === "array" ? [options.over] : [],
    seeds: () => [],
    body: (k) => absorb(body(k === null ? staticValue(0) : numberOf(site, k)), isContinue([])),
  });
  if (!staging.counted) throw new NeedStatic([need]);
  return staging.end;
};

/** Whether a loop of `n` iterations at this place would be unrolled. */
export const isUnrolled = (site: Site, n: Trip): boolean => {
  const { machine: m, frame, node } = site;
  const need = frame === null || node === null ? null : needOf(m, frame, node);
  return mustUnroll(m, need) || isShort(m, n, null);
};
