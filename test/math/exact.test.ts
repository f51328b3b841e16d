import assert from "node:assert/strict";
import type { DType, ElementwiseOp } from "../../compiler/ir/types.js";
import { threefry2x32 } from "../../compiler/ops/random.js";
import { compileOp, kernelOf } from "./evaluate.js";
import { f32Samples, SPECIAL, wordsFrom } from "./ulp.js";

/** Ties to even, by the parity of the integers on both sides; keeps the sign of zero. */
const rint = (x: number): number =>
  Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.abs(x) < 2 ** 52 ? Math.round(x) : x;

const near = (x: number): readonly number[] => [x - 0.5, x, x + 0.5, x + 0.25, x - 0.25];
const DOUBLES: readonly number[] = [
  ...SPECIAL,
  ...[
    -3,
    -2,
    -1,
    0,
    1,
    2,
    3,
    2 ** 31,
    -(2 ** 31),
    2 ** 32,
    -(2 ** 32),
    2 ** 33 + 1,
    2 ** 51,
    2 ** 52,
    -(2 ** 52),
  ].flatMap(near),
  0.49999999999999994,
  -0.49999999999999994,
  2 ** 52 + 1,
  2 ** 53 + 2,
  2 ** 83 + 2 ** 31,
  -(2 ** 83) - 2 ** 31,
  12345678901234.5,
];
const FLOATS: readonly number[] = [...DOUBLES.map(Math.fround), ...f32Samples(1_000_003)];

const agree = (
  op: ElementwiseOp,
  from: DType,
  to: DType,
  inputs: readonly number[],
  expected: (x: number) => number,
): void => {
  const f = compileOp(kernelOf(op, [from], to));
  for (const x of inputs)
    assert.ok(Object.is(f(x), expected(x)), `${op}(${x}) = ${f(x)}, not ${expected(x)}`);
};

describe("rounding and conversion ops are exact", () => {
  for (const [from, inputs] of [
    ["f64", DOUBLES],
    ["f32", FLOATS],
  ] as const) {
    it(`round, rint, sign, abs of ${from}`, () => {
      agree("round", from, from, inputs, Math.round);
      agree("rint", from, from, inputs, rint);
      agree("sign", from, from, inputs, Math.sign);
      agree("abs", from, from, inputs, Math.abs);
    });
    it(`toInt32 of ${from} wraps as ECMAScript's`, () => agree("toInt32", from, "i32", inputs, (x) => x | 0));
    it(`stopGradient of ${from} is its operand`, () => agree("stopGradient", from, from, inputs, (x) => x));
    it(`cast of ${from} to bool is x != 0`, () =>
      agree("cast", from, "bool", inputs, (x) => Number(x !== 0)));
  }
  const words = wordsFrom(3);
  const unsigned = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, ...Array.from({ length: 1000 }, words)];
  const signed = unsigned.map((x) => x | 0);
  it("integers: sign, toInt32, casts", () => {
    agree("sign", "i32", "i32", signed, Math.sign);
    agree("sign", "u32", "u32", unsigned, Math.sign);
    agree("toInt32", "u32", "i32", unsigned, (x) => x | 0);
    agree("toInt32", "i32", "i32", signed, (x) => x);
    agree("cast", "i32", "f32", signed, Math.fround);
    agree("cast", "u32", "f64", unsigned, (x) => x);
  });
  it("shr is logical on u32 and arithmetic on i32", () => {
    const logical = compileOp(kernelOf("shr", ["u32", "u32"], "u32"));
    const arithmetic = compileOp(kernelOf("shr", ["i32", "i32"], "i32"));
    for (const x of unsigned) {
      for (const n of [0, 1, 31, 32, 33]) {
        assert.equal(logical(x, n), x >>> n);
        assert.equal(arithmetic(x | 0, n), x >> n);
      }
    }
  });
  it("threefry gives both words of the reference", () => {
    const operands = ["u32", "u32", "u32", "u32"] as const;
    const low = compileOp(kernelOf("threefry", operands, "u32", 0));
    const high = compileOp(kernelOf("threefry", operands, "u32", 1));
    for (let k = 0; k < 300; k++) {
      const [a, b, c, d] = [words(), words(), words(), words()];
      assert.deepEqual([low(a, b, c, d), high(a, b, c, d)], threefry2x32(a, b, c, d));
    }
  });
});
