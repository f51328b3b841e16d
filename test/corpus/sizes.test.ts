/** Programs of the corpus are as long for many items as for few. */
import { strictEqual } from "node:assert/strict";
import type { AnyFunction } from "../../compiler/frontend/types.js";
import { sample } from "../fixtures/corpus/case.js";
import { stageCall } from "../frontend/harness.js";
import { equationsOf } from "../frontend/sizes.js";
import { findCase, loadCorpus } from "./corpus.js";

const corpus = await loadCorpus();

const square = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => sample(n, i + 1).map((u, j) => (u - 0.5) / n + (i === j ? 1 : 0)));

/** Loops that run up to 8 times are unrolled: the smallest is longer. */
const cases: readonly (readonly [
  name: string,
  args: (n: number) => readonly unknown[],
  sizes: readonly number[],
])[] = [
  ["kalman", (n) => [sample(n, 8), 1e-3, 0.1], [12, 64, 512]],
  ["matrixExponential", (n) => [square(n)], [12, 24, 64]],
  ["invert", (n) => [square(n)], [12, 24, 64]],
  ["convexHull", (n) => [Float64Array.from(sample(n)), Float64Array.from(sample(n, 2))], [12, 64, 512]],
  ["slidingMax", (n) => [sample(n, 5), 7], [80, 256, 512]],
  ["prefixSums", (n) => [sample(n, 2)], [12, 64, 512]],
];

describe("corpus: sizes of programs", () => {
  for (const [name, args, sizes] of cases)
    it(`${name} has one size for ${sizes.join(", ")}`, () => {
      const { fn } = findCase(corpus, name);
      const [few, ...more] = sizes.map((n) => equationsOf(stageCall(fn as AnyFunction, args(n)).fn));
      for (const n of more) strictEqual(n, few);
    });
});
