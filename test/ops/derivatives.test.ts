/** Derivatives where functions are not smooth, where JAX's choices are followed, and where a careless rule gives NaN. */
import assert from "node:assert/strict";
import { jvpFunction } from "../../autodiff/jvp.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { type Builder, createBuilder } from "../../compiler/ir/builder.js";
import type { IrFunction, Var } from "../../compiler/ir/types.js";
import { opTable } from "../../compiler/ops/index.js";
import { interpret } from "../../runtime/interpret.js";
import { elements, f64 } from "./apply.js";

const NAN = Number.NaN;
const INF = Number.POSITIVE_INFINITY;

const f64Function = (
  shapes: readonly (readonly number[])[],
  f: (b: Builder, xs: readonly Var[]) => Var,
): IrFunction => {
  const b = createBuilder();
  const xs = shapes.map((shape) => b.param({ dtype: "f64", shape }));
  return b.finish("f", [f(b, xs)]);
};

/** df/dx_k at a point, by forward mode with tangent 1; checked against reverse mode. */
const slopes = (
  f: (b: Builder, xs: readonly Var[]) => Var,
  ...point: readonly number[]
): readonly number[] => {
  const fn = f64Function(
    point.map(() => []),
    f,
  );
  const args = point.map((x) => f64([x], []));
  const forward = point.map((_, k) => {
    const jvp = jvpFunction(
      fn,
      point.map((_, i) => i === k),
    );
    const out = interpret(jvp.fn, [...args, f64([1], [])])[1];
    return out === undefined ? 0 : (elements(out)[0] ?? assert.fail());
  });
  const all = point.map(() => true);
  const backward = interpret(vjpFunction(fn, all).fn, [...args, f64([1], [])]).slice(1);
  assert.deepEqual(
    backward.map((g) => elements(g)[0]),
    forward,
  );
  return forward;
};

const unary = (op: (b: Builder, x: Var) => Var, x: number): number =>
  slopes((b, [v]) => op(b, v ?? assert.fail()), x)[0] ?? assert.fail();
const binary = (op: (b: Builder, x: Var, y: Var) => Var, x: number, y: number): readonly number[] =>
  slopes((b, [v, w]) => op(b, v ?? assert.fail(), w ?? assert.fail()), x, y);

describe("derivatives at special points", () => {
  it("abs, sqrt, cbrt at 0", () => {
    assert.equal(
      unary((b, x) => b.abs(x), 0),
      1,
    );
    assert.equal(
      unary((b, x) => b.abs(x), -3),
      -1,
    );
    assert.equal(
      unary((b, x) => b.sqrt(x), 0),
      INF,
    );
    assert.equal(
      unary((b, x) => b.cbrt(x), 0),
      INF,
    );
  });
  it("min and max share ties, a NaN gets nothing", () => {
    assert.deepEqual(
      binary((b, x, y) => b.max(x, y), 2, 2),
      [0.5, 0.5],
    );
    assert.deepEqual(
      binary((b, x, y) => b.min(x, y), 0, -0),
      [0.5, 0.5],
    );
    assert.deepEqual(
      binary((b, x, y) => b.max(x, y), 2, 1),
      [1, 0],
    );
    assert.deepEqual(
      binary((b, x, y) => b.min(x, y), 2, 1),
      [0, 1],
    );
    assert.deepEqual(
      binary((b, x, y) => b.max(x, y), NAN, 1),
      [0, 0],
    );
  });
  it("pow at 0", () => {
    const pow = (b: Builder, x: Var, y: Var): Var => b.pow(x, y);
    assert.deepEqual(binary(pow, 0, 0), [0, 0]);
    assert.deepEqual(binary(pow, 0, 1), [1, 0]);
    assert.deepEqual(binary(pow, 0, 2), [0, 0]);
    assert.deepEqual(binary(pow, 3, 0), [0, Math.log(3)]);
    assert.deepEqual(binary(pow, -2, 3), [12, NAN]);
  });
  it("second derivative of x^2 and x^1 at 0", () => {
    const fn = (y: number): IrFunction =>
      f64Function([[]], (b, [x]) => b.pow(x ?? assert.fail(), b.scalar(y, "f64")));
    const second = (y: number): number => {
      const first = vjpFunction(fn(y), [true]).fn;
      const twice = jvpFunction(first, [true, false]).fn;
      const out = interpret(twice, [f64([0], []), f64([1], []), f64([1], [])]).at(-1);
      return elements(out ?? assert.fail())[0] ?? assert.fail();
    };
    assert.equal(second(2), 2);
    assert.equal(second(1), 0);
    assert.equal(second(0), 0);
  });
  it("rem follows trunc, atan2 the circle", () => {
    assert.deepEqual(
      binary((b, x, y) => b.rem(x, y), -7, 3),
      [1, 2],
    );
    assert.deepEqual(
      binary((b, x, y) => b.atan2(x, y), 3, 4),
      [4 / 25, -3 / 25],
    );
  });
  it("select hides a NaN in the side not taken", () => {
    // x > 0 ? log(x) : 0 at 0, where the tangent of log is infinite
    const safe = (b: Builder, x: Var): Var =>
      b.select(
        b.gt(x, b.zerosLike(x)),
        b.log(b.select(b.gt(x, b.zerosLike(x)), x, b.onesLike(x))),
        b.zerosLike(x),
      );
    assert.equal(unary(safe, 0), 0);
    assert.equal(unary(safe, 2), 0.5);
  });
});

