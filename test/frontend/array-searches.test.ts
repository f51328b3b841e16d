// biome-ignore-all lint/style/noNonNullAssertion: programs as their authors write them
/** Methods that look for elements, and others, on arrays known only at run time; plain JavaScript is the oracle. */
import { agrees, numbers } from "./agrees.js";

const a5 = [3, 1, 2, -1, 5];
const f5 = Float64Array.from(a5);
const nan = Float64Array.from([3, NaN, -0, 0, -Infinity, 2, Infinity, -1, NaN, 0, -0]);

describe("array methods: searching", () => {
  agrees("indexOf", (x: Float64Array, v: number) => x.indexOf(v), [f5, 2], [f5, 99], [nan, NaN], [nan, 0]);
  agrees("indexOf from", (x: Float64Array, v: number) => x.indexOf(v, 3), [f5, 2], [f5, -1]);
  agrees("indexOf from neg", (x: number[], v: number) => x.indexOf(v, -2), [a5, 2], [a5, -1]);
  agrees("lastIndexOf", (x: Float64Array, v: number) => x.lastIndexOf(v), [f5, 2], [nan, 0], [nan, NaN]);
  agrees("lastIndexOf list", (x: number[], v: number) => x.lastIndexOf(v), [a5, 2]);
  agrees("lastIndexOf from", (x: number[], v: number) => x.lastIndexOf(v, 2), [a5, 5], [a5, 1]);
  agrees(
    "includes NaN",
    (x: Float64Array, v: number) => x.includes(v),
    [nan, NaN],
    [f5, NaN],
    [nan, 0],
    [f5, 3],
  );
  agrees("includes from", (x: number[], v: number) => x.includes(v, 1), [a5, 3], [a5, 5]);
  agrees("findIndex", (x: Float64Array, v: number) => x.findIndex((e) => e > v), [f5, 2], [f5, 99]);
  agrees("findLastIndex", (x: Float64Array, v: number) => x.findLastIndex((e) => e < v), [f5, 2], [f5, -99]);
  agrees(
    "some every",
    (x: Float64Array) => [x.some((v) => v > 4), x.every((v) => v > -2)],
    [f5],
    [numbers(30)],
  );
});

describe("array methods: other methods", () => {
  agrees(
    "reverse typed",
    (x: Float64Array) => {
      const a = x.slice();
      a.reverse();
      return a;
    },
    [f5],
    [numbers(20)],
  );
  agrees(
    "reverse list",
    (x: number[]) => {
      const a = x.slice();
      return a.reverse();
    },
    [a5],
  );
  agrees("toReversed", (x: Float64Array) => x.toReversed(), [f5]);
  agrees(
    "reduceRight",
    (x: Float64Array) => x.reduceRight((s, v, i) => s * 0.5 + v * i, 1),
    [f5],
    [numbers(30)],
  );
  agrees(
    "reduceRight noinit",
    (x: number[]) => x.reduceRight((s, v) => s * 0.5 + v),
    [a5],
    [[...numbers(30)]],
  );
  agrees("flatMap", (x: number[]) => x.flatMap((v) => [v, v * 2]), [a5], [[...numbers(30)]]);
  agrees("flat", (x: number[][]) => x.flat(), [
    [
      [1, 2],
      [3, 4],
    ],
  ]);
  agrees("Array.from length f", (x: number) => Array.from({ length: 20 }, (_, i) => i * x), [3]);
  agrees("Array.from typed", (x: Float64Array) => Array.from(x, (v) => v * 2), [f5]);
  agrees("Array.from keys", (n: number) => [...Array(5).keys()].map((k) => k * n), [2]);
  agrees(
    "Float64Array.from length f",
    (x: number) => Float64Array.from({ length: 20 }, (_, i) => i * x),
    [3],
  );
  agrees("join static", (x: number) => [1, 2].join("-").length * x, [3]);
  agrees("join staged", (x: number) => [1, x].join("-").length, [3]);
  agrees("concat typed", (x: Float64Array) => [...x, ...x], [f5]);
  agrees("at", (x: Float64Array, k: number) => x.at(-1)! + x.at(k)!, [f5, 1]);
  agrees("with", (x: number[], v: number) => x.with(1, v), [a5, 8]);
  agrees("toSpliced", (x: number[]) => x.toSpliced(1, 2, 9), [a5]);
  agrees(
    "entries",
    (x: Float64Array) => {
      let s = 0;
      for (const [i, v] of x.entries()) s += i * v;
      return s;
    },
    [f5],
    [numbers(30)],
  );
  agrees(
    "keys",
    (x: Float64Array) => {
      let s = 0;
      for (const i of x.keys()) s += i * x[i]!;
      return s;
    },
    [f5],
    [numbers(30)],
  );
  agrees(
    "values",
    (x: Float64Array) => {
      let s = 0;
      for (const v of x.values()) s += v;
      return s;
    },
    [f5],
  );
  agrees("filter reduce", (x: number[]) => x.filter((v) => v > 1).reduce((a, b) => a + b, 0), [a5]);
  agrees(
    "splice param copy",
    (x: number[]) => {
      const a = [...x];
      a.splice(1, 2);
      return a;
    },
    [a5],
  );
});
