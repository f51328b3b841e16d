/** Which equations must stay where they are: those that stop the program or may do so. */
import { regionsOf } from "../ir/control.js";
import { type Eqn, type IrFunction, isControl, isFloat, isInt } from "../ir/types.js";

const known = new WeakMap<IrFunction, boolean>();

/**
 * Whether an equation does something besides giving values: a check, or a region with one. A checked index or cast is
 * none: it guards its value, and is dropped with it.
 */
export const hasEffect = (eqn: Eqn): boolean =>
  isControl(eqn) ? regionsOf(eqn).some(([, region]) => regionHasEffect(region)) : eqn.op === "check";

const regionHasEffect = (fn: IrFunction): boolean => {
  const before = known.get(fn);
  if (before !== undefined) return before;
  const effect = fn.body.some(hasEffect);
  known.set(fn, effect);
  return effect;
};

/**
 * Whether an equation may throw, read outside its operand (`inside`), or (`while`) not end: it must not run where the
 * program would not have run it.
 */
export const mayFail = (eqn: Eqn): boolean => {
  switch (eqn.op) {
    case "check":
    case "while":
      return true;
    case "gather":
    case "scatterAdd":
    case "dynamicSlice":
    case "dynamicUpdate":
      return eqn.params.mode !== "clamp";
    case "cast":
      return isInt(eqn.params.dtype) && eqn.inputs.some((x) => isFloat(x.type.dtype));
    case "if":
    case "for":
    case "custom":
    case "fromTranspose":
    case "checkpoint":
      return regionsOf(eqn).some(([, region]) => region.body.some(mayFail));
    default:
      return false;
  }
};
