/**
 * Local rewrites of elementwise ops. Every rule preserves values bit for bit, NaN, infinities and signed zeros included
 * (all NaNs count as one value), and none makes more work than it removes. Constants stand on the right where the op is
 * commutative. What is missing is missing on purpose: x*0 = 0, x+0 = x, x-x = 0 and 0-x = -x fail for floats.
 */
import {
  type BinaryOp,
  type DType,
  isFloat,
  isInt,
  type OpName,
  type TensorType,
  type UnaryOp,
  type Var,
} from "../ir/types.js";
import { type Rewriter, type Rule, type RuleTable, rule1, rule2, ruleWith } from "./rewrite.js";

const NONE = {};
const neg = (r: Rewriter, x: Var): Var => r.emit("neg", [x], NONE);
/** Whether every element of `v` is exactly `value`: 0 and -0 differ. */
const is = (r: Rewriter, v: Var, value: number): boolean => Object.is(r.splatOf(v), value);
/** The operand of `v` if it is defined by `op`. */
const under = (r: Rewriter, v: Var, op: UnaryOp): Var | null => r.match(v, op)?.inputs[0] ?? null;
const operands = (r: Rewriter, v: Var, op: BinaryOp): readonly [Var, Var] | null => {
  const [x, y] = r.match(v, op)?.inputs ?? [];
  return x === undefined || y === undefined ? null : [x, y];
};
const allOnes = (dtype: DType): number => (dtype === "i32" ? -1 : dtype === "u32" ? 2 ** 32 - 1 : 1);

const right = (op: BinaryOp): Rule<OpName> =>
  rule2("c op x = x op c", (r, x, y) =>
    r.splatOf(x) !== null && r.splatOf(y) === null ? r.emit(op, [y, x], NONE) : null,
  );

/** (x op c) op d = x op (c op d), for integers, where the order does not matter. */
const regroup = (op: "add" | "mul" | "and" | "or" | "xor"): Rule<OpName> =>
  rule2("(x op c) op d = x op (c op d), integers", (r, x, d, type) => {
    const inner = isFloat(type.dtype) || r.splatOf(d) === null ? null : operands(r, x, op);
    if (inner === null || r.splatOf(inner[1]) === null) return null;
    return r.emit(op, [inner[0], r.emit(op, [inner[1], d], NONE)], NONE);
  });

const add: readonly Rule<OpName>[] = [
  right("add"),
  rule2("x + (-0) = x; x + 0 = x for integers", (r, x, y, type) =>
    is(r, y, isFloat(type.dtype) ? -0 : 0) ? x : null,
  ),
  rule2("x + (-y) = x - y", (r, x, y) => {
    const z = under(r, y, "neg");
    return z === null ? null : r.emit("sub", [x, z], NONE);
  }),
  rule2("(-x) + y = y - x", (r, x, y) => {
    const z = under(r, x, "neg");
    return z === null ? null : r.emit("sub", [y, z], NONE);
  }),
  regroup("add"),
];

const sub: readonly Rule<OpName>[] = [
  rule2("x - 0 = x", (r, x, y) => (is(r, y, 0) ? x : null)),
  rule2("(-0) - x = -x; 0 - x = -x for integers", (r, x, y, type) =>
    is(r, x, isFloat(type.dtype) ? -0 : 0) ? neg(r, y) : null,
  ),
  rule2("x - (-y) = x + y", (r, x, y) => {
    const z = under(r, y, "neg");
    return z === null ? null : r.emit("add", [x, z], NONE);
  }),
  rule2("x - x = 0, integers", (r, x, y, type) => (x === y && isInt(type.dtype) ? r.splat(0, type) : null)),
];

