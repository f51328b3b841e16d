import { strict as assert } from "node:assert";
import { hasFrames, runCli } from "./run-cli.js";

const program = `
import { jit } from "tsc-jit";
console.log("the program's own output");
const G = 9.81;
const weights = [0.5, 0.25];
export const energy = (x: number, v: number): number => 0.5 * v * v + G * x;
export const mix = (x: [number, number]): number => (weights[0] ?? 0) * x[0] ** 2 + (weights[1] ?? 0) * x[1];
export const total = (x: number[]): number => x.reduce((s, v) => s + v * v, 0);
export const compiled = jit(energy);
export const count = (n: 3): number => n;
export const unknown = (x: number): number => Math.random() * x;
const table = Array.from({ length: 300 }, (_, i) => i / 300);
export const folded = (x: number): number => table.reduce((s, v) => s + v * x * x, 0);
export const version = "1";
`;
const files = { "a.ts": program };

describe("tsc-jit grad", () => {
  it("prints TypeScript, and nothing else on stdout", () => {
    const { status, stdout, stderr } = runCli(["grad", "a.ts#energy"], files);
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "the program's own output\n");
    assert.equal(
      stdout,
      `/** The gradient of \`energy\` (a.ts:6) by x. */
export function d_energy(x: number, v: number): number {
  return 9.81;
}
`,
    );
  });

  it("differentiates by several arguments, with the value, by other modes", () => {
    const both = runCli(["grad", "a.ts#energy", "--argnums", "0,1", "--value"], files);
    assert.match(both.stdout, /d_energy\(x: number, v: number\): \[number, \[number, number\]\]/);
    const forward = runCli(["grad", "a.ts#energy", "--mode", "jvp", "--argnums", "1"], files);
    assert.match(forward.stdout, /jvp_energy\(x: number, v: number, dot_v: number\): number/);
    const backward = runCli(["grad", "a.ts#energy", "--mode", "vjp", "--argnums", "1"], files);
    assert.match(backward.stdout, /d_energy\(x: number, v: number, d_out: number\): number/);
  });

  it("takes shapes from annotations and from --args, and captured arrays as constants", () => {
    const annotated = runCli(["grad", "a.ts#mix"], files);
    assert.equal(annotated.status, 0, annotated.stderr);
    assert.match(annotated.stdout, /x: readonly number\[\]\): number\[\]/);
    const given = runCli(["grad", "a.ts#total", "--args", "f64[12]"], files);
    assert.match(given.stdout, /x\.length !== 12/);
    const jitted = runCli(["grad", "a.ts#compiled"], files);
    assert.match(jitted.stdout, /d_compiled\(x: number, v: number\): number/);
  });

  it("prints IR, and writes to a file", () => {
    const ir = runCli(["grad", "a.ts#total", "--args", "f64[12]", "--ir"], files);
    assert.match(ir.stdout, /^fn [\s\S]*for .*trip=12/);
    const written = runCli(["grad", "a.ts#energy", "-o", "d.ts"], files);
    assert.deepEqual([written.status, written.stdout], [0, ""]);
  });

  it("says what is wrong with what was asked: status 2", () => {
    const refused = (args: readonly string[], message: RegExp): void => {
      const { status, stdout, stderr } = runCli(["grad", ...args], files);
      assert.deepEqual([status, stdout, hasFrames(stderr)], [2, "", false], stderr);
      assert.match(stderr, message);
    };
    refused(["a.ts"], /does not name a function: write FILE#NAME/);
    refused(["a.ts#enrgy"], /has no export enrgy; it has .*: is it energy\?/);
    refused(["a.ts#version"], /version is no function/);
    refused(["a.ts#total"], /x is an array whose length its type does not say.*--args "f64\[10\]"/);
    refused(["a.ts#energy", "--args", "f64["], /--args: a size expected at the end/);
    refused(["a.ts#energy", "--args", "f64, f64, f64"], /energy takes 2 arguments, --args gives 3/);
    refused(["a.ts#energy", "--argnums", "x"], /--argnums x: write the positions/);
    refused(["a.ts#energy", "--mode", "backward"], /--mode backward: there are grad, vjp, jvp/);
  });

  it("refuses what has no derivative with a diagnostic: status 1", () => {
    const refused = (args: readonly string[], message: RegExp): void => {
      const { status, stdout, stderr } = runCli(["grad", ...args], files);
      assert.deepEqual([status, stdout, hasFrames(stderr)], [1, "", false], stderr);
      assert.match(stderr, message);
    };
    refused(["a.ts#energy", "--argnums", "2"], /TSJ3010.*there is no argument 2/);
    refused(["a.ts#count"], /TSJ3012.*count has no derivative by n/);
    refused(["a.ts#unknown"], /Math\.random/);
    refused(["a.ts#folded"], /TSJ7102.*`table` has 300 elements/);
  });

  it("shows examples in its help", () => {
    const { status, stdout } = runCli(["grad", "--help"]);
    assert.equal(status, 0);
    assert.match(stdout, /tsc-jit grad curve\.ts#energy/);
  });
});
