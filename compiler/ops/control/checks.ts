/** What the shape rules of control ops share. */
import { type ControlOp, sameType, type TensorType, typeText, type Var } from "../../ir/types.js";
import { refuse, requireDType, requireRank0 } from "../checks.js";
import { at } from "../ndarray.js";
import type { NdArray } from "../op.js";

export const BOOL: TensorType = { dtype: "bool", shape: [] };
export const COUNTER: TensorType = { dtype: "i32", shape: [] };

const listText = (types: readonly TensorType[]): string => `(${types.map(typeText).join(", ")})`;

export const typesOf = (vars: readonly Var[]): readonly TensorType[] => vars.map((v) => v.type);

export const requireTypes = (
  op: ControlOp,
  what: string,
  got: readonly TensorType[],
  wanted: readonly TensorType[],
): void => {
  const same = (x: TensorType, k: number): boolean => {
    const y = wanted[k];
    return y !== undefined && sameType(x, y);
  };
  if (got.length !== wanted.length || !got.every(same))
    refuse(op, `${what} are ${listText(got)} instead of ${listText(wanted)}`, "type");
};

export const requireCondition = (op: ControlOp, t: TensorType): void => {
  requireDType(op, t, ["bool"]);
  requireRank0(op, "the condition", t);
};

/** The constants are among the operands. */
export const requireConsts = (op: ControlOp, consts: number, operands: number): void => {
  if (!Number.isSafeInteger(consts) || consts < 0 || consts > operands)
    refuse(op, `has ${operands} operands, of which ${consts} cannot be constant`, "type");
};

/** A boolean scalar's value. */
export const holds = (x: NdArray | undefined): boolean => x !== undefined && at(x.data, 0) !== 0;
