/**
 * The tensor IR: plain readonly data. SSA in A-normal form: every equation applies one op to values and
 * defines new ones. A value is identified by its object; the printer numbers values when it writes them.
 *
 * Control flow is structured: the control ops `if`, `while` and `for` hold their regions as functions in their params.
 * - A region is closed: it sees its own params only. What it needs from outside is an operand of the equation.
 * - Regions are functions of values; their names ("then", "body", ...) mean nothing.
 * - Only control ops have several results (or none); every other op has one.
 */
import type { Span } from "../diagnostics.js";

/** Element types. `bool` is stored as one byte (0 or 1). */
export type DType = "f32" | "f64" | "i32" | "u32" | "bool";

export type Shape = readonly number[];

/**
 * The leading extent of an array without end, `f64[Infinity,3]`: rows 0, 1, ..., of which those never written are zero. A loop
 * whose number of iterations is not known beforehand keeps values in one. It is made by a `const` of value 0; `dynamicUpdate`
 * writes a row or part of one, `dynamicSlice` reads it, control ops carry it, and no other op takes it.
 */
export const UNBOUNDED = Number.POSITIVE_INFINITY;

/** A dtype and a static shape; rank 0 is a scalar. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** An SSA value. Identity is the object's: two values with equal types are different values. */
export interface Var {
  readonly type: TensorType;
}

export type NoParams = Readonly<Record<string, never>>;

/** Elementwise ops of one operand; the result has the operand's shape. */
export const UNARY_OPS = [
  "neg",
  "abs",
  "sign",
  "floor",
  "ceil",
  "trunc",
  "round",
  "rint",
  "sqrt",
  "cbrt",
  "exp",
  "exp2",
  "expm1",
  "log",
  "log1p",
  "log2",
  "log10",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
  "asinh",
  "acosh",
  "atanh",
  "erf",
  "erfc",
  "ndtr",
  "gelu",
  "sigmoid",
  "lgamma",
  "not",
  "clz32",
  "toInt32",
  "stopGradient",
  "barrier",
] as const;

/** Elementwise ops of two operands of equal type; comparisons give `bool`. */
export const BINARY_OPS = [
  "add",
  "sub",
  "mul",
  "div",
  "rem",
  "pow",
  "atan2",
  "min",
  "max",
  "and",
  "or",
  "xor",
  "shl",
  "shr",
  "ushr",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
] as const;

export type UnaryOp = (typeof UNARY_OPS)[number];
export type BinaryOp = (typeof BINARY_OPS)[number];
/** Every op whose result element depends on the operands' elements at the same index only. */
export type ElementwiseOp = UnaryOp | BinaryOp | "select" | "cast" | "bitcast" | "threefry";

export type ReduceOp = "reduceSum" | "reduceProd" | "reduceMax" | "reduceMin";

/**
 * What an index outside the operand does: `check` throws a RangeError, `clamp` takes the nearest valid index. With `inside`
 * there is none, as long as the equation runs only where it stands: nothing is done about it.
 */
export type IndexMode = "check" | "clamp" | "inside";

/** Which axes a general product contracts and batches over; result axes: batch, then lhs free, then rhs free. */
export interface DotParams {
  readonly lhsContract: readonly number[];
  readonly rhsContract: readonly number[];
  readonly lhsBatch: readonly number[];
  readonly rhsBatch: readonly number[];
}

/** Gather and scatter along `axis`; the first `batch` axes of operand and indices are shared (batch <= axis). */
export interface GatherParams {
  readonly axis: number;
  readonly batch: number;
  readonly mode: IndexMode;
}

/** The params of every op that is not plainly elementwise. */
interface StructuralParams {
  /** A splat: every element is `value`. */
  const: { readonly value: number; readonly dtype: DType; readonly shape: Shape };
  /** A small array constant, row-major. */
  literal: { readonly data: readonly number[]; readonly dtype: DType; readonly shape: Shape };
  /** Element = its index along `axis`. */
  iota: { readonly dtype: DType; readonly shape: Shape; readonly axis: number };

