/**
 * Decides which values become nodes: loops of their own that may end in memory. Everything else is recomputed inside its
 * consumers, through index maps.
 */
import { internal } from "../../diagnostics.js";
import {
  type AnyOp,
  type ControlEqn,
  type Eqn,
  type IrFunction,
  isControl,
  isUnbounded,
  type PlainEqn,
  type Shape,
  sameShape,
  sizeOf,
  type Var,
} from "../../ir/types.js";
import type { Combine } from "../types.js";
import { operandsInMemory } from "./control.js";
import { isNest } from "./control-nest.js";
import { COMBINE, dim, operand } from "./decompose.js";
import { isFree, opCost } from "./op-cost.js";
import { createOverwrites, takenOver } from "./overwritten.js";

/**
 * - `map`: one element per point, from the equation at that point
 * - `reduce`: elements combined over the axes `reduced` of a larger space
 * - `product`: a reduction of lhs * rhs in loops; `matmul`: the same as a tiled kernel
 * - `scatterAdd`, `dynamicUpdate`: a copy, then stores at run-time addresses
 * - `tape`: an array without end, empty
 * - `steps`: control flow over kernels; `nest`: control flow inside one kernel, with scalars in registers
 */
export type NodeKind =
  | "map"
  | "reduce"
  | "product"
  | "matmul"
  | "scatterAdd"
  | "dynamicUpdate"
  | "tape"
  | "steps"
  | "nest";

export interface Node {
  readonly v: Var;
  /** All values of its equation: `v`, or those of a control equation. */
  readonly outs: readonly Var[];
  readonly eqn: Eqn;
  readonly kind: NodeKind;
  /** Extents of the points that are visited. */
  readonly space: Shape;
  /** Axis of the space of each axis of the value. */
  readonly out: readonly number[];
  readonly reduced: readonly number[];
  readonly combine: Combine | null;
}

export interface Graph {
  readonly fn: IrFunction;
  readonly paramOf: ReadonlyMap<Var, number>;
  readonly defs: ReadonlyMap<Var, Eqn>;
  /** In program order. */
  readonly nodes: readonly Node[];
  readonly nodeOf: ReadonlyMap<Var, Node>;
  /** The value whose memory holds each result. */
  readonly resultBases: readonly Var[];
}

/** Loads and arithmetic per element; what costs more than RECOMPUTE is not computed twice. */
const RECOMPUTE = 4;
/** What costs this (a scalar: the second, for a product's epilogue has no loop) is not computed per point of a broadcast. */
const [SPREAD, SPREAD_SCALAR] = [8, 4];
/** Longest chain of equations inside one value; multiplications up to which a product is plain loops, unless options say. */
const [MAX_DEPTH, SMALL_PRODUCT] = [100, 512];

export interface GraphOptions {
  /** Sums in row-major order: products are loops. */
  readonly strict: boolean;
  /** Multiplications up to which a product is written as plain loops. */
  readonly smallProduct?: number;
  /** Whether control flow may become one kernel; yes if absent. */
  readonly nests?: boolean;
  /** Parameters whose memory may be overwritten. */
  readonly owned?: ReadonlySet<Var>;
}

/** Ops that only rename points, one to one or one to many: their operand holds all their elements. */
export const VIEWS: ReadonlySet<AnyOp> = new Set<AnyOp>([
  "reshape",
  "transpose",
  "reverse",
  "broadcast",
  "stopGradient",
]);

/** Ops whose result lies in their operand's memory as it is. */
const SAME_MEMORY: ReadonlySet<AnyOp> = new Set<AnyOp>(["reshape", "stopGradient"]);

const kindOf = (eqn: PlainEqn, strict: boolean, smallProduct: number): NodeKind | null => {
  switch (eqn.op) {
    case "reduceSum":
    case "reduceProd":
    case "reduceMax":
    case "reduceMin":
      return "reduce";
    case "scatterAdd":
    case "dynamicUpdate":
      return eqn.op;
    case "dot": {
      const { lhsBatch, lhsContract, rhsBatch, rhsContract } = eqn.params;
      const [x, y] = [operand(eqn.inputs, 0).type.shape, operand(eqn.inputs, 1).type.shape];
      const size = (s: Shape, skip: readonly number[]): number =>
        sizeOf(s.filter((_, d) => !skip.includes(d)));
      const m = size(x, [...lhsBatch, ...lhsContract]);
      const n = size(y, [...rhsBatch, ...rhsContract]);
      const work = sizeOf(x) * n;
      return strict || m === 1 || n === 1 || work <= smallProduct ? "product" : "matmul";
    }
    default:
      return null;
  }
};

