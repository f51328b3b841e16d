/** Writes a group of maps and reductions as one loop nest. */
import { internal } from "../../diagnostics.js";
import type { DType } from "../../ir/types.js";
import type { AxisId, Carry, Combine, KernelOp, LoopKernel, ValueId } from "../types.js";
import { bodyAt } from "./access.js";
import { identityOf } from "./decompose.js";
import { createEmitter, type Emitter } from "./emitter.js";
import type { Node } from "./graph.js";
import type { Group, Member } from "./groups.js";
import { axisIndex, constIndex, flatIndex, type Index } from "./index-expr.js";
import { kernelContext, kernelName, type ProgramState, spansOf } from "./program.js";
import { memoKey, type ValueContext } from "./values.js";

const COMBINE_OP: Readonly<Record<Combine, KernelOp>> = { sum: "add", prod: "mul", max: "max", min: "min" };

/** Loops over `extents`, outermost first; an extent of 1 makes no loop. */
const openLoops = (
  e: Emitter,
  extents: readonly number[],
): { readonly at: readonly Index[]; readonly axes: readonly AxisId[] } => {
  const axes: AxisId[] = [];
  const at = extents.map((n) => {
    if (n === 1) return constIndex(0);
    const axis = e.openLoop(n);
    axes.push(axis);
    return axisIndex(axis, n);
  });
  return { at, axes };
};

/** The member's point in its own space, from the counters of the outer and inner loops. */
const pointOf = (m: Member, outer: readonly Index[], inner: readonly Index[]): readonly Index[] =>
  m.node.space.map((_, a) => {
    const k = m.outer.indexOf(a);
    const j = m.inner.indexOf(a);
    return (k >= 0 ? outer[k] : j >= 0 ? inner[j] : undefined) ?? constIndex(0);
  });

const resultPoint = (node: Node, at: readonly Index[]): readonly Index[] =>
  node.out.map((a) => at[a] ?? internal("a node's point lacks an axis"));

interface Running {
  readonly member: Member;
  readonly at: readonly Index[];
  readonly dtype: DType;
  readonly combine: Combine;
  readonly value: ValueId;
}

/** Closes the open inner loops around reductions; gives the final accumulators. */
const closeReducing = (
  e: Emitter,
  loops: number,
  running: readonly Running[],
  strict: boolean,
  params: readonly (readonly ValueId[])[],
): readonly ValueId[] => {
  let values = running.map((r) => r.value);
  for (let depth = loops - 1; depth >= 0; depth--) {
    let sequential = false;
    const carries = running.map((r, k): Carry => {
      const neutral = e.constant(r.dtype, identityOf(r.combine, r.dtype));
      const value = values[k] ?? internal("a reduction has no value");
      const result = e.fresh();
      if (isOrdered(r, strict)) {
        sequential = true;
        const param = params[depth]?.[k] ?? internal("a reduction has no accumulator");
        const init = depth === 0 ? neutral : (params[depth - 1]?.[k] ?? internal("no outer accumulator"));
        const next = depth === loops - 1 ? e.op(COMBINE_OP[r.combine], r.dtype, [param, value]) : value;
        return { kind: "recur", type: r.dtype, init, param, next, result };
      }
      return { kind: "reduce", combine: r.combine, type: r.dtype, init: neutral, value, result };
    });
    e.closeLoop(carries, !sequential);
    values = carries.map((c) => c.result);
  }
  return values;
};
const isOrdered = (r: { readonly combine: Combine }, strict: boolean): boolean =>
  strict && (r.combine === "sum" || r.combine === "prod");

export const lowerNest = (p: ProgramState, group: Group, stored: (node: Node) => boolean): LoopKernel => {
  const e = createEmitter();
  const c = kernelContext(p, e);
  const outer = openLoops(e, group.extents);
  const phases = Math.max(...group.members.map((m) => m.phase)) + 1;
  for (let phase = 0; phase < phases; phase++) {
    const now = group.members.filter((m) => m.phase === phase);
    for (const m of now) if (m.inner.length === 0) finishPoint(p, c, m, outer.at, stored);
    const loops = new Map<string, Member[]>();
    for (const m of now) {
      if (m.inner.length === 0) continue;
      const key = m.inner.map((a) => m.node.space[a]).join("x");
      const together = loops.get(key) ?? [];
      loops.set(key, together);
      together.push(m);
    }
    for (const together of loops.values()) lowerPhase(p, c, together, outer.at, stored);
  }
  for (const _ of outer.axes) e.closeLoop([], true);
  const nodes = group.members.map((m) => m.node);
  return { kind: "loops", name: kernelName(nodes), spans: spansOf(nodes), body: e.finish() };
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

/** Members of one phase with equal inner extents, in one set of loops. */
const lowerPhase = (
  p: ProgramState,
  c: ValueContext,
  members: readonly Member[],
  outer: readonly Index[],
  stored: (node: Node) => boolean,
): void => {
  const { e } = c;
  const [lead] = members;
  if (lead === undefined) return;
  const extents = lead.inner.map((a) => lead.node.space[a] ?? internal("an inner axis has no extent"));
  const axes: Index[] = [];
  const reductions = members.filter((m) => m.node.combine !== null);
  const params: ValueId[][] = [];
  for (const n of extents) {
    axes.push(axisIndex(e.openLoop(n), n));
    // accumulators of a strict program are registers of each loop's body
    params.push(p.strict ? reductions.map(() => e.fresh()) : []);
  }
  const running: Running[] = [];
  for (const m of members) {
    const at = pointOf(m, outer, axes);
    const value = bodyAt(c, m.node, at);
    const { combine } = m.node;
    if (combine === null) keep(p, c, m.node, at, value, stored);
    else running.push({ member: m, at: resultPoint(m.node, at), dtype: m.node.v.type.dtype, combine, value });
  }
  const totals = closeReducing(e, extents.length, running, p.strict, params);
  running.forEach((r, k) => {
    const v = totals[k] ?? internal("a reduction has no result");
    keep(p, c, r.member.node, r.at, v, stored);
  });
};
