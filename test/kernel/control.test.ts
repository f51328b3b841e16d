/** Control flow lowered to kernels: hand-written programs against plain JavaScript, and what must not happen. */
import assert from "node:assert/strict";
import { parseFunction } from "../../compiler/ir/parse.js";
import type { IrFunction } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { interpretProgram, KernelCheckError } from "../../compiler/kernel/interpret.js";
import { type LowerOptions, lowerProgram } from "../../compiler/kernel/lower.js";
import { printProgram } from "../../compiler/kernel/print.js";
import { programStats } from "../../compiler/kernel/stats.js";
import type { Step } from "../../compiler/kernel/types.js";
import { kernelsOf } from "../../compiler/kernel/walk.js";
import type { Data } from "../../compiler/ops/op.js";
import { interpret } from "../../runtime/interpret.js";
import { type ControlFixture, congruential, fixtures, heapSort, insertionSort } from "./control-fixtures.js";

const MODES: readonly LowerOptions[] = [{}, { nests: false }, { strict: true }];

const lists = (results: readonly Data[]): readonly (readonly number[])[] => results.map((x) => [...x]);

const run = (fn: IrFunction, args: readonly Data[], options: LowerOptions): readonly (readonly number[])[] =>
  lists(interpretProgram(lowerProgram(fn, options), args));

const nestOnly = (steps: readonly Step[]): boolean => steps.every((s) => s.kind === "loops");

