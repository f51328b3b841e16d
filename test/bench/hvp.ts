/**
 * The cost of second derivatives: a product with the Hessian (forward over reverse) over a gradient, the whole Hessian over as many
 * gradients as there are arguments, and the memory of each. `npm run bench -- hvp`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { grad, hessian, jit, jvp } from "../../runtime/index.js";
import { directionOf, type Program, programs as p, pointOf } from "../autodiff/second-order-programs.js";

/** A program at the size that products are timed at, and at one whose whole Hessian is. */
const cases: readonly (readonly [Program, Program])[] = [
  [p.mlp(3, 64, 64), p.mlp(2, 8, 16)],
  [p.logistic(1000, 50), p.logistic(1000, 50)],
  [p.mixture(500, 10, 8), p.mixture(500, 10, 8)],
  [p.recurrent(100, 32), p.recurrent(50, 8)],
  [p.rosenbrock(20_000), p.rosenbrock(100)],
  [p.pendulum(20_000), p.pendulum(5000)],
  [p.stencil(400, 100), p.stencil(40, 50)],
  [p.pairs(300), p.pairs(60)],
  [p.sweep(300), p.sweep(60)],
  [p.bounce(0.001), p.bounce(0.01)],
  [p.rk4(20_000), p.rk4(5000)],
  [p.elimination(60), p.elimination(8)],
];

const BUDGET_MS = 600;

const median = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
};

/** The best time of one call of each, sampled in turns: what disturbs some samples does not count. */
const timesOf = (calls: readonly (() => unknown)[]): readonly number[] => {
  const samples = calls.map((): number[] => []);
  for (const call of calls) call();
  const end = performance.now() + BUDGET_MS;
  for (let round = 0; round < 5 || (round < 1000 && performance.now() < end); round++)
    calls.forEach((call, k) => {
      const begin = performance.now();
      call();
      samples[k]?.push(performance.now() - begin);
    });
  return samples.map((times) => Math.min(...times));
};

interface Measured {
  readonly program: string;
  readonly gradMs: number;
  readonly productMs: number;
  /** productMs / gradMs. */
  readonly ratio: number;
  /** Inputs, results and working memory of one call; tapes of loops without a known trip count are not counted. */
  readonly gradBytes: number;
  readonly productBytes: number;
  /** The Hessian of the smaller program, over one gradient for each of its arguments. */
  readonly entries: number;
  readonly hessianRatio: number;
}

const measure = ([large, small]: readonly [Program, Program]): Measured => {
  const [x, v, y] = [pointOf(large), directionOf(large), pointOf(small)];
  const gradient = jit(grad(large.fn));
  const product = jit((at: Float64Array, t: Float64Array) => jvp(grad(large.fn), [at], [t])[1]);
  const [gradMs = 0, productMs = 0] = timesOf([() => gradient(x), () => product(x, v)]);
  const gradBytes = gradient.stats(x).peakBytes;
  const productBytes = product.stats(x, v).peakBytes;
  const [one, all] = [jit(grad(small.fn)), jit(hessian(small.fn))];
  const [oneMs = 0, allMs = 0] = timesOf([() => one(y), () => all(y)]);
  return {
    program: large.name,
    gradMs,
    productMs,
    ratio: productMs / gradMs,
    gradBytes,
    productBytes,
    entries: small.size,
    hessianRatio: allMs / (small.size * oneMs),
  };
};

const figure = (x: number): number => Number(x.toPrecision(3));

/** Measures, prints a table and the median ratio, and writes `test/bench/results/hvp.json`. */
export const hvp = (): void => {
  const rows = cases.map(measure);
  console.table(
    Object.fromEntries(
      rows.map((r) => [
        r.program,
        {
          "grad ms": figure(r.gradMs),
          "Hessian-vector ms": figure(r.productMs),
          ratio: figure(r.ratio),
          "grad KB": figure(r.gradBytes / 1024),
          "Hessian-vector KB": figure(r.productBytes / 1024),
          n: r.entries,
          "hessian / n grads": figure(r.hessianRatio),
        },
      ]),
    ),
  );
  const middle = median(rows.map((r) => r.ratio));
  console.log(`median ratio ${figure(middle)}, worst ${figure(Math.max(...rows.map((r) => r.ratio)))}`);
  const folder = new URL("./results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const record = { name: "hvp", node: process.version, date: new Date().toISOString(), median: middle, rows };
  writeFileSync(new URL("hvp.json", folder), `${JSON.stringify(record, null, 2)}\n`);
};
