/** Functions whose derivative is written by the user. */
import { fail, internal } from "../compiler/diagnostics.js";
import { register } from "../compiler/frontend/registry.js";
import type { AnyFunction } from "../compiler/frontend/types.js";
import { intrinsic } from "./intrinsic.js";
import { baseOf, compiledCallable } from "./jit.js";
import type { Callable, Jitted } from "./types.js";

const customJvpCall = intrinsic("customJvpCall", (..._: readonly unknown[]): never =>
  internal("customJvpCall is called as it is"),
);
const customVjpCall = intrinsic("customVjpCall", (..._: readonly unknown[]): never =>
  internal("customVjpCall is called as it is"),
);

type Values = readonly never[];

/** A callable that is `fn`, and whose meaning inside compiled code is `own`. */
export const ruled = <F extends Callable>(id: string, fn: F, own: AnyFunction): Jitted<F> => {
  let target: AnyFunction | null = null;
  const callable = register(
    (...args: unknown[]): unknown => {
      target ??= compiledCallable(callable);
      return Reflect.apply(target, undefined, args);
    },
    { kind: "library", id, fn: own },
  );
  Object.defineProperty(callable, "name", { value: baseOf(fn).name, configurable: true });
  // Called like a jitted function, which it is.
  return callable as unknown as Jitted<F>;
};

const requireFunctions = (of: string, ...fns: readonly unknown[]): void => {
  if (!fns.every((fn) => typeof fn === "function"))
    fail("TSJ5060", "type", `${of} takes functions`, {
      hint: `${of} has the function first, then its rules`,
    });
};

/** A tree's tangents or cotangents: its structure, with numbers at the leaves. */
type Arguments<F extends Callable> = Parameters<F>;

/**
 * `fn` with a derivative of its own, for forward and reverse mode alike: `rule(primals, tangents)` gets both as arrays, one
 * entry per argument, and gives `[value, tangent of the value]`, linear in the tangents. What `fn` and the rule capture is
 * constant to the derivative.
 * @example
 * const log1pexp: (x: number) => number = customJvp(
 *   (x: number) => Math.log(1 + Math.exp(x)),
 *   ([x], [dx]) => [log1pexp(x), (1 - 1 / (1 + Math.exp(x))) * dx],
 * );
 */
export const customJvp = intrinsic(
  "customJvp",
  <F extends Callable>(
    fn: F,
    rule: (
      primals: Arguments<F>,
      tangents: Arguments<F>,
    ) => readonly [value: ReturnType<F>, tangent: ReturnType<F>],
  ): Jitted<F> => {
    requireFunctions("customJvp()", fn, rule);
    return ruled("customJvp", fn, (...args: Values) => customJvpCall(fn, rule, ...args));
  },
);

/** One cotangent per argument; null or undefined for zero. */
type Cotangents<P extends readonly unknown[]> = { readonly [K in keyof P]: P[K] | null | undefined };

/**
 * `fn` with a derivative of its own for reverse mode: `fwd(...args)` gives `[value, residuals]`, `bwd(residuals, cotangent)`
 * one cotangent per argument (null for zero). Forward mode through it is refused.
 * @example
 * const clipped = customVjp(
 *   (x: Tensor) => x,
 *   (x: Tensor) => [x, null],
 *   (_, ct: Tensor) => [np.clip(ct, -1, 1)],
 * );
 */
export const customVjp = intrinsic(
  "customVjp",
  <F extends Callable, R>(
    fn: F,
    fwd: (...args: Arguments<F>) => readonly [value: ReturnType<F>, residuals: R],
    bwd: (residuals: R, cotangent: ReturnType<F>) => Cotangents<Arguments<F>>,
  ): Jitted<F> => {
    requireFunctions("customVjp()", fn, fwd, bwd);
    return ruled("customVjp", fn, (...args: Values) => customVjpCall(fn, fwd, bwd, ...args));
  },
);
