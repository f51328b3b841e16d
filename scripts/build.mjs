// Builds dist/: ES modules (library and command line share one runtime through common chunks), the compile worker,
// a CommonJS bundle for Node versions without require(esm), and the type declarations (not with --no-types).
import { spawnSync } from "node:child_process";
import { chmod, cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { buildCommonJs, buildModules, buildWorker, dist, root } from "./bundles.mjs";

/** Declarations for `import`, and the same files under a `type: commonjs` folder for `require`. */
async function writeDeclarations(outdir) {
  const require = createRequire(import.meta.url);
  const tsc = join(
    dirname(require.resolve("typescript/package.json")),
    require("typescript/package.json").bin.tsc,
  );
  const types = join(outdir, "types");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", types], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("build: tsc could not write the declarations");
  await cp(types, join(outdir, "types-cjs"), { recursive: true });
  await writeFile(join(outdir, "types-cjs", "package.json"), '{ "type": "commonjs" }\n');
}

// Everything is written beside dist and moved there at the end: a failed build leaves the last good one.
const staging = join(root, `.build-${process.pid}`);
try {
  await mkdir(staging);
  await Promise.all([buildModules(staging), buildCommonJs(staging), buildWorker(staging)]);
  await chmod(join(staging, "cli.js"), 0o755);
  if (!process.argv.includes("--no-types")) await writeDeclarations(staging);
  await rm(dist, { recursive: true, force: true });
  await rename(staging, dist);
} catch (error) {
  // esbuild has printed its own errors already.
  if (!(error instanceof Error && "errors" in error))
    console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(staging, { recursive: true, force: true });
}
