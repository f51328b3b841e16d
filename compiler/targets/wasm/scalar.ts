/** Scalar emission of every machine op. A bool is an i32 of 0 or 1. Rules use each operand expression once. */
import { internal } from "../../diagnostics.js";
import type { MachineOp, RegType } from "../../kernel/types.js";
import { bind, type Expr, type Fn, i32, scalarConst, wasmType } from "./asm.js";

/** One application: `from` is the type of the data operands, `to` of the result. */
export interface ScalarCall {
  readonly fn: Fn;
  readonly from: RegType;
  readonly to: RegType;
}
type Args = readonly Expr[];
type Rule = (c: ScalarCall, args: Args) => Expr;

const undefinedFor = (op: string, type: RegType): never =>
  internal(`${op} is not defined for ${type} registers`);
const arg = (args: Args, k: number): Expr => args[k] ?? internal("a machine op lacks an operand");

type Unary = (x: Expr) => Expr;
type Binary = (x: Expr, y: Expr) => Expr;
type Cases<F> = (c: ScalarCall) => Readonly<Record<RegType, F | null>>;

const unary =
  (op: string, cases: Cases<Unary>): Rule =>
  (c, args) =>
    (cases(c)[c.from] ?? undefinedFor(op, c.from))(arg(args, 0));
const binary =
  (op: string, cases: Cases<Binary>): Rule =>
  (c, args) =>
    (cases(c)[c.from] ?? undefinedFor(op, c.from))(arg(args, 0), arg(args, 1));

/** floor, ceil, trunc, nearest: the identity on integers. */
const rounding = (name: "floor" | "ceil" | "trunc" | "nearest"): Rule =>
  unary(name, ({ fn: { m } }) => ({
    f32: (x) => m.f32[name](x),
    f64: (x) => m.f64[name](x),
    i32: (x) => x,
    u32: (x) => x,
    i64: (x) => x,
    bool: null,
  }));

const arithmetic = (name: "add" | "sub" | "mul"): Rule =>
  binary(name, ({ fn: { m } }) => ({
    f32: (x, y) => m.f32[name](x, y),
    f64: (x, y) => m.f64[name](x, y),
    i32: (x, y) => m.i32[name](x, y),
    u32: (x, y) => m.i32[name](x, y),
    i64: (x, y) => m.i64[name](x, y),
    bool: null,
  }));

const bitwise = (name: "and" | "or" | "xor"): Rule =>
  binary(name, ({ fn: { m } }) => {
    const word: Binary = (x, y) => m.i32[name](x, y);
    return { f32: null, f64: null, i32: word, u32: word, bool: word, i64: (x, y) => m.i64[name](x, y) };
  });

/** WASM takes the count modulo the width. An arithmetic shift of an unsigned value is logical. */
const shift = (name: "shl" | "shr_s" | "shr_u"): Rule =>
  binary(name, ({ fn: { m } }) => ({
    f32: null,
    f64: null,
    i32: (x, y) => m.i32[name](x, y),
    u32: (x, y) => m.i32[name === "shl" ? "shl" : "shr_u"](x, y),
    bool: null,
    i64: (x, y) => m.i64[name](x, y),
  }));

const comparison = (name: "eq" | "ne" | "lt" | "le" | "gt" | "ge"): Rule =>
  binary(name, ({ fn: { m } }) => {
    const sign = (signed: boolean) =>
      name === "eq" || name === "ne" ? name : (`${name}_${signed ? "s" : "u"}` as const);
    return {
      f32: (x, y) => m.f32[name](x, y),
      f64: (x, y) => m.f64[name](x, y),
      i32: (x, y) => m.i32[sign(true)](x, y),
      u32: (x, y) => m.i32[sign(false)](x, y),
      bool: (x, y) => m.i32[sign(false)](x, y),
      i64: (x, y) => m.i64[sign(true)](x, y),
    };
  });

const bindPair = (c: ScalarCall, x: Expr, y: Expr, body: (x: () => Expr, y: () => Expr) => Expr): Expr => {
  const type = wasmType(c.from);
  const operands = [x, y].map((value) => ({ type, value }));
  return bind(c.fn, operands, wasmType(c.to), (read) =>
    body(
      () => read(0),
      () => read(1),
    ),
  );
};

