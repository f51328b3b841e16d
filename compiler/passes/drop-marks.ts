/** Ops that give their operand: marks for transforms and passes, not computations. They go once nothing that they tell follows. */
import { mapRegions } from "../ir/control.js";
import { type AnyOp, type IrFunction, isControl, type Var } from "../ir/types.js";
import { substitute } from "../ir/walk.js";

/** stopGradient(x) = x and name(x) = x once no transform can follow. */
export const dropMarks = (fn: IrFunction): IrFunction => without(fn, MARKS);
const MARKS: ReadonlySet<AnyOp> = new Set<AnyOp>(["stopGradient", "name"]);

/** barrier(x) = x once no pass can follow that would compute once what is to be computed twice. */
export const dropBarriers = (fn: IrFunction): IrFunction => without(fn, BARRIERS);
const BARRIERS: ReadonlySet<AnyOp> = new Set<AnyOp>(["barrier"]);

const without = (outer: IrFunction, ops: ReadonlySet<AnyOp>): IrFunction => {
  const inner = outer.body.map((eqn) =>
    isControl(eqn) ? mapRegions(eqn, (region) => without(region, ops)) : eqn,
  );
  const fn = inner.every((eqn, k) => eqn === outer.body[k]) ? outer : { ...outer, body: inner };
  const map = new Map<Var, Var>();
  for (const eqn of fn.body) {
    if (!ops.has(eqn.op)) continue;
    const [x] = eqn.inputs;
    const [out] = eqn.outs;
    if (x !== undefined && out !== undefined) map.set(out, map.get(x) ?? x);
  }
  if (map.size === 0) return fn;
  const body = fn.body.filter((eqn) => !ops.has(eqn.op));
  return substitute({ ...fn, body }, map);
};
