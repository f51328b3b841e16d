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
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/** The initial values of a loop's carries, one per result; none for an `if`. */
export const carriesOf = (eqn: ControlEqn): readonly Var[] => {
  switch (eqn.op) {
    case "if":
      return [];
    case "while":
      return whileOperands(eqn.inputs, eqn.params).carries;
    case "for":
      return forOperands(eqn.inputs, eqn.params).carries;
    case "custom":
    case "fromTranspose":
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/** The parameter of `fn` that its result `k` is made from by updates alone, or null: such a result can lie in its memory. */
export const originOf = (fn: IrFunction, k: number): number | null => {
  const defs = new Map(fn.body.flatMap((eqn) => eqn.outs.map((v, j) => [v, { eqn, j }] as const)));
  let v = fn.results[k];
  while (v !== undefined) {
    const param = fn.params.indexOf(v);
    if (param >= 0) return param;
    const def = defs.get(v);
    if (def === undefined) return null;
    const { eqn, j } = def;
    switch (eqn.op) {
      case "dynamicUpdate":
      case "scatterAdd":
      case "reshape":
      case "stopGradient":
        v = eqn.inputs[0];
        break;
      case "while":
      case "for":
        v = carriesOf(eqn)[j];
        break;
      case "if": {
        const operand = updatedOperand(eqn, j);
        v = operand === null ? undefined : eqn.inputs[operand + 1];
        break;
      }
      default:
        return null;
    }
  }
  return null;
};

/**
 * The operand of an `if` (the condition not counted) that result `k` is made from, or null; where the sides differ, the first
 * side's that has one.
 */
export const updatedOperand = (eqn: Extract<ControlEqn, { op: "if" }>, k: number): number | null => {
  return originOf(eqn.params.then, k) ?? originOf(eqn.params.else, k);
};

/** The operand whose memory result `k` would best take over, or null. */
export const hostedOperand = (eqn: ControlEqn, k: number): Var | null => {
  if (eqn.op !== "if") return carriesOf(eqn)[k] ?? null;
  const operand = updatedOperand(eqn, k);
  return operand === null ? null : (eqn.inputs[operand + 1] ?? null);
};
