/** What a node reads and where, found by a trial run of its body over its own axes. */
import { internal } from "../../diagnostics.js";
import { type Eqn, isUnbounded, type Var } from "../../ir/types.js";
import type { ValueId } from "../types.js";
import { operand } from "./decompose.js";
import { createEmitter, type Emitter } from "./emitter.js";
import type { Graph, Node } from "./graph.js";
import { axisIndex, bareAxis, constIndex, flatIndex, type Index } from "./index-expr.js";
import { type AxisCuts, type Cuts, crossing } from "./regions.js";
import { inlineAt, type ValueContext, valueAt } from "./values.js";

/** One read of a parameter or node; `at` is null where the point is unknown. Axes are the reader's own. */
export interface Access {
  readonly of: Var;
  readonly at: readonly Index[] | null;
  /** Row-major position; null where it is that of `at`. */
  readonly position: Index | null;
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
    case "tape":
    case "steps":
    case "nest":
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

/** Where an axis that a trial made up lies in an own axis: its counter times `scale`. */
interface Digit {
  readonly axis: number;
  readonly scale: number;
}

/** A context that writes nothing of use and records what is read, and where the body along each axis changes. */
const recordingContext = (graph: Graph, accesses: Access[], cuts: Map<number, AxisCuts>): ValueContext => {
  const e = createEmitter();
  const digits = new Map<number, Digit>();
  const cutsAt = (axis: number): AxisCuts => {
    const known = cuts.get(axis) ?? { positions: new Set(), strides: new Set() };
    cuts.set(axis, known);
    return known;
  };
  /** A counter that is divided becomes two: the loop will be taken apart likewise. */
  const divMod: Emitter["divMod"] = (i, n) => {
    const axis = bareAxis(i);
    const exact = e.affineDivMod(i, n);
    if (axis === null || exact !== null || e.extentOf(axis) % n !== 0) return exact ?? e.divMod(i, n);
    const whole = digits.get(axis) ?? { axis, scale: 1 };
    const extent = e.extentOf(axis) / n;
    cutsAt(whole.axis).strides.add(whole.scale * n);
    const [q, r] = [e.openLoop(extent), e.openLoop(n)];
    digits.set(q, { axis: whole.axis, scale: whole.scale * n });
    digits.set(r, whole);
    return [extent === 1 ? constIndex(0) : axisIndex(q, extent), axisIndex(r, n)];
  };
  return {
    e: { ...e, divMod },
    graph,
    read: (of, at) => {
      accesses.push({ of, at, position: null });
      return e.fresh();
    },
    readFlat: (of, position) => {
      accesses.push({ of, at: null, position });
      return e.fresh();
    },
    undecided: (i, from) => {
      const at = crossing(i, from);
      if (at !== null && !digits.has(at.axis)) cutsAt(at.axis).positions.add(at.position);
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

/** What a node reads, and where along its own axes its body changes. */
export const readsOfNode = (
  graph: Graph,
  node: Node,
): { readonly accesses: readonly Access[]; readonly cuts: Cuts } => {
  const accesses: Access[] = [];
  const cuts = new Map<number, AxisCuts>();
  const c = recordingContext(graph, accesses, cuts);
  switch (node.kind) {
    case "map":
    case "reduce":
    case "product":
      bodyAt(c, node, ownPoint(c, node.space));
      return { accesses, cuts };
    case "matmul":
    case "scatterAdd":
    case "dynamicUpdate":
    case "tape":
    case "steps":
    case "nest":
      for (const x of node.eqn.inputs)
        if (!x.type.shape.includes(0)) valueAt(c, x, ownPoint(c, x.type.shape));
      return { accesses: accesses.map(({ of }) => ({ of, at: null, position: null })), cuts: new Map() };
    default: {
      const never: never = node.kind;
      return internal(`unexpected node ${never}`);
    }
  }
};

/** The affine row-major position at which a view of memory finds its elements (axis k is its own), or null if it is none. */
export const stridedView = (graph: Graph, x: Var): { readonly of: Var; readonly position: Index } | null => {
  const accesses: Access[] = [];
  const cuts = new Map<number, AxisCuts>();
  const c = recordingContext(graph, accesses, cuts);
  const v = valueAt(c, x, ownPoint(c, x.type.shape));
  const [only] = accesses;
  // the first register of a context that wrote nothing else, and no axis had to be taken apart
  if (only === undefined || isUnbounded(only.of.type) || accesses.length !== 1 || v !== 0 || cuts.size > 0)
    return null;
  const position = only.position ?? flatIndex(only.at ?? [], only.of.type.shape);
  return position.dynamic.length > 0 ? null : { of: only.of, position };
};
