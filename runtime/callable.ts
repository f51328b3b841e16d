/** The callables that users hold: functions of the shape of what was compiled, with ways to look inside. */
import type { AnyFunction } from "../compiler/frontend/types.js";
import type { CompiledFunction } from "./compiled-function.js";
import { inspect } from "./inspect.js";
import { recordCallable } from "./recorded-arguments.js";

type Call = (...args: never[]) => unknown;

/** Number of parameters, where each call passes its arguments by position only; null where that is not plain to see. */
const plainArity = (fn: AnyFunction): number | null => {
  const text = Function.prototype.toString.call(fn);
  const head = /^(?:function\b[^(]*)?\(([\w$\s,]*)\)|^([A-Za-z_$][\w$]*)\s*=>/.exec(text);
  if (head === null || /\barguments\b/.test(text)) return null;
  const params = (head[1] ?? head[2] ?? "").split(",").filter((p) => p.trim() !== "").length;
  return params === fn.length ? params : null;
};

const withoutTrailing = (args: unknown[]): unknown[] => {
  let n = args.length;
  while (n > 0 && args[n - 1] === undefined) n--;
  return n === args.length ? args : args.slice(0, n);
};

/**
 * For one to four parameters a function of exactly these: numbers go to the compiled code directly, and nothing is allocated.
 * Arguments beyond the parameters are not looked at by the function either.
 */
const positional = (target: CompiledFunction, arity: number): Call | null => {
  const slow = (...args: unknown[]): unknown => target.call(withoutTrailing(args));
  switch (arity) {
    case 1:
      return (a: unknown) => {
        const { fast } = target;
        return fast?.arity === 1 && typeof a === "number" ? fast.call(a) : slow(a);
      };
    case 2:
      return (a: unknown, b: unknown) => {
        const { fast } = target;
        return fast?.arity === 2 && typeof a === "number" && typeof b === "number"
          ? fast.call(a, b)
          : slow(a, b);
      };
    case 3:
      return (a: unknown, b: unknown, c: unknown) => {
        const { fast } = target;
        return fast?.arity === 3 && typeof a === "number" && typeof b === "number" && typeof c === "number"
          ? fast.call(a, b, c)
          : slow(a, b, c);
      };
    case 4:
      return (a: unknown, b: unknown, c: unknown, d: unknown) => {
        const { fast } = target;
        return fast?.arity === 4 &&
          typeof a === "number" &&
          typeof b === "number" &&
          typeof c === "number" &&
          typeof d === "number"
          ? fast.call(a, b, c, d)
          : slow(a, b, c, d);
      };
    default:
      return null;
  }
};

const isNumbers = (args: readonly unknown[]): args is number[] =>
  args.every((arg) => typeof arg === "number");

const variadic =
  (target: CompiledFunction): Call =>
  (...args: unknown[]) => {
    const { fast } = target;
    return fast !== null && fast.arity === args.length && isNumbers(args)
      ? fast.call(...args)
      : target.call(args);
  };

/** @param base the function that the user wrote; the callable takes its name */
export const makeCallable = (target: CompiledFunction, base: AnyFunction): AnyFunction => {
  const arity = plainArity(base);
  const callable = (arity === null ? null : positional(target, arity)) ?? variadic(target);
  Object.defineProperty(callable, "name", { value: base.name, configurable: true });
  recordCallable(callable, target.source, (args) => inspect(target, args).lowered());
  return Object.assign(callable, {
    cacheInfo: () => target.cacheInfo(),
    explainMisses: () => target.explainMisses(),
    lower: (...args: unknown[]) => inspect(target, args).lowered(),
    stats: (...args: unknown[]) => inspect(target, args).stats(),
  });
};
