/** `lower` and `stats`: what a function is compiled to for given arguments. Nothing is run. */
import { internal } from "../compiler/diagnostics.js";
import { printFunction } from "../compiler/ir/print.js";
import { printProgram } from "../compiler/kernel/print.js";
import { programStats } from "../compiler/kernel/stats.js";
import { compileSync } from "../compiler/targets/wasm/client.js";
import { detectProfile } from "../compiler/targets/wasm/profile.js";
import { lowerFunction, stageAndOptimise } from "./compile.js";
import type { CompiledFunction } from "./compiled-function.js";
import { argumentTrees } from "./signature.js";
import type { Lowered, Stats } from "./types.js";

export interface Inspection {
  readonly lowered: () => Lowered;
  readonly stats: () => Stats;
}

/** Stages and lowers `target` for the arguments; throws the diagnostics that a call would. */
export const inspect = ({ source, names }: CompiledFunction, args: readonly unknown[]): Inspection => {
  const optimised = stageAndOptimise(source, argumentTrees(args, names));
  const program = lowerFunction(source, optimised.fn);
  const ir = (fn: typeof optimised.fn): string => printFunction(fn, { spans: "comment" });
  return {
    lowered: () => {
      const { wat } = compileSync(program, detectProfile(), { wat: true });
      return {
        ir: ir(optimised.staged.fn),
        passes: optimised.runs.map(({ name, after }) => ({ name, ir: ir(after) })),
        kernels: printProgram(program),
        wat: wat ?? internal("the compiler gave no text"),
      };
    },
    stats: () => programStats(program),
  };
};
