/** What lowering asks of control equations. */
import { forOperands, ifOperands, whileOperands } from "../../ir/control.js";
import { refuseRule } from "../../ir/rules.js";
import { type ControlEqn, type IrFunction, sizeOf, type Var } from "../../ir/types.js";

/** The operand that each parameter of a region always equals; null for carries and counters. */
export const loopParams = (eqn: ControlEqn, region: IrFunction): readonly (Var | null)[] => {
  switch (eqn.op) {
    case "if":
      return ifOperands(eqn.inputs).operands;
    case "while": {
      const { consts } = whileOperands(eqn.inputs, eqn.params);
      return region.params.map((_, k) => consts[k] ?? null);
    }
    case "for": {
      const { consts } = forOperands(eqn.inputs, eqn.params);
      return region.params.map((_, k) => consts[k - 1] ?? null);
    }
    case "custom":
    case "fromTranspose":
    case "checkpoint":
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/**
 * Operands that regions read from memory: all but the initial values of carries. A nest keeps scalars in registers, so there
 * it is arrays alone.
 */
export const operandsInMemory = (eqn: ControlEqn, nest: boolean): readonly Var[] => {
  const isArray = (v: Var): boolean => sizeOf(v.type.shape) > 1;
  switch (eqn.op) {
    case "if":
      return nest ? eqn.inputs.filter(isArray) : eqn.inputs;
    case "while": {
      const { consts } = whileOperands(eqn.inputs, eqn.params);
      return nest ? consts.filter(isArray) : consts;
    }
    case "for": {
      const { trip, consts } = forOperands(eqn.inputs, eqn.params);
      if (nest) return consts.filter(isArray);
      return trip === null ? consts : [trip, ...consts];
    }
    case "custom":
    case "fromTranspose":
    case "checkpoint":
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};
