/**
 * Programs of one example each, for `vmap`: loops with a condition of their own, branches, arrays updated in place, keys, trees,
 * and derivatives of these. `batch` makes the arguments of n examples; `inAxes` says which of them are shared.
 */
import { grad, np, random, type Tensor, tensor } from "tsc-jit";

export type Example = (...args: never[]) => unknown;
export interface Program {
  readonly name: string;
  readonly fn: Example;
  /** Shared arguments are null here. */
  readonly inAxes: readonly (0 | null)[];
  readonly batch: (n: number) => readonly unknown[];
  /** Runs as plain JavaScript too. */
  readonly plain: boolean;
}

/** n numbers in [low, high), the same at every call. */
export const spread = (n: number, low: number, high: number): Float64Array => {
  let state = 2024;
  return Float64Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * state) / 2 ** 32;
  });
};

/** n rows of `width` numbers each. */
const rows = (n: number, width: number, low = -1, high = 1): Tensor =>
  tensor(spread(n * width, low, high), { shape: [n, width], dtype: "f64" });

const newton = (a: number): number => {
  let x = a;
  while (Math.abs(x * x - a) > 1e-12 * a) x = 0.5 * (x + a / x);
  return x;
};

const mandelbrot = (cx: number, cy: number): number => {
  let x = 0;
  let y = 0;
  let n = 0;
  while (n < 200 && x * x + y * y <= 4) {
    const next = x * x - y * y + cx;
    y = 2 * x * y + cy;
    x = next;
    n++;
  }
  return n;
};

const logistic = (r: number, x0: number): number => {
  let x = x0;
  for (let i = 0; i < 100; i++) x = r * x * (1 - x);
  return x;
};

/** Predators and prey, 100 steps of Runge and Kutta's method. */
const rk4 = (a: number, b: number): number => {
  let u = 1;
  let v = 0.5;
  const h = 0.05;
  for (let i = 0; i < 100; i++) {
    const u1 = a * u - u * v;
    const v1 = u * v - b * v;
    const [p, q] = [u + 0.5 * h * u1, v + 0.5 * h * v1];
    const u2 = a * p - p * q;
    const v2 = p * q - b * q;
    const [r, s] = [u + 0.5 * h * u2, v + 0.5 * h * v2];
    const u3 = a * r - r * s;
    const v3 = r * s - b * s;
    const [y, z] = [u + h * u3, v + h * v3];
    const u4 = a * y - y * z;
    const v4 = y * z - b * z;
    u += (h / 6) * (u1 + 2 * u2 + 2 * u3 + u4);
    v += (h / 6) * (v1 + 2 * v2 + 2 * v3 + v4);
  }
  return u + v;
};

const insertionSort = (values: Float64Array): Float64Array => {
  const a = values.slice();
  for (let i = 1; i < a.length; i++) {
    const x = a[i] ?? 0;
    let j = i - 1;
    while (j >= 0 && (a[j] ?? 0) > x) {
      a[j + 1] = a[j] ?? 0;
      j--;
    }
    a[j + 1] = x;
  }
  return a;
};

/** a x = b of 4 equations, by elimination with pivots. */
const solve = (matrix: Float64Array, right: Float64Array): Float64Array => {
  const n = 4;
  const a = matrix.slice();
  const b = right.slice();
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++)
      if (Math.abs(a[i * n + k] ?? 0) > Math.abs(a[pivot * n + k] ?? 0)) pivot = i;
    for (let j = 0; j < n; j++) {
      const t = a[k * n + j] ?? 0;
      a[k * n + j] = a[pivot * n + j] ?? 0;
      a[pivot * n + j] = t;
    }
    const t = b[k] ?? 0;
    b[k] = b[pivot] ?? 0;
    b[pivot] = t;
    for (let i = k + 1; i < n; i++) {
      const f = (a[i * n + k] ?? 0) / (a[k * n + k] ?? 1);
      for (let j = k; j < n; j++) a[i * n + j] = (a[i * n + j] ?? 0) - f * (a[k * n + j] ?? 0);
      b[i] = (b[i] ?? 0) - f * (b[k] ?? 0);
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    let s = b[k] ?? 0;
    for (let j = k + 1; j < n; j++) s -= (a[k * n + j] ?? 0) * (b[j] ?? 0);
    b[k] = s / (a[k * n + k] ?? 1);
  }
  return b;
};

/** Counts of 8 classes, then each entry's own count. */
const classCounts = (x: Float64Array): Float64Array => {
  const counts = new Float64Array(8);
  for (let i = 0; i < x.length; i++) {
    const k = Math.min(7, Math.floor(8 * (x[i] ?? 0)));
    counts[k] = (counts[k] ?? 0) + 1;
  }
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = counts[Math.min(7, Math.floor(8 * (x[i] ?? 0)))] ?? 0;
  return out;
};

/** A table read at places computed from the example, and added to. */
const interpolated = (x: number, table: Float64Array): number => {
  let s = 0;
  for (let i = 0; i < 32; i++) {
    const at = Math.min(62, Math.floor(x * 2 * i));
    const part = x * 2 * i - at;
    s += (1 - part) * (table[at] ?? 0) + part * (table[at + 1] ?? 0);
  }
  return s;
};

