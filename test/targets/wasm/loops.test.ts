/** Hand-written loop kernels in WASM: every extent, strides, mixed types, recurrences, gathers, against plain JavaScript. */
import assert from "node:assert/strict";
import type { DType } from "../../../compiler/ir/types.js";
import { at, dataOf, first, KernelBuilder, PROFILES, ramp, runProgram } from "./harness.js";

const EXTENTS = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 64, 100, 1003];
const DTYPES: readonly DType[] = ["f32", "f64", "i32", "u32", "bool"];

const small = (n: number): number[] => ramp(n, (k) => ((k * 7919) % 11) - 5);

describe("loop kernels", () => {
  for (const dtype of DTYPES)
    it(`copy ${dtype} of every extent, forwards, backwards and with a stride`, async () => {
      for (const n of EXTENTS) {
        const k = new KernelBuilder();
        const x = k.input(dtype, 3 * n);
        const outs = [
          k.output(dtype, n),
          k.output(dtype, n),
          k.output(dtype, n),
          k.output(dtype, 2 * n),
        ] as const;
        k.loop(n, true, (i) => {
          k.store(outs[0], at(0, [i, 1]), k.load(x, at(1, [i, 1])));
          k.store(outs[1], at(0, [i, 1]), k.load(x, at(n - 1, [i, -1])));
          k.store(outs[2], at(n - 1, [i, -1]), k.load(x, at(2, [i, 3])));
          k.store(outs[3], at(1, [i, 2]), k.load(x, at(0, [i, 1])));
          return [];
        });
        const values = dtype === "bool" ? ramp(3 * n, (q) => ((q * q) % 3) & 1) : ramp(3 * n, (q) => q + 1);
        const got = await runProgram(k.program(), [dataOf(dtype, values)]);
        const v = (q: number): number => values[q] ?? Number.NaN;
        assert.deepEqual(
          [...(got[0] ?? [])],
          ramp(n, (q) => v(q + 1)),
        );
        assert.deepEqual(
          [...(got[1] ?? [])],
          ramp(n, (q) => v(n - 1 - q)),
        );
        assert.deepEqual(
          [...(got[2] ?? [])],
          ramp(n, (q) => v(2 + 3 * (n - 1 - q))),
        );
        assert.deepEqual(
          [...(got[3] ?? [])].filter((_, q) => q % 2 === 1),
          ramp(n, (q) => v(q)),
        );
      }
    });

  it("mix 64-bit and 32-bit values and bools in one loop", async () => {
    for (const n of EXTENTS) {
      const k = new KernelBuilder();
      const [x, y, c] = [k.input("f32", n), k.input("f64", n), k.input("bool", n)];
      const [o, p] = [k.output("f64", n), k.output("bool", n)];
      k.loop(n, true, (i) => {
        const wide = k.op("convert", "f64", k.load(x, at(0, [i, 1])));
        const index = k.op("convert", "f64", k.axis(i));
        const b = k.load(y, at(0, [i, 1]));
        const chosen = k.op("select", "f64", k.load(c, at(0, [i, 1])), wide, k.op("add", "f64", b, index));
        k.store(o, at(0, [i, 1]), chosen);
        k.store(p, at(0, [i, 1]), k.op("lt", "bool", wide, b));
        return [];
      });
      const [xs, ys, cs] = [small(n), small(n + 3).slice(3), ramp(n, (q) => q % 2)];
      const got = await runProgram(k.program(), [dataOf("f32", xs), dataOf("f64", ys), dataOf("bool", cs)]);
      assert.deepEqual(
        [...(got[0] ?? [])],
        ramp(n, (q) => (cs[q] === 1 ? (xs[q] ?? 0) : (ys[q] ?? 0) + q)),
      );
      assert.deepEqual(
        [...(got[1] ?? [])],
        ramp(n, (q) => Number((xs[q] ?? 0) < (ys[q] ?? 0))),
      );
    }
  });

  it("carry recurrences, alone and side by side in vectors", async () => {
    // Fibonacci numbers modulo 2^32 along an axis of 20, from starts that differ along one of 7
    const k = new KernelBuilder();
    const x = k.input("i32", 7);
    const o = k.output("i32", 7 * 20);
    const one = k.constant("i32", 1);
    k.loop(7, true, (i) => {
      const start = k.load(x, at(0, [i, 1]));
      k.loop(20, false, (j) => {
        const [a, b, ra, rb] = [k.id(), k.id(), k.id(), k.id()];
        k.store(o, at(0, [i, 20], [j, 1]), a);
        const next = k.op("add", "i32", a, b);
        return [
          { kind: "recur", type: "i32", init: start, param: a, next: b, result: ra },
          { kind: "recur", type: "i32", init: one, param: b, next, result: rb },
        ];
      });
      return [];
    });
    const starts = [0, 1, 5, -3, 1000, 7, 2];
    const wanted = starts.flatMap((s) => {
      let [a, b] = [s, 1];
      return ramp(20, () => {
        const now = a;
        [a, b] = [b, (a + b) | 0];
        return now;
      });
    });
    assert.deepEqual(first(await runProgram(k.program(), [dataOf("i32", starts)])), wanted);
  });

  it("gather through indices, uniform and per lane, and scatter with adds", async () => {
    const [n, m] = [37, 10];
    const k = new KernelBuilder();
    const [x, idx] = [k.input("f32", m + 5), k.input("i32", n)];
    const [o, bins] = [k.output("f32", n), k.output("f32", m)];
    k.loop(m, true, (j) => {
      k.store(bins, at(0, [j, 1]), k.constant("f32", 0));
      return [];
    });
    k.loop(n, true, (i) => {
      const index = k.load(idx, at(0, [i, 1]));
      k.store(o, at(0, [i, 1]), k.load(x, { ...at(2), dynamic: index }));
      return [];
    });
    k.loop(n, false, (i) => {
      const index = k.load(idx, at(0, [i, 1]));
      k.store(bins, { ...at(0), dynamic: index }, k.load(o, at(0, [i, 1])), "add");
      return [];
    });
    const indices = ramp(n, (q) => (q * q) % m);
    const xs = ramp(m + 5, (q) => q + 0.5);
    const got = await runProgram(k.program(), [dataOf("f32", xs), dataOf("i32", indices)]);
    assert.deepEqual(
      first(got),
      indices.map((q) => q + 2.5),
    );
    const wanted = ramp(m, () => 0);
    for (const q of indices) wanted[q] = (wanted[q] ?? 0) + q + 2.5;
    assert.deepEqual([...(got[1] ?? [])], wanted);
  });

  it("contract a*b + c to one rounding only where the engine can", async () => {
    // (1 + e)(1 - e) - 1 is -e^2 exactly, and 0 with two roundings
    const e = 2 ** -13;
    for (const profile of PROFILES)
      for (const dtype of ["f32", "f64"] as const) {
        const tiny = dtype === "f32" ? e : 2 ** -28;
        const k = new KernelBuilder();
        const [x, y] = [k.input(dtype, 8), k.input(dtype, 8)];
        const o = k.output(dtype, 8);
        k.loop(8, true, (i) => {
          const product = [k.load(x, at(0, [i, 1])), k.load(y, at(0, [i, 1]))] as const;
          k.store(o, at(0, [i, 1]), k.op("fma", dtype, ...product, k.constant(dtype, -1)));
          return [];
        });
        const inputs = [
          dataOf(
            dtype,
            ramp(8, () => 1 + tiny),
          ),
          dataOf(
            dtype,
            ramp(8, () => 1 - tiny),
          ),
        ];
        const wanted = profile === "base" ? 0 : -(tiny * tiny);
        assert.deepEqual(
          first(await runProgram(k.program(), inputs, profile)),
          ramp(8, () => wanted),
          profile,
        );
      }
  });
});
