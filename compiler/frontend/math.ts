/** `Math.*` on staged values, by the identity of the function. */
import { type BinaryOp, isFloat, type UnaryOp, type Var } from "../ir/types.js";
import type { Site } from "./machine.js";
import { applyBinary, applyUnary, binary, power, unary } from "./operators.js";
import { promote } from "./promote.js";
import { derived, lift, needsOf, tensorOf } from "./tensors.js";
import type { AnyFunction } from "./types.js";
import { staticValue, UNDEFINED, type Value } from "./values.js";

export type Handler = (site: Site, args: readonly Value[]) => Value;

const first = (args: readonly Value[]): Value => args[0] ?? UNDEFINED;
const float = (name: Exclude<keyof Math, symbol>, op: UnaryOp): readonly [AnyFunction, Handler] => [
  Math[name] as AnyFunction,
  (site, args) => applyUnary(site, op, "float", first(args), `Math.${name}`),
];

/** Rounding leaves integers as they are. */
const rounding = (name: "floor" | "ceil" | "trunc" | "round"): readonly [AnyFunction, Handler] => [
  Math[name],
  (site, args) => {
    const { vars, dtype, weak } = promote(site, [first(args)], "arithmetic", `Math.${name}`);
    const [x] = vars as readonly [Var];
    return derived(site, [first(args)], isFloat(dtype) ? site.machine.builder[name](x) : x, weak);
  },
];

/** Math.max and Math.min of any number of operands. */
const extreme = (name: "max" | "min"): readonly [AnyFunction, Handler] => [
  Math[name],
  (site, args) =>
    args.slice(1).reduce<Value>(
      (best, x) => {
        if (best.kind === "static" && x.kind === "static")
          return staticValue(Math[name](Number(best.value), Number(x.value)));
        return applyBinary(site, name, "arithmetic", [best, x], `Math.${name}`);
      },
      args.length === 1 ? unary(site, "+", first(args)) : first(args),
    ),
];

const two = (site: Site, op: BinaryOp, args: readonly Value[], name: string): Value =>
  applyBinary(site, op, "float", [first(args), args[1] ?? UNDEFINED], name);

/** The low 32 bits as i32. */
const int32 = (site: Site, value: Value): Value => binary(site, "|", value, staticValue(0));

/** 32-bit product; floats and numbers come back in their dtype. */
const imul: Handler = (site, args) => {
  const { builder } = site.machine;
  const [a, b] = [first(args), args[1] ?? UNDEFINED].map((x) => {
    const v = lift(site, int32(site, x)).v;
    return v.type.dtype === "i32" ? v : builder.toInt32(v);
  }) as [Var, Var];
  const values = args.slice(0, 2);
  const { dtype } = promote(site, values, "arithmetic", "Math.imul");
  const shape = promote(site, values, "any", "Math.imul").shape;
  const [x, y] = [a, b].map((v) =>
    builder.broadcast(
      v,
      shape,
      v.type.shape.map((_, k) => k + shape.length - v.type.shape.length),
    ),
  ) as [Var, Var];
  const product = builder.mul(x, y);
  const weak = values.every((v) => v.kind !== "tensor" || v.weak);
  return tensorOf(site, isFloat(dtype) ? builder.cast(product, dtype) : product, {
    weak,
    needs: needsOf(values),
  });
};

/** Leading zeros of ToUint32(x). */
const clz32: Handler = (site, args) => {
  const { builder } = site.machine;
  const x = lift(site, first(args));
  const word =
    x.v.type.dtype === "i32" || x.v.type.dtype === "u32"
      ? x.v
      : builder.toInt32(builder.cast(x.v, x.v.type.dtype === "bool" ? "i32" : x.v.type.dtype));
  const zeros = builder.clz32(word);
  return derived(site, [x], isFloat(x.v.type.dtype) ? builder.cast(zeros, x.v.type.dtype) : zeros, x.weak);
};

/** Rounds a number to the nearest single. */
const fround: Handler = (site, args) => {
  const { builder } = site.machine;
  const { vars, dtype, weak } = promote(site, [first(args)], "float", "Math.fround");
  const [x] = vars as readonly [Var];
  return derived(
    site,
    [first(args)],
    dtype === "f64" ? builder.cast(builder.cast(x, "f32"), "f64") : x,
    weak,
  );
};

/**
 * Square root of the sum of squares, as engines compute it: scaled by the largest magnitude m, summed with Kahan's
 * compensation; Infinity if any operand is infinite, even beside NaN; 0 if all are.
 */
const hypot: Handler = (site, args) => {
  const { builder: b } = site.machine;
  const { vars, weak, shape, dtype } = promote(site, args, "float", "Math.hypot");
  const sizes = vars.map((v) => b.abs(v));
  const zero = b.splat(0, { dtype, shape });
  const infinity = b.splat(Number.POSITIVE_INFINITY, { dtype, shape });
  const m = sizes.reduce((p, q) => b.max(p, q));
  const anyInfinite = sizes.map((v) => b.eq(v, infinity)).reduce((p, q) => b.or(p, q));
  const isZero = b.eq(m, zero);
  const scale = b.select(b.or(isZero, anyInfinite), b.onesLike(m), m);
  let sum = zero;
  let compensation = zero;
  for (const size of sizes) {
    const n = b.div(size, scale);
    const summand = b.sub(b.mul(n, n), compensation);
    const next = b.add(sum, summand);
    compensation = b.sub(b.sub(next, sum), summand);
    sum = next;
  }
  const root = b.mul(b.sqrt(b.select(isZero, b.onesLike(sum), sum)), m);
  return derived(site, args, b.select(anyInfinite, infinity, b.select(isZero, zero, root)), weak);
};

/** Handlers for operands of which at least one is staged. */
export const MATH: ReadonlyMap<AnyFunction, Handler> = new Map<AnyFunction, Handler>([
  float("sqrt", "sqrt"),
  float("cbrt", "cbrt"),
  float("exp", "exp"),
  float("expm1", "expm1"),
  float("log", "log"),
  float("log1p", "log1p"),
  float("log2", "log2"),
  float("log10", "log10"),
  float("sin", "sin"),
  float("cos", "cos"),
  float("tan", "tan"),
  float("asin", "asin"),
  float("acos", "acos"),
  float("atan", "atan"),
  float("sinh", "sinh"),
  float("cosh", "cosh"),
  float("tanh", "tanh"),
  float("asinh", "asinh"),
  float("acosh", "acosh"),
  float("atanh", "atanh"),
  rounding("floor"),
  rounding("ceil"),
  rounding("trunc"),
  rounding("round"),
  [Math.abs, (site, args) => applyUnary(site, "abs", "arithmetic", first(args), "Math.abs")],
  [Math.sign, (site, args) => applyUnary(site, "sign", "arithmetic", first(args), "Math.sign")],
  extreme("max"),
  extreme("min"),
  [Math.pow, (site, args) => power(site, first(args), args[1] ?? UNDEFINED)],
  [Math.atan2, (site, args) => two(site, "atan2", args, "Math.atan2")],
  [Math.hypot, hypot],
  [Math.imul, imul],
  [Math.clz32, clz32],
  [Math.fround, fround],
]);
