/**
 * Elementwise ops of one operand. Floats follow ECMAScript's Math: f64 exactly, f32 computed as f64 and rounded once.
 * Derivatives at points where there is none: abs'(0) = 1 (as JAX), sqrt'(0) = cbrt'(0) = Infinity; steps have derivative 0.
 */
import type { Builder } from "../ir/builder.js";
import type { UnaryOp, Var } from "../ir/types.js";
import { digamma } from "./digamma.js";
import { every, floats, ints, noDerivative, numbers, type RecordsOf, slope, unary } from "./elementwise.js";
import { erf, erfc, gelu, lgamma, ndtr, sigmoid } from "./special-functions.js";

const constant = (b: Builder, x: Var, value: number): Var => b.fill(x, value);
const one = (b: Builder, x: Var): Var => b.onesLike(x);
/** 1 / x */
const inverse = (b: Builder, x: Var): Var => b.div(one(b, x), x);
const square = (b: Builder, x: Var): Var => b.mul(x, x);
/** (1 - x)(1 + x) = 1 - x^2 without the cancellation near |x| = 1. */
const oneMinusSquare = (b: Builder, x: Var): Var => b.mul(b.sub(one(b, x), x), b.add(one(b, x), x));

/** factor e^(rate x^2) */
const gaussian = (b: Builder, x: Var, factor: number, rate: number): Var =>
  b.mul(b.exp(b.mul(square(b, x), constant(b, x, rate))), constant(b, x, factor));

/** Nearest integer, ties to even; keeps the sign of zero. */
const roundHalfEven = (x: number): number =>
  Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);

/** Rounding functions: derivative zero. */
const step = <K extends UnaryOp>(name: K, f: (x: number) => number) =>
  unary(name, { eval: floats(f), ad: noDerivative });

