/**
 * Control equations as steps over kernels, for regions of any kind. The carries of a loop lie in the memory of the equation's
 * results: the initial values are brought there, and each iteration overwrites them.
 */
import { internal } from "../../diagnostics.js";
import { forOperands, ifOperands, whileOperands } from "../../ir/control.js";
import { isOverwritten } from "../../ir/overwritten.js";
import { refuseRule } from "../../ir/rules.js";
import { isControl, isUnbounded, sizeOf, type TensorType, type Var } from "../../ir/types.js";
import { buffersOf } from "../bufferize.js";
import type { BufferId, LoopKernel, Step, ValueId } from "../types.js";
import { controlBuffers, innerSteps } from "../walk.js";
import { createEmitter } from "./emitter.js";
import type { Node } from "./graph.js";
import { axisIndex, constIndex } from "./index-expr.js";
import { kernelContext, type ProgramMemory, type ProgramState, spansOf } from "./program.js";
import { copyKernel } from "./update.js";
import { valueAt } from "./values.js";

/** The buffer that holds a value as it is, behind reshapes. */
const memoryOf = (p: ProgramState, v: Var): BufferId => {
  let x = v;
  for (;;) {
    if (p.graph.paramOf.has(x) || p.graph.nodeOf.has(x)) return p.bufferOf(x);
    const eqn = p.graph.defs.get(x);
    const [inner] = eqn?.op === "reshape" || eqn?.op === "stopGradient" ? eqn.inputs : [];
    if (inner === undefined) return internal(`an operand of control flow has no memory`);
    x = inner;
  }
};

const COUNTER: TensorType = { dtype: "i32", shape: [] };
const CONDITION: TensorType = { dtype: "bool", shape: [] };

/** The steps of an equation that holds `node`. */
export const lowerControl = (p: ProgramState, node: Node): readonly Step[] => {
  const { eqn } = node;
  const buffer = (type: TensorType): BufferId => p.memory.newBuffer(type, { kind: "scratch" });
  const memory = (v: Var): BufferId => memoryOf(p, v);
  const targets = node.outs.map((v) => p.bufferOf(v));
  if (!isControl(eqn)) return internal(`${eqn.op} is no control flow`);
  switch (eqn.op) {
    case "if": {
      const { cond, operands } = ifOperands(eqn.inputs);
      const params = operands.map(memory);
      return [
        {
          kind: "if",
          cond: memory(cond),
          then: p.lowerRegion(eqn.params.then, params, targets),
          else: p.lowerRegion(eqn.params.else, params, targets),
        },
      ];
    }
    case "while": {
      const { consts, carries } = whileOperands(eqn.inputs, eqn.params);
      const params = [...consts.map(memory), ...targets];
      const cond = buffer(CONDITION);
      return [
        ...initialValues(p, node, carries),
        {
          kind: "while",
          test: p.lowerRegion(eqn.params.cond, params, [cond]),
          cond,
          body: p.lowerRegion(eqn.params.body, params, targets),
        },
      ];
    }
    case "for": {
      const { trip, consts, carries } = forOperands(eqn.inputs, eqn.params);
      const init = initialValues(p, node, carries);
      const count = trip === null ? (eqn.params.trip ?? 0) : { buffer: memory(trip) };
      if (typeof count === "number" && count < 1) return init;
      const counter = buffer(COUNTER);
      const params = [counter, ...consts.map(memory), ...targets];
      const body = p.lowerRegion(eqn.params.body, params, targets);
      const counted = touches(body, counter) ? counter : null;
      return [...init, { kind: "for", trip: count, counter: counted, body }];
    }
    case "custom":
    case "fromTranspose":
    case "checkpoint":
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return internal(`unexpected control flow ${JSON.stringify(never)}`);
    }
  }
};

/** Do the steps read or write a buffer? */
const touches = (steps: readonly Step[], buffer: BufferId): boolean =>
  steps.some((s) =>
    s.kind === "loops" || s.kind === "matmul"
      ? buffersOf(s).has(buffer)
      : controlBuffers(s).includes(buffer) || innerSteps(s).some((inner) => touches(inner, buffer)),
  );

/** Kernels that bring initial values to the memory of the results: all single elements together, each array by itself. */
export const initialValues = (
  p: ProgramState,
  node: Node,
  carries: readonly Var[],
): readonly LoopKernel[] => {
  const kernels: LoopKernel[] = [];
  const e = createEmitter();
  const c = kernelContext(p, e);
  const singles: { readonly buffer: BufferId; readonly value: ValueId }[] = [];
  carries.forEach((x, k) => {
    const v = node.outs[k] ?? internal("a carry without a result");
    const size = sizeOf(v.type.shape);
    if (size === 0 || p.inPlace(x, v)) return;
    if (isControl(node.eqn) && isOverwritten(node.eqn, k)) return;
    if (size > 1) kernels.push(copyKernel(p, node, x, v));
    else {
      const at = x.type.shape.map(() => constIndex(0));
      singles.push({ buffer: p.bufferOf(v), value: valueAt(c, x, at) });
    }
  });
  if (singles.length === 0) return kernels;
  for (const { buffer, value } of singles) e.store(buffer, constIndex(0), value);
  return [...kernels, { kind: "loops", name: "init", spans: spansOf([node]), body: e.finish() }];
};

/** One buffer's contents to another of as many elements. */
export interface Copy {
  readonly from: BufferId;
  readonly to: BufferId;
  readonly type: TensorType;
}

/** Kernels that make all copies as if at once: what one overwrites, none reads afterwards. */
export const copyKernels = (memory: ProgramMemory, copies: readonly Copy[]): readonly LoopKernel[] => {
  const wanted = copies.filter((c) => c.from !== c.to && sizeOf(c.type.shape) > 0);
  const singles = wanted.filter((c) => sizeOf(c.type.shape) === 1);
  let arrays = wanted.filter((c) => sizeOf(c.type.shape) > 1);
  const kernels: LoopKernel[] = [];
  if (singles.length > 0) {
    const e = createEmitter();
    const values = singles.map((c) => e.load(c.from, constIndex(0), c.type.dtype));
    singles.forEach((c, k) => void e.store(c.to, constIndex(0), values[k] ?? 0));
    kernels.push({ kind: "loops", name: "carry", spans: [], body: e.finish() });
  }
  while (arrays.length > 0) {
    const free = arrays.find((c) => !arrays.some((d) => d.from === c.to));
    if (free !== undefined) {
      kernels.push(flatCopy(free));
      arrays = arrays.filter((c) => c !== free);
      continue;
    }
    // a cycle: what the first copy would overwrite is saved
    const [first] = arrays;
    if (first === undefined) break;
    const saved = memory.newBuffer(first.type, { kind: "scratch" });
    kernels.push(flatCopy({ ...first, from: first.to, to: saved }));
    arrays = arrays.map((c) => (c.from === first.to ? { ...c, from: saved } : c));
  }
  return kernels;
};

const flatCopy = ({ from, to, type }: Copy): LoopKernel => {
  const e = createEmitter();
  if (isUnbounded(type)) {
    e.tape(to, from);
    return { kind: "loops", name: "carry", spans: [], body: e.finish() };
  }
  const n = sizeOf(type.shape);
  const at = axisIndex(e.openLoop(n), n);
  e.store(to, at, e.load(from, at, type.dtype));
  e.closeLoop([], true);
  return { kind: "loops", name: "carry", spans: [], body: e.finish() };
};
