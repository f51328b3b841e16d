/** `tsc-jit ops`: each primitive, how it is differentiated, and the dtypes it takes on each target. */
import { TscJitError } from "../diagnostics.js";
import type { DType, IrFunction, OpName } from "../ir/types.js";
import { lowerProgram } from "../kernel/lower.js";
import { expandMath } from "../kernel/math/expand.js";
import { kernelsOf } from "../kernel/walk.js";
import { opTable } from "../ops/index.js";
import { runPasses } from "../passes/pipeline.js";
import { opNames, sampleProgram } from "./op-samples.js";

const DTYPES: readonly DType[] = ["f32", "f64", "i32", "u32", "bool"];

interface Target {
  readonly name: string;
  readonly accepts: (program: IrFunction) => boolean;
}

/** Takes a program through every stage that may refuse it. What remains are machine ops, and the emitter has them all. */
const lowersToMachineOps = (program: IrFunction): boolean => {
  try {
    for (const kernel of kernelsOf(lowerProgram(runPasses(program).fn).steps)) expandMath(kernel);
    return true;
  } catch (error) {
    const refused = error instanceof TscJitError && error.diagnostics.every((d) => d.kind === "unsupported");
    if (!refused) throw error;
    return false;
  }
};

const targets: readonly Target[] = [
  // Its evaluation rules are part of the op records.
  { name: "interpreter", accepts: () => true },
  { name: "wasm", accepts: lowersToMachineOps },
];

/** `f32 f64 -   -   -`: one place per dtype. */
const dtypesOn = (target: Target, op: OpName): string =>
  DTYPES.map((dtype) => {
    const program = sampleProgram(op, dtype);
    const runs = program !== null && target.accepts(program);
    return (runs ? dtype : "-").padEnd(dtype.length);
  }).join(" ");

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, k) => Math.max(...rows.map((row) => (row[k] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, k) => cell.padEnd(widths[k] ?? 0)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
};

/** The matrix as text: a heading, then one line per op. */
export const opMatrix = (): string =>
  table([
    ["op", "derivative", ...targets.map((target) => target.name)],
    ...opNames.map((op) => [op, opTable[op].ad.kind, ...targets.map((target) => dtypesOn(target, op))]),
  ]);

export const printOps = (): void => {
  process.stdout.write(`${opMatrix()}\n`);
};
