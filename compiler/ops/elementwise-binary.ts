/**
 * Elementwise ops of two operands of equal type. Floats follow ECMAScript's operators and Math: f64 exactly, f32 computed
 * as f64 and rounded once. Integers wrap modulo 2^32 and follow `(x op y) | 0`: division truncates towards zero, division
 * and remainder by zero give 0, and the i32 minimum divided by -1 is itself.
 * Derivatives: ties of min and max share equally; where an operand is NaN both get 0 (JAX's choices).
 */
import type { Builder } from "../ir/builder.js";
import type { BinaryOp, Var } from "../ir/types.js";
import {
  binary,
  every,
  floats,
  ints,
  type Kernel2,
  noDerivative,
  numbers,
  partials,
  type RecordsOf,
} from "./elementwise.js";

const bitwise = <K extends BinaryOp>(name: K, f: Kernel2) =>
  binary(name, { eval: { ...ints(f), bool: f }, ad: noDerivative });

/** Equality holds for every dtype. */
const equality = <K extends BinaryOp>(name: K, f: (x: number, y: number) => boolean) =>
  binary(name, { eval: every((x: number, y: number) => Number(f(x, y))), ad: noDerivative, result: "bool" });
/** Order, for numbers; false where an operand is NaN. */
const order = <K extends BinaryOp>(name: K, f: (x: number, y: number) => boolean) =>
  binary(name, {
    eval: numbers((x: number, y: number) => Number(f(x, y))),
    ad: noDerivative,
    result: "bool",
  });

/** 1 where the operand wins, 1/2 where both are equal, else 0. */
const share = (b: Builder, wins: Var, x: Var, y: Var): Var =>
  b.select(wins, b.onesLike(x), b.select(b.eq(x, y), b.fill(x, 0.5), b.zerosLike(x)));

/** x^2 + y^2 */
const squaredNorm = (b: Builder, x: Var, y: Var): Var => b.add(b.mul(x, x), b.mul(y, y));

export const binaryOps: RecordsOf<BinaryOp> = {
  add: binary("add", {
    eval: numbers((x: number, y: number) => x + y),
    ad: {
      kind: "linear",
      transpose: (_b, ct, _inputs, [wx, wy]) => [wx === true ? ct : null, wy === true ? ct : null],
    },
  }),
  sub: binary("sub", {
    eval: numbers((x: number, y: number) => x - y),
    ad: {
      kind: "linear",
      transpose: (b, ct, _inputs, [wx, wy]) => [wx === true ? ct : null, wy === true ? b.neg(ct) : null],
    },
  }),
  mul: binary("mul", {
    eval: { ...floats((x: number, y: number) => x * y), ...ints(Math.imul) },
    ad: { kind: "bilinear", transpose: (b, ct, [x, y], which) => b.mul(ct, which === 0 ? y : x) },
  }),
  // d(x / y) = dx / y - dy (x / y) / y
  div: binary("div", {
    eval: numbers((x: number, y: number) => x / y),
    ad: partials(
      (b, _x, y) => b.div(b.onesLike(y), y),
      (b, _x, y, out) => b.neg(b.div(out, y)),
    ),
  }),
  // x % y = x - trunc(x / y) y, the sign of x
  rem: binary("rem", {
    eval: numbers((x: number, y: number) => x % y),
    ad: partials(
      (b, x) => b.onesLike(x),
      (b, x, y) => b.neg(b.trunc(b.div(x, y))),
    ),
  }),
  // d(x^y) = y x^(y - 1) dx + x^y log(x) dy. The exponent 1 at y = 0 and the logarithm's argument 1 at x = 0 make those
  // factors' own derivatives finite too.
  pow: binary("pow", {
    eval: floats(Math.pow),
    ad: partials(
      (b, x, y) => {
        const isZero = b.eq(y, b.zerosLike(y));
        return b.mul(y, b.pow(x, b.select(isZero, b.onesLike(y), b.sub(y, b.onesLike(y)))));
      },
      (b, x, _y, out) => b.mul(b.log(b.select(b.eq(x, b.zerosLike(x)), b.onesLike(x), x)), out),
    ),
  }),
  // atan2(y, x): d = (x dy - y dx) / (x^2 + y^2)
  atan2: binary("atan2", {
    eval: floats(Math.atan2),
    ad: partials(
      (b, y, x) => b.div(x, squaredNorm(b, x, y)),
      (b, y, x) => b.neg(b.div(y, squaredNorm(b, x, y))),
    ),
  }),
  // -0 < +0, NaN wins
  min: binary("min", {
    eval: numbers((x: number, y: number) => Math.min(x, y)),
    ad: partials(
      (b, x, y) => share(b, b.lt(x, y), x, y),
      (b, x, y) => share(b, b.lt(y, x), x, y),
    ),
  }),
  max: binary("max", {
    eval: numbers((x: number, y: number) => Math.max(x, y)),
    ad: partials(
      (b, x, y) => share(b, b.gt(x, y), x, y),
      (b, x, y) => share(b, b.gt(y, x), x, y),
    ),
  }),

  and: bitwise("and", (x, y) => x & y),
  or: bitwise("or", (x, y) => x | y),
  xor: bitwise("xor", (x, y) => x ^ y),
  // shifts take the count modulo 32
  shl: binary("shl", { eval: ints((x: number, y: number) => x << y), ad: noDerivative }),
  // arithmetic on i32, logical on u32
  shr: binary("shr", { eval: { i32: (x, y) => x >> y, u32: (x, y) => x >>> y }, ad: noDerivative }),
  ushr: binary("ushr", { eval: ints((x: number, y: number) => x >>> y), ad: noDerivative }),

  eq: equality("eq", (x, y) => x === y),
  ne: equality("ne", (x, y) => x !== y),
  lt: order("lt", (x, y) => x < y),
  le: order("le", (x, y) => x <= y),
  gt: order("gt", (x, y) => x > y),
  ge: order("ge", (x, y) => x >= y),
};
