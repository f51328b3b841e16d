/** Batching: the function over a new leading axis, equation by equation, by each op's own batching rule. */
import { internal } from "../compiler/diagnostics.js";
import { type Builder, createBuilder } from "../compiler/ir/builder.js";
import {
  type ControlOp,
  type ControlParams,
  type Eqn,
  type IrFunction,
  isControl,
  type OpName,
  type OpParams,
  sameShape,
  typeText,
  type Var,
} from "../compiler/ir/types.js";
import { diverges } from "../compiler/ops/control/divergence.js";
import type { BatchEngine, Batched } from "../compiler/ops/control/record.js";
import { mayFail } from "../compiler/ops/effects.js";
import { controlTable, opTable } from "../compiler/ops/index.js";
import { inLanes, rowSpan } from "./lanes.js";
import { regionBuilder } from "./regions.js";

/**
 * Params as `fn`, of which those with `batched[k]` carry a leading axis of `size`. Every result carries it as axis 0:
 * what did not depend on a batched param is broadcast. Equations that don't depend on one are copied as they are.
 * Free values of `fn` are not batched and stay free.
 */
export const vmapFunction = (fn: IrFunction, batched: readonly boolean[], size: number): IrFunction => {
  const { b, args } = paramsOf(fn, batched, size);
  return b.finish(`${fn.name}.vmap`, vmapInto(b, fn, args, batched, size));
};

/** As `vmapFunction`, but a result that does not depend on a batched param stays as it is; `batched` tells which carry the batch. */
export const vmapKeeping = (
  fn: IrFunction,
  batched: readonly boolean[],
  size: number,
): { readonly fn: IrFunction; readonly batched: readonly boolean[] } => {
  const { b, args } = paramsOf(fn, batched, size);
  const { values, batched: own } = batchInto(b, fn, args, batched, size);
  return { fn: b.finish(`${fn.name}.vmap`, values), batched: own };
};

const paramsOf = (fn: IrFunction, batched: readonly boolean[], size: number) => {
  const b = createBuilder();
  const args = fn.params.map((p, k) =>
    b.param(batched[k] === true ? { dtype: p.type.dtype, shape: [size, ...p.type.shape] } : p.type),
  );
  return { b, args };
};

/** Appends `fn` over the batch to `b`; every result carries the batch as axis 0. */
export const vmapInto = (
  b: Builder,
  fn: IrFunction,
  args: readonly Var[],
  batched: readonly boolean[],
  size: number,
): readonly Var[] => {
  const { values, batched: own } = batchInto(b, fn, args, batched, size);
  return values.map((v, k) => (own[k] === true ? v : addBatch(b, v, size)));
};

/** Appends `fn` over the batch to `b`; tells which results carry the batch as axis 0. */
const batchInto = (
  b: Builder,
  fn: IrFunction,
  args: readonly Var[],
  batched: readonly boolean[],
  size: number,
): Batched => {
  const env = new Map<Var, Var>();
  const carries = new Set<Var>();
  const image = (v: Var): Var => env.get(v) ?? v;
  fn.params.forEach((p, k) => {
    env.set(p, args[k] ?? internal(`${fn.name} needs ${fn.params.length} arguments`));
    if (batched[k] === true) carries.add(p);
  });
  const define = (outs: readonly Var[], { values, batched: own }: Batched, what: string): void => {
    outs.forEach((out, k) => {
      const value = values[k] ?? internal(`the batching rule of ${what} lacks result ${k}`);
      const { dtype, shape } = out.type;
      const wanted = own[k] === true ? [size, ...shape] : shape;
      if (value.type.dtype !== dtype || !sameShape(value.type.shape, wanted)) {
        internal(`the batching rule of ${what} gives ${typeText(value.type)} for ${typeText(out.type)}`);
      }
      env.set(out, value);
      if (own[k] === true) carries.add(out);
    });
  };
  const run = (eqns: readonly Eqn[]): void => {
    for (const eqn of eqns) {
      const inputs = eqn.inputs.map(image);
      const which = eqn.inputs.map((v) => carries.has(v));
      define(
        eqn.outs,
        b.at(eqn.span, () => batchOne(b, eqn, inputs, which, size)),
        eqn.op,
      );
    }
  };
  const rows = rowSpan(fn);
  if (rows === null) run(fn.body);
  else {
    run(fn.body.slice(0, rows.from));
    const { params, results } = rows.fn;
    const which = params.map((v) => carries.has(v));
    const own = params.map(image);
    define(
      results,
      which.includes(true)
        ? inLanes(b, results, own, which, size, (inner, args) => inner.inline(rows.fn, args))
        : { values: b.inline(rows.fn, own), batched: [] },
      fn.name,
    );
    run(fn.body.slice(rows.to));
  }
  return { values: fn.results.map(image), batched: fn.results.map((v) => carries.has(v)) };
};

const batchOne = (
  b: Builder,
  eqn: Eqn,
  inputs: readonly Var[],
  which: readonly boolean[],
  size: number,
): Batched => {
  if (!which.includes(true)) return { values: b.append(eqn, inputs), batched: [] };
  if (isControl(eqn)) {
    if (diverges(eqn, which, isHarmless))
      return inLanes(b, eqn.outs, inputs, which, size, (inner, args) => inner.append(eqn, args));
    return batchControl(b, eqn.op, inputs, which, size, eqn.params);
  }
  return { values: [batchEquation(b, eqn.op, inputs, which, size, eqn.params)], batched: [true] };
};

/** Cannot fail, and its derivatives are finite wherever its values are. */
const isHarmless = (region: IrFunction): boolean =>
  region.body.every((eqn) => !mayFail(eqn) && !isControl(eqn) && opTable[eqn.op].ad.kind !== "nonlinear");

const batchControl = <K extends ControlOp>(
  b: Builder,
  op: K,
  inputs: readonly Var[],
  batched: readonly boolean[],
  size: number,
  params: ControlParams[K],
): Batched => {
  const engine: BatchEngine = { build: regionBuilder(b.span()), into: batchInto };
  return controlTable[op].batch(engine, b, inputs, batched, size, params);
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
