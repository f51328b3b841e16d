/** Which elements of their operands array ops read. */
import { internal } from "../../diagnostics.js";
import type { IndexMode, PlainEqn, Shape } from "../../ir/types.js";
import { isSingle, movement } from "./arrays.js";
import { checkedIndex } from "./checks.js";
import { call, type Expr, num } from "./code.js";
import type { Emitter, Frame, Value } from "./emitter.js";
import { sum } from "./integers.js";

type Element = (at: readonly Expr[]) => Expr;

/** The start of a block of `size` along an axis of `n`, as its mode has it. */
export const startOf = (
  e: Emitter,
  frame: Frame,
  start: PlainEqn["inputs"][number],
  expr: Expr,
  n: number,
  size: number,
  mode: IndexMode,
): Expr => {
  const greatest = n - size;
  if (greatest === 0 && mode !== "check") return num(0);
  const range = frame.ranges.range(start);
  const fits = range?.int === true && range.lo >= 0 && range.hi <= greatest;
  if (fits || mode === "inside" || !Number.isFinite(n)) return expr;
  if (expr.kind === "number" && expr.value >= 0 && expr.value <= greatest) return expr;
  return mode === "check"
    ? checkedIndex(e, expr, greatest + 1)
    : call("Math.min", call("Math.max", expr, num(0)), num(greatest));
};

/** Where a block of `sizes` begins, given the starts as values. */
export const blockStarts = (
  e: Emitter,
  frame: Frame,
  eqn: PlainEqn,
  first: number,
  parts: readonly Element[],
  shape: Shape,
  sizes: Shape,
  mode: IndexMode,
): readonly Expr[] =>
  shape.map((n, k) => {
    const v = eqn.inputs[first + k];
    const part = parts[first + k];
    if (v === undefined || part === undefined) return internal(`${eqn.op} lacks a start`);
    return startOf(e, frame, v, part([]), n, sizes[k] ?? 1, mode);
  });

/** The element function of an op that reads elements of its operands at other places; null for elementwise ops. */
export const elementFunction = (
  e: Emitter,
  frame: Frame,
  eqn: PlainEqn,
  parts: readonly Element[],
): Element | null => {
  const moved = movement(eqn, parts);
  if (moved !== null) return moved;
  const [x] = eqn.inputs;
  const [operand = internal(`${eqn.op} without an operand`)] = parts;
  const shape = x?.type.shape ?? [];
  switch (eqn.op) {
    case "dynamicSlice": {
      const { sizes, mode } = eqn.params;
      const starts = blockStarts(e, frame, eqn, 1, parts, shape, sizes, mode);
      return (at) => operand(at.map((k, axis) => sum(starts[axis] ?? num(0), k)));
    }
    case "gather": {
      const { axis, batch, mode } = eqn.params;
      const [, indices] = eqn.inputs;
      const [, which = internal("gather without indices")] = parts;
      const count = (indices?.type.shape.length ?? 0) - batch;
      const n = shape[axis] ?? 0;
      return (at) => {
        const chosen = at.slice(axis, axis + count);
        const index = which([...at.slice(0, batch), ...chosen]);
        const range = indices === undefined ? null : frame.ranges.range(indices);
        const fits = range !== null && range.lo >= 0 && range.hi < n;
        const place =
          fits || mode === "inside"
            ? index
            : mode === "check"
              ? checkedIndex(e, index, n)
              : call("Math.min", call("Math.max", index, num(0)), num(n - 1));
        return operand([...at.slice(0, axis), place, ...at.slice(axis + count)]);
      };
    }
    default:
      return null;
  }
};

/** Whether an operand is read more than once per element of the result, so that it has to lie in memory. */
export const needsStore = (eqn: PlainEqn, operand: number, value: Value): boolean => {
  if (value.kind !== "array" || value.cheap || isSingle(value.type)) return false;
  switch (eqn.op) {
    case "dot":
    case "argmax":
    case "argmin":
      return true;
    case "gather":
      return operand === 0;
    case "broadcast":
      return true;
    default:
      return false;
  }
};

/** An array constant as it is declared: `[1, 2, 3]`. */
export const literalExpr = (data: readonly number[], isBool: boolean, shape: Shape): Expr => {
  const build = (axis: number, offset: number, count: number): Expr => {
    const n = shape[axis];
    if (n === undefined) {
      const value = data[offset] ?? 0;
      return isBool ? { kind: "boolean", value: value !== 0 } : num(value);
    }
    const inner = n === 0 ? 0 : count / n;
    return {
      kind: "array",
      items: Array.from({ length: n }, (_, k) => build(axis + 1, offset + k * inner, inner)),
    };
  };
  return build(0, 0, data.length);
};
