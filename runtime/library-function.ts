/** The wrapper of the library's own functions, which are written in the language. */
import { register } from "../compiler/frontend/registry.js";
import type { AnyFunction } from "../compiler/frontend/types.js";
import { type CompiledFunction, createFunction } from "./compiled-function.js";
import { intrinsic } from "./intrinsic.js";
import { markLibrary } from "./stored-program.js";

/**
 * A function of the library: `fn` is inlined into compiled code; called from outside it is compiled for each signature, and
 * small arrays run in the interpreter at first.
 */
const makeLibrary = <F extends AnyFunction>(id: string, fn: F): F => {
  let target: CompiledFunction | null = null;
  const callable = (...args: unknown[]): unknown => {
    target ??= createFunction(
      { root: callable, scope: null, strict: false, fast: false, maxIterations: null },
      fn,
      true,
    );
    return target.call(args);
  };
  markLibrary(id, fn);
  // It takes tensors and numbers where `fn` does, and gives what `fn` gives.
  return register(callable, { kind: "library", id, fn }) as unknown as F;
};
export const library = intrinsic("library", makeLibrary);

/** A function of the library that makes functions: run as it is outside, inlined into compiled code. */
export const factory = <F extends AnyFunction>(id: string, fn: F): F =>
  // The same function under another identity.
  register((...args: readonly never[]) => Reflect.apply(fn, undefined, args), {
    kind: "library",
    id,
    fn,
  }) as unknown as F;
