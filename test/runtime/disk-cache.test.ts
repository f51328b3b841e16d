import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const url = (path: string): string => pathToFileURL(join(root, path)).href;

/** What a run prints at its end. */
interface Report {
  readonly values: readonly unknown[];
  readonly fromDisk: number;
  readonly misses: number;
  readonly loaded: { readonly tsMorph: boolean; readonly worker: boolean };
}

const SPY = `
import workers from "node:worker_threads";
import { syncBuiltinESMExports } from "node:module";
globalThis.workerStarted = false;
const { Worker } = workers;
workers.Worker = class extends Worker {
  constructor(...args) { super(...args); globalThis.workerStarted = true; }
};
syncBuiltinESMExports();
`;

const HEAD = `
import { createRequire } from "node:module";
import { jit } from "${url("runtime/jit.ts")}";
import { grad } from "${url("runtime/transforms.ts")}";
import { library } from "${url("runtime/library-function.ts")}";
import { jvp } from "${url("runtime/linear-maps.ts")}";
import { optim } from "${url("runtime/library/index.ts")}";
import { tensor } from "${url("runtime/tensor-data.ts")}";
const report = (values: unknown[], ...fns: { cacheInfo(): { fromDisk: number; misses: number } }[]) => {
  const infos = fns.map((f) => f.cacheInfo());
  const sum = (key: "fromDisk" | "misses") => infos.reduce((n, info) => n + info[key], 0);
  const tsMorph = Object.keys(createRequire(import.meta.url).cache ?? {}).some((k) => /[\\\\/]@?ts-morph[\\\\/]/.test(k));
  const worker = (globalThis as { workerStarted?: boolean }).workerStarted;
  console.log(JSON.stringify({ values, fromDisk: sum("fromDisk"), misses: sum("misses"), loaded: { tsMorph, worker } }));
};
`;

