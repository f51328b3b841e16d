/**
 * Arrays that are overwritten in place although values computed from them are read later, as the transpose of a write does: it
 * reads a row and clears it. Such values get memory of their own, and are computed first.
 */
import { hostedOperand } from "../../ir/origin.js";
import { type Eqn, type IrFunction, isControl, sizeOf, type Var } from "../../ir/types.js";

type IsStored = (v: Var) => boolean;

/** The arrays whose memory an equation would best take over for its results. */
export const takenOver = (eqn: Eqn): readonly Var[] => {
  const isArray = (v: Var): boolean => sizeOf(v.type.shape) > 1;
  if (!isControl(eqn))
    return eqn.op === "dynamicUpdate" || eqn.op === "scatterAdd"
      ? eqn.inputs.slice(0, 1).filter(isArray)
      : [];
  return eqn.outs.flatMap((v, k) => {
    const x = isArray(v) ? hostedOperand(eqn, k) : null;
    return x === null ? [] : [x];
  });
};

export interface Overwrites {
  /**
   * What is to be kept of the array `x` that equation `k` takes over: values that are computed from it without memory in between,
   * and read by that equation or later. In program order.
   */
  readonly pending: (k: number, x: Var, isStored: IsStored) => readonly Var[];
}

export const createOverwrites = (fn: IrFunction): Overwrites => {
  const defs = new Map<Var, Eqn>();
  const lastUse = new Map<Var, number>();
  fn.body.forEach((eqn, k) => {
    for (const v of eqn.outs) defs.set(v, eqn);
    for (const x of eqn.inputs) lastUse.set(x, k);
  });
  for (const v of fn.results) lastUse.set(v, Number.POSITIVE_INFINITY);

  /** The value that holds an array, behind reshapes. */
  const throughReshapes = (x: Var, isStored: IsStored): Var => {
    let base = x;
    for (;;) {
      const eqn = defs.get(base);
      if (isStored(base) || eqn?.op !== "reshape") return base;
      base = eqn.inputs[0] ?? base;
    }
  };
  const reads = (v: Var, target: Var, isStored: IsStored): boolean => {
    const seen = new Set<Var>();
    const visit = (x: Var): boolean => {
      if (x === target) return true;
      if (seen.has(x) || isStored(x)) return false;
      seen.add(x);
      return defs.get(x)?.inputs.some(visit) ?? false;
    };
    return visit(v);
  };
  return {
    pending: (k, x, isStored) => {
      const target = throughReshapes(x, isStored);
      if (!isStored(target)) return [];
      return fn.body
        .slice(0, k)
        .flatMap((eqn) => eqn.outs)
        .filter(
          (v) =>
            (lastUse.get(v) ?? -1) >= k &&
            !isStored(v) &&
            throughReshapes(v, isStored) !== target &&
            reads(v, target, isStored),
        );
    },
  };
};
