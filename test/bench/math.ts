/** Vector math: each function over 100,000 numbers, against a loop over Math and against the rivals that have it. */
import { jit, nn, np, special, type Tensor, tensor } from "tsc-jit";
import { noise, type Row } from "./harness.js";
import { type JaxArray, loadJax, loadTf, type TfTensor } from "./rivals.js";

const N = 100_000;
const [WARM_MS, MEASURE_MS] = [60, 200];

interface Measured {
  readonly ours: (x: Tensor) => number;
  /** What JavaScript has for it. */
  readonly plain: (x: number) => number;
  /** Its names in jax-js and TensorFlow.js. */
  readonly rivals?: string;
  /** Operands: center and half width. */
  readonly range: readonly [number, number];
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
/** What one finds for JavaScript: M. Abramowitz, I. Stegun, 7.1.26, good to 1e-7. */
const shortErf = (x: number): number => {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - p * Math.exp(-x * x));
};
/** C. Lanczos (1964), g = 5, as in Numerical Recipes; x > 0. */
const shortLgamma = (x: number): number => {
  const c = [
    76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 1.208650973866179e-3,
    -5.395239384953e-6,
  ];
  const sum = c.reduce((s, v, k) => s + v / (x + 1 + k), 1.000000000190015);
  return (x + 0.5) * Math.log(x + 5.5) - (x + 5.5) + Math.log((2.5066282746310007 * sum) / x);
};

const FUNCTIONS: Readonly<Record<string, Measured>> = {
  exp: { ours: (x) => Math.exp(x), plain: Math.exp, rivals: "exp", range: [0, 8] },
  exp2: { ours: (x) => np.exp2(x), plain: (x) => 2 ** x, rivals: "exp2", range: [0, 8] },
  expm1: { ours: (x) => Math.expm1(x), plain: Math.expm1, rivals: "expm1", range: [0, 2] },
  log: { ours: (x) => Math.log(x), plain: Math.log, rivals: "log", range: [8, 7.9] },
  log1p: { ours: (x) => Math.log1p(x), plain: Math.log1p, rivals: "log1p", range: [2, 2] },
  log2: { ours: (x) => Math.log2(x), plain: Math.log2, rivals: "log2", range: [8, 7.9] },
  log10: { ours: (x) => Math.log10(x), plain: Math.log10, rivals: "log10", range: [8, 7.9] },
  sin: { ours: (x) => Math.sin(x), plain: Math.sin, rivals: "sin", range: [0, 8] },
  cos: { ours: (x) => Math.cos(x), plain: Math.cos, rivals: "cos", range: [0, 8] },
  tan: { ours: (x) => Math.tan(x), plain: Math.tan, rivals: "tan", range: [0, 8] },
  asin: { ours: (x) => Math.asin(x), plain: Math.asin, rivals: "asin", range: [0, 1] },
  acos: { ours: (x) => Math.acos(x), plain: Math.acos, rivals: "acos", range: [0, 1] },
  atan: { ours: (x) => Math.atan(x), plain: Math.atan, rivals: "atan", range: [0, 8] },
  atan2: { ours: (x) => Math.atan2(x, 1.5), plain: (x) => Math.atan2(x, 1.5), range: [0, 8] },
  sinh: { ours: (x) => Math.sinh(x), plain: Math.sinh, rivals: "sinh", range: [0, 4] },
  cosh: { ours: (x) => Math.cosh(x), plain: Math.cosh, rivals: "cosh", range: [0, 4] },
  tanh: { ours: (x) => Math.tanh(x), plain: Math.tanh, rivals: "tanh", range: [0, 4] },
  asinh: { ours: (x) => Math.asinh(x), plain: Math.asinh, rivals: "asinh", range: [0, 8] },
  acosh: { ours: (x) => Math.acosh(x), plain: Math.acosh, rivals: "acosh", range: [5, 4] },
  atanh: { ours: (x) => Math.atanh(x), plain: Math.atanh, rivals: "atanh", range: [0, 0.9] },
  pow: { ours: (x) => x ** 2.7, plain: (x) => x ** 2.7, range: [5, 4.9] },
  cbrt: { ours: (x) => Math.cbrt(x), plain: Math.cbrt, rivals: "cbrt", range: [0, 8] },
  erf: { ours: (x) => special.erf(x), plain: shortErf, rivals: "erf", range: [0, 3] },
  erfc: { ours: (x) => special.erfc(x), plain: (x) => 1 - shortErf(x), rivals: "erfc", range: [0, 3] },
  lgamma: { ours: (x) => special.gammaln(x), plain: shortLgamma, range: [10, 9.9] },
  sigmoid: { ours: (x) => nn.sigmoid(x), plain: logistic, rivals: "sigmoid", range: [0, 8] },
  softplus: {
    ours: (x) => nn.softplus(x),
    plain: (x) => Math.log1p(Math.exp(x)),
    rivals: "softplus",
    range: [0, 8],
  },
  gelu: {
    ours: (x) => nn.gelu(x, false),
    plain: (x) => 0.5 * x * (1 + shortErf(x * Math.SQRT1_2)),
    range: [0, 4],
  },
};

