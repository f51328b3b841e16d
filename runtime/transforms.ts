/** Derivatives and batching as functions of functions. Their types are overloads; one implementation stands behind each. */
import { fail } from "../compiler/diagnostics.js";
import { type AxesSpec, register, type Transform } from "../compiler/frontend/registry.js";
import type { AnyFunction } from "../compiler/frontend/types.js";
import { intrinsic } from "./intrinsic.js";
import { baseOf, compiledCallable, requireFunction } from "./jit.js";
import type { InRange, ScalarFunction, ScalarWithAux } from "./transform-types.js";
import type {
  ArgNums,
  Callable,
  Grad,
  Hessian,
  Jacobian,
  PlainOf,
  Unresolved,
  ValueAndGrad,
  Vmapped,
} from "./types.js";

export interface GradOptions<N extends ArgNums = 0, Aux extends boolean = false> {
  /** Which arguments to differentiate by: an index, or several; -1 is the last; default 0. */
  readonly argnums?: N;
  /** The function gives `[value, aux]`; aux is handed through. */
  readonly hasAux?: Aux;
}

/** Nothing where the arguments can be differentiated by; where they hold no numbers, what no function is. */
type Differentiable<P extends readonly unknown[], N extends ArgNums> = [N] extends [never]
  ? unknown
  : [InRange<P, N>] extends [never]
    ? "argnums names an argument that the function does not have, or that holds no numbers"
    : unknown;

/** Options of the derivatives of a function of these arguments. */
interface OptionsFor<P extends readonly unknown[], N extends ArgNums> extends GradOptions<N, false> {
  readonly argnums?: N & InRange<P, N>;
}
interface AuxOptionsFor<P extends readonly unknown[], N extends ArgNums> extends GradOptions<N, true> {
  readonly argnums?: N & InRange<P, N>;
  readonly hasAux: true;
}

/**
 * Derivatives of one number: without options, by the first argument. That has a signature of its own, because where a
 * function of a known type is wanted, N would be inferred from that type.
 */
interface ScalarDerivative<Of extends "grad" | "valueAndGrad"> {
  <F extends ScalarFunction = Unresolved<number>>(
    fn: F & Differentiable<Parameters<PlainOf<F>>, 0>,
  ): Derivatives<PlainOf<F>, 0, false>[Of];
  <F extends ScalarFunction = Unresolved<number>, const N extends ArgNums = 0>(
    fn: F & Differentiable<Parameters<PlainOf<F>>, N>,
    options?: OptionsFor<Parameters<PlainOf<F>>, N>,
  ): Derivatives<PlainOf<F>, N, false>[Of];
  <F extends ScalarWithAux = Unresolved<[number, unknown]>, const N extends ArgNums = 0>(
    fn: F,
    options: AuxOptionsFor<Parameters<PlainOf<F>>, N>,
  ): Derivatives<PlainOf<F>, N, true>[Of];
}

/** Derivatives of all results. */
interface EveryDerivative<Of extends "jacobian" | "hessian"> {
  <F extends Callable = Unresolved>(fn: F): Derivatives<PlainOf<F>, 0, false>[Of];
  <F extends Callable = Unresolved, const N extends ArgNums = 0>(
    fn: F,
    options?: OptionsFor<Parameters<PlainOf<F>>, N>,
  ): Derivatives<PlainOf<F>, N, false>[Of];
  <
    F extends (...args: never[]) => readonly [unknown, unknown] = Unresolved<[unknown, unknown]>,
    const N extends ArgNums = 0,
  >(
    fn: F,
    options: AuxOptionsFor<Parameters<PlainOf<F>>, N>,
  ): Derivatives<PlainOf<F>, N, true>[Of];
}

interface Derivatives<F extends Callable, N extends ArgNums, Aux extends boolean> {
  readonly grad: Grad<F, N, Aux>;
  readonly valueAndGrad: ValueAndGrad<F, N, Aux>;
  readonly jacobian: Jacobian<F, N, Aux>;
  readonly hessian: Hessian<F, N, Aux>;
}

