/** The public types: tensors, and what jit, grad and vmap make of a function's type. */

import type { DType, Shape } from "../compiler/ir/types.js";
import type { DataOf } from "../compiler/ops/op.js";
import type { TensorMethods } from "./tensor-methods.js";

export type { DType, Shape } from "../compiler/ir/types.js";

/** Integer arrays narrower than 32 bits are read as i32. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array;

/** A nested array of numbers; it must be regular. */
export type NumberArray = readonly (number | NumberArray)[];

/** What a compiled function takes for a number or an array. */
export type TensorLike = number | Tensor | TypedArray | NumberArray;

/** What a function of np takes: comparisons of tensors are booleans to TypeScript, and bool tensors in compiled code. */
export type Operand = TensorLike | boolean;

/** What `tensor()` takes; booleans make a bool tensor. */
export type TensorData = number | boolean | Tensor | TypedArray | NestedData;
export type NestedData = readonly (number | boolean | NestedData)[];

/** One element as JavaScript has it. */
export type ElementOf<D extends DType> = [D] extends ["bool"] ? boolean : number;

/** Nested arrays as deep as a literal shape says; where the shape's rank is open, any depth. */
export type ArrayOf<S extends Shape, D extends DType> = number extends S["length"]
  ? ElementOf<D> | AnyNesting<D>
  : S extends readonly [number, ...infer Rest extends Shape]
    ? ArrayOf<Rest, D>[]
    : ElementOf<D>;
export type AnyNesting<D extends DType> = (ElementOf<D> | AnyNesting<D>)[];

/** What a tensor has beside what a number has. */
export interface TensorMembers<S extends Shape = Shape, D extends DType = DType> extends TensorMethods {
  /** Sizes of the axes; `[]` for a single number. */
  readonly shape: S;
  /** f32, f64, i32, u32 or bool. */
  readonly dtype: D;
  /** Number of axes. */
  readonly ndim: number;
  /** Number of elements. */
  readonly size: number;
  /** Size of axis 0; a tensor of rank 0 has none and throws. */
  readonly length: number;
  /** The axes in reverse order: the transpose of a matrix. */
  readonly T: Tensor;
  /** A fresh copy of the elements, row-major; bool as 0 and 1. */
  readonly data: DataOf[D];
  /** The only element; throws where there are more or none. */
  item(): ElementOf<D>;
  /** Nested arrays; rank 0 gives the element. */
  toArray<A = ArrayOf<S, D>>(): A;
  toJSON(): ArrayOf<S, D>;
  /** The slices along axis 0. */
  [Symbol.iterator](): IterableIterator<Tensor>;
  /** The slice at an index of axis 0; negative indices count from the end. */
  [index: number]: Tensor;
}

/**
 * An array of numbers of one dtype. To TypeScript it is a number, so that operators and `Math` type-check; compiled code
 * computes with the whole array. Outside compiled code an operator on rank 0 gives its number, and on any other rank throws.
 */
export type Tensor<S extends Shape = Shape, D extends DType = DType> = number & TensorMembers<S, D>;

/** Any function that can be compiled. */
export type Callable = (...args: never[]) => unknown;

/** A number that is no tensor. */
export type PlainNumber = number & { readonly shape?: never };

/**
 * TensorLike as an overload's parameter. With `number` itself in it, overload resolution, which first looks for a subtype
 * match, would prefer it to PlainNumber for plain numbers.
 */
export type TensorArgument = PlainNumber | Tensor | TypedArray | NumberArray;

export type Static = boolean | string | null | undefined | Callable;

/** Whether an array type holds plain numbers at every depth. */
export type IsNumberArray<P> = NumberArray extends P
  ? true
  : P extends readonly (infer E)[]
    ? [E] extends [TensorMembers]
      ? false
      : [E] extends [number]
        ? true
        : IsNumberArray<E>
    : false;

/** A parameter's type where every number is a plain one. */
export type PlainArg<P> = unknown extends P
  ? P
  : P extends TensorMembers
    ? number extends P["shape"]["length"]
      ? PlainNumber
      : P["shape"] extends readonly []
        ? PlainNumber
        : never
    : P extends number
      ? PlainNumber
      : P extends Static
        ? P
        : P extends TypedArray
          ? never
          : IsNumberArray<P> extends true
            ? never
            : { [K in keyof P]: PlainArg<P[K]> };

/** What a parameter with a literal shape or dtype takes: such a tensor, or JavaScript arrays of that depth. */
export type LiteralArg<S extends Shape, D extends DType> =
  | Tensor<S, D>
  | (number extends S["length"] ? TypedArray | NumberArray : S extends readonly [number] ? TypedArray : never)
  | ReadonlyArrayOf<S>;

/** Nested arrays of numbers, read only, as deep as a literal shape says. */
type ReadonlyArrayOf<S extends Shape> = number extends S["length"]
  ? never
  : S extends readonly [number, ...infer Rest extends Shape]
    ? readonly ReadonlyArrayOf<Rest>[]
    : number;

/** The literal shape or dtype of a tensor's type; never where both are open. */
type LiteralOf<P> =
  P extends TensorMembers<infer S, infer D>
    ? number extends S["length"]
      ? DType extends D
        ? never
        : LiteralArg<S, D>
      : LiteralArg<S, D>
    : never;

