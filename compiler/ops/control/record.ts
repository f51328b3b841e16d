/**
 * What one control op is: the record that holds its meaning, and how each transform goes through it. The engines hand in
 * what they do to a region, so that records know no engine and engines name no op.
 */
import type { Builder } from "../../ir/builder.js";
import type { ControlOp, ControlParams, Eqn, IrFunction, TensorType, Var } from "../../ir/types.js";
import type { MaybeVar, NdArray } from "../op.js";

/** A region built by `f` from params of those types. */
export type BuildRegion = (
  name: string,
  types: readonly TensorType[],
  f: (b: Builder, params: readonly Var[]) => readonly Var[],
) => IrFunction;

/** Evaluates a region. */
export type RunRegion = (region: IrFunction, args: readonly NdArray[]) => readonly NdArray[];

/** Forward mode. */
export interface JvpEngine {
  readonly build: BuildRegion;
  /**
   * The derivative of a region. Params: its own, then a tangent for each active one. Results: its own, then a tangent for
   * each where `tangentOuts` is set; the others have none.
   */
  readonly derivative: (
    region: IrFunction,
    active: readonly boolean[],
  ) => { readonly fn: IrFunction; readonly tangentOuts: readonly boolean[] };
}

/** Batching. */
export interface BatchEngine {
  readonly build: BuildRegion;
  /** Appends a region over the batch; `batched` says which of the values carry it as axis 0. */
  readonly into: (
    b: Builder,
    region: IrFunction,
    args: readonly Var[],
    batched: readonly boolean[],
    size: number,
  ) => Batched;
}
export interface Batched {
  readonly values: readonly Var[];
  readonly batched: readonly boolean[];
}

/**
 * Arrays that a loop writes rows to, one to each per iteration: without end where its number of iterations is not known
 * beforehand, else stacks [...trips of the loops around, trip, ...row]. All runs of one loop share them: what it wrote in
 * earlier runs stays before the cursor, or at the numbers that the loops around had.
 */
export interface Tapes {
  readonly types: readonly TensorType[];
  /** Known values, before the first row is written. */
  readonly tapes: readonly Var[];
  /** The index of the next row (i32), a known value; null for stacks. */
  readonly cursor: Var | null;
}
/** Tapes that a region of known values writes to. */
export interface TapeUse {
  /** Given by what is around the region: free in it. */
  readonly before: Tapes;
  /** At the region's end. Later versions have the same rows, so the linear part may read any. */
  readonly after: Tapes;
}

/** Where a region stands. */
export interface RegionPlace {
  /** How often it runs is not known beforehand: what it keeps goes to tapes. */
  readonly unbounded: boolean;
  /** The trip counts of the loops around it, outermost first; none where it is unbounded. */
  readonly trips: readonly number[];
  /** For each param whether it is the same in every run, so that an array without end can be read again later. */
  readonly steady: readonly boolean[];
}

/** A region taken apart into what is known and what depends linearly on the params that vary. */
export interface Parts {
  /** Stand for the region's params in both parts. */
  readonly params: readonly Var[];
  readonly known: readonly Eqn[];
  /** With the constants that they use. */
  readonly linear: readonly Eqn[];
  /** The region's results, each defined by one of the parts. */
  readonly results: readonly Var[];
  /** Whether each result varies. */
  readonly varies: readonly boolean[];
  /** Known values, params among them, that the linear part uses, or that a result of it is. */
  readonly residuals: readonly Var[];
  /** Their tapes after the region are no residuals. */
  readonly tapes: readonly TapeUse[];
  /** Free in both parts: the iterations of the loops around (i32), one for each of the place's trip counts. */
  readonly at: readonly Var[];
}

/** Partial evaluation. */
export interface SplitEngine {
  readonly build: BuildRegion;
  /** `varies`: which params vary; `linearResults`: which results the linear part gives, known ones included. */
  readonly parts: (
    region: IrFunction,
    varies: readonly boolean[],
    linearResults: readonly boolean[],
    place: RegionPlace,
  ) => Parts;
  /** As `RegionPlace` has it, of what is being taken apart. */
  readonly unbounded: boolean;
  readonly trips: readonly number[];
  /** The iterations of the loops around, values of both parts. */
  readonly at: readonly Var[];
  readonly isSteady: (v: Var) => boolean;
  /** Tapes of those types: all without end, or all stacks, which begin with `trips`. */
  readonly openTapes: (types: readonly TensorType[]) => Tapes;
  /** Tells what they are after rows were written; once for all that were opened. */
  readonly closeTapes: (before: Tapes, tapes: readonly Var[], cursor: Var | null) => void;
}

/** Transposition. */
export interface TransposeEngine {
  readonly build: BuildRegion;
  /**
   * Appends the transpose of a region that is linear in the params that have no argument (null). `cts`: a cotangent per
   * result; `sums`: per param what its cotangent is added to. Gives a sum per param; null is zero.
   */
  readonly into: (
    b: Builder,
    region: IrFunction,
    args: readonly MaybeVar[],
    cts: readonly MaybeVar[],
    sums: readonly MaybeVar[],
  ) => readonly MaybeVar[];
}

export interface ControlDef<K extends ControlOp> {
  readonly name: K;
  /** Result types; throws ShapeError. Checks operands, params and the regions' types (not what is inside them). */
  readonly infer: (inputs: readonly TensorType[], params: ControlParams[K]) => readonly TensorType[];
  /** Reference semantics. */
  readonly eval: (run: RunRegion, inputs: readonly NdArray[], params: ControlParams[K]) => readonly NdArray[];
  /** Appends the op and its derivative. */
  readonly jvp: (
    e: JvpEngine,
    b: Builder,
    inputs: readonly Var[],
    tangents: readonly MaybeVar[],
    params: ControlParams[K],
  ) => { readonly outs: readonly Var[]; readonly tangents: readonly MaybeVar[] };
  /** The op over a new leading axis, as for other ops, but a result need not carry it. Asked where no example goes its own way. */
  readonly batch: (
    e: BatchEngine,
    b: Builder,
    inputs: readonly Var[],
    batched: readonly boolean[],
    size: number,
    params: ControlParams[K],
  ) => Batched;
  /**
   * Partial evaluation: appends to `known` what depends on no input that varies, to `linear` the rest, which may use
   * values of `known`. Some input varies.
   */
  readonly split: (
    e: SplitEngine,
    known: Builder,
    linear: Builder,
    inputs: readonly Var[],
    varies: readonly boolean[],
    params: ControlParams[K],
  ) => { readonly outs: readonly Var[]; readonly varies: readonly boolean[] };
  /** Whether all results depend linearly on the inputs that vary, so that the op need not be split. */
  readonly isLinear: (varies: readonly boolean[], params: ControlParams[K]) => boolean;
  /**
   * Appends the transpose of an op that `isLinear`. `varies`: the inputs it is linear in, of which only the types count;
   * `cts`: a cotangent per result; `sums`: per input what its cotangent is added to. Gives a sum per input; null is zero.
   */
  readonly transpose: (
    e: TransposeEngine,
    b: Builder,
    inputs: readonly Var[],
    varies: readonly boolean[],
    cts: readonly MaybeVar[],
    sums: readonly MaybeVar[],
    params: ControlParams[K],
  ) => readonly MaybeVar[];
}

export type ControlTable = { readonly [K in ControlOp]: ControlDef<K> };