const mul: readonly Rule<OpName>[] = [
  right("mul"),
  rule2("x * 1 = x", (r, x, y) => (is(r, y, 1) ? x : null)),
  rule2("x * (-1) = -x", (r, x, y) => (is(r, y, -1) ? neg(r, x) : null)),
  rule2("x * 0 = 0, integers", (r, _x, y, type) => (isInt(type.dtype) && is(r, y, 0) ? y : null)),
  rule2("(-x) * (-y) = x * y", (r, x, y) => {
    const [p, q] = [under(r, x, "neg"), under(r, y, "neg")];
    return p === null || q === null ? null : r.emit("mul", [p, q], NONE);
  }),
  rule2("(-x) * c = x * (-c)", (r, x, y) => {
    const p = under(r, x, "neg");
    return p === null || r.splatOf(y) === null ? null : r.emit("mul", [p, neg(r, y)], NONE);
  }),
  regroup("mul"),
];

/** 1 / c if c is a power of two whose inverse is a normal number of the dtype: then x / c = x * (1 / c) exactly. */
const exactInverse = (c: number, dtype: DType): number | null => {
  const size = Math.abs(c);
  const least = dtype === "f32" ? 2 ** -126 : 2 ** -1022;
  const greatest = dtype === "f32" ? 2 ** 127 : 2 ** 1023;
  if (2 ** Math.round(Math.log2(size)) !== size) return null;
  const inverse = 1 / c;
  return Math.abs(inverse) >= least && Math.abs(inverse) <= greatest ? inverse : null;
};

const div: readonly Rule<OpName>[] = [
  rule2("x / 1 = x", (r, x, y) => (is(r, y, 1) ? x : null)),
  rule2("(-x) / (-y) = x / y, floats", (r, x, y, type) => {
    const [p, q] = [under(r, x, "neg"), under(r, y, "neg")];
    return p === null || q === null || !isFloat(type.dtype) ? null : r.emit("div", [p, q], NONE);
  }),
  rule2("x / 2^k = x * 2^-k, floats", (r, x, y, type) => {
    const c = r.splatOf(y);
    const inverse = c === null || !isFloat(type.dtype) ? null : exactInverse(c, type.dtype);
    return inverse === null ? null : r.emit("mul", [x, r.splat(inverse, type)], NONE);
  }),
];

/** Math.pow is exact in these cases: fdlibm's e_pow treats them apart, and so does every engine that follows it. */
const pow: readonly Rule<OpName>[] = [
  rule2("x ** 1 = x", (r, x, y) => (is(r, y, 1) ? x : null)),
  rule2("x ** 2 = x * x", (r, x, y) => (is(r, y, 2) ? r.emit("mul", [x, x], NONE) : null)),
  rule2("x ** -1 = 1 / x", (r, x, y, type) =>
    is(r, y, -1) ? r.emit("div", [r.splat(1, type), x], NONE) : null,
  ),
  rule2("x ** 0 = 1, NaN included", (r, _x, y, type) =>
    is(r, y, 0) || is(r, y, -0) ? r.splat(1, type) : null,
  ),
];

const extreme = (op: "min" | "max", neutral: number): readonly Rule<OpName>[] => [
  right(op),
  rule2("x op x = x", (_r, x, y) => (x === y ? x : null)),
  rule2("min(x, Infinity) = x, max(x, -Infinity) = x", (r, x, y, type) =>
    isFloat(type.dtype) && is(r, y, neutral) ? x : null,
  ),
];

const bits = (op: "and" | "or" | "xor"): readonly Rule<OpName>[] => [
  right(op),
  rule2("x & x = x, x | x = x, x ^ x = 0", (r, x, y, type) =>
    x !== y ? null : op === "xor" ? r.splat(0, type) : x,
  ),
  rule2("x & 0 = 0, x | 0 = x, x ^ 0 = x", (r, x, y) => (!is(r, y, 0) ? null : op === "and" ? y : x)),
  rule2("x & 1...1 = x, x | 1...1 = 1...1, x ^ 1...1 = ~x", (r, x, y, type) => {
    if (!is(r, y, allOnes(type.dtype))) return null;
    return op === "and" ? x : op === "or" ? y : r.emit("not", [x], NONE);
  }),
  regroup(op),
];

