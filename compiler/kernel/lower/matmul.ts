/** Writes a product group: strided views of both operands and an epilogue at each element. */
import { internal } from "../../diagnostics.js";
import type { Var } from "../../ir/types.js";
import type { MatmulKernel, MatrixView } from "../types.js";
import { stridedView } from "./access.js";
import { dim, operand } from "./decompose.js";
import { createEmitter } from "./emitter.js";
import type { Node } from "./graph.js";
import type { Group } from "./groups.js";
import { axisIndex, constIndex, flatIndex, type Index } from "./index-expr.js";
import { kernelContext, kernelName, type ProgramState, spansOf } from "./program.js";
import { inlineAt, memoKey } from "./values.js";

/** Strides, in elements of the operand's memory, of the operand's own axes. */
const viewOf = (
  p: ProgramState,
  x: Var,
): { readonly buffer: number; readonly offset: number; readonly strides: readonly number[] } => {
  const view = stridedView(p.graph, x) ?? internal("an operand of a product is no strided view");
  const { position } = view;
  const strideOf = (axis: number): number => position.terms.find((t) => t.axis === axis)?.stride ?? 0;
  return {
    buffer: p.bufferOf(view.of),
    offset: position.offset,
    strides: x.type.shape.map((_, d) => strideOf(d)),
  };
};

const side = (
  p: ProgramState,
  x: Var,
  batch: readonly number[],
  contract: readonly number[],
): {
  readonly view: Omit<MatrixView, "rowStride" | "colStride">;
  readonly free: number;
  readonly contracted: number;
} => {
  const { buffer, offset, strides } = viewOf(p, x);
  const at = (d: number | undefined): number => (d === undefined ? 0 : (strides[d] ?? 0));
  const free = x.type.shape.findIndex((_, d) => !batch.includes(d) && !contract.includes(d));
  return {
    view: { buffer, offset, batchStrides: batch.map(at) },
    free: at(free < 0 ? undefined : free),
    contracted: at(contract[0]),
  };
};

/** Rows and columns are exchanged where that makes the first stored value contiguous along columns. */
const storesTransposed = (group: Group, stored: (node: Node) => boolean): boolean => {
  const [head] = group.members;
  const first = group.members.find((m) => stored(m.node));
  if (head === undefined || first === undefined) return false;
  const last = first.node.space.length - 1;
  const k = first.outer.indexOf(last);
  return k >= 0 && head.outer[k] === head.node.space.length - 2;
};

export const lowerMatmul = (p: ProgramState, group: Group, stored: (node: Node) => boolean): MatmulKernel => {
  const [head, ...rest] = group.members;
  if (head === undefined || head.node.eqn.op !== "dot")
    return internal("a product group starts with a product");
  const { eqn, v } = head.node;
  const [x, y] = [operand(eqn.inputs, 0), operand(eqn.inputs, 1)];
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = eqn.params;
  const { dtype, shape } = v.type;
  if (dtype === "bool") return internal("a product of bools");
  const rank = shape.length;
  const e = createEmitter();
  const c = kernelContext(p, e);
  const acc = e.fresh();
  const axes = shape.map((n) => e.outerAxis(n));
  const counters = shape.map((n, d): Index => (n === 1 ? constIndex(0) : axisIndex(dim(axes, d), n)));
  e.remember(memoKey(v, counters), acc);
  const outer = head.outer.map((a) => counters[a] ?? internal("a product lacks an axis"));
  for (const m of [head, ...rest]) {
    const at = m.node.space.map((_, a) => outer[m.outer.indexOf(a)] ?? constIndex(0));
    const value = m === head ? acc : inlineAt(c, m.node.eqn, at);
    e.remember(memoKey(m.node.v, at), value);
    if (stored(m.node)) e.store(p.bufferOf(m.node.v), flatIndex(at, m.node.v.type.shape), value);
  }
  const l = side(p, x, lhsBatch, lhsContract);
  const r = side(p, y, rhsBatch, rhsContract);
  const [mAxis, nAxis] = [dim(axes, rank - 2), dim(axes, rank - 1)];
  const [m, n] = [dim(shape, rank - 2), dim(shape, rank - 1)];
  const nodes = group.members.map((q) => q.node);
  const common = {
    kind: "matmul" as const,
    name: kernelName(nodes),
    spans: spansOf(nodes),
    dtype,
    batch: shape.slice(0, rank - 2),
    k: dim(x.type.shape, lhsContract[0] ?? internal("no contracted axis")),
    batchAxes: axes.slice(0, rank - 2),
    acc,
    epilogue: e.finish(),
  };
  const lhsRows = { ...l.view, rowStride: l.free, colStride: l.contracted };
  const rhsRows = { ...r.view, rowStride: r.contracted, colStride: r.free };
  if (!storesTransposed(group, stored)) return { ...common, m, n, mAxis, nAxis, lhs: lhsRows, rhs: rhsRows };
  return {
    ...common,
    m: n,
    n: m,
    mAxis: nAxis,
    nAxis: mAxis,
    lhs: { ...r.view, rowStride: r.free, colStride: r.contracted },
    rhs: { ...l.view, rowStride: l.contracted, colStride: l.free },
  };
};
