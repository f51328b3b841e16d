/** A function's derivative at a point, as a linear map: along tangents (jvp, linearize) and back from cotangents (vjp). */
import { fail, internal } from "../compiler/diagnostics.js";
import { register } from "../compiler/frontend/registry.js";
import type { AnyFunction } from "../compiler/frontend/types.js";
import { intrinsic } from "./intrinsic.js";
import { compiledCallable, requireFunction } from "./jit.js";
import { isTensor } from "./tensor.js";
import type {
  Callable,
  Cotangent,
  PlainArgs,
  PlainOf,
  PlainResult,
  TensorArgs,
  TensorResult,
  Unresolved,
} from "./types.js";

/** What was compiled for a function by `jvp`, `vjp` and `linearize`. */
const forwards = new WeakMap<AnyFunction, AnyFunction>();
const evaluations = {
  forward: new WeakMap<AnyFunction, AnyFunction>(),
  reverse: new WeakMap<AnyFunction, AnyFunction>(),
};
const applications = {
  forward: new WeakMap<AnyFunction, AnyFunction>(),
  reverse: new WeakMap<AnyFunction, AnyFunction>(),
};

const once = (
  cache: WeakMap<AnyFunction, AnyFunction>,
  fn: AnyFunction,
  make: () => AnyFunction,
): AnyFunction => {
  const known = cache.get(fn);
  if (known !== undefined) return known;
  const made = make();
  cache.set(fn, made);
  return made;
};

/** A function that is written in the package and captures a user's: to be compiled or differentiated, not called. */
export const ownFunction = (id: string, fn: AnyFunction): AnyFunction =>
  register((): never => internal(`${id} is called as it is`), { kind: "library", id, fn });
const compiledOwn = (id: string, fn: AnyFunction): AnyFunction => compiledCallable(ownFunction(id, fn));

/** Takes the primals, then the tangents; numbers stay numbers, as in any call. */
interface Jvp {
  <F extends Callable = Unresolved>(
    fn: F,
    primals: readonly [...PlainArgs<Parameters<PlainOf<F>>>],
    tangents: readonly [...PlainArgs<Parameters<PlainOf<F>>>],
  ): [PlainResult<ReturnType<PlainOf<F>>>, PlainResult<ReturnType<PlainOf<F>>>];
  <F extends Callable = Unresolved>(
    fn: F,
    primals: readonly [...TensorArgs<Parameters<PlainOf<F>>>],
    tangents: readonly [...TensorArgs<Parameters<PlainOf<F>>>],
  ): [TensorResult<ReturnType<PlainOf<F>>>, TensorResult<ReturnType<PlainOf<F>>>];
}

interface Vjp {
  <F extends Callable = Unresolved>(
    fn: F,
    ...primals: PlainArgs<Parameters<PlainOf<F>>>
  ): [
    PlainResult<ReturnType<PlainOf<F>>>,
    (cotangent: PlainResult<ReturnType<PlainOf<F>>>) => PlainResult<Parameters<PlainOf<F>>>,
  ];
  <F extends Callable = Unresolved>(
    fn: F,
    ...primals: TensorArgs<Parameters<PlainOf<F>>>
  ): [
    TensorResult<ReturnType<PlainOf<F>>>,
    (cotangent: Cotangent<ReturnType<PlainOf<F>>>) => TensorResult<Parameters<PlainOf<F>>>,
  ];
}

interface Linearize {
  <F extends Callable = Unresolved>(
    fn: F,
    ...primals: PlainArgs<Parameters<PlainOf<F>>>
  ): [
    PlainResult<ReturnType<PlainOf<F>>>,
    (...tangents: PlainArgs<Parameters<PlainOf<F>>>) => PlainResult<ReturnType<PlainOf<F>>>,
  ];
  <F extends Callable = Unresolved>(
    fn: F,
    ...primals: TensorArgs<Parameters<PlainOf<F>>>
  ): [
    TensorResult<ReturnType<PlainOf<F>>>,
    (...tangents: TensorArgs<Parameters<PlainOf<F>>>) => TensorResult<ReturnType<PlainOf<F>>>,
  ];
}

type Values = readonly never[];
const listOf = (x: unknown, what: string): readonly unknown[] =>
  Array.isArray(x) ? x : fail("TSJ5075", "type", `jvp(): ${what} is an array with one entry per argument`);

