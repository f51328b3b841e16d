/** Elementwise evaluation against ECMAScript's own operators and functions. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { BinaryOp, UnaryOp } from "../../compiler/ir/types.js";
import { apply, bool, elements, f32, f64, i32, refuses, u32 } from "./apply.js";
import { FLOAT_EDGES } from "./samplers.js";

const none = {};

const FLOAT_UNARY: Readonly<Record<string, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  round: Math.round,
  sqrt: Math.sqrt,
  cbrt: Math.cbrt,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
};

const FLOAT_BINARY: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  rem: (x, y) => x % y,
  pow: (x, y) => x ** y,
  atan2: Math.atan2,
  min: Math.min,
  max: Math.max,
};

const COMPARISONS: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
};

/** Names of the tables above are op names. */
const unaryNames = Object.keys(FLOAT_UNARY) as UnaryOp[];
const binaryNames = Object.keys(FLOAT_BINARY) as BinaryOp[];
const comparisonNames = Object.keys(COMPARISONS) as BinaryOp[];

const edge = fc.constantFrom(...FLOAT_EDGES);
const anyFloat = fc.oneof(fc.double(), edge);
const pairs = fc.array(fc.tuple(anyFloat, anyFloat), { minLength: 1, maxLength: 40 });

describe("elementwise: floats", () => {
  it("f64 is ECMAScript, bit for bit", () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const [xs, ys] = [list.map(([x]) => x), list.map(([, y]) => y)];
        for (const op of unaryNames) {
          const want = xs.map((x) => FLOAT_UNARY[op]?.(x));
          assert.deepEqual(elements(apply(op, [f64(xs)], none)), want, op);
        }
        for (const op of binaryNames) {
          const want = list.map(([x, y]) => FLOAT_BINARY[op]?.(x, y));
          assert.deepEqual(elements(apply(op, [f64(xs), f64(ys)], none)), want, op);
        }
        for (const op of comparisonNames) {
          const want = list.map(([x, y]) => Number(COMPARISONS[op]?.(x, y)));
          assert.deepEqual(elements(apply(op, [f64(xs), f64(ys)], none)), want, op);
        }
      }),
    );
  });

  it("f32 is computed as f64 and rounded once", () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const [xs, ys] = [list.map(([x]) => Math.fround(x)), list.map(([, y]) => Math.fround(y))];
        for (const op of unaryNames) {
          const want = xs.map((x) => Math.fround(FLOAT_UNARY[op]?.(x) ?? assert.fail()));
          assert.deepEqual(elements(apply(op, [f32(xs)], none)), want, op);
        }
        for (const op of binaryNames) {
          const want = xs.map((x, k) => Math.fround(FLOAT_BINARY[op]?.(x, ys[k] ?? 0) ?? assert.fail()));
          assert.deepEqual(elements(apply(op, [f32(xs), f32(ys)], none)), want, op);
        }
      }),
    );
  });

  it("keeps signed zeros and NaN apart", () => {
    const unary = (op: UnaryOp, x: number): number =>
      elements(apply(op, [f64([x])], none))[0] ?? assert.fail();
    const binary = (op: BinaryOp, x: number, y: number): number =>
      elements(apply(op, [f64([x]), f64([y])], none))[0] ?? assert.fail();
    assert.ok(Object.is(unary("round", -0.2), -0));
    assert.ok(Object.is(unary("round", 0.49999999999999994), 0));
    assert.equal(unary("round", -2.5), -2);
    assert.equal(unary("round", 2.5), 3);
    assert.ok(Object.is(unary("neg", 0), -0));
    assert.ok(Object.is(unary("sign", -0), -0));
    assert.ok(Object.is(unary("ceil", -0.5), -0));
    assert.ok(Object.is(binary("min", 0, -0), -0));
    assert.ok(Object.is(binary("max", -0, 0), 0));
    assert.ok(Number.isNaN(binary("max", Number.NaN, 1)));
    assert.ok(Object.is(binary("rem", -4, 2), -0));
    assert.equal(binary("rem", -7, 3), -1);
    assert.equal(binary("eq", 0, -0), 1);
    assert.equal(binary("eq", Number.NaN, Number.NaN), 0);
    assert.equal(binary("ne", Number.NaN, Number.NaN), 1);
    assert.ok(Number.isNaN(binary("pow", 1, Number.POSITIVE_INFINITY)));
  });

  it("rint rounds halves to even", () => {
    const xs = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.3, -0.3, 0.7, 2 ** 52 + 1, -(2 ** 53), 4.5, 1e300, -0, 0];
    const want = [0, 2, 2, -0, -2, -2, 0, -0, 1, 2 ** 52 + 1, -(2 ** 53), 4, 1e300, -0, 0];
    assert.deepEqual(elements(apply("rint", [f64(xs)], none)), want);
    const odd = elements(apply("rint", [f64([Number.NaN, Number.POSITIVE_INFINITY])], none));
    assert.deepEqual(odd, [Number.NaN, Number.POSITIVE_INFINITY]);
    // adding and subtracting 1.5 * 2^52 rounds to nearest even in the addition itself
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (x) => {
        const magic = 1.5 * 2 ** 52;
        const [got] = elements(apply("rint", [f64([x])], none));
        assert.equal(Math.abs(got ?? assert.fail()), Math.abs(x + magic - magic));
      }),
    );
  });
});

