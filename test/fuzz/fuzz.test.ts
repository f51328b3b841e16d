/** Random programs against plain JavaScript, bit for bit; `npm run fuzz` runs many more. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fuzzOne, loadPrograms } from "./fuzz.js";
import type { Subject } from "./subject.js";
import type { Tier } from "./tiers.js";

const numRuns = Number(process.env.TSCJIT_RUNS ?? 200);
const BATCHES = 8;
const FIRST_SEED = 1;
/** For machines that do much else meanwhile. */
const PATIENCE_MS = 240_000;

const tierOf = (seed: number): Tier =>
  seed % 40 === 0 ? "jit" : seed % 8 === 0 ? "wasm" : seed % 5 === 1 ? "transform" : "kernel";
const isInFile = (seed: number): boolean => seed % 10 === 0;

describe("random programs", () => {
  const count = Math.ceil(numRuns / BATCHES);
  const directory = mkdtempSync(join(tmpdir(), "tsc-jit-fuzz-"));
  let loaded: ReadonlyMap<number, Subject> = new Map();
  before(() => {
    const seeds = Array.from({ length: count * BATCHES }, (_, k) => FIRST_SEED + k).filter(isInFile);
    loaded = loadPrograms(join(directory, "programs.cjs"), seeds);
  });
  after(() => rmSync(directory, { recursive: true }));
  for (let batch = 0; batch < BATCHES; batch++) {
    const from = FIRST_SEED + batch * count;
    it(`of seeds ${from} to ${from + count - 1} give what plain JavaScript gives`, () => {
      let agreed = 0;
      for (let seed = from; seed < from + count; seed++) {
        const outcome = fuzzOne(seed, tierOf(seed), undefined, loaded.get(seed));
        if (outcome.kind === "fails") throw new Error(outcome.report);
        if (outcome.kind === "agrees") agreed++;
      }
      if (agreed < 0.9 * count) throw new Error(`only ${agreed} of ${count} programs compile`);
    }).timeout(PATIENCE_MS);
  }
});
