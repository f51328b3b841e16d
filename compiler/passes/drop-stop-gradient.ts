/** stopGradient(x) = x once no transform can follow: it is a mark for differentiation, not a computation. */
import type { IrFunction, Var } from "../ir/types.js";
import { substitute } from "../ir/walk.js";

export const dropStopGradient = (fn: IrFunction): IrFunction => {
  const map = new Map<Var, Var>();
  for (const eqn of fn.body) {
    if (eqn.op !== "stopGradient") continue;
    const [x] = eqn.inputs;
    if (x !== undefined) map.set(eqn.outs[0], map.get(x) ?? x);
  }
  if (map.size === 0) return fn;
  const body = fn.body.filter((eqn) => !map.has(eqn.outs[0]));
  return substitute({ ...fn, body }, map);
};
