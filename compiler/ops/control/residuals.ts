/**
 * Which values of a region are kept for its linear part, and which are computed again from those: the choice that costs
 * least, as a minimum cut between what the linear part needs and what is there anyway.
 *
 * Each value v has a node "wanted" and a node "computed again"; wanted -> again costs keeping v, again -> sink costs computing it, and
 * what is computed again wants its operands (an infinite edge). The source wants the residuals.
 */
import { type AnyOp, BYTES, type Eqn, isControl, sizeOf, type Var } from "../../ir/types.js";
import { hasEffect } from "../effects.js";
import { network, SINK, SOURCE } from "./min-cut.js";
import type { Parts } from "./record.js";

/** Ops whose result costs more than reading it from memory, whatever its operands: these are never computed again. */
const COSTLY: ReadonlySet<AnyOp> = new Set<AnyOp>([
  ...(["dot", "scatterAdd", "dynamicUpdate", "threefry", "argmax", "argmin"] as const),
  ...(["reduceSum", "reduceProd", "reduceMax", "reduceMin"] as const),
]);
/** Ops that cost an address. */
const FREE: ReadonlySet<AnyOp> = new Set<AnyOp>([
  ...(["const", "literal", "iota", "reshape", "broadcast", "transpose", "slice", "reverse"] as const),
  ...(["stopGradient", "bitcast", "pad", "concat"] as const),
]);
/** Ops that the machine has, at the price of some additions. */
const SLOW: ReadonlySet<AnyOp> = new Set<AnyOp>(["div", "sqrt"]);
const QUICK: ReadonlySet<AnyOp> = new Set<AnyOp>([
  ...(["add", "sub", "mul", "neg", "abs", "min", "max", "sign", "select", "cast", "gather"] as const),
  ...(["floor", "ceil", "trunc", "rint", "not", "and", "or", "xor", "shl", "shr", "ushr"] as const),
  ...(["eq", "ne", "lt", "le", "gt", "ge", "dynamicSlice"] as const),
]);

const FREE_COST = 0.01;
/** An operation on a number that only the counter and constants decide: part of an index, most often. */
const INDEX_COST = 0.1;
const SLOW_COST = 6;
/** A function of many additions: exp, sin, pow. */
const LONG_COST = 12;

/** The cost of an array without end: more than any other. */
const ENDLESS = 1e12;

/** The cost of keeping a value: to write and read it, and the memory. An addition of its elements costs 1 each. */
export const keepingCost = ({ type }: Var): number =>
  Math.min(ENDLESS, sizeOf(type.shape) * (1.5 + BYTES[type.dtype] / 2.5));

/** The cost of computing an equation again, from what is `fixed` or not; infinite where it can't be. */
const againCost = (eqn: Eqn, fixed: boolean): number => {
  if (isControl(eqn) || COSTLY.has(eqn.op) || hasEffect(eqn)) return Number.POSITIVE_INFINITY;
  const size = sizeOf(eqn.outs[0].type.shape);
  if (FREE.has(eqn.op)) return FREE_COST;
  if (QUICK.has(eqn.op)) return fixed && size === 1 && eqn.op !== "dynamicSlice" ? INDEX_COST : size;
  return size * (SLOW.has(eqn.op) ? SLOW_COST : LONG_COST);
};

/** The values that only what costs nothing decides, by operations that are no function calls. */
const fixedValues = (parts: Parts, costOf: (v: Var) => number): ReadonlySet<Var> => {
  const fixed = new Set<Var>();
  const isFixed = (v: Var): boolean => fixed.has(v) || costOf(v) === 0;
  for (const eqn of parts.known) {
    if (isControl(eqn) || hasEffect(eqn) || !(FREE.has(eqn.op) || QUICK.has(eqn.op))) continue;
    if (eqn.inputs.every(isFixed)) fixed.add(eqn.outs[0]);
  }
  return fixed;
};

export interface Residuals {
  /** Params of the region among them. */
  readonly kept: readonly Var[];
  /** What gives the other residuals from those and from what is free, in order. */
  readonly again: readonly Eqn[];
}

/** `costOf`: what it costs to keep a value; 0 for what is there anyway. */
export const chooseResiduals = (parts: Parts, costOf: (v: Var) => number): Residuals => {
  const defs = new Map<Var, Eqn>();
  for (const eqn of parts.known) for (const v of eqn.outs) defs.set(v, eqn);
  const fixed = fixedValues(parts, costOf);
  const { node, edge, cut } = network();
  const nodes = new Map<Var, { readonly wanted: number; readonly again: number }>();
  const wantedNode = (v: Var): number => {
    const there = nodes.get(v);
    if (there !== undefined) return there.wanted;
    const own = { wanted: node(), again: node() };
    nodes.set(v, own);
    const keep = costOf(v);
    edge(own.wanted, own.again, keep);
    if (keep === 0) return own.wanted;
    const eqn = defs.get(v);
    const cost = eqn === undefined ? Number.POSITIVE_INFINITY : againCost(eqn, fixed.has(v));
    edge(own.again, SINK, cost);
    if (eqn !== undefined && cost < Number.POSITIVE_INFINITY)
      for (const x of eqn.inputs) edge(own.again, wantedNode(x), Number.POSITIVE_INFINITY);
    return own.wanted;
  };
  for (const v of parts.residuals) edge(SOURCE, wantedNode(v), Number.POSITIVE_INFINITY);
  const near = cut();
  const kept: Var[] = [];
  const again = new Set<Eqn>();
  for (const [v, own] of nodes) {
    if (near[own.wanted] !== true) continue;
    const eqn = defs.get(v);
    if (near[own.again] === true && eqn !== undefined) again.add(eqn);
    else kept.push(v);
  }
  return { kept, again: parts.known.filter((eqn) => again.has(eqn)) };
};
