/** Large arrays of flags, which loops carry as bool, give the numbers that plain JavaScript gives. */
import assert from "node:assert/strict";
import { jit } from "../../runtime/index.js";
import { toPlain } from "../corpus/compare.js";

const N = 20_000;

const sieve = (limit: number): Uint8Array => {
  const composite = new Uint8Array(N + 1);
  for (let i = 2; i <= N; i++) {
    if (composite[i]) continue;
    for (let j = i * i; j <= limit; j += i) composite[j] = 1;
  }
  return composite;
};
const toggled = (steps: number): { readonly count: number; readonly cells: Int32Array } => {
  const cells = new Int32Array(N);
  let at = 7;
  let count = 0;
  for (let k = 0; k < steps; k++) {
    count += (cells[at] as number) * 3 - 1;
    cells[at] = 1 - (cells[at] as number);
    at = (at * 13 + k) % N;
  }
  return { count, cells };
};
const twos = (steps: number): Int32Array => {
  const cells = new Int32Array(N);
  for (let k = 0; k < steps; k++) cells[(k * 37) % N] = (cells[(k * 37 + 5) % N] as number) + 1;
  return cells;
};

describe("large arrays of flags", () => {
  for (const [f, arg] of [
    [sieve, N],
    [toggled, 3000],
    [twos, 5000],
  ] as const) {
    const plain = f as (n: number) => unknown;
    it(plain.name, () => assert.deepEqual(toPlain(jit(plain)(arg)), toPlain(plain(arg))));
  }
});
