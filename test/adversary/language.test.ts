// biome-ignore-all lint/suspicious/noDoubleEquals: what is tested
/** Corners of JavaScript that once came out wrong in compiled code; plain JavaScript is the oracle. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { refusal, runStaged } from "../frontend/harness.js";

type Fn = (...args: never[]) => unknown;

const agrees = (name: string, fn: Fn, points: readonly (readonly unknown[])[]): void => {
  it(name, () => {
    for (const point of points)
      deepStrictEqual(runStaged(fn, point), Reflect.apply(fn, undefined, point), `at ${point.join(", ")}`);
  });
};
/** Hides from TypeScript that operands have different types. */
const any = (x: unknown): unknown => x;
const captured = [{ a: 1 }, { a: 2 }];

describe("corners of the language", () => {
  agrees(
    "strict equality of a boolean and a number is false, loose equality compares them as numbers",
    (x: number) => [
      x > 1 === any(1),
      x > 1 !== any(1),
      x === any(true),
      x !== any(true),
      x == any(true),
      x > 1 == any(1),
    ],
    [[1], [0], [3]],
  );
  agrees(
    "loose equality makes a number of a string",
    (x: number) => [x == any("3"), x != any("3"), x === any("3"), any("") == x, x > 1 == any("1")],
    [[3], [0], [1]],
  );
  agrees(
    "concat takes arrays of the caller's and captured ones apart",
    (a: number[], b: number[]) => [
      a.concat(b, [1], 2),
      [a].concat([b]),
      [{ a: 0 }].concat(captured).map((o) => o.a),
    ],
    [
      [
        [1, 5, 3],
        [2, 9],
      ],
    ],
  );
  agrees(
    "functions of one operand ignore the index and the array that map hands over",
    (x: number) => [
      "1,2"
        .split(",")
        .map(Number)
        .map((v) => v * x),
      [x, 2].map(Number),
      [1, Number.NaN].map(Number.isNaN),
    ],
    [[3]],
  );
  agrees(
    "inherited names are in every object",
    (p: object) => ["toString" in p, "toString" in { ...p }, "a" in p, "b" in p],
    [[{ a: 1 }]],
  );
  it("what would change a copy, and what objects inherit, is refused", () => {
    const o = { a: 1 };
    for (const f of [
      (x: number) => {
        const made: { b?: number } = {};
        Object.defineProperty(made, "b", { value: x });
        return made.b;
      },
      (x: number) => {
        const made = { ...o };
        Reflect.set(made, "a", 2);
        return made.a * x;
      },
      (x: number) => ({ x }).constructor === Object,
    ])
      strictEqual(refusal(f, [1]).diagnostics[0]?.kind, "unsupported");
  });
});
