// biome-ignore-all lint/style/noNonNullAssertion: programs as their authors write them
/** Rows and parts of one array that meet at the end of two paths are still rows of it. */
import { equal } from "node:assert/strict";
import { agrees } from "./agrees.js";
import { refusal } from "./harness.js";

const square = [
  [1, 2],
  [3, 4],
];
const places = (first: number): Float64Array => Float64Array.of(first, 1, 0);

describe("rows on two paths", () => {
  agrees(
    "a row chosen by ?: is written to in its array",
    (x: number[][], k: Float64Array) => {
      const a = x.map((r) => r.slice());
      const row = k[0]! > 0 ? a[k[1]!]! : a[k[2]!]!;
      row[0] = 9;
      return a;
    },
    [square, places(1)],
    [square, places(-1)],
  );
  agrees(
    "a variable that an `if` makes another row",
    (x: number[][], k: Float64Array) => {
      const a = x.map((r) => r.slice());
      let row = a[k[1]!]!;
      if (k[0]! > 0) row = a[k[2]!]!;
      row[0] = 9;
      a[0]![1] = 7;
      return [a, row];
    },
    [square, places(1)],
    [square, places(-1)],
  );
  agrees(
    "a row that a helper returns early",
    (x: number[][], k: Float64Array) => {
      const a = x.map((r) => r.slice());
      const pick = (p: number): number[] => {
        if (p > 0) return a[k[1]!]!;
        return a[k[2]!]!;
      };
      pick(k[0]!)[0] = 9;
      return a;
    },
    [square, places(1)],
    [square, places(-1)],
  );
  agrees(
    "a variable that goes from row to row in a loop",
    (x: number[][], k: Float64Array) => {
      const a = x.map((r) => r.slice());
      let row = a[k[1]!]!;
      for (let i = 0; i < 20; i++) {
        row[0]! += i;
        row = a[i % 2]!;
      }
      return [a, row];
    },
    [square, places(1)],
  );
  it("one of two parts may not be written to, nor the array under it", () => {
    const x = Float64Array.of(1, 2, 3, 4);
    const one = (v: Float64Array, k: Float64Array): Float64Array => {
      const a = v.slice();
      const part = k[0]! > 0 ? a.subarray(0, 2) : a.subarray(2, 4);
      part[0] = 9;
      return a;
    };
    equal(refusal(one, [x, places(1)]).code, "TSJ1024");
    const other = (v: Float64Array, k: Float64Array): number => {
      const a = v.slice();
      const part = k[0]! > 0 ? a.subarray(0, 2) : a.subarray(2, 4);
      a[0] = 9;
      return part[0]!;
    };
    equal(refusal(other, [x, places(1)]).code, "TSJ1023");
  });
});
