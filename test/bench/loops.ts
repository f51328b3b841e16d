/**
 * Scalar loops: twelve functions of the corpus, compiled, against the same functions run by V8 after warm-up. Both get
 * the same arguments and give all of their result; the compiled side reads its arguments into its memory at each call.
 */
import { jit } from "tsc-jit";
import { toPlain } from "../corpus/compare.js";
import { findCase, loadCorpus } from "../corpus/corpus.js";
import { integers, sample } from "../fixtures/corpus/case.js";
import type { Case } from "./harness.js";

/** Without `strict`, sums of up to 1e6 terms may be reassociated: 1e6 rounding errors of 2**-53 at most. */
const REASSOCIATED = 1e6 * 2 ** -53;

/** Arguments that keep V8 busy for some milliseconds. */
const workloads: Readonly<Record<string, () => readonly unknown[]>> = {
  mandelbrot: () => [320, 240, 200],
  longestCollatz: () => [30_000],
  sieve: () => [1_000_000],
  quickSort: () => [Float64Array.from(sample(100_000, 1))],
  floydWarshall: () => [
    Array.from({ length: 100 }, (_, i) => sample(100, i + 1).map((u) => (u < 0.3 ? 100 : u))),
  ],
  luSolve: () => [Float64Array.from(sample(150 * 150, 2)), Float64Array.from(sample(150, 3))],
  editDistance: () => [Uint8Array.from(integers(1000, 4, 1)), Uint8Array.from(integers(1000, 4, 2))],
  binomialTree: () => [100, 110, 1.002, 0.99999, 1500],
  crc32Table: () => [Uint8Array.from(integers(1_000_000, 256, 4))],
  laplace: () => [Array.from({ length: 64 }, (_, i) => sample(64, i + 1)), 1e-3],
  rk4Lorenz: () => [[1, 1, 1], 0.001, 50_000],
  planets: () => [findPlanets(), 20_000],
};

let corpus = await loadCorpus();
const findPlanets = (): unknown => findCase(corpus, "planets").inputs[0]?.[0];

/** All numbers of a result, folded into one: the sum with weights that tell positions apart. */
const digest = (value: unknown): number => {
  let sum = 0;
  let k = 1;
  const visit = (x: unknown): void => {
    if (typeof x === "number") sum += x * (1 + 1 / k++);
    else if (typeof x === "object" && x !== null) for (const item of Object.values(x)) visit(item);
  };
  visit(toPlain(value));
  return sum;
};

type Plain = (...args: readonly unknown[]) => unknown;

export const loops = async (): Promise<readonly Case[]> => {
  corpus = await loadCorpus();
  return Object.entries(workloads).map(([name, argumentsOf]) => {
    const plain = findCase(corpus, name).fn as (...args: readonly unknown[]) => unknown;
    const compiled = jit(plain);
    const args = argumentsOf();
    const contender = (who: string, fn: Plain) => ({
      name: who,
      run: () => void fn(...args),
      result: () => digest(fn(...args)),
    });
    return {
      name,
      gflop: null,
      tolerance: REASSOCIATED,
      contenders: [contender("tsc-jit", compiled), contender("V8", plain)],
    };
  });
};
