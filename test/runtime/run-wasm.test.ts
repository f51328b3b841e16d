import assert from "node:assert/strict";
import { type Builder, createBuilder } from "../../compiler/ir/builder.js";
import type { IrFunction, TensorType, Var } from "../../compiler/ir/types.js";
import { lowerProgram } from "../../compiler/kernel/lower.js";
import { compileSync, stopCompiler } from "../../compiler/targets/wasm/client.js";
import { detectProfile } from "../../compiler/targets/wasm/profile.js";
import { scratchFor } from "../../compiler/targets/wasm/scratch.js";
import { arena, type Storage } from "../../runtime/arena.js";
import { binaryOf, type Executable, loadBinary, type ResultValue } from "../../runtime/run-wasm.js";
import { storageOf } from "../../runtime/tensor.js";
import { tensor } from "../../runtime/tensor-data.js";

const f32 = (...shape: number[]): TensorType => ({ dtype: "f32", shape });
const f64: TensorType = { dtype: "f64", shape: [] };

const executable = (fn: IrFunction): Executable => {
  const program = lowerProgram(fn);
  const { wasm } = compileSync(program, detectProfile());
  const types = (vars: readonly Var[]): readonly TensorType[] => vars.map((v) => v.type);
  return loadBinary(binaryOf(program, wasm, types(fn.params), types(fn.results), scratchFor(program)));
};

const program = (
  params: readonly TensorType[],
  body: (b: Builder, params: readonly Var[]) => readonly Var[],
): Executable => {
  const b = createBuilder();
  const vars = params.map((type) => b.param(type));
  return executable(b.finish("test", body(b, vars)));
};

const elements = (value: ResultValue | undefined): readonly number[] => {
  assert.ok(value !== undefined && typeof value !== "number");
  return [...arena().read(value)];
};
const at = (vars: readonly Var[], k: number): Var => {
  const v = vars[k];
  assert.ok(v !== undefined);
  return v;
};

describe("running programs", () => {
  after(stopCompiler);

  it("calls a program of numbers directly", () => {
    const p = program([f64, f64], (b, v) => [b.add(b.mul(at(v, 0), at(v, 1)), at(v, 0))]);
    assert.equal(p.scalar?.(3, 4), 15);
    assert.deepEqual(p.run([3, 4]), [15]);
    assert.deepEqual(p.run([tensor(3, { dtype: "f64" }), 4]), [15]);
  });

  it("takes tensors, typed arrays and nested arrays, and leaves nothing behind", () => {
    const p = program([f32(3), f32(3)], (b, v) => [
      b.add(at(v, 0), at(v, 1)),
      b.reduceSum(at(v, 0), [0]),
      at(v, 1),
    ]);
    const x = tensor([1, 2, 3]);
    p.run([x, Float32Array.of(1, 1, 1)]);
    const before = arena().stats();
    let last: readonly ResultValue[] = [];
    for (let k = 0; k < 10; k++) last = p.run([x, { shape: [3], elements: [10, 20, 30] }]);
    assert.deepEqual(elements(last[0]), [11, 22, 33]);
    assert.equal(last[1], 6);
    assert.deepEqual(elements(last[2]), [10, 20, 30]);
    assert.equal(arena().stats().usedBytes - before.usedBytes, 10 * 64, "ten results of one block each");
  });

  it("gives an argument that is a result as the same storage if it is a tensor, as a copy if not", () => {
    const p = program([f32(2), f32(2)], (b, v) => [at(v, 0), b.add(at(v, 0), at(v, 1))]);
    const x = tensor([1, 2]);
    assert.equal(p.run([x, x])[0], storageOf(x));
    const raw = Float32Array.of(5, 6);
    const [copy] = p.run([raw, x]);
    raw[0] = 0;
    assert.deepEqual(elements(copy), [5, 6]);
  });

  it("handles empty arrays and results of one element", () => {
    const p = program([f32(0), f32(1)], (b, v) => [
      b.neg(at(v, 0)),
      b.neg(at(v, 1)),
      b.reduceSum(at(v, 0), [0]),
    ]);
    const [none, one, sum] = p.run([tensor([]), tensor([4])]);
    assert.deepEqual(elements(none), []);
    assert.deepEqual(elements(one), [-4]);
    assert.equal(sum, 0);
  });

  it("turns a failed check into a diagnostic, and loses nothing", () => {
    const p = program([f32(3), { dtype: "i32", shape: [] }], (b, v) => [
      b.emit("gather", [at(v, 0), at(v, 1)], { axis: 0, batch: 0, mode: "check" }),
      b.neg(at(v, 0)),
    ]);
    const x = tensor([1, 2, 3]);
    const index = (k: number) => tensor(k, { dtype: "i32" });
    assert.equal(p.run([x, index(2)])[0], 3);
    const before = arena().stats();
    for (const k of [3, -1, 1000])
      assert.throws(
        () => p.run([x, index(k)]),
        (e: Error & { diagnostics?: readonly { kind: string }[] }) => {
          assert.equal(e.name, "RangeError");
          assert.equal(e.diagnostics?.[0]?.kind, "range");
          assert.match(e.message, new RegExp(`${k}`));
          return true;
        },
      );
    // Each of the three indices was brought into the arena, nothing else stayed.
    assert.equal(arena().stats().usedBytes - before.usedBytes, 3 * 64);
    assert.deepEqual([...x.data], [1, 2, 3]);
    assert.equal(p.run([x, index(0)])[0], 1);
  });

  it("stays within the bound in a synchronous loop of results that are dropped", () => {
    const p = program([f32(1 << 18), f32()], (b, v) => [
      b.add(at(v, 0), b.broadcastScalar(at(v, 1), [1 << 18])),
    ]);
    const one = tensor(new Float32Array(1 << 18).fill(1));
    const step = tensor(1);
    const kept: Storage[] = [];
    let x = one;
    const before = arena().stats().committedBytes; // other tests may have made it grow
    for (let k = 0; k < 2000; k++) {
      const [value] = p.run([x, k % 2 === 0 ? step : tensor(-1)]);
      assert.ok(value !== undefined && typeof value !== "number");
      if (k % 500 === 0) kept.push(value);
      x = k % 2 === 0 ? one : x;
    }
    // 2,000 results of 1 MiB; what a process holds in all is measured in a process of its own, in memory.test.ts
    const { committedBytes } = arena().stats();
    assert.ok(
      committedBytes <= Math.max(before, 16 << 20) + (4 << 20),
      `${committedBytes} bytes, ${before} before`,
    );
    for (const storage of kept) assert.equal(arena().read(storage)[1], 2);
  });
});