describe("the disk cache", function () {
  this.timeout(180_000);
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tsc-jit-cache-test-"));
    writeFileSync(join(folder, "spy.mjs"), SPY);
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (body: string, env: Readonly<Record<string, string>> = {}): Report => {
    const file = join(folder, "program.ts");
    writeFileSync(file, HEAD + body);
    const args = ["--import", pathToFileURL(join(folder, "spy.mjs")).href, "--import", "tsx", file];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, {
      cwd: root,
      encoding: "utf8",
      env: {
        ...process.env,
        TSCJIT_CACHE: "",
        TSCJIT_CACHE_DIR: join(folder, "cache"),
        TSCJIT_DEBUG: "",
        ...env,
      },
    });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as Report;
  };
  const files = (): readonly string[] =>
    readdirSync(join(folder, "cache"), { recursive: true, encoding: "utf8" }).filter((f) =>
      f.endsWith(".bin"),
    );

  const PROGRAM = `
    const scale = 3;
    const shift = (x: number) => x + scale;
    const config = { offset: tensor([10, 20]) };
    const f = jit((x: number, n: number) => { let y = x; for (let i = 0; i < n; i++) y = shift(y) * 2; return y + config.offset; });
    const g = jit((a: number, b: number) => a * b + scale);
    const loss = (x: number) => x * x * scale;
    const h = jit((x: number) => grad(loss)(x));
    report([f(tensor([1, 2]), 2), g(2, 3), h(4)], f, g, h);
  `;
  const VALUES = [[10 + 2 * (2 * 4 + 3), 20 + 2 * (2 * 5 + 3)], 9, 24];

  it("lets a second run load neither ts-morph nor the compile worker", () => {
    const first = run(PROGRAM);
    assert.deepEqual(first.values, VALUES);
    assert.equal(first.fromDisk, 0);
    assert.deepEqual(first.loaded, { tsMorph: true, worker: true });
    const second = run(PROGRAM);
    assert.deepEqual(second, {
      values: VALUES,
      fromDisk: first.misses,
      misses: first.misses,
      loaded: { tsMorph: false, worker: false },
    });
  });

  it("notices that a variable of an imported module is one that changes", () => {
    const body = `
      import { rate } from "./rate.js";
      const f = jit((x: number) => x * rate);
      let out: unknown;
      try { out = f(2); } catch (e) { out = (e as { code: string }).code; }
      report([out], f);
    `;
    const rate = (text: string): void => writeFileSync(join(folder, "rate.ts"), text);
    rate("export const rate = 3;");
    assert.deepEqual(run(body).values, [6]);
    assert.equal(run(body).fromDisk, 1);
    rate("export let rate = 3; export const raise = () => { rate++; };");
    assert.deepEqual(run(body).values, ["TSJ1010"]);
  });

  it("notices what has changed since", () => {
    run(PROGRAM);
    const constant = run(PROGRAM.replace("scale = 3", "scale = 4"));
    assert.deepEqual(constant.values, [[10 + 2 * (2 * 5 + 4), 20 + 2 * (2 * 6 + 4)], 10, 32]);
    const helper = run(PROGRAM.replace("x + scale", "x - scale"));
    assert.deepEqual(helper.values, [[10 + 2 * (2 * -2 - 3), 20 + 2 * (2 * -1 - 3)], 9, 24]);
    const captured = run(PROGRAM.replace("tensor([10, 20])", "tensor([[10, 20]])"));
    assert.deepEqual(captured.values, [[VALUES[0]], 9, 24]);
    const other = PROGRAM.replace("tensor([10, 20])", "tensor([0, 0])").replace(
      "tensor([1, 2]), 2",
      "tensor([1, 2]), 1",
    );
    assert.deepEqual(run(other).values, [[8, 10], 9, 24]);
    assert.equal(run(PROGRAM).fromDisk, 3, "and the first is still there");
  });

  it("does not serve a program whose captured variable has become one that changes", () => {
    const program = (end: string): string => `
      let k = 2;
      const f = jit((x: number) => x * k);
      try { report([f(3)], f); } catch (e) { report([(e as { code: string }).code]); }
      ${end}`;
    assert.deepEqual(run(program("")).values, [6]);
    assert.deepEqual(run(program("")).fromDisk, 1);
    assert.deepEqual(run(program("k = 5;")).values, ["TSJ1010"]);
  });

  it("tells functions of equal text at two places apart", () => {
    const body = `
      { const mk = (k: number) => jit((x: number) => x * k); mk(2)(3); }
      let refused = "";
      { let k = 2; const f = jit((x: number) => x * k); try { f(1); k = 3; f(1); } catch (e) { refused = (e as { code: string }).code; } }
      report([refused]);
    `;
    assert.deepEqual(run(body).values, ["TSJ1010"]);
    assert.deepEqual(run(body).values, ["TSJ1010"]);
  });

  it("survives damaged files, and a folder that cannot be written to", () => {
    run(PROGRAM);
    for (const [k, name] of files().entries()) {
      const path = join(folder, "cache", name);
      if (k % 2 === 0) truncateSync(path, 100);
      else {
        const bytes = readFileSync(path);
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        writeFileSync(path, bytes);
      }
    }
    const again = run(PROGRAM);
    assert.deepEqual([again.values, again.fromDisk], [VALUES, 0]);
    assert.equal(run(PROGRAM).fromDisk, 3);
    const blocked = join(folder, "spy.mjs");
    assert.deepEqual(run(PROGRAM, { TSCJIT_CACHE_DIR: blocked }).values, VALUES);
  });

  it("is off with TSCJIT_CACHE=0", () => {
    const off = run(PROGRAM, { TSCJIT_CACHE: "0" });
    assert.deepEqual(off.values, VALUES);
    assert.throws(files, { code: "ENOENT" });
  });

  it("is passed over where the stages are to be seen or checked", () => {
    run(PROGRAM);
    for (const env of [{ TSCJIT_DEBUG: "2" }, { TSCJIT_DUMP: "cse" }, { TSCJIT_VERIFY: "1" }])
      assert.equal(run(PROGRAM, env).fromDisk, 0, JSON.stringify(env));
    assert.equal(run(PROGRAM).fromDisk, 3);
  });

  it("keeps library calls and transforms of functions as well", () => {
    const program = `
      const cube = library("test.cube", (x: number) => x * x * x);
      const d = grad((x: number) => cube(x));
      const outside = cube(tensor([1, 2, 3]));
      const sgd = optim.sgd(0.5);
      const adam = optim.adam((t) => 0.1);
      const move = jit((w: number, g: number) => sgd.update(g, sgd.init(w)).updates);
      const state = adam.init({ w: tensor([1]) });
      report([outside, d(2), jvp((x: number) => cube(x), [2], [1]), move(tensor([1]), tensor([4])), state.mean.w], d);
    `;
    const values = [[1, 8, 27], 12, [8, 12], [-2], [0]];
    assert.deepEqual(run(program).values, values);
    const second = run(program);
    assert.deepEqual([second.values, second.loaded], [values, { tsMorph: false, worker: false }]);
    const faster = run(program.replace("sgd(0.5)", "sgd(2)"));
    assert.deepEqual(faster.values[3], [-8], "what a library function captures is compared as well");
  });

  it("does not keep what depends on this process alone", () => {
    const program = (mode: string): string => `
      const f = jit((x: number) => (process.env.MODE === "double" ? 2 * x : x));
      report([f(3)], f); // ${mode}
    `;
    assert.deepEqual(run(program(""), { MODE: "double" }).values, [6]);
    assert.deepEqual(run(program(""), { MODE: "" }).values, [3]);
  });
});
