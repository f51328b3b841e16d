/**
 * Where Node's inspector is not to be had, `scope` hands over the variables, and the library needs none: the same program
 * prints the same results with the inspector, without it, where permissions forbid it, and in a worker thread.
 */
import { strict as assert } from "node:assert";
import { makeProject, type Project, runNode } from "./project.js";
import { TOOLS } from "./tools.js";

const HIDE = `
import Module from "node:module";
const load = Module._load;
Module._load = (name, ...rest) => {
  if (/^(node:)?inspector$/.test(name)) throw new Error("this Node has no inspector");
  return load(name, ...rest);
};
`;

const WORKER = `
import { Worker } from "node:worker_threads";
new Worker(new URL(process.argv[2], import.meta.url)).on("error", (error) => { throw error; });
`;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const permission =
  major >= 24 || (major === 22 && minor >= 13) ? "--permission" : "--experimental-permission";

describe("without an inspector", function () {
  this.timeout(300_000);
  let project: Project | null = null;
  let entry = "";
  let expected: Readonly<Record<string, unknown>> = {};

  const results = async (...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
    assert.ok(project !== null);
    return JSON.parse(await runNode(project, args));
  };

  before(async () => {
    project = makeProject("no-inspector");
    project.copySource("test/fixtures/tools/scope-main.ts", "src/scope-main.ts");
    project.write("hide.mjs", HIDE);
    project.write("worker.mjs", WORKER);
    entry = (await TOOLS["esbuild minified"].build(project, "scope-main"))[0] ?? "";
    expected = await results(entry);
  });
  after(() => project?.remove());

  it("the results are those of plain JavaScript", () => {
    const { number, helper, tensor, loop, gradient, batch, live } = expected;
    // polynomial(x) = 0.5 x^2 + 3; the weights 1, 2, 3 in turn
    const total = Array.from({ length: 40 }, (_, k) => (0.5 * k * k + 3) * ((k % 3) + 1));
    assert.deepEqual([number, helper, loop], [2.5, 13.5, total.reduce((s, x) => s + x, 0)]);
    assert.deepEqual([tensor, gradient, live], [14, [2, 8, 24], [[1], [11]]]);
    assert.deepEqual((batch as number[][])[1], [0.5, 0.5]);
    assert.match(String(expected["not handed over"]), /TSJ1004/);
    const library = Object.values(expected).filter((value) => typeof value !== "string");
    assert.ok(library.length > 200, `${library.length} calls of the library went well`);
  });

  it("node:inspector can't be loaded", async () => {
    assert.deepEqual(await results("--import", "./hide.mjs", entry), expected);
  });
  it(`${permission} forbids it`, async () => {
    const flags = [permission, "--allow-fs-read=*", "--allow-worker", "--no-warnings"];
    assert.deepEqual(await results(...flags, entry), expected);
  });
  it("in a worker thread", async () => {
    assert.deepEqual(await results("worker.mjs", entry), expected);
  });
});
