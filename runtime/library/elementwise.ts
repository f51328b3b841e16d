/** np: elementwise functions. All broadcast, and promote dtypes as operators do. */
import type { DType } from "../../compiler/ir/types.js";
import { library } from "../library-function.js";
import type { Operand, Tensor } from "../types.js";
import { broadcastShapes, floating, lift, promote, trailingAxes } from "./core.js";
import { prim } from "./prim.js";

type Unary = (x: Operand) => Tensor;
type Binary = (x: Operand, y: Operand) => Tensor;

const unary = (id: string, f: (x: number) => number): Unary =>
  library(`np.${id}`, (x: Operand): Tensor => lift(f(lift(x))));
const binary = (id: string, f: (x: number, y: number) => number): Binary =>
  library(`np.${id}`, (x: Operand, y: Operand): Tensor => lift(f(lift(x), lift(y))));
/** A comparison; the result is bool. */
const compare = (id: string, f: (x: number, y: number) => boolean): Binary =>
  library(`np.${id}`, (x: Operand, y: Operand): Tensor => lift(f(lift(x), lift(y))));

/** |x|. */
export const abs = unary("abs", Math.abs);
/** -1, 0 or 1; keeps -0 and NaN, as `Math.sign` does. */
export const sign = unary("sign", Math.sign);
/** The greatest whole number <= x. */
export const floor = unary("floor", Math.floor);
/** The least whole number >= x. */
export const ceil = unary("ceil", Math.ceil);
/** x without its fraction. */
export const trunc = unary("trunc", Math.trunc);
/** Square root; NaN below 0. */
export const sqrt = unary("sqrt", Math.sqrt);
/** Cube root. */
export const cbrt = unary("cbrt", Math.cbrt);
/** e^x. */
export const exp = unary("exp", Math.exp);
/** 2^x. */
export const exp2: Unary = library("np.exp2", (x: Operand): Tensor => prim.exp2(floating(x)));
/** e^x - 1, accurate near 0. */
export const expm1 = unary("expm1", Math.expm1);
/** Natural logarithm; NaN below 0. */
export const log = unary("log", Math.log);
/** log(1 + x), accurate near 0. */
export const log1p = unary("log1p", Math.log1p);
/** Logarithm to base 2. */
export const log2 = unary("log2", Math.log2);
/** Logarithm to base 10. */
export const log10 = unary("log10", Math.log10);
/** Sine of x in radians. */
export const sin = unary("sin", Math.sin);
/** Cosine of x in radians. */
export const cos = unary("cos", Math.cos);
/** Tangent of x in radians. */
export const tan = unary("tan", Math.tan);
/** Inverse sine, in radians: -pi/2 to pi/2. */
export const arcsin = unary("arcsin", Math.asin);
/** Inverse cosine, in radians: 0 to pi. */
export const arccos = unary("arccos", Math.acos);
/** Inverse tangent, in radians: -pi/2 to pi/2. */
export const arctan = unary("arctan", Math.atan);
/** Hyperbolic sine. */
export const sinh = unary("sinh", Math.sinh);
/** Hyperbolic cosine. */
export const cosh = unary("cosh", Math.cosh);
/** Hyperbolic tangent. */
export const tanh = unary("tanh", Math.tanh);
/** -x. */
export const negative = unary("negative", (x) => -x);
/** x * x. */
export const square = unary("square", (x) => x * x);
/** 1 / x; integers give f32. */
export const reciprocal = unary("reciprocal", (x) => 1 / x);

/** Rounds half to even, as NumPy does (`Math.round` rounds half up). */
export const round: Unary = library("np.round", (x: Operand): Tensor => prim.rint(lift(x)));

/** x + y. */
export const add = binary("add", (x, y) => x + y);
/** x - y. */
export const subtract = binary("subtract", (x, y) => x - y);
/** x * y. */
export const multiply = binary("multiply", (x, y) => x * y);
/** x / y; integers give f32. */
export const divide = binary("divide", (x, y) => x / y);
/** x ** y. */
export const power = binary("power", (x, y) => x ** y);
/** The greater of x and y, NaN if either is. */
export const maximum = binary("maximum", Math.max);
/** The smaller of x and y, NaN if either is. */
export const minimum = binary("minimum", Math.min);
/** Angle of the point (y, x), in radians: -pi to pi. Note the order: `arctan2(y, x)`. */
export const arctan2 = binary("arctan2", Math.atan2);
/** sqrt(x * x + y * y). */
export const hypot = binary("hypot", Math.hypot);
/**
 * The remainder with the divisor's sign, as NumPy's (JavaScript's `%` has the dividend's); integers divided by zero throw
 * (TSJ1141).
 */