/** The gradient of sum(f(x) * w) for an array. */
const gradient = (
  x: readonly number[],
  outShape: readonly number[],
  ct: readonly number[],
  f: (b: Builder, x: Var) => Var,
): readonly number[] => {
  const fn = f64Function([[x.length]], (b, [v]) => f(b, v ?? assert.fail()));
  const out = interpret(vjpFunction(fn, [true]).fn, [f64(x), f64(ct, outShape)])[1];
  return elements(out ?? assert.fail());
};

describe("derivatives of reductions and indexing", () => {
  it("reduceProd with zeros", () => {
    const prod = (b: Builder, x: Var): Var => b.emit("reduceProd", [x], { axes: [0] });
    assert.deepEqual(gradient([2, 0, 3], [], [1], prod), [0, 6, 0]);
    assert.deepEqual(gradient([2, 0, 0], [], [1], prod), [0, 0, 0]);
    assert.deepEqual(gradient([1, 2, 3, 4, 5], [], [1], prod), [120, 60, 40, 30, 24]);
  });
  it("reduceMax shares ties", () => {
    const max = (b: Builder, x: Var): Var => b.emit("reduceMax", [x], { axes: [0] });
    assert.deepEqual(gradient([1, 3, 3, 3, 2, 3], [], [1], max), [0, 0.25, 0.25, 0.25, 0, 0.25]);
    const min = (b: Builder, x: Var): Var => b.emit("reduceMin", [x], { axes: [0] });
    assert.deepEqual(gradient([1, 3, 1], [], [2], min), [1, 0, 1]);
  });
  it("gather adds up where an index repeats, and still checks its indices", () => {
    const taken = (values: readonly number[]) => (b: Builder, x: Var) =>
      b.emit("gather", [x, b.emit("literal", [], { data: values, dtype: "i32", shape: [values.length] })], {
        axis: 0,
        batch: 0,
        mode: "check",
      });
    assert.deepEqual(gradient([5, 6, 7], [3], [1, 10, 100], taken([2, 0, 2])), [10, 0, 101]);
    assert.throws(
      () => gradient([5, 6, 7], [1], [1], taken([3])),
      /index 3 is out of range for axis 0 of size 3/,
    );
  });
  it("pad gives its value the cotangents of the padding, infinite ones elsewhere left out", () => {
    const fn = f64Function([[2], []], (b, xs) => b.emit("pad", xs, { low: [1], high: [1], interior: [0] }));
    const back = interpret(vjpFunction(fn, [true, true]).fn, [
      f64([1, 2]),
      f64([9], []),
      f64([3, INF, NAN, 4]),
    ]).slice(1);
    assert.deepEqual(back.map(elements), [[INF, NAN], [7]]);
  });
  it("integers and conditions get no cotangent", () => {
    const b = createBuilder();
    const x = b.param({ dtype: "f64", shape: [3] });
    const k = b.param({ dtype: "i32", shape: [2] });
    const ct = b.param({ dtype: "f64", shape: [2] });
    const rule = opTable.gather.ad;
    assert.ok(rule.kind === "linear");
    const params = { axis: 0, batch: 0, mode: "check" } as const;
    assert.equal(rule.transpose(b, ct, [x, k], [true, true], params)[1], null);
    assert.deepEqual(rule.transpose(b, ct, [x, k], [false, false], params), [null, null]);
    const cast = opTable.cast.ad;
    assert.ok(cast.kind === "linear");
    assert.deepEqual(cast.transpose(b, ct, [k], [true], { dtype: "f64" }), [null]);
  });
});
