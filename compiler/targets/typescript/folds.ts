/** Reductions and products: loops that add up. */
import { internal } from "../../diagnostics.js";
import { nameOf } from "../../ir/names.js";
import type { DotParams, PlainEqn, ReduceOp, Shape, TensorType } from "../../ir/types.js";
import { adopt, filledArray, isSingle, layoutOf, newArray, overIndices } from "./arrays.js";
import { binary, bool, call, type Expr, index, name as nameExpr, num, type Variable } from "./code.js";
import {
  assign,
  declare,
  type Emitter,
  emit,
  type Frame,
  inBlock,
  NONE,
  newVariable,
  refusePrint,
  type ScalarValue,
  type Value,
  watch,
} from "./emitter.js";

type Element = (at: readonly Expr[]) => Expr;

/** One number folded over the indices of `over`. */
interface Fold {
  readonly over: Shape;
  readonly start: Expr;
  /** The next value of the sum at these indices. */
  readonly next: (sum: Expr, at: readonly Expr[]) => Expr;
}

type FoldOp = ReduceOp | "dot";
const isFold = (eqn: PlainEqn): eqn is Extract<PlainEqn, { readonly op: FoldOp }> =>
  eqn.op === "dot" || /^reduce(Sum|Prod|Max|Min)$/.test(eqn.op);

const isExtreme = (eqn: PlainEqn): eqn is Extract<PlainEqn, { readonly op: "argmax" | "argmin" }> =>
  eqn.op === "argmax" || eqn.op === "argmin";

/** The sum of two numbers of a dtype, and its product. */
const added = ({ dtype }: TensorType, x: Expr, y: Expr): Expr => {
  const sum = binary("+", x, y);
  return dtype === "f32" ? call("Math.fround", sum) : dtype === "f64" ? sum : binary("|", sum, num(0));
};
const multiplied = ({ dtype }: TensorType, x: Expr, y: Expr): Expr => {
  const product = binary("*", x, y);
  return dtype === "f32" ? call("Math.fround", product) : dtype === "f64" ? product : call("Math.imul", x, y);
};

const LEAST = { i32: -(2 ** 31), u32: 0, f32: -Infinity, f64: -Infinity, bool: 0 } as const;
const GREATEST = { i32: 2 ** 31 - 1, u32: 2 ** 32 - 1, f32: Infinity, f64: Infinity, bool: 1 } as const;

/** The operand's index from that of the result and those of the axes folded over. */
const withAxes = (
  rank: number,
  axes: readonly number[],
  at: readonly Expr[],
  folded: readonly Expr[],
): readonly Expr[] => {
  const rest = [...at];
  return Array.from({ length: rank }, (_, axis) => {
    const k = axes.indexOf(axis);
    return (k >= 0 ? folded[k] : rest.shift()) ?? num(0);
  });
};

const reduction = (
  e: Emitter,
  op: ReduceOp,
  type: TensorType,
  term: Element,
): Pick<Fold, "start" | "next"> => {
  const isBool = type.dtype === "bool";
  switch (op) {
    case "reduceSum":
      if (isBool || type.dtype === "u32")
        return refusePrint(e, `a sum of ${type.dtype}`, "add floats or i32");
      return { start: num(0), next: (sum, at) => added(type, sum, term(at)) };
    case "reduceProd":
      if (isBool || type.dtype === "u32")
        return refusePrint(e, `a product of ${type.dtype}`, "multiply floats or i32");
      return { start: num(1), next: (sum, at) => multiplied(type, sum, term(at)) };
    case "reduceMax":
      return isBool
        ? { start: bool(false), next: (any, at) => binary("||", any, term(at)) }
        : { start: num(LEAST[type.dtype]), next: (best, at) => call("Math.max", best, term(at)) };
    case "reduceMin":
      return isBool
        ? { start: bool(true), next: (all, at) => binary("&&", all, term(at)) }
        : { start: num(GREATEST[type.dtype]), next: (best, at) => call("Math.min", best, term(at)) };
    default: {
      const never: never = op;
      return never;
    }
  }
};

/** Result axes: batch, then lhs free, then rhs free. */
const dotIndices = (
  { lhsContract, rhsContract, lhsBatch, rhsBatch }: DotParams,
  ranks: readonly [number, number],
  at: readonly Expr[],
  folded: readonly Expr[],
): readonly [readonly Expr[], readonly Expr[]] => {
  const batch = at.slice(0, lhsBatch.length);
  let next = lhsBatch.length;
  const side = (rank: number, contract: readonly number[], own: readonly number[]): readonly Expr[] =>
    Array.from({ length: rank }, (_, axis) => {
      const c = contract.indexOf(axis);
      const b = own.indexOf(axis);
      return (c >= 0 ? folded[c] : b >= 0 ? batch[b] : at[next++]) ?? num(0);
    });
  const lhs = side(ranks[0], lhsContract, lhsBatch);
  return [lhs, side(ranks[1], rhsContract, rhsBatch)];
};

