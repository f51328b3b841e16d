/** The sample on its real data, as the README says to run it. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runCli } from "../cli/run-cli.js";

const lastAccuracy = (output: string): number =>
  Number(/test accuracy ([\d.]+) %/.exec(output)?.[1] ?? Number.NaN);

const sample = fileURLToPath(new URL("../../samples/mnist.ts", import.meta.url));

describe("samples/mnist.ts", function () {
  this.timeout(120_000);

  it("trains to at least 96 % and says so per digit; the same twice", () => {
    const first = runCli(["run", sample]);
    assert.equal(first.status, 0, first.stderr);
    assert.ok(lastAccuracy(first.stdout) >= 96, first.stdout);
    assert.equal(first.stdout.match(/^ {2}digit \d {2}[\d.]+ %$/gm)?.length, 10);
    assert.match(first.stdout, /^epoch 1\/\d+ {2}loss [\d.]+ {2}accuracy [\d.]+ % {2}\d+ steps\/s$/m);

    // the second run takes its programs from the disk cache; all but the speed is equal
    const second = runCli(["run", sample]);
    const withoutSpeed = (output: string): string => output.replace(/\d+ steps\/s/g, "");
    assert.equal(withoutSpeed(second.stdout), withoutSpeed(first.stdout));
  });
});