const identity = (n: number): number[] => Array.from({ length: n }, (_, d) => d);

const makeNode = (v: Var, eqn: Eqn, kind: NodeKind): Node => {
  const { outs } = eqn;
  if (isControl(eqn) || kind === "tape")
    return { v, outs, eqn, kind, space: [], out: [], reduced: [], combine: null };
  const { shape } = v.type;
  const map = { v, outs, eqn, kind, space: shape, out: identity(shape.length), reduced: [], combine: null };
  switch (eqn.op) {
    case "reduceSum":
    case "reduceProd":
    case "reduceMax":
    case "reduceMin": {
      const space = operand(eqn.inputs, 0).type.shape;
      const reduced = [...eqn.params.axes].sort((a, b) => a - b);
      const out = identity(space.length).filter((d) => !reduced.includes(d));
      return { v, outs, eqn, kind, space, out, reduced, combine: COMBINE[eqn.op] };
    }
    case "dot": {
      const k = dim(
        operand(eqn.inputs, 0).type.shape,
        eqn.params.lhsContract[0] ?? internal("no contracted axis"),
      );
      const rank = shape.length;
      if (kind === "matmul") return map;
      return { ...map, space: [...shape, k], reduced: [rank], combine: "sum" };
    }
    default:
      return map;
  }
};

