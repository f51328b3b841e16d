/** A function's derivative at a point, as a linear map: along tangents (jvp, linearize) and back from cotangents (vjp). */
import { fail, internal } from "../compiler/diagnostics.js";
import { register } from "../compiler/frontend/registry.js";
import type { AnyFunction } from "../compiler/frontend/types.js";
import { intrinsic } from "./intrinsic.js";
import { compiledCallable, requireFunction } from "./jit.js";
import type { Jvp, Linearize, Vjp } from "./linear-map-types.js";
import { isTensor } from "./tensor.js";
import type { Callable } from "./types.js";

/** What was compiled for a function by `jvp`, `vjp` and `linearize`, by what it does. */
const compiled = new WeakMap<AnyFunction, Map<string, AnyFunction>>();

const once = (key: string, fn: AnyFunction, make: () => AnyFunction): AnyFunction => {
  const all = compiled.get(fn) ?? new Map<string, AnyFunction>();
  compiled.set(fn, all);
  const made = all.get(key) ?? make();
  all.set(key, made);
  return made;
};

/** A function that is written in the package and captures a user's: to be compiled or differentiated, not called. */
export const ownFunction = (id: string, fn: AnyFunction): AnyFunction =>
  register((): never => internal(`${id} is called as it is`), { kind: "library", id, fn });
const compiledOwn = (id: string, fn: AnyFunction): AnyFunction => compiledCallable(ownFunction(id, fn));

type Values = readonly never[];
const listOf = (x: unknown, what: string): readonly unknown[] =>
  Array.isArray(x) ? x : fail("TSJ5075", "type", `jvp(): ${what} is an array with one entry per argument`);

/** `{ hasAux }`: which no tree of numbers is. */
const isOptions = (x: unknown): x is { readonly hasAux: boolean } =>
  typeof x === "object" &&
  x !== null &&
  "hasAux" in x &&
  typeof x.hasAux === "boolean" &&
  Object.keys(x).length === 1;

const pushForward = (fn: Callable, primals: Values, tangents: Values, options?: unknown): unknown => {
  requireFunction(fn, "jvp()");
  const hasAux =
    options === undefined
      ? false
      : isOptions(options)
        ? options.hasAux
        : fail("TSJ5077", "type", "the options of jvp() are an object: { hasAux }, true or false");
  const run = once(hasAux ? "jvpAux" : "jvp", fn, () =>
    compiledOwn("jvp", (...all: Values) =>
      pushed(fn, all.slice(0, all.length / 2), all.slice(all.length / 2), { hasAux }),
    ),
  );
  const [from, along] = [listOf(primals, "the second argument"), listOf(tangents, "the third argument")];
  if (from.length !== along.length)
    fail("TSJ5076", "type", `jvp(): ${from.length} primals need as many tangents, not ${along.length}`);
  return Reflect.apply(run, undefined, [...from, ...along]);
};

/**
 * The value of `fn` at `primals` and its directional derivative along `tangents`: `[value, tangent]`.
 * Tangents have the structure and the shapes of the primals. With `hasAux`, of a function that gives `[value, aux]`:
 * `[value, tangent, aux]`.
 */
// One implementation for both overloads: the results' types follow the arguments' at run time.
const pushed = intrinsic("jvp", pushForward);
export const jvp = pushed as unknown as Jvp;

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

/** The value of `fn` at `primals`, the function that applies the derivative there, as often as wanted, and with `hasAux` the rest. */
const halves = (
  mode: Mode,
  fn: Callable,
  args: readonly unknown[],
): readonly [unknown, (seeds: unknown) => unknown, ...unknown[]] => {
  const last = args.at(-1);
  const [primals, hasAux] = isOptions(last) ? [args.slice(0, -1), last.hasAux] : [args, false];
  const key = `${mode}${hasAux ? "Aux" : ""}`;
  const evaluate = once(`evaluate ${key}`, fn, () =>
    compiledOwn(mode, (...p: Values) => evaluateKept(mode, hasAux, fn, ...p)),
  );
  const apply = once(`apply ${key}`, fn, () =>
    compiledOwn(mode, (kept: never, seeds: never, ...p: Values) =>
      applyKept(mode, hasAux, fn, kept, seeds, ...p),
    ),
  );
  const [value, kept, ...extra] = Reflect.apply(evaluate, undefined, primals) as readonly [
    unknown,
    unknown,
    ...unknown[],
  ];
  const isPlainPoint = primals.every((x) => isPlain(x, false));
  return [
    value,
    (seeds) => {
      // what is kept may be arrays where all arguments are numbers
      const result: unknown = Reflect.apply(apply, undefined, [kept, seeds, ...primals]);
      return isPlainPoint && isPlain(seeds, true) ? toPlain(result) : result;
    },
    ...extra,
  ];
};

const pullBack = (fn: Callable, ...args: readonly unknown[]): unknown => {
  requireFunction(fn, "vjp()");
  return halves("reverse", fn, args);
};

/**
 * The value of `fn` at `primals`, and the function that takes a cotangent of the value to those of the primals:
 * `[value, pullback]`, where `pullback(cotangent)` has one entry per primal. What the derivative needs is kept, so that
 * `fn` is evaluated once however often the pullback is called. With `{ hasAux: true }` behind the primals, of a function that
 * gives `[value, aux]`: `[value, pullback, aux]`.
 */
// One implementation for both overloads, as above.
export const vjp = intrinsic("vjp", pullBack as unknown as Vjp);

const linearise = (fn: Callable, ...args: readonly unknown[]): unknown => {
  requireFunction(fn, "linearize()");
  const [value, apply, ...extra] = halves("forward", fn, args);
  return [value, (...tangents: readonly unknown[]) => apply(tangents), ...extra];
};

/**
 * The value of `fn` at `primals`, and its derivative there as a linear function: `[value, tangent]`, where
 * `tangent(...tangents)` takes one tangent per primal to the tangent of the value. `fn` is evaluated once. With
 * `{ hasAux: true }` behind the primals, of a function that gives `[value, aux]`: `[value, tangent, aux]`.
 */
// One implementation for both overloads, as above.
export const linearize = intrinsic("linearize", linearise as unknown as Linearize);
