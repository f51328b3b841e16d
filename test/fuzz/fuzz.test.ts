/** Random programs against plain JavaScript, bit for bit; `npm run fuzz` runs many more. */
import { fuzzOne } from "./fuzz.js";
import type { Tier } from "./tiers.js";

const numRuns = Number(process.env.TSCJIT_RUNS ?? 120);
const BATCHES = 4;
const FIRST_SEED = 1;

const tierOf = (seed: number): Tier => (seed % 40 === 0 ? "jit" : seed % 8 === 0 ? "wasm" : "kernel");

describe("random programs", () => {
  const count = Math.ceil(numRuns / BATCHES);
  for (let batch = 0; batch < BATCHES; batch++) {
    const from = FIRST_SEED + batch * count;
    it(`of seeds ${from} to ${from + count - 1} give what plain JavaScript gives`, () => {
      let agreed = 0;
      for (let seed = from; seed < from + count; seed++) {
        const outcome = fuzzOne(seed, tierOf(seed));
        if (outcome.kind === "fails") throw new Error(outcome.report);
        if (outcome.kind === "agrees") agreed++;
      }
      if (agreed < 0.9 * count) throw new Error(`only ${agreed} of ${count} programs compile`);
    });
  }
});
