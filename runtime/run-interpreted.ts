/** Runs a program's IR by the reference interpreter: for small arrays it takes less time than compiling. */

import { refuseRule } from "../compiler/ir/rules.js";
import { type ControlEqn, type IrFunction, isControl, sizeOf, type Var } from "../compiler/ir/types.js";
import type { NdArray } from "../compiler/ops/op.js";
import { arena, heapStorage, newData } from "./arena.js";
import { interpret } from "./interpret.js";
import type { ResultValue } from "./run-wasm.js";
import type { HostLeaf } from "./signature.js";
import { isTensor, storageOf } from "./tensor.js";

/** Programs that touch at most so many elements are small. */
const SMALL_WORK = 4096;

/**
 * Elements computed by a program, each product counted by its multiplications, a loop's body once per iteration. How
 * often a loop runs that is decided at run time is not known: it counts as endless.
 */
const workOf = (fn: IrFunction): number => {
  let work = 0;
  for (const eqn of fn.body) {
    if (isControl(eqn)) {
      work += workOfControl(eqn);
      continue;
    }
    const size = sizeOf(eqn.outs[0].type.shape);
    const shape = eqn.inputs[0]?.type.shape ?? [];
    if (eqn.op === "dot") work += eqn.params.lhsContract.reduce((n, axis) => n * (shape[axis] ?? 1), size);
    else work += Math.max(size, sizeOf(shape));
  }
  return work;
};

const workOfControl = (eqn: ControlEqn): number => {
  switch (eqn.op) {
    case "if":
      return 1 + Math.max(workOf(eqn.params.then), workOf(eqn.params.else));
    case "while":
      return Number.POSITIVE_INFINITY;
    case "for":
      return eqn.params.trip === null
        ? Number.POSITIVE_INFINITY
        : eqn.params.trip * (1 + workOf(eqn.params.body));
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

export const isSmall = (fn: IrFunction): boolean => workOf(fn) <= SMALL_WORK;

const ndArray = (leaf: HostLeaf, { type: { dtype, shape } }: Var): NdArray => {
  if (isTensor(leaf)) {
    const storage = storageOf(leaf);
    return { dtype, shape, data: storage.heap ?? arena().read(storage) };
  }
  const data = newData(dtype, sizeOf(shape));
  if (typeof leaf === "number") data[0] = leaf;
  else data.set("elements" in leaf ? leaf.elements : leaf);
  return { dtype, shape, data };
};

/** No argument is written to; what a result shares with a tensor never changes, all else was copied. */
export const runInterpreted = (fn: IrFunction, leaves: readonly HostLeaf[]): readonly ResultValue[] => {
  const args = fn.params.map((param, k) => ndArray(leaves[k] ?? Number.NaN, param));
  return interpret(fn, args).map(({ dtype, shape, data }) =>
    shape.length === 0 ? (data[0] ?? Number.NaN) : heapStorage(dtype, data),
  );
};
