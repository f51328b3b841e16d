/** Whole processes: import alone, and a first call cold and from the disk cache. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Row } from "./harness.js";

const RUNS = 7;
const root = new URL("../../", import.meta.url);
const dist = new URL("dist/index.js", root).href;
const rival = (path: string): string => new URL(`test/bench/rivals/node_modules/${path}`, root).href;

/** A program, and whether its disk cache is emptied before each run. */
interface Program {
  readonly name: string;
  readonly source: string;
  readonly cold: boolean;
}
const call = `import { jit, np } from ${JSON.stringify(dist)};
const f = jit((x) => np.sum(Math.tanh(x * 2 + 1) ** 2));
if (Math.abs(f(new Float32Array(100)).item() - 100 * Math.tanh(1) ** 2) > 1e-3) throw new Error("wrong");`;

const programs: readonly Program[] = [
  { name: "tsc-jit, first call from the disk cache", source: call, cold: false },
  { name: "tsc-jit, first call, cold", source: call, cold: true },
  { name: "tsc-jit, import alone", source: `import ${JSON.stringify(dist)};`, cold: false },
  { name: "node, nothing imported", source: "", cold: false },
  {
    name: "jax-js, first call",
    cold: false,
    source: `import { jit, numpy as np, init, defaultDevice } from ${JSON.stringify(rival("@jax-js/jax/dist/index.js"))};
await init("wasm"); defaultDevice("wasm");
jit((x) => np.sum(np.square(np.tanh(x.mul(2).add(1)))))(np.array(new Float32Array(100))).dataSync();`,
  },
];

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1] ?? Number.NaN;

/** Rows of whole-process times; the ratio is to the first program. */
export const startup = (): readonly Row[] => {
  const folder = mkdtempSync(join(tmpdir(), "tsc-jit-startup-"));
  const cache = join(folder, "cache");
  const env = { ...process.env, TSCJIT_CACHE_DIR: cache };
  const files = programs.map((p, k) => {
    const file = join(folder, `p${k}.mjs`);
    writeFileSync(file, p.source);
    return file;
  });
  const once = (k: number): number => {
    if (programs[k]?.cold === true) rmSync(cache, { recursive: true, force: true });
    const begin = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [pathToFileURL(files[k] ?? "").pathname], {
      env,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${programs[k]?.name}: ${stderr}`);
    return performance.now() - begin;
  };
  const times = programs.map(() => [] as number[]);
  for (let round = 0; round < RUNS; round++)
    for (const k of programs.keys()) {
      if (k === 0) once(0); // fills the cache that the cold program emptied
      times[k]?.push(once(k));
    }
  rmSync(folder, { recursive: true, force: true });
  const ours = median(times[0] ?? []);
  return programs.map((p, k) => {
    const own = times[k] ?? [];
    const ms = median(own);
    return {
      case: "whole process",
      contender: p.name,
      medianMs: ms,
      bestMs: Math.min(...own),
      runs: own.length,
      ratio: ms / ours,
      gflops: null,
    };
  });
};
