import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A program that needs compiling, differentiation, the library and the arena; the expected text is worked out by hand. */
const body = `
const loss = (w, x) => { const e = np.dot(x, w) - 1; return np.sum(e * e); };
const step = jit((w, x) => w - 0.5 * grad(loss)(w, x));
// e = [1*1 + 2*2 - 1, 3*1 + 4*2 - 1] = [4, 10]; grad = 2 x'e = [68, 96]; w - grad/2 = [-33, -46]
const stepped = step(tensor([1, 2]), tensor([[1, 2], [3, 4]]));
console.log(JSON.stringify([stepped.toArray(), jit((a, b) => a * b + 1)(6, 7)]));
`;
const expected = "[[-33,-46],43]\n";

const typedBody = body
  .replace("(w, x) => {", "(w: Tensor, x: Tensor) => {")
  .replace("(w, x) => w", "(w: Tensor, x: Tensor) => w")
  .replace("(a, b)", "(a: number, b: number)");

const programs: Readonly<Record<string, string>> = {
  "module.mjs": `import { grad, jit, np, tensor } from "tsc-jit";${body}`,
  "common.cjs": `const { grad, jit, np, tensor } = require("tsc-jit");${body}`,
  "typed.mts": `import { grad, jit, np, tensor, type Tensor } from "tsc-jit";${typedBody}`,
  "typed.cts": `import { grad, jit, np, tensor, type Tensor } from "tsc-jit";${typedBody}`,
  "plain.ts": `import { grad, jit, np, tensor, type Tensor } from "tsc-jit";${typedBody}`,
};

describe("the packed package in a fresh project", function () {
  this.timeout(240_000);
  let folder = "";

  /** Runs a program of this Node's, or npm, in the project; gives its stdout, fails the test if it fails. */
  const run = (command: string, args: readonly string[], cwd = folder): string => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1", TSCJIT_DEBUG: "" },
    });
    assert.equal(status, 0, `${command} ${args.join(" ")}: ${error?.message ?? ""}\n${stdout}\n${stderr}`);
    return stdout;
  };
  const node = (...args: readonly string[]): string => run(process.execPath, args);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tsc-jit-pack-"));
    writeFileSync(join(folder, "package.json"), '{ "name": "fresh", "private": true }\n');
    for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text);
    // npm test has built dist; building it again would pull it from under the tests that run beside this one.
    run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], root);
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
    assert.ok(tarball !== undefined, "npm pack wrote no tarball");
    run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", `./${tarball}`]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("holds the build and nothing else", () => {
    const files = readdirSync(join(folder, "node_modules", "tsc-jit"));
    assert.deepEqual(files.filter((name) => name !== "README.md").sort(), [
      "LICENSE",
      "dist",
      "package.json",
    ]);
  });

  it("runs from an ES module", () => assert.equal(node("module.mjs"), expected));
  it("runs from CommonJS", () => assert.equal(node("common.cjs"), expected));
  it("runs from the bundle for Node versions that cannot require ES modules", () => {
    const text = readFileSync(join(folder, "common.cjs"), "utf8");
    writeFileSync(
      join(folder, "bundle.cjs"),
      text.replace('"tsc-jit"', '"./node_modules/tsc-jit/dist/common.cjs"'),
    );
    assert.equal(node("bundle.cjs"), expected);
  });
  for (const file of ["typed.mts", "typed.cts", "plain.ts"]) {
    it(`runs ${file} with tsx`, () => assert.equal(node("--import", "tsx", file), expected));
    it(`runs ${file} with tsc-jit run`, () => {
      assert.equal(node(join("node_modules", "tsc-jit", "dist", "cli.js"), "run", file), expected);
    });
  }

  it("has types for both kinds of module", () => {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = ["--noEmit", "--strict", "--target", "es2022", "--types", ""];
    node(tsc, ...options, "--module", "nodenext", "typed.mts", "typed.cts", "plain.ts");
    node(tsc, ...options, "--module", "esnext", "--moduleResolution", "bundler", "plain.ts");
  });

  it("runs CommonJS that an ES module loads with tsx", () => {
    writeFileSync(
      join(folder, "mixed.mts"),
      'import "./common.cjs"; import "./typed.cts"; import "./typed.mts";',
    );
    assert.equal(node("--import", "tsx", "mixed.mts"), expected.repeat(3));
  });

  it("shows the IR of functions from ES modules and from CommonJS", () => {
    const text = 'import { jit } from "tsc-jit"; export const f = jit((x: number) => x * 2); f(1);';
    for (const file of ["f.mts", "f.cts", "f.ts"]) {
      writeFileSync(join(folder, file), text);
      assert.match(node(join("node_modules", "tsc-jit", "dist", "cli.js"), "ir", `${file}#f`), /= mul %0/);
    }
  });

  it("gives import and require one instance where Node can", function () {
    if (Number.parseInt(process.versions.node, 10) < 22) this.skip();
    const text = 'const a = require("tsc-jit"); import("tsc-jit").then((b) => console.log(a.jit === b.jit));';
    writeFileSync(join(folder, "both.cjs"), text);
    assert.equal(node("both.cjs"), "true\n");
  });
});