const pushForward = (fn: Callable, primals: Values, tangents: Values): unknown => {
  requireFunction(fn, "jvp()");
  const run = once(forwards, fn, () =>
    compiledOwn("jvp", (...all: Values) => jvp(fn, all.slice(0, all.length / 2), all.slice(all.length / 2))),
  );
  const [from, along] = [listOf(primals, "the second argument"), listOf(tangents, "the third argument")];
  if (from.length !== along.length)
    fail("TSJ5076", "type", `jvp(): ${from.length} primals need as many tangents, not ${along.length}`);
  return Reflect.apply(run, undefined, [...from, ...along]);
};

/**
 * The value of `fn` at `primals` and its directional derivative along `tangents`: `[value, tangent]`.
 * Tangents have the structure and the shapes of the primals.
 */
// One implementation for both overloads: the results' types follow the arguments' at run time.
export const jvp = intrinsic("jvp", pushForward as unknown as Jvp);

/** The two halves of a derivative, known inside compiled code only (compiler/frontend/transform-calls). */
type Mode = "forward" | "reverse";
const half = (id: string) =>
  intrinsic(id, (..._: readonly unknown[]): never => internal(`${id} is called as it is`));
const evaluateKept = half("evaluateKept");
const applyKept = half("applyKept");

/** Whether a tree holds no array: a call with such arguments gives plain numbers. Arrays of numbers count as `asTree` says. */
const isPlain = (node: unknown, asTree: boolean): boolean => {
  if (typeof node !== "object" || node === null) return true;
  if (isTensor(node) || ArrayBuffer.isView(node)) return false;
  if (!asTree && Array.isArray(node) && node.some((item) => typeof item === "number")) return false;
  return Object.values(node).every((child) => isPlain(child, asTree));
};

/** The numbers of single elements. */
const toPlain = (node: unknown): unknown => {
  if (isTensor(node)) return node.ndim === 0 ? node.item() : node;
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map(toPlain);
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, toPlain(child)]));
};

/** The value of `fn` at `primals`, and the function that applies the derivative there, as often as wanted. */
const halves = (
  mode: Mode,
  fn: Callable,
  primals: Values,
): readonly [unknown, (seeds: unknown) => unknown] => {
  const evaluate = once(evaluations[mode], fn, () =>
    compiledOwn(mode, (...p: Values) => evaluateKept(mode, fn, ...p)),
  );
  const apply = once(applications[mode], fn, () =>
    compiledOwn(mode, (kept: never, seeds: never, ...p: Values) => applyKept(mode, fn, kept, seeds, ...p)),
  );
  const [value, kept] = Reflect.apply(evaluate, undefined, primals) as readonly [unknown, unknown];
  const isPlainPoint = primals.every((x) => isPlain(x, false));
  return [
    value,
    (seeds) => {
      // what is kept may be arrays where all arguments are numbers
      const result: unknown = Reflect.apply(apply, undefined, [kept, seeds, ...primals]);
      return isPlainPoint && isPlain(seeds, true) ? toPlain(result) : result;
    },
  ];
};

const pullBack = (fn: Callable, ...primals: Values): unknown => {
  requireFunction(fn, "vjp()");
  return halves("reverse", fn, primals);
};

/**
 * The value of `fn` at `primals`, and the function that takes a cotangent of the value to those of the primals:
 * `[value, pullback]`, where `pullback(cotangent)` has one entry per primal. What the derivative needs is kept, so that
 * `fn` is evaluated once however often the pullback is called.
 */
// One implementation for both overloads, as above.
export const vjp = intrinsic("vjp", pullBack as unknown as Vjp);

const linearise = (fn: Callable, ...primals: Values): unknown => {
  requireFunction(fn, "linearize()");
  const [value, apply] = halves("forward", fn, primals);
  return [value, (...tangents: readonly unknown[]) => apply(tangents)];
};

/**
 * The value of `fn` at `primals`, and its derivative there as a linear function: `[value, tangent]`, where
 * `tangent(...tangents)` takes one tangent per primal to the tangent of the value. `fn` is evaluated once.
 */
// One implementation for both overloads, as above.
export const linearize = intrinsic("linearize", linearise as unknown as Linearize);
