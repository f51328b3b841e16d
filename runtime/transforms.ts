/** Derivatives and batching as functions of functions, and the wrapper of the library's own functions. */
import { fail, internal } from "../compiler/diagnostics.js";
import { type AxesSpec, register, type Transform } from "../compiler/frontend/registry.js";
import type { AnyFunction } from "../compiler/frontend/types.js";
import { type CompiledFunction, createFunction } from "./compiled-function.js";
import { baseOf, compiledCallable, requireFunction } from "./jit.js";
import { markLibrary } from "./stored-program.js";
import type {
  ArgNums,
  Callable,
  Grad,
  PlainArg,
  PlainArgs,
  PlainResult,
  TensorArg,
  TensorArgs,
  TensorResult,
  ValueAndGrad,
  Vmapped,
} from "./types.js";

export interface GradOptions<N extends ArgNums = 0, Aux extends boolean = false> {
  /** Which arguments to differentiate by: an index, or several; default 0. */
  readonly argnums?: N;
  /** The function gives `[value, aux]`; aux is handed through. */
  readonly hasAux?: Aux;
}

export interface VmapOptions {
  /** Per argument the axis to map over, null for none, or a tree of these; a number holds for all. Default 0. */
  readonly inAxes?: AxesSpec;
  /** Where the mapped axis is in the results. Default 0. */
  readonly outAxes?: AxesSpec;
}

const transformed = (fn: AnyFunction, transform: Transform): AnyFunction => {
  // The callable is what is staged, so it must exist before the function behind it.
  let target: AnyFunction | null = null;
  const callable = register(
    (...args: unknown[]): unknown => {
      target ??= compiledCallable(callable);
      return Reflect.apply(target, undefined, args);
    },
    { kind: "transform", transform, fn },
  );
  const inner = (): AnyFunction => {
    target ??= compiledCallable(callable);
    return target;
  };
  const ask =
    (name: string) =>
    (...args: unknown[]) =>
      Reflect.apply(Reflect.get(inner(), name), undefined, args);
  Object.defineProperty(callable, "name", {
    value: `${transform.kind}(${baseOf(fn).name})`,
    configurable: true,
  });
  return Object.assign(callable, {
    cacheInfo: ask("cacheInfo"),
    explainMisses: ask("explainMisses"),
    lower: ask("lower"),
    stats: ask("stats"),
  });
};

const isIndex = (n: unknown): n is number => Number.isInteger(n) && Number(n) >= 0;

const checkArgnums = (argnums: unknown, of: string): void => {
  const list: readonly unknown[] = Array.isArray(argnums) ? argnums : [argnums];
  if (list.length === 0 || !list.every(isIndex))
    fail("TSJ5070", "type", `${of}: argnums is an argument's index from 0, or a list of these`);
  if (new Set(list).size !== list.length)
    fail("TSJ5071", "type", `${of}: argnums names an argument twice: ${list.join(", ")}`);
};

const checkKeys = (options: object, known: readonly string[], of: string): void => {
  if (typeof options !== "object" || options === null)
    fail("TSJ5077", "type", `the options of ${of} are an object: { ${known.join(", ")} }`);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    fail("TSJ5072", "type", `${of} has no option ${JSON.stringify(unknown)}: it has ${known.join(", ")}`);
};

const checkGradOptions = (fn: unknown, options: GradOptions<ArgNums, boolean>, of: string): void => {
  requireFunction(fn, of);
  checkKeys(options, ["argnums", "hasAux"], of);
  checkArgnums(options.argnums ?? 0, of);
  if (options.hasAux !== undefined && typeof options.hasAux !== "boolean")
    fail("TSJ5073", "type", `${of}: hasAux is true or false`);
};

const intrinsic = <F extends AnyFunction>(id: string, fn: F): F => register(fn, { kind: "intrinsic", id });

/**
 * The gradient of a function with one number as its result, with respect to the arguments that `argnums` names (the first
 * one by default): a function of the same arguments, whose result has the structure of those it differentiates by.
 * @example
 * grad((x: number) => x ** 3)(2); // 12
 * grad((w: Tensor, x: Tensor) => np.sum((w * x) ** 2), { argnums: [0, 1] })(w, x); // [by w, by x]
 */
export const grad = intrinsic(
  "grad",
  <F extends Callable, const N extends ArgNums = 0, Aux extends boolean = false>(
    fn: F,
    options: GradOptions<N, Aux> = {},
  ): Grad<F, N, Aux> => {
    checkGradOptions(fn, options, "grad()");
    const { argnums = 0, hasAux = false } = options;
    return transformed(fn, { kind: "grad", argnums, hasAux }) as unknown as Grad<F, N, Aux>;
  },
);

/**
 * Value and gradient at once: `[value, gradient]`; with `hasAux`, `[[value, aux], gradient]`.
 * @example
 * const [value, gradient] = valueAndGrad(loss)(params, x, y);
 */
