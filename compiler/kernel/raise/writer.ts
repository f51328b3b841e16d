/** Makes statements with new registers; constants are collected, to stand before everything else. */
import type { ConstStmt, KernelOp, RegType, Stmt, ValueId } from "../types.js";

export interface Writer {
  readonly fresh: () => ValueId;
  readonly constant: (type: RegType, value: number) => ValueId;
  /** Appends an op to `to` and gives its register. */
  readonly op: (to: Stmt[], op: KernelOp, type: RegType, args: readonly ValueId[]) => ValueId;
  /** The constants made so far. */
  readonly constants: () => readonly ConstStmt[];
}

export const createWriter = (first: ValueId): Writer => {
  let next = first;
  const constants = new Map<string, ConstStmt>();
  const fresh = (): ValueId => next++;
  return {
    fresh,
    constant: (type, value) => {
      const key = `${type}${Object.is(value, -0) ? "-0" : String(value)}`;
      const known = constants.get(key);
      if (known !== undefined) return known.id;
      const made: ConstStmt = { kind: "const", id: fresh(), type, value };
      constants.set(key, made);
      return made.id;
    },
    op: (to, op, type, args) => {
      const id = fresh();
      to.push({ kind: "op", id, op, args, type });
      return id;
    },
    constants: () => [...constants.values()],
  };
};
