import assert from "node:assert/strict";
import type { LoopKernel, Stmt } from "../../compiler/kernel/types.js";
import { compileOp, kernelOf } from "./evaluate.js";
import { f32Samples, SPECIAL, wordsFrom } from "./ulp.js";

/** x % y with y a constant of the kernel: it replaces the load of the second operand. */
const withDivisor = (y: number, type: "f32" | "f64"): LoopKernel => {
  const kernel = kernelOf("rem", [type, type], type);
  const constant: Stmt = { kind: "const", id: 1, type, value: y };
  return { ...kernel, body: kernel.body.map((s) => (s.kind === "load" && s.id === 1 ? constant : s)) };
};

const DIVISORS = [
  1,
  2,
  -2,
  3,
  10,
  256,
  65521,
  2 ** 31,
  2147483647,
  2 ** 53,
  2 ** 100,
  0.5,
  0.1,
  6.25,
  -7,
  0,
  1e300,
];
const words = wordsFrom(7);
const word = (): number => words() / 2 ** 32;

/** Whole numbers, fractions and neighbours of multiples at every size. */
const dividends = (y: number): readonly number[] => [
  ...SPECIAL,
  ...Array.from({ length: 2000 }, () => Math.floor(word() * 2 ** (64 * word()))),
  ...Array.from({ length: 2000 }, () => (word() - 0.5) * 2 ** (120 * word() - 40)),
  ...Array.from({ length: 500 }, () => {
    const multiple = Math.floor(word() * 2 ** (52 * word())) * y;
    return multiple * (1 + (Math.floor(3 * word()) - 1) * 2 ** -52);
  }),
];

/** Compares at every point; the message is only made where one fails. */
const compare = (f: (x: number) => number, expected: (x: number) => number, xs: Iterable<number>): void => {
  for (const x of xs)
    if (!Object.is(f(x), expected(x))) assert.fail(`of ${x} it is ${f(x)}, not ${expected(x)}`);
};

describe("the remainder by a constant is exact", () => {
  for (const y of DIVISORS) {
    const d = Math.fround(y);
    it(`f64 by ${y}, f32 by ${d}`, () => {
      compare(compileOp(withDivisor(y, "f64")), (x) => x % y, dividends(y));
      const floats = [...f32Samples(2_000_003), ...dividends(d).map(Math.fround)];
      compare(compileOp(withDivisor(d, "f32")), (x) => Math.fround(x % d), floats);
    });
  }
});