describe("control flow in kernels", () => {
  for (const [name, { fn, args, plain }] of Object.entries(fixtures))
    it(`${name} is what plain JavaScript gives`, () => {
      verify(fn);
      const wanted = lists(plain(...args));
      const inputs = fn.params.map(({ type }, k) => {
        const data = args[k];
        if (data === undefined) throw new Error("an argument is missing");
        return { ...type, data };
      });
      assert.deepEqual(lists(interpret(fn, inputs).map((x) => x.data)), wanted, "reference");
      for (const options of MODES) assert.deepEqual(run(fn, args, options), wanted, JSON.stringify(options));
    });

  it("loops over single elements are one kernel each, which copies no array", () => {
    const shape = (f: ControlFixture): readonly string[] =>
      kernelsOf(lowerProgram(f.fn).steps).map((k) => k.name);
    for (const f of [insertionSort(100), heapSort(100)]) assert.ok(nestOnly(lowerProgram(f.fn).steps));
    // the parameter is copied once
    assert.deepEqual(shape(insertionSort(100)), ["copy", "for"]);
    assert.deepEqual(shape(heapSort(100)), ["copy", "for", "for"]);
    for (const f of [insertionSort(100), heapSort(100)])
      assert.doesNotMatch(
        printProgram(lowerProgram(f.fn)).replace(/kernel copy \{[^}]*\}/, ""),
        /for i\d+ < /,
      );
    assert.equal(programStats(lowerProgram(heapSort(1000).fn)).scratchBytes, 0);
  });

  it("a function of numbers with loops has no memory", () => {
    const { newton } = fixtures;
    assert.ok(newton !== undefined && lowerProgram(newton.fn).scalar);
    assert.ok(!lowerProgram(congruential(10).fn).scalar, "two results need memory");
  });

  it("the first of two checks that fail reports, although the second depends on nothing", () => {
    const fn = parseFunction(`fn f(%0:i32[]) {
  %1:i32[] = const {value=0, dtype=i32, shape=[]}
  %2:bool[] = ge %1 %0
  %3:i32[] = for %0 {trip=3, consts=0} body(%0:i32[], %1:i32[]) {
    %2:bool[] = lt %0 %1
    %3:bool[] = check %2 %0 {code="TSJ1120", message="first {}"}
    return %1
  }
  %5:bool[] = check %2 %1 {code="TSJ1120", message="second {}"}
  return %3, %2
}`);
    verify(fn);
    for (const options of MODES) assert.throws(() => run(fn, [Int32Array.of(2)], options), /first 2/);
  });

  it("an array without elements is carried by a loop in a loop", () => {
    const fn = parseFunction(`fn f(%0:f32[0], %1:f64[]) {
  %2:f32[0] = for %0 {trip=2, consts=0} body(%0:i32[], %1:f32[0]) {
    %2:f32[0] = sin %1
    return %2
  }
  %3:f64[] = for %2 %1 {trip=3, consts=1} body(%0:i32[], %1:f32[0], %2:f64[]) {
    %3:f32[0], %4:f64[] = for %1 %2 {trip=2, consts=0} body(%0:i32[], %1:f32[0], %2:f64[]) {
      %3:f64[] = add %2 %2
      return %1, %3
    }
    return %4
  }
  return %3
}`);
    verify(fn);
    for (const options of MODES)
      assert.deepEqual(run(fn, [new Float32Array(0), Float64Array.of(3)], options), [[192]]);
  });

  it("what a loop that never runs, or the other side of a condition, would read is not checked", () => {
    const fn = parseFunction(`fn f(%0:f64[3], %1:i32[], %2:bool[]) {
  %3:f64[] = const {value=0, dtype=f64, shape=[]}
  %4:f64[] = for %1 %0 %3 {trip=null, consts=1} body(%0:i32[], %1:f64[3], %2:f64[]) {
    %3:i32[] = const {value=9, dtype=i32, shape=[]}
    %4:f64[] = gather %1 %3 {axis=0, batch=0, mode=check}
    %5:f64[] = add %2 %4
    return %5
  }
  %5:f64[] = if %2 %0 %1 then(%0:f64[3], %1:i32[]) {
    %2:f64[] = gather %0 %1 {axis=0, batch=0, mode=check}
    return %2
  } else(%0:f64[3], %1:i32[]) {
    %2:f64[] = const {value=7, dtype=f64, shape=[]}
    return %2
  }
  return %4, %5
}`);
    verify(fn);
    const x = Float64Array.of(1, 2, 3);
    for (const options of MODES) {
      assert.deepEqual(run(fn, [x, Int32Array.of(-4), Uint8Array.of(0)], options), [[0], [7]]);
      const outside = (trip: number, cond: number) => () =>
        run(fn, [x, Int32Array.of(trip), Uint8Array.of(cond)], options);
      const message = (index: number) => (e: unknown) =>
        e instanceof KernelCheckError && e.message === `index ${index} is out of range for axis 0 of size 3`;
      assert.throws(outside(1, 0), message(9));
      assert.throws(outside(-1, 1), message(-1));
    }
  });

  it("a failed check shows its text and detail", () => {
    const fn = parseFunction(`fn f(%0:i32[]) {
  %1:i32[] = for %0 {trip=5, consts=0} body(%0:i32[], %1:i32[]) {
    %2:i32[] = const {value=3, dtype=i32, shape=[]}
    %3:bool[] = lt %0 %2
    %4:bool[] = check %3 %0 {code="TSJ6002", message="no {} here"}
    %5:i32[] = add %1 %0
    return %5
  }
  return %1
}`);
    for (const options of MODES)
      assert.throws(
        () => run(fn, [Int32Array.of(0)], options),
        (e: unknown) => e instanceof KernelCheckError && e.code === "TSJ6002" && e.message === "no 3 here",
      );
  });

  it("carries that change places, and results that are initial values", () => {
    const fn = parseFunction(`fn f(%0:f64[4], %1:f64[4], %2:f64[], %3:f64[], %4:i32[]) {
  %5:f64[4], %6:f64[4], %7:f64[], %8:f64[], %9:f64[4] = for %4 %0 %1 %2 %3 %0 {trip=null, consts=0} body(%0:i32[], %1:f64[4], %2:f64[4], %3:f64[], %4:f64[], %5:f64[4]) {
    %6:f64[4] = neg %2
    return %6, %1, %4, %3, %5
  }
  return %5, %6, %7, %8, %9
}`);
    verify(fn);
    const [x, y] = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ];
    const minus = (l: readonly number[] | undefined): number[] => (l ?? []).map((n) => -n);
    const wanted = [
      [x, y, [10], [20], x],
      [minus(y), x, [20], [10], x],
      [minus(x), minus(y), [10], [20], x],
    ];
    for (const options of MODES)
      wanted.forEach((w, trip) => {
        const args = [
          Float64Array.from(x ?? []),
          Float64Array.from(y ?? []),
          ...[Float64Array.of(10), Float64Array.of(20)],
        ];
        assert.deepEqual(run(fn, [...args, Int32Array.of(trip)], options), w);
      });
  });

  it("arrays without elements", () => {
    const fn = parseFunction(`fn f(%0:f64[0], %1:f64[]) {
  %2:f64[0], %3:f64[] = while %0 %1 {consts=0} cond(%0:f64[0], %1:f64[]) {
    %2:f64[] = const {value=3, dtype=f64, shape=[]}
    %3:bool[] = lt %1 %2
    return %3
  } body(%0:f64[0], %1:f64[]) {
    %2:f64[] = const {value=1, dtype=f64, shape=[]}
    %3:f64[] = add %1 %2
    %4:f64[0] = neg %0
    return %4, %3
  }
  return %2, %3
}`);
    verify(fn);
    for (const options of MODES)
      assert.deepEqual(run(fn, [new Float64Array(0), Float64Array.of(0)], options), [[], [3]]);
  });
});
