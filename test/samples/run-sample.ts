/** Runs a sample as the README says to, and as any TypeScript runner would. */
import { strict as assert } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Outcome, runCli } from "../cli/run-cli.js";

const samples = new URL("../../samples/", import.meta.url);

/** What samples import and read. */
const neighbours = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ["data", "lib"].flatMap((folder) =>
      readdirSync(new URL(`${folder}/`, samples)).map((file) => [
        `${folder}/${file}`,
        readFileSync(new URL(`${folder}/${file}`, samples), "utf8"),
      ]),
    ),
  );

/** What `tsc-jit run samples/NAME.ts` prints; it must succeed, in silence but for that. */
export const outputOf = (name: string): string => {
  const { status, stdout, stderr } = runCli(["run", fileURLToPath(new URL(`${name}.ts`, samples))]);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return stdout;
};

/** The same sample with one piece of its text replaced. */
export const runChanged = (name: string, piece: string, by: string): Outcome => {
  const text = readFileSync(new URL(`${name}.ts`, samples), "utf8");
  assert.equal(text.split(piece).length, 2, `${name} has ${piece} once`);
  return runCli(["run", "changed.ts"], { "changed.ts": text.replace(piece, by), ...neighbours() });
};

/** Numbers of a text that match `pattern`, one for each match: its first group. */
export const numbersIn = (text: string, pattern: RegExp): readonly number[] =>
  [...text.matchAll(pattern)].map(([, digits]) => Number(digits));

/** A sample that its own check refuses says so and ends with status 1. */
export const assertFails = (outcome: Outcome, message: RegExp): void => {
  assert.equal(outcome.status, 1, outcome.stdout);
  assert.match(outcome.stderr, message);
};
