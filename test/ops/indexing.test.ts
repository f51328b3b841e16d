/** gather, scatterAdd, dynamicSlice and dynamicUpdate against index formulas. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { GatherParams, Shape } from "../../compiler/ir/types.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import {
  apply,
  bool,
  build,
  counting,
  elementAt,
  elements,
  f32,
  f64,
  i32,
  indicesOf,
  refuses,
  u32,
} from "./apply.js";
import { assertSame } from "./checks.js";

const whole: GatherParams = { axis: 0, batch: 0, mode: "check" };

/** x = batch ++ before ++ [n] ++ after, indices = batch ++ places. */
const layouts = fc
  .record({
    batch: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    before: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 1 }),
    n: fc.integer({ min: 1, max: 5 }),
    places: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
    after: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 1 }),
    mode: fc.constantFrom("check", "clamp" as const),
  })
  .chain((l) => {
    const count = [...l.batch, ...l.places].reduce((p, d) => p * d, 1);
    const least = l.mode === "clamp" ? -3 : 0;
    const greatest = l.mode === "clamp" ? l.n + 2 : l.n - 1;
    return fc
      .array(fc.integer({ min: least, max: greatest }), { minLength: count, maxLength: count })
      .map((values) => ({ ...l, values }));
  });

/** The element of x that result index `i` stands for. */
const sourceOf = (
  i: readonly number[],
  indices: ReturnType<typeof i32>,
  n: number,
  batch: number,
  before: number,
  places: number,
): readonly number[] => {
  const [b, p] = [i.slice(0, batch), i.slice(batch, batch + before)];
  const at = i.slice(batch + before, batch + before + places);
  const k = elementAt(indices, [...b, ...at]);
  return [...b, ...p, Math.min(Math.max(k, 0), n - 1), ...i.slice(batch + before + places)];
};

describe("gather and scatterAdd", () => {
  it("read from and add to x[b, p, indices[b, i], a]", () => {
    fc.assert(
      fc.property(layouts, (l) => {
        const x = counting("f64", [...l.batch, ...l.before, l.n, ...l.after]);
        const indices = i32(l.values, [...l.batch, ...l.places]);
        const params: GatherParams = {
          axis: l.batch.length + l.before.length,
          batch: l.batch.length,
          mode: l.mode === "clamp" ? "clamp" : "check",
        };
        const shape: Shape = [...l.batch, ...l.before, ...l.places, ...l.after];
        const source = (i: readonly number[]) =>
          sourceOf(i, indices, l.n, l.batch.length, l.before.length, l.places.length);
        assertSame(
          apply("gather", [x, indices], params),
          build("f64", shape, (i) => elementAt(x, source(i))),
          "gather",
        );
        const updates = counting("f64", shape);
        const want = build("f64", x.shape, (target) =>
          indicesOf(shape)
            .filter((i) => source(i).join() === target.join())
            .reduce((sum, i) => sum + elementAt(updates, i), elementAt(x, target)),
        );
        assertSame(apply("scatterAdd", [x, indices, updates], params), want, "scatterAdd");
      }),
    );
  });

  it("duplicates accumulate; f32 rounds once, integers wrap", () => {
    const zeros = f64([0, 0, 0]);
    assert.deepEqual(
      elements(apply("scatterAdd", [zeros, i32([1, 1, 2]), f64([5, 7, 1])], whole)),
      [0, 12, 1],
    );
    assert.deepEqual(elements(apply("scatterAdd", [f32([1e30]), i32([0, 0]), f32([1, -1e30])], whole)), [0]);
    assert.deepEqual(elements(apply("scatterAdd", [f32([3e7]), i32([0, 0]), f32([1, -3e7])], whole)), [1]);
    assert.deepEqual(elements(apply("scatterAdd", [u32([2 ** 32 - 1]), i32([0]), u32([3])], whole)), [2]);
  });

  it("an index out of range throws with index, axis and size", () => {
    const x = f64([1, 2, 3]);
    for (const k of [3, -1]) {
      assert.throws(() => apply("gather", [x, i32([0, k])], whole), {
        name: "RangeError",
        message: `gather: index ${k} is out of range for axis 0 of size 3`,
      });
      assert.throws(() => apply("scatterAdd", [x, i32([k]), f64([1])], whole), {
        name: "RangeError",
        message: `scatterAdd: index ${k} is out of range for axis 0 of size 3`,
      });
    }
    assert.throws(() => apply("gather", [f64([], [0]), i32([0])], whole), { name: "RangeError" });
  });

  it("clamp takes the nearest", () => {
    const params: GatherParams = { ...whole, mode: "clamp" };
    assert.deepEqual(elements(apply("gather", [f64([1, 2, 3]), i32([-5, 1, 9])], params)), [1, 2, 3]);
  });

  it("refuse", () => {
    const x = counting("f32", [2, 3]);
    refuses("gather", [x, f32([0])], whole, "type", /defined for i32, not for f32\[1\]/);
    refuses("gather", [x, u32([0])], whole, "type", /defined for i32/);
    refuses("gather", [x, i32([0])], { ...whole, axis: 2 }, "shape", /axis 2/);
    refuses("gather", [x, i32([0, 1])], { ...whole, batch: 1 }, "shape", /1 shared axes/);
    refuses("gather", [x, i32([0, 1, 0])], { ...whole, axis: 1, batch: 1 }, "shape", /f32\[2,3\].*i32\[3\]/);
    refuses("gather", [f32([], [0]), i32([0])], { ...whole, mode: "clamp" }, "shape", /no elements/);
    refuses("scatterAdd", [x, i32([0]), counting("f32", [2, 3])], whole, "shape", /must be f32\[1,3\]/);
    refuses("scatterAdd", [x, i32([0]), counting("f64", [1, 3])], whole, "type", /must be f32\[1,3\]/);
    refuses("scatterAdd", [bool([1]), i32([0]), bool([1])], whole, "type", /not for bool/);
  });
});

