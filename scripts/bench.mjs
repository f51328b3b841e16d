// npm run bench -- NAME [options]: installs the rival libraries on the first use, then runs test/bench/main.ts.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { renewWorker } from "./bundles.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const bench = join(root, "test", "bench");
const rivals = join(bench, "rivals");

/** Runs a command to its end, and ends this process with its status if it failed. */
function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(join(rivals, "node_modules", ".package-lock.json"))) {
  console.log("installing the rival libraries (about 400 MB, once) ...");
  run("npm", ["ci", "--ignore-scripts"], { cwd: rivals, shell: process.platform === "win32" });
}
await renewWorker(); // of benchmarks that run the library from its sources
run(process.execPath, ["--import", "tsx", join(bench, "main.ts"), ...process.argv.slice(2)], { cwd: root });
