/** Reductions and the general product against index formulas. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ReduceOp } from "../../compiler/ir/types.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { apply, bool, build, elementAt, elements, f32, f64, i32, indicesOf, refuses, u32 } from "./apply.js";
import { assertSame } from "./checks.js";

const NAN = Number.NaN;
const INF = Number.POSITIVE_INFINITY;

/** A small integer array and some of its axes. */
const arrays = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((n, d) => n * d, 1);
  return fc.record({
    x: fc
      .array(fc.integer({ min: -3, max: 3 }), { minLength: size, maxLength: size })
      .map((values) => ndarray("f64", shape, values)),
    axes: fc.shuffledSubarray(shape.map((_, k) => k)),
  });
});

/** Folds the elements whose kept indices are the result's. */
const naive = (
  x: NdArray,
  axes: readonly number[],
  init: number,
  f: (a: number, v: number) => number,
): NdArray => {
  const kept = x.shape.map((_, k) => k).filter((k) => !axes.includes(k));
  const shape = kept.map((k) => x.shape[k] ?? assert.fail());
  return build("f64", shape, (out) =>
    indicesOf(x.shape)
      .filter((i) => kept.every((k, n) => i[k] === out[n]))
      .map((i) => elementAt(x, i))
      .reduce((a, v) => f(a, v), init),
  );
};

describe("reductions", () => {
  it("fold over the axes, in any order of naming them", () => {
    const table: Readonly<Record<ReduceOp, readonly [number, (a: number, v: number) => number]>> = {
      reduceSum: [0, (a, v) => a + v],
      reduceProd: [1, (a, v) => a * v],
      reduceMax: [-INF, Math.max],
      reduceMin: [INF, Math.min],
    };
    fc.assert(
      fc.property(arrays, ({ x, axes }) => {
        for (const op of ["reduceSum", "reduceProd", "reduceMax", "reduceMin"] as const) {
          const [init, f] = table[op];
          assertSame(apply(op, [x], { axes }), naive(x, axes, init, f), op);
        }
      }),
    );
  });

  it("sums of f32 accumulate in f64 and round once", () => {
    const xs = Array.from({ length: 1000 }, () => Math.fround(0.1));
    const want = Math.fround(xs.reduce((s, x) => s + x, 0));
    assert.deepEqual(elements(apply("reduceSum", [f32(xs)], { axes: [0] })), [want]);
    assert.deepEqual(elements(apply("reduceSum", [f32([1e30, 1, -1e30])], { axes: [0] })), [0]);
    assert.deepEqual(elements(apply("reduceProd", [f32([1e30, 1e30, 1e-30, 1e-30])], { axes: [0] })), [
      Math.fround(Math.fround(1e30) ** 2 * Math.fround(1e-30) ** 2),
    ]);
  });

  it("integers wrap", () => {
    assert.deepEqual(elements(apply("reduceSum", [i32([2 ** 31 - 1, 1])], { axes: [0] })), [-(2 ** 31)]);
    assert.deepEqual(elements(apply("reduceSum", [u32([2 ** 32 - 1, 2])], { axes: [0] })), [1]);
    assert.deepEqual(elements(apply("reduceProd", [i32([65536, 65536, 3])], { axes: [0] })), [0]);
    assert.deepEqual(elements(apply("reduceProd", [u32([2 ** 31 + 1, 3])], { axes: [0] })), [2 ** 31 + 3]);
  });

  it("maxima and minima: NaN wins, zeros are signed, bool is any and all", () => {
    assert.deepEqual(elements(apply("reduceMax", [f64([1, NAN, 3])], { axes: [0] })), [NAN]);
    assert.deepEqual(elements(apply("reduceMin", [f64([NAN, 3])], { axes: [0] })), [NAN]);
    assert.ok(Object.is(elements(apply("reduceMax", [f64([-0, 0, -0])], { axes: [0] }))[0], 0));
    assert.ok(Object.is(elements(apply("reduceMin", [f64([0, -0, 0])], { axes: [0] }))[0], -0));
    const x = bool([0, 1, 0, 0, 1, 1], [3, 2]);
    assert.deepEqual(elements(apply("reduceMax", [x], { axes: [1] })), [1, 0, 1]);
    assert.deepEqual(elements(apply("reduceMin", [x], { axes: [1] })), [0, 0, 1]);
  });

  it("of nothing give the neutral element of the dtype", () => {
    const of = (op: ReduceOp, dtype: NdArray["dtype"]): readonly number[] =>
      elements(apply(op, [ndarray(dtype, [0], [])], { axes: [0] }));
    assert.deepEqual(of("reduceSum", "f32"), [0]);
    assert.deepEqual(of("reduceProd", "i32"), [1]);
    assert.deepEqual(of("reduceMax", "f32"), [-INF]);
    assert.deepEqual(of("reduceMin", "f64"), [INF]);
    assert.deepEqual(of("reduceMax", "i32"), [-(2 ** 31)]);
    assert.deepEqual(of("reduceMin", "i32"), [2 ** 31 - 1]);
    assert.deepEqual(of("reduceMax", "u32"), [0]);
    assert.deepEqual(of("reduceMin", "u32"), [2 ** 32 - 1]);
    assert.deepEqual(of("reduceMax", "bool"), [0]);
    assert.deepEqual(of("reduceMin", "bool"), [1]);
  });

  it("argmax and argmin: the first extreme, a NaN before all", () => {
    const x = f64([3, 1, 3, 1, 2, NAN, 5, NAN, -0, 0, 0, -0], [3, 4]);
    const max = apply("argmax", [x], { axis: 1 });
    assert.equal(max.dtype, "i32");
    assert.deepEqual(elements(max), [0, 1, 0]);
    assert.deepEqual(elements(apply("argmin", [x], { axis: 1 })), [1, 1, 0]);
    assert.deepEqual(elements(apply("argmax", [x], { axis: 0 })), [0, 1, 1, 1]);
    assert.deepEqual(elements(apply("argmin", [f64([NAN, -INF])], { axis: 0 })), [0]);
    assert.deepEqual(elements(apply("argmax", [u32([1, 2 ** 31, 7])], { axis: 0 })), [1]);
  });

  it("refuse", () => {
    refuses("reduceSum", [bool([1])], { axes: [0] }, "type", /not for bool/);
    refuses("reduceSum", [f32([1])], { axes: [1] }, "shape", /axis 1 is out of range for f32\[1\]/);
    refuses("reduceMax", [f32([1, 2], [1, 2])], { axes: [0, 0] }, "shape", /twice/);
    refuses("argmax", [f32([], [2, 0])], { axis: 1 }, "shape", /no elements/);
    refuses("argmin", [bool([1])], { axis: 0 }, "type", /not for bool/);
    refuses("argmax", [f32([1], [])], { axis: 0 }, "shape", /axis 0/);
  });
});

