/** Runs the built command line in a process of its own, on files of a temporary folder. */
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cli = join(root, "dist", "cli.js");

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * `tsc-jit ...args`, run in a new folder that holds `files` (name -> text) and is removed afterwards.
 * The folder lies inside the repository, so that `import ... from "tsc-jit"` finds the built package.
 */
export const runCli = (
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Outcome => {
  assert.ok(existsSync(cli), "dist/cli.js is missing: run npm run build first");
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "cli-test-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const { TSCJIT_DEBUG: _, ...inherited } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { ...inherited, NO_COLOR: "1", ...env },
      timeout: 50_000,
    });
    return { status, stdout, stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Status 1, nothing on stdout, and a message without a stack trace. */
export const assertRefused = (outcome: Outcome, message: RegExp): void => {
  assert.equal(outcome.status, 1);
  assert.equal(outcome.stdout, "");
  assert.match(outcome.stderr, message);
  assert.ok(!hasFrames(outcome.stderr), outcome.stderr);
};

/** Whether a text holds lines of a stack trace. */
export const hasFrames = (text: string): boolean => /^\s+at /m.test(text);
