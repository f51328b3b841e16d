import assert from "node:assert/strict";
import { gradFunction, valueAndGradFunction } from "../../autodiff/grad.js";
import { jvpFunction } from "../../autodiff/jvp.js";
import { linearizeFunction } from "../../autodiff/linearize.js";
import { transposeFunction } from "../../autodiff/transpose.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { vmapFunction } from "../../autodiff/vmap.js";
import { type Span, TscJitError } from "../../compiler/diagnostics.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import { parseFunction } from "../../compiler/ir/parse.js";
import type { IrFunction, Shape, TensorType } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { freeVars } from "../../compiler/ir/walk.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { interpret } from "../../runtime/interpret.js";

const f64 = (shape: Shape, ...data: readonly number[]) => ndarray("f64", shape, data);
const scalar: TensorType = { dtype: "f64", shape: [] };

const run = (fn: IrFunction, ...args: Parameters<typeof interpret>[1]): readonly (readonly number[])[] =>
  interpret(verify(fn), args).map((x) => [...x.data]);

const refuses = (f: () => unknown, code: string, message: RegExp): void => {
  assert.throws(f, (e) => {
    assert.ok(e instanceof TscJitError, String(e));
    assert.equal(e.code, code);
    assert.match(e.message, message);
    return true;
  });
};

/** Equal but for the rounding of the six operations and functions, at most, that the slopes here consist of (1 ULP each). */
const near = (got: number | undefined, wanted: number): void =>
  assert.ok(
    Math.abs((got ?? Number.NaN) - wanted) <= 6 * 2 ** -52 * Math.abs(wanted),
    `${got} instead of ${wanted}`,
  );

/** x^2 y, and x as an auxiliary result. */
const squareTimes = parseFunction(`fn f(%0:f64[], %1:f64[], %2:i32[]) {
  %3:f64[] = mul %0 %0
  %4:f64[] = mul %3 %1
  return %4, %0
}`);
const int = ndarray("i32", [], [7]);

describe("jvp", () => {
  it("gives primals, then the tangents that are not zero", () => {
    const { fn, tangentOuts } = jvpFunction(squareTimes, [false, true, false]);
    assert.deepEqual(tangentOuts, [true, false]);
    assert.deepEqual(run(fn, f64([], 3), f64([], 5), int, f64([], 2)), [[45], [3], [18]]);
  });

  it("refuses an integer parameter by name and type", () => {
    refuses(
      () => jvpFunction(squareTimes, [true, false, true]),
      "TSJ3002",
      /parameter 2, which is i32\[\][\s\S]*argnums/,
    );
  });
});

describe("vjp", () => {
  it("takes a cotangent for each float result only, and writes zeros out", () => {
    const fn = parseFunction(`fn f(%0:f64[2], %1:f64[3]) {
      %2:i32[2] = toInt32 %0
      %3:f64[2] = neg %0
      return %2, %3, %0
    }`);
    const reverse = vjpFunction(fn, [true, true]).fn;
    assert.deepEqual(
      reverse.params.map((p) => p.type.shape),
      [[2], [3], [2], [2]],
    );
    const results = run(reverse, f64([2], 1, 2), f64([3], 0, 0, 0), f64([2], 10, 20), f64([2], 1, 1));
    assert.deepEqual(results, [
      [1, 2],
      [-1, -2],
      [1, 2],
      [-9, -19],
      [0, 0, 0],
    ]);
  });

  it("adds up the cotangents of a value that is used often", () => {
    const fn = parseFunction(`fn f(%0:f64[]) {
      %1:f64[] = add %0 %0
      %2:f64[] = mul %1 %0
      return %2, %2, %0
    }`);
    // 2 x^2 twice and x: 4 x (c0 + c1) + c2
    assert.deepEqual(
      run(vjpFunction(fn, [true]).fn, f64([], 3), f64([], 1), f64([], 10), f64([], 100)).at(-1),
      [232],
    );
  });
});

