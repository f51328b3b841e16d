/**
 * The kernel IR that every target shares: loop nests over scalar SSA bodies with loads and stores, and matrix products.
 * Plain data (it is posted to the compile worker and printed); ids are unique within one kernel.
 *
 * Lowering makes it from tensor IR; `expandMath` replaces transcendental ops by machine ops; the schedule decides
 * vectors and unrolling without changing it; a target prints it.
 */
import type { Span } from "../diagnostics.js";
import type { DType, ElementwiseOp } from "../ir/types.js";

/** Register types: `i64` exists only inside math expansions. A bool register is a truth value, not a byte. */
export type RegType = DType | "i64";

export type ValueId = number;
export type AxisId = number;
export type BufferId = number;

/** Ops a target must emit for scalars and vectors. Meaning follows WASM; `min`, `max` propagate NaN and order -0 < +0. */
export const MACHINE_OPS = [
  "add",
  "sub",
  "mul",
  "div",
  "rem",
  "neg",
  "abs",
  "sqrt",
  "floor",
  "ceil",
  "trunc",
  "nearest",
  "min",
  "max",
  "and",
  "or",
  "xor",
  "not",
  "shl",
  "shr",
  "ushr",
  "clz32",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "select",
  "convert",
  "bitcast",
  "fma",
] as const;
/**
 * - `div`, `rem`: floats (`rem` is only ever an integer op here); integers truncate, lane by lane
 * - `nearest`: round half to even
 * - shifts: second operand of the same integer type, taken modulo the width; `shr` arithmetic, `ushr` logical
 * - `convert`: value conversion between register types; float to integer truncates and saturates, NaN gives 0; to bool is `!= 0`
 * - `bitcast`: same width (f32/i32/u32, f64/i64)
 * - `fma(a, b, c)`: a*b + c, contracted where the profile can, else rounded twice; lowering makes it only where that is allowed
 */
export type MachineOp = (typeof MACHINE_OPS)[number];

/** Before math expansion any elementwise op may stand in a kernel. */
export type KernelOp = ElementwiseOp | MachineOp;

/**
 * Element address: offset + sum of stride * axis + value of `dynamic` (an i32), all in elements; where there is a dynamic
 * part, modulo 2^32.
 */
export interface Address {
  readonly offset: number;
  readonly terms: readonly { readonly axis: AxisId; readonly stride: number }[];
  readonly dynamic: ValueId | null;
}

export interface ConstStmt {
  readonly kind: "const";
  readonly id: ValueId;
  readonly type: RegType;
  /** bigint for i64 (two's complement), number for the others (bool: 0 or 1). */
  readonly value: number | bigint;
}
/** The loop counter as an i32. */
export interface AxisStmt {
  readonly kind: "axis";
  readonly id: ValueId;
  readonly axis: AxisId;
}
export interface OpStmt {
  readonly kind: "op";
  readonly id: ValueId;
  readonly op: KernelOp;
  readonly args: readonly ValueId[];
  readonly type: RegType;
  /** threefry's output word; absent for all others. */
  readonly lane?: 0 | 1;
  /**
   * A `select` whose condition seldom holds: a target may skip what only its second operand needs where it holds in no
   * lane. A hint alone: nothing but speed depends on it.
   */
  readonly rare?: true;
}
export interface LoadStmt {
  readonly kind: "load";
  readonly id: ValueId;
  readonly buffer: BufferId;
  readonly at: Address;
  readonly type: DType;
}
export interface StoreStmt {
  readonly kind: "store";
  readonly buffer: BufferId;
  readonly at: Address;
  readonly value: ValueId;
  /** `add` reads, adds and writes (scatter); a loop in which two iterations may meet at one element is not parallel. */
  readonly mode: "set" | "add";
}
/** Makes row `index` (i32, not negative) of a tape exist: only then may it be loaded from or stored to. New rows are zero. */
export interface RowStmt {
  readonly kind: "row";
  readonly buffer: BufferId;
  readonly index: ValueId;
}
/** Takes all rows from a tape, or makes it a copy of another. */
export interface TapeStmt {
  readonly kind: "tape";
  readonly buffer: BufferId;
  /** The tape to copy; null to leave none. */
  readonly from: BufferId | null;
}
/** Fails the whole program when `cond` (bool) is false: error `error` of the program's table, with `detail` (i32) shown. */
export interface CheckStmt {
  readonly kind: "check";
  readonly cond: ValueId;
  readonly error: number;
  readonly detail: ValueId | null;
  /** Further numbers (f64) that the error's text shows; a loop with such a check has no vectors. */
  readonly values: readonly ValueId[];
}

