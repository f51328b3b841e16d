/** select, cast, bitcast and threefry. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { opTable } from "../../compiler/ops/index.js";
import { threefry2x32 } from "../../compiler/ops/random.js";
import { apply, bool, elements, f32, f64, i32, refuses, u32 } from "./apply.js";

describe("select", () => {
  it("takes the first where the condition holds", () => {
    const got = apply("select", [bool([1, 0, 1]), f64([1, 2, Number.NaN]), f64([Number.NaN, 5, 6])], {});
    assert.deepEqual(elements(got), [1, 5, Number.NaN]);
    assert.deepEqual(elements(apply("select", [bool([0]), bool([1]), bool([0])], {})), [0]);
  });
  it("refuses", () => {
    refuses("select", [f32([1]), f32([1]), f32([1])], {}, "type", /defined for bool, not for f32\[1\]/);
    refuses("select", [bool([1]), f32([1]), i32([1])], {}, "type", /f32\[1\] and i32\[1\]/);
    refuses("select", [bool([1, 0]), f32([1]), f32([1])], {}, "shape", /\[2\] and f32\[1\]/);
  });
});

describe("cast", () => {
  it("float to integer truncates", () => {
    assert.deepEqual(elements(apply("cast", [f64([1.9, -1.9, -0.5])], { dtype: "i32" })), [1, -1, 0]);
    assert.deepEqual(elements(apply("cast", [f64([-0.9, 4294967295.9])], { dtype: "u32" })), [
      0,
      2 ** 32 - 1,
    ]);
    assert.deepEqual(elements(apply("cast", [f64([-2147483648.9, 2147483647.9])], { dtype: "i32" })), [
      -(2 ** 31),
      2 ** 31 - 1,
    ]);
  });
  it("float to integer throws on NaN and out of range, with the value", () => {
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -(2 ** 31) - 1])
      assert.throws(() => apply("cast", [f64([1, x])], { dtype: "i32" }), {
        name: "RangeError",
        message: `cast: ${x} does not fit i32`,
      });
    for (const x of [-1, 2 ** 32])
      assert.throws(() => apply("cast", [f32([x])], { dtype: "u32" }), {
        name: "RangeError",
        message: `cast: ${x} does not fit u32`,
      });
  });
  it("to bool is x != 0, from bool 0 or 1", () => {
    assert.deepEqual(
      elements(apply("cast", [f64([0, -0, 0.1, Number.NaN, 256])], { dtype: "bool" })),
      [0, 0, 1, 1, 1],
    );
    assert.deepEqual(elements(apply("cast", [i32([256, 0])], { dtype: "bool" })), [1, 0]);
    assert.deepEqual(elements(apply("cast", [bool([1, 0])], { dtype: "f32" })), [1, 0]);
  });
  it("rounds to f32 and wraps between integers", () => {
    assert.deepEqual(elements(apply("cast", [f64([0.1, 1e300])], { dtype: "f32" })), [
      Math.fround(0.1),
      Number.POSITIVE_INFINITY,
    ]);
    assert.deepEqual(elements(apply("cast", [i32([2 ** 24 + 1])], { dtype: "f32" })), [2 ** 24]);
    assert.deepEqual(elements(apply("cast", [i32([-1])], { dtype: "u32" })), [2 ** 32 - 1]);
    assert.deepEqual(elements(apply("cast", [u32([2 ** 32 - 1])], { dtype: "i32" })), [-1]);
    assert.deepEqual(elements(apply("cast", [u32([2 ** 32 - 1])], { dtype: "f64" })), [2 ** 32 - 1]);
  });
});

describe("bitcast", () => {
  it("keeps the bits", () => {
    assert.deepEqual(elements(apply("bitcast", [f32([1, -0])], { dtype: "u32" })), [0x3f800000, 2 ** 31]);
    assert.deepEqual(elements(apply("bitcast", [u32([0x40490fdb])], { dtype: "f32" })), [
      Math.fround(Math.PI),
    ]);
    assert.deepEqual(elements(apply("bitcast", [u32([2 ** 32 - 1])], { dtype: "i32" })), [-1]);
  });
  it("there and back is the identity", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1 }), (xs) => {
        const bits = apply("bitcast", [f32(xs)], { dtype: "i32" });
        assert.deepEqual(elements(apply("bitcast", [bits], { dtype: "f32" })), xs);
      }),
    );
  });
  it("refuses other widths", () => {
    refuses("bitcast", [f64([1])], { dtype: "f32" }, "type", /f32, i32, u32, not for f64/);
    refuses("bitcast", [f32([1])], { dtype: "f64" }, "type", /to f64/);
  });
});

describe("threefry", () => {
  // Random123's kat_vectors: threefry2x32, 20 rounds: counter, key, result
  const known = [
    [0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c, 0x483df7a0],
  ] as const;
  it("gives the published known answers", () => {
    for (const [c0, c1, k0, k1, w0, w1] of known) {
      assert.deepEqual(threefry2x32(k0, k1, c0, c1), [w0, w1]);
      const inputs = [u32([k0]), u32([k1]), u32([c0]), u32([c1])];
      assert.deepEqual(elements(apply("threefry", inputs, { lane: 0 })), [w0]);
      assert.deepEqual(elements(apply("threefry", inputs, { lane: 1 })), [w1]);
    }
  });
  it("refuses", () => {
    const x = u32([1]);
    refuses("threefry", [x, x, x], { lane: 0 }, "type", /takes four operands, got 3/);
    refuses("threefry", [x, x, x, u32([1, 2])], { lane: 0 }, "shape", /u32\[1\] and u32\[2\]/);
    refuses("threefry", [i32([1]), x, x, x], { lane: 0 }, "type", /defined for u32/);
  });
  it("is a permutation of the counters under one key", () => {
    const n = 4096;
    const counters = Array.from({ length: n }, (_, k) => k);
    const fill = (v: number) => u32(counters.map(() => v));
    const inputs = [fill(7), fill(9), u32(counters), fill(0)];
    const w0 = elements(apply("threefry", inputs, { lane: 0 }));
    const w1 = elements(apply("threefry", inputs, { lane: 1 }));
    assert.equal(new Set(w0.map((w, k) => `${w},${w1[k]}`)).size, n);
    assert.equal(opTable.threefry.ad.kind, "zero");
  });
});