/** The nodes of a decomposed function. `isStrided`: is a value that only renames points a strided view of memory? */
export const buildGraph = (
  fn: IrFunction,
  { strict, smallProduct = SMALL_PRODUCT, nests = true, owned = new Set() }: GraphOptions,
  isStrided: (g: Graph, x: Var) => boolean,
): Graph => {
  const paramOf = new Map(fn.params.map((p, k) => [p, k]));
  const defs = new Map<Var, Eqn>();
  const consumers = new Map<Var, Set<Eqn>>();
  for (const eqn of fn.body) {
    for (const out of eqn.outs) defs.set(out, eqn);
    for (const x of eqn.inputs) {
      const set = consumers.get(x) ?? new Set();
      consumers.set(x, set.add(eqn));
    }
  }
  const chosen = new Map<Var, NodeKind>();
  const cost = new Map<Var, number>();
  const depth = new Map<Var, number>();

  const baseOf = (v: Var, through: ReadonlySet<AnyOp>): Var => {
    let base = v;
    for (;;) {
      const eqn = defs.get(base);
      if (chosen.has(base) || eqn === undefined || !through.has(eqn.op)) return base;
      base = operand(eqn.inputs, 0);
    }
  };
  const choose = (v: Var): void => {
    if (paramOf.has(v) || chosen.has(v)) return;
    chosen.set(v, isUnbounded(v.type) ? "tape" : "map");
    cost.set(v, v.type.shape.length === 0 ? 0 : 1);
    depth.set(v, 0);
  };
  /** Gives memory to what `v` shows, not to the view. */
  const chooseBase = (v: Var): void => choose(baseOf(v, VIEWS));

  const resultBases = fn.results.map((r) => {
    const base = baseOf(r, SAME_MEMORY);
    return paramOf.has(base) ? r : base;
  });
  const isResult = new Set(resultBases);
  for (const p of fn.params) {
    cost.set(p, p.type.shape.length === 0 ? 0 : 1);
    depth.set(p, 0);
  }

  /** Is each element of v used at many points of one consumer? */
  const isSpread = (v: Var): boolean => {
    const n = sizeOf(v.type.shape);
    for (const eqn of consumers.get(v) ?? []) {
      if (isControl(eqn)) continue;
      const size = sizeOf(eqn.outs[0].type.shape);
      if ((eqn.op === "broadcast" || eqn.op === "gather") && size > n) return true;
      if (eqn.op === "dot" && size > sizeOf(v.type.shape) / dim(v.type.shape, contracted(eqn, v)))
        return true;
    }
    return false;
  };

  const usesOf = (v: Var): number => consumers.get(v)?.size ?? 0;
  const place = new Map(fn.body.flatMap(({ outs }, k) => outs.map((v) => [v, k] as const)));
  /** Values that are a tiled product followed by elementwise ops that nothing else sees: memory holds their last. */
  const epilogue = new Set<Var>();
  const continuesProduct = (eqn: PlainEqn): boolean =>
    !isFree(eqn.op) &&
    eqn.inputs.some(
      (x) =>
        (chosen.get(x) === "matmul" || epilogue.has(x)) &&
        usesOf(x) === 1 &&
        sameShape(x.type.shape, eqn.outs[0].type.shape),
    );

  /** What products end in, where an equation takes several together: memory holds all but the last. So a sum of many is a running one. */
  const endOthers = (eqn: PlainEqn): void => {
    const ends = eqn.inputs.filter((x) => chosen.get(x) === "matmul" || epilogue.has(x));
    const last = Math.max(...ends.map((x) => place.get(x) ?? 0));
    for (const x of ends) if (epilogue.has(x) && place.get(x) !== last) choose(x);
  };

  const kinds = new Map<Eqn, "steps" | "nest">();
  const controlKind = (eqn: ControlEqn): "steps" | "nest" => {
    const known = kinds.get(eqn) ?? (nests && isNest(eqn) ? "nest" : "steps");
    kinds.set(eqn, known);
    return known;
  };

  const graph = (): Graph => {
    const nodes = fn.body.flatMap((eqn) => {
      // a control equation without results is still to be done
      const [v = { type: { dtype: "bool", shape: [] } }] = eqn.outs;
      const kind = isControl(eqn) ? controlKind(eqn) : chosen.get(v);
      return kind === undefined ? [] : [makeNode(v, eqn, kind)];
    });
    const nodeOf = new Map(nodes.flatMap((n) => n.outs.map((v) => [v, n] as const)));
    return { fn, paramOf, defs, nodes, nodeOf, resultBases };
  };

  const overwrites = createOverwrites(fn);
  /** Gives memory to what is still to be read of arrays that equation `k` takes over, unless a copy of the array is smaller. */
  const keepPending = (eqn: Eqn, k: number): void => {
    const isStored = (v: Var): boolean => chosen.has(v) || owned.has(v);
    for (const x of takenOver(eqn)) {
      const bases = new Set(overwrites.pending(k, x, isStored).map((v) => baseOf(v, VIEWS)));
      const size = [...bases].reduce((sum, v) => sum + sizeOf(v.type.shape), 0);
      if (size <= sizeOf(x.type.shape)) for (const v of bases) choose(v);
    }
  };

  for (const [k, eqn] of fn.body.entries()) {
    keepPending(eqn, k);
    if (isControl(eqn)) {
      const kind = controlKind(eqn);
      for (const v of eqn.outs) {
        choose(v);
        chosen.set(v, kind);
      }
      for (const x of operandsInMemory(eqn, kind === "nest"))
        choose(baseOf(x, kind === "nest" ? VIEWS : SAME_MEMORY));
      continue;
    }
    const v = eqn.outs[0];
    endOthers(eqn);
    let total = opCost(eqn.op);
    let longest = 0;
    for (const x of new Set(eqn.inputs)) {
      total += cost.get(x) ?? internal("a value is used before it is defined");
      longest = Math.max(longest, (depth.get(x) ?? 0) + 1);
    }
    // what a broadcast spreads is computed outside the loop that it is spread over
    const spreads =
      eqn.op === "broadcast" && sizeOf(v.type.shape) > sizeOf(operand(eqn.inputs, 0).type.shape);
    cost.set(v, spreads ? Math.min(total, 1) : total);
    depth.set(v, longest);
    if (continuesProduct(eqn)) epilogue.add(v);
    const kind = kindOf(eqn, strict, smallProduct);
    if (kind !== null) {
      choose(v);
      chosen.set(v, kind);
      continue;
    }
    if (isResult.has(v) || eqn.op === "check") choose(v);
    else if (longest > MAX_DEPTH) chooseBase(v);
    else if (usesOf(v) > 1 && (total > RECOMPUTE || epilogue.has(v))) chooseBase(v);
    else if (total >= (sizeOf(v.type.shape) === 1 ? SPREAD_SCALAR : SPREAD) && isSpread(v)) chooseBase(v);
  }
  for (const r of resultBases) choose(r);

  // operands of tiled products must be strided views of memory
  for (const eqn of fn.body) {
    if (isControl(eqn) || chosen.get(eqn.outs[0]) !== "matmul") continue;
    for (const x of eqn.inputs) choose(baseOf(x, new Set<AnyOp>([...VIEWS, "slice"])));
  }
  const before = graph();
  for (const eqn of fn.body) {
    if (isControl(eqn) || chosen.get(eqn.outs[0]) !== "matmul") continue;
    for (const x of eqn.inputs) if (!isStrided(before, x)) choose(x);
  }
  return graph();
};

/** The axis of operand `v` that a product contracts. */
const contracted = (eqn: Eqn, v: Var): number => {
  if (eqn.op !== "dot") return internal("not a product");
  const axes = eqn.inputs[0] === v ? eqn.params.lhsContract : eqn.params.rhsContract;
  return axes[0] ?? internal("no contracted axis");
};
