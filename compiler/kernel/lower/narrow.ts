/**
 * Computes before spreading: an elementwise op whose operands are all the same broadcast (or splats) is applied to what is
 * broadcast, and its result spread. The values are the same; the work shrinks to the narrow shape.
 */
import type { Builder } from "../../ir/builder.js";
import {
  type AnyOp,
  BINARY_OPS,
  type Eqn,
  type IrFunction,
  sameShape,
  sizeOf,
  UNARY_OPS,
  type Var,
} from "../../ir/types.js";
import { mapEquations } from "../../ir/walk.js";
import { anyEquation } from "./prepare.js";

const ELEMENTWISE: ReadonlySet<AnyOp> = new Set<AnyOp>([
  ...UNARY_OPS,
  ...BINARY_OPS,
  ...(["select", "cast", "bitcast", "threefry"] as const),
]);

/** The broadcast that all operands share, if they are nothing but that and splats. */
const sharedBroadcast = (inputs: readonly Var[], defOf: (v: Var) => Eqn | undefined) => {
  let shared: Extract<Eqn, { op: "broadcast" }> | null = null;
  for (const x of inputs) {
    const def = defOf(x);
    if (def?.op === "const") continue;
    if (def?.op !== "broadcast") return null;
    const [from] = def.inputs;
    if (from === undefined || sizeOf(from.type.shape) >= sizeOf(x.type.shape)) return null;
    if (shared === null) shared = def;
    const [first] = shared.inputs;
    if (first === undefined || !sameShape(first.type.shape, from.type.shape)) return null;
    if (!sameShape(shared.params.dims, def.params.dims)) return null;
  }
  return shared;
};

export const narrowBroadcasts = (fn: IrFunction): IrFunction => {
  if (!anyEquation(fn, (eqn) => eqn.op === "broadcast")) return fn;
  const made = new Map<Var, Eqn>();
  const seen = new Map<Builder, number>();
  const catchUp = (b: Builder): void => {
    const body = b.body();
    for (const eqn of body.slice(seen.get(b) ?? 0)) for (const v of eqn.outs) made.set(v, eqn);
    seen.set(b, body.length);
  };
  return mapEquations(fn, (b, eqn, inputs) => {
    catchUp(b);
    const shared = ELEMENTWISE.has(eqn.op) ? sharedBroadcast(inputs, (v) => made.get(v)) : null;
    const source = shared?.inputs[0];
    if (shared === null || source === undefined) return b.emit(eqn.op, inputs, eqn.params);
    const narrow = inputs.map((x): Var => {
      const def = made.get(x);
      if (def?.op === "const")
        return b.splat(def.params.value, { dtype: def.params.dtype, shape: source.type.shape });
      return def?.inputs[0] ?? x;
    });
    const { shape, dims } = shared.params;
    return b.broadcast(b.emit(eqn.op, narrow, eqn.params), shape, dims);
  });
};
