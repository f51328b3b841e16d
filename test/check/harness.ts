/** Checks programs given as text, in this process. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Checked, checkModule } from "../../compiler/check/check.js";
import { createProject } from "../../compiler/check/project.js";
import type { Exported } from "../../compiler/check/roots.js";
import * as library from "../../runtime/index.js";

/** What check finds in `main.ts` of these files. */
export const checkFiles = (files: Readonly<Record<string, string>>, exported: Exported = "none"): Checked => {
  const folder = mkdtempSync(join(tmpdir(), "tsc-jit-check-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const project = createProject();
    return checkModule(project, { exports: library }, project.load(join(folder, "main.ts")), exported);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** `severity code line: message` of each finding in a program that begins with the usual imports on line 1. */
export const findings = (
  text: string,
  files: Readonly<Record<string, string>> = {},
  exported: Exported = "none",
): readonly string[] => {
  const imports =
    'import { grad, hessian, jit, jvp, nn, np, optim, random, type Tensor, tensor, valueAndGrad, vjp, vmap } from "tsc-jit";';
  const { findings: found } = checkFiles({ ...files, "main.ts": `${imports}\n${text}` }, exported);
  return found.map(
    ({ severity, diagnostic: d }) => `${severity} ${d.code} ${d.span?.line ?? 0}: ${d.message}`,
  );
};

/** The faults alone, without their texts. */
export const faults = (text: string, files: Readonly<Record<string, string>> = {}): readonly string[] =>
  findings(text, files).flatMap((line) => (line.startsWith("note") ? [] : [line.replace(/:.*/s, "")]));
