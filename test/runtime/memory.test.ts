import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
/** Below the project, so that the bundle finds its dependencies. */
const folder = join(root, ".cache", `memory-test-${process.pid}`);

const node = (program: string): string => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, TSCJIT_CACHE: "0", TSCJIT_DEBUG: "" },
  });
  assert.equal(status, 0, stderr);
  return stdout;
};

/** Makes and drops results of 1 MiB in a synchronous loop, compiler and all in one process; prints the peak in bytes. */
const PROGRAM = `
import { jit, tensor } from ${JSON.stringify(pathToFileURL(join(folder, "index.js")).href)};
const f = jit((x, rate) => x * rate + 1);
let x = tensor(new Float32Array(1 << 18));
const kept = [];
let peak = 0;
for (let k = 0; k < 4000; k++) {
  const y = f(x, 0.5);
  if (k % 3 === 0) x = y;
  if (k % 1000 === 0) kept.push(y);
  if (k % 20 === 0) peak = Math.max(peak, process.memoryUsage().rss);
}
console.log(JSON.stringify({ peak, kept: kept.map((y) => y.data[7]) }));
`;

describe("memory", function () {
  this.timeout(120_000);
  before(() => {
    mkdirSync(folder, { recursive: true });
    const folderText = JSON.stringify(folder);
    node(`import { buildModules, buildWorker } from "./scripts/bundles.mjs";
      await Promise.all([buildModules(${folderText}), buildWorker(${folderText})]);`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("of a synchronous loop stays under 300 MB, compiler included, and what is kept stays right", () => {
    const { peak, kept } = JSON.parse(node(PROGRAM)) as { peak: number; kept: readonly number[] };
    // x -> x/2 + 1 at every third step: 1 at first, 2 - 2^-n after n more, which f32 rounds to 2 from n = 24 on
    assert.deepEqual(kept, [1, 2, 2, 2]);
    assert.ok(peak < 300e6, `${(peak / 1e6).toFixed(0)} MB at the peak`);
  });
});
