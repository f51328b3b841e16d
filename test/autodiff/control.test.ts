/** Transforms through regions: what they must refuse, keep and cost. */
import assert from "node:assert/strict";
import { gradFunction } from "../../autodiff/grad.js";
import { jvpFunction } from "../../autodiff/jvp.js";
import { linearizeFunction } from "../../autodiff/linearize.js";
import { vmapFunction } from "../../autodiff/vmap.js";
import { TscJitError } from "../../compiler/diagnostics.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import { regionsOf } from "../../compiler/ir/control.js";
import { parseFunction } from "../../compiler/ir/parse.js";
import { type Eqn, type IrFunction, isControl, sizeOf } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { presentIn } from "../../compiler/ops/control/presence.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { interpret } from "../../runtime/interpret.js";

const f64 = (shape: readonly number[], ...data: readonly number[]) => ndarray("f64", shape, data);
const i32 = (shape: readonly number[], ...data: readonly number[]) => ndarray("i32", shape, data);
const run = (fn: IrFunction, ...args: Parameters<typeof interpret>[1]): readonly (readonly number[])[] =>
  interpret(verify(fn), args).map((x) => [...x.data]);

/** x^n by n multiplications: x, n -> y. */
const power = (trip: string): IrFunction =>
  parseFunction(`fn power(%0:f64[], %1:i32[]) {
    %2:f64[] = const {value=1, dtype=f64, shape=[]}
    %3:f64[] = for ${trip === "null" ? "%1 " : ""}%0 %2 {trip=${trip}, consts=1} body(%0:i32[], %1:f64[], %2:f64[]) {
      %3:f64[] = mul %1 %2
      return %3
    }
    return %3
  }`);

/** Halves x until it is at most 1. */
const halve = parseFunction(`fn halve(%0:f64[]) {
  %1:f64[] = while %0 {consts=0} cond(%0:f64[]) {
    %1:f64[] = const {value=1, dtype=f64, shape=[]}
    %2:bool[] = gt %0 %1
    return %2
  } body(%0:f64[]) {
    %1:f64[] = const {value=0.5, dtype=f64, shape=[]}
    %2:f64[] = mul %0 %1
    return %2
  }
  return %1
}`);

const allEquations = (fn: IrFunction): readonly Eqn[] =>
  fn.body.flatMap((eqn) => [
    eqn,
    ...(isControl(eqn) ? regionsOf(eqn).flatMap(([, r]) => allEquations(r)) : []),
  ]);

describe("derivatives of loops", () => {
  it("d x^n = n x^(n - 1), for no iteration too, and its derivatives", () => {
    for (const [n, orders] of [
      [0, [1, 0, 0, 0]],
      [1, [3, 1, 0, 0]],
      [4, [81, 108, 108, 72]],
    ] as const) {
      let fn = power(String(n));
      for (const wanted of orders) {
        assert.deepEqual(run(fn, f64([], 3), i32([], 0)), [[wanted]], `x^${n}`);
        fn = gradFunction(fn, [true, false]);
      }
    }
  });

  it("forward mode goes through a trip count and a condition of run time", () => {
    const { fn } = jvpFunction(power("null"), [true, false]);
    assert.deepEqual(run(fn, f64([], 3), i32([], 4), f64([], 1)), [[81], [108]]);
    assert.deepEqual(run(fn, f64([], 3), i32([], -1), f64([], 1)), [[1], [0]]);
    assert.deepEqual(run(jvpFunction(halve, [true]).fn, f64([], 12), f64([], 1)), [[0.75], [0.0625]]);
  });

  it("reverse mode goes through both, to any order, for no iteration too", () => {
    for (const [n, orders] of [
      [-1, [1, 0, 0]],
      [0, [1, 0, 0]],
      [1, [3, 1, 0]],
      [4, [81, 108, 108, 72, 24, 0]],
    ] as const) {
      let fn = power("null");
      for (const wanted of orders) {
        assert.deepEqual(run(fn, f64([], 3), i32([], n)), [[wanted]], `x^${n}`);
        assert.deepEqual(run(runPasses(fn).fn, f64([], 3), i32([], n)), [[wanted]], `x^${n}, optimised`);
        fn = gradFunction(fn, [true, false]);
      }
    }
    assert.deepEqual(run(gradFunction(halve, [true]), f64([], 12)), [[0.0625]]);
    assert.deepEqual(run(gradFunction(halve, [true]), f64([], 0.5)), [[1]]);
  });

  it("reverse mode goes through a trip count of run time where no iteration is needed again", () => {
    // sum of 2 x[i] over i < n
    const fn = parseFunction(`fn sum(%0:f64[4], %1:i32[]) {
      %2:f64[] = const {value=0, dtype=f64, shape=[]}
      %3:f64[] = for %1 %0 %2 {trip=null, consts=1} body(%0:i32[], %1:f64[4], %2:f64[]) {
        %3:f64[1] = dynamicSlice %1 %0 {sizes=[1], mode=check}
        %4:f64[] = reshape %3 {shape=[]}
        %5:f64[] = add %4 %4
        %6:f64[] = add %2 %5
        return %6
      }
      return %3
    }`);
    const grad = gradFunction(fn, [true, false]);
    const x = f64([4], 5, 6, 7, 8);
    assert.deepEqual(run(grad, x, i32([], 3)), [[2, 2, 2, 0]]);
    assert.deepEqual(run(grad, x, i32([], 0)), [[0, 0, 0, 0]]);
    assert.deepEqual(run(grad, x, i32([], -5)), [[0, 0, 0, 0]]);
  });

  it("while loops that no gradient goes through are only run", () => {
    const fn = parseFunction(`fn scaled(%0:f64[], %1:i32[]) {
      %2:i32[] = while %1 {consts=0} cond(%0:i32[]) {
        %1:i32[] = const {value=100, dtype=i32, shape=[]}
        %2:bool[] = lt %0 %1
        return %2
      } body(%0:i32[]) {
        %1:i32[] = add %0 %0
        return %1
      }
      %3:f64[] = cast %2 {dtype=f64}
      %4:f64[] = mul %3 %0
      return %4
    }`);
    assert.deepEqual(run(gradFunction(fn, [true, false]), f64([], 2), i32([], 30)), [[120]]);
  });
});

