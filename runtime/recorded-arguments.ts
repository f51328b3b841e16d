/**
 * What each compiled function was last compiled for: `tsc-jit ir` shows that program. Nothing is recorded unless it is
 * asked for, because it keeps arguments alive. The record is one for all copies of the library in the process: a
 * program may have loaded it by require and by import.
 */
import type { AnyFunction } from "../compiler/frontend/types.js";
import type { Lowered } from "./types.js";

/** The callables made since recording started, each with a way to lower it for its last arguments. */
type Recording = WeakMap<AnyFunction, () => Lowered | null>;

const KEY = Symbol.for("tsc-jit.recording");
const shared = globalThis as { [KEY]?: Recording };

/** Arguments of the last compilation of each compiled function, by its source. */
const lastArguments = new WeakMap<object, readonly unknown[]>();

/** From now on callables and their arguments are recorded. */
export const startRecording = (): void => {
  shared[KEY] ??= new WeakMap();
};

/** Notes that what has this source is compiled for `args`. */
export const recordArguments = (source: object, args: readonly unknown[]): void => {
  if (shared[KEY] !== undefined) lastArguments.set(source, args);
};

/** Notes a new callable and how it is lowered for given arguments. */
export const recordCallable = (
  callable: AnyFunction,
  source: object,
  lower: (args: readonly unknown[]) => Lowered,
): void =>
  void shared[KEY]?.set(callable, () => {
    const args = lastArguments.get(source);
    return args === undefined ? null : lower(args);
  });

/** Whether a function is a callable that was recorded. */
export const isRecorded = (callable: AnyFunction): boolean => shared[KEY]?.has(callable) === true;

/** The callable lowered for the arguments it was last compiled for; null if it was not called. */
export const lastLowering = (callable: AnyFunction): Lowered | null => shared[KEY]?.get(callable)?.() ?? null;
