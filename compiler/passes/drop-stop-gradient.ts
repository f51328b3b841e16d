/** stopGradient(x) = x once no transform can follow: it is a mark for differentiation, not a computation. */
import { mapRegions } from "../ir/control.js";
import { type IrFunction, isControl, type Var } from "../ir/types.js";
import { substitute } from "../ir/walk.js";

export const dropStopGradient = (outer: IrFunction): IrFunction => {
  const inner = outer.body.map((eqn) => (isControl(eqn) ? mapRegions(eqn, dropStopGradient) : eqn));
  const fn = inner.every((eqn, k) => eqn === outer.body[k]) ? outer : { ...outer, body: inner };
  const map = new Map<Var, Var>();
  for (const eqn of fn.body) {
    if (eqn.op !== "stopGradient") continue;
    const [x] = eqn.inputs;
    if (x !== undefined) map.set(eqn.outs[0], map.get(x) ?? x);
  }
  if (map.size === 0) return fn;
  const body = fn.body.filter((eqn) => eqn.op !== "stopGradient");
  return substitute({ ...fn, body }, map);
};
