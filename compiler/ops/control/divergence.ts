/**
 * Whether the examples of a batch go ways of their own through a control equation: then it is run for one example after the
 * other, since only what an example does may fail, loop, or write where it writes.
 */
import { forOperands, ifOperands, whileOperands } from "../../ir/control.js";
import { type ControlEqn, type Eqn, type IrFunction, isControl, type Var } from "../../ir/types.js";
import { dependentCarries, dependentOuts, dependentResults } from "./depends.js";

type Flags = readonly boolean[];
/** Whether a region can run on examples that don't take it: it cannot fail, and its derivatives are finite. */
export type IsHarmless = (region: IrFunction) => boolean;

const known = new WeakMap<IrFunction, Map<string, boolean>>();

const regionDiverges = (fn: IrFunction, params: Flags, inLoop: boolean, isHarmless: IsHarmless): boolean => {
  const key = [inLoop, ...params].map(Number).join("");
  const cache = known.get(fn) ?? new Map<string, boolean>();
  known.set(fn, cache);
  const before = cache.get(key);
  if (before !== undefined) return before;
  const depends = new Set<Var>(fn.params.filter((_, k) => params[k] === true));
  const found = fn.body.some((eqn) => {
    const inputs = eqn.inputs.map((v) => depends.has(v));
    if (!inputs.includes(true)) return false;
    const outs = isControl(eqn) ? dependentOuts(eqn, inputs) : [true];
    eqn.outs.forEach((v, k) => {
      if (outs[k] === true) depends.add(v);
    });
    return isControl(eqn) ? divergesIn(eqn, inputs, inLoop, isHarmless) : inLoop && writesApart(eqn, inputs);
  });
  cache.set(key, found);
  return found;
};

/** Writes at places that differ from example to example: in place for one example, a pass over the whole array for all. */
const writesApart = (eqn: Eqn, inputs: Flags): boolean =>
  eqn.op === "dynamicUpdate" && inputs.slice(2).includes(true);

const divergesIn = (eqn: ControlEqn, inputs: Flags, inLoop: boolean, isHarmless: IsHarmless): boolean => {
  const inside = (region: IrFunction, params: Flags, loop: boolean): boolean =>
    regionDiverges(region, params, loop, isHarmless);
  switch (eqn.op) {
    case "if": {
      const { cond, operands } = ifOperands(inputs);
      const sides = [eqn.params.then, eqn.params.else];
      return (cond && !sides.every(isHarmless)) || sides.some((side) => inside(side, operands, inLoop));
    }
    case "while": {
      const { consts, carries } = whileOperands(inputs, eqn.params);
      const { cond, body } = eqn.params;
      const own = [...consts, ...dependentCarries(body, consts, carries)];
      return dependentResults(cond, own)[0] === true || [cond, body].some((r) => inside(r, own, true));
    }
    case "for": {
      const { trip, consts, carries } = forOperands(inputs, eqn.params);
      const { body } = eqn.params;
      const own = [false, ...consts, ...dependentCarries(body, [false, ...consts], carries)];
      return trip === true || inside(body, own, true);
    }
    case "custom":
    case "checkpoint":
      return inLoop && inside(eqn.params.body, inputs, inLoop);
    case "fromTranspose":
      return false;
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/** Whether an equation of which the flagged inputs differ from example to example must be run for each by itself. */
export const diverges = (eqn: ControlEqn, batched: Flags, isHarmless: IsHarmless): boolean =>
  divergesIn(eqn, batched, false, isHarmless);
