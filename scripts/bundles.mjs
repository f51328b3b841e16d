// The esbuild bundles that make up dist/.
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { libraryScopes } from "./library-scopes.mjs";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const dist = join(root, "dist");

/** Source files of the three entries. */
const entries = {
  index: "runtime/index.ts",
  cli: "compiler/cli/main.ts",
  worker: "compiler/targets/wasm/worker.ts",
};

/** @type {esbuild.BuildOptions} */
const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  packages: "external",
  // Names stay: the library is compiled from the text of its functions. White space is what parsing at import costs most.
  minifyWhitespace: true,
  keepNames: false,
  // Every module is kept as imported: the package's sideEffects field is about dist/, not about the sources.
  ignoreAnnotations: true,
  legalComments: "none",
  logLevel: "warning",
  plugins: [libraryScopes(root)],
};

/** A warning of esbuild is a failed build: it has printed what it is about. */
async function bundle(options) {
  const { warnings } = await esbuild.build({ ...shared, ...options });
  if (warnings.length > 0) throw new Error(`build: esbuild gave ${warnings.length} warnings (above)`);
}

/** The library and the command line as ES modules: common chunks, so that both see one runtime. */
export async function buildModules(outdir) {
  const entryPoints = { index: entries.index, cli: entries.cli };
  await bundle({ entryPoints, outdir, format: "esm", splitting: true, chunkNames: "chunk-[hash]" });
}

/**
 * The library for require(): index.cjs gives the ES modules where Node can require those, so that import and require
 * share one instance, and common.cjs, a bundle of its own, where it cannot. Node 20 counts as one that cannot: there
 * require(esm) fails in CommonJS that was itself loaded through a module hook, as tsx's.
 */
export async function buildCommonJs(outdir) {
  await bundle({
    entryPoints: { common: entries.index },
    outdir,
    format: "cjs",
    outExtension: { ".js": ".cjs" },
    define: { "import.meta.url": "__tscJitModuleUrl" },
    banner: { js: 'const __tscJitModuleUrl = require("node:url").pathToFileURL(__filename).href;' },
  });
  const selector = [
    "const major = Number.parseInt(process.versions.node, 10);",
    "const canRequireModules = major >= 22 && process.features.require_module === true;",
    'module.exports = canRequireModules ? require("./index.js") : require("./common.cjs");',
  ];
  await writeFile(join(outdir, "index.cjs"), `${selector.join("\n")}\n`);
}

/**
 * The compile worker, one file of its own. The sources, run by a TypeScript loader, start this file too: a loader
 * inside a worker needs the main thread, which waits for the worker.
 */
export async function buildWorker(outdir) {
  await bundle({ entryPoints: { worker: entries.worker }, outdir, format: "esm" });
}

/** The random programs with the compile worker beside them. */
export async function buildFuzz(outdir) {
  await bundle({ entryPoints: { fuzz: "test/fuzz/main.ts" }, outdir, format: "esm" });
  await buildWorker(outdir);
}

/** Renews dist/worker.js alone, in one step, so that a process that starts it meanwhile finds a whole file. */
export async function renewWorker() {
  const staging = join(root, `.build-${process.pid}`);
  try {
    await buildWorker(staging);
    await mkdir(dist, { recursive: true });
    await rename(join(staging, "worker.js"), join(dist, "worker.js"));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