  /** (cond: bool, a, b), equal shapes. */
  select: NoParams;
  /** Value conversion; float to integer truncates and fails at run time on NaN or out of range; to bool is `x != 0`. */
  cast: { readonly dtype: DType };
  /** Same bits, other dtype of the same width (f32, i32, u32). */
  bitcast: { readonly dtype: DType };
  /** threefry2x32 with 20 rounds: (key0, key1, count0, count1), all u32 of equal shape; gives output word `lane`. */
  threefry: { readonly lane: 0 | 1 };

  /** Operand axis k becomes result axis `dims[k]` (strictly increasing); operand sizes equal the result's or 1. */
  broadcast: { readonly shape: Shape; readonly dims: readonly number[] };
  reshape: { readonly shape: Shape };
  /** Result axis k is operand axis `perm[k]`. */
  transpose: { readonly perm: readonly number[] };
  /** Per axis: start (inclusive), limit (exclusive), stride >= 1. */
  slice: {
    readonly start: readonly number[];
    readonly limit: readonly number[];
    readonly stride: readonly number[];
  };
  /** (x, value: rank 0): `low`/`high` elements at the edges (>= 0), `interior` between neighbours. */
  pad: {
    readonly low: readonly number[];
    readonly high: readonly number[];
    readonly interior: readonly number[];
  };
  /** One or more operands of equal dtype, equal shapes but for `axis`. */
  concat: { readonly axis: number };
  reverse: { readonly axes: readonly number[] };

  /** Reductions drop `axes`. The empty max is -Infinity (or the dtype's least), the empty min +Infinity. */
  reduceSum: { readonly axes: readonly number[] };
  reduceProd: { readonly axes: readonly number[] };
  reduceMax: { readonly axes: readonly number[] };
  reduceMin: { readonly axes: readonly number[] };
  /** First index (i32) of the extreme along `axis`, which is dropped; a NaN counts as the extreme. */
  argmax: { readonly axis: number };
  argmin: { readonly axis: number };

  /** (x, indices: i32): result = x.shape[..axis] ++ indices.shape[batch..] ++ x.shape[axis+1..]. */
  gather: GatherParams;
  /** (x, indices: i32, updates): x with updates added at the places gather would read them from. */
  scatterAdd: GatherParams;
  /**
   * (x, ...starts: i32 rank 0, one per axis): a block of `sizes`. Where it does not fit: `clamp` moves the starts to
   * [0, n - size], `check` throws a RangeError (a block without elements is checked too).
   */
  dynamicSlice: { readonly sizes: Shape; readonly mode: IndexMode };
  /** (x, update, ...starts): x with the block replaced; `mode` as for dynamicSlice. */
  dynamicUpdate: { readonly mode: IndexMode };
  /**
   * (cond: bool rank 0, detail: i32 rank 0): gives cond, and fails the program where it is false, with `code` and
   * `message`, in which `{}` stands for the detail. It is an effect: never dropped, though nothing uses its result.
   */
  check: { readonly code: string; readonly message: string };
  /** x under a name, which the policy of a checkpoint may keep. A mark for the transforms. */
  name: { readonly name: string };

  /** (lhs, rhs) of equal dtype: the general product. */
  dot: DotParams;
}

type PlainElementwise = { readonly [K in UnaryOp | BinaryOp]: NoParams };

/** Params of each op without regions; the op table is exhaustive over the keys. */
export type OpParams = StructuralParams & PlainElementwise;
/** Ops with one result and no regions. */
export type OpName = keyof OpParams;

