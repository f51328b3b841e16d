/** What the control ops build their regions with. */
import type { Builder } from "../../ir/builder.js";
import type { IrFunction, TensorType, Var } from "../../ir/types.js";
import type { MaybeVar } from "../op.js";
import { pick, spread } from "./lists.js";
import type { JvpEngine } from "./record.js";

/** Those wanted, zeros for the symbolic ones; `like` gives the types. */
export const instantiated = (
  b: Builder,
  values: readonly MaybeVar[],
  like: readonly Var[],
  wanted: readonly boolean[],
): readonly Var[] =>
  pick(
    like.map((v, k) => (wanted[k] === true ? (values[k] ?? b.zerosLike(v)) : v)),
    wanted,
  );

/** Appends a region and its derivative: `args` are its arguments, then a tangent for each active one. */
export const withTangents = (
  e: JvpEngine,
  b: Builder,
  region: IrFunction,
  args: readonly Var[],
  active: readonly boolean[],
  wanted: readonly boolean[],
): { readonly outs: readonly Var[]; readonly tangents: readonly Var[] } => {
  const { fn, tangentOuts } = e.derivative(region, active);
  const values = b.inline(fn, args);
  const count = region.results.length;
  const outs = values.slice(0, count);
  return { outs, tangents: instantiated(b, spread(values.slice(count), tangentOuts), outs, wanted) };
};

export const batchedType = ({ dtype, shape }: TensorType, size: number): TensorType => ({
  dtype,
  shape: [size, ...shape],
});

/** The params' types, of those flagged with a leading axis. */
export const batchedTypes = (
  params: readonly Var[],
  batched: readonly boolean[],
  size: number,
): readonly TensorType[] => params.map((p, k) => (batched[k] === true ? batchedType(p.type, size) : p.type));