export const valueAndGrad = intrinsic(
  "valueAndGrad",
  <F extends Callable, const N extends ArgNums = 0, Aux extends boolean = false>(
    fn: F,
    options: GradOptions<N, Aux> = {},
  ): ValueAndGrad<F, N, Aux> => {
    checkGradOptions(fn, options, "valueAndGrad()");
    const { argnums = 0, hasAux = false } = options;
    return transformed(fn, { kind: "valueAndGrad", argnums, hasAux }) as unknown as ValueAndGrad<F, N, Aux>;
  },
);

/** Integers and nulls, in arrays and objects. */
const isAxes = (spec: unknown): boolean =>
  spec === null ||
  Number.isInteger(spec) ||
  (typeof spec === "object" && spec !== null && Object.values(spec).every(isAxes));

/**
 * The function over one more axis of its arguments and results, as one batch. `inAxes` says per argument which axis is
 * mapped, null for an argument that all share.
 * @example
 * vmap((w: Tensor, x: Tensor) => np.dot(w, x), { inAxes: [null, 0] })(w, batch);
 */
export const vmap = intrinsic("vmap", <F extends Callable>(fn: F, options: VmapOptions = {}): Vmapped<F> => {
  requireFunction(fn, "vmap()");
  checkKeys(options, ["inAxes", "outAxes"], "vmap()");
  const { inAxes = 0, outAxes = 0 } = options;
  if (!isAxes(inAxes) || !isAxes(outAxes))
    fail("TSJ5074", "type", "vmap(): inAxes and outAxes are axes (whole numbers), null, or trees of these");
  return transformed(fn, { kind: "vmap", inAxes, outAxes }) as unknown as Vmapped<F>;
});

/** What was compiled for a function by `jvp` and `vjp`. */
const forwards = new WeakMap<AnyFunction, AnyFunction>();
const values = new WeakMap<AnyFunction, AnyFunction>();
const pullbacks = new WeakMap<AnyFunction, AnyFunction>();

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

/** Compiles a function that is written here and captures a user's. */
const compiledOwn = (id: string, fn: AnyFunction): AnyFunction =>
  compiledCallable(register((): never => internal(`${id} is called as it is`), { kind: "library", id, fn }));

/** Takes the primals, then the tangents; numbers stay numbers, as in any call. */
interface Jvp {
  <F extends Callable>(
    fn: F,
    primals: PlainArgs<Parameters<F>>,
    tangents: PlainArgs<Parameters<F>>,
  ): [PlainResult<ReturnType<F>>, PlainResult<ReturnType<F>>];
  <F extends Callable>(
    fn: F,
    primals: TensorArgs<Parameters<F>>,
    tangents: TensorArgs<Parameters<F>>,
  ): [TensorResult<ReturnType<F>>, TensorResult<ReturnType<F>>];
}

interface Vjp {
  <F extends Callable>(
    fn: F,
    ...primals: PlainArgs<Parameters<F>>
  ): [PlainResult<ReturnType<F>>, (cotangent: PlainArg<ReturnType<F>>) => PlainResult<Parameters<F>>];
  <F extends Callable>(
    fn: F,
    ...primals: TensorArgs<Parameters<F>>
  ): [TensorResult<ReturnType<F>>, (cotangent: TensorArg<ReturnType<F>>) => TensorResult<Parameters<F>>];
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

const pullBack = (fn: Callable, ...primals: Values): unknown => {
  requireFunction(fn, "vjp()");
  const value = once(values, fn, () => compiledCallable(fn));
  const pullback = once(pullbacks, fn, () =>
    compiledOwn("vjp", (cotangent: never, ...p: Values) => vjp(fn, ...p)[1](cotangent)),
  );
  return [
    Reflect.apply(value, undefined, primals),
    (cotangent: unknown) => Reflect.apply(pullback, undefined, [cotangent, ...primals]),
  ];
};

/**
 * The value of `fn` at `primals`, and the function that takes a cotangent of the value to those of the primals:
 * `[value, pullback]`, where `pullback(cotangent)` has one entry per primal.
 */
// One implementation for both overloads, as above.
export const vjp = intrinsic("vjp", pullBack as unknown as Vjp);

/** The value itself, constant to every derivative: of numbers, tensors and trees of these. */
export const stopGradient = intrinsic("stopGradient", <T>(x: T): T => x);

/**
 * A function of the library: `fn` is inlined into compiled code; called from outside it is compiled for each signature, and
 * small arrays run in the interpreter at first.
 */
const makeLibrary = <F extends AnyFunction>(id: string, fn: F): F => {
  let target: CompiledFunction | null = null;
  const callable = (...args: unknown[]): unknown => {
    target ??= createFunction({ root: callable, scope: null, strict: false, fast: false }, fn, true);
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