export interface VmapOptions<P extends readonly unknown[] = readonly AxesSpec[]> {
  /** Per argument the axis to map over, null for none, or a tree of these; a number holds for all. Default 0. */
  readonly inAxes?: number | { readonly [K in keyof P]: AxesSpec };
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

type AnyGradOptions = GradOptions<ArgNums, boolean>;

const checkArgnums = (argnums: unknown, of: string): void => {
  const list: readonly unknown[] = Array.isArray(argnums) ? argnums : [argnums];
  if (list.length === 0 || !list.every(Number.isInteger))
    fail(
      "TSJ5070",
      "type",
      `${of}: argnums is an argument's index from 0 (-1 for the last), or a list of these`,
    );
  if (new Set(list).size !== list.length)
    fail("TSJ5071", "type", `${of}: argnums names an argument twice: ${list.join(", ")}`);
};

export const checkKeys = (options: object, known: readonly string[], of: string): void => {
  if (typeof options !== "object" || options === null)
    fail("TSJ5077", "type", `the options of ${of} are an object: { ${known.join(", ")} }`);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    fail("TSJ5072", "type", `${of} has no option ${JSON.stringify(unknown)}: it has ${known.join(", ")}`);
};

const checkGradOptions = (fn: unknown, options: AnyGradOptions, of: string): void => {
  requireFunction(fn, of);
  checkKeys(options, ["argnums", "hasAux"], of);
  checkArgnums(options.argnums ?? 0, of);
  if (options.hasAux !== undefined && typeof options.hasAux !== "boolean")
    fail("TSJ5073", "type", `${of}: hasAux is true or false`);
};

const gradOf = (fn: AnyFunction, options: AnyGradOptions = {}): AnyFunction => {
  checkGradOptions(fn, options, "grad()");
  const { argnums = 0, hasAux = false } = options;
  return transformed(fn, { kind: "grad", argnums, hasAux });
};

/**
 * The gradient of a function with one number as its result, with respect to the arguments that `argnums` names (the first
 * one by default): a function of the same arguments, whose result has the structure of those it differentiates by.
 * @example
 * grad((x: number) => x ** 3)(2); // 12
 * grad((w: Tensor, x: Tensor) => np.sum((w * x) ** 2), { argnums: [0, 1] })(w, x); // [by w, by x]
 */
export const grad = intrinsic("grad", gradOf as unknown as ScalarDerivative<"grad">);

const valueAndGradOf = (fn: AnyFunction, options: AnyGradOptions = {}): AnyFunction => {
  checkGradOptions(fn, options, "valueAndGrad()");
  const { argnums = 0, hasAux = false } = options;
  return transformed(fn, { kind: "valueAndGrad", argnums, hasAux });
};

/**
 * Value and gradient at once: `[value, gradient]`; with `hasAux`, `[[value, aux], gradient]`.
 * @example
 * const [value, gradient] = valueAndGrad(loss)(params, x, y);
 */
export const valueAndGrad = intrinsic(
  "valueAndGrad",
  valueAndGradOf as unknown as ScalarDerivative<"valueAndGrad">,
);

const jacfwdOf = (fn: AnyFunction, options: AnyGradOptions = {}): AnyFunction => {
  checkGradOptions(fn, options, "jacfwd()");
  const { argnums = 0, hasAux = false } = options;
  return transformed(fn, { kind: "jacfwd", argnums, hasAux });
};

/**
 * The Jacobian of a function of one or several results: at each leaf of the result, the structure of the arguments that
 * `argnums` names, whose leaves have the result's shape followed by the argument's. Forward mode: one batched pass over all
 * entries of the arguments, the better choice where the results have more of them.
 * @example
 * jacfwd((x: Tensor) => x * x)([1, 2, 3]); // [[2, 0, 0], [0, 4, 0], [0, 0, 6]]
 */
export const jacfwd = intrinsic("jacfwd", jacfwdOf as unknown as EveryDerivative<"jacobian">);

const jacrevOf = (fn: AnyFunction, options: AnyGradOptions = {}): AnyFunction => {
  checkGradOptions(fn, options, "jacrev()");
  const { argnums = 0, hasAux = false } = options;
  return transformed(fn, { kind: "jacrev", argnums, hasAux });
};

/** As `jacfwd`, by reverse mode: one batched pass over all entries of the results. */
export const jacrev = intrinsic("jacrev", jacrevOf as unknown as EveryDerivative<"jacobian">);

const hessianOf = (fn: AnyFunction, options: AnyGradOptions = {}): AnyFunction => {
  checkGradOptions(fn, options, "hessian()");
  const { argnums = 0, hasAux = false } = options;
  const of = { argnums, hasAux, title: "hessian" } as const;
  return transformed(transformed(fn, { kind: "jacrev", ...of }), { kind: "jacfwd", ...of });
};

/**
 * The matrix of second derivatives, by forward mode over reverse mode: `jacfwd(jacrev(fn))`. At each leaf of the result, the
 * structure of the arguments, and at each of its leaves that structure again; shapes follow each other.
 */
export const hessian = intrinsic("hessian", hessianOf as unknown as EveryDerivative<"hessian">);

/** Integers and nulls, in arrays and objects. */
const isAxes = (spec: unknown): boolean =>
  spec === null ||
  Number.isInteger(spec) ||
  (typeof spec === "object" && spec !== null && Object.values(spec).every(isAxes));

type Vmap = <F extends Callable = Unresolved>(
  fn: F,
  options?: VmapOptions<Parameters<PlainOf<F>>>,
) => Vmapped<PlainOf<F>>;
const vmapOf = (fn: AnyFunction, options: VmapOptions = {}): AnyFunction => {
  requireFunction(fn, "vmap()");
  checkKeys(options, ["inAxes", "outAxes"], "vmap()");
  const { inAxes = 0, outAxes = 0 } = options;
  if (!isAxes(inAxes) || !isAxes(outAxes))
    fail("TSJ5074", "type", "vmap(): inAxes and outAxes are axes (whole numbers), null, or trees of these");
  return transformed(fn, { kind: "vmap", inAxes, outAxes });
};

/**
 * The function over one more axis of its arguments and results, as one batch. `inAxes` says per argument which axis is
 * mapped, null for an argument that all share.
 * @example
 * vmap((w: Tensor, x: Tensor) => np.dot(w, x), { inAxes: [null, 0] })(w, batch);
 */
export const vmap = intrinsic("vmap", vmapOf as unknown as Vmap);

/** The value itself, constant to every derivative: of numbers, tensors and trees of these. */
export const stopGradient = intrinsic("stopGradient", <T>(x: T): T => x);