describe("linearize", () => {
  it("keeps what the linear part needs, and only that; transposed it is the vjp", () => {
    const fn = parseFunction(`fn f(%0:f64[2], %1:f64[2]) {
      %2:f64[2] = sin %0
      %3:f64[2] = exp %1
      %4:f64[2] = mul %2 %3
      %5:f64[2] = const {value=3, dtype=f64, shape=[2]}
      %6:f64[2] = mul %4 %5
      return %6
    }`);
    const { primal, linear, residualCount } = linearizeFunction(fn, [true, false]);
    const [x, y, t] = [f64([2], 0.5, 1), f64([2], 0, 1), f64([2], 1, 2)];
    const [, ...residuals] = interpret(verify(primal), [x, y]);
    assert.equal(residuals.length, residualCount);
    assert.equal(residualCount, 2); // cos x and exp y; the 3 is written again
    const slope = [3 * Math.cos(0.5), 3 * Math.E * Math.cos(1)];
    const close = (got: readonly number[] | undefined, wanted: readonly number[]): void => {
      for (const [k, w] of wanted.entries()) near(got?.[k], w);
    };
    close(run(linear, ...residuals, t)[0], [slope[0] ?? 0, 2 * (slope[1] ?? 0)]);
    close(run(transposeFunction(linear, residualCount), ...residuals, t)[0], [
      slope[0] ?? 0,
      2 * (slope[1] ?? 0),
    ]);
  });
});

describe("grad", () => {
  it("gives gradients, then auxiliary results", () => {
    const fn = gradFunction(squareTimes, [true, true, false], { aux: 1 });
    assert.deepEqual(run(fn, f64([], 3), f64([], 5), int), [[30], [9], [3]]);
  });

  it("with the value gives value, auxiliary results, gradients", () => {
    const fn = valueAndGradFunction(squareTimes, [false, true, false], { aux: 1 });
    assert.deepEqual(run(fn, f64([], 3), f64([], 5), int), [[45], [3], [9]]);
  });

  it("stops at stopGradient, at every order, until the passes drop the mark", () => {
    const fn = parseFunction(`fn f(%0:f64[]) {
      %1:f64[] = stopGradient %0
      %2:f64[] = mul %1 %0
      %3:f64[] = mul %2 %0
      return %3
    }`);
    const first = gradFunction(fn, [true]); // c x^2 with c = x held: 2 c x
    const second = gradFunction(first, [true]); // 2 c
    assert.deepEqual([run(first, f64([], 3)), run(second, f64([], 3))], [[[18]], [[6]]]);
    assert.deepEqual(run(gradFunction(runPasses(fn).fn, [true]), f64([], 3)), [[27]]);
  });

  it("refuses results that are no float scalar, and says what to use", () => {
    const vector = parseFunction("fn f(%0:f32[3]) {\n  return %0\n}");
    refuses(() => gradFunction(vector, [true]), "TSJ3001", /this one gives f32\[3\][\s\S]*np\.sum/);
    const whole = parseFunction("fn f(%0:i32[], %1:f32[]) {\n  return %0\n}");
    refuses(() => gradFunction(whole, [false, true]), "TSJ3001", /this one gives i32\[\][\s\S]*cast/);
  });

  it("refuses results that are not accounted for", () => {
    refuses(
      () => gradFunction(squareTimes, [true, false, false]),
      "TSJ3003",
      /one result, it gives f64\[\], f64\[\]/,
    );
    refuses(
      () => valueAndGradFunction(squareTimes, [true, false, false], { aux: 2 }),
      "TSJ3003",
      /2 auxiliary/,
    );
  });

  it("refuses an integer parameter", () => {
    refuses(() => gradFunction(squareTimes, [true, true, true], { aux: 1 }), "TSJ3002", /parameter 2/);
  });
});

