/** Functions with effects, which compiled code would call once instead of at every run. */
import { refuse, type Site } from "./machine.js";
import type { AnyFunction } from "./types.js";

/** Effects and what to use instead. */
const EFFECTS: ReadonlyMap<AnyFunction, readonly [name: string, hint: string]> = new Map<
  AnyFunction,
  readonly [string, string]
>([
  [Math.random, ["Math.random", "random.uniform(key) gives numbers from a key: pass a key in and split it"]],
  [Date.now, ["Date.now", "read the clock outside and pass the number in"]],
  [Date, ["Date", "read the clock outside and pass the number in"]],
  [performance.now, ["performance.now", "read the clock outside and pass the number in"]],
  ...Object.values(console)
    .filter((f): f is () => void => typeof f === "function")
    .map((f) => [f, [`console.${f.name}`, "return the value and print it outside"]] as const),
  ...[setTimeout, setInterval, queueMicrotask, fetch].map(
    (f) => [f, [f.name, "do it outside of the compiled function"]] as const,
  ),
]);

/** Code from a text can't be looked into. */
// biome-ignore lint/security/noGlobalEval: what is refused
const EVALUATORS: ReadonlySet<unknown> = new Set([eval, Function]);
const refuseEvaluated = (site: Site, fn: AnyFunction): void => {
  if (!EVALUATORS.has(fn)) return;
  refuse(
    site,
    "TSJ1040",
    `code made from a text, by ${fn.name === "Function" ? "`new Function`" : "`eval`"}, is not compiled: what it does can't be seen`,
    "write the code as a function; one made outside by new Function can be captured",
  );
};

/** Refuses functions that compiled code would call once instead of at every run. */
export const refuseEffect = (site: Site, fn: AnyFunction): void => {
  refuseEvaluated(site, fn);
  const effect = EFFECTS.get(fn);
  if (effect === undefined) return;
  refuse(
    site,
    "TSJ1030",
    `${effect[0]} can't be called in compiled code: it would run once, when the function is compiled`,
    effect[1],
  );
};
