/**
 * The corpus, built by each tool that people build with. A third of the functions a tool, another third for each tool;
 * TSCJIT_TOOLS=all runs every function with every tool.
 */
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadCorpus } from "../corpus/corpus.js";
import { makeProject, type Project, root, runNode } from "./project.js";
import { TOOLS, type Tool, type ToolName } from "./tools.js";

const FOLDER = "test/fixtures/corpus";
const names = [...(await loadCorpus()).values()].flatMap((cases) => Object.keys(cases));

/** One of `parts` parts of the corpus, by the hash of the tool's and the function's name. */
const selection = (tool: string, parts: number): readonly string[] =>
  names.filter(
    (name) => createHash("sha256").update(`${tool}/${name}`).digest().readUInt32LE(0) % parts === 0,
  );
const PARTS = process.env.TSCJIT_TOOLS === "all" ? 1 : 3;

interface Outcome {
  readonly name: string;
  readonly fault: string | null;
}

const makeCorpusProject = (): Project => {
  const project = makeProject("build-tools");
  const themes = readdirSync(join(root, FOLDER)).filter((file) => file.endsWith(".ts"));
  for (const file of themes) project.copySource(`${FOLDER}/${file}`, `src/corpus/${file}`);
  project.copySource("test/corpus/compare.ts", "src/compare.ts");
  project.copySource("test/fixtures/tools/corpus-main.ts", "src/corpus-main.ts");
  const listed = themes.filter((file) => file !== "case.ts").map((file) => file.slice(0, -3));
  const imports = listed.map((theme) => `import { cases as ${theme} } from "./corpus/${theme}.ts";\n`);
  project.write("src/themes.ts", `${imports.join("")}export const themes = [${listed.join(", ")}];\n`);
  return project;
};

describe("build tools", function () {
  this.timeout(600_000);
  let project: Project | null = null;
  before(() => {
    project = makeCorpusProject();
  });
  after(() => project?.remove());

  for (const [name, tool] of Object.entries(TOOLS) as [ToolName, Tool][]) {
    const chosen = selection(name, PARTS);
    it(`${name}: ${chosen.length} functions of the corpus`, async function () {
      if (tool.unavailable !== null) {
        console.log(`      ${tool.unavailable}`);
        return this.skip();
      }
      assert.ok(project !== null);
      const entry = await tool.build(project, "corpus-main");
      const printed = await runNode(project, [...entry, JSON.stringify(chosen)]);
      const outcomes = printed
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Outcome);
      const failed = outcomes.filter(({ fault }) => fault !== null);
      assert.deepEqual(outcomes.map((o) => o.name).sort(), [...chosen].sort(), "a function was not run");
      assert.equal(failed.length, 0, failed.map((o) => `${o.name}: ${o.fault}`).join("\n\n"));
    });
  }
});
