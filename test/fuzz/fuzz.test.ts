/** Random programs against plain JavaScript, bit for bit: the programs of fixed seeds; `npm run fuzz` runs many more. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const numRuns = Number(process.env.TSCJIT_RUNS ?? 300);
const SCRIPT = fileURLToPath(new URL("../../scripts/fuzz.mjs", import.meta.url));
/** For machines that do much else meanwhile. */
const PATIENCE_MS = 600_000;

describe("random programs", () => {
  it(`of seeds 1 to ${numRuns} give what plain JavaScript gives`, () => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [SCRIPT, "--runs", String(numRuns), "--seed", "1"],
      { encoding: "utf8", env: { ...process.env, TSCJIT_CACHE: "0" } },
    );
    const [, agreed, failed] = /: (\d+) agree, (\d+) fail, \d+ refused/.exec(stdout) ?? [];
    assert.equal(failed, "0", `${stdout}\n${stderr}`);
    assert.equal(status, 0, stderr);
    assert.ok(Number(agreed) >= 0.9 * numRuns, `only ${agreed} of ${numRuns} programs compile`);
  }).timeout(PATIENCE_MS);
});