/** Median and best of repeated runs, in ms. */
const timed = (
  run: () => void,
): { readonly medianMs: number; readonly bestMs: number; readonly runs: number } => {
  const until = (ms: number): number[] => {
    const times: number[] = [];
    for (const begin = performance.now(); times.length < 3 || performance.now() - begin < ms; ) {
      const start = performance.now();
      run();
      times.push(performance.now() - start);
    }
    return times;
  };
  until(WARM_MS);
  const times = until(MEASURE_MS).sort((a, b) => a - b);
  return { medianMs: times[times.length >> 1] ?? 0, bestMs: times[0] ?? 0, runs: times.length };
};

type AnyFunction = (...args: readonly unknown[]) => unknown;
/** A rival's function of that name, where it has one. */
const named = (places: readonly object[], name: string | undefined): AnyFunction | null => {
  if (name === undefined) return null;
  for (const place of places) {
    const f: unknown = Reflect.get(place, name);
    if (typeof f === "function") return (...args) => Reflect.apply(f, place, args);
  }
  return null;
};

export const math = async (): Promise<readonly Row[]> => {
  const [jax, tf] = [await loadJax(), await loadTf()];
  const rows: Row[] = [];
  for (const dtype of ["f32", "f64"] as const) {
    const Data = dtype === "f32" ? Float32Array : Float64Array;
    for (const [name, { ours, plain, rivals, range }] of Object.entries(FUNCTIONS)) {
      const scaled = (v: number): number => range[0] + v * range[1];
      const values = noise(N, 1);
      const x = dtype === "f32" ? values.map(scaled) : Float64Array.from(values, scaled);
      const compiled = jit(ours as (x: Tensor) => Tensor, { scope: () => ({ Math, np, nn, special }) });
      const operand = tensor(x);
      const out = new Data(N);
      const contenders: (readonly [string, () => void])[] = [
        ["", () => void compiled(operand)],
        [
          "plain JavaScript",
          () => {
            for (let k = 0; k < N; k++) out[k] = plain(x[k] ?? 0);
          },
        ],
      ];
      const theirs = named([jax.numpy, jax.nn], rivals);
      const tfOwn = named([tf], rivals);
      if (x instanceof Float32Array && theirs !== null) {
        const f = jax.jit((v: JaxArray) => theirs(v) as JaxArray);
        const v = jax.numpy.array(x);
        contenders.push(["jax-js (wasm)", () => void f(v.ref).dataSync()]);
      }
      if (x instanceof Float32Array && tfOwn !== null) {
        const v = tf.tensor(x, [N]);
        const run = (): void => {
          const y = tfOwn(v) as TfTensor;
          y.dataSync();
          y.dispose();
        };
        try {
          run();
          contenders.push(["tfjs (wasm)", run]);
        } catch {
          // it has no such kernel for WASM
        }
      }
      let own = 0;
      for (const [contender, run] of contenders) {
        const { medianMs, bestMs, runs } = timed(run);
        if (contender === "") own = medianMs;
        rows.push({
          case: `${dtype}[${N}]: 0.1 ms is 1 ns per number`,
          contender: contender === "" ? name : `${name}, ${contender}`,
          medianMs,
          bestMs,
          runs,
          ratio: medianMs / own,
          gflops: null,
        });
      }
    }
  }
  return rows;
};