/** The lesser or greater integer; of truth values, `and` or `or`. */
const extreme = (name: "min" | "max"): Rule =>
  binary(name, (c) => {
    const { m } = c.fn;
    const order = name === "min" ? "lt" : "gt";
    const word =
      (compare: "lt_s" | "lt_u" | "gt_s" | "gt_u"): Binary =>
      (x, y) =>
        bindPair(c, x, y, (a, b) => m.select(m.i32[compare](a(), b()), a(), b()));
    return {
      f32: (x, y) => m.f32[name](x, y),
      f64: (x, y) => m.f64[name](x, y),
      i32: word(`${order}_s`),
      u32: word(`${order}_u`),
      i64: (x, y) => bindPair(c, x, y, (a, b) => m.select(m.i64[`${order}_s`](a(), b()), a(), b())),
      bool: (x, y) => (name === "min" ? m.i32.and(x, y) : m.i32.or(x, y)),
    };
  });

/**
 * Integer division as JavaScript's `(x / y) | 0` and `(x % y) | 0`, which never trap: by zero it gives 0, and MIN / -1 wraps to
 * MIN. Divisors 0 and -1 are replaced by 1 and their results patched in.
 */
const integerDivision =
  (quotient: boolean): Cases<Binary> =>
  (c) => {
    const { fn } = c;
    const { m } = fn;
    const unsigned: Binary = (x, y) =>
      bindPair(c, x, y, (a, b) => {
        const divide = quotient ? m.i32.div_u : m.i32.rem_u;
        const divided = divide(a(), m.select(b(), b(), i32(fn, 1)));
        return m.select(b(), divided, i32(fn, 0));
      });
    const signed: Binary = (x, y) =>
      bindPair(c, x, y, (a, b) => {
        const divide = quotient ? m.i32.div_s : m.i32.rem_s;
        const special = (): Expr => m.i32.le_u(m.i32.add(b(), i32(fn, 1)), i32(fn, 1)); // y is 0 or -1
        const divided = divide(a(), m.select(special(), i32(fn, 1), b()));
        const patched = quotient ? m.select(b(), m.i32.sub(i32(fn, 0), a()), i32(fn, 0)) : i32(fn, 0);
        return m.select(special(), patched, divided);
      });
    return {
      f32: quotient ? (x, y) => m.f32.div(x, y) : null,
      f64: quotient ? (x, y) => m.f64.div(x, y) : null,
      i32: signed,
      u32: unsigned,
      i64: null,
      bool: null,
    };
  };

const toBool = (c: ScalarCall, x: Expr): Expr => {
  const { fn, from } = c;
  const { m } = fn;
  if (from === "bool") return x;
  const zero = scalarConst(fn, from, from === "i64" ? 0n : 0);
  if (from === "f32" || from === "f64" || from === "i64") return m[from].ne(x, zero);
  return m.i32.ne(x, zero);
};

/** Value conversion: float to integer truncates and saturates, NaN gives 0; integers keep their low bits. */
const convert = (c: ScalarCall, x: Expr): Expr => {
  const { m } = c.fn;
  const unsigned = c.from !== "i32";
  const { from, to } = c;
  switch (to) {
    case "bool":
      return toBool(c, x);
    case "f32":
      if (from === "f32") return x;
      if (from === "f64") return m.f32.demote(x);
      if (from === "i64") return m.f32.convert_s.i64(x);
      return unsigned ? m.f32.convert_u.i32(x) : m.f32.convert_s.i32(x);
    case "f64":
      if (from === "f64") return x;
      if (from === "f32") return m.f64.promote(x);
      if (from === "i64") return m.f64.convert_s.i64(x);
      return unsigned ? m.f64.convert_u.i32(x) : m.f64.convert_s.i32(x);
    case "i64":
      if (from === "i64") return x;
      if (from === "f32" || from === "f64") return m.i64.trunc_s_sat[from](x);
      return unsigned ? m.i64.extend_u(x) : m.i64.extend_s(x);
    case "i32":
      if (from === "f32" || from === "f64") return m.i32.trunc_s_sat[from](x);
      return from === "i64" ? m.i32.wrap(x) : x;
    case "u32":
      if (from === "f32" || from === "f64") return m.i32.trunc_u_sat[from](x);
      return from === "i64" ? m.i32.wrap(x) : x;
  }
};