describe("the cost of a gradient", () => {
  const N = 1000;
  // s = sum of a[i]^2 x[i]; x[i + 1] = s
  const fn = parseFunction(`fn chain(%0:f64[${N}], %1:f64[${N}]) {
    %2:f64[] = const {value=0, dtype=f64, shape=[]}
    %3:f64[], %4:f64[${N}] = for %0 %2 %1 {trip=${N - 1}, consts=1} body(%0:i32[], %1:f64[${N}], %2:f64[], %3:f64[${N}]) {
      %4:f64[1] = dynamicSlice %1 %0 {sizes=[1], mode=check}
      %5:f64[1] = dynamicSlice %3 %0 {sizes=[1], mode=check}
      %6:f64[1] = mul %4 %4
      %7:f64[1] = mul %6 %5
      %8:f64[] = reshape %7 {shape=[]}
      %9:f64[] = add %2 %8
      %10:i32[] = const {value=1, dtype=i32, shape=[]}
      %11:i32[] = add %0 %10
      %12:f64[1] = reshape %9 {shape=[1]}
      %13:f64[${N}] = dynamicUpdate %3 %12 %11 {mode=check}
      return %9, %13
    }
    return %3
  }`);
  const grad = runPasses(gradFunction(fn, [true, true])).fn;

  it("is none per iteration that grows with the arrays: they are only read and written in place", () => {
    const inLoops = grad.body
      .filter(isControl)
      .flatMap((eqn) => regionsOf(eqn).flatMap(([, r]) => allEquations(r)));
    assert.ok(inLoops.length > 10);
    const large = inLoops
      .filter((eqn) => eqn.outs.some((v) => sizeOf(v.type.shape) >= N))
      .map((eqn) => eqn.op);
    assert.deepEqual([...new Set(large)], ["dynamicUpdate"]);
  });

  it("keeps only what changes per iteration and can't be computed again from constants", () => {
    const { residualCount, primal } = linearizeFunction(fn, [true, true]);
    // a, and per iteration x[i]; a[i]^2 is computed again
    assert.equal(residualCount, 2);
    assert.deepEqual(
      primal.results.slice(1).map((v) => sizeOf(v.type.shape)),
      [N, N - 1],
    );
  });

  it("moves what no iteration changes out of the loop instead of keeping it per iteration", () => {
    const matrix = parseFunction(`fn iterate(%0:f64[3,3], %1:f64[3]) {
      %2:f64[3] = for %0 %1 {trip=5, consts=1} body(%0:i32[], %1:f64[3,3], %2:f64[3]) {
        %3:f64[3,3] = exp %1
        %4:f64[3] = dot %3 %2 {lhsContract=[1], rhsContract=[0], lhsBatch=[], rhsBatch=[]}
        return %4
      }
      return %2
    }`);
    const { primal } = linearizeFunction(matrix, [true, true]);
    const kept = primal.results.slice(1).map((v) => v.type.shape.join());
    assert.deepEqual(kept.toSorted(), ["3,3", "5,3"]);
  });
});

