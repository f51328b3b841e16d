/** Control flow in vectors: each lane takes its branches and makes its iterations, whatever its neighbours do. */
import assert from "node:assert/strict";
import { vmapFunction } from "../../../autodiff/vmap.js";
import { parseFunction } from "../../../compiler/ir/parse.js";
import { type DType, type IrFunction, isFloat } from "../../../compiler/ir/types.js";
import { lowerProgram } from "../../../compiler/kernel/lower.js";
import { expandMath } from "../../../compiler/kernel/math/expand.js";
import { schedule } from "../../../compiler/kernel/schedule.js";
import { kernelsOf } from "../../../compiler/kernel/walk.js";
import { ndarray } from "../../../compiler/ops/ndarray.js";
import { interpret } from "../../../runtime/interpret.js";
import { runProgram } from "./harness.js";

/** How often x is halved until it is at most 1, and what is left; steps of its own in a loop inside. */
const halve = (dtype: DType): IrFunction =>
  parseFunction(`fn halve(%0:${dtype}[], %1:i32[]) {
    %2:i32[] = const {value=0, dtype=i32, shape=[]}
    %3:${dtype}[], %4:i32[] = while %0 %2 {consts=0} cond(%0:${dtype}[], %1:i32[]) {
      %2:${dtype}[] = const {value=1, dtype=${dtype}, shape=[]}
      %3:bool[] = gt %0 %2
      return %3
    } body(%0:${dtype}[], %1:i32[]) {
      %2:${dtype}[] = const {value=0.5, dtype=${dtype}, shape=[]}
      %3:${dtype}[] = mul %0 %2
      %4:i32[] = const {value=1, dtype=i32, shape=[]}
      %5:i32[] = add %1 %4
      return %3, %5
    }
    %5:${dtype}[] = for %1 %3 %3 {trip=null, consts=1} body(%0:i32[], %1:${dtype}[], %2:${dtype}[]) {
      %3:${dtype}[] = cast %0 {dtype=${dtype}}
      %4:bool[] = gt %2 %1
      %5:${dtype}[] = if %4 %2 %3 then(%0:${dtype}[], %1:${dtype}[]) {
        %2:${dtype}[] = sqrt %0
        %3:${dtype}[] = while %2 %1 {consts=1} cond(%0:${dtype}[], %1:${dtype}[]) {
          %2:bool[] = gt %1 %0
          return %2
        } body(%0:${dtype}[], %1:${dtype}[]) {
          %2:${dtype}[] = const {value=0.5, dtype=${dtype}, shape=[]}
          %3:${dtype}[] = mul %1 %2
          return %3
        }
        return %3
      } else(%0:${dtype}[], %1:${dtype}[]) {
        %2:${dtype}[] = add %0 %1
        return %2
      }
      return %5
    }
    return %3, %4, %5
  }`);

const vectorsIn = (fn: IrFunction): readonly number[] =>
  kernelsOf(lowerProgram(fn).steps).flatMap((kernel) => {
    const expanded = expandMath(kernel);
    if (expanded.kind !== "loops") return [];
    return [...schedule(expanded).values()].map((plan) => plan.lanes).filter((lanes) => lanes > 1);
  });

describe("control flow in vectors", () => {
  for (const dtype of ["f64", "f32"] as const)
    it(`of ${dtype}, for batches with and without a shorter last vector`, async () => {
      assert.ok(isFloat(dtype));
      const fn = halve(dtype);
      const xs = [8, 1, 1000, 0, 3e5, Number.NaN, 0.3, -7, 1e30, 2, 2, 2, 5, 6, 1.5, 1e5, 9];
      const ns = [3, 0, 7, -2, 1, 4, 9, 2, 5, 0, 0, 8, 1, 1, 1, 3, 6];
      for (const size of [1, 2, 3, 5, 8, xs.length]) {
        const mapped = vmapFunction(fn, [true, true], size);
        // the schedule gives f64 none here
        if (size > 8 && dtype === "f32") assert.ok(vectorsIn(mapped).includes(4), "the loop is scalar");
        const args = [ndarray(dtype, [size], xs.slice(0, size)), ndarray("i32", [size], ns.slice(0, size))];
        const wanted = interpret(mapped, args).map((x) => [...x.data]);
        const got = await runProgram(
          lowerProgram(mapped),
          args.map((x) => x.data),
        );
        assert.deepEqual(
          got.map((x) => [...x]),
          wanted,
          `batch of ${size}`,
        );
      }
    });
});
