/** `jit`: a function compiled once for each shape of its arguments. */
import { fail } from "../compiler/diagnostics.js";
import { metaOf, register, registerStagedReader } from "../compiler/frontend/registry.js";
import type { AnyFunction } from "../compiler/frontend/types.js";
import { makeCallable } from "./callable.js";
import { createFunction } from "./compiled-function.js";
import { prepareCompiler } from "./make-program.js";
import { stagedType } from "./signature.js";
import type { Callable, Jitted, PlainOf } from "./types.js";

registerStagedReader(stagedType);

export interface JitOptions {
  /** Where it runs. */
  readonly device?: "cpu";
  /** Every sum in order, every product rounded: no reassociation, no contraction. */
  readonly strict?: boolean;
  /** Multiply-adds are contracted everywhere, f64 included. */
  readonly fast?: boolean;
  /** The variables that the function's source mentions, read at every call: for engines without an inspector. */
  readonly scope?: () => Readonly<Record<string, unknown>>;
  /**
   * Iterations that a loop may make whose number of iterations is not known when it is compiled: one that goes on throws
   * (TSJ1140). Whole number from 1 to 2^31 - 1; without it a loop may run for ever.
   */
  readonly maxIterations?: number;
  /** Accepted and not needed: parameters that must be static are found by the compiler. */
  readonly static?: number | readonly number[];
  /** Accepted; arguments are never written to. */
  readonly donate?: number | readonly number[];
}

const OPTIONS: readonly string[] = ["device", "strict", "fast", "scope", "static", "donate", "maxIterations"];

const MAX_ITERATIONS = 2 ** 31 - 1;

/** The function that the user wrote, below all transforms. */
export const baseOf = (fn: AnyFunction): AnyFunction => {
  const meta = metaOf(fn);
  return meta?.kind === "transform" || meta?.kind === "library" ? baseOf(meta.fn) : fn;
};

export const requireFunction: (fn: unknown, of: string) => asserts fn is AnyFunction = (fn, of) => {
  if (typeof fn === "function") return;
  const what = fn === null || fn === undefined ? String(fn) : `a value of type ${typeof fn}`;
  fail("TSJ5060", "type", `${of} takes a function, not ${what}`);
};

const checkOptions = (options: JitOptions): void => {
  if (typeof options !== "object" || options === null) fail("TSJ5061", "type", "jit's options are an object");
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined)
    fail("TSJ5062", "type", `jit has no option ${JSON.stringify(unknown)}: it has ${OPTIONS.join(", ")}`);
  const device: string = options.device ?? "cpu";
  if (device !== "cpu")
    fail("TSJ5063", "unsupported", `jit cannot compile for device ${JSON.stringify(device)} yet`, {
      hint: 'device: "cpu" runs WASM SIMD and is the default',
    });
  if (options.strict === true && options.fast === true)
    fail("TSJ5064", "type", "strict forbids the contractions that fast allows: choose one");
  const { maxIterations: most = 1 } = options;
  if (!Number.isInteger(most) || most < 1 || most > MAX_ITERATIONS)
    fail(
      "TSJ5066",
      "type",
      `maxIterations is a whole number from 1 to ${MAX_ITERATIONS}, not ${String(most)}`,
    );
  if (options.scope !== undefined && typeof options.scope !== "function")
    fail("TSJ5065", "type", "scope is a function that gives the variables: scope: () => ({ a, b })");
};

/** A callable that stages `root` for each signature it is called with. */
export const compiledCallable = (root: AnyFunction, options: JitOptions = {}): AnyFunction => {
  const base = baseOf(root);
  const { scope = null, strict = false, fast = false, maxIterations = null } = options;
  return makeCallable(createFunction({ root, scope, strict, fast, maxIterations }, base, false), base);
};

/**
 * Compiles `fn` at the first call for each combination of shapes, dtypes and static values of its arguments. The result takes
 * tensors, typed arrays and nested arrays wherever `fn` takes numbers or arrays. Throws diagnostics for what it cannot compile.
 * With plain numbers alone it gives plain numbers; as soon as an array goes in, tensors come out.
 * @example
 * const f = jit((x: Tensor, y: Tensor) => Math.exp(x) * y + 1);
 * f(tensor([1, 2]), [3, 4]);
 * f.lower(tensor([1, 2]), [3, 4]).kernels; // what it became
 */
export const jit = <F extends Callable>(fn: F, options: JitOptions = {}): Jitted<PlainOf<F>> => {
  requireFunction(fn, "jit()");
  checkOptions(options);
  const callable = compiledCallable(fn, options);
  prepareCompiler(fn);
  // Its type is what makeCallable makes at run time: a call per signature, and the ways to look inside.
  return register(callable, { kind: "transform", transform: { kind: "jit" }, fn }) as unknown as Jitted<
    PlainOf<F>
  >;
};
// Known inside compiled code, where it is the function itself.
register(jit, { kind: "intrinsic", id: "jit" });
