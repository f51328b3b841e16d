import { strict as assert } from "node:assert";
import { opNames, sampleProgram } from "../../compiler/cli/op-samples.js";
import { opMatrix } from "../../compiler/cli/ops.js";
import { opTable } from "../../compiler/ops/index.js";
import { runCli } from "./run-cli.js";

describe("tsc-jit ops", () => {
  it("lists every op of the table with its kind of derivative", () => {
    const [heading = "", ...lines] = opMatrix().split("\n");
    assert.match(heading, /^op +derivative +interpreter +wasm$/);
    assert.deepEqual(lines.map((line) => line.split(/ +/)[0]).sort(), Object.keys(opTable).sort());
    for (const line of lines) {
      const [op = "", derivative] = line.split(/ +/);
      assert.equal(derivative, Object.entries(opTable).find(([name]) => name === op)?.[1].ad.kind);
    }
  });

  it("shows the dtypes that the shape rules take", () => {
    const rowOf = (op: string): string | undefined => opMatrix().match(new RegExp(`^${op} .*$`, "m"))?.[0];
    assert.match(rowOf("sin") ?? "", /nonlinear +f32 f64 - +- +- +f32 f64 - +- +-$/);
    assert.match(rowOf("clz32") ?? "", /zero +- +- +i32 u32 - +- +- +i32 u32 -$/);
  });

  it("has a sample of every op for at least one dtype", () => {
    for (const op of opNames)
      assert.ok(
        (["f32", "f64", "i32", "u32", "bool"] as const).some((d) => sampleProgram(op, d) !== null),
        op,
      );
  });

  it("is printed by the command", () => {
    assert.deepEqual(runCli(["ops"]), { status: 0, stdout: `${opMatrix()}\n`, stderr: "" });
  });
});
