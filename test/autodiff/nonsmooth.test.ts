import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { grad, jit, nn, np, type Tensor, tensor, vmap } from "../../runtime/index.js";

/**
 * Kinks, ties, ends of domains, NaN: values and slopes are JAX's (jax-nonsmooth.json, written by jax-nonsmooth.py), which are
 * the conventions of its rules: at |x| = 0 the slope from the right, at ties of max and min equal parts for each.
 */
interface Row {
  readonly at: readonly string[];
  readonly value: readonly string[];
  readonly slopes: readonly string[];
}
interface Reference {
  readonly scalar: readonly { readonly name: string; readonly rows: readonly Row[] }[];
  readonly vector: readonly { readonly name: string; readonly rows: readonly Row[] }[];
}
const reference = JSON.parse(
  readFileSync(new URL("./jax-nonsmooth.json", import.meta.url), "utf8"),
) as Reference;

/**
 * Where we differ. x ** 0 is 1 for every x, so its slope at 0 is 0; JAX gives NaN. The length of (0, 0) has no slope: of those
 * that fit under it we take the shortest, JAX has 1/2 in each.
 */
const OURS: Readonly<Record<string, readonly number[]>> = {
  "power(0.0, 0.0)": [0, 0],
  "hypot(0.0, 0.0)": [0, 0],
};

const NUMBERS: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
const numberOf = (text: string): number => NUMBERS[text] ?? Number(text);

const scalars: Readonly<Record<string, (x: number, y: number, z: number) => number>> = {
  abs: (x) => Math.abs(x),
  sign: (x) => Math.sign(x),
  max: (x, y) => Math.max(x, y),
  min: (x, y) => Math.min(x, y),
  relu: (x) => nn.relu(x),
  clip: (x) => np.clip(x, -1, 1),
  sqrt: (x) => Math.sqrt(x),
  log: (x) => Math.log(x),
  log1p: (x) => Math.log1p(x),
  reciprocal: (x) => 1 / x,
  square: (x) => x ** 2,
  cube: (x) => x ** 3,
  power0: (x) => x ** 0,
  powerHalf: (x) => x ** 0.5,
  powerMinus1: (x) => x ** -1,
  power: (x, y) => x ** y,
  floor: (x) => Math.floor(x),
  ceil: (x) => Math.ceil(x),
  trunc: (x) => Math.trunc(x),
  max3: (x, y, z) => Math.max(x, y, z),
  min3: (x, y, z) => Math.min(x, y, z),
  hypot: (x, y) => Math.hypot(x, y),
  branch: (x) => (x > 0 ? x : -x),
  guarded: (x) => (x > 0 ? Math.sqrt(x) : 0),
  remainder: (x, y) => x % y,
  atan2: (x, y) => Math.atan2(x, y),
  asin: (x) => Math.asin(x),
  acos: (x) => Math.acos(x),
  atanh: (x) => Math.atanh(x),
  tanh: (x) => Math.tanh(x),
  exp: (x) => Math.exp(x),
  cbrt: (x) => Math.cbrt(x),
  whereNaN: (x) => np.where(x > 0, Math.sqrt(x), 0),
  whereSafe: (x) => np.where(x > 0, Math.sqrt(np.where(x > 0, x, 1)), 0),
  xlogx: (x) => np.where(x === 0, 0, x * Math.log(x)),
};

const vectors: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  maxOf: (x) => np.max(x),
  minOf: (x) => np.min(x),
  rowMax: (x) => np.max(np.reshape(x, [2, 2]), 1),
  sorted: (x) => np.add(Float64Array.from(x as unknown as Float64Array).sort(), 0),
  timesArgmax: (x) => np.multiply(np.sum(x), Number(np.argmax(x))),
  prodOf: (x) => np.prod(x),
  norm: (x) => np.linalg.norm(x),
  sumSquares: (x) => np.sum(x * x),
  std: (x) => np.std(x),
  logsumexp: (x) => nn.logsumexp(x),
  softmax: (x) => nn.softmax(x),
  logSoftmax: (x) => nn.logSoftmax(x),
  cumsum: (x) => np.cumsum(x),
  gatherTwice: (x) => np.take(x, tensor([0, 0, 2], { dtype: "i32" })),
  clipAll: (x) => np.clip(x, 0, 1),
};

/** Equal, or as near as two functions of 2 ULP and two products are; the zeros of either sign are one slope. */
const same = (got: number, wanted: number, what: string): void => {
  const near = Math.abs(got - wanted) <= 8 * 2 ** -53 * Math.abs(wanted);
  assert.ok(Object.is(got, wanted) || got === wanted || near, `${what}: ${got} instead of ${wanted}`);
};

describe("where functions are not smooth", () => {
  it("a branch that is not taken can't poison the slope, in a batch neither", () => {
    // JAX's where needs a second where inside; a condition of the language is a branch
    const f = (x: number) => (x > 0 ? Math.sqrt(x) : 0);
    assert.deepEqual(
      [4, 0, -1].map((x) => grad(f)(x)),
      [0.25, 0, 0],
    );
    assert.deepEqual([...vmap(grad(f))([4, 0, -1]).data], [0.25, 0, 0]);
    assert.deepEqual([...vmap(f)([4, 0, -1]).data], [2, 0, 0]);
  });

  it("sorting and choosing: slopes go where the values came from", () => {
    const sorted = (x: Tensor) => {
      const y = Float64Array.from(x as unknown as Float64Array).sort();
      let sum = 0;
      for (let k = 0; k < y.length; k++) sum += (k + 1) * (y[k] as number);
      return sum;
    };
    assert.deepEqual([...grad(sorted)(new Float64Array([3, 1, 2])).data], [3, 1, 2]);
    // equal elements keep their order
    assert.deepEqual([...grad(sorted)(new Float64Array([2, 1, 2])).data], [2, 1, 3]);
    assert.deepEqual(
      [...grad((x: Tensor) => np.sum(x * 0) + Number(np.argmax(x)))([1, 3, 2]).data],
      [0, 0, 0],
    );
  });

  for (const { name, rows } of reference.scalar)
    it(`${name} has JAX's slopes`, () => {
      const f = scalars[name];
      assert.ok(f !== undefined, name);
      for (const { at, value, slopes } of rows) {
        const [x = 0, y = 0, z = 0] = at.map(numberOf);
        const what = `${name}(${at.join(", ")})`;
        same(jit(f)(x, y, z), numberOf(value[0] ?? ""), what);
        const got: readonly number[] = grad(f, { argnums: at.map((_, k) => k) })(x, y, z);
        slopes.forEach((slope, k) => {
          same(got[k] ?? Number.NaN, OURS[what]?.[k] ?? numberOf(slope), `slope ${k} of ${what}`);
        });
      }
    });
  for (const { name, rows } of reference.vector)
    it(`${name} has JAX's slopes`, () => {
      const f = vectors[name];
      assert.ok(f !== undefined, name);
      for (const { at, value, slopes } of rows) {
        const x = Float64Array.from(at, numberOf);
        const what = `${name}(${at.join(", ")})`;
        const values = jit(f)(x).data;
        value.forEach((v, k) => {
          same(values[k] ?? Number.NaN, numberOf(v), what);
        });
        const weights = Float64Array.from(value, (_, k) => k + 1);
        const slope = grad((v: Tensor) => np.sum(f(v) * np.reshape(weights, f(v).shape)))(x).data;
        slopes.forEach((s, k) => {
          same(slope[k] ?? Number.NaN, numberOf(s), `slope ${k} of ${what}`);
        });
      }
    });
});
