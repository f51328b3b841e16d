/** Results that stand for JavaScript numbers take the dtype of what they meet, as they would in one compiled function. */
import { deepEqual, equal } from "node:assert/strict";
import { grad, jit, np, type Tensor, tensor } from "../../runtime/index.js";

describe("numbers as results", () => {
  const half = tensor([1.5], { dtype: "f32" });
  const times = jit((k: number, x: Tensor) => k * x);
  it("stay numbers beside arrays of the next call", () => {
    const step = jit((x: Tensor, count: number) => ({ x, count: count + 1, length: x.length }));
    const { count, length } = step(half, 3);
    deepEqual([count.dtype, count.item(), length.item()], ["f64", 4, 1]);
    equal(times(count, half).dtype, "f32");
    equal(times(length, half).dtype, "f32");
    const again = step(half, count);
    equal(times(again.count, half).dtype, "f32");
    const slope = grad((k: number, x: Float64Array) => k * k * (x[0] ?? 0))(2, Float64Array.of(3));
    deepEqual([slope.item(), times(slope, half).dtype], [12, "f32"]);
  });
  it("are not those that were computed from arrays", () => {
    const total = jit((x: Tensor) => np.sum(x))(tensor([1, 2], { dtype: "f64" }));
    equal(times(total, half).dtype, "f64");
    const element = jit((x: Tensor) => x[0] as Tensor)(tensor([1, 2], { dtype: "f64" }));
    equal(times(element, half).dtype, "f64");
  });
  it("of library functions of numbers are tensors, as their types say", () => {
    const mean: Tensor = np.mean(3);
    deepEqual([mean.shape, mean.dtype, mean.item()], [[], "f64", 3]);
    deepEqual([np.sin(0).item(), np.maximum(1, 2).item(), np.sin(0) + 1], [0, 2, 1]);
    equal(np.multiply(np.exp(0), half).dtype, "f32");
    equal(jit((x: number) => np.exp(x))(0), 1);
  });
});
