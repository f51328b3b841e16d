/**
 * Short circuits as conditions: `a && b` with a `b` that reads memory is an `if` one side of which gives a constant. If the
 * result is another value, the other side was taken and gave it.
 */
import { ifOperands } from "../ir/control.js";
import { type ControlEqn, type Eqn, type IrFunction, isControl, type Var } from "../ir/types.js";
import { type Range, rangeOf, wholeRange } from "./range.js";

interface Context {
  readonly definition: (v: Var) => Eqn | undefined;
  readonly range: (v: Var) => Range | null;
}

/** A side of an `if` that must have been taken. */
export interface Taken {
  readonly cond: Var;
  /** The side is `then`. */
  readonly holds: boolean;
  /** The result in the side's region, and what is known there. */
  readonly result: Var;
  readonly inner: Context;
  /** The operand that each param of the region stands for. */
  readonly operandOf: ReadonlyMap<Var, Var>;
}

/** The side that gave `v`, an `if`'s result that is known to be `value`; null where it may be either. */
export const sideTaken = (
  c: Context,
  eqn: Extract<ControlEqn, { readonly op: "if" }>,
  v: Var,
  value: boolean,
): Taken | null => {
  const { then, else: otherwise } = eqn.params;
  const k = eqn.outs.indexOf(v);
  const excluded = (side: IrFunction): boolean => constantOf(side, k) === Number(!value);
  const holds = excluded(otherwise) ? true : excluded(then) ? false : null;
  if (holds === null) return null;
  const { cond, operands } = ifOperands(eqn.inputs);
  const side = holds ? then : otherwise;
  const result = side.results[k];
  if (result === undefined) return null;
  const operandOf = new Map(side.params.flatMap((p, j) => (operands[j] ? [[p, operands[j]] as const] : [])));
  return { cond, holds, result, inner: contextOf(c, side, operandOf), operandOf };
};

const constantOf = (fn: IrFunction, k: number): number | null => {
  const v = fn.results[k];
  const eqn = v === undefined ? undefined : fn.body.find(({ outs }) => outs.includes(v));
  return eqn?.op === "const" ? Number(eqn.params.value !== 0) : null;
};

const contextOf = (c: Context, fn: IrFunction, operandOf: ReadonlyMap<Var, Var>): Context => {
  const definitions = new Map<Var, Eqn>();
  const ranges = new Map<Var, Range | null>();
  const range = (v: Var): Range | null => {
    const operand = operandOf.get(v);
    return operand === undefined ? (ranges.get(v) ?? wholeRange(v.type.dtype)) : c.range(operand);
  };
  for (const eqn of fn.body) {
    for (const v of eqn.outs) definitions.set(v, eqn);
    if (!isControl(eqn)) ranges.set(eqn.outs[0], rangeOf(eqn, eqn.inputs.map(range)));
  }
  return { definition: (v) => definitions.get(v), range };
};
