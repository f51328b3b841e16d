/**
 * Partial evaluation: takes a function apart into what depends on no param that varies, and the rest, which is linear in
 * those that do.
 */
import { internal } from "../compiler/diagnostics.js";
import { type Builder, createBuilder } from "../compiler/ir/builder.js";
import { describeLike } from "../compiler/ir/names.js";
import {
  type ControlOp,
  type ControlParams,
  type Eqn,
  type IrFunction,
  isControl,
  isUnbounded,
  type TensorType,
  type Var,
} from "../compiler/ir/types.js";
import type { Parts, RegionPlace, SplitEngine, TapeUse } from "../compiler/ops/control/record.js";
import { controlTable } from "../compiler/ops/index.js";
import { dce } from "../compiler/passes/dce.js";
import { regionBuilder } from "./regions.js";

/** What stands around the equations that are taken apart. */
type Surroundings = Pick<SplitEngine, "unbounded" | "trips" | "at" | "isSteady" | "openTapes" | "closeTapes">;

/** A counter of rows or of iterations. */
const INDEX: TensorType = { dtype: "i32", shape: [] };
const hasCursor = (types: readonly TensorType[]): boolean => types.some(isUnbounded);

/** Tapes that begin among the known values. */
export const ownTapes = (known: Builder): Surroundings => ({
  unbounded: false,
  trips: [],
  at: [],
  isSteady: () => true,
  openTapes: (types) => ({
    types,
    tapes: types.map((type) => known.splat(0, type)),
    cursor: hasCursor(types) ? known.scalar(0, "i32") : null,
  }),
  closeTapes: () => {},
});

/** Tapes that what is around a region hands to it; `uses` is filled. */
const handedTapes = (place: RegionPlace, params: readonly Var[], uses: TapeUse[]): Surroundings => {
  const steady = new Set(params.filter((_, k) => place.steady[k] === true));
  return {
    unbounded: place.unbounded,
    trips: place.trips,
    at: place.trips.map((): Var => ({ type: INDEX })),
    isSteady: (v) => steady.has(v),
    openTapes: (types) => ({
      types,
      tapes: types.map((type): Var => ({ type })),
      cursor: hasCursor(types) ? { type: INDEX } : null,
    }),
    closeTapes: (before, tapes, cursor) => {
      uses.push({ before, after: { types: before.types, tapes, cursor } });
    },
  };
};

/**
 * Appends `fn`'s equations to `known` or `linear`, on `args`, of which those with `varies` belong to `linear`. An
 * equation with regions that does some of both is taken apart by its record. Gives the results, and whether each varies.
 */
export const partialInto = (
  known: Builder,
  linear: Builder,
  fn: IrFunction,
  args: readonly Var[],
  varies: readonly boolean[],
  around: Surroundings,
): { readonly results: readonly Var[]; readonly varies: readonly boolean[] } => {
  const env = new Map<Var, Var>();
  const moving = new Set<Var>();
  const image = (v: Var): Var => env.get(v) ?? v;
  fn.params.forEach((p, k) => {
    const arg = args[k] ?? internal(`${fn.name} needs ${fn.params.length} arguments`);
    env.set(p, arg);
    if (varies[k] === true) moving.add(arg);
  });
  for (const eqn of fn.body) {
    const inputs = eqn.inputs.map(image);
    const which = inputs.map((v) => moving.has(v));
    const step = (): { readonly outs: readonly Var[]; readonly varies: readonly boolean[] } => {
      if (!which.includes(true)) return { outs: known.append(eqn, inputs), varies: [] };
      // a tape that another run will have overwritten can't be read by the linear part: its rows are kept
      const passing = inputs.some((v, k) => isUnbounded(v.type) && which[k] === false && !around.isSteady(v));
      if (isControl(eqn) && (passing || !isLinear(eqn.op, which, eqn.params)))
        return split(known, linear, eqn.op, inputs, which, eqn.params, around);
      return { outs: linear.append(eqn, inputs), varies: eqn.outs.map(() => true) };
    };
    const { outs, varies: own } = known.at(eqn.span, () => linear.at(eqn.span, step));
    eqn.outs.forEach((v, k) => {
      const out = outs[k] ?? internal(`${eqn.op} lacks result ${k}`);
      env.set(v, out);
      if (own[k] === true) moving.add(out);
    });
  }
  const results = fn.results.map(image);
  return { results, varies: results.map((v) => moving.has(v)) };
};

const isLinear = <K extends ControlOp>(
  op: K,
  varies: readonly boolean[],
  params: ControlParams[K],
): boolean => controlTable[op].isLinear(varies, params);

const split = <K extends ControlOp>(
  known: Builder,
  linear: Builder,
  op: K,
  inputs: readonly Var[],
  varies: readonly boolean[],
  params: ControlParams[K],
  around: Surroundings,
) => {
  const engine: SplitEngine = { ...around, build: regionBuilder(known.span()), parts: partsOf };
  return controlTable[op].split(engine, known, linear, inputs, varies, params);
};

/**
 * Both parts as equations; constants are written again in the linear part instead of being kept. `place` says where a region
 * stands; a whole function (null) has tapes of its own.
 */
export const partsOf = (
  fn: IrFunction,
  varies: readonly boolean[],
  linearResults: readonly boolean[],
  place: RegionPlace | null,
): Parts => {
  const known = createBuilder();
  const linear = createBuilder();
  const params = fn.params.map((p): Var => {
    const v: Var = { type: p.type };
    describeLike(v, p);
    return v;
  });
  const tapes: TapeUse[] = [];
  const around = place === null ? ownTapes(known) : handedTapes(place, params, tapes);
  const { results, varies: resultVaries } = partialInto(known, linear, fn, params, varies, around);
  // loops are given all constants at first: what they don't use need not be kept
  const { body } = dce({
    name: fn.name,
    params,
    body: linear.body(),
    results: results.filter((_, k) => linearResults[k] === true),
  });
  const knownBy = new Map<Var, Eqn | null>();
  params.forEach((p, k) => {
    if (varies[k] !== true) knownBy.set(p, null);
  });
  for (const eqn of known.body()) for (const v of eqn.outs) knownBy.set(v, eqn);
  for (const { before } of tapes) if (before.cursor !== null) knownBy.set(before.cursor, null);
  for (const v of tapes.flatMap(({ after }) => after.tapes)) knownBy.delete(v);
  const residuals = new Set<Var>();
  const repeated = new Set<Eqn>();
  const need = (v: Var): void => {
    const by = knownBy.get(v);
    if (by === undefined) return; // linear, or free
    if (by !== null && by.inputs.length === 0) repeated.add(by);
    else residuals.add(v);
  };
  for (const eqn of body) eqn.inputs.forEach(need);
  results.forEach((v, k) => {
    if (linearResults[k] === true) need(v);
  });
  return {
    params,
    known: known.body(),
    linear: [...repeated, ...body],
    results,
    varies: resultVaries,
    residuals: [...residuals],
    tapes,
    at: around.at,
  };
};