/** Sizes by letter, as in Einstein's notation: every letter of the result names a free or a batch axis. */
const einsum = (
  x: NdArray,
  xs: string,
  y: NdArray,
  ys: string,
  out: string,
  sizes: Readonly<Record<string, number>>,
) => {
  const letters = [...new Set(xs + ys)];
  const summed = letters.filter((l) => !out.includes(l));
  const size = (l: string): number => sizes[l] ?? assert.fail();
  return build("f64", [...out].map(size), (o) =>
    indicesOf(summed.map(size)).reduce((sum, s) => {
      const value = (l: string): number => (out.includes(l) ? o[out.indexOf(l)] : s[summed.indexOf(l)]) ?? 0;
      return sum + elementAt(x, [...xs].map(value)) * elementAt(y, [...ys].map(value));
    }, 0),
  );
};

describe("dot", () => {
  const sizes = { i: 2, j: 3, k: 4, l: 2, b: 3, c: 2 };
  const axesOf = (own: string, of: string): readonly number[] => [...of].map((l) => own.indexOf(l));
  it("is the sum over contracted axes: batch, then lhs free, then rhs free", () => {
    const products: readonly (readonly [string, string, string, string])[] = [
      ["ik", "kj", "k", ""],
      ["ki", "jk", "k", ""],
      ["k", "k", "k", ""],
      ["ik", "k", "k", ""],
      ["i", "j", "", ""],
      ["bik", "bkj", "k", "b"],
      ["ikb", "jbk", "k", "b"],
      ["lkib", "cbkjl", "lk", "b"],
      ["lkib", "cbkjl", "kl", "b"],
      ["bci", "jcb", "", "bc"],
      ["bc", "cb", "", "cb"],
    ];
    for (const [xs, ys, contract, batch] of products) {
      const shapeOf = (s: string): readonly number[] => [...s].map((l) => sizes[l as keyof typeof sizes]);
      let seed = 1;
      const value = (): number => {
        seed = (seed * 37 + 11) % 101;
        return (seed % 17) - 8;
      };
      const x = build("f64", shapeOf(xs), value);
      const y = build("f64", shapeOf(ys), value);
      const bound = contract + batch;
      const free = (s: string): string => [...s].filter((l) => !bound.includes(l)).join("");
      const want = einsum(x, xs, y, ys, batch + free(xs) + free(ys), sizes);
      const params = {
        lhsContract: axesOf(xs, contract),
        rhsContract: axesOf(ys, contract),
        lhsBatch: axesOf(xs, batch),
        rhsBatch: axesOf(ys, batch),
      };
      assertSame(apply("dot", [x, y], params), want, `${xs},${ys}`);
    }
  });
  const inner = { lhsContract: [0], rhsContract: [0], lhsBatch: [], rhsBatch: [] };
  it("f32 accumulates in f64, integers wrap, nothing contracted is 0", () => {
    assert.deepEqual(elements(apply("dot", [f32([1e30, 1, -1e30]), f32([1, 1, 1])], inner)), [0 + 0]);
    assert.deepEqual(elements(apply("dot", [f32([3e7, 1, -3e7]), f32([1, 1, 1])], inner)), [1]);
    assert.deepEqual(elements(apply("dot", [i32([2 ** 31 - 1, 65536]), i32([2, 65536])], inner)), [-2]);
    assert.deepEqual(elements(apply("dot", [u32([2 ** 32 - 1]), u32([2 ** 32 - 1])], inner)), [1]);
    assert.deepEqual(elements(apply("dot", [f32([], [0]), f32([], [0])], inner)), [0]);
  });
  it("refuses", () => {
    refuses("dot", [f32([1, 2]), f32([1, 2, 3])], inner, "shape", /f32\[2\].*f32\[3\]/);
    refuses("dot", [f32([1]), f64([1])], inner, "type", /dtypes differ/);
    refuses("dot", [bool([1]), bool([1])], inner, "type", /not for bool/);
    refuses("dot", [f32([1]), f32([1])], { ...inner, rhsContract: [] }, "shape", /don't pair up/);
    refuses("dot", [f32([1]), f32([1])], { ...inner, lhsBatch: [0], rhsBatch: [0] }, "shape", /twice/);
    refuses("dot", [f32([1]), f32([1])], { ...inner, lhsContract: [1] }, "shape", /axis 1/);
  });
});