describe("vmap", () => {
  it("broadcasts results that depend on no batched parameter", () => {
    const fn = parseFunction("fn f(%0:f64[2], %1:f64[]) {\n  %2:f64[] = sin %1\n  return %2, %0, %1\n}");
    const mapped = vmapFunction(fn, [true, false], 2);
    const results = run(mapped, f64([2, 2], 1, 2, 3, 4), f64([], 0));
    assert.deepEqual(results, [
      [0, 0],
      [1, 2, 3, 4],
      [0, 0],
    ]);
  });

  it("copies what depends on no batched parameter", () => {
    const fn = parseFunction(
      "fn f(%0:f64[], %1:f64[]) {\n  %2:f64[] = sin %1\n  %3:f64[] = mul %0 %2\n  return %3\n}",
    );
    const { body } = vmapFunction(fn, [true, false], 5);
    assert.deepEqual(body.find((eqn) => eqn.op === "sin")?.outs[0].type.shape, []);
  });

  it("works for no and for one example", () => {
    for (const size of [0, 1]) {
      const mapped = vmapFunction(squareTimes, [true, false, false], size);
      const data = Array.from({ length: size }, () => 3);
      assert.deepEqual(
        run(mapped, f64([size], ...data), f64([], 5), int)[0],
        data.map(() => 45),
      );
    }
  });
});

describe("free values", () => {
  // w is a parameter of the function around f
  const w = { type: scalar };
  const b = createBuilder();
  const x = b.param(scalar);
  const f = b.finish("f", [b.mul(b.mul(x, w), b.mul(x, b.sin(w)))]);

  const closed = (fn: IrFunction): IrFunction => ({ ...fn, params: [w, ...fn.params] });
  const at = (fn: IrFunction, ...args: Parameters<typeof interpret>[1]): number | undefined =>
    run(closed(fn), ...args).at(-1)?.[0];
  const slope = 2 * 3 * 2 * Math.sin(2); // d/dx x^2 w sin w at x = 3, w = 2

  it("are constants, and stay free", () => {
    const grad = gradFunction(f, [true]);
    assert.deepEqual(freeVars(grad), [w]);
    near(at(grad, f64([], 2), f64([], 3)), slope);
    near(at(jvpFunction(f, [true]).fn, f64([], 2), f64([], 3), f64([], 1)), slope);
    near(at(vjpFunction(f, [true]).fn, f64([], 2), f64([], 3), f64([], 1)), slope);
  });

  it("are no residuals: both parts of a linearization see them", () => {
    const { primal, linear } = linearizeFunction(f, [true]);
    assert.deepEqual([freeVars(primal), freeVars(linear)], [[w], [w]]);
    assert.ok(!primal.results.includes(w));
  });

  it("are not batched", () => {
    const mapped = vmapFunction(gradFunction(f, [true]), [true], 2);
    assert.deepEqual(freeVars(mapped), [w]);
    const rows = run(closed(mapped), f64([], 2), f64([2], 3, 3))[0];
    near(rows?.[0], slope);
    near(rows?.[1], slope);
  });

  it("differ from a parameter of an outer transform: perturbations are not confused", () => {
    // d/dx (x d/dy (x + y)) = 1, at any x: the inner y and the outer x are different
    const outer = createBuilder();
    const ox = outer.param(scalar);
    const inner = createBuilder();
    const iy = inner.param(scalar);
    const d = gradFunction(inner.finish("inner", [inner.add(ox, iy)]), [true]);
    const [slopeOfInner] = outer.inline(d, [ox]);
    assert.ok(slopeOfInner !== undefined);
    const g = gradFunction(outer.finish("outer", [outer.mul(ox, slopeOfInner)]), [true]);
    assert.deepEqual(run(g, f64([], 4)), [[1]]);
  });
});

describe("spans", () => {
  it("are handed on by every transform and pass", () => {
    const span: Span = { file: "user.ts", line: 3, column: 5, length: 4 };
    const b = createBuilder();
    const x = b.param({ dtype: "f64", shape: [3] });
    const loss = b.at(span, () => b.reduceSum(b.tanh(b.mul(x, x)), [0]));
    const fn = b.finish("f", [loss]);
    const grad = gradFunction(fn, [true]);
    for (const g of [grad, vmapFunction(grad, [true], 2), jvpFunction(grad, [true]).fn, runPasses(grad).fn]) {
      const strays = verify(g).body.filter((eqn) => eqn.span !== span);
      // only the seed of the gradient is nobody's line
      assert.ok(
        strays.length <= 1 && strays.every((eqn) => eqn.op === "const"),
        `${strays.length} in ${g.name}`,
      );
    }
  });
});
