/** The schedule as a pure function: which loops become vectors, with how many lanes and copies. */
import assert from "node:assert/strict";
import { type LoopPlan, schedule } from "../../../compiler/kernel/schedule.js";
import { varyingIn } from "../../../compiler/kernel/schedule-analysis.js";
import type { LoopKernel, LoopStmt, RegType, ValueId } from "../../../compiler/kernel/types.js";
import { at, KernelBuilder } from "./harness.js";

const kernel = (k: KernelBuilder): LoopKernel => ({ kind: "loops", name: "k", spans: [], body: k.body() });
/** Plans in the order of their axes. */
const plans = (k: KernelBuilder): readonly LoopPlan[] =>
  [...schedule(kernel(k))].sort(([a], [b]) => a - b).map(([, plan]) => plan);
const lanes = (k: KernelBuilder): readonly number[] => plans(k).map((p) => p.lanes);

/** One parallel loop of `extent` that maps x to y. */
const map = (
  extent: number,
  type: "f32" | "f64" | "i32",
  op: (k: KernelBuilder, x: ValueId) => ValueId,
): KernelBuilder => {
  const k = new KernelBuilder();
  const [x, y] = [k.input(type, extent), k.output(type, extent)];
  k.loop(extent, true, (i) => {
    k.store(y, at(0, [i, 1]), op(k, k.load(x, at(0, [i, 1]))));
    return [];
  });
  return k;
};
const double = (k: KernelBuilder, x: ValueId, type: RegType = "f32"): ValueId => k.op("add", type, x, x);

/** y[i] = sum over j of x[i*rowStride + j*colStride] */
const sums = (rows: number, cols: number, rowStride: number, colStride: number): KernelBuilder => {
  const k = new KernelBuilder();
  const [x, y] = [k.input("f32", rows * cols), k.output("f32", rows)];
  const zero = k.constant("f32", 0);
  k.loop(rows, true, (i) => {
    let total = -1;
    k.loop(cols, true, (j) => {
      const r = k.reduce("sum", "f32", zero, k.load(x, at(0, [i, rowStride], [j, colStride])));
      total = r.result;
      return [r.carry];
    });
    k.store(y, at(0, [i, 1]), total);
    return [];
  });
  return k;
};

describe("schedule", () => {
  it("vectorises a map: four lanes of 32 bits, two where 64 bits take part", () => {
    assert.deepEqual(lanes(map(100, "f32", double)), [4]);
    assert.deepEqual(lanes(map(100, "f64", (k, x) => double(k, x, "f64"))), [2]);
    const mixed = map(100, "f32", (k, x) =>
      k.op("convert", "f32", double(k, k.op("convert", "f64", x), "f64")),
    );
    assert.deepEqual(lanes(mixed), [2]);
  });
  it("leaves scalar what vectors don't speed up", () => {
    assert.deepEqual(lanes(map(1, "f32", double)), [1]);
    assert.deepEqual(lanes(map(100, "i32", (k, x) => k.op("clz32", "i32", x))), [1]);
    const scatter = new KernelBuilder();
    const [x, y] = [scatter.input("f32", 64), scatter.output("f32", 64)];
    scatter.loop(64, false, (i) => {
      scatter.store(y, at(0), scatter.load(x, at(0, [i, 1])), "add");
      return [];
    });
    assert.deepEqual(lanes(scatter), [1]);
  });
  it("vectorises an integer division among enough other work", () => {
    const k = map(100, "i32", (b, x) => {
      let v = b.op("div", "i32", x, b.op("xor", "i32", x, x));
      for (let n = 0; n < 30; n++) v = b.op("xor", "i32", b.op("mul", "i32", v, x), x);
      return v;
    });
    assert.deepEqual(lanes(k), [4]);
  });
  it("takes the axis with contiguous accesses: inner for row sums, outer for column sums", () => {
    assert.deepEqual(lanes(sums(64, 64, 64, 1)), [1, 4]);
    assert.deepEqual(lanes(sums(64, 64, 1, 64)), [4]);
  });
  it("unrolls reductions by four accumulators and small maps by four vectors, large bodies by one", () => {
    assert.deepEqual(plans(map(100, "f32", double)), [{ lanes: 4, unroll: 4 }]);
    const large = map(100, "f32", (k, x) => {
      let v = x;
      for (let n = 0; n < 60; n++) v = k.op("mul", "f32", v, x);
      return v;
    });
    assert.deepEqual(plans(large), [{ lanes: 4, unroll: 1 }]);
    assert.deepEqual(plans(sums(2, 1000, 1000, 1)).at(-1), { lanes: 4, unroll: 4 });
    assert.deepEqual(plans(map(8, "f32", double)), [{ lanes: 4, unroll: 2 }]);
  });
  it("never makes a sequential loop the vector axis, but runs it inside one", () => {
    const k = new KernelBuilder();
    const [x, y] = [k.input("f32", 64 * 64), k.output("f32", 64)];
    k.loop(64, true, (i) => {
      const [param, result] = [k.id(), k.id()];
      const start = k.constant("f32", 0);
      k.loop(64, false, (j) => {
        const next = k.op("mul", "f32", param, k.load(x, at(0, [i, 1], [j, 64])));
        return [{ kind: "recur", type: "f32", init: start, param, next, result }];
      });
      k.store(y, at(0, [i, 1]), result);
      return [];
    });
    assert.deepEqual(lanes(k), [4]);
  });
});

describe("varyingIn", () => {
  it("follows values through carries until nothing changes", () => {
    const k = new KernelBuilder();
    const x = k.input("f32", 8);
    const ids: ValueId[] = [];
    k.loop(8, true, (i) => {
      const [param, result] = [k.id(), k.id()];
      const start = k.constant("f32", 0);
      k.loop(3, false, (j) => {
        const uniform = k.load(x, at(0, [j, 1]));
        const varied = k.load(x, at(0, [i, 1]));
        ids.push(uniform, varied, param, result);
        return [
          { kind: "recur", type: "f32", init: start, param, next: k.op("add", "f32", param, varied), result },
        ];
      });
      return [];
    });
    const loop = k.body().find((s): s is LoopStmt => s.kind === "loop");
    assert.ok(loop !== undefined);
    const varying = varyingIn(loop);
    assert.deepEqual(
      ids.map((id) => varying.has(id)),
      [false, true, true, true],
    );
  });
});
