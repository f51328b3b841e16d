/** The process as a program sees it that is read and not run: functions without effects work, all else is unknown. */
import { unknownFor, type World } from "../frontend/faults.js";
import { type Site, spanAt } from "../frontend/machine.js";
import type { AnyFunction } from "../frontend/types.js";
import { builtin, isStatic, UNDEFINED, type Value } from "../frontend/values.js";

/** Objects all of whose functions compute a result and do nothing else. */
const PURE: Readonly<Record<string, unknown>> = {
  ...{ Array, Object, Number, String, Boolean, Symbol, BigInt, Map, Set, WeakMap, WeakSet },
  ...{ Math, JSON, RegExp, Error, TypeError, RangeError, SyntaxError, EvalError, URIError },
  ...{ Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, BigInt64Array, BigUint64Array },
  ...{ Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array, ArrayBuffer, DataView },
  ...{ parseInt, parseFloat, isNaN, isFinite, structuredClone, NaN: Number.NaN, Infinity },
};

/** Globals that the compiler refuses by itself, wherever they are called. */
const REFUSED: ReadonlySet<string> = new Set([
  ...["Date", "performance", "console", "eval"],
  ...["setTimeout", "setInterval", "queueMicrotask", "fetch"],
]);

const isFunction = (x: unknown): x is AnyFunction => typeof x === "function";

const addMembers = (object: unknown, into: Set<AnyFunction>): void => {
  if ((typeof object !== "object" && !isFunction(object)) || object === null) return;
  for (const { value, get } of Object.values(Object.getOwnPropertyDescriptors(object)))
    for (const fn of [value, get]) if (isFunction(fn) && fn !== Function) into.add(fn);
};

const pureFunctions = (): ReadonlySet<AnyFunction> => {
  const found = new Set<AnyFunction>();
  for (const value of Object.values(PURE)) {
    if (isFunction(value)) found.add(value);
    addMembers(value, found);
    if (isFunction(value)) {
      addMembers(value.prototype, found);
      addMembers(Object.getPrototypeOf(value.prototype ?? {}), found);
    }
  }
  for (const iterable of [[], "", new Map(), new Set(), "".matchAll(/x/g)])
    addMembers(Object.getPrototypeOf(iterable[Symbol.iterator]()), found);
  return found;
};

/** What `require` gives: the module's exports. */
export type Requiring = (site: Site, specifier: string) => Value;

export const createWorld = (require: Requiring): World => {
  const pure = pureFunctions();
  const required = builtin("require", ([specifier = UNDEFINED], site) =>
    isStatic(specifier) && typeof specifier.value === "string"
      ? require(site, specifier.value)
      : unknownFor({
          subject: "a module that is loaded by a computed name",
          reason: "run",
          span: spanAt(site),
        }),
  );
  return {
    global: (site, name) => {
      if (name === "require") return required;
      if (Object.hasOwn(PURE, name) || REFUSED.has(name)) return null;
      return unknownFor({
        subject: `\`${name}\``,
        reason: "run",
        span: spanAt(site),
      });
    },
    isPure: (fn) => pure.has(fn),
  };
};
