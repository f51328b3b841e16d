/**
 * Do two iterations of a loop meet at one element? Addresses are linear in the counters, so that the question is whether
 * an equation of bounded integers has a solution: Banerjee's bounds, term by term from the largest stride down
 * (U. Banerjee, Dependence Analysis for Supercomputing, 1988). Where the search gets long, the answer is yes.
 */
import type { Address, AxisId, BufferId, LoopStmt, Stmt, ValueId } from "../types.js";
import { definedBy, innerStmts, walkStmts } from "../walk.js";

export interface Access {
  readonly buffer: BufferId;
  readonly at: Address;
  readonly writes: boolean;
}

/** What the accesses of a loop's body depend on. */
export interface LoopFacts {
  readonly accesses: readonly Access[];
  /** Most iterations of each loop inside. */
  readonly inner: ReadonlyMap<AxisId, number>;
  /** Registers that the body defines. */
  readonly defined: ReadonlySet<ValueId>;
}

export const loopFacts = (loop: LoopStmt): LoopFacts => {
  const accesses: Access[] = [];
  const inner = new Map<AxisId, number>();
  const defined = new Set<ValueId>();
  for (const c of loop.carries) if (c.kind === "recur") defined.add(c.param);
  walkStmts(loop.body, (s) => {
    for (const id of definedBy(s)) defined.add(id);
    if (s.kind === "load") accesses.push({ buffer: s.buffer, at: s.at, writes: false });
    else if (s.kind === "store") accesses.push({ buffer: s.buffer, at: s.at, writes: true });
    else if (s.kind === "loop") inner.set(s.axis, typeof s.extent === "number" ? s.extent : s.extent.most);
  });
  return { accesses, inner, defined };
};

/** A bounded integer times a factor; `own` is the difference of the loop's own counters, which is not zero. */
interface Term {
  readonly factor: number;
  readonly lo: number;
  readonly hi: number;
  readonly own: boolean;
}

/** Values of one term that are tried before the search gives up. */
const MAX_TRIES = 16;

/** Can offset + sum of factor * x be zero? Terms by descending factor; factors are positive. */
const solvable = (offset: number, terms: readonly Term[]): boolean => {
  const [first, ...rest] = terms;
  if (first === undefined) return offset === 0;
  let [lo, hi] = [offset, offset];
  for (const t of rest) {
    lo += t.factor * t.lo;
    hi += t.factor * t.hi;
  }
  // factor * x in [-hi, -lo]
  const from = Math.max(first.lo, Math.ceil(-hi / first.factor));
  const to = Math.min(first.hi, Math.floor(-lo / first.factor));
  if (to - from >= MAX_TRIES) return true;
  for (let x = from; x <= to; x++)
    if (!(first.own && x === 0) && solvable(offset + first.factor * x, rest)) return true;
  return false;
};

const strideAlong = (at: Address, axis: AxisId): number =>
  at.terms.reduce((sum, t) => (t.axis === axis ? sum + t.stride : sum), 0);

/**
 * Can `x` in one iteration of the loop and `y` in another (`sameIteration`: in any) be one element? Extents are at least 1.
 * Registers that the body defines may hold anything.
 */
export const mayMeet = (
  loop: LoopStmt,
  facts: LoopFacts,
  x: Access,
  y: Access,
  sameIteration: boolean,
): boolean => {
  if (x.buffer !== y.buffer) return false;
  if (x.at.dynamic !== y.at.dynamic) return true;
  if (x.at.dynamic !== null && facts.defined.has(x.at.dynamic)) return true;
  const extent = typeof loop.extent === "number" ? loop.extent : loop.extent.most;
  const terms: Term[] = [];
  const add = (stride: number, lo: number, hi: number, own: boolean): void => {
    if (stride === 0 && !own) return;
    if (stride >= 0) terms.push({ factor: stride, lo, hi, own });
    else terms.push({ factor: -stride, lo: -hi, hi: -lo, own });
  };
  const axes = new Set([...x.at.terms, ...y.at.terms].map((t) => t.axis));
  for (const axis of axes) {
    const [a, b] = [strideAlong(x.at, axis), strideAlong(y.at, axis)];
    if (axis === loop.axis) continue;
    const trips = facts.inner.get(axis);
    if (trips === undefined) {
      // a loop outside: one counter for both
      if (a !== b) return true;
    } else if (a === b) add(a, 1 - trips, trips - 1, false);
    else {
      add(a, 0, trips - 1, false);
      add(-b, 0, trips - 1, false);
    }
  }
  const [a, b] = [strideAlong(x.at, loop.axis), strideAlong(y.at, loop.axis)];
  const offset = x.at.offset - y.at.offset;
  const sorted = (list: readonly Term[]): readonly Term[] => [...list].sort((s, t) => t.factor - s.factor);
  if (a === b) {
    if (a === 0) return (extent > 1 || sameIteration) && solvable(offset, sorted(terms));
    add(a, 1 - extent, extent - 1, !sameIteration);
  } else {
    add(a, 0, extent - 1, false);
    add(-b, 0, extent - 1, false);
  }
  return solvable(offset, sorted(terms));
};

/** Are the iterations independent, as far as memory goes? */
export const independent = (loop: LoopStmt, facts: LoopFacts): boolean =>
  facts.accesses.every((x, k) =>
    facts.accesses.every((y, j) => j > k || !(x.writes || y.writes) || !mayMeet(loop, facts, x, y, false)),
  );

export const sameAddress = (x: Address, y: Address): boolean =>
  x.offset === y.offset &&
  x.dynamic === y.dynamic &&
  [...x.terms, ...y.terms].every((t) => strideAlong(x, t.axis) === strideAlong(y, t.axis));

/** Least and greatest element of an address without a run-time part, given how long each loop is. */
export const addressRange = (
  at: Address,
  extentOf: (axis: AxisId) => number | null,
): readonly [number, number] | null => {
  if (at.dynamic !== null) return null;
  let [lo, hi] = [at.offset, at.offset];
  for (const { axis, stride } of at.terms) {
    const extent = extentOf(axis);
    if (extent === null) return null;
    if (stride >= 0) hi += stride * (extent - 1);
    else lo += stride * (extent - 1);
  }
  return [lo, hi];
};

/** Whether any statement in the lists satisfies `holds`. */
export const anyStmt = (stmts: readonly Stmt[], holds: (s: Stmt) => boolean): boolean =>
  stmts.some((s) => holds(s) || innerStmts(s).some((inner) => anyStmt(inner, holds)));
