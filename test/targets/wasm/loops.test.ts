/** Hand-written loop kernels in WASM: reductions, carries, strides, gathers, checks, odd extents, against plain JavaScript. */
import assert from "node:assert/strict";
import { BYTES, type DType } from "../../../compiler/ir/types.js";
import type { Combine, ValueId } from "../../../compiler/kernel/types.js";
import { at, type Data, dataOf, KernelBuilder, load, PROFILES, ProgramTrap, runProgram } from "./harness.js";

const EXTENTS = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 64, 100, 1003];
const DTYPES: readonly DType[] = ["f32", "f64", "i32", "u32", "bool"];

const ramp = (n: number, f: (k: number) => number): number[] => Array.from({ length: n }, (_, k) => f(k));
const small = (n: number): number[] => ramp(n, (k) => ((k * 7919) % 11) - 5);
const first = (outputs: readonly Data[]): number[] => [...(outputs[0] ?? [])];

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

  const folds: Readonly<Record<Combine, (a: number, b: number) => number>> = {
    sum: (a, b) => a + b,
    prod: (a, b) => a * b,
    max: (a, b) => Math.max(a, b),
    min: (a, b) => Math.min(a, b),
  };
  for (const combine of ["sum", "prod", "max", "min"] as const)
    it(`reduce by ${combine}: rows, columns, all`, async () => {
      for (const dtype of ["f32", "f64", "i32", "u32"] as const)
        for (const [rows, cols] of [
          [1, 1],
          [1, 9],
          [9, 1],
          [3, 5],
          [17, 19],
          [4, 64],
        ] as const) {
          const k = new KernelBuilder();
          const x = k.input(dtype, rows * cols);
          const outs = [k.output(dtype, rows), k.output(dtype, cols), k.output(dtype, 1)] as const;
          const start = k.constant(dtype, 1);
          const inner = (extent: number, load: (axis: number) => ValueId): ValueId => {
            let result = -1;
            k.loop(extent, true, (j) => {
              const r = k.reduce(combine, dtype, start, load(j));
              result = r.result;
              return [r.carry];
            });
            return result;
          };
          k.loop(rows, true, (i) => {
            k.store(
              outs[0],
              at(0, [i, 1]),
              inner(cols, (j) => k.load(x, at(0, [i, cols], [j, 1]))),
            );
            return [];
          });
          k.loop(cols, true, (j) => {
            k.store(
              outs[1],
              at(0, [j, 1]),
              inner(rows, (i) => k.load(x, at(0, [i, cols], [j, 1]))),
            );
            return [];
          });
          k.store(
            outs[2],
            at(0),
            inner(rows * cols, (i) => k.load(x, at(0, [i, 1]))),
          );
          // products of ones and a few twos stay exact
          const values = ramp(rows * cols, (q) =>
            combine === "prod" ? (q % 23 === 5 ? 2 : 1) : ((q * 5) % 9) + (dtype === "u32" ? 0 : -4),
          );
          const got = await runProgram(k.program(), [dataOf(dtype, values)]);
          const fold = (list: readonly number[]): number =>
            [...dataOf(dtype, [list.reduce(folds[combine], 1)])][0] ?? 0;
          const context = `${combine} ${dtype} ${rows}x${cols}`;
          assert.deepEqual(
            [...(got[0] ?? [])],
            ramp(rows, (i) => fold(values.slice(i * cols, (i + 1) * cols))),
            context,
          );
          assert.deepEqual(
            [...(got[1] ?? [])],
            ramp(cols, (j) => fold(values.filter((_, q) => q % cols === j))),
            context,
          );
          assert.deepEqual([...(got[2] ?? [])], [fold(values)], context);
        }
    });

  it("keep the sign of zero and NaN in reductions", async () => {
    const total = async (
      combine: Combine,
      init: number,
      values: readonly number[],
    ): Promise<number | undefined> => {
      const k = new KernelBuilder();
      const x = k.input("f32", values.length);
      const o = k.output("f32", 1);
      const start = k.constant("f32", init);
      let result = -1;
      k.loop(values.length, true, (i) => {
        const r = k.reduce(combine, "f32", start, k.load(x, at(0, [i, 1])));
        result = r.result;
        return [r.carry];
      });
      k.store(o, at(0), result);
      return first(await runProgram(k.program(), [dataOf("f32", values)]))[0];
    };
    assert.ok(
      Object.is(
        await total(
          "sum",
          -0,
          ramp(37, () => -0),
        ),
        -0,
      ),
    );
    assert.ok(
      Object.is(
        await total(
          "sum",
          0,
          ramp(37, () => -0),
        ),
        0,
      ),
    );
    assert.ok(
      Object.is(
        await total(
          "max",
          -Infinity,
          ramp(37, (q) => (q === 30 ? Number.NaN : q)),
        ),
        Number.NaN,
      ),
    );
    assert.ok(
      Object.is(
        await total(
          "max",
          -0,
          ramp(9, () => -0),
        ),
        -0,
      ),
    );
    assert.ok(
      Object.is(
        await total(
          "min",
          0,
          ramp(9, (q) => (q === 4 ? -0 : 0)),
        ),
        -0,
      ),
    );
  });

  it("reduce bools to any and all", async () => {
    for (const n of [1, 3, 4, 9, 33]) {
      const k = new KernelBuilder();
      const x = k.input("bool", n);
      const o = k.output("bool", 2);
      const [no, yes] = [k.constant("bool", 0), k.constant("bool", 1)];
      let results: ValueId[] = [];
      k.loop(n, true, (i) => {
        const v = k.load(x, at(0, [i, 1]));
        const [any, all] = [k.reduce("max", "bool", no, v), k.reduce("min", "bool", yes, v)];
        results = [any.result, all.result];
        return [any.carry, all.carry];
      });
      results.forEach((r, q) => {
        k.store(o, at(q), r);
      });
      for (const values of [ramp(n, () => 0), ramp(n, () => 1), ramp(n, (q) => Number(q === n - 1))])
        assert.deepEqual(first(await runProgram(k.program(), [dataOf("bool", values)])), [
          Math.max(...values),
          Math.min(...values),
        ]);
    }
  });

  it("sum a million f32 within the bound of blocked sums", async () => {
    const n = 1_000_003;
    const k = new KernelBuilder();
    const x = k.input("f32", n);
    const o = k.output("f32", 1);
    const start = k.constant("f32", 0);
    let result = -1;
    k.loop(n, true, (i) => {
      const r = k.reduce("sum", "f32", start, k.load(x, at(0, [i, 1])));
      result = r.result;
      return [r.carry];
    });
    k.store(o, at(0), result);
    const values = dataOf(
      "f32",
      ramp(n, (q) => 0.1 + ((q * 131) % 97) / 97),
    );
    let exact = 0; // in doubles
    for (const v of values) exact += v;
    const [got = Number.NaN] = first(await runProgram(k.program(), [values]));
    // 16 accumulators in blocks: 2 sqrt(n / 16) additions each, then 16 + 2 (schedule.ts, sumBlock)
    const bound = (2 * Math.sqrt(n / 16) + 18) * 2 ** -24;
    assert.ok(Math.abs(got - exact) <= bound * exact, `${got} against ${exact}`);
  });

  it("block long sums without losing or repeating a term", async () => {
    for (const dtype of ["f32", "f64"] as const)
      for (const n of [256, 257, 1000, 4099, 20_001]) {
        const cols = 5;
        const k = new KernelBuilder();
        const x = k.input(dtype, n * cols);
        const [perColumn, all, strided] = [k.output(dtype, cols), k.output(dtype, 1), k.output(dtype, 1)];
        const start = k.constant(dtype, 3);
        const sum = (extent: number, stride: number, column: number | null): ValueId => {
          let result = -1;
          k.loop(extent, true, (i) => {
            const place = column === null ? at(0, [i, stride]) : at(0, [i, stride], [column, 1]);
            const r = k.reduce("sum", dtype, start, k.load(x, place));
            result = r.result;
            return [r.carry];
          });
          return result;
        };
        k.loop(cols, true, (j) => {
          k.store(perColumn, at(0, [j, 1]), sum(n, cols, j));
          return [];
        });
        k.store(all, at(0), sum(n * cols, 1, null));
        k.store(strided, at(0), sum(n, cols, null));
        const values = ramp(n * cols, (q) => ((q * 31) % 13) - 2); // sums stay below 2^24
        const got = await runProgram(k.program(), [dataOf(dtype, values)]);
        const total = (keep: (q: number) => boolean): number =>
          values.reduce((s, v, q) => (keep(q) ? s + v : s), 3);
        assert.deepEqual(
          first(got),
          ramp(cols, (j) => total((q) => q % cols === j)),
        );
        assert.deepEqual([...(got[1] ?? [])], [total(() => true)]);
        assert.deepEqual([...(got[2] ?? [])], [total((q) => q % cols === 0)]);
      }
  });

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
      ...k.program({ kernels: [copy(x, 2), copy(2, o)], scratchBytes: 40 }),
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