export const unaryOps: RecordsOf<UnaryOp> = {
  neg: unary("neg", {
    eval: numbers((x: number) => -x),
    ad: { kind: "linear", transpose: (b, ct, _inputs, [wanted]) => [wanted === true ? b.neg(ct) : null] },
  }),
  // |i32 minimum| wraps to itself. d|x| = dx where x >= 0, else -dx
  abs: unary("abs", {
    eval: numbers(Math.abs),
    ad: slope((b, x) => b.select(b.ge(x, b.zerosLike(x)), b.onesLike(x), b.fill(x, -1))),
  }),
  sign: unary("sign", { eval: numbers(Math.sign), ad: noDerivative }),

  floor: step("floor", Math.floor),
  ceil: step("ceil", Math.ceil),
  trunc: step("trunc", Math.trunc),
  // ECMAScript's: ties towards +Infinity, -0.2 gives -0
  round: step("round", Math.round),
  rint: step("rint", roundHalfEven),

  // 1 / (2 sqrt x)
  sqrt: unary("sqrt", {
    eval: floats(Math.sqrt),
    ad: slope((b, x, out) => b.div(constant(b, x, 0.5), out)),
  }),
  // 1 / (3 cbrt(x)^2)
  cbrt: unary("cbrt", {
    eval: floats(Math.cbrt),
    ad: slope((b, x, out) => b.div(constant(b, x, 1 / 3), square(b, out))),
  }),

  exp: unary("exp", { eval: floats(Math.exp), ad: slope((_b, _x, out) => out) }),
  // 2^x ln 2
  exp2: unary("exp2", {
    eval: floats((x: number) => 2 ** x),
    ad: slope((b, x, out) => b.mul(out, constant(b, x, Math.LN2))),
  }),
  // e^x = expm1(x) + 1
  expm1: unary("expm1", { eval: floats(Math.expm1), ad: slope((b, x, out) => b.add(out, one(b, x))) }),
  // 1 / x
  log: unary("log", { eval: floats(Math.log), ad: slope(inverse) }),
  // 1 / (1 + x)
  log1p: unary("log1p", {
    eval: floats(Math.log1p),
    ad: slope((b, x) => inverse(b, b.add(one(b, x), x))),
  }),
  // 1 / (x ln 2)
  log2: unary("log2", {
    eval: floats(Math.log2),
    ad: slope((b, x) => b.div(constant(b, x, Math.LOG2E), x)),
  }),
  // 1 / (x ln 10)
  log10: unary("log10", {
    eval: floats(Math.log10),
    ad: slope((b, x) => b.div(constant(b, x, Math.LOG10E), x)),
  }),

  sin: unary("sin", { eval: floats(Math.sin), ad: slope((b, x) => b.cos(x)) }),
  cos: unary("cos", { eval: floats(Math.cos), ad: slope((b, x) => b.neg(b.sin(x))) }),
  // 1 + tan(x)^2
  tan: unary("tan", {
    eval: floats(Math.tan),
    ad: slope((b, x, out) => b.add(one(b, x), square(b, out))),
  }),
  // 1 / sqrt((1 - x)(1 + x))
  asin: unary("asin", {
    eval: floats(Math.asin),
    ad: slope((b, x) => inverse(b, b.sqrt(oneMinusSquare(b, x)))),
  }),
  // -1 / sqrt((1 - x)(1 + x))
  acos: unary("acos", {
    eval: floats(Math.acos),
    ad: slope((b, x) => b.div(constant(b, x, -1), b.sqrt(oneMinusSquare(b, x)))),
  }),
  // 1 / (1 + x^2)
  atan: unary("atan", {
    eval: floats(Math.atan),
    ad: slope((b, x) => inverse(b, b.add(one(b, x), square(b, x)))),
  }),

  sinh: unary("sinh", { eval: floats(Math.sinh), ad: slope((b, x) => b.cosh(x)) }),
  cosh: unary("cosh", { eval: floats(Math.cosh), ad: slope((b, x) => b.sinh(x)) }),
  // (1 - tanh(x))(1 + tanh(x)): keeps its precision where tanh nears 1
  tanh: unary("tanh", { eval: floats(Math.tanh), ad: slope((b, _x, out) => oneMinusSquare(b, out)) }),
  // 1 / sqrt(x^2 + 1)
  asinh: unary("asinh", {
    eval: floats(Math.asinh),
    ad: slope((b, x) => inverse(b, b.sqrt(b.add(square(b, x), one(b, x))))),
  }),
  // 1 / sqrt((x - 1)(x + 1))
  acosh: unary("acosh", {
    eval: floats(Math.acosh),
    ad: slope((b, x) => inverse(b, b.sqrt(b.mul(b.sub(x, one(b, x)), b.add(x, one(b, x)))))),
  }),
  // 1 / ((1 - x)(1 + x))
  atanh: unary("atanh", { eval: floats(Math.atanh), ad: slope((b, x) => inverse(b, oneMinusSquare(b, x))) }),

  // 2 / sqrt(pi) e^(-x^2)
  erf: unary("erf", { eval: floats(erf), ad: slope((b, x) => gaussian(b, x, 2 / Math.sqrt(Math.PI), -1)) }),
  erfc: unary("erfc", {
    eval: floats(erfc),
    ad: slope((b, x) => gaussian(b, x, -2 / Math.sqrt(Math.PI), -1)),
  }),
  // e^(-x^2 / 2) / sqrt(2 pi)
  ndtr: unary("ndtr", {
    eval: floats(ndtr),
    ad: slope((b, x) => gaussian(b, x, 1 / Math.sqrt(2 * Math.PI), -0.5)),
  }),
  // x ndtr x: ndtr x + x e^(-x^2 / 2) / sqrt(2 pi)
  gelu: unary("gelu", {
    eval: floats(gelu),
    ad: slope((b, x) => b.add(b.ndtr(x), b.mul(x, gaussian(b, x, 1 / Math.sqrt(2 * Math.PI), -0.5)))),
  }),
  // s (1 - s)
  sigmoid: unary("sigmoid", {
    eval: floats(sigmoid),
    ad: slope((b, x, out) => b.mul(out, b.sub(one(b, x), out))),
  }),
  // log |gamma x|: digamma
  lgamma: unary("lgamma", { eval: floats(lgamma), ad: slope(digamma) }),

  // bitwise on integers, logical on bool
  not: unary("not", { eval: { ...ints((x: number) => ~x), bool: (x) => 1 - x }, ad: noDerivative }),
  clz32: unary("clz32", { eval: ints(Math.clz32), ad: noDerivative, result: "i32" }),
  // ECMAScript's ToInt32: truncate, wrap modulo 2^32; NaN and infinities give 0
  toInt32: unary("toInt32", { eval: numbers((x: number) => x | 0), ad: noDerivative, result: "i32" }),
  stopGradient: unary("stopGradient", { eval: every((x: number) => x), ad: noDerivative }),
  // x, which no pass takes for x: what is computed from it is computed again
  barrier: unary("barrier", {
    eval: every((x: number) => x),
    ad: { kind: "linear", transpose: (_b, ct) => [ct] },
  }),
};
