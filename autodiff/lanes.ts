/**
 * Batching as a loop over the examples, one after the other: of control flow in which they go ways of their own, and of what
 * keeps rows in arrays without end, of which each example has its own number and starts with none.
 */
import type { Builder } from "../compiler/ir/builder.js";
import { regionsOf } from "../compiler/ir/control.js";
import { type Eqn, type IrFunction, isControl, isUnbounded, type Var } from "../compiler/ir/types.js";
import { freeVars } from "../compiler/ir/walk.js";
import type { Batched } from "../compiler/ops/control/record.js";
import { regionBuilder } from "./regions.js";

const known = new WeakMap<IrFunction, boolean>();

const keepsRows = (eqn: Eqn): boolean =>
  [...eqn.inputs, ...eqn.outs].some((v) => isUnbounded(v.type)) ||
  (isControl(eqn) && regionsOf(eqn).some(([, region]) => regionKeepsRows(region)));

const regionKeepsRows = (fn: IrFunction): boolean => {
  const before = known.get(fn);
  if (before !== undefined) return before;
  const found = fn.body.some(keepsRows);
  known.set(fn, found);
  return found;
};

/** Equations [from, to) that keep rows and all between them, as a function of the values they read; null where there are none. */
export interface RowSpan {
  readonly from: number;
  readonly to: number;
  readonly fn: IrFunction;
}
export const rowSpan = (fn: IrFunction): RowSpan | null => {
  const from = fn.body.findIndex(keepsRows);
  if (from < 0) return null;
  const to = fn.body.findLastIndex(keepsRows) + 1;
  const body = fn.body.slice(from, to);
  const outs = new Set(body.flatMap((eqn) => eqn.outs));
  const later = new Set([...fn.body.slice(to).flatMap((eqn) => eqn.inputs), ...fn.results]);
  const results = [...outs].filter((v) => later.has(v));
  const params = freeVars({ name: fn.name, params: [], body, results });
  return { from, to, fn: { name: fn.name, params, body, results } };
};

/** Element i of the batch. */
const example = (b: Builder, x: Var, i: Var): Var => {
  const shape = x.type.shape.slice(1);
  const zero = b.scalar(0, "i32");
  const starts = [i, ...shape.map(() => zero)];
  const block = b.emit("dynamicSlice", [x, ...starts], { sizes: [1, ...shape], mode: "clamp" });
  return b.reshape(block, shape);
};

/**
 * Appends a loop over the examples; every result carries the batch. `one` appends what is done for one example, of which the
 * results have the types of `outs`.
 */
export const inLanes = (
  b: Builder,
  outs: readonly Var[],
  args: readonly Var[],
  batched: readonly boolean[],
  size: number,
  one: (inner: Builder, own: readonly Var[]) => readonly Var[],
): Batched => {
  const stacks = outs.map(({ type: { dtype, shape } }) => b.splat(0, { dtype, shape: [size, ...shape] }));
  if (size === 0) return { values: stacks, batched: stacks.map(() => true) };
  const types = [...args, ...stacks].map((v) => v.type);
  const body = regionBuilder(b.span())(
    "body",
    [{ dtype: "i32", shape: [] }, ...types],
    (inner, [i, ...rest]) => {
      if (i === undefined) return [];
      const own = rest.slice(0, args.length).map((x, k) => (batched[k] === true ? example(inner, x, i) : x));
      const values = one(inner, own);
      return rest.slice(args.length).map((stack, k) => {
        const x = values[k];
        if (x === undefined) return stack;
        const zero = inner.scalar(0, "i32");
        const starts = [i, ...x.type.shape.map(() => zero)];
        const row = inner.reshape(x, [1, ...x.type.shape]);
        return inner.emit("dynamicUpdate", [stack, row, ...starts], { mode: "clamp" });
      });
    },
  );
  const values = b.emitAll("for", [...args, ...stacks], { trip: size, consts: args.length, body });
  return { values, batched: values.map(() => true) };
};
