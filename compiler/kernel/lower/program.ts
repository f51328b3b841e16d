/** What all kernels of one program share while it is lowered: buffers, literals, runtime errors. */
import { internal, type Span } from "../../diagnostics.js";
import {
  type DType,
  type Eqn,
  type IrFunction,
  isUnbounded,
  sizeOf,
  type TensorType,
  typeText,
  type Var,
} from "../../ir/types.js";
import type { BufferId, RuntimeErrorEntry, Step, ValueId } from "../types.js";
import type { Emitter } from "./emitter.js";
import type { Graph, Node } from "./graph.js";
import { flatIndex, type Index } from "./index-expr.js";
import { memoKey, type ValueContext } from "./values.js";

/** A buffer before it has a place. */
export interface BufferDraft {
  readonly id: BufferId;
  readonly dtype: DType;
  readonly size: number;
  readonly source:
    | { readonly kind: "input"; readonly index: number }
    | { readonly kind: "output"; readonly index: number }
    | { readonly kind: "scratch" }
    | { readonly kind: "tape" }
    | { readonly kind: "literal"; readonly values: readonly number[] };
}

/** What a whole program shares, its regions included. */
export interface ProgramMemory {
  readonly newBuffer: (type: TensorType, source: BufferDraft["source"]) => BufferId;
  readonly literal: (eqn: Eqn) => BufferId;
  readonly errorIndex: (entry: RuntimeErrorEntry) => number;
  readonly buffers: () => readonly BufferDraft[];
  readonly buffer: (id: BufferId) => BufferDraft;
  readonly errors: () => readonly RuntimeErrorEntry[];
}

/** What the kernels of one function (the program or a region) share. */
export interface ProgramState {
  readonly graph: Graph;
  readonly strict: boolean;
  readonly memory: ProgramMemory;
  readonly bufferOf: (v: Var) => BufferId;
  /** Does a value of the graph have memory? */
  readonly isStored: (v: Var) => boolean;
  /** Does `v` lie where the operand `x` of its equation lies? */
  readonly inPlace: (x: Var, v: Var) => boolean;
  /** The steps of a region: parameters are read from `params`, results end up in `targets`, which alone are overwritten. */
  readonly lowerRegion: (
    region: IrFunction,
    params: readonly BufferId[],
    targets: readonly BufferId[],
  ) => readonly Step[];
}

export const createProgramMemory = (): ProgramMemory => {
  const drafts: BufferDraft[] = [];
  const byLiteral = new Map<Eqn, BufferId>();
  const errors: RuntimeErrorEntry[] = [];
  const errorKeys = new Map<string, number>();
  const newBuffer: ProgramMemory["newBuffer"] = (type, source) => {
    const { dtype, shape } = type;
    if (!isUnbounded(type)) return drafts.push({ id: drafts.length, dtype, size: sizeOf(shape), source }) - 1;
    if (source.kind !== "scratch") internal(`an array without end is an ${source.kind} of the program`);
    return (
      drafts.push({ id: drafts.length, dtype, size: sizeOf(shape.slice(1)), source: { kind: "tape" } }) - 1
    );
  };
  return {
    newBuffer,
    literal: (eqn) => {
      if (eqn.op !== "literal") return internal(`${eqn.op} is no literal`);
      let id = byLiteral.get(eqn);
      if (id === undefined) {
        const { data: values, dtype } = eqn.params;
        id = newBuffer({ dtype, shape: [values.length] }, { kind: "literal", values });
        byLiteral.set(eqn, id);
      }
      return id;
    },
    errorIndex: (entry) => {
      const { span } = entry;
      const place = span === null ? "" : `${span.file}:${span.line}:${span.column}`;
      const key = `${entry.code} ${entry.message} ${place}`;
      let k = errorKeys.get(key);
      if (k === undefined) {
        k = errors.push(entry) - 1;
        errorKeys.set(key, k);
      }
      return k;
    },
    buffers: () => drafts,
    buffer: (id) => drafts[id] ?? internal(`there is no buffer ${id}`),
    errors: () => errors,
  };
};

const memoryOf = (p: ProgramState, v: Var): BufferId =>
  p.isStored(v) ? p.bufferOf(v) : internal(`a value without memory is read (${typeText(v.type)})`);

/** Loads the element at a point; the row of a tape is made first. */
export const loadAt = (e: Emitter, buffer: BufferId, type: TensorType, at: readonly Index[]): ValueId => {
  if (isUnbounded(type)) e.row(buffer, at[0] ?? internal("a tape is read without a row"));
  return e.load(buffer, flatIndex(at, type.shape), type.dtype);
};

/** Values come from registers where this kernel has them, else from memory. */
export const kernelContext = (p: ProgramState, e: Emitter): ValueContext => ({
  e,
  graph: p.graph,
  literal: p.memory.literal,
  errorIndex: p.memory.errorIndex,
  undecided: () => {},
  read: (v, at): ValueId => {
    const inRegister = e.recall(memoKey(v, at));
    if (inRegister !== null) return inRegister;
    return loadAt(e, memoryOf(p, v), v.type, at);
  },
  readFlat: (v, position: Index) => e.load(memoryOf(p, v), position, v.type.dtype),
});

/** User lines behind a kernel, each once, in order. */
export const spansOf = (nodes: readonly Node[]): readonly Span[] => {
  const seen = new Map<string, Span>();
  for (const { eqn } of nodes) {
    const s = eqn.span;
    if (s !== null) seen.set(`${s.file}:${s.line}:${s.column}`, s);
  }
  return [...seen.values()];
};

/** The ops of a kernel's nodes, such as `reduceMax_exp_div`; at most `limit` of them. */
export const kernelName = (nodes: readonly Node[], limit = 4): string => {
  const ops = nodes.map((n) => n.eqn.op);
  const distinct = ops.filter((op, k) => op !== ops[k - 1]);
  return distinct.length <= limit ? distinct.join("_") : `${distinct.slice(0, limit).join("_")}_etc`;
};
