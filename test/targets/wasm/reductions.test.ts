/** Reductions in WASM: every combination, dtype and direction, special values, and the error of long sums. */
import assert from "node:assert/strict";
import type { Combine, ValueId } from "../../../compiler/kernel/types.js";
import { at, dataOf, first, KernelBuilder, ramp, runProgram } from "./harness.js";

describe("reductions", () => {
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
});
