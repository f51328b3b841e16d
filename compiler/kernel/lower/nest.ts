/** Writes a group of maps and reductions as one loop nest. */
import { internal } from "../../diagnostics.js";
import type { DType } from "../../ir/types.js";
import type { Carry, Combine, KernelOp, LoopKernel, ValueId } from "../types.js";
import { bodyAt } from "./access.js";
import { identityOf } from "./decompose.js";
import { createEmitter } from "./emitter.js";
import type { Node } from "./graph.js";
import type { Group, Member } from "./groups.js";
import { constIndex, flatIndex, type Index } from "./index-expr.js";
import { kernelContext, kernelName, type ProgramState, spansOf } from "./program.js";
import { type AxisCuts, countersOf, openSegment, planLoops } from "./regions.js";
import { memoKey, type ValueContext } from "./values.js";

const COMBINE_OP: Readonly<Record<Combine, KernelOp>> = { sum: "add", prod: "mul", max: "max", min: "min" };

/** The member's point in its own space, from the counters of the outer and inner loops. */
const pointOf = (m: Member, outer: readonly Index[], inner: readonly Index[]): readonly Index[] =>
  m.node.space.map((_, a) => {
    const k = m.outer.indexOf(a);
    const j = m.inner.indexOf(a);
    return (k >= 0 ? outer[k] : j >= 0 ? inner[j] : undefined) ?? constIndex(0);
  });

const resultPoint = (node: Node, at: readonly Index[]): readonly Index[] =>
  node.out.map((a) => at[a] ?? internal("a node's point lacks an axis"));

const isOrdered = (node: Node, strict: boolean): boolean =>
  strict && (node.combine === "sum" || node.combine === "prod");

/** All cuts of the members along each of the given loops; `own` names the member's axis of loop k. */
const cutsOf = (
  members: readonly Member[],
  loops: number,
  own: (m: Member, k: number) => number | undefined,
): readonly (readonly AxisCuts[])[] =>
  Array.from({ length: loops }, (_, k) => members.flatMap((m) => m.cuts.get(own(m, k) ?? -1) ?? []));

export const lowerNest = (p: ProgramState, group: Group, stored: (node: Node) => boolean): LoopKernel => {
  const e = createEmitter();
  const c = kernelContext(p, e);
  const { extents, members } = group;
  const cuts = cutsOf(members, extents.length, (m, k) => m.outer[k]);
  const { loops, bodies } = planLoops(extents, cuts, 1);
  const run = (at: readonly Index[]): void => {
    const loop = loops[at.length];
    if (loop === undefined) {
      lowerPhases(p, c, group, countersOf(extents.length, loops, at), bodies, stored);
      return;
    }
    for (const segment of loop.segments) {
      const part = openSegment(e, segment);
      run([...at, part.at]);
      if (part.loop) e.closeLoop([], true);
    }
  };
  run([]);
  const nodes = members.map((m) => m.node);
  return { kind: "loops", name: kernelName(nodes), spans: spansOf(nodes), body: e.finish() };
};

/** Everything that happens at one point of the outer loops. */
const lowerPhases = (
  p: ProgramState,
  c: ValueContext,
  group: Group,
  outer: readonly Index[],
  bodies: number,
  stored: (node: Node) => boolean,
): void => {
  const phases = Math.max(...group.members.map((m) => m.phase)) + 1;
  for (let phase = 0; phase < phases; phase++) {
    const now = group.members.filter((m) => m.phase === phase);
    for (const m of now) if (m.inner.length === 0) finishPoint(p, c, m, outer, stored);
    const loops = new Map<string, Member[]>();
    for (const m of now) {
      if (m.inner.length === 0) continue;
      const key = m.inner.map((a) => m.node.space[a]).join("x");
      const together = loops.get(key) ?? [];
      loops.set(key, together);
      together.push(m);
    }
    for (const together of loops.values()) lowerPhase(p, c, together, outer, bodies, stored);
  }
};