/** Params of the control ops. */
export interface ControlParams {
  /** (cond: bool rank 0, ...operands). Both regions: (operands) -> results of equal types, which are the results. */
  if: { readonly then: IrFunction; readonly else: IrFunction };
  /**
   * (...consts, ...carries), `consts` of them constant. `cond`: (consts, carries) -> one bool rank 0, run before each
   * iteration; `body`: (consts, carries) -> the next carries, of equal types. The results are the last carries.
   */
  while: { readonly consts: number; readonly cond: IrFunction; readonly body: IrFunction };
  /**
   * (...consts, ...carries), with a static trip count; (count: i32 rank 0, ...consts, ...carries) where `trip` is null.
   * `body`: (i: i32 rank 0, consts, carries) -> the next carries, of equal types, for i = 0, ..., trip - 1; a count
   * below 0 is 0. The results are the last carries. Other starts and steps are arithmetic on i.
   */
  for: { readonly trip: number | null; readonly consts: number; readonly body: IrFunction };
  /**
   * A function with a derivative of its own: (...consts, ...primals), `consts` of them constant to every derivative, all
   * primals floats. `body`: (consts, primals) -> the results. `rule`: (consts, primals, a tangent per primal) -> the
   * results, then a tangent for each float among them. No pass sees it: it is its body once no transform can follow.
   */
  custom: { readonly consts: number; readonly body: IrFunction; readonly rule: IrFunction };
  /**
   * A linear function that is known by its transpose: (...known, ...x), `known` of them what it depends on otherwise.
   * `transpose`: (known, a cotangent per result) -> a cotangent per x. There is nothing to evaluate it by.
   */
  fromTranspose: { readonly known: number; readonly transpose: IrFunction };
  /**
   * (...inputs); `body`: (inputs) -> the results. Of its values a derivative keeps only the inputs and those that `save` names
   * (ir/saving), and computes the others again. `run` says whether this is such a second run, of which nothing must be merged
   * with the first. No pass sees it.
   */
  checkpoint: { readonly run: CheckpointRun; readonly save: readonly string[]; readonly body: IrFunction };
}
export type CheckpointRun = "first" | "again";
export const CONTROL_OPS = ["if", "while", "for", "custom", "fromTranspose", "checkpoint"] as const;
export type ControlOp = (typeof CONTROL_OPS)[number];

export type AnyOp = OpName | ControlOp;
export type AnyParams = OpParams & ControlParams;

interface PlainEqnOf<K extends OpName> {
  readonly op: K;
  readonly inputs: readonly Var[];
  readonly params: OpParams[K];
  readonly outs: readonly [Var];
  /** Where the user wrote it; null for equations that no line of theirs stands behind. */
  readonly span: Span | null;
}
interface ControlEqnOf<K extends ControlOp> {
  readonly op: K;
  readonly inputs: readonly Var[];
  readonly params: ControlParams[K];
  /** One per result of the regions; there may be none. */
  readonly outs: readonly Var[];
  readonly span: Span | null;
}

/** An equation without regions. */
export type PlainEqn = { [K in OpName]: PlainEqnOf<K> }[OpName];
/** An equation with regions. */
export type ControlEqn = { [K in ControlOp]: ControlEqnOf<K> }[ControlOp];
/** One equation: a discriminated union on `op`. */
export type Eqn = PlainEqn | ControlEqn;

const controlOps: ReadonlySet<string> = new Set(CONTROL_OPS);
export const isControlOp = (op: AnyOp): op is ControlOp => controlOps.has(op);
export const isControl = (eqn: Eqn): eqn is ControlEqn => controlOps.has(eqn.op);
export const isPlain = (eqn: Eqn): eqn is PlainEqn => !controlOps.has(eqn.op);

/** A whole program. Free values (neither params nor defined in the body) are not allowed once verified. */
export interface IrFunction {
  readonly name: string;
  readonly params: readonly Var[];
  readonly body: readonly Eqn[];
  readonly results: readonly Var[];
}

export const isFloat = (d: DType): d is "f32" | "f64" => d === "f32" || d === "f64";
export const isInt = (d: DType): d is "i32" | "u32" => d === "i32" || d === "u32";

/** Number of elements; 1 for rank 0. */
export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

export const BYTES: Readonly<Record<DType, number>> = { f32: 4, f64: 8, i32: 4, u32: 4, bool: 1 };

export const isUnbounded = (t: TensorType): boolean => t.shape[0] === UNBOUNDED;

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, k) => d === b[k]);
export const sameType = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** `f32[128,784]`; rank 0 is `f32[]`. */
export const typeText = (t: TensorType): string => `${t.dtype}[${t.shape.join(",")}]`;
