import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { compileSync, startCompiler, stopCompiler } from "../../../compiler/targets/wasm/client.js";
import { at, KernelBuilder } from "./harness.js";

const program = () => {
  const k = new KernelBuilder();
  const x = k.input("f64", 1);
  const y = k.output("f64", 1);
  const value = k.load(x, at(0));
  k.store(y, at(0), k.op("mul", "f64", value, value));
  return k.program({ scalar: true });
};

describe("compile worker", () => {
  after(stopCompiler);

  it("answers synchronously, with text on request", () => {
    startCompiler();
    startCompiler();
    const { wasm, wat } = compileSync(program(), "base", { wat: true });
    assert.match(wat ?? "", /f64\.mul/);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const { call } = new WebAssembly.Instance(new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>), {
      env: { memory },
    }).exports;
    assert.equal((call as (x: number) => number)(1.5), 2.25);
    assert.equal(compileSync(program(), "base").wat, undefined);
  });

  it("reports a failure of the emitter as an internal diagnostic and goes on", () => {
    const broken = { ...program(), results: [] };
    assert.throws(() => compileSync(broken, "base"), /internal error TSJ9000.*without a result/s);
    assert.ok(compileSync(program(), "base").wasm.length > 0);
  });

  it("never keeps a process alive", () => {
    const client = new URL("../../../compiler/targets/wasm/client.ts", import.meta.url).href;
    const script = `import(${JSON.stringify(client)}).then((c) => { c.startCompiler(); console.log("started"); })`;
    const child = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 50_000,
    });
    assert.deepEqual([child.status, child.stdout, child.stderr], [0, "started\n", ""]);
  });

  it("starts again after it was stopped", () => {
    stopCompiler();
    assert.ok(compileSync(program(), "base").wasm.length > 0);
  });
});
