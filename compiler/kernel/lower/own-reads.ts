/** Updates that read what they overwrite: x[block] = f(x). */
import { type Eqn, sizeOf, type Var } from "../../ir/types.js";

/** The value that holds an array, behind reshapes. */
const throughReshapes = (
  defs: ReadonlyMap<Var, Eqn>,
  stored: { readonly has: (v: Var) => boolean },
  x: Var,
): Var => {
  let base = x;
  for (;;) {
    const eqn = defs.get(base);
    if (stored.has(base) || eqn?.op !== "reshape") return base;
    base = eqn.inputs[0] ?? base;
  }
};

/**
 * Whether the block is computed from the array without memory in between. It is given memory then, and computed first, so that
 * the array can be overwritten in place.
 */
export const readsBefore = (
  defs: ReadonlyMap<Var, Eqn>,
  stored: { readonly has: (v: Var) => boolean },
  [x, block]: readonly Var[],
): boolean => {
  if (x === undefined || block === undefined || sizeOf(x.type.shape) <= 1) return false;
  const target = throughReshapes(defs, stored, x);
  const seen = new Set<Var>();
  const reads = (v: Var): boolean => {
    if (v === target) return true;
    if (seen.has(v) || stored.has(v)) return false;
    seen.add(v);
    return defs.get(v)?.inputs.some(reads) ?? false;
  };
  return block !== target && reads(block);
};