const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const edgeInt = fc.oneof(int, fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 31, 32, 33));
const intPairs = fc.array(fc.tuple(edgeInt, edgeInt), { minLength: 1, maxLength: 40 });

/** The exact result modulo 2^32, as a signed or unsigned integer. */
const wrap = (x: bigint, signed: boolean): number =>
  Number(signed ? BigInt.asIntN(32, x) : BigInt.asUintN(32, x));

describe("elementwise: integers", () => {
  const exact: Readonly<Record<string, (x: bigint, y: bigint) => bigint>> = {
    add: (x, y) => x + y,
    sub: (x, y) => x - y,
    mul: (x, y) => x * y,
    div: (x, y) => (y === 0n ? 0n : x / y),
    rem: (x, y) => (y === 0n ? 0n : x % y),
    min: (x, y) => (x < y ? x : y),
    max: (x, y) => (x > y ? x : y),
    and: (x, y) => x & y,
    or: (x, y) => x | y,
    xor: (x, y) => x ^ y,
    shl: (x, y) => x << (y & 31n),
    shr: (x, y) => x >> (y & 31n),
    ushr: (x, y) => BigInt.asUintN(32, x) >> (y & 31n),
  };
  // the names above are op names
  const names = Object.keys(exact) as BinaryOp[];

  it("are exact modulo 2^32, i32 and u32", () => {
    fc.assert(
      fc.property(intPairs, (list) => {
        for (const signed of [true, false]) {
          const make = signed ? i32 : u32;
          const xs = elements(make(list.map(([x]) => x)));
          const ys = elements(make(list.map(([, y]) => y)));
          for (const op of names) {
            const want = xs.map((x, k) =>
              wrap(exact[op]?.(BigInt(x), BigInt(ys[k] ?? 0)) ?? assert.fail(), signed),
            );
            assert.deepEqual(elements(apply(op, [make(xs), make(ys)], none)), want, `${op} signed ${signed}`);
          }
          for (const op of comparisonNames) {
            const want = xs.map((x, k) => Number(COMPARISONS[op]?.(x, ys[k] ?? 0)));
            assert.deepEqual(elements(apply(op, [make(xs), make(ys)], none)), want, op);
          }
        }
      }),
    );
  });

  it("at the ends of the range", () => {
    const least = -(2 ** 31);
    assert.deepEqual(elements(apply("neg", [i32([least, 5])], none)), [least, -5]);
    assert.deepEqual(elements(apply("neg", [u32([1, 0])], none)), [2 ** 32 - 1, 0]);
    assert.deepEqual(elements(apply("abs", [i32([least, -5])], none)), [least, 5]);
    assert.deepEqual(elements(apply("sign", [i32([least, 0, 7])], none)), [-1, 0, 1]);
    assert.deepEqual(elements(apply("div", [i32([least, 7, -7, 1]), i32([-1, -2, 2, 0])], none)), [
      least,
      -3,
      -3,
      0,
    ]);
    assert.deepEqual(
      elements(apply("rem", [i32([least, 7, -7, 1]), i32([-1, -2, 2, 0])], none)),
      [0, 1, -1, 0],
    );
    assert.deepEqual(elements(apply("not", [i32([0, -1])], none)), [-1, 0]);
    assert.deepEqual(elements(apply("not", [u32([0, 1])], none)), [2 ** 32 - 1, 2 ** 32 - 2]);
    assert.deepEqual(elements(apply("clz32", [u32([0, 1, 2 ** 31])], none)), [32, 31, 0]);
    assert.equal(apply("clz32", [u32([1])], none).dtype, "i32");
    assert.deepEqual(elements(apply("shr", [i32([-8]), i32([1])], none)), [-4]);
    assert.deepEqual(elements(apply("shr", [u32([2 ** 31]), u32([1])], none)), [2 ** 30]);
    assert.deepEqual(elements(apply("ushr", [i32([-8]), i32([1])], none)), [2 ** 31 - 4]);
    assert.deepEqual(elements(apply("ushr", [i32([-8]), i32([0])], none)), [-8]);
  });

  it("toInt32 is ECMAScript's ToInt32", () => {
    const xs = [1.9, -1.9, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 32 + 5, -(2 ** 31) - 1, 1e22];
    const got = apply("toInt32", [f64(xs)], none);
    assert.equal(got.dtype, "i32");
    assert.deepEqual(
      elements(got),
      xs.map((x) => x | 0),
    );
    assert.deepEqual(elements(apply("toInt32", [u32([2 ** 32 - 1, 3])], none)), [-1, 3]);
  });
});