export const mod = binary("mod", (x, y) => {
  const r = lift(x % y);
  return where(r !== 0, where(r < 0 !== y < 0, r + y, r), r);
});
/** The quotient rounded down; integers stay integers, and divided by zero they throw (TSJ1141). */
export const floorDivide = binary("floorDivide", (x, y) => {
  const [a, b] = promote(x, y) as readonly [Tensor, Tensor];
  if (a.dtype !== "i32" && a.dtype !== "u32") return Math.floor(x / y);
  return prim.div(lift(a - mod(a, b)), b);
});

/** x === y, as bool. */
export const equal = compare("equal", (x, y) => x === y);
/** x !== y, as bool. */
export const notEqual = compare("notEqual", (x, y) => x !== y);
/** x < y, as bool. */
export const less = compare("less", (x, y) => x < y);
/** x <= y, as bool. */
export const lessEqual = compare("lessEqual", (x, y) => x <= y);
/** x > y, as bool. */
export const greater = compare("greater", (x, y) => x > y);
/** x >= y, as bool. */
export const greaterEqual = compare("greaterEqual", (x, y) => x >= y);

const truth = (x: Operand): Tensor => prim.cast(lift(x), { dtype: "bool" });
/** Both of two truth values of any shapes. */
const both = (x: Operand, y: Operand): readonly Tensor[] => promote(truth(x), truth(y));

/** Whether both are nonzero, as bool. */
export const logicalAnd: Binary = library("np.logicalAnd", (x: Operand, y: Operand): Tensor => {
  const [a, b] = both(x, y);
  return prim.and(a as Tensor, b as Tensor);
});
/** Whether either is nonzero, as bool. */
export const logicalOr: Binary = library("np.logicalOr", (x: Operand, y: Operand): Tensor => {
  const [a, b] = both(x, y);
  return prim.or(a as Tensor, b as Tensor);
});
/** Whether exactly one is nonzero, as bool. */
export const logicalXor: Binary = library("np.logicalXor", (x: Operand, y: Operand): Tensor => {
  const [a, b] = both(x, y);
  return prim.xor(a as Tensor, b as Tensor);
});
/** Whether x is 0, as bool. */
export const logicalNot: Unary = library("np.logicalNot", (x: Operand): Tensor => prim.not(truth(x)));

/** Whether x is NaN, as bool. */
export const isnan: Unary = library("np.isnan", (x: Operand): Tensor => {
  const v = lift(x);
  return prim.ne(v, v);
});
/** Whether x is neither infinite nor NaN, as bool. */
export const isfinite: Unary = library(
  "np.isfinite",
  (x: Operand): Tensor => lift(Math.abs(lift(x)) < Infinity),
);
/** Whether x is infinite, as bool. */
export const isinf: Unary = library("np.isinf", (x: Operand): Tensor => lift(Math.abs(lift(x)) === Infinity));

/** `a` where `cond` holds (nonzero), else `b`; all three broadcast. */
export const where: (cond: Operand, a: Operand, b: Operand) => Tensor = library(
  "np.where",
  (cond: Operand, a: Operand, b: Operand): Tensor => {
    const c = truth(cond);
    const [x, y] = promote(a, b) as readonly [Tensor, Tensor];
    const shape = broadcastShapes(c.shape, x.shape);
    return prim.select(spread(c, shape), spread(x, shape), spread(y, shape));
  },
);

/** Broadcasts to exactly `shape`. */
const spread = (x: Tensor, shape: readonly number[]): Tensor =>
  prim.broadcast(x, { shape, dims: trailingAxes(x.ndim, shape.length) });

/** Elements below `low` become `low`, above `high` become `high`; null leaves a side open. */
export const clip: (x: Operand, low: Operand | null, high?: Operand | null) => Tensor = library(
  "np.clip",
  (x: Operand, low: Operand | null, high: Operand | null = null): Tensor => {
    const v = lift(x);
    const floored = low === null ? v : maximum(v, low);
    return high === null ? floored : minimum(floored, high);
  },
);

/** Value conversion. Float to integer truncates; NaN or a value out of range throws. */
export const astype: (x: Operand, dtype: DType) => Tensor = library(
  "np.astype",
  (x: Operand, dtype: DType): Tensor => prim.cast(lift(x), { dtype }),
);
