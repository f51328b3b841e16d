/**
 * How long float sums are added up. An accumulator takes a block of iterations; then all accumulators of the loop are added into one
 * and that, without losing a bit, to a total of two words; the totals of spans of blocks are added in their order.
 *
 * Relative error of a sum of positive terms in units roundoff u, with v vectors per iteration: BLOCK - 1 + log2 v in a block, 1 for the
 * total's rounding, log2 v + log2 lanes at the end and 1 for the start: 14 u at most, 8.4e-7 in f32, whatever the length.
 *
 * Each span starts from nothing, so what is added to what depends on the loop's length alone: spans may be computed in any order or in
 * parallel, if their totals are added in order.
 */

/** Iterations of a block. */
const BLOCK = 8;
/** Iterations of a span: enough work for a thread. */
const SPAN = 4096;
/** Loops up to so many iterations have no blocks. */
const SHORT = 32;

export interface SumLevels {
  readonly block: number;
  /** Null where the loop is one span. */
  readonly span: number | null;
}

/** The levels of a sum over a loop of so many iterations; null where each accumulator just runs through. */
export const sumLevels = (iterations: number): SumLevels | null => {
  if (iterations <= SHORT) return null;
  return { block: BLOCK, span: iterations <= SPAN ? null : SPAN };
};
