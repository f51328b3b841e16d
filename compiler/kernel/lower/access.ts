/** What a node reads and where, found by a trial run of its body over its own axes. */
import { internal } from "../../diagnostics.js";
import type { Eqn, Var } from "../../ir/types.js";
import type { ValueId } from "../types.js";
import { operand } from "./decompose.js";
import { createEmitter } from "./emitter.js";
import type { Graph, Node } from "./graph.js";
import { axisIndex, constIndex, type Index } from "./index-expr.js";
import { inlineAt, type ValueContext, valueAt } from "./values.js";

/** One read of a parameter or node; `at` is null where only the row-major position is known. Axes are the reader's own. */
export interface Access {
  readonly of: Var;
  readonly at: readonly Index[] | null;
}

/** The element that a node maps, reduces or multiplies at a point of its space. */
export const bodyAt = (c: ValueContext, node: Node, at: readonly Index[]): ValueId => {
  const { eqn } = node;
  switch (node.kind) {
    case "reduce":
      return valueAt(c, operand(eqn.inputs, 0), at);
    case "product": {
      const [lhs, rhs] = factorsAt(c, eqn, at);
      return c.e.op("mul", node.v.type.dtype, [lhs, rhs]);
    }
    case "map":
      return inlineAt(c, eqn, at);
    case "matmul":
    case "scatterAdd":
    case "dynamicUpdate":
      return internal(`a ${node.kind} has no body`);
    default: {
      const never: never = node.kind;
      return internal(`unexpected node ${never}`);
    }
  }
};

/** Both factors of a decomposed product at a point [batch..., m?, n?, k]. */
const factorsAt = (c: ValueContext, eqn: Eqn, at: readonly Index[]): readonly [ValueId, ValueId] => {
  if (eqn.op !== "dot") return internal("not a product");
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = eqn.params;
  const batch = at.slice(0, lhsBatch.length);
  const k = at[at.length - 1] ?? internal("a product without its contracted axis");
  const free = at.slice(lhsBatch.length, -1);
  const side = (x: Var, xBatch: readonly number[], xContract: readonly number[]): ValueId => {
    const point = x.type.shape.map((_, d): Index => {
      const b = xBatch.indexOf(d);
      if (b >= 0) return batch[b] ?? internal("a product lacks a batch axis");
      if (xContract.includes(d)) return k;
      return free.shift() ?? internal("a product lacks a free axis");
    });
    return valueAt(c, x, point);
  };
  return [
    side(operand(eqn.inputs, 0), lhsBatch, lhsContract),
    side(operand(eqn.inputs, 1), rhsBatch, rhsContract),
  ];
};

/** A context that writes nothing of use and records what is read. */
const recordingContext = (graph: Graph, accesses: Access[]): ValueContext => {
  const e = createEmitter();
  return {
    e,
    graph,
    read: (of, at) => {
      accesses.push({ of, at });
      return e.fresh();
    },
    readFlat: (of) => {
      accesses.push({ of, at: null });
      return e.fresh();
    },
    literal: () => 0,
    errorIndex: () => 0,
  };
};

/** Axis k of the space is axis id k; axes of extent 1 are constant. */
const ownPoint = (c: ValueContext, extents: readonly number[]): readonly Index[] =>
  extents.map((n) => {
    const axis = c.e.openLoop(n);
    return n === 1 ? constIndex(0) : axisIndex(axis, n);
  });

export const accessesOf = (graph: Graph, node: Node): readonly Access[] => {
  const accesses: Access[] = [];
  const c = recordingContext(graph, accesses);
  if (node.v.type.shape.includes(0)) return accesses;
  switch (node.kind) {
    case "map":
    case "reduce":
    case "product":
      bodyAt(c, node, ownPoint(c, node.space));
      return accesses;
    case "matmul":
    case "scatterAdd":
    case "dynamicUpdate":
      for (const x of node.eqn.inputs)
        if (!x.type.shape.includes(0)) valueAt(c, x, ownPoint(c, x.type.shape));
      return accesses.map(({ of }) => ({ of, at: null }));
    default: {
      const never: never = node.kind;
      return internal(`unexpected node ${never}`);
    }
  }
};

/** Where a strided view of memory finds its elements, or null if `x` is not one. */
export const stridedView = (
  graph: Graph,
  x: Var,
): { readonly of: Var; readonly at: readonly Index[]; readonly axes: readonly number[] } | null => {
  const accesses: Access[] = [];
  const c = recordingContext(graph, accesses);
  const point = ownPoint(c, x.type.shape);
  const v = valueAt(c, x, point);
  const [only] = accesses;
  // the first register of a context that wrote nothing else
  if (only === undefined || only.at === null || accesses.length !== 1 || v !== 0) return null;
  if (only.at.some((i) => i.dynamic.length > 0)) return null;
  return { of: only.of, at: only.at, axes: point.map((_, d) => d) };
};
