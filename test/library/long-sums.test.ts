/** Sums of many numbers, as the library makes them: their error, and their order where a program is strict. */
import assert from "node:assert/strict";
import { jit, np, type Tensor, tensor } from "../../runtime/index.js";
import { wordsFrom } from "../math/ulp.js";

const N = 1_000_003;
const U = 2 ** -24;
const next = wordsFrom(5);
const values = Float32Array.from({ length: N }, () => next() / 2 ** 32);
const x = tensor(values);
/** In doubles, whose own rounding is far below. */
const sum = (f: (v: number) => number): number => values.reduce((s, v) => s + f(v), 0);
const within = (got: number, exact: number, bound: number): void =>
  assert.ok(Math.abs(got - exact) <= bound * Math.abs(exact), `${got}, exactly ${exact}`);

describe("sums of a million f32", () => {
  // 14 u of a blocked sum (kernel/sum-levels.ts), and the roundings around it
  it("sum and mean", () => {
    within(
      jit((v: Tensor) => np.sum(v))(x).item(),
      sum((v) => v),
      14 * U,
    );
    within(jit((v: Tensor) => np.mean(v))(x).item(), sum((v) => v) / N, 15 * U);
  });
  it("var: of squares of differences from a mean whose own error counts in second order", () => {
    const mean = sum((v) => v) / N;
    within(jit((v: Tensor) => np.var(v))(x).item(), sum((v) => (v - mean) ** 2) / N, (14 + 4) * U);
  });
  it("dot", () => {
    within(
      jit((v: Tensor) => np.dot(v, v))(x).item(),
      sum((v) => v * v),
      15 * U,
    );
  });
  it("along both axes of a matrix", () => {
    const m = tensor(values.subarray(0, 1_000_000), { shape: [1000, 1000] });
    const [rows, columns] = jit((v: Tensor) => [np.sum(v, 1), np.sum(v, 0)] as const)(m);
    const exact = new Float64Array(2000);
    values.subarray(0, 1_000_000).forEach((v, k) => {
      exact[Math.floor(k / 1000)] = (exact[Math.floor(k / 1000)] ?? 0) + v;
      exact[1000 + (k % 1000)] = (exact[1000 + (k % 1000)] ?? 0) + v;
    });
    for (let k = 0; k < 1000; k++) {
      within(rows.data[k] ?? 0, exact[k] ?? 0, 14 * U);
      within(columns.data[k] ?? 0, exact[1000 + k] ?? 0, 14 * U);
    }
  });
  it("cumsum: one addition for each bit of an index", () => {
    const running = jit((v: Tensor) => np.cumsum(v))(tensor(values.subarray(0, 100_000)));
    let exact = 0;
    running.data.forEach((s, k) => {
      exact += values[k] ?? 0;
      within(s, exact, 17 * U);
    });
  });
  it("are added in order where the program is strict", () => {
    let inOrder = 0;
    for (const v of values) inOrder = Math.fround(inOrder + v);
    assert.equal(jit((v: Tensor) => np.sum(v), { strict: true })(x).item(), inOrder);
    assert.notEqual(jit((v: Tensor) => np.sum(v))(x).item(), inOrder);
  });
});
