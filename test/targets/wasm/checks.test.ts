/**
 * What is left of index checks in WASM: nothing where the loops show that every index lies inside, and otherwise the one
 * comparison that is needed. The text of each function's loops is a golden (`UPDATE=1` writes it anew).
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { detectProfile } from "../../../compiler/targets/wasm/profile.js";
import { jit } from "../../../runtime/index.js";
import { toPlain } from "../../corpus/compare.js";

const GOLDEN = new URL("checks.expect.wat", import.meta.url);

const N = 12;
const product = (a: Float64Array, b: Float64Array): Float64Array => {
  const c = new Float64Array(N * N);
  for (let i = 0; i < N; i++)
    for (let j = 0; j < N; j++) {
      let sum = 0;
      for (let k = 0; k < N; k++) sum += (a[i * N + k] as number) * (b[k * N + j] as number);
      c[i * N + j] = sum;
    }
  return c;
};
const stencil = (u: Float64Array): Float64Array => {
  const v = u.slice();
  for (let i = 1; i < N - 1; i++)
    for (let j = 1; j < N - 1; j++) {
      const [up, down] = [u[(i - 1) * N + j] as number, u[(i + 1) * N + j] as number];
      v[i * N + j] = 0.25 * (up + down + (u[i * N + j - 1] as number) + (u[i * N + j + 1] as number));
    }
  return v;
};
const insertionSort = (x: Float64Array): Float64Array => {
  const a = x.slice();
  for (let i = 1; i < a.length; i++) {
    const v = a[i] as number;
    let j = i - 1;
    while (j >= 0 && (a[j] as number) > v) {
      a[j + 1] = a[j] as number;
      j--;
    }
    a[j + 1] = v;
  }
  return a;
};
const prefixSum = (x: Float64Array): Float64Array => {
  const s = x.slice();
  for (let i = 1; i < s.length; i++) s[i] = (s[i - 1] as number) + (s[i] as number);
  return s;
};
const rowsByName = (x: Float64Array, row: Int32Array): number => {
  let sum = 0;
  for (let i = 0; i < row.length; i++)
    for (let j = i; j < N; j++) sum = sum * 0.5 + (x[((row[i] as number) & 7) * N + j] as number);
  return sum;
};
const histogram = (x: Int32Array): Int32Array => {
  const bins = new Int32Array(16);
  for (let i = 0; i < x.length; i++) (bins[x[i] as number] as number)++;
  return bins;
};

const f64 = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => ((i * 7919) % 31) / 8);
const i32 = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => (i * 7919) % 16);

interface Sample {
  readonly name: string;
  readonly f: (...args: never[]) => ArrayLike<number> | number;
  readonly args: readonly (Float64Array | Int32Array)[];
  /** Checks that are left. */
  readonly checks: number;
}
const samples: readonly Sample[] = [
  { name: "product", f: product, args: [f64(N * N), f64(N * N)], checks: 0 },
  { name: "stencil", f: stencil, args: [f64(N * N)], checks: 0 },
  { name: "insertionSort", f: insertionSort, args: [f64(40)], checks: 0 },
  { name: "prefixSum", f: prefixSum, args: [f64(40)], checks: 0 },
  { name: "rowsByName", f: rowsByName, args: [f64(8 * N), i32(N)], checks: 0 },
  { name: "histogram", f: histogram, args: [i32(40)], checks: 1 },
];

const compiled = ({ f }: Sample) => jit(f as (...args: readonly unknown[]) => ArrayLike<number> | number);

/** The functions made of loops, of a module's text; arrays that are copied or filled have others. */
const loopsOf = (wat: string): string =>
  wat
    .split(/\n(?= \(func )/)
    .filter((part) => /^ \(func \$(for|while)/.test(part) && part.includes("(loop "))
    .join("\n")
    .replace(/\n\)\s*$/, "\n");

describe("checks left in WASM", () => {
  const texts: string[] = [];

  for (const sample of samples) {
    const { name, args, checks, f } = sample;
    it(`${name}: ${checks}`, () => {
      const fn = compiled(sample);
      const { kernels, wat } = fn.lower(...args);
      assert.equal(wat.match(/\(unreachable\)/g)?.length ?? 0, checks);
      // no index is brought into range either
      assert.doesNotMatch(kernels, / = (min|max) /);
      texts.push(`;; ${name}\n${loopsOf(wat)}`);
      const wanted = (f as (...all: readonly unknown[]) => unknown)(...args);
      assert.deepEqual(toPlain(fn(...args)), toPlain(wanted));
    });
  }

  it("the loops are what they were", function () {
    // with FMA a sum of products reads otherwise
    if (detectProfile() !== "base") this.skip();
    const text = texts.join("\n");
    if (process.env.UPDATE === "1") writeFileSync(GOLDEN, text);
    assert.equal(text, readFileSync(GOLDEN, "utf8"));
  });
});
