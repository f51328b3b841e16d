import { strict as assert } from "node:assert";
import { assertRefused, runCli } from "./run-cli.js";

const program = `
import { jit, tensor } from "tsc-jit";
console.log("the program's own output", process.argv[2]);
export const plain = (x: number) => x * 2;
export const scaled = jit((x: number) => Math.exp(x) * 3);
export const unused = jit(plain);
scaled(2);
scaled(tensor([1, 2, 3, 4]));
`;

describe("tsc-jit ir", () => {
  it("prints every stage of the last program of an export, and nothing else on stdout", () => {
    const { status, stdout, stderr } = runCli(["ir", "a.ts#scaled", "word"], { "a.ts": program });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "the program's own output word\n");
    const headings = [...stdout.matchAll(/^;; (.*)$/gm)].map((match) => match[1]);
    assert.equal(headings[0], "IR");
    assert.ok(headings.some((heading) => heading?.includes("simplify")));
    assert.deepEqual(headings.slice(-2), ["kernels", "WAT"]);
    assert.match(stdout, /f32\[4\] = exp /);
    assert.match(stdout, /\(module/);
  });

  it("says what is wrong with the name", () => {
    const files = { "a.ts": program };
    assertRefused(runCli(["ir", "a.ts"], files), /a\.ts does not name a function: write FILE#NAME/);
    assertRefused(runCli(["ir", "b.ts#f"], files), /cannot find b\.ts/);
    assertRefused(runCli(["ir", "a.ts#f"], files), /has no export f; it has plain, scaled, unused/);
    assertRefused(runCli(["ir", "a.ts#plain"], files), /plain is not compiled by itself/);
    assertRefused(runCli(["ir", "a.ts#unused"], files), /unused was not called/);
  });
});
