/** The likelihood of a Gaussian mixture, element by element: triangular loops in loops, in reverse. */
import assert from "node:assert/strict";
import { jit, type Tensor, tensor, valueAndGrad } from "../../runtime/index.js";
import { byElement } from "../bench/gmm/by-element.js";
import { noise } from "../bench/harness.js";

const [D, K, N] = [10, 9, 12];
const [GAMMA, M] = [0.7, 2];

const rows = (count: number, width: number, seed: number): number[][] => {
  const values = noise(count * width, seed);
  return Array.from({ length: count }, (_, i) => Array.from(values.subarray(i * width, (i + 1) * width)));
};
const alphas = rows(1, K, 1)[0] ?? [];
const [means, icf, x] = [rows(K, D, 2), rows(K, (D * (D + 1)) / 2, 3), rows(N, D, 4)];

type Objective = (a: Tensor, b: Tensor, c: Tensor, x: Tensor, gamma: number, m: number) => number;
const f64 = (data: number[] | number[][]): Tensor => tensor(data, { dtype: "f64" });
const args = [f64(alphas), f64(means), f64(icf), f64(x), GAMMA, M] as const;

const gradientOf = (fn: Objective) => {
  const [value, parts] = jit(valueAndGrad(fn, { argnums: [0, 1, 2] }))(...args);
  return { value: Number(value), parts: parts.map((p) => Array.from(p.data as Float64Array)) };
};

/** Sums of some thousand terms of size about 100, in any order: 1e-10 leaves a factor of a hundred. */
const TOLERANCE = 1e-10;
/** Central differences with a step of 1e-5: truncation and rounding of a value of some thousands, both about 1e-6 of it. */
const DIFFERENCES = 1e-5;

describe("gradient of a Gaussian mixture", () => {
  const scalar = gradientOf(byElement as unknown as Objective);

  it("has the value of the plain function", () => {
    const wanted = byElement(alphas, means, icf, x, GAMMA, M);
    assert.ok(Math.abs(scalar.value - wanted) <= TOLERANCE * Math.abs(wanted));
  });

  it("agrees with differences of the plain function", () => {
    const along = [noise(K, 5), noise(K * D, 6), noise((K * D * (D + 1)) / 2, 7)];
    const slope = scalar.parts.reduce(
      (sum, part, p) => part.reduce((s, v, k) => s + v * (along[p]?.[k] ?? Number.NaN), sum),
      0,
    );
    const at = (h: number): number => {
      const moved = (list: number[][], p: number) =>
        list.map((row, i) => row.map((v, j) => v + h * (along[p]?.[i * row.length + j] ?? Number.NaN)));
      return byElement(moved([alphas], 0)[0] ?? [], moved(means, 1), moved(icf, 2), x, GAMMA, M);
    };
    const measured = (at(1e-5) - at(-1e-5)) / 2e-5;
    assert.ok(Math.abs(measured - slope) <= DIFFERENCES * Math.abs(slope), `${measured} ${slope}`);
  });
});