/** A member without inner loops: its value at the outer point, kept in a register. */
const finishPoint = (
  p: ProgramState,
  c: ValueContext,
  m: Member,
  outer: readonly Index[],
  stored: (node: Node) => boolean,
): void => {
  const at = pointOf(m, outer, []);
  const { node } = m;
  keep(p, c, node, resultPoint(node, at), bodyAt(c, node, at), stored);
};

const keep = (
  p: ProgramState,
  c: ValueContext,
  node: Node,
  at: readonly Index[],
  v: ValueId,
  stored: (node: Node) => boolean,
): void => {
  c.e.remember(memoKey(node.v, at), v);
  if (stored(node)) c.e.store(p.bufferOf(node.v), flatIndex(at, node.v.type.shape), v);
};

/** Members of one phase with equal inner extents, in one set of loops (or several, one after the other, where they are cut). */
const lowerPhase = (
  p: ProgramState,
  c: ValueContext,
  members: readonly Member[],
  outer: readonly Index[],
  bodies: number,
  stored: (node: Node) => boolean,
): void => {
  const { e } = c;
  const [lead] = members;
  if (lead === undefined) return;
  const extents = lead.inner.map((a) => lead.node.space[a] ?? internal("an inner axis has no extent"));
  const cuts = cutsOf(members, extents.length, (m, k) => m.inner[k]);
  const { loops } = planLoops(extents, cuts, bodies);
  const reductions = members.filter((m) => m.node.combine !== null).map((m) => m.node);
  const dtypeOf = (node: Node): DType => node.v.type.dtype;
  const combineOf = (node: Node): Combine => node.combine ?? internal("not a reduction");
  const neutral = reductions.map((r) => e.constant(dtypeOf(r), identityOf(combineOf(r), dtypeOf(r))));

  /** One element of every member; gives those to be reduced. */
  const elements = (counters: readonly Index[]): readonly ValueId[] => {
    const inner = countersOf(extents.length, loops, counters);
    const values: ValueId[] = [];
    for (const m of members) {
      const at = pointOf(m, outer, inner);
      const value = bodyAt(c, m.node, at);
      if (m.node.combine === null) keep(p, c, m.node, at, value, stored);
      else values.push(value);
    }
    return values;
  };
  const combined = (so: readonly ValueId[], values: readonly ValueId[]): readonly ValueId[] =>
    reductions.map((r, k) =>
      e.op(COMBINE_OP[combineOf(r)], dtypeOf(r), [register(so, k), register(values, k)]),
    );

  /** Runs the loops from the given depth on; `so` are the accumulators so far. */
  const reduce = (inner: readonly Index[], so: readonly ValueId[]): readonly ValueId[] => {
    const loop = loops[inner.length] ?? internal("no loop at this depth");
    const last = inner.length === loops.length - 1;
    let totals = so;
    for (const segment of loop.segments) {
      const part = openSegment(e, segment);
      const at = [...inner, part.at];
      if (!part.loop) {
        totals = last ? combined(totals, elements(at)) : reduce(at, totals);
        continue;
      }
      const params = reductions.map((r) => (isOrdered(r, p.strict) ? e.fresh() : null));
      const starts = params.map((param, k) => param ?? register(neutral, k));
      const values = last ? elements(at) : reduce(at, starts);
      const nexts = last && p.strict ? combined(starts, values) : values;
      const carries = reductions.map((r, k): Carry => {
        const param = params[k] ?? null;
        const init = register(totals, k);
        const common = { type: dtypeOf(r), init, result: e.fresh() };
        if (param === null)
          return { kind: "reduce", combine: combineOf(r), value: register(values, k), ...common };
        return { kind: "recur", param, next: register(nexts, k), ...common };
      });
      e.closeLoop(
        carries,
        params.every((param) => param === null),
      );
      totals = carries.map((carry) => carry.result);
    }
    return totals;
  };

  const totals = reduce([], neutral);
  let k = 0;
  for (const m of members) {
    if (m.node.combine === null) continue;
    keep(p, c, m.node, resultPoint(m.node, pointOf(m, outer, [])), register(totals, k++), stored);
  }
};

const register = (list: readonly ValueId[], k: number): ValueId =>
  list[k] ?? internal("a reduction lacks a register");