export type Combine = "sum" | "prod" | "max" | "min";
/** acc = combine(acc, value) per iteration; may be reassociated unless the program is strict. */
export interface ReduceCarry {
  readonly kind: "reduce";
  readonly combine: Combine;
  readonly type: DType;
  readonly init: ValueId;
  /** Computed in the body. */
  readonly value: ValueId;
  /** The final accumulator, visible after the loop. */
  readonly result: ValueId;
}
/** A sequential carry: `param` in the body is the previous iteration's `next`. */
export interface RecurCarry {
  readonly kind: "recur";
  readonly type: DType;
  readonly init: ValueId;
  readonly param: ValueId;
  readonly next: ValueId;
  readonly result: ValueId;
}
export type Carry = ReduceCarry | RecurCarry;

/** A trip count known when the loop is entered; none if it is negative. */
export interface DynamicExtent {
  /** An i32. */
  readonly value: ValueId;
  /** What it never exceeds; at least 1. */
  readonly most: number;
}
export interface LoopStmt {
  readonly kind: "loop";
  readonly axis: AxisId;
  /** Trip count: a number is >= 1; a loop of a dynamic one is never vectorised. */
  readonly extent: number | DynamicExtent;
  /** Iterations are independent but for `reduce` carries: any order, any vector width. */
  readonly parallel: boolean;
  readonly carries: readonly Carry[];
  readonly body: readonly Stmt[];
}
/** A value that an `if` gives: the one or the other side's. */
export interface Merge {
  readonly id: ValueId;
  readonly type: DType;
  readonly then: ValueId;
  readonly else: ValueId;
}
/** What a side defines is visible in that side and in `results`. */
export interface IfStmt {
  readonly kind: "if";
  readonly cond: ValueId;
  readonly then: readonly Stmt[];
  readonly else: readonly Stmt[];
  readonly results: readonly Merge[];
}
/** `test`, then, while `cond` holds, `body` and again `test`. The body sees what the test defines; neither is seen outside. */
export interface WhileStmt {
  readonly kind: "while";
  readonly carries: readonly RecurCarry[];
  readonly test: readonly Stmt[];
  readonly cond: ValueId;
  readonly body: readonly Stmt[];
}
export type BlockStmt = LoopStmt | IfStmt | WhileStmt;
export type PlainStmt = ConstStmt | AxisStmt | OpStmt | LoadStmt | StoreStmt | RowStmt | TapeStmt | CheckStmt;
export type Stmt = PlainStmt | BlockStmt;

export interface LoopKernel {
  readonly kind: "loops";
  readonly name: string;
  readonly spans: readonly Span[];
  readonly body: readonly Stmt[];
}

/** A matrix operand read in place: element (batch.., row, col) is at offset + sum(batchStride*b) + rowStride*row + colStride*col. */
export interface MatrixView {
  readonly buffer: BufferId;
  readonly offset: number;
  readonly batchStrides: readonly number[];
  readonly rowStride: number;
  readonly colStride: number;
}
/** For all batch, m < M, n < N: acc = sum over k < K of lhs[b,m,k] * rhs[b,k,n]; then `epilogue`, which stores. */
export interface MatmulKernel {
  readonly kind: "matmul";
  readonly name: string;
  readonly spans: readonly Span[];
  readonly dtype: "f32" | "f64" | "i32" | "u32";
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly lhs: MatrixView;
  readonly rhs: MatrixView;
  /** Axes that addresses in the epilogue may use. */
  readonly batchAxes: readonly AxisId[];
  readonly mAxis: AxisId;
  readonly nAxis: AxisId;
  /** The finished product, of `dtype`, visible in the epilogue. */
  readonly acc: ValueId;
  /** No loops; ends in at least one store. Never reads what it stores. */
  readonly epilogue: readonly Stmt[];
}
export type Kernel = LoopKernel | MatmulKernel;

