/**
 * `npm run ulp -- [--all | --chunks=N] [--f64=FILE] [FUNCTION ...]`: the largest errors of vector math in ulp, f32 over ten
 * million random numbers (`--all`: over all 2^32; two operands: random ones), f64 over the exact values of FILE, which
 * `python3 scripts/math-reference.py 20000 FILE` writes (else those of the tests).
 */
import type { ElementwiseOp } from "../../compiler/ir/types.js";
import { PROFILES } from "../targets/wasm/harness.js";
import { allPatterns, CHUNK, F32_SWEEPS, type Sweep, sweepF32 } from "./f32-sweep.js";
import { measureF64, readReference } from "./f64-reference.js";
import { statedErrors } from "./stated.js";

const args = process.argv.slice(2);
const option = (name: string): string | undefined =>
  args.find((a) => a === name || a.startsWith(`${name}=`))?.slice(name.length + 1);
const wanted = args.filter((a) => !a.startsWith("--"));
const isWanted = (op: string): boolean => wanted.length === 0 || wanted.includes(op);
const all = option("--all") !== undefined;
const chunks = all ? 2 ** 32 / CHUNK : Number(option("--chunks") ?? Math.ceil(1e7 / CHUNK));
const stated = statedErrors();

const line = (
  op: string,
  type: "f32" | "f64",
  error: number,
  profile: string,
  at: readonly number[],
): void => {
  const limit = stated.get(op)?.[type] ?? 0;
  const verdict = error <= limit ? "" : `  MORE THAN THE STATED ${limit}`;
  console.log(
    `${op.padEnd(8)} ${type} ${profile.padEnd(4)} ${error.toFixed(4)} ulp at ${at.join(", ")}${verdict}`,
  );
  if (error > limit) process.exitCode = 1;
};

for (const [op, sweep] of Object.entries(F32_SWEEPS) as [ElementwiseOp, Sweep][]) {
  if (!isWanted(op)) continue;
  const fill = all && sweep.arity === 1 ? allPatterns : undefined;
  for (const { profile, error, at } of await sweepF32(op, sweep, PROFILES, chunks, fill))
    line(op, "f32", error, profile, at);
}
const file = option("--f64");
for (const reference of readReference(file ?? new URL("./f64-reference.json", import.meta.url))) {
  if (!isWanted(reference.op)) continue;
  for (const profile of PROFILES) {
    const { error, at } = await measureF64(reference, profile);
    line(reference.op, "f64", error, profile, at);
  }
}
