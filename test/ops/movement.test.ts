/** Movement ops and constants against index formulas. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Shape } from "../../compiler/ir/types.js";
import { apply, build, counting, elementAt, elements, f32, f64, i32, refuses } from "./apply.js";
import { assertSame } from "./checks.js";

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const size = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

/** A permutation of the axes of a shape. */
const permutation = (rank: number): fc.Arbitrary<readonly number[]> =>
  fc.shuffledSubarray(
    Array.from({ length: rank }, (_, k) => k),
    { minLength: rank, maxLength: rank },
  );

describe("movement", () => {
  it("transpose: out[i] = x[i permuted]", () => {
    const args = shapes.chain((shape) => fc.tuple(fc.constant(shape), permutation(shape.length)));
    fc.assert(
      fc.property(args, ([shape, perm]) => {
        const x = counting("f64", shape);
        const out = perm.map((p) => shape[p] ?? assert.fail());
        const want = build("f64", out, (i) =>
          elementAt(
            x,
            shape.map((_, axis) => i[perm.indexOf(axis)] ?? assert.fail()),
          ),
        );
        assertSame(apply("transpose", [x], { perm }), want, "transpose");
      }),
    );
  });

  it("broadcast: out[i] = x[i at dims, 0 where the size is 1]", () => {
    const args = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.subarray(
          shape.map((_, k) => k),
          { minLength: 0 },
        ),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      ),
    );
    fc.assert(
      fc.property(args, ([shape, dims, ones]) => {
        const own = dims.map((d, k) => (ones[k] === true ? 1 : (shape[d] ?? assert.fail())));
        const x = counting("i32", own);
        const want = build("i32", shape, (i) =>
          elementAt(
            x,
            dims.map((d, k) => (own[k] === 1 ? 0 : (i[d] ?? assert.fail()))),
          ),
        );
        assertSame(apply("broadcast", [x], { shape, dims }), want, "broadcast");
      }),
    );
  });

  it("reverse: out[i] = x[n - 1 - i]", () => {
    const args = shapes.chain((shape) => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, k) => k))));
    fc.assert(
      fc.property(args, ([shape, axes]) => {
        const x = counting("f32", shape);
        const want = build("f32", shape, (i) =>
          elementAt(
            x,
            i.map((v, k) => (axes.includes(k) ? (shape[k] ?? 0) - 1 - v : v)),
          ),
        );
        assertSame(apply("reverse", [x], { axes }), want, "reverse");
      }),
    );
  });

  it("slice: out[i] = x[start + i stride]", () => {
    const axis = fc.integer({ min: 0, max: 6 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        ends: fc.tuple(fc.integer({ min: 0, max: n }), fc.integer({ min: 0, max: n })),
        step: fc.integer({ min: 1, max: 4 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 3 }), (axes) => {
        const x = counting(
          "f64",
          axes.map((a) => a.n),
        );
        const start = axes.map((a) => Math.min(...a.ends));
        const limit = axes.map((a) => Math.max(...a.ends));
        const stride = axes.map((a) => a.step);
        const taken = start.map((from, k) => {
          const list: number[] = [];
          for (let i = from; i < (limit[k] ?? 0); i += stride[k] ?? 1) list.push(i);
          return list;
        });
        const want = build(
          "f64",
          taken.map((t) => t.length),
          (i) =>
            elementAt(
              x,
              i.map((v, k) => taken[k]?.[v] ?? assert.fail()),
            ),
        );
        assertSame(apply("slice", [x], { start, limit, stride }), want, "slice");
      }),
    );
  });

  it("pad: out[low + i (interior + 1)] = x[i], the value elsewhere", () => {
    const axis = fc.record({
      n: fc.integer({ min: 0, max: 4 }),
      low: fc.integer({ min: 0, max: 2 }),
      high: fc.integer({ min: 0, max: 2 }),
      interior: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 3 }), (axes) => {
        const x = counting(
          "f64",
          axes.map((a) => a.n),
        );
        const shape = axes.map((a) => a.low + a.high + a.n + Math.max(a.n - 1, 0) * a.interior);
        const want = build("f64", shape, (index) => {
          const source = index.map((v, k) => {
            const a = axes[k] ?? assert.fail();
            const i = (v - a.low) / (a.interior + 1);
            return Number.isInteger(i) && i >= 0 && i < a.n ? i : null;
          });
          const found = source.filter((i) => i !== null);
          return found.length === source.length ? elementAt(x, found) : -1;
        });
        const params = {
          low: axes.map((a) => a.low),
          high: axes.map((a) => a.high),
          interior: axes.map((a) => a.interior),
        };
        assertSame(apply("pad", [x, f64([-1], [])], params), want, "pad");
      }),
    );
  });

  it("concat puts operands one after the other", () => {
    const args = fc.tuple(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
      fc.nat(2),
    );
    fc.assert(
      fc.property(args, ([shape, lengths, pick]) => {
        const axis = pick % shape.length;
        const withLength = (n: number): Shape => shape.map((d, k) => (k === axis ? n : d));
        const operands = lengths.map((n, k) =>
          build("f64", withLength(n), (i) => 1000 * k + i.reduce((s, v) => 10 * s + v, 0)),
        );
        const owner = lengths.flatMap((n, k) => Array.from({ length: n }, (_, i) => [k, i] as const));
        const want = build("f64", withLength(owner.length), (i) => {
          const [k, own] = owner[i[axis] ?? 0] ?? assert.fail();
          return elementAt(
            operands[k] ?? assert.fail(),
            i.map((v, d) => (d === axis ? own : v)),
          );
        });
        assertSame(apply("concat", operands, { axis }), want, "concat");
      }),
    );
  });

  it("reshape keeps the elements in order", () => {
    const out = apply("reshape", [counting("f32", [2, 6])], { shape: [3, 4] });
    assert.deepEqual(out.shape, [3, 4]);
    assert.deepEqual(elements(out), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert.deepEqual(apply("reshape", [f32([7])], { shape: [] }).shape, []);
  });
});

