/**
 * Runs contenders side by side in one process: checks that they agree, warms each up, then measures them in turns, so
 * that a noisy machine disturbs all alike. The figure that counts is the ratio of medians.
 */
import { mkdirSync, writeFileSync } from "node:fs";

/** One implementation of a benchmark's work. */
export interface Contender {
  readonly name: string;
  /** The work, once; resolves when its result is there. */
  readonly run: () => void | Promise<void>;
  /** The work, once, in a process of its own: the milliseconds that it took there. */
  readonly timed?: () => Promise<number>;
  /** A number that all contenders must agree on. */
  readonly result: () => number | Promise<number>;
}

export interface Case {
  /** What is measured, with sizes. */
  readonly name: string;
  readonly contenders: readonly Contender[];
  /** Work of one run, for a rate; null where a rate says nothing. */
  readonly gflop: number | null;
  /** Largest relative difference between results that counts as agreement. */
  readonly tolerance: number;
}

export interface Row {
  readonly case: string;
  readonly contender: string;
  readonly medianMs: number;
  readonly bestMs: number;
  readonly runs: number;
  /** Their median / our median: above 1 they are slower. Ours is the first contender. */
  readonly ratio: number;
  readonly gflops: number | null;
}

const WARM_MS = 400;
const MEASURE_MS = 1500;
const MAX_ROUNDS = 400;

const median = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
};

const time = async (c: Contender): Promise<number> => {
  if (c.timed !== undefined) return c.timed();
  const begin = performance.now();
  await c.run();
  return performance.now() - begin;
};

const agree = async (c: Case): Promise<void> => {
  let want = Number.NaN;
  for (const [k, contender] of c.contenders.entries()) {
    const got = await contender.result();
    if (k === 0) want = got;
    if (!(Math.abs(got - want) <= c.tolerance * Math.abs(want)))
      throw new Error(`${c.name}: ${contender.name} computes ${got}, ${c.contenders[0]?.name} ${want}`);
  }
};

export const measure = async (c: Case): Promise<readonly Row[]> => {
  await agree(c);
  const cost: number[] = [];
  for (const contender of c.contenders) {
    let runs = 0;
    const begin = performance.now();
    while (runs < 3 || (performance.now() - begin < WARM_MS && runs < 10_000)) {
      await contender.run();
      runs++;
    }
    cost.push((performance.now() - begin) / runs);
  }
  const times: number[][] = c.contenders.map(() => []);
  const begin = performance.now();
  const budget = MEASURE_MS * c.contenders.length;
  for (let round = 0; round < MAX_ROUNDS && (round < 5 || performance.now() - begin < budget); round++) {
    for (const [k, contender] of c.contenders.entries()) {
      // a contender hundreds of times slower than the first is measured less often
      if ((cost[k] ?? 0) > 200 && round >= 5 && round % 10 !== 0) continue;
      times[k]?.push(await time(contender));
    }
  }
  const ours = median(times[0] ?? []);
  return c.contenders.map((contender, k) => {
    const own = times[k] ?? [];
    const ms = median(own);
    return {
      case: c.name,
      contender: contender.name,
      medianMs: ms,
      bestMs: Math.min(...own),
      runs: own.length,
      ratio: ms / ours,
      gflops: c.gflop === null ? null : c.gflop / (ms / 1000),
    };
  });
};

const figure = (x: number): number => Number(x.toPrecision(3));

/** Prints a table and writes `test/bench/results/NAME.json`. */
export const report = (name: string, rows: readonly Row[]): void => {
  for (const c of new Set(rows.map((r) => r.case))) {
    console.log(`\n${c}`);
    console.table(
      Object.fromEntries(
        rows
          .filter((r) => r.case === c)
          .map((r) => [
            r.contender,
            {
              "median ms": figure(r.medianMs),
              "best ms": figure(r.bestMs),
              "times ours": figure(r.ratio),
              ...(r.gflops === null ? {} : { "GFLOP/s": figure(r.gflops) }),
              runs: r.runs,
            },
          ]),
      ),
    );
  }
  const folder = new URL("./results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const record = { name, node: process.version, date: new Date().toISOString(), rows };
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(record, null, 2)}\n`);
};

/** Reproducible numbers in [-1, 1). */
export const noise = (n: number, seed: number): Float32Array => {
  let state = seed >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
};
