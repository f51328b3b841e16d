/** Which operand an array result of a region or of control flow is made from: the one whose memory it can take over. */
import { forOperands, whileOperands } from "./control.js";
import { refuseRule } from "./rules.js";
import type { ControlEqn, IrFunction, Var } from "./types.js";

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
    case "checkpoint":
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
  let v: Var | undefined = fn.results[k];
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
      case "barrier":
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
