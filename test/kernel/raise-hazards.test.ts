/** Loops that look parallel and are not, and numbers that order could change; the oracle is the function itself. */
import assert from "node:assert/strict";
import { jit } from "../../runtime/index.js";
import { toPlain } from "../corpus/compare.js";

const at = (x: ArrayLike<number>, i: number): number => x[i] as number;
const counting = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

type Sample = readonly [(x: number[]) => unknown, number[]];
const samples: Readonly<Record<string, Sample>> = {
  "a shift up": [
    (x) => {
      const a = x.slice();
      for (let i = 1; i < 20; i++) a[i] = at(a, i - 1) * 2;
      return a;
    },
    counting(30),
  ],
  "a reversal onto itself": [
    (x) => {
      const a = x.slice();
      for (let i = 0; i < 30; i++) a[i] = at(a, 29 - i);
      return a;
    },
    counting(30),
  ],
  "a transposition onto itself": [
    (x) => {
      const a = x.slice();
      for (let i = 0; i < 10; i++) for (let j = 0; j < 10; j++) a[i * 10 + j] = at(a, j * 10 + i);
      return a;
    },
    counting(100),
  ],
  "the last of several writes": [
    (x) => {
      const a = [0, 0, 0];
      for (let i = 0; i < 20; i++) a[1] = at(x, i);
      return a;
    },
    counting(30),
  ],
  "a sum that is rounded to f32 each time": [
    (x) => {
      const a = new Float32Array(1);
      for (let i = 0; i < x.length; i++) a[0] = at(a, 0) + at(x, i);
      return a;
    },
    counting(40).map((v) => v / 10),
  ],
  "a greatest by comparison, with NaN": [
    (x) => {
      let most = -Infinity;
      for (let i = 0; i < x.length; i++) if (at(x, i) > most) most = at(x, i);
      return most;
    },
    [1, Number.NaN, 5, Number.NaN, 2, 7, 3, 1, 9, Number.NaN],
  ],
  "nothing added to -0": [
    (x) => {
      let sum = -0;
      for (let i = 0; i < x.length; i++) sum += at(x, i);
      return sum;
    },
    [],
  ],
};

describe("loops that must not be reordered", () => {
  for (const [name, [f, x]] of Object.entries(samples))
    it(name, () => assert.deepStrictEqual(toPlain(jit(f)(x)), toPlain(f(x))));
});