const shift = [rule2("x << 0 = x, x >> 0 = x", (r, x, y) => (is(r, y, 0) ? x : null))];

const selfCompare = (value: 0 | 1, which: (d: DType) => boolean): Rule<OpName> =>
  rule2("x op x is known", (r, x, y, type) => (x === y && which(x.type.dtype) ? r.splat(value, type) : null));
const exact = (d: DType): boolean => !isFloat(d);
const remainderIsZero = (op: "eq" | "ne"): Rule<OpName> =>
  rule2("x % 2^k = 0 is x & (2^k - 1) = 0, integers", (r, x, y) => {
    const pair = is(r, y, 0) && isInt(x.type.dtype) ? operands(r, x, "rem") : null;
    const by = pair === null ? null : r.splatOf(pair[1]);
    if (pair === null || by === null || by < 1 || !Number.isInteger(Math.log2(by))) return null;
    return r.emit(op, [r.emit("and", [pair[0], r.splat(by - 1, x.type)], NONE), y], NONE);
  });
const any = (): boolean => true;

const ROUNDING: readonly UnaryOp[] = ["floor", "ceil", "trunc", "round", "rint"];
const rounding = [
  rule1("floor(trunc(x)) = trunc(x), and so on", (r, x) =>
    ROUNDING.some((op) => r.match(x, op) !== null) ? x : null,
  ),
];
const twice = (op: UnaryOp): Rule<OpName> => rule1("-(-x) = x, ~~x = x", (r, x) => under(r, x, op));
const idempotent = (op: UnaryOp): Rule<OpName> =>
  rule1("f(f(x)) = f(x)", (r, x) => (r.match(x, op) === null ? null : x));

/** !(a = b) is a != b, NaN included; the orders have no such opposite for floats. */
const NEGATED: readonly (readonly [BinaryOp, BinaryOp, (d: DType) => boolean])[] = [
  ["eq", "ne", any],
  ["ne", "eq", any],
  ["lt", "ge", exact],
  ["ge", "lt", exact],
  ["gt", "le", exact],
  ["le", "gt", exact],
];
const notCompare = rule1("!(x = y) = (x != y); !(x < y) = (x >= y) for integers", (r, x) => {
  for (const [op, opposite, which] of NEGATED) {
    const pair = operands(r, x, op);
    if (pair !== null && which(pair[0].type.dtype)) return r.emit(opposite, pair, NONE);
  }
  return null;
});

const selectRule = (
  algebra: string,
  apply: (r: Rewriter, c: Var, x: Var, y: Var, type: TensorType) => Var | null,
): Rule<"select"> => ({
  algebra,
  apply: (r, [c, x, y], _params, type) =>
    c === undefined || x === undefined || y === undefined ? null : apply(r, c, x, y, type),
});
const select: readonly Rule<"select">[] = [
  selectRule("true ? x : y = x, false ? x : y = y", (r, c, x, y) => {
    const known = r.splatOf(c);
    return known === null ? null : known === 1 ? x : y;
  }),
  selectRule("c ? x : x = x", (_r, _c, x, y) => (x === y ? x : null)),
  selectRule("!c ? x : y = c ? y : x", (r, c, x, y) => {
    const d = under(r, c, "not");
    return d === null ? null : r.emit("select", [d, y, x], NONE);
  }),
  selectRule("c ? true : false = c", (r, c, x, y, type) =>
    type.dtype === "bool" && is(r, x, 1) && is(r, y, 0) ? c : null,
  ),
  selectRule("c ? (c ? x : z) : y = c ? x : y", (r, c, x, y) => {
    const [d, p] = r.match(x, "select")?.inputs ?? [];
    return d === c && p !== undefined ? r.emit("select", [c, p, y], NONE) : null;
  }),
  selectRule("c ? x : (c ? z : y) = c ? x : y", (r, c, x, y) => {
    const [d, , q] = r.match(y, "select")?.inputs ?? [];
    return d === c && q !== undefined ? r.emit("select", [c, x, q], NONE) : null;
  }),
];