describe("elementwise: bool", () => {
  it("is logic", () => {
    const [p, q] = [bool([0, 0, 1, 1]), bool([0, 1, 0, 1])];
    assert.deepEqual(elements(apply("and", [p, q], none)), [0, 0, 0, 1]);
    assert.deepEqual(elements(apply("or", [p, q], none)), [0, 1, 1, 1]);
    assert.deepEqual(elements(apply("xor", [p, q], none)), [0, 1, 1, 0]);
    assert.deepEqual(elements(apply("not", [q], none)), [1, 0, 1, 0]);
    assert.deepEqual(elements(apply("eq", [p, q], none)), [1, 0, 0, 1]);
    assert.deepEqual(elements(apply("ne", [p, q], none)), [0, 1, 1, 0]);
  });
});

describe("elementwise: shape rules", () => {
  it("show both types", () => {
    refuses("add", [f32([1]), f64([1])], none, "type", /f32\[1\] and f64\[1\]/);
    refuses("add", [f32([1, 2]), f32([1, 2, 3])], none, "shape", /f32\[2\] and f32\[3\]/);
    refuses("add", [f32([1])], none, "type", /takes two operands, got 1/);
    refuses("sin", [f32([1]), f32([1])], none, "type", /takes one operand, got 2/);
  });
  it("refuse dtypes that the op is not defined for", () => {
    refuses("sin", [i32([1])], none, "type", /defined for f32, f64, not for i32\[1\]/);
    refuses("pow", [i32([1]), i32([1])], none, "type", /not for i32/);
    refuses("add", [bool([1]), bool([1])], none, "type", /not for bool/);
    refuses("lt", [bool([1]), bool([1])], none, "type", /not for bool/);
    refuses("and", [f32([1]), f32([1])], none, "type", /not for f32/);
    refuses("shl", [bool([1]), bool([1])], none, "type", /not for bool/);
    refuses("clz32", [f64([1])], none, "type", /not for f64/);
    refuses("abs", [bool([1])], none, "type", /not for bool/);
  });
});
