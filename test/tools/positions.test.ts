/**
 * Diagnostics name the TypeScript file's line and column, however the program was built. Every place is looked up in the
 * source: the text that a diagnostic points at.
 */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeProject, type Project, runNode } from "./project.js";
import { TOOLS, type Tool } from "./tools.js";

interface Report {
  readonly name: string;
  readonly text: string;
}

const MAIN = "faulty.ts";
const HELPER = "faulty-helper.ts";

/** File, and the text at the place, each once in its file: where each diagnostic points, then the related places. */
const EXPECTED: Readonly<Record<string, readonly (readonly [file: string, at: string])[]>> = {
  condition: [[MAIN, "doubled > 1"]],
  method: [
    [MAIN, "np.dot(x, np.ones([2]))"],
    [MAIN, "new Rate(0.5).of(x)"],
  ],
  capture: [
    [HELPER, "uses);"],
    [HELPER, "uses += 1"],
    [MAIN, "scaled(x as number, options)"],
  ],
  shapes: [
    [MAIN, "a + b) as Tensor"],
    [MAIN, "a: Tensor, b: Tensor) => add"],
    [MAIN, "b: Tensor) => add"],
    [MAIN, "add(a, b)"],
  ],
  "run time": [[MAIN, "x[at as number]"]],
  gradient: [[MAIN, "Math.exp(x) * 2"]],
  outside: [[MAIN, "tensor([[1], [2, 3]])"]],
};

const placeOf = (file: string, text: string, at: string): string => {
  const start = text.indexOf(at);
  assert.ok(start >= 0 && text.indexOf(at, start + 1) < 0, `"${at}" is not once in ${file}`);
  const before = text.slice(0, start).split("\n");
  return `${file}:${before.length}:${(before.at(-1) ?? "").length + 1}`;
};

describe("places in the TypeScript file", function () {
  this.timeout(300_000);
  let project: Project | null = null;
  before(() => {
    project = makeProject("positions");
    for (const file of [MAIN, HELPER]) project.copySource(`test/fixtures/tools/${file}`, `src/${file}`);
  });
  after(() => project?.remove());

  for (const [name, tool] of Object.entries(TOOLS) as [string, Tool][]) {
    if (!tool.hasPlaces) continue;
    it(name, async function () {
      if (tool.unavailable !== null) {
        console.log(`      ${tool.unavailable}`);
        return this.skip();
      }
      assert.ok(project !== null);
      const source = join(project.folder, "src");
      const printed = await runNode(project, await tool.build(project, "faulty"));
      const reports = printed
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Report);
      const found: Record<string, readonly string[]> = {};
      const wanted: Record<string, readonly string[]> = {};
      for (const { name: mistake, text } of reports) {
        found[mistake] = text.match(/^\S+:\d+:\d+$/gm) ?? [];
        wanted[mistake] = (EXPECTED[mistake] ?? []).map(([file, at]) =>
          placeOf(join(source, file), readFileSync(join(source, file), "utf8"), at),
        );
        // the frame shows the line as it was written
        const [first] = EXPECTED[mistake] ?? [];
        assert.ok(first !== undefined && text.includes(first[1]), text);
      }
      assert.deepEqual(Object.keys(found), Object.keys(EXPECTED));
      assert.deepEqual(found, wanted);
    });
  }

  it("esbuild minified, without a source map: in the bundle, and long lines are cut", async () => {
    assert.ok(project !== null);
    const entry = await TOOLS["esbuild minified"].build(project, "faulty");
    const [condition] = (await runNode(project, entry))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Report);
    assert.match(
      condition?.text ?? "",
      /esbuild-minified[\\/]faulty\.mjs:1:\d+\n\n1 \| ….*return \w+>1\?.*…\n/,
    );
    for (const line of condition?.text.split("\n") ?? []) assert.ok(line.length < 220, line);
    const shown = condition?.text.split("\n").slice(3, 5) ?? [];
    const [code = "", marks = ""] = shown;
    assert.match(code.slice(marks.indexOf("~"), marks.lastIndexOf("~") + 1), /^\w+>1$/);
  });
});
