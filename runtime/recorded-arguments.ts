/**
 * The arguments that each compiled function was last compiled for: `tsc-jit ir` shows that program. Recording is off
 * unless it is asked for, because it keeps the arguments alive.
 */
import type { AnyFunction } from "../compiler/frontend/types.js";
import type { CompiledFunction } from "./compiled-function.js";

const targets = new WeakMap<AnyFunction, CompiledFunction>();
let recorded: WeakMap<object, readonly unknown[]> | null = null;

/** Makes a callable known as the way to call `target`. */
export const nameTarget = (callable: AnyFunction, target: CompiledFunction): void =>
  void targets.set(callable, target);

/** What a callable made by jit or another transform calls; undefined for any other function. */
export const targetOf = (callable: AnyFunction): CompiledFunction | undefined => targets.get(callable);

/** From now on arguments are recorded. */
export const startRecording = (): void => {
  recorded ??= new WeakMap();
};

/** Notes that `target`, the one with this source, is compiled for `args`. */
export const recordArguments = (source: object, args: readonly unknown[]): void =>
  void recorded?.set(source, args);

/** The arguments of the last compilation; undefined if there was none since recording started. */
export const recordedArguments = (target: CompiledFunction): readonly unknown[] | undefined =>
  recorded?.get(target.source);
