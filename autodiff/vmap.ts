/** Batching: the function over a new leading axis, equation by equation, by each op's own batching rule. */
import { internal } from "../compiler/diagnostics.js";
import { type Builder, createBuilder } from "../compiler/ir/builder.js";
import {
  type IrFunction,
  type OpName,
  type OpParams,
  sameShape,
  typeText,
  type Var,
} from "../compiler/ir/types.js";
import { opTable } from "../compiler/ops/index.js";

/**
 * Params as `fn`, of which those with `batched[k]` carry a leading axis of `size`. Every result carries it as axis 0:
 * what did not depend on a batched param is broadcast. Equations that don't depend on one are copied as they are.
 * Free values of `fn` are not batched and stay free.
 */
export const vmapFunction = (fn: IrFunction, batched: readonly boolean[], size: number): IrFunction => {
  const b = createBuilder();
  const args = fn.params.map((p, k) =>
    b.param(batched[k] === true ? { dtype: p.type.dtype, shape: [size, ...p.type.shape] } : p.type),
  );
  return b.finish(`${fn.name}.vmap`, vmapInto(b, fn, args, batched, size));
};

/** Appends `fn` over the batch to `b`; every result carries the batch as axis 0. */
export const vmapInto = (
  b: Builder,
  fn: IrFunction,
  args: readonly Var[],
  batched: readonly boolean[],
  size: number,
): readonly Var[] => {
  const env = new Map<Var, Var>();
  const carries = new Set<Var>();
  const image = (v: Var): Var => env.get(v) ?? v;
  fn.params.forEach((p, k) => {
    env.set(p, args[k] ?? internal(`${fn.name} needs ${fn.params.length} arguments`));
    if (batched[k] === true) carries.add(p);
  });
  for (const eqn of fn.body) {
    const [out] = eqn.outs;
    const inputs = eqn.inputs.map(image);
    const which = eqn.inputs.map((v) => carries.has(v));
    b.at(eqn.span, () => {
      if (!which.includes(true)) {
        env.set(out, b.emit(eqn.op, inputs, eqn.params));
        return;
      }
      const value = batchEquation(b, eqn.op, inputs, which, size, eqn.params);
      if (value.type.dtype !== out.type.dtype || !sameShape(value.type.shape, [size, ...out.type.shape])) {
        internal(`the batching rule of ${eqn.op} gives ${typeText(value.type)} for ${typeText(out.type)}`);
      }
      env.set(out, value);
      carries.add(out);
    });
  }
  return fn.results.map((v) => (carries.has(v) ? image(v) : addBatch(b, image(v), size)));
};

const batchEquation = <K extends OpName>(
  b: Builder,
  op: K,
  inputs: readonly Var[],
  batched: readonly boolean[],
  size: number,
  params: OpParams[K],
): Var => opTable[op].batch(b, inputs, batched, size, params);

/** x for each of the batch: [...s] to [size, ...s]. */
const addBatch = (b: Builder, x: Var, size: number): Var =>
  b.broadcast(
    x,
    [size, ...x.type.shape],
    x.type.shape.map((_, k) => k + 1),
  );
