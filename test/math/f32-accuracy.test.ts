import assert from "node:assert/strict";
import type { ElementwiseOp } from "../../compiler/ir/types.js";
import { type Contraction, compileOp, kernelOf } from "./evaluate.js";
import { f32Error, f32OfBits, f32Samples, SPECIAL, wordsFrom } from "./ulp.js";

type Unary = (x: number) => number;

const FUNCTIONS = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  cbrt: Math.cbrt,
  sqrt: Math.sqrt,
} as const satisfies Partial<Record<ElementwiseOp, Unary>>;

// the design's bound for vector math
const BOUND = 2;
const CONTRACTIONS: readonly Contraction[] = ["separate", "fused"];

interface Worst {
  error: number;
  at: string;
}
const raise = (worst: Worst, error: number, at: () => string): void => {
  if (error <= worst.error) return;
  worst.error = error;
  worst.at = at();
};
const check = (worst: Worst): void => assert.ok(worst.error <= BOUND, `${worst.error} ulp at ${worst.at}`);

describe("f32 functions are within 2 ulp of the exact result", () => {
  // about 144,000 numbers over the whole range; a prime stride visits all low bits
  const samples = f32Samples(30_011);
  for (const [name, exact] of Object.entries(FUNCTIONS) as [keyof typeof FUNCTIONS, Unary][]) {
    for (const contraction of CONTRACTIONS) {
      it(`${name}, multiplication and addition ${contraction}`, () => {
        const f = compileOp(kernelOf(name, ["f32"], "f32"), contraction);
        const worst: Worst = { error: 0, at: "" };
        for (const x of samples)
          raise(worst, f32Error(f(x), exact(x)), () => `${x}: ${f(x)}, exact ${exact(x)}`);
        check(worst);
      });
    }
  }

  /** Pairs of any bits, of moderate numbers, and of all special numbers with each other. */
  const pairs = (
    moderate: (u: number, v: number) => readonly [number, number],
  ): readonly (readonly [number, number])[] => {
    const next = wordsFrom(7);
    const special = SPECIAL.map(Math.fround);
    const out: (readonly [number, number])[] = special.flatMap((x) => special.map((y) => [x, y] as const));
    for (let k = 0; k < 40_000; k++) {
      const [u, v] = [next(), next()];
      const [x, y] = k % 4 === 0 ? [f32OfBits(u), f32OfBits(v)] : moderate(u, v);
      out.push([Math.fround(x), Math.fround(y)]);
    }
    return out;
  };
  const binary = (
    name: "pow" | "atan2" | "rem",
    exact: (x: number, y: number) => number,
    moderate: (u: number, v: number) => readonly [number, number],
  ): void => {
    for (const contraction of CONTRACTIONS) {
      it(`${name}, multiplication and addition ${contraction}`, () => {
        const f = compileOp(kernelOf(name, ["f32", "f32"], "f32"), contraction);
        const worst: Worst = { error: 0, at: "" };
        for (const [x, y] of pairs(moderate))
          raise(worst, f32Error(f(x, y), exact(x, y)), () => `${x}, ${y}: ${f(x, y)}, exact ${exact(x, y)}`);
        check(worst);
        if (name === "rem") assert.equal(worst.error, 0, `${name} is exact; ${worst.at}`);
      });
    }
  };
  // results over the whole range of f32
  binary("pow", Math.pow, (u, v) => {
    const x = Math.abs(f32OfBits(u));
    return [x, ((v / 2 ** 32) * 300 - 150) / (Math.log2(x) || 1)];
  });
  binary("atan2", Math.atan2, (u, v) => [u / 2 ** 28 - 8, v / 2 ** 28 - 8]);
  binary(
    "rem",
    (x, y) => x % y,
    (u, v) => [(u - 2 ** 31) / 2 ** (v % 40), (v - 2 ** 31) / 2 ** (u % 40)],
  );
});
