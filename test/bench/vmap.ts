/** Batches: `vmap`, compiled, against calls of the compiled function in a loop, and against the plain function in a loop. */
import { isTensor, jit, vmap } from "tsc-jit";
import type { Case, Contender } from "./harness.js";
import { type Example, PROGRAMS, type Program } from "./vmap-programs.js";

const EXAMPLES = 1000;

/**
 * Sums of at most 64,000 numbers, added up in another order: 64,000 errors of 2**-24 (f32, which random numbers are) or 2**-53
 * relative to the largest partial sum, which is at most 100 times the sum.
 */
const roundingOf = (args: readonly unknown[]): number =>
  args.some((x) => isTensor(x) && x.dtype === "u32") ? 64_000 * 2 ** -24 : 6_400_000 * 2 ** -53;

type Plain = (...args: readonly unknown[]) => unknown;
const callable = (fn: Example): Plain => fn as Plain;

/** The sum of all numbers in a tree. */
const total = (value: unknown): number => {
  if (typeof value === "number") return value;
  if (isTensor(value)) return total(value.data);
  if (ArrayBuffer.isView(value)) return (value as Float64Array).reduce((sum, x) => sum + x, 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, x) => sum + total(x), 0);
};

/** The examples of a mapped argument: numbers, or rows; keys are tensors. */
const examples = (mapped: unknown, n: number): readonly unknown[] => {
  if (!isTensor(mapped)) return Array.from(mapped as ArrayLike<number>);
  if (mapped.dtype === "u32") return Array.from({ length: n }, (_, k) => mapped[k]);
  const { data } = mapped;
  const width = data.length / n;
  return Array.from({ length: n }, (_, k) => data.slice(k * width, (k + 1) * width));
};

const caseOf = ({ name, fn, inAxes, batch, plain }: Program): Case => {
  const args = batch(EXAMPLES);
  const each = args.map((x, k) => (inAxes[k] === null ? null : examples(x, EXAMPLES)));
  const calls = Array.from({ length: EXAMPLES }, (_, k) =>
    args.map((x, j) => (each[j] === null ? x : each[j]?.[k])),
  );
  const mapped = callable(jit(vmap(callable(fn), { inAxes: [...inAxes] })));
  const single = callable(jit(callable(fn)));
  const loop = (who: string, f: Plain): Contender => ({
    name: who,
    run: () => {
      for (const call of calls) f(...call);
    },
    result: () => calls.reduce((sum, call) => sum + total(f(...call)), 0),
  });
  return {
    name: `${name}, ${EXAMPLES} examples`,
    gflop: null,
    tolerance: roundingOf(args),
    contenders: [
      { name: "vmap", run: () => void mapped(...args), result: () => total(mapped(...args)) },
      loop("jit in a loop", single),
      ...(plain ? [loop("plain in a loop", callable(fn))] : []),
    ],
  };
};

export const vmapped = (): readonly Case[] => PROGRAMS.map(caseOf);
