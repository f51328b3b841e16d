/** What one op is: the record that holds all its mathematics. Engines read these records and never name an op. */
import type { Builder } from "../ir/builder.js";
import type { DType, OpName, OpParams, Shape, TensorType, Var } from "../ir/types.js";

/** Storage of each dtype; bool holds 0 or 1. */
export interface DataOf {
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly bool: Uint8Array;
}
export type Data = DataOf[DType];

/** A dense row-major array: what the reference evaluation computes with. */
export interface NdArray {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: Data;
}

/** A tangent or cotangent; null is a symbolic zero. */
export type MaybeVar = Var | null;

/**
 * How an op is differentiated. Only float operands have tangents; a null tangent is zero.
 * - `linear`: jointly linear in all its float operands. `transpose` gives a cotangent for each operand (null for the others
 *   and for those where `wanted` is false). The JVP is derived: the op applied to the tangents.
 * - `bilinear`: linear in each of its two operands. `transpose` gives the cotangent of operand `which`.
 * - `nonlinear`: `jvp` gives the result's tangent from primals, tangents and the primal result. It may apply only linear
 *   and bilinear ops to tangents, so that transposition never needs a rule for this op.
 * - `zero`: the result never depends smoothly on an operand (integers, comparisons, rounding).
 */
export type AdRule<K extends OpName> =
  | {
      readonly kind: "linear";
      readonly transpose: (
        b: Builder,
        ct: Var,
        inputs: readonly Var[],
        wanted: readonly boolean[],
        params: OpParams[K],
      ) => readonly MaybeVar[];
      /**
       * For ops that read a part of operand `which`: `sum` plus the cotangent of that operand, without an array of zeros
       * around the part; null where there is no better way than `transpose` and an addition.
       */
      readonly accumulate?: (
        b: Builder,
        sum: Var,
        ct: Var,
        inputs: readonly Var[],
        which: number,
        params: OpParams[K],
      ) => Var | null;
    }
  | {
      readonly kind: "bilinear";
      readonly transpose: (
        b: Builder,
        ct: Var,
        inputs: readonly [Var, Var],
        which: 0 | 1,
        params: OpParams[K],
      ) => Var;
    }
  | {
      readonly kind: "nonlinear";
      readonly jvp: (
        b: Builder,
        inputs: readonly Var[],
        tangents: readonly MaybeVar[],
        params: OpParams[K],
        out: Var,
      ) => MaybeVar;
    }
  | { readonly kind: "zero" };

/** A shape rule's refusal, in words that show the shapes; the caller adds the span. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  /** What kind of mistake it is: shapes that don't fit or a wrong dtype. */
  readonly kind: "shape" | "type";
  constructor(message: string, kind: "shape" | "type" = "shape") {
    super(message);
    this.kind = kind;
  }
}

/** A failed `check`: the program stops with `code` and the message. */
export class CheckError extends RangeError {
  override readonly name = "CheckError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface OpDef<K extends OpName> {
  readonly name: K;
  /** Result type; throws ShapeError. Checks the number of operands, dtypes, shapes and params. */
  readonly infer: (inputs: readonly TensorType[], params: OpParams[K]) => TensorType;
  /** Reference semantics. The inputs have the types that `infer` accepted. Throws RangeError where the op is checked. */
  readonly eval: (inputs: readonly NdArray[], params: OpParams[K]) => NdArray;
  readonly ad: AdRule<K>;
  /**
   * The op over a new leading axis of `size`: operands with `batched[k]` carry it as axis 0, the others don't have it.
   * The result carries it as axis 0. Called only when some operand is batched.
   */
  readonly batch: (
    b: Builder,
    inputs: readonly Var[],
    batched: readonly boolean[],
    size: number,
    params: OpParams[K],
  ) => Var;
}

export type OpTable = { readonly [K in OpName]: OpDef<K> };
