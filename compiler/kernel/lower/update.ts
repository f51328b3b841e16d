/** Writes scatterAdd and dynamicUpdate: a copy of the operand, then stores at run-time addresses. */
import { internal } from "../../diagnostics.js";
import { isUnbounded, type Var } from "../../ir/types.js";
import type { LoopKernel } from "../types.js";
import { dim, operand } from "./decompose.js";
import { createEmitter, type Emitter } from "./emitter.js";
import type { Node } from "./graph.js";
import { addIndex, axisIndex, constIndex, flatIndex, type Index } from "./index-expr.js";
import { kernelContext, type ProgramState, spansOf } from "./program.js";
import { gatheredIndex, startsOf, valueAt } from "./values.js";

interface Loops {
  readonly at: readonly Index[];
  /** Per loop, outermost first: may iterations run in any order? */
  readonly parallel: readonly boolean[];
}
const open = (e: Emitter, shape: readonly number[], parallel: (d: number) => boolean): Loops => {
  const flags: boolean[] = [];
  const at = shape.map((n, d) => {
    if (n === 1) return constIndex(0);
    flags.push(parallel(d));
    return axisIndex(e.openLoop(n), n);
  });
  return { at, parallel: flags };
};
const close = (e: Emitter, loops: Loops): void => {
  for (const flag of [...loops.parallel].reverse()) e.closeLoop([], flag);
};

const kernel = (node: Node, name: string, e: Emitter): LoopKernel => ({
  kind: "loops",
  name,
  spans: spansOf([node]),
  body: e.finish(),
});

/** Writes the value `x` to the memory of `v`, which has as many elements. */
export const copyKernel = (p: ProgramState, node: Node, x: Var, v: Var): LoopKernel => {
  const e = createEmitter();
  if (isUnbounded(v.type)) {
    // a tape without memory is the empty one
    e.tape(p.bufferOf(v), p.isStored(x) ? p.bufferOf(x) : null);
    return kernel(node, "copy", e);
  }
  const c = kernelContext(p, e);
  const loops = open(e, x.type.shape, () => true);
  e.store(p.bufferOf(v), flatIndex(loops.at, x.type.shape), valueAt(c, x, loops.at));
  close(e, loops);
  return kernel(node, "copy", e);
};

/** The kernel of an array without end that memory is needed for. */
export const emptyTape = (p: ProgramState, node: Node): LoopKernel => {
  const e = createEmitter();
  e.tape(p.bufferOf(node.v), null);
  return kernel(node, "tape", e);
};

/** The kernels of one update; none where it has no elements. */
export const lowerUpdate = (p: ProgramState, node: Node): readonly LoopKernel[] => {
  const { eqn } = node;
  const x = operand(eqn.inputs, 0);
  const copy = p.inPlace(x, node.v) ? [] : [copyKernel(p, node, x, node.v)];
  switch (eqn.op) {
    case "dynamicUpdate": {
      const block = operand(eqn.inputs, 1);
      if (block.type.shape.includes(0) && eqn.params.mode === "clamp") return copy;
      const e = createEmitter();
      const c = kernelContext(p, e);
      const starts = startsOf(c, eqn, eqn.inputs.slice(2), x.type.shape, block.type.shape);
      if (block.type.shape.includes(0)) return [...copy, kernel(node, "check", e)];
      const loops = open(e, block.type.shape, () => true);
      const to = loops.at.map((i, d) => addIndex(i, starts[d] ?? internal("a block lacks a start")));
      if (isUnbounded(x.type)) e.row(p.bufferOf(node.v), starts[0] ?? constIndex(0));
      e.store(p.bufferOf(node.v), flatIndex(to, x.type.shape), valueAt(c, block, loops.at));
      close(e, loops);
      return [...copy, kernel(node, "dynamicUpdate", e)];
    }
    case "scatterAdd":
      return operand(eqn.inputs, 2).type.shape.includes(0) ? copy : [...copy, scatterKernel(p, node)];
    default:
      return internal(`${eqn.op} is no update`);
  }
};

/** Adds every element of the updates; only axes along which no two updates meet are parallel. */
const scatterKernel = (p: ProgramState, node: Node): LoopKernel => {
  const { eqn } = node;
  if (eqn.op !== "scatterAdd") return internal("not a scatter");
  const { axis, batch, mode } = eqn.params;
  const [x, indices, updates] = [0, 1, 2].map((k) => operand(eqn.inputs, k));
  if (x === undefined || indices === undefined || updates === undefined)
    return internal("a scatter lacks an operand");
  const e = createEmitter();
  const c = kernelContext(p, e);
  const own = indices.type.shape.length - batch;
  const loops = open(e, updates.type.shape, (d) => d < axis || d >= axis + own);
  const { at } = loops;
  const index = valueAt(c, indices, [...at.slice(0, batch), ...at.slice(axis, axis + own)]);
  const i = gatheredIndex(c, index, dim(x.type.shape, axis), axis, mode, eqn.span);
  const to = [...at.slice(0, axis), i, ...at.slice(axis + own)];
  e.store(p.bufferOf(node.v), flatIndex(to, x.type.shape), valueAt(c, updates, at), "add");
  close(e, loops);
  return kernel(node, "scatterAdd", e);
};
