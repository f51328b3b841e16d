/**
 * Random programs against plain JavaScript, bit for bit, and their derivatives against differences and each other: the
 * programs of fixed seeds; `npm run fuzz` and `npm run fuzz -- --grad` run many more.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const numRuns = Number(process.env.TSCJIT_RUNS ?? 300);
/** Each is differentiated in eight ways. */
const numGradients = Math.ceil(numRuns / 8);
const SCRIPT = fileURLToPath(new URL("../../scripts/fuzz.mjs", import.meta.url));
/** For machines that do much else meanwhile. */
const PATIENCE_MS = 600_000;

/** Runs seeds 1 to `runs`; none may fail, and nine of ten must compile. */
const fuzz = (runs: number, ...options: readonly string[]): string => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [SCRIPT, "--runs", String(runs), "--seed", "1", ...options],
    { encoding: "utf8", env: { ...process.env, TSCJIT_CACHE: "0" } },
  );
  const [, agreed, failed] = /: (\d+) agree, (\d+) fail, \d+ refused/.exec(stdout) ?? [];
  assert.equal(failed, "0", `${stdout}\n${stderr}`);
  assert.equal(status, 0, stderr);
  assert.ok(Number(agreed) >= 0.9 * runs, `only ${agreed} of ${runs} programs compile`);
  return stdout;
};

describe("random programs", () => {
  it(`of seeds 1 to ${numRuns} give what plain JavaScript gives`, () => {
    fuzz(numRuns);
  }).timeout(PATIENCE_MS);

  it(`of seeds 1 to ${numGradients} have the derivatives that differences show`, () => {
    const [, moving] = /, (\d+) of them not 0/.exec(fuzz(numGradients, "--grad")) ?? [];
    assert.ok(Number(moving) >= numGradients, `only ${moving} derivatives are not 0`);
  }).timeout(PATIENCE_MS);
});
