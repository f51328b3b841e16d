/** Programs in WASM: order of kernels, buffers, checks that trap, the scalar form, large kernels. */
import assert from "node:assert/strict";
import { BYTES } from "../../../compiler/ir/types.js";
import { at, dataOf, first, KernelBuilder, load, ProgramTrap, ramp, runProgram } from "./harness.js";

describe("programs", () => {
  it("emit straight-line code of thousands of statements", async () => {
    const n = 5000;
    const k = new KernelBuilder();
    const [x, y] = [k.input("i32", 5), k.output("i32", 5)];
    k.loop(5, true, (i) => {
      const loaded = k.load(x, at(0, [i, 1]));
      let v = loaded;
      for (let q = 0; q < n; q++) v = k.op("add", "i32", k.op("mul", "i32", v, loaded), loaded);
      k.store(y, at(0, [i, 1]), v);
      return [];
    });
    const wanted = [0, 1, -2, 3, 7].map((v) => {
      let r = v;
      for (let q = 0; q < n; q++) r = (Math.imul(r, v) + v) | 0;
      return r;
    });
    assert.deepEqual(first(await runProgram(k.program(), [dataOf("i32", [0, 1, -2, 3, 7])])), wanted);
  });

  it("trap at a failed check with the first failing lane's detail", async () => {
    for (const n of [1, 5, 8, 19])
      for (const bad of [null, 0, n >> 1, n - 1]) {
        const k = new KernelBuilder();
        const x = k.input("i32", n);
        const o = k.output("i32", n);
        k.loop(n, true, (i) => {
          const v = k.load(x, at(0, [i, 1]));
          k.check(k.op("lt", "bool", v, k.constant("i32", 100)), 1, v);
          k.store(o, at(0, [i, 1]), v);
          return [];
        });
        const values = ramp(n, (q) => (bad !== null && q >= bad ? 100 + q : q));
        const run = runProgram(k.program(), [dataOf("i32", values)]);
        if (bad === null) assert.deepEqual(first(await run), values);
        else
          await assert.rejects(
            run,
            (e) => e instanceof ProgramTrap && e.error === 1 && e.detail === 100 + bad,
          );
      }
  });

  it("run kernels in order over scratch and literals, names made distinct", async () => {
    const k = new KernelBuilder();
    const x = k.input("f32", 6);
    const o = k.output("f32", 6);
    const scratch = { id: 2, dtype: "f32", size: 6, place: { kind: "scratch", offset: 16 } } as const;
    const data = {
      id: 3,
      dtype: "f32",
      size: 6,
      place: { kind: "data", index: 0, values: [1, 2, 3, 4, 5, 6] },
    } as const;
    const copy = (from: number, to: number) => {
      const b = new KernelBuilder();
      b.buffers.push(...k.buffers, scratch, data);
      b.loop(6, true, (i) => {
        const value = b.op("add", "f32", b.load(from, at(0, [i, 1])), b.load(3, at(0, [i, 1])));
        b.store(to, at(0, [i, 1]), value);
        return [];
      });
      return { kind: "loops", name: "add", spans: [], body: b.body() } as const;
    };
    const program = {
      ...k.program({ steps: [copy(x, 2), copy(2, o)], scratchBytes: 40 }),
      buffers: [...k.buffers, scratch, data],
    };
    assert.deepEqual(
      first(
        await runProgram(program, [
          dataOf(
            "f32",
            ramp(6, () => 10),
          ),
        ]),
      ),
      [12, 14, 16, 18, 20, 22],
    );
    const { wat } = await load(program, "base", BYTES.f32);
    assert.match(wat, /\(func \$add /);
    assert.match(wat, /\(func \$add#1 /);
  });

  it("pass numbers as WASM values where the program is scalar", async () => {
    const k = new KernelBuilder();
    const [a, b] = [k.input("f64", 1), k.input("bool", 1)];
    const o = k.output("f64", 1);
    const value = k.load(a, at(0));
    k.check(k.op("ge", "bool", value, k.constant("f64", 0)), 0);
    k.store(
      o,
      at(0),
      k.op("select", "f64", k.load(b, at(0)), k.op("sqrt", "f64", value), k.op("neg", "f64", value)),
    );
    const { exports, memory } = await load(k.program({ scalar: true }), "base", 0);
    const call = exports.call as (x: number, y: number) => number;
    assert.equal(call(2, 1), Math.SQRT2);
    assert.equal(call(2, 0), -2);
    assert.throws(() => call(-1, 1), WebAssembly.RuntimeError);
    assert.equal(new Int32Array(memory.buffer)[2], 1);
  });
});
