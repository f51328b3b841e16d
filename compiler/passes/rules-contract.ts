/** Local rewrites of constants, reductions, products and indexing. */
import {
  isFloat,
  type OpName,
  type OpParams,
  type ReduceOp,
  type Shape,
  sizeOf,
  type Var,
} from "../ir/types.js";
import { constantOf } from "./fold.js";
import { type Rule, type RuleTable, ruleWith } from "./rewrite.js";

const get = (list: readonly number[], k: number): number => list[k] ?? 0;
const axesOutside = (shape: Shape, used: readonly number[]): readonly number[] =>
  shape.map((_, k) => k).filter((k) => !used.includes(k));

const literal: readonly Rule<"literal">[] = [
  {
    algebra: "a literal of equal elements is a splat",
    apply: (r, _inputs, { data }, type) =>
      data.length > 0 && data.every((n) => Object.is(n, data[0])) ? constantOf(r, data, type) : null,
  },
];
const iota: readonly Rule<"iota">[] = [
  {
    algebra: "the only index is 0",
    apply: (r, _inputs, { axis }, type) => (get(type.shape, axis) === 1 ? r.splat(0, type) : null),
  },
];

/** The reductions' params are all `{axes}`. */
type Reduce = Rule<ReduceOp>;

/** A sum starts at +0, so the sum of one element x is 0 + x, which is not x for -0. */
const ofOne = (op: ReduceOp): Reduce =>
  ruleWith("a reduction of one element each is a reshape", (r, x, { axes }, type) => {
    if (axes.some((k) => get(x.type.shape, k) !== 1)) return null;
    const kept = r.emit("reshape", [x], { shape: type.shape });
    if (op !== "reduceSum" || !isFloat(type.dtype)) return kept;
    return r.emit("add", [kept, r.splat(0, type)], {});
  });
/** Elements for which op over any positive number of them gives the element again. */
const ofEqual = (op: ReduceOp, fixed: (element: number) => boolean): Reduce =>
  ruleWith(`${op} of equal elements`, (r, x, _params, type) => {
    const element = r.splatOf(x);
    return element !== null && sizeOf(x.type.shape) > 0 && fixed(element) ? r.splat(element, type) : null;
  });
/** Exact whatever the order, so two reductions can be one. */
const ofReduction = (op: "reduceMax" | "reduceMin"): Reduce =>
  ruleWith("max(max(x)) = max(x) over the axes of both", (r, x, { axes }) => {
    const inner = r.match(x, op);
    const y = inner?.inputs[0];
    if (inner === null || y === undefined) return null;
    const kept = axesOutside(y.type.shape, inner.params.axes);
    const all = [...inner.params.axes, ...axes.map((k) => get(kept, k))].sort((p, q) => p - q);
    return r.emit(op, [y], { axes: all });
  });

type Dot = OpParams["dot"];
const isAscending = (list: readonly number[]): boolean =>
  list.every((n, k) => k === 0 || n > get(list, k - 1));

/** The axes a product names, seen through the transpose that made its operand; null if free axes change order. */
const throughTranspose = (
  shape: Shape,
  perm: readonly number[],
  contract: readonly number[],
  batch: readonly number[],
) => {
  const free = axesOutside(shape, [...contract, ...batch]).map((k) => get(perm, k));
  if (!isAscending(free)) return null;
  return { contract: contract.map((k) => get(perm, k)), batch: batch.map((k) => get(perm, k)) };
};
const dot: readonly Rule<"dot">[] = [
  ruleWith("dot(transpose(x), y) = dot(x, y) over the axes where they were", (r, x, p, _type, [, y]) => {
    const inner = r.match(x, "transpose");
    const z = inner?.inputs[0];
    if (inner === null || z === undefined || y === undefined) return null;
    const axes = throughTranspose(x.type.shape, inner.params.perm, p.lhsContract, p.lhsBatch);
    if (axes === null) return null;
    const params: Dot = { ...p, lhsContract: axes.contract, lhsBatch: axes.batch };
    return r.emit("dot", [z, y], params);
  }),
  ruleWith("dot(x, transpose(y)) = dot(x, y) over the axes where they were", (r, x, p, _type, [, y]) => {
    const inner = y === undefined ? null : r.match(y, "transpose");
    const z = inner?.inputs[0];
    if (inner === null || z === undefined || y === undefined) return null;
    const axes = throughTranspose(y.type.shape, inner.params.perm, p.rhsContract, p.rhsBatch);
    if (axes === null) return null;
    const params: Dot = { ...p, rhsContract: axes.contract, rhsBatch: axes.batch };
    return r.emit("dot", [x, z], params);
  }),
];

/**
 * transpose(dot(x, y)) = dot(y, x) where the transpose only swaps the two groups of free axes: products commute and
 * every sum keeps its order. Only if nobody else needs the product, else it would be computed twice.
 */
export const transposeOfDot: Rule<"transpose"> = ruleWith(
  "transpose(dot(x, y)) = dot(y, x) if it swaps the free axes",
  (r, v, { perm }) => {
    const inner = r.match(v, "dot");
    const [x, y]: readonly (Var | undefined)[] = inner?.inputs ?? [];
    if (inner === null || x === undefined || y === undefined || !r.usedOnce(v)) return null;
    const p = inner.params;
    const nBatch = p.lhsBatch.length;
    const nLhs = x.type.shape.length - nBatch - p.lhsContract.length;
    const nRhs = y.type.shape.length - nBatch - p.rhsContract.length;
    const axes = perm.map((_, k) => k);
    const swapped = [
      ...axes.slice(0, nBatch),
      ...axes.slice(nBatch + nLhs, nBatch + nLhs + nRhs),
      ...axes.slice(nBatch, nBatch + nLhs),
    ];
    if (!perm.every((k, i) => k === swapped[i])) return null;
    return r.emit("dot", [y, x], {
      lhsContract: p.rhsContract,
      rhsContract: p.lhsContract,
      lhsBatch: p.rhsBatch,
      rhsBatch: p.lhsBatch,
    });
  },
);

type OtherOp =
  | "const"
  | "literal"
  | "iota"
  | ReduceOp
  | "argmax"
  | "argmin"
  | "gather"
  | "scatterAdd"
  | "dot"
  | "check"
  | "name";

const check: readonly Rule<"check">[] = [
  ruleWith("check(true) = true", (r, cond) => (r.splatOf(cond) === 1 ? cond : null)),
];

const none: readonly Rule<OpName>[] = [];

export const otherRules: Pick<RuleTable, OtherOp> = {
  const: none,
  name: none,
  literal,
  iota,
  reduceSum: [ofOne("reduceSum"), ofEqual("reduceSum", (e) => Object.is(e, 0))],
  reduceProd: [ofOne("reduceProd"), ofEqual("reduceProd", (e) => e === 1)],
  reduceMax: [ofOne("reduceMax"), ofEqual("reduceMax", () => true), ofReduction("reduceMax")],
  reduceMin: [ofOne("reduceMin"), ofEqual("reduceMin", () => true), ofReduction("reduceMin")],
  argmax: none,
  argmin: none,
  gather: none,
  scatterAdd: none,
  dot,
  check,
};