const piecewise = (x: number): number => {
  if (x > 0) return Math.log(x) * Math.sqrt(x);
  if (x < -1) return 1 / x;
  return x * x * x;
};

/** The sum of the first n terms of a series. */
const partialSum = (x: number, n: number): number => {
  let s = 0;
  let term = 1;
  for (let i = 1; i <= n; i++) {
    term = (term * x) / i;
    s += term;
  }
  return s;
};

interface Weights {
  readonly w1: Tensor;
  readonly b1: Tensor;
  readonly w2: Tensor;
}
const network = ({ w1, b1, w2 }: Weights, x: Tensor, y: number): number => {
  const h = np.tanh(np.dot(x, w1) + b1);
  return (np.sum(h * w2) - y) ** 2;
};
const networkWeights = (): Weights => ({
  w1: tensor(spread(8 * 16, -1, 1), { shape: [8, 16], dtype: "f64" }),
  b1: tensor(spread(16, -1, 1), { dtype: "f64" }),
  w2: tensor(spread(16, -1, 1), { dtype: "f64" }),
});

/** How many steps a walk takes to leave (-10, 10). */
const randomWalk = (key: Tensor): number => {
  let x = 0;
  let n = 0;
  let k = key;
  while (n < 100 && Math.abs(x) < 10) {
    const [next, draw] = random.split(k);
    k = next;
    x += random.uniform(draw, [], -1, 1);
    n++;
  }
  return n + x;
};
const noisySum = (key: Tensor): number => np.sum(random.normal(key, [64]));

const numbers =
  (low: number, high: number) =>
  (n: number): readonly unknown[] => [spread(n, low, high)];
const pairs =
  (a: readonly [number, number], b: readonly [number, number]) =>
  (n: number): readonly unknown[] => [spread(n, ...a), spread(n + 1, ...b).slice(1)];
const keys = (n: number): readonly unknown[] => [random.split(random.key(7), n)];
/** The points of a picture, row by row. */
const pixels = (n: number): readonly unknown[] => {
  const width = Math.ceil(Math.sqrt(n));
  const at = (f: (k: number) => number): Float64Array => Float64Array.from({ length: n }, (_, k) => f(k));
  return [
    at((k) => -2 + (2.6 * (k % width)) / width),
    at((k) => -1.2 + (2.4 * Math.floor(k / width)) / width),
  ];
};
const systems = (n: number): readonly unknown[] => [rows(n, 16), rows(n, 4)];
const tabled = (n: number): readonly unknown[] => [spread(n, 0, 1), spread(64, -1, 1)];

const sorted = (x: Float64Array): number => {
  const a = insertionSort(x);
  let s = 0;
  for (let i = 0; i < a.length; i++) s += i * (a[i] ?? 0) ** 2;
  return s;
};
const solved = (a: Float64Array, b: Float64Array): number => {
  const x = solve(a, b);
  let s = 0;
  for (let i = 0; i < x.length; i++) s += (x[i] ?? 0) ** 2;
  return s;
};

const program = (
  name: string,
  fn: Example,
  batch: (n: number) => readonly unknown[],
  plain = true,
  inAxes: readonly (0 | null)[] = [],
): Program => ({ name, fn, batch, plain, inAxes: inAxes.length > 0 ? inAxes : batch(1).map(() => 0) });

export const PROGRAMS: readonly Program[] = [
  program("Newton's square root", newton, numbers(0.1, 1e4)),
  program("grad of Newton", grad(newton), numbers(0.1, 1e4), false),
  program("mandelbrot, points at random", mandelbrot, pairs([-2, 0.6], [-1.2, 1.2])),
  program("mandelbrot, a picture", mandelbrot, pixels),
  program("logistic map", logistic, pairs([2.5, 4], [0, 1])),
  program("grad of logistic map", grad(logistic), pairs([2.5, 4], [0, 1]), false),
  program("Runge-Kutta", rk4, pairs([0.5, 1.5], [0.5, 1.5])),
  program("grad of Runge-Kutta", grad(rk4), pairs([0.5, 1.5], [0.5, 1.5]), false),
  program("insertion sort of 16", insertionSort, (n) => [rows(n, 16)]),
  program("grad of insertion sort", grad(sorted), (n) => [rows(n, 16)], false),
  program("4 x 4 system", solve, systems),
  program("grad of 4 x 4 system", grad(solved), systems, false),
  program("scatter and gather", classCounts, (n) => [rows(n, 32, 0, 1)]),
  program("interpolation", interpolated, tabled, true, [0, null]),
  program("grad of interpolation", grad(interpolated, { argnums: 1 }), tabled, false, [0, null]),
  program("branches", piecewise, numbers(-2, 2)),
  program("grad of branches", grad(piecewise), numbers(-2, 2), false),
  program("partial sums", partialSum, (n) => [spread(n, -2, 2), Int32Array.from(spread(n, 0, 60))]),
  program(
    "grad of partial sums",
    grad(partialSum),
    (n) => [spread(n, -2, 2), Int32Array.from(spread(n, 0, 60))],
    false,
  ),
  program(
    "gradients of a network",
    grad(network),
    (n) => [networkWeights(), rows(n, 8), spread(n, -1, 1)],
    false,
    [null, 0, 0],
  ),
  program("random walks", randomWalk, keys, false),
  program("sums of normal numbers", noisySum, keys, false),
];