/** Whether every value of `from` is one of `to`. */
const lossless = (from: DType, to: DType): boolean =>
  from === to || from === "bool" || (to === "f64" && from !== "f64");
const cast: readonly Rule<"cast">[] = [
  ruleWith("cast to the same dtype = x", (_r, x, { dtype }) => (x.type.dtype === dtype ? x : null)),
  // i32 -> f64 -> u32 is checked where i32 -> u32 wraps, so two integer dtypes are left alone
  ruleWith("cast(cast(x)) = cast(x) if the first loses nothing", (r, x, { dtype }) => {
    const [y] = r.match(x, "cast")?.inputs ?? [];
    if (y === undefined || !lossless(y.type.dtype, x.type.dtype)) return null;
    if (isInt(y.type.dtype) && isInt(dtype) && y.type.dtype !== dtype) return null;
    return r.emit("cast", [y], { dtype });
  }),
];
const bitcast: readonly Rule<"bitcast">[] = [
  ruleWith("bitcast to the same dtype = x", (_r, x, { dtype }) => (x.type.dtype === dtype ? x : null)),
  ruleWith("bitcast(bitcast(x)) = bitcast(x)", (r, x, { dtype }) => {
    const [y] = r.match(x, "bitcast")?.inputs ?? [];
    return y === undefined ? null : r.emit("bitcast", [y], { dtype });
  }),
];

type ElementwiseRules = Pick<RuleTable, UnaryOp | BinaryOp | "select" | "cast" | "bitcast" | "threefry">;

/** Ops with an empty list have no rule that holds for every value. */
export const elementwiseRules: ElementwiseRules = {
  neg: [twice("neg")],
  abs: [
    idempotent("abs"),
    rule1("|-x| = |x|, but unsigned -x is 2^32 - x and its own magnitude", (r, x, { dtype }) => {
      const y = dtype === "u32" ? null : under(r, x, "neg");
      return y === null ? null : r.emit("abs", [y], NONE);
    }),
  ],
  sign: [idempotent("sign")],
  floor: rounding,
  ceil: rounding,
  trunc: rounding,
  round: rounding,
  rint: rounding,
  sqrt: [],
  cbrt: [],
  exp: [],
  exp2: [],
  expm1: [],
  log: [],
  log1p: [],
  log2: [],
  log10: [],
  sin: [],
  cos: [],
  tan: [],
  asin: [],
  acos: [],
  atan: [],
  sinh: [],
  cosh: [],
  tanh: [],
  asinh: [],
  acosh: [],
  atanh: [],
  erf: [],
  erfc: [],
  ndtr: [],
  gelu: [],
  sigmoid: [],
  lgamma: [],
  not: [twice("not"), notCompare],
  clz32: [],
  toInt32: [rule1("x | 0 = x for i32", (_r, x) => (x.type.dtype === "i32" ? x : null))],
  stopGradient: [],
  barrier: [],
  add,
  sub,
  mul,
  div,
  rem: [],
  pow,
  atan2: [],
  min: extreme("min", Number.POSITIVE_INFINITY),
  max: extreme("max", Number.NEGATIVE_INFINITY),
  and: bits("and"),
  or: bits("or"),
  xor: bits("xor"),
  shl: shift,
  shr: shift,
  ushr: shift,
  eq: [right("eq"), selfCompare(1, exact), remainderIsZero("eq")],
  ne: [right("ne"), selfCompare(0, exact), remainderIsZero("ne")],
  lt: [selfCompare(0, any)],
  le: [selfCompare(1, exact)],
  gt: [selfCompare(0, any)],
  ge: [selfCompare(1, exact)],
  select,
  cast,
  bitcast,
  threefry: [],
};
