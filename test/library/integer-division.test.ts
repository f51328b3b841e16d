/** Division of integers by zero: numbers and elements of typed arrays as in JavaScript, integer arrays throw. */
import { deepEqual, equal, match, throws } from "node:assert/strict";
import { TscJitError } from "../../compiler/diagnostics.js";
import { jit, np, type Tensor, tensor, vmap } from "../../runtime/index.js";

const i32 = (...data: number[]): Tensor => tensor(data, { dtype: "i32" });
const u32 = (...data: number[]): Tensor => tensor(data, { dtype: "u32" });
const list = (x: Tensor): unknown => x.toArray();

describe("integer division", () => {
  const remainder = jit((x: Tensor, y: Tensor) => x % y);
  it("of integer arrays by zero throws, with the line", () => {
    deepEqual(list(remainder(i32(5, -5, 7), i32(2, 3, -2))), [1, -2, 1]);
    throws(
      () => remainder(i32(5, -5, 7), i32(2, 0, -2)),
      (e) => {
        match(String(e), /range error TSJ1141: an integer is divided by zero/);
        match(String(e), /x % y/);
        return e instanceof TscJitError && e instanceof RangeError;
      },
    );
    throws(() => remainder(u32(5), u32(0)), { code: "TSJ1141" });
    throws(() => np.mod(i32(5), i32(0)), { code: "TSJ1141" });
    throws(() => np.floorDivide(i32(5), i32(0)), { code: "TSJ1141" });
    throws(() => jit(vmap((x: number) => 6 % x))(i32(1, 0)), { code: "TSJ1141" });
    equal(remainder(i32(), i32()).size, 0);
  });
  it("of floats, numbers and elements of typed arrays is NaN or infinite", () => {
    deepEqual(list(remainder(tensor([5, 1]), tensor([0, 2]))), [Number.NaN, 1]);
    deepEqual(list(jit((x: Tensor, y: Tensor) => x / y)(i32(5, -5, 0), i32(0, 0, 0))), [
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
    const each = (x: Int32Array, y: Int32Array): { rest: Float64Array; whole: Int32Array; low: number } => {
      const rest = new Float64Array(3);
      const whole = new Int32Array(3);
      for (let k = 0; k < 3; k++) {
        rest[k] = (x[k] ?? 0) % (y[k] ?? 0);
        whole[k] = (x[k] ?? 0) / (y[k] ?? 0);
      }
      return { rest, whole, low: ((x[0] ?? 0) / (y[0] ?? 0)) | 0 };
    };
    const points = [Int32Array.of(5, -5, 7), Int32Array.of(0, 3, -2)] as const;
    const { rest, whole, low } = jit(each)(...points);
    const wanted = each(...points);
    deepEqual(list(rest), Array.from(wanted.rest));
    deepEqual(list(whole), Array.from(wanted.whole));
    equal(low.item(), wanted.low);
  });
  it("rounds down exactly, in integers", () => {
    deepEqual(list(np.floorDivide(i32(5, -5, 7, 2147483647), i32(2, 3, -2, 1))), [2, -2, -4, 2147483647]);
    deepEqual(list(np.floorDivide(u32(4294967295), u32(10))), [429496729]);
    equal(np.floorDivide(i32(4), i32(2)).dtype, "i32");
    deepEqual(list(np.floorDivide(tensor([5, -5]), 2)), [2, -3]);
  });
});
