/** Scratch that emitted code needs beyond a program's own: packed blocks of matrix products. Loads no compiler. */
import { matmulScratch, planMatmul } from "../../kernel/schedule-matmul.js";
import type { KernelProgram, Profile } from "../../kernel/types.js";
import { kernelsOf } from "../../kernel/walk.js";

const PROFILES: readonly Profile[] = ["base", "fma", "wide"];

/** Where the extra scratch begins, in bytes from the start of the scratch block. */
export const extraScratchAt = (program: KernelProgram): number => (program.scratchBytes + 15) & ~15;

/**
 * Bytes to allocate after `program.scratchBytes`: the most that any of its products needs under any profile (products run one
 * after the other and share it).
 */
export const scratchFor = (program: KernelProgram): number => {
  let most = 0;
  for (const kernel of kernelsOf(program.steps))
    if (kernel.kind === "matmul")
      for (const profile of PROFILES) most = Math.max(most, matmulScratch(planMatmul(kernel, profile)));
  return most === 0 ? 0 : extraScratchAt(program) - program.scratchBytes + most;
};