/** A parameter's type where every number may be a tensor, a typed array or a nested array. */
export type TensorArg<P> = unknown extends P
  ? P
  : P extends number
    ? [LiteralOf<P>] extends [never]
      ? TensorArgument
      : LiteralOf<P>
    : P extends Static
      ? P
      : P extends TypedArray
        ? TensorArgument
        : NumberArray extends P
          ? TensorArgument
          : IsNumberArray<P> extends true
            ? TensorArgument | { [K in keyof P]: TensorArg<P[K]> }
            : { [K in keyof P]: TensorArg<P[K]> };

export type PlainArgs<P extends readonly unknown[]> = { [K in keyof P]: PlainArg<P[K]> };
export type TensorArgs<P extends readonly unknown[]> = { [K in keyof P]: TensorArg<P[K]> };

/** What a pullback takes for a result: a cotangent for each number; what stands for booleans is not looked at. */
export type Cotangent<R> = unknown extends R
  ? R
  : R extends number | TypedArray
    ? TensorArgument
    : R extends boolean
      ? unknown
      : R extends Static
        ? R
        : NumberArray extends R
          ? TensorArgument
          : { [K in keyof R]: Cotangent<R[K]> };

/** A result's type after a call with plain numbers: typed arrays come back as tensors. */
export type PlainResult<R> = unknown extends R
  ? R
  : R extends number | Static
    ? R
    : R extends TypedArray
      ? Tensor
      : NumberArray extends R
        ? R
        : { [K in keyof R]: PlainResult<R[K]> };

/** A result's type after a call with tensors: every number is a tensor. */
export type TensorResult<R> = unknown extends R
  ? R
  : R extends TensorMembers
    ? R
    : R extends number
      ? Tensor
      : R extends boolean
        ? Tensor<Shape, "bool">
        : R extends Static
          ? R
          : R extends TypedArray
            ? Tensor
            : NumberArray extends R
              ? Tensor
              : { [K in keyof R]: TensorResult<R[K]> };

/** Where the type of the plain function behind a compiled one is kept: `jit(grad(f))` compiles what `grad(f)` computes. */
declare const plain: unique symbol;

/**
 * What a function is taken for while it is not resolved: TypeScript first looks at the other arguments where one is itself a call
 * of a generic function that gives a function, as in `jvp(grad(f), [x], [v])`, and any fit this one.
 */
export type Unresolved<R = unknown> = ((...args: never[]) => R) & {
  // the call signature alone is what a function's unannotated parameters take their types from
  readonly [plain]?: (...args: readonly unknown[]) => R;
};

/** The plain function behind a callable of `jit`, `grad` or another transform; a function of the user's is its own. */
export type PlainOf<F extends Callable> = F extends { readonly [plain]?: infer G }
  ? NonNullable<G> extends Callable
    ? NonNullable<G>
    : F
  : F;

/** What a compiled function can tell about itself. */
export interface Inspectable<P extends readonly unknown[], G extends Callable = Callable> {
  /** Never there at run time. */
  readonly [plain]?: G;
  /** What was compiled so far, and how often a compiled program was reused. */
  cacheInfo(): CacheInfo;
  /** The stages of the program for these arguments, as text; compiles it if need be. */
  lower(...args: TensorArgs<P>): Lowered;
  /** What the program for these arguments does. */
  stats(...args: TensorArgs<P>): Stats;
  /** One line per compilation: what was different from the calls before. */
  explainMisses(): readonly string[];
}

export interface CacheInfo {
  /** Calls that found their program; those of plain numbers alone go to it directly and are not counted. */
  readonly hits: number;
  readonly misses: number;
  /** Programs that came from the disk cache: part of `misses`. */
  readonly fromDisk: number;
  readonly entries: readonly CacheEntryInfo[];
}
export interface CacheEntryInfo {
  /** The arguments in words, static values included: `(x: f32[128,784], n: number = 3)`. */
  readonly signature: string;
  /** Paths of the number arguments whose values are part of the key, with those values. */
  readonly staticArguments: readonly { readonly path: string; readonly value: number }[];
}

/** A program's stages as text. */
export interface Lowered {
  /** Tensor IR as the front end made it. */
  readonly ir: string;
  /** Tensor IR after each pass, in order. */
  readonly passes: readonly { readonly name: string; readonly ir: string }[];
  readonly kernels: string;
  readonly wat: string;
}

export interface Stats {
  /** One entry per kernel, in the order in which they run. */
  readonly kernels: readonly KernelCounts[];
  /** Operations on floats, a multiply-add counted as two. */
  readonly flops: number;
  /** Bytes of distinct buffers that kernels read and write. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly scratchBytes: number;
  /** Inputs, outputs, literals and scratch memory together. */
  readonly peakBytes: number;
}
export interface KernelCounts {
  readonly name: string;
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

export type {
  ArgNums,
  Grad,
  Gradients,
  Hessian,
  Jacobian,
  Jitted,
  ValueAndGrad,
  Vmapped,
} from "./transform-types.js";
