/** Errors of the f32 vector functions over very many numbers, in WASM: `npm run ulp`. */
import type { ElementwiseOp } from "../../compiler/ir/types.js";
import type { Profile } from "../../compiler/kernel/types.js";
import { f32Error, SPECIAL, wordsFrom } from "./ulp.js";
import { type ArrayOp, arrayOp } from "./vector-op.js";

/** The exact values, to about a double's precision, of many operands at once. */
type Oracle = (operands: readonly Float32Array[], exact: Float64Array) => void;

export interface Sweep {
  readonly arity: 1 | 2;
  readonly oracle: () => Promise<Oracle>;
  /** Operands of interest among the random ones: from two random words. */
  readonly moderate?: (u: number, v: number) => readonly number[];
}

/** Elements of a run. */
export const CHUNK = 2 ** 16;

const unary =
  (f: (x: number) => number): (() => Promise<Oracle>) =>
  async () =>
  ([x], exact) =>
    void x?.forEach((v, k) => {
      exact[k] = f(v);
    });

const binary =
  (f: (x: number, y: number) => number): (() => Promise<Oracle>) =>
  async () =>
  ([x, y], exact) =>
    void x?.forEach((v, k) => {
      exact[k] = f(v, y?.[k] ?? Number.NaN);
    });

const math = (f: (x: number) => number): Sweep => ({ arity: 1, oracle: unary(f) });

/** The f64 function, whose own error is 2^-28 of a unit in the last place of f32. */
const wide = (op: ElementwiseOp): Sweep => ({
  arity: 1,
  oracle: async () => {
    const f = await arrayOp(op, 1, "f64", CHUNK, "base");
    return ([x = new Float32Array(0)], exact) => {
      f.inputs[0]?.set(x);
      f.run();
      exact.set(f.output.subarray(0, x.length));
    };
  },
});

const word = new Float32Array(1);
const wordBits = new Uint32Array(word.buffer);
const positive = (u: number): number => {
  wordBits[0] = u & 0x7fffffff;
  return word[0] ?? 0;
};

/** V8's Math is fdlibm's: errors below 1 ulp of f64. */
export const F32_SWEEPS: Readonly<Partial<Record<ElementwiseOp, Sweep>>> = {
  exp: math(Math.exp),
  expm1: math(Math.expm1),
  log: math(Math.log),
  log1p: math(Math.log1p),
  log2: math(Math.log2),
  log10: math(Math.log10),
  sin: math(Math.sin),
  cos: math(Math.cos),
  tan: math(Math.tan),
  asin: math(Math.asin),
  acos: math(Math.acos),
  atan: math(Math.atan),
  sinh: math(Math.sinh),
  cosh: math(Math.cosh),
  tanh: math(Math.tanh),
  asinh: math(Math.asinh),
  acosh: math(Math.acosh),
  atanh: math(Math.atanh),
  cbrt: math(Math.cbrt),
  exp2: math((x) => 2 ** x),
  erf: wide("erf"),
  erfc: wide("erfc"),
  ndtr: wide("ndtr"),
  gelu: wide("gelu"),
  sigmoid: wide("sigmoid"),
  lgamma: wide("lgamma"),
  pow: {
    arity: 2,
    oracle: binary(Math.pow),
    // results over the whole range of f32
    moderate: (u, v) => [positive(u), ((v / 2 ** 32) * 300 - 150) / (Math.log2(positive(u)) || 1)],
  },
  atan2: {
    arity: 2,
    oracle: binary(Math.atan2),
    moderate: (u, v) => [u / 2 ** 28 - 8, v / 2 ** 28 - 8],
  },
};

export interface Measured {
  readonly profile: Profile;
  readonly error: number;
  readonly at: readonly number[];
}

/** Fills the operands of one chunk. */
type Fill = (operands: readonly Float32Array[], chunk: number) => void;

/** Random bit patterns, and in every other chunk numbers of interest where there are some. */
const randomFill = (sweep: Sweep, seed: number): Fill => {
  const next = wordsFrom(seed);
  return (operands, chunk) => {
    const { moderate } = sweep;
    const bits = operands.map((x) => new Uint32Array(x.buffer, x.byteOffset, x.length));
    for (let k = 0; k < CHUNK; k++) {
      if (moderate !== undefined && chunk % 2 === 1) {
        const values = moderate(next(), next());
        operands.forEach((x, j) => {
          x[k] = values[j] ?? 0;
        });
      } else for (const b of bits) b[k] = next();
    }
    if (chunk > 0) return;
    const special = SPECIAL.map(Math.fround);
    const n = special.length;
    for (let k = 0; k < n ** sweep.arity; k++)
      operands.forEach((x, j) => {
        x[k] = special[Math.floor(k / n ** j) % n] ?? 0;
      });
  };
};

/** Every bit pattern in turn. */
export const allPatterns: Fill = ([x], chunk) => {
  if (x === undefined) return;
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  for (let k = 0; k < CHUNK; k++) bits[k] = chunk * CHUNK + k;
};

/** The largest error of each profile's code over `chunks` chunks. */
export const sweepF32 = async (
  op: ElementwiseOp,
  sweep: Sweep,
  profiles: readonly Profile[],
  chunks: number,
  fill: Fill = randomFill(sweep, 2024),
): Promise<readonly Measured[]> => {
  const operands = Array.from({ length: sweep.arity }, () => new Float32Array(CHUNK));
  const exact = new Float64Array(CHUNK);
  const oracle = await sweep.oracle();
  const runs: { readonly profile: Profile; readonly f: ArrayOp; error: number; at: readonly number[] }[] = [];
  for (const profile of profiles)
    runs.push({ profile, f: await arrayOp(op, sweep.arity, "f32", CHUNK, profile), error: 0, at: [] });
  for (let chunk = 0; chunk < chunks; chunk++) {
    fill(operands, chunk);
    oracle(operands, exact);
    for (const run of runs) {
      operands.forEach((x, j) => void run.f.inputs[j]?.set(x));
      run.f.run();
      const { output } = run.f;
      for (let k = 0; k < CHUNK; k++) {
        const error = f32Error(output[k] ?? 0, exact[k] ?? 0);
        if (error <= run.error) continue;
        run.error = error;
        run.at = [...operands.map((x) => x[k] ?? 0), output[k] ?? 0, exact[k] ?? 0];
      }
    }
  }
  return runs.map(({ profile, error, at }) => ({ profile, error, at }));
};
