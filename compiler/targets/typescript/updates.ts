/** Writes to arrays: in place where the array as it was is needed no more, else to a copy. */
import { internal } from "../../diagnostics.js";
import { nameOf } from "../../ir/names.js";
import type { PlainEqn } from "../../ir/types.js";
import { blockStarts } from "./array-ops.js";
import { beforeWrite, overIndices } from "./arrays.js";
import { checkedIndex } from "./checks.js";
import { binary, call, type Expr, index, name as nameExpr, num } from "./code.js";
import {
  type ArrayValue,
  arrayIn,
  assign,
  consume,
  type Emitter,
  type Frame,
  type Value,
  valueFor,
  watch,
} from "./emitter.js";
import { sum } from "./integers.js";

type Update = Extract<PlainEqn, { readonly op: "dynamicUpdate" | "scatterAdd" }>;

/** What an update of `x` may write to: itself, if nothing needs it as it is, else a copy. */
export const writable = (e: Emitter, x: ArrayValue, wanted: string | null): ArrayValue => {
  if (x.owned && x.uses <= 0 && x.variable !== null) {
    beforeWrite(e, x.variable);
    return x;
  }
  const copy = { ...x, uses: 0 };
  e.materialise(e, copy, wanted);
  return copy;
};

const wholeOf = ({ variable }: ArrayValue): Expr =>
  nameExpr((variable ?? internal("an array without memory of its own")).name);

/** The value of an array that has been written to: in the same memory. */
const rewritten = (frame: Frame, v: Update["outs"][0], x: ArrayValue): ArrayValue => ({
  ...x,
  frame,
  type: v.type,
  uses: frame.uses.get(v) ?? 0,
  name: nameOf(v) ?? x.name,
  reads: x.variable === null ? x.reads : new Set([x.variable]),
});

export const emitUpdate = (e: Emitter, frame: Frame, eqn: Update): undefined => {
  const [out] = eqn.outs;
  const [first, second, third] = eqn.inputs;
  if (first === undefined || second === undefined) return internal(`${eqn.op} without operands`);
  const x = arrayIn(frame, first);
  const values = eqn.inputs.map((v) => valueFor(frame, v));
  for (const value of values) consume(e, value);
  const parts = values.map(elements);
  // What the array holds is read before any of it is written, unless it is read where it is written.
  const own = x.variable;
  const update = values[eqn.op === "dynamicUpdate" ? 1 : 2];
  let written = x;
  if (eqn.op === "dynamicUpdate") {
    const sizes = second.type.shape;
    const many = sizes.some((n) => n > 1);
    if (many && update?.kind === "array" && own !== null && update.reads.has(own))
      e.materialise(e, update, null);
    const starts = blockStarts(e, frame, eqn, 2, parts, out.type.shape, sizes, eqn.params.mode);
    const element = update === undefined ? parts[1] : elements(update);
    written = writable(e, x, nameOf(out));
    const whole = wholeOf(written);
    overIndices(e, sizes, (at) => {
      const target = index(whole, ...at.map((k, axis) => sum(starts[axis] ?? num(0), k)));
      assign(e, target, element?.(at) ?? internal("an update of nothing"));
    });
  } else {
    if (third === undefined) return internal("scatterAdd without updates");
    const { axis, batch, mode } = eqn.params;
    if (update?.kind === "array" && own !== null && update.reads.has(own)) e.materialise(e, update, null);
    const count = second.type.shape.length - batch;
    const n = out.type.shape[axis] ?? 0;
    const element = update === undefined ? parts[2] : elements(update);
    written = writable(e, x, nameOf(out));
    const whole = wholeOf(written);
    const range = frame.ranges.range(second);
    const fits = range !== null && range.lo >= 0 && range.hi < n;
    overIndices(e, third.type.shape, (at) => {
      const which = parts[1]?.([...at.slice(0, batch), ...at.slice(axis, axis + count)]) ?? num(0);
      const place =
        fits || mode === "inside"
          ? which
          : mode === "check"
            ? checkedIndex(e, which, n)
            : call("Math.min", call("Math.max", which, num(0)), num(n - 1));
      const target = index(whole, ...at.slice(0, axis), place, ...at.slice(axis + count));
      assign(e, target, binary("+", target, element?.(at) ?? num(0)));
    });
  }
  const value = rewritten(frame, out, written);
  frame.env.set(out, value);
  watch(e, value);
};

/** The array with a block added to it, from `low` on. */
export const addBlock = (
  e: Emitter,
  frame: Frame,
  out: Update["outs"][0],
  x: ArrayValue,
  low: readonly number[],
  block: ArrayValue,
): undefined => {
  if (x.variable !== null && block.reads.has(x.variable)) e.materialise(e, block, null);
  const written = writable(e, x, nameOf(out));
  const whole = wholeOf(written);
  overIndices(e, block.type.shape, (at) => {
    const target = index(whole, ...at.map((k, axis) => sum(num(low[axis] ?? 0), k)));
    assign(e, target, binary("+", target, block.element(at)));
  });
  const value = rewritten(frame, out, written);
  frame.env.set(out, value);
  watch(e, value);
};

const elements = (value: Value): ((at: readonly Expr[]) => Expr) => {
  switch (value.kind) {
    case "scalar":
      return () => value.expr;
    case "array":
      return (at) => value.element(at);
    case "tape":
      return internal("an array without end has no elements");
    default: {
      const never: never = value;
      return never;
    }
  }
};
