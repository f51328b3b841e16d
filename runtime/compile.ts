/** From a function and the shape of its arguments to a program: front end, passes, lowering, WASM. */
import { stage } from "../compiler/frontend/stage.js";
import type { AnyFunction, ArgLeaf, Staged, Tree } from "../compiler/frontend/types.js";
import { printFunction } from "../compiler/ir/print.js";
import type { IrFunction } from "../compiler/ir/types.js";
import { lowerProgram } from "../compiler/kernel/lower.js";
import { printProgram } from "../compiler/kernel/print.js";
import type { KernelProgram } from "../compiler/kernel/types.js";
import { kernelsOf } from "../compiler/kernel/walk.js";
import { type PassRun, runPasses } from "../compiler/passes/pipeline.js";
import { compileSync, stopCompiler } from "../compiler/targets/wasm/client.js";
import { detectProfile } from "../compiler/targets/wasm/profile.js";
import { scratchFor } from "../compiler/targets/wasm/scratch.js";
import { onMemoryPressure } from "./arena.js";
import { collectYoung } from "./collect.js";
import { debug, debugLevel } from "./debug.js";
import { type Binary, binaryOf } from "./run-wasm.js";

/**
 * A program that has had so much leave the arena since it last compiled is in a loop of large results: the worker, which holds
 * 40 MB, is ended rather than left to idle.
 */
const PRESSURE_BYTES = 64 << 20;
/** Evicted arrays between two collections: few enough for V8 not to have moved them among its old objects. */
const COLLECTED_BYTES = 16 << 20;
let collectedBytes = 0;
let evictedBytes = 0;
let evictedWhenCompiled = 0;
let isWorkerIdle = false;
onMemoryPressure((bytes) => {
  evictedBytes = bytes;
  if (bytes - collectedBytes >= COLLECTED_BYTES) {
    collectedBytes = bytes;
    collectYoung();
  }
  if (!isWorkerIdle || bytes - evictedWhenCompiled < PRESSURE_BYTES) return;
  isWorkerIdle = false;
  stopCompiler();
});

/** What is compiled, and how. */
export interface Source {
  /** What is staged: the user's function, or a callable that a transform made. */
  readonly root: AnyFunction;
  readonly scope: (() => Readonly<Record<string, unknown>>) | null;
  readonly strict: boolean;
  readonly fast: boolean;
  /** Iterations that a loop without a known number of them may make; null for any number. */
  readonly maxIterations: number | null;
}

/** A staged function after the passes. */
export interface Optimised {
  readonly staged: Staged;
  readonly runs: readonly PassRun[];
  readonly fn: IrFunction;
}

export const stageAndOptimise = (source: Source, args: readonly Tree<ArgLeaf>[]): Optimised => {
  const start = performance.now();
  const staged = stage({
    fn: source.root,
    args,
    scope: source.scope,
    maxIterations: source.maxIterations,
  });
  const middle = performance.now();
  const { fn, runs } = runPasses(staged.fn);
  debug(2, () => `${fn.name} as staged\n${printFunction(staged.fn, { spans: "comment" })}`);
  debug(2, () => `${fn.name} after the passes\n${printFunction(fn, { spans: "comment" })}`);
  debug(1, () => {
    const passes = (performance.now() - middle).toFixed(1);
    return `${fn.name}: staged in ${(middle - start).toFixed(1)} ms, passes ${passes} ms, ${fn.body.length} equations`;
  });
  return { staged, runs, fn };
};

export const lowerFunction = ({ strict, fast }: Source, fn: IrFunction): KernelProgram =>
  lowerProgram(fn, { strict, fast });

export const compileFunction = (source: Source, fn: IrFunction): Binary => {
  const program = lowerFunction(source, fn);
  const start = performance.now();
  const { wasm, wat } = compileSync(program, detectProfile(), { wat: debugLevel() >= 4 });
  isWorkerIdle = true;
  evictedWhenCompiled = evictedBytes;
  debug(4, () => `${fn.name}\n${printProgram(program)}\n${wat ?? ""}`);
  debug(1, () => {
    const ms = (performance.now() - start).toFixed(1);
    return `${fn.name}: ${kernelsOf(program.steps).length} kernels, ${wasm.length} bytes of WASM in ${ms} ms`;
  });
  return binaryOf(
    program,
    wasm,
    fn.params.map((p) => p.type),
    fn.results.map((r) => r.type),
    scratchFor(program),
  );
};