const bitcast = (c: ScalarCall, x: Expr): Expr => {
  const { m } = c.fn;
  const { from, to } = c;
  const word = (t: RegType): boolean => t === "i32" || t === "u32";
  if (from === to || (word(from) && word(to))) return x;
  if (from === "f32" && word(to)) return m.i32.reinterpret(x);
  if (word(from) && to === "f32") return m.f32.reinterpret(x);
  if (from === "f64" && to === "i64") return m.i64.reinterpret(x);
  if (from === "i64" && to === "f64") return m.f64.reinterpret(x);
  return undefinedFor(`bitcast to ${to}`, from);
};

const negation: Cases<Unary> = ({ fn }) => {
  const { m } = fn;
  const word: Unary = (x) => m.i32.sub(i32(fn, 0), x);
  return {
    f32: (x) => m.f32.neg(x),
    f64: (x) => m.f64.neg(x),
    i32: word,
    u32: word,
    i64: (x) => m.i64.sub(m.i64.const(0n), x),
    bool: null,
  };
};

/** Of integers: (x ^ s) - s with s = x >> (width - 1). */
const magnitude: Cases<Unary> = (c) => {
  const { fn } = c;
  const { m } = fn;
  return {
    f32: (x) => m.f32.abs(x),
    f64: (x) => m.f64.abs(x),
    u32: (x) => x,
    i32: (x) =>
      bindPair(c, x, i32(fn, 31), (a, width) => {
        const sign = (): Expr => m.i32.shr_s(a(), width());
        return m.i32.sub(m.i32.xor(a(), sign()), sign());
      }),
    i64: (x) =>
      bindPair(c, x, m.i64.const(63n), (a, width) => {
        const sign = (): Expr => m.i64.shr_s(a(), width());
        return m.i64.sub(m.i64.xor(a(), sign()), sign());
      }),
    bool: null,
  };
};

const complement: Cases<Unary> = ({ fn }) => {
  const { m } = fn;
  const word: Unary = (x) => m.i32.xor(x, i32(fn, -1));
  return {
    f32: null,
    f64: null,
    i32: word,
    u32: word,
    i64: (x) => m.i64.xor(x, m.i64.const(-1n)),
    bool: (x) => m.i32.eqz(x),
  };
};

/** Rounded twice: WASM has no scalar fused multiply-add. */
const multiplyAdd: Rule = (c, args) => {
  const { m } = c.fn;
  if (c.from !== "f32" && c.from !== "f64") return undefinedFor("fma", c.from);
  return m[c.from].add(m[c.from].mul(arg(args, 0), arg(args, 1)), arg(args, 2));
};

export const SCALAR_RULES: Readonly<Record<MachineOp, Rule>> = {
  add: arithmetic("add"),
  sub: arithmetic("sub"),
  mul: arithmetic("mul"),
  div: binary("div", integerDivision(true)),
  rem: binary("rem", integerDivision(false)),
  neg: unary("neg", negation),
  abs: unary("abs", magnitude),
  sqrt: unary("sqrt", ({ fn: { m } }) => ({
    f32: (x) => m.f32.sqrt(x),
    f64: (x) => m.f64.sqrt(x),
    i32: null,
    u32: null,
    i64: null,
    bool: null,
  })),
  floor: rounding("floor"),
  ceil: rounding("ceil"),
  trunc: rounding("trunc"),
  nearest: rounding("nearest"),
  min: extreme("min"),
  max: extreme("max"),
  and: bitwise("and"),
  or: bitwise("or"),
  xor: bitwise("xor"),
  not: unary("not", complement),
  shl: shift("shl"),
  shr: shift("shr_s"),
  ushr: shift("shr_u"),
  clz32: unary("clz32", ({ fn: { m } }) => ({
    f32: null,
    f64: null,
    i32: (x) => m.i32.clz(x),
    u32: (x) => m.i32.clz(x),
    i64: null,
    bool: null,
  })),
  eq: comparison("eq"),
  ne: comparison("ne"),
  lt: comparison("lt"),
  le: comparison("le"),
  gt: comparison("gt"),
  ge: comparison("ge"),
  select: (c, args) => c.fn.m.select(arg(args, 0), arg(args, 1), arg(args, 2)),
  convert: (c, args) => convert(c, arg(args, 0)),
  bitcast: (c, args) => bitcast(c, arg(args, 0)),
  fma: multiplyAdd,
};