describe("which cotangents a region's transpose gives", () => {
  it("is found once for each region and choice of flags", () => {
    let asked = 0;
    const find = (): readonly boolean[] => {
      asked++;
      return [true, false];
    };
    const [first, second] = [{ ...halve }, { ...halve }];
    for (let k = 0; k < 3; k++)
      assert.deepEqual(presentIn(first, [[true], [false, true]], find), [true, false]);
    assert.equal(asked, 1);
    presentIn(first, [[true, false], [true]], find);
    presentIn(second, [[true], [false, true]], find);
    assert.equal(asked, 3);
  });
});

describe("batches of conditions", () => {
  const guarded = parseFunction(`fn guarded(%0:f64[3], %1:i32[]) {
    %2:i32[] = const {value=3, dtype=i32, shape=[]}
    %3:bool[] = lt %1 %2
    %4:f64[] = if %3 %0 %1 then(%0:f64[3], %1:i32[]) {
      %2:f64[1] = dynamicSlice %0 %1 {sizes=[1], mode=check}
      %3:f64[] = reshape %2 {shape=[]}
      return %3
    } else(%0:f64[3], %1:i32[]) {
      %2:f64[] = const {value=-1, dtype=f64, shape=[]}
      return %2
    }
    return %4
  }`);
  const x = f64([3], 10, 20, 30);

  it("a check of the side that an example does not take never fails", () => {
    const fn = vmapFunction(guarded, [false, true], 4);
    assert.deepEqual(run(fn, x, i32([4], 7, 1, 3, 2)), [[-1, 20, -1, 30]]);
    assert.deepEqual(run(fn, x, i32([4], 7, 8, 9, 10)), [[-1, -1, -1, -1]]);
    assert.throws(() => run(fn, x, i32([4], 7, 1, -1, 2)), /index -1 is out of range for axis 0 of size 3/);
  });

  it("a gradient of a batch has no NaN from sides that are not taken", () => {
    const b = createBuilder();
    const v = b.param({ dtype: "f64", shape: [] });
    const zero = b.zerosLike(v);
    const one = { dtype: "f64", shape: [] } as const;
    const side = (f: "sqrt" | "neg"): IrFunction => {
      const inner = createBuilder();
      return inner.finish(f, [inner[f](inner.param(one))]);
    };
    const root = b.finish(
      "root",
      b.emitAll("if", [b.gt(v, zero), v], { then: side("sqrt"), else: side("neg") }),
    );
    const sum = createBuilder();
    const xs = sum.param({ dtype: "f64", shape: [3] });
    const [ys] = sum.inline(vmapFunction(root, [true], 3), [xs]);
    assert.ok(ys !== undefined);
    const grad = gradFunction(sum.finish("sum", [sum.reduceSum(ys, [0])]), [true]);
    assert.deepEqual(run(grad, f64([3], 4, 0, -2)), [[0.25, -1, -1]]);
    assert.deepEqual(run(grad, f64([3], 0, 0, 0)), [[-1, -1, -1]]);
  });

  it("loops run as often as each example wants", () => {
    assert.deepEqual(run(vmapFunction(halve, [true], 4), f64([4], 12, 0.5, 1, 3)), [[0.75, 0.5, 1, 0.75]]);
    const fn = vmapFunction(power("null"), [true, true], 4);
    assert.deepEqual(run(fn, f64([4], 2, 3, 5, 7), i32([4], 3, 2, 0, -1)), [[8, 9, 1, 1]]);
    for (const empty of [vmapFunction(halve, [true], 0), vmapFunction(power("null"), [true, true], 0)])
      assert.deepEqual(run(empty, ...[f64([0]), i32([0])].slice(0, empty.params.length)), [[]]);
  });

  it("what an example's checks tell is that example's", () => {
    const fn = parseFunction(`fn positive(%0:bool[], %1:i32[]) {
      %2:bool[] = check %0 %1 {code="TSJ6002", message="{} is negative"}
      return %2
    }`);
    const mapped = vmapFunction(fn, [true, true], 3);
    const holds = (...data: readonly number[]) => ndarray("bool", [3], data);
    assert.deepEqual(run(mapped, holds(1, 1, 1), i32([3], 1, 2, 3)), [[1, 1, 1]]);
    assert.throws(
      () => run(mapped, holds(1, 0, 0), i32([3], 1, -2, -3)),
      (e) => e instanceof TscJitError && e.code === "TSJ6002" && /-2 is negative/.test(e.message),
    );
  });
});