const start = (k: number) => i32([k], []);

describe("dynamicSlice and dynamicUpdate", () => {
  const axis = fc.integer({ min: 0, max: 5 }).chain((n) =>
    fc.record({
      n: fc.constant(n),
      size: fc.integer({ min: 0, max: n }),
      start: fc.oneof(fc.integer({ min: -3, max: n + 3 }), fc.constantFrom(2 ** 31 - 1, -(2 ** 31))),
    }),
  );
  it("take and replace the block at the clamped start", () => {
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 3 }), (axes) => {
        const shape = axes.map((a) => a.n);
        const sizes = axes.map((a) => a.size);
        const x = counting("f64", shape);
        const starts = axes.map((a) => start(a.start));
        const from = axes.map((a) => Math.min(Math.max(a.start, 0), a.n - a.size));
        const want = build("f64", sizes, (i) =>
          elementAt(
            x,
            i.map((v, k) => v + (from[k] ?? 0)),
          ),
        );
        assertSame(apply("dynamicSlice", [x, ...starts], { sizes, mode: "clamp" }), want, "dynamicSlice");

        const update = build("f64", sizes, (i) => -1 - i.reduce((s, v) => 10 * s + v, 0));
        const replaced = build("f64", shape, (i) => {
          const own = i.map((v, k) => v - (from[k] ?? 0));
          const inside = own.every((v, k) => v >= 0 && v < (sizes[k] ?? 0));
          return inside ? elementAt(update, own) : elementAt(x, i);
        });
        assertSame(
          apply("dynamicUpdate", [x, update, ...starts], { mode: "clamp" }),
          replaced,
          "dynamicUpdate",
        );
      }),
    );
  });
  it("the operand keeps its values", () => {
    const x = f64([1, 2, 3]);
    apply("dynamicUpdate", [x, f64([9]), start(1)], { mode: "check" });
    apply("scatterAdd", [x, i32([0]), f64([9])], whole);
    assert.deepEqual(elements(x), [1, 2, 3]);
  });
  it("refuse", () => {
    const x = counting("f32", [2, 3]);
    refuses(
      "dynamicSlice",
      [x, start(0), start(0)],
      { sizes: [3, 1], mode: "check" },
      "shape",
      /\[3,1\] does not fit f32\[2,3\]/,
    );
    refuses("dynamicSlice", [x, start(0)], { sizes: [1, 1], mode: "check" }, "shape", /one start per axis/);
    refuses(
      "dynamicSlice",
      [x, start(0), f32([0], [])],
      { sizes: [1, 1], mode: "check" },
      "type",
      /start must be i32/,
    );
    refuses("dynamicSlice", [x, start(0), i32([0])], { sizes: [1, 1], mode: "check" }, "shape", /rank 0/);
    refuses("dynamicSlice", [x, start(0), start(0)], { sizes: [1], mode: "check" }, "shape", /sizes \[1\]/);
    refuses(
      "dynamicUpdate",
      [x, ndarray("f64", [1, 1], [1]), start(0), start(0)],
      { mode: "check" },
      "type",
      /dtypes differ/,
    );
    refuses(
      "dynamicUpdate",
      [x, f32([1]), start(0), start(0)],
      { mode: "check" },
      "shape",
      /one entry per axis/,
    );
    refuses("dynamicUpdate", [x], { mode: "check" }, "type", /takes an operand, an update/);
  });
});
