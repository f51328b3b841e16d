/** Cases of the elementwise ops. */
import type { BinaryOp, DType, ElementwiseOp, NoParams, Shape, UnaryOp } from "../../compiler/ir/types.js";
import type { CasesOf, OpCase, Operand } from "./cases.js";
import {
  anyOf,
  betweenSteps,
  grid,
  integers,
  mixed,
  oneOf,
  type Sampler,
  signed,
  uniform,
} from "./samplers.js";

const FLOATS: readonly DType[] = ["f32", "f64"];
const INTS: readonly DType[] = ["i32", "u32"];
const NUMBERS: readonly DType[] = [...FLOATS, ...INTS];
const BITS: readonly DType[] = [...INTS, "bool"];
const ALL: readonly DType[] = [...NUMBERS, "bool"];

/** Rank 0, a size that no vector width divides, and no elements. */
const SHAPES: readonly Shape[] = [[], [3, 13], [0, 2]];

/** Dtypes times shapes. */
const over = <T>(dtypes: readonly DType[], f: (dtype: DType, shape: Shape) => T): readonly T[] =>
  dtypes.flatMap((dtype) => SHAPES.map((shape) => f(dtype, shape)));

const operand = (dtype: DType, shape: Shape, smooth: Sampler): Operand => ({
  type: { dtype, shape },
  smooth: dtype === "f32" || dtype === "f64" ? smooth : anyOf(dtype),
  any: anyOf(dtype),
});

const none: NoParams = {};

const unary =
  <K extends UnaryOp>(op: K, dtypes: readonly DType[], smooth: Sampler = uniform(-2, 2)) =>
  (): readonly (OpCase<K> & { readonly params: NoParams })[] =>
    over(dtypes, (dtype, shape) => ({ op, operands: [operand(dtype, shape, smooth)], params: none }));

const binary =
  <K extends BinaryOp>(op: K, dtypes: readonly DType[], x: Sampler = uniform(-2, 2), y: Sampler = x) =>
  (): readonly (OpCase<K> & { readonly params: NoParams })[] =>
    over(dtypes, (dtype, shape) => ({
      op,
      operands: [operand(dtype, shape, x), operand(dtype, shape, y)],
      params: none,
    }));

const CASTS: readonly (readonly [DType, DType])[] = ALL.flatMap((from) =>
  ALL.map((to) => [from, to] as const),
);

/** Values of `from` that fit `to`. */
const castable = (from: DType, to: DType): Sampler => {
  if (!FLOATS.includes(from) || !INTS.includes(to)) return anyOf(from);
  // the greatest f32 below 2^31 and 2^32; in f64 even the fraction above the greatest integer fits
  const low = to === "i32" ? [-(2 ** 31), -7.5, -1] : [];
  const top = to === "i32" ? 2 ** 31 : 2 ** 32;
  const high = from === "f32" ? top - top / 2 ** 24 : top - 0.5;
  return mixed(oneOf([...low, -0.9, -0, 0, 0.5, 1, 2.5, high]), uniform(0, 100));
};

const words: Sampler = mixed(anyOf("u32"), uniform(0, 2 ** 32));

