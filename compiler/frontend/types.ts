/** What the call path gives the front end and what it gets back. */
import type { IrFunction, TensorType } from "../ir/types.js";

// biome-ignore lint/complexity/noBannedTypes: any callable the user hands in; its signature is read from its source
export type AnyFunction = Function;

/** Kinds of typed arrays, by how they convert what is stored in them. */
export type Store = "f32" | "f64" | "i8" | "u8" | "u8c" | "i16" | "u16" | "i32" | "u32";

/** Nested arrays and plain objects with leaves; objects keep their keys in insertion order. */
export type Tree<L> =
  | { readonly kind: "leaf"; readonly leaf: L }
  | { readonly kind: "array"; readonly items: readonly Tree<L>[] }
  | { readonly kind: "object"; readonly keys: readonly string[]; readonly fields: readonly Tree<L>[] };

/** A number or a regular nested array of numbers. */
export type StaticNumbers = number | readonly StaticNumbers[];

/**
 * A leaf of the arguments.
 * - `staged`: a number or an array. A plain JavaScript number is a weak f64 of rank 0 and brings its `value`, so that a
 *   parameter that turns out to be needed as a static value can be made one.
 * - `static`: strings, booleans, null, undefined, functions: part of the cache key.
 */
export type ArgLeaf =
  | {
      readonly kind: "staged";
      readonly index: number;
      readonly type: TensorType;
      readonly weak: boolean;
      /** Also a small number array's numbers (a shape, axes); null for what can't become static. */
      readonly value: StaticNumbers | null;
      /** Typed arrays and number arrays: reading one element gives a JavaScript number (weak f64). */
      readonly hostArray: boolean;
      /** Another argument of the call is, or holds, the same array: it is not written to. */
      readonly shared?: boolean;
      /** The kind of a typed array; null for everything else. */
      readonly store: Store | null;
    }
  | { readonly kind: "static"; readonly value: unknown };

/** What a captured value was when the function was staged. */
export type Expectation =
  /** A primitive, by its canonical text (-0, NaN and bigint told apart). */
  | { readonly kind: "constant"; readonly key: string }
  /** A function whose source is part of the program; `fn` is its index in `Staged.functions`. */
  | { readonly kind: "function"; readonly fn: number }
  /** A function or namespace of ours or of the language, by its stable id ("np.softmax", "Math.tanh"). */
  | { readonly kind: "registered"; readonly id: string }
  /** A number or array read at every call: a hidden argument. */
  | {
      readonly kind: "staged";
      readonly type: TensorType;
      readonly weak: boolean;
      readonly hostArray: boolean;
      readonly store: Store | null;
    };

/**
 * What of a captured value decides: itself, an array's length, an object's keys, the text of its numbers, or what kind of
 * object it is.
 */
export type CaptureAspect = "value" | "length" | "keys" | "text" | "class";

/** One captured value that decided something: variable `name` of function `fn`, then `path` into it. */
export interface Capture {
  /** Index in `Staged.functions` of the function whose scope holds the variable. */
  readonly fn: number;
  readonly name: string;
  readonly path: readonly (string | number)[];
  readonly aspect: CaptureAspect;
  readonly expect: Expectation;
  /** False where the language forbids a change (a const binding of a primitive or function): no check per call. */
  readonly mutable: boolean;
  /** The value's aspect now. */
  readonly read: () => unknown;
}

/** Where a parameter of the IR function comes from: leaf `index` of the arguments, or capture number `index`. */
export type InputSource =
  | { readonly kind: "arg"; readonly index: number }
  | { readonly kind: "capture"; readonly index: number };

/**
 * A leaf of the result: result `index` of the IR function, or a value known at compile time. `weak`: a JavaScript number or
 * boolean, which takes the dtype of the arrays it meets.
 */
export type OutLeaf =
  | { readonly kind: "result"; readonly index: number; readonly weak?: boolean }
  | { readonly kind: "static"; readonly value: unknown };

export interface StageRequest {
  /** The user's function, or a callable made by a transform. */
  readonly fn: AnyFunction;
  readonly args: readonly Tree<ArgLeaf>[];
  /** Replaces the inspector where there is none: the variables that the function's source mentions. */
  readonly scope: (() => Readonly<Record<string, unknown>>) | null;
  /** Iterations that a loop whose number of iterations is not known beforehand may make; null for any number. */
  readonly maxIterations?: number | null;
}

export interface Staged {
  readonly fn: IrFunction;
  /** One per parameter of `fn`. */
  readonly inputs: readonly InputSource[];
  readonly out: Tree<OutLeaf>;
  /** Number and number array leaves of the arguments whose values the program depends on: part of the cache key. */
  readonly staticLeaves: readonly number[];
  /** Whether it writes to arrays of the caller's, which it returns: no captured array may be one of them. */
  readonly writes: boolean;
  /** Functions whose source went into the program; 0 is the root. */
  readonly functions: readonly AnyFunction[];
  readonly captures: readonly Capture[];
}