/** The fold that gives the element `at` of the result. */
const foldAt = (
  e: Emitter,
  eqn: Extract<PlainEqn, { readonly op: FoldOp }>,
  parts: readonly Element[],
  at: readonly Expr[],
): Fold => {
  const [x, y] = eqn.inputs;
  const [px = internal("a fold of nothing"), py = px] = parts;
  const type = eqn.outs[0].type;
  if (x === undefined) return internal("a fold of nothing");
  if (eqn.op !== "dot") {
    const { axes } = eqn.params;
    const rank = x.type.shape.length;
    const over = axes.map((a) => x.type.shape[a] ?? 1);
    const term: Element = (folded) => px(withAxes(rank, axes, at, folded));
    return { over, ...reduction(e, eqn.op, type, term) };
  }
  const { params } = eqn;
  const ranks = [x.type.shape.length, y?.type.shape.length ?? 0] as const;
  const over = params.lhsContract.map((a) => x.type.shape[a] ?? 1);
  return {
    over,
    start: num(0),
    next: (sum, folded) => {
      const [left, right] = dotIndices(params, ranks, at, folded);
      return added(type, sum, multiplied(type, px(left), py(right)));
    },
  };
};

/** Loops that compute a fold; the variable that holds it. */
const runFold = (e: Emitter, fold: Fold, wanted: string): Variable => {
  const variable = newVariable(e, wanted);
  const target = nameExpr(variable.name);
  variable.reassigned = true;
  declare(e, variable, fold.start);
  overIndices(e, fold.over, (at) => assign(e, target, fold.next(target, at)));
  return variable;
};

/** The first place of an extreme; a NaN counts as one. */
const runExtreme = (
  e: Emitter,
  op: "argmax" | "argmin",
  n: number,
  term: (k: Expr) => Expr,
  wanted: string,
): Variable => {
  const best = newVariable(e, wanted);
  best.reassigned = true;
  declare(e, best, num(0));
  const place = nameExpr(best.name);
  const { statements, result } = inBlock(e, () => {
    const k = e.block.names.fresh("k");
    const x = newVariable(e, "candidate");
    declare(e, x, term(nameExpr(k)));
    const extreme = newVariable(e, "extreme");
    declare(e, extreme, term(place));
    const [a, b] = [nameExpr(x.name), nameExpr(extreme.name)];
    const beats = binary(op === "argmax" ? ">" : "<", a, b);
    const nan = (v: Expr): Expr => call("Number.isNaN", v);
    const first = binary("&&", nan(a), { kind: "unary", op: "!", x: nan(b) });
    emit(e, {
      kind: "if",
      test: binary("||", beats, first),
      then: [{ kind: "assign", target: place, op: "=", value: nameExpr(k) }],
      otherwise: [],
    });
    return k;
  });
  emit(e, {
    kind: "for",
    start: [[result, num(1)]],
    test: binary("<", nameExpr(result), num(n)),
    step: `${result}++`,
    body: statements,
  });
  return best;
};

const DEFAULT_NAME: Readonly<Record<FoldOp, string>> = {
  reduceSum: "sum",
  reduceProd: "product",
  reduceMax: "greatest",
  reduceMin: "least",
  dot: "sum",
};

/** Prints a reduction, product or search for an extreme; null for other ops. */
export const emitFold = (
  e: Emitter,
  frame: Frame,
  eqn: PlainEqn,
  parts: readonly Element[],
): Value | null => {
  const [out] = eqn.outs;
  const { type } = out;
  const { shape } = type;
  const name = nameOf(out);
  const uses = frame.uses.get(out) ?? 0;
  const one = (at: readonly Expr[], wanted: string): Expr => {
    if (isFold(eqn)) return nameExpr(runFold(e, foldAt(e, eqn, parts, at), wanted).name);
    if (!isExtreme(eqn)) return internal(`${eqn.op} is no fold`);
    const [x] = eqn.inputs;
    const [part = internal("an extreme of nothing")] = parts;
    const { axis } = eqn.params;
    const rank = x?.type.shape.length ?? 0;
    const term = (k: Expr): Expr => part(withAxes(rank, [axis], at, [k]));
    return nameExpr(runExtreme(e, eqn.op, x?.type.shape[axis] ?? 0, term, wanted).name);
  };
  if (!isFold(eqn) && !isExtreme(eqn)) return null;
  const fallback = isFold(eqn) ? DEFAULT_NAME[eqn.op] : "best";
  if (shape.length === 0) {
    const expr = one([], name ?? fallback);
    const value: ScalarValue = { kind: "scalar", type, frame, expr, reads: NONE, uses, name, variable: null };
    return value;
  }
  const layout = layoutOf(e, type);
  const value = newArray(frame, type, { element: () => num(0), reads: NONE, cheap: true, uses, name });
  if (isSingle(type)) {
    const expr = one(
      shape.map(() => num(0)),
      name ?? fallback,
    );
    return { ...value, element: () => expr };
  }
  const variable = newVariable(e, name ?? (eqn.op === "dot" ? "product" : "sums"));
  const place = nameExpr(variable.name);
  declare(e, variable, filledArray(type, layout, type.dtype === "bool" ? bool(false) : num(0)));
  overIndices(e, shape, (at) => assign(e, index(place, ...at), one(at, fallback)));
  adopt(value, variable, place, layout, true);
  watch(e, value);
  return value;
};