export const elementwiseCases: CasesOf<ElementwiseOp> = {
  neg: unary("neg", NUMBERS),
  abs: unary("abs", NUMBERS, signed(0.2, 2)),
  sign: unary("sign", NUMBERS, signed(0.2, 2)),
  floor: unary("floor", FLOATS, betweenSteps),
  ceil: unary("ceil", FLOATS, betweenSteps),
  trunc: unary("trunc", FLOATS, betweenSteps),
  round: unary("round", FLOATS, betweenSteps),
  rint: unary("rint", FLOATS, betweenSteps),
  sqrt: unary("sqrt", FLOATS, uniform(0.3, 4)),
  cbrt: unary("cbrt", FLOATS, signed(0.3, 2)),
  exp: unary("exp", FLOATS),
  exp2: unary("exp2", FLOATS),
  expm1: unary("expm1", FLOATS),
  log: unary("log", FLOATS, uniform(0.3, 4)),
  log1p: unary("log1p", FLOATS, uniform(-0.7, 3)),
  log2: unary("log2", FLOATS, uniform(0.3, 4)),
  log10: unary("log10", FLOATS, uniform(0.3, 4)),
  sin: unary("sin", FLOATS, uniform(-3, 3)),
  cos: unary("cos", FLOATS, uniform(-3, 3)),
  tan: unary("tan", FLOATS, uniform(-1, 1)),
  asin: unary("asin", FLOATS, uniform(-0.8, 0.8)),
  acos: unary("acos", FLOATS, uniform(-0.8, 0.8)),
  atan: unary("atan", FLOATS),
  sinh: unary("sinh", FLOATS),
  cosh: unary("cosh", FLOATS),
  tanh: unary("tanh", FLOATS),
  asinh: unary("asinh", FLOATS),
  acosh: unary("acosh", FLOATS, uniform(1.3, 4)),
  atanh: unary("atanh", FLOATS, uniform(-0.7, 0.7)),
  erf: unary("erf", FLOATS),
  erfc: unary("erfc", FLOATS),
  ndtr: unary("ndtr", FLOATS),
  gelu: unary("gelu", FLOATS),
  sigmoid: unary("sigmoid", FLOATS),
  lgamma: unary("lgamma", FLOATS, uniform(0.3, 4)),
  not: unary("not", BITS),
  clz32: unary("clz32", INTS),
  toInt32: unary("toInt32", NUMBERS, betweenSteps),
  stopGradient: unary("stopGradient", ALL),
  barrier: unary("barrier", ALL),

  add: binary("add", NUMBERS),
  sub: binary("sub", NUMBERS),
  mul: binary("mul", NUMBERS),
  div: binary("div", NUMBERS, uniform(-2, 2), signed(0.4, 2)),
  // 2.1 < |x / y| < 2.9: away from the steps of trunc(x / y)
  rem: binary("rem", NUMBERS, signed(2.1, 2.4), signed(0.85, 0.98)),
  pow: binary("pow", FLOATS, uniform(0.4, 2), uniform(-2, 2)),
  atan2: binary("atan2", FLOATS, signed(0.4, 2)),
  min: binary("min", NUMBERS, grid(0), grid(0.125)),
  max: binary("max", NUMBERS, grid(0), grid(0.125)),
  and: binary("and", BITS),
  or: binary("or", BITS),
  xor: binary("xor", BITS),
  shl: binary("shl", INTS),
  shr: binary("shr", INTS),
  ushr: binary("ushr", INTS),
  eq: binary("eq", ALL),
  ne: binary("ne", ALL),
  lt: binary("lt", NUMBERS),
  le: binary("le", NUMBERS),
  gt: binary("gt", NUMBERS),
  ge: binary("ge", NUMBERS),

  select: () =>
    over(ALL, (dtype, shape) => ({
      op: "select",
      operands: [
        operand("bool", shape, integers(0, 1)),
        operand(dtype, shape, uniform(-2, 2)),
        operand(dtype, shape, uniform(-2, 2)),
      ],
      params: none,
    })),
  cast: () =>
    CASTS.flatMap(([from, to]) =>
      SHAPES.map((shape) => ({
        op: "cast",
        operands: [
          {
            type: { dtype: from, shape },
            smooth: FLOATS.includes(from) && FLOATS.includes(to) ? uniform(-2, 2) : castable(from, to),
            any: castable(from, to),
          },
        ],
        params: { dtype: to },
      })),
    ),
  bitcast: () =>
    over(["f32", ...INTS], (from, shape) => ({
      op: "bitcast" as const,
      // integers that are the bits of finite floats, so that no NaN loses its payload on the way
      operands: [{ type: { dtype: from, shape }, smooth: uniform(0, 4), any: integers(0, 0x7f000000) }],
    })).flatMap((c) => (["f32", "i32", "u32"] as const).map((dtype) => ({ ...c, params: { dtype } }))),
  threefry: () =>
    SHAPES.flatMap((shape) =>
      ([0, 1] as const).map((lane) => ({
        op: "threefry",
        operands: [1, 2, 3, 4].map(() => ({ type: { dtype: "u32", shape }, smooth: words, any: words })),
        params: { lane },
      })),
    ),
};
