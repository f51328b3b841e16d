/** From a function and the shape of its arguments to a program: front end, passes, lowering, WASM. */
import { stage } from "../compiler/frontend/stage.js";
import type { AnyFunction, ArgLeaf, Staged, Tree } from "../compiler/frontend/types.js";
import type { IrFunction } from "../compiler/ir/types.js";
import { lowerProgram } from "../compiler/kernel/lower.js";
import type { KernelProgram } from "../compiler/kernel/types.js";
import { type PassRun, runPasses } from "../compiler/passes/pipeline.js";
import { compileSync } from "../compiler/targets/wasm/client.js";
import { detectProfile } from "../compiler/targets/wasm/profile.js";
import { scratchFor } from "../compiler/targets/wasm/scratch.js";
import { debug } from "./debug.js";
import { type Binary, binaryOf } from "./run-wasm.js";

/** What is compiled, and how. */
export interface Source {
  /** What is staged: the user's function, or a callable that a transform made. */
  readonly root: AnyFunction;
  readonly scope: (() => Readonly<Record<string, unknown>>) | null;
  readonly strict: boolean;
  readonly fast: boolean;
}

/** A staged function after the passes. */
export interface Optimised {
  readonly staged: Staged;
  readonly runs: readonly PassRun[];
  readonly fn: IrFunction;
}

export const stageAndOptimise = (source: Source, args: readonly Tree<ArgLeaf>[]): Optimised => {
  const start = performance.now();
  const staged = stage({ fn: source.root, args, scope: source.scope });
  const middle = performance.now();
  const { fn, runs } = runPasses(staged.fn);
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
  const { wasm } = compileSync(program, detectProfile());
  debug(1, () => {
    const ms = (performance.now() - start).toFixed(1);
    return `${fn.name}: ${program.kernels.length} kernels, ${wasm.length} bytes of WASM in ${ms} ms`;
  });
  return binaryOf(
    program,
    wasm,
    fn.params.map((p) => p.type),
    fn.results.map((r) => r.type),
    scratchFor(program),
  );
};
