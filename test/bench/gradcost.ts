/**
 * The cost of gradients: time of `valueAndGrad` over time of the function, both compiled, and the memory that each takes.
 * `npm run bench -- gradcost [PART OF A NAME ...]`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { jit, type Tensor, valueAndGrad } from "../../runtime/index.js";
import { peakOf } from "../autodiff/peak-memory.js";
import { loadPrograms, type Program } from "../autodiff/programs.js";

interface Cost {
  readonly program: string;
  readonly n: number;
  readonly valueMs: number;
  readonly gradMs: number;
  /** gradMs / valueMs. */
  readonly ratio: number;
  /** Bytes of working memory, results and tapes during a call; arguments are not counted. */
  readonly valueBytes: number;
  readonly gradBytes: number;
  /** Part of `gradBytes`: tapes. */
  readonly tapeBytes: number;
  /** Bytes of the gradient with 4 n over those with n, per growth of the work: at most about 1 where memory is linear. */
  readonly growth: number;
}

type Compiled = (...args: readonly unknown[]) => unknown;

/** Milliseconds that one sample takes at least: far above the clock's resolution. */
const SAMPLE_MS = 1;
const SAMPLES = 400;
const BUDGET_MS = 1500;
const WARM_MS = 300;

const median = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
};

/** Milliseconds for `runs` calls. */
const time = (f: Compiled, args: readonly unknown[], runs: number): number => {
  const begin = performance.now();
  for (let k = 0; k < runs; k++) f(...args);
  return performance.now() - begin;
};

/** Calls for some time, so that V8 has optimised everything; gives how many calls make a sample. */
const warm = (f: Compiled, args: readonly unknown[]): number => {
  let runs = 0;
  const begin = performance.now();
  while (runs < 3 || performance.now() - begin < WARM_MS) {
    f(...args);
    runs++;
  }
  return Math.max(1, Math.ceil((SAMPLE_MS * runs) / (performance.now() - begin)));
};

/** Best times of one call of each, sampled in turns: what other work on the machine adds is left out. */
const timesOf = (
  both: readonly [Compiled, Compiled],
  args: readonly unknown[],
): readonly [number, number] => {
  const runs = both.map((f) => warm(f, args));
  const samples: [number[], number[]] = [[], []];
  const begin = performance.now();
  for (let k = 0; k < SAMPLES && (k < 5 || performance.now() - begin < BUDGET_MS); k++)
    both.forEach((f, j) => {
      const n = runs[j] ?? 1;
      samples[j]?.push(time(f, args, n) / n);
    });
  return [Math.min(...samples[0]), Math.min(...samples[1])];
};

const numberOf = (x: unknown): number => (typeof x === "number" ? x : (x as Tensor).item());

const costOf = ({ name, fn, args, n, work = (k) => k }: Program): Cost => {
  const value = jit(fn) as unknown as Compiled;
  const both = jit(valueAndGrad(fn as (x: number) => number)) as unknown as Compiled & {
    stats(...args: readonly unknown[]): { readonly peakBytes: number };
  };
  const given = args(n);
  const [a, b] = [numberOf(value(...given)), numberOf((both(...given) as readonly unknown[])[0])];
  const tolerance = 1e-4; // f32 sums in another order
  if (!(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a))))
    throw new Error(`${name}: the value is ${a}, with the gradient ${b}`);
  const [valueMs, gradMs] = timesOf([value, both], given);
  const gradPeak = peakOf(() => both(...given));
  const fourfold = args(4 * n);
  return {
    program: name,
    n,
    valueMs,
    gradMs,
    ratio: gradMs / valueMs,
    valueBytes: peakOf(() => value(...given)).bytes,
    gradBytes: gradPeak.bytes,
    tapeBytes: gradPeak.tapeBytes,
    growth: (peakOf(() => both(...fourfold)).bytes / gradPeak.bytes) * (work(n) / work(4 * n)),
  };
};

const figure = (x: number): number => Number(x.toPrecision(3));

/** Measures, prints a table and the median ratio, and writes `test/bench/results/gradcost.json`. */
export const gradcost = async (names: readonly string[]): Promise<void> => {
  const wanted = (await loadPrograms()).filter(
    (p) => names.length === 0 || names.some((part) => p.name.toLowerCase().includes(part.toLowerCase())),
  );
  const costs = wanted.map(costOf);
  console.table(
    Object.fromEntries(
      costs.map((c) => [
        c.program,
        {
          n: c.n,
          "value µs": figure(1000 * c.valueMs),
          "value and grad µs": figure(1000 * c.gradMs),
          ratio: figure(c.ratio),
          "value KB": figure(c.valueBytes / 1024),
          "grad KB": figure(c.gradBytes / 1024),
          "tape KB": figure(c.tapeBytes / 1024),
          "memory growth / work": figure(c.growth),
        },
      ]),
    ),
  );
  const middle = median(costs.map((c) => c.ratio));
  console.log(`median ratio ${figure(middle)}, worst ${figure(Math.max(...costs.map((c) => c.ratio)))}`);
  const folder = new URL("./results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const record = {
    name: "gradcost",
    node: process.version,
    date: new Date().toISOString(),
    median: middle,
    rows: costs,
  };
  writeFileSync(new URL("gradcost.json", folder), `${JSON.stringify(record, null, 2)}\n`);
};
