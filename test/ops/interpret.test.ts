/** The interpreter: order, sharing, errors with the user's line. */
import assert from "node:assert/strict";
import { TscJitError } from "../../compiler/diagnostics.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import { interpret } from "../../runtime/interpret.js";
import { elements, f32, f64, i32 } from "./apply.js";

describe("interpret", () => {
  it("evaluates a program, also where results repeat or are parameters", () => {
    const b = createBuilder();
    const x = b.param({ dtype: "f64", shape: [3] });
    const y = b.mul(x, x);
    const total = b.reduceSum(b.add(y, b.onesLike(y)), [0]);
    const fn = b.finish("f", [total, x, y, y]);
    const results = interpret(fn, [f64([1, 2, 3])]);
    assert.deepEqual(results.map(elements), [[17], [1, 2, 3], [1, 4, 9], [1, 4, 9]]);
  });

  it("evaluates nothing at all", () => {
    const b = createBuilder();
    assert.deepEqual(interpret(b.finish("empty", []), []), []);
  });

  it("runs long programs", () => {
    const b = createBuilder();
    let v = b.param({ dtype: "f64", shape: [1000] });
    for (let k = 0; k < 3000; k++) v = b.add(v, b.onesLike(v));
    const [out] = interpret(b.finish("long", [b.reduceSum(v, [0])]), [f64(new Array<number>(1000).fill(0))]);
    assert.deepEqual(elements(out ?? assert.fail()), [3_000_000]);
  });

  it("an index out of range is a range diagnostic at the equation's span", () => {
    const span = { file: "user.ts", line: 7, column: 3, length: 4 };
    const b = createBuilder();
    const x = b.param({ dtype: "f32", shape: [3] });
    const k = b.param({ dtype: "i32", shape: [] });
    const out = b.at(span, () => b.emit("gather", [x, k], { axis: 0, batch: 0, mode: "check" }));
    const fn = b.finish("f", [out]);
    assert.deepEqual(elements(interpret(fn, [f32([1, 2, 3]), i32([2], [])])[0] ?? assert.fail()), [3]);
    assert.throws(
      () => interpret(fn, [f32([1, 2, 3]), i32([3], [])]),
      (e: unknown) => {
        assert.ok(e instanceof TscJitError);
        assert.equal(e.code, "TSJ6001");
        const [d] = e.diagnostics;
        assert.equal(d?.kind, "range");
        assert.deepEqual(d?.span, span);
        assert.match(e.message, /index 3 is out of range for axis 0 of size 3[\s\S]*user\.ts:7:3/);
        assert.ok(e.cause instanceof RangeError);
        return true;
      },
    );
  });

  it("a cast out of range too", () => {
    const b = createBuilder();
    const x = b.param({ dtype: "f64", shape: [] });
    const fn = b.finish("f", [b.cast(x, "i32")]);
    assert.throws(
      () => interpret(fn, [f64([Number.NaN], [])]),
      /range error TSJ6001: cast: NaN does not fit i32/,
    );
  });

  it("refuses arguments of another type or number", () => {
    const b = createBuilder();
    const fn = b.finish("f", [b.param({ dtype: "f64", shape: [2] })]);
    assert.throws(() => interpret(fn, [f64([1])]), /argument 0 of f is f64\[1\], not f64\[2\]/);
    assert.throws(() => interpret(fn, [f32([1, 2])]), /f32\[2\], not f64\[2\]/);
    assert.throws(() => interpret(fn, []), /takes 1 arguments, got 0/);
  });
});
