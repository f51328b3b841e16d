/** What all kernels of one program share while it is lowered: buffers, literals, runtime errors. */
import { internal, type Span } from "../../diagnostics.js";
import { type DType, type Eqn, sizeOf, typeText, type Var } from "../../ir/types.js";
import type { BufferId, RuntimeErrorEntry, ValueId } from "../types.js";
import { type Aliases, inPlace } from "./aliases.js";
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
    | { readonly kind: "value"; readonly v: Var }
    | { readonly kind: "literal"; readonly values: readonly number[] };
}

export interface ProgramState {
  readonly graph: Graph;
  readonly strict: boolean;
  readonly bufferOf: (v: Var) => BufferId;
  /** Does a value of the graph have memory? */
  readonly isStored: (v: Var) => boolean;
  /** Does this update write over its operand? */
  readonly inPlace: (node: Node) => boolean;
  readonly literal: (eqn: Eqn) => BufferId;
  readonly errorIndex: (entry: RuntimeErrorEntry) => number;
  readonly buffers: () => readonly BufferDraft[];
  readonly errors: () => readonly RuntimeErrorEntry[];
}

export const createProgramState = (
  graph: Graph,
  strict: boolean,
  stored: ReadonlySet<Var>,
  aliases: Aliases,
): ProgramState => {
  const drafts: BufferDraft[] = [];
  const byVar = new Map<Var, BufferId>();
  const byLiteral = new Map<Eqn, BufferId>();
  const errors: RuntimeErrorEntry[] = [];
  const errorKeys = new Map<string, number>();
  const bufferOf = (guest: Var): BufferId => {
    let v = guest;
    for (let host = aliases.get(v); host !== undefined; host = aliases.get(v)) v = host;
    let id = byVar.get(v);
    if (id === undefined) {
      id = drafts.length;
      drafts.push({ id, dtype: v.type.dtype, size: sizeOf(v.type.shape), source: { kind: "value", v } });
      byVar.set(v, id);
    }
    return id;
  };
  return {
    graph,
    strict,
    bufferOf,
    inPlace: (node) => inPlace(graph, aliases, node),
    isStored: (v) => graph.paramOf.has(v) || stored.has(v),
    literal: (eqn) => {
      if (eqn.op !== "literal") return internal(`${eqn.op} is no literal`);
      let id = byLiteral.get(eqn);
      if (id === undefined) {
        id = drafts.length;
        const { data: values, dtype } = eqn.params;
        drafts.push({ id, dtype, size: values.length, source: { kind: "literal", values } });
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
    errors: () => errors,
  };
};

const memoryOf = (p: ProgramState, v: Var): BufferId =>
  p.isStored(v) ? p.bufferOf(v) : internal(`a value without memory is read (${typeText(v.type)})`);

/** Values come from registers where this kernel has them, else from memory. */
export const kernelContext = (p: ProgramState, e: Emitter): ValueContext => ({
  e,
  graph: p.graph,
  literal: p.literal,
  errorIndex: p.errorIndex,
  undecided: () => {},
  read: (v, at): ValueId => {
    const inRegister = e.recall(memoKey(v, at));
    if (inRegister !== null) return inRegister;
    return e.load(memoryOf(p, v), flatIndex(at, v.type.shape), v.type.dtype);
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