describe("constants", () => {
  it("const, literal, iota", () => {
    assert.deepEqual(elements(apply("const", [], { value: 0.1, dtype: "f32", shape: [2] })), [
      Math.fround(0.1),
      Math.fround(0.1),
    ]);
    assert.deepEqual(elements(apply("const", [], { value: Number.NaN, dtype: "f64", shape: [] })), [
      Number.NaN,
    ]);
    assert.ok(Object.is(elements(apply("const", [], { value: -0, dtype: "f64", shape: [] }))[0], -0));
    assert.deepEqual(
      elements(apply("literal", [], { data: [1, -2, 3], dtype: "i32", shape: [3] })),
      [1, -2, 3],
    );
    for (const axis of [0, 1, 2]) {
      const params = { dtype: "f64", shape: [2, 3, 4], axis } as const;
      assertSame(
        apply("iota", [], params),
        build("f64", [2, 3, 4], (i) => i[axis] ?? assert.fail()),
        "iota",
      );
    }
    assert.equal(size(apply("iota", [], { dtype: "i32", shape: [0, 3], axis: 0 }).shape), 0);
  });
  it("refuse values that the dtype does not have", () => {
    refuses("const", [], { value: 1.5, dtype: "i32", shape: [] }, "type", /1\.5 is not a value of i32/);
    refuses("const", [], { value: -1, dtype: "u32", shape: [] }, "type", /-1 is not a value of u32/);
    refuses("const", [], { value: 2, dtype: "bool", shape: [] }, "type", /2 is not a value of bool/);
    refuses("const", [], { value: 0, dtype: "f32", shape: [-1] }, "shape", /\[-1\]/);
    refuses("const", [f32([1])], { value: 0, dtype: "f32", shape: [] }, "type", /no operand/);
    refuses("literal", [], { data: [1], dtype: "f32", shape: [2] }, "shape", /1 values for shape \[2\]/);
    refuses("literal", [], { data: [1, 2 ** 40], dtype: "i32", shape: [2] }, "type", /not a value of i32/);
    refuses("iota", [], { dtype: "bool", shape: [2], axis: 0 }, "type", /bool/);
    refuses("iota", [], { dtype: "f32", shape: [2], axis: 1 }, "shape", /axis 1/);
  });
});

describe("movement: shape rules", () => {
  const x = counting("f32", [2, 3]);
  it("refuse what does not fit", () => {
    refuses("broadcast", [x], { shape: [3, 3], dims: [0, 1] }, "shape", /axis 0 of f32\[2,3\].*f32\[3,3\]/);
    refuses("broadcast", [x], { shape: [3, 2], dims: [1, 0] }, "shape", /increase strictly/);
    refuses("broadcast", [x], { shape: [2, 3], dims: [0] }, "shape", /one entry per axis/);
    refuses("broadcast", [x], { shape: [2, 3], dims: [0, 2] }, "shape", /axis 2 is out of range/);
    refuses("reshape", [x], { shape: [4] }, "shape", /6 elements, \[4\] 4/);
    refuses("transpose", [x], { perm: [0, 0] }, "shape", /twice/);
    refuses("transpose", [x], { perm: [0] }, "shape", /one entry per axis/);
    refuses("reverse", [x], { axes: [2] }, "shape", /axis 2/);
    refuses("slice", [x], { start: [0, 0], limit: [2, 4], stride: [1, 1] }, "shape", /\[0, 4\).*axis 1/);
    refuses("slice", [x], { start: [1, 0], limit: [0, 3], stride: [1, 1] }, "shape", /\[1, 0\)/);
    refuses("slice", [x], { start: [0, 0], limit: [2, 3], stride: [0, 1] }, "shape", /stride 0/);
    refuses("concat", [x, counting("f32", [3, 2])], { axis: 0 }, "shape", /f32\[2,3\] and f32\[3,2\]/);
    refuses("concat", [x, counting("f64", [2, 3])], { axis: 0 }, "type", /dtypes differ/);
    refuses("concat", [], { axis: 0 }, "type", /one operand or more/);
    const none = { low: [0, 0], high: [0, 0], interior: [0, 0] };
    refuses("pad", [x, f32([1])], none, "shape", /rank 0/);
    refuses("pad", [x, i32([1], [])], none, "type", /dtypes differ/);
    refuses("pad", [x, f32([1], [])], { ...none, low: [-1, 0] }, "shape", /low \[-1,0\]/);
  });
});