/** Control flow over whole kernels. Conditions, counts and counters are buffers of one element. */
export interface IfStep {
  readonly kind: "if";
  /** bool */
  readonly cond: BufferId;
  readonly then: readonly Step[];
  readonly else: readonly Step[];
}
/** `test`, then, while `cond` (bool, written by the test) holds, `body` and again `test`. */
export interface WhileStep {
  readonly kind: "while";
  readonly test: readonly Step[];
  readonly cond: BufferId;
  readonly body: readonly Step[];
}
export interface ForStep {
  readonly kind: "for";
  /** A number >= 1, or an i32 read once, before the first iteration; none if it is negative. */
  readonly trip: number | { readonly buffer: BufferId };
  /** An i32 that holds the iteration's number while the body runs; null where nothing reads it. */
  readonly counter: BufferId | null;
  readonly body: readonly Step[];
}
export type ControlStep = IfStep | WhileStep | ForStep;
export type Step = Kernel | ControlStep;

export type BufferPlace =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "output"; readonly index: number }
  /** Byte offset, 16-byte aligned, in the program's scratch block; blocks of dead buffers are reused. */
  | { readonly kind: "scratch"; readonly offset: number }
  /** A literal, written to memory once when the program is loaded; `index` counts the program's data buffers. */
  | { readonly kind: "data"; readonly index: number; readonly values: readonly number[] }
  /** A tape: as many rows as it is given while the program runs. */
  | { readonly kind: "tape"; readonly index: number };

export interface Buffer {
  readonly id: BufferId;
  readonly dtype: DType;
  /** In elements, >= 1 is not guaranteed: an empty array is legal and never touched. Of a tape: of one row. */
  readonly size: number;
  readonly place: BufferPlace;
}

export type ResultPlace =
  | { readonly kind: "output"; readonly index: number }
  | { readonly kind: "input"; readonly index: number };

export { checkText, NOT_WHOLE } from "../ops/check-text.js";

/** A failed check's text, with places for its detail and values (compiler/ops/check-text). */
export interface RuntimeErrorEntry {
  readonly code: string;
  readonly message: string;
  readonly span: Span | null;
}

/**
 * One compiled call: steps in order over buffers. Carried values live in fixed buffers, which an iteration overwrites.
 *
 * WASM ABI. Memory is imported as `env.memory` (shared). `run(block: i32)` takes the address of a table of i32 byte
 * addresses (none below 4096): inputs, outputs, the scratch block, then data buffers, each group in index order; then three words
 * for each tape: its address, how many rows it has (0 at first), and for how many there is room. Where that is exceeded the
 * program calls the import `env.grow(address of the three words, index of the row wanted, bytes of a row)`, which finds more room
 * and moves the rows there. Where `scalar` is set, the
 * module exports instead `call(inputs as values) -> result`: f64 and f32 as themselves, integers and bool as i32; the
 * kernels then load from input buffers (address 0) as from parameters and the only output is the returned value.
 * A failed check writes its error index + 1 (i32) at byte 8, its detail (i32) at byte 12 and its values (f64) from byte 16 on,
 * then traps.
 */
export interface KernelProgram {
  readonly name: string;
  readonly buffers: readonly Buffer[];
  readonly steps: readonly Step[];
  readonly inputs: number;
  readonly outputs: number;
  readonly results: readonly ResultPlace[];
  readonly scratchBytes: number;
  readonly errors: readonly RuntimeErrorEntry[];
  readonly scalar: boolean;
}

/** What the engine's SIMD offers: multiply and add, FMA (relaxed SIMD), FMA with 256-bit revectorisation. */
export type Profile = "base" | "fma" | "wide";
