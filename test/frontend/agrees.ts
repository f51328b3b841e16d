/** One `it` per program: staged and evaluated, it gives what plain JavaScript gives. */
import { deepStrictEqual } from "node:assert/strict";
import { runStaged } from "./harness.js";

type Fn = (...args: never[]) => unknown;

/** Typed arrays as plain ones: staged results are. */
const plain = (x: unknown): unknown =>
  ArrayBuffer.isView(x)
    ? Array.from(x as Float64Array)
    : Array.isArray(x)
      ? x.map(plain)
      : typeof x === "object" && x !== null
        ? Object.fromEntries(Object.entries(x).map(([key, item]) => [key, plain(item)]))
        : x;

/** Each point is a list of arguments; every run gets copies of its own. */
export const agrees = (name: string, fn: Fn, ...points: readonly (readonly unknown[])[]): void => {
  it(name, () => {
    for (const point of points) {
      const wanted = plain(Reflect.apply(fn, undefined, structuredClone(point)));
      deepStrictEqual(runStaged(fn, structuredClone(point)), wanted, `at ${JSON.stringify(point)}`);
    }
  });
};

/** n numbers between -50 and 51, unordered, some equal. */
export const numbers = (n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, k) => ((k * 7919 + 31) % 101) - 50 + ((k * 13) % 7) / 8);
