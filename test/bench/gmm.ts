/**
 * Gradient of a Gaussian mixture's likelihood (ADBench) against the plain C++ objective, compiled with -O3 and timed in turns
 * with ours: what it costs to have a gradient at all.
 */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { jit, tensor, valueAndGrad } from "tsc-jit";
import { byElement } from "./gmm/by-element.js";
import { onArrays } from "./gmm/on-arrays.js";
import { type Case, type Contender, noise } from "./harness.js";

const [GAMMA, M] = [1, 0];

interface Problem {
  readonly alphas: number[];
  readonly means: number[][];
  readonly icf: number[][];
  readonly x: number[][];
}

const makeProblem = (d: number, k: number, n: number): Problem => {
  const rows = (count: number, width: number, seed: number): number[][] => {
    const values = noise(count * width, seed);
    return Array.from({ length: count }, (_, i) => Array.from(values.subarray(i * width, (i + 1) * width)));
  };
  return {
    alphas: rows(1, k, 1)[0] ?? [],
    means: rows(k, d, 2),
    icf: rows(k, (d * (d + 1)) / 2, 3),
    x: rows(n, d, 4),
  };
};

/** Starts the compiled objective; each run asks it for one evaluation and takes its own time. */
const startNative = (binary: string, sizes: readonly number[], p: Problem): Contender => {
  const child: ChildProcessWithoutNullStreams = spawn(binary);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const numbers = [...sizes, ...p.alphas, ...p.means.flat(), ...p.icf.flat(), ...p.x.flat(), GAMMA, M];
  child.stdin.write(new Uint8Array(Float64Array.from(numbers).buffer));
  const evaluate = async (): Promise<readonly [number, number]> => {
    child.stdin.write("x");
    const line = await lines.next();
    const [value = Number.NaN, ms = Number.NaN] = String(line.value).split(" ").map(Number);
    return [value, ms];
  };
  return {
    name: "C++ -O3, objective alone",
    run: async () => void (await evaluate()),
    timed: async () => (await evaluate())[1],
    result: async () => (await evaluate())[0],
  };
};

export const gmm = async (): Promise<readonly Case[]> => {
  const binary = join(mkdtempSync(join(tmpdir(), "gmm-")), "objective");
  const source = fileURLToPath(new URL("gmm/objective.cpp", import.meta.url));
  execFileSync("g++", ["-O3", "-march=native", source, "-o", binary]);
  const sizes = [
    [10, 25, 1000],
    [20, 50, 1000],
    [20, 50, 10_000],
  ] as const;
  return sizes.flatMap(([d, k, n]): readonly Case[] => {
    const p = makeProblem(d, k, n);
    const native = startNative(binary, [d, k, n], p);
    const f64 = (data: number[] | number[][]) => tensor(data, { dtype: "f64" });
    const args = [f64(p.alphas), f64(p.means), f64(p.icf), f64(p.x)] as const;
    const forms = {
      "scalar loops": jit(valueAndGrad(byElement, { argnums: [0, 1, 2] })),
      "array code": jit(valueAndGrad(onArrays, { argnums: [0, 1, 2] })),
    };
    return Object.entries(forms).map(([form, fn]) => {
      const call = fn as (...a: readonly unknown[]) => readonly [number, unknown];
      return {
        name: `gradient, ${form}, d=${d} k=${k} n=${n}`,
        gflop: null,
        tolerance: 1e-9,
        contenders: [
          {
            name: "tsc-jit, gradient",
            run: () => void call(...args, GAMMA, M),
            result: () => Number(call(...args, GAMMA, M)[0]),
          },
          native,
        ],
      };
    });
  });
};
