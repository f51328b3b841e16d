/** `npm run bench -- NAME`: runs one benchmark, prints its table and writes `test/bench/results/NAME.json`. */
import { type Case, measure, type Row, report } from "./harness.js";

const measured = async (cases: readonly Case[]): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const c of cases) rows.push(...(await measure(c)));
  return rows;
};

/** Loaded on demand: each brings the rivals it needs. One that reports by itself gives null. */
const benchmarks: Readonly<Record<string, () => Promise<readonly Row[] | null>>> = {
  chain: async () => measured(await (await import("./chain.js")).chain()),
  gmm: async () => measured(await (await import("./gmm.js")).gmm()),
  hvp: async () => {
    (await import("./hvp.js")).hvp();
    return null;
  },
  gradcost: async () => {
    await (await import("./gradcost.js")).gradcost(process.argv.slice(3));
    return null;
  },
  loops: async () => measured(await (await import("./loops.js")).loops()),
  math: async () => (await import("./math.js")).math(),
  matmul: async () => measured(await (await import("./matmul.js")).matmul()),
  mlp: async () => measured(await (await import("./mlp.js")).mlp()),
  vmap: async () => measured((await import("./vmap.js")).vmapped()),
  startup: async () => (await import("./startup.js")).startup(),
};

const name = process.argv[2] ?? "";
const run = benchmarks[name];
if (run === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benchmarks).join("|")}`);
  process.exit(2);
}
const rows = await run();
if (rows !== null) report(name, rows);
process.exit(0); // rivals keep workers and timers
