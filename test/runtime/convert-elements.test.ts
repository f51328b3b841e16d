import assert from "node:assert/strict";
import { jit } from "tsc-jit";
import { writeConverted } from "../../runtime/convert-elements.js";

const LENGTHS = [0, 1, 16_383, 16_384, 16_385, 40_000];

describe("arguments of other element types", () => {
  it("are written in parts, each element once", () => {
    for (const length of LENGTHS) {
      const source = Uint8Array.from({ length }, (_, k) => (k * 7 + (k >> 8)) & 255);
      const memory = new Int32Array(length + 2).fill(-1);
      writeConverted((address, data) => memory.set(data, address / 4), 4, source, "i32");
      assert.deepEqual(memory, Int32Array.of(-1, ...source, -1), `${length} elements`);
    }
  });

  it("are rounded and wrapped as typed arrays do it", () => {
    const written = new Float32Array(3);
    const write = (address: number, data: ArrayLike<number>): void => written.set(data, address / 4);
    writeConverted(write, 0, Float64Array.of(0.1, -0, Number.NaN), "f32");
    assert.deepEqual(written, Float32Array.of(0.1, -0, Number.NaN));
  });

  it("reach a program whole", () => {
    const weighted = jit((x: Int16Array) => {
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += (x[i] ?? 0) * (i % 5);
      return sum;
    });
    for (const length of LENGTHS.slice(3)) {
      const x = Int16Array.from({ length }, (_, k) => ((k * 31) % 65_536) - 32_768);
      const wanted = x.reduce((sum, v, i) => sum + v * (i % 5), 0);
      assert.equal(Number(weighted(x)), wanted, `${length} elements`);
    }
  });
});
