/** A user's project in a temporary folder, with the package built into its node_modules. */
import { strict as assert } from "node:assert";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(import.meta.url), "../../..");

export interface Project {
  readonly folder: string;
  /** Writes a file, its folders too. */
  readonly write: (path: string, text: string) => void;
  /**
   * Copies a file of this repository. Relative imports end in `.ts` in the copy, as Node's type stripping needs them, and
   * imports of the library's sources become imports of the package.
   */
  readonly copySource: (from: string, to: string) => void;
  readonly remove: () => void;
}

const IMPORT = /(\bfrom |\bimport\()"(\.[^"]*)\.js"/g;
const rewriteImports = (text: string): string =>
  text.replace(IMPORT, (_, before: string, path: string) =>
    /\/(runtime|compiler)\//.test(path) ? `${before}"tsc-jit"` : `${before}"${path}.ts"`,
  );

const packageJson = {
  name: "tsc-jit",
  version: "0.0.0",
  type: "module",
  exports: { ".": { import: "./index.js", require: "./index.cjs" }, "./package.json": "./package.json" },
};

/** Builds the library into `folder`, by the build's own functions. */
const buildPackage = (folder: string): void => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      `import { buildCommonJs, buildModules, buildWorker } from "./scripts/bundles.mjs";
       const to = ${JSON.stringify(folder)};
       await Promise.all([buildModules(to), buildCommonJs(to), buildWorker(to)]);`,
    ],
    { cwd: root, encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
  );
  assert.equal(status, 0, stderr);
};

/** Below this repository, so that the package and the tools find their dependencies. */
export const makeProject = (name: string): Project => {
  const folder = join(root, ".cache", `${name}-${process.pid}`);
  const write = (path: string, text: string): void => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  write("package.json", JSON.stringify({ name, private: true, type: "module" }));
  write("node_modules/tsc-jit/package.json", JSON.stringify(packageJson));
  buildPackage(join(folder, "node_modules/tsc-jit"));
  return {
    folder,
    write,
    copySource: (from, to) => write(to, rewriteImports(readFileSync(join(root, from), "utf8"))),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** Runs Node in a project; gives what it printed. Rejects where it ended with an error. */
export const runNode = (project: Project, args: readonly string[]): Promise<string> =>
  new Promise((done, reject) => {
    const env = { ...process.env, TSCJIT_CACHE: "0", TSCJIT_DEBUG: "", NODE_OPTIONS: "", NO_COLOR: "1" };
    const child = spawn(process.execPath, args, { cwd: project.folder, env });
    const out: string[] = [];
    const errors: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
    child.on("error", reject);
    child.on("close", (status) => {
      if (status === 0) done(out.join(""));
      else reject(new Error(`node ${args.join(" ").slice(0, 200)} ended with ${status}\n${errors.join("")}`));
    });
  });
