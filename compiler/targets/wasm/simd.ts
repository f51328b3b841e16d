/**
 * Vector emission of every machine op: f32x4, i32x4 in four lanes; f64x2, i64x2 in two, where 32-bit values lie in the low
 * lanes and the upper ones hold anything. A bool is a mask as wide as a lane (32 bits of four, 64 bits of two).
 * Rules use each operand expression once.
 */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type { MachineOp, RegType } from "../../kernel/types.js";
import { bind, type Expr, type Fn, is64, type Lanes, multiplyAdd, vectorConst } from "./asm.js";
import { extractLane, fromLanes, narrowMask, widenMask } from "./lanes.js";
import { SCALAR_RULES } from "./scalar.js";

/** One application. `types` are the operands' types; `from` is the type of the data operands, `to` of the result. */
export interface VectorCall {
  readonly fn: Fn;
  readonly lanes: Lanes;
  readonly types: readonly RegType[];
  readonly from: RegType;
  readonly to: RegType;
  /** A shift count that is the same in all lanes, as a scalar register of type `from`. */
  readonly uniformCount: Expr | null;
}
type Args = readonly Expr[];
type Rule = (c: VectorCall, args: Args) => Expr;

const undefinedFor = (op: string, type: RegType): never =>
  internal(`${op} is not defined for ${type} vectors`);
const arg = (args: Args, k: number): Expr => args[k] ?? internal("a machine op lacks an operand");

const bindAll = (c: VectorCall, args: Args, body: (read: (k: number) => Expr) => Expr): Expr =>
  bind(
    c.fn,
    args.map((value) => ({ type: binaryen.v128, value })),
    binaryen.v128,
    body,
  );

const shapeOf = (m: binaryen.Module, type: RegType) => {
  switch (type) {
    case "f32":
      return m.f32x4;
    case "f64":
      return m.f64x2;
    default:
      return internal(`${type} is not a float`);
  }
};

/** For ops without a vector instruction: the scalar rule in each lane. */
const byLanes =
  (op: MachineOp): Rule =>
  (c, args) =>
    bindAll(c, args, (read) => {
      const { fn, lanes, from, to } = c;
      const lane = (k: number): Expr => {
        const operands = c.types.map((type, a) => extractLane(fn, type, lanes, read(a), k));
        return SCALAR_RULES[op]({ fn, from, to }, operands);
      };
      return fromLanes(
        fn,
        to,
        lanes,
        Array.from({ length: lanes }, (_, k) => lane(k)),
      );
    });

const allOnes = (fn: Fn): Expr => vectorConst(fn, "i32", 4, -1);

const arithmetic =
  (op: "add" | "sub" | "mul"): Rule =>
  (c, args) => {
    const { m } = c.fn;
    const [x, y] = [arg(args, 0), arg(args, 1)];
    switch (c.from) {
      case "f32":
        return m.f32x4[op](x, y);
      case "f64":
        return m.f64x2[op](x, y);
      case "i32":
      case "u32":
        return m.i32x4[op](x, y);
      case "i64":
        return m.i64x2[op](x, y);
      case "bool":
        return undefinedFor(op, c.from);
    }
  };

const rounding =
  (op: "floor" | "ceil" | "trunc" | "nearest"): Rule =>
  (c, args) => {
    if (c.from === "bool") return undefinedFor(op, c.from);
    const x = arg(args, 0);
    return c.from === "f32" || c.from === "f64" ? shapeOf(c.fn.m, c.from)[op](x) : x;
  };

const bitwise =
  (op: "and" | "or" | "xor"): Rule =>
  (c, args) =>
    c.from === "f32" || c.from === "f64"
      ? undefinedFor(op, c.from)
      : c.fn.m.v128[op](arg(args, 0), arg(args, 1));

/** One count for all lanes is one instruction; else lane by lane. WASM takes the count modulo the width. */
const shift =
  (op: "shl" | "shr" | "ushr", instruction: "shl" | "shr_s" | "shr_u"): Rule =>
  (c, args) => {
    const { m } = c.fn;
    if (c.uniformCount === null) return byLanes(op)(c, args);
    const x = arg(args, 0);
    if (c.from === "i64") return m.i64x2[instruction](x, m.i32.wrap(c.uniformCount));
    if (c.from === "i32") return m.i32x4[instruction](x, c.uniformCount);
    // an arithmetic shift of an unsigned value is logical
    return c.from === "u32"
      ? m.i32x4[instruction === "shl" ? "shl" : "shr_u"](x, c.uniformCount)
      : undefinedFor(op, c.from);
  };

type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** Of masks false < true: x < y is y & ~x, x <= y is y | ~x. */
const compareMasks = (c: VectorCall, op: Comparison, x: Expr, y: Expr): Expr => {
  const { m } = c.fn;
  const not = (v: Expr): Expr => m.v128.xor(v, allOnes(c.fn));
  switch (op) {
    case "eq":
      return not(m.v128.xor(x, y));
    case "ne":
      return m.v128.xor(x, y);
    case "lt":
      return m.v128.and(not(x), y);
    case "le":
      return m.v128.or(not(x), y);
    case "gt":
      return m.v128.andnot(x, y);
    case "ge":
      return m.v128.or(x, not(y));
  }
};

const comparison =
  (op: Comparison): Rule =>
  (c, args) => {
    const { m } = c.fn;
    const [x, y] = [arg(args, 0), arg(args, 1)];
    const equality = op === "eq" || op === "ne";
    const widen = (mask: Expr): Expr => (c.lanes === 2 ? widenMask(c.fn, mask) : mask);
    switch (c.from) {
      case "f32":
        return widen(m.f32x4[op](x, y));
      case "f64":
        return m.f64x2[op](x, y);
      case "i32":
        return widen(m.i32x4[equality ? op : (`${op}_s` as const)](x, y));
      case "u32":
        return widen(m.i32x4[equality ? op : (`${op}_u` as const)](x, y));
      case "i64":
        return m.i64x2[equality ? op : (`${op}_s` as const)](x, y);
      case "bool":
        return compareMasks(c, op, x, y);
    }
  };

const extreme =
  (op: "min" | "max"): Rule =>
  (c, args) => {
    const { m } = c.fn;
    const [x, y] = [arg(args, 0), arg(args, 1)];
    switch (c.from) {
      case "f32":
        return m.f32x4[op](x, y);
      case "f64":
        return m.f64x2[op](x, y);
      case "i32":
        return m.i32x4[`${op}_s`](x, y);
      case "u32":
        return m.i32x4[`${op}_u`](x, y);
      case "i64": {
        const order = op === "min" ? "lt_s" : "gt_s";
        return bindAll(c, [x, y], (read) =>
          m.v128.bitselect(read(0), read(1), m.i64x2[order](read(0), read(1))),
        );
      }
      case "bool":
        return op === "min" ? m.v128.and(x, y) : m.v128.or(x, y);
    }
  };

const negation: Rule = (c, args) => {
  const { m } = c.fn;
  const x = arg(args, 0);
  switch (c.from) {
    case "f32":
      return m.f32x4.neg(x);
    case "f64":
      return m.f64x2.neg(x);
    case "i32":
    case "u32":
      return m.i32x4.neg(x);
    case "i64":
      return m.i64x2.neg(x);
    case "bool":
      return undefinedFor("neg", c.from);
  }
};

const magnitude: Rule = (c, args) => {
  const { m } = c.fn;
  const x = arg(args, 0);
  switch (c.from) {
    case "f32":
      return m.f32x4.abs(x);
    case "f64":
      return m.f64x2.abs(x);
    case "i32":
      return m.i32x4.abs(x);
    case "u32":
      return x;
    case "i64":
      return m.i64x2.abs(x);
    case "bool":
      return undefinedFor("abs", c.from);
  }
};

const division: Rule = (c, args) =>
  c.from === "f32" || c.from === "f64"
    ? shapeOf(c.fn.m, c.from).div(arg(args, 0), arg(args, 1))
    : byLanes("div")(c, args);

const squareRoot: Rule = (c, args) => shapeOf(c.fn.m, c.from).sqrt(arg(args, 0));

const complement: Rule = (c, args) =>
  c.from === "f32" || c.from === "f64"
    ? undefinedFor("not", c.from)
    : c.fn.m.v128.xor(arg(args, 0), allOnes(c.fn));

/** A mask picks bits; two-lane masks are narrowed for 32-bit values. */
const select: Rule = (c, args) => {
  const mask = arg(args, 0);
  const narrow = c.lanes === 2 && !is64(c.to) && c.to !== "bool";
  return c.fn.m.v128.bitselect(arg(args, 1), arg(args, 2), narrow ? narrowMask(c.fn, mask) : mask);
};

const toBool = (c: VectorCall, x: Expr): Expr => {
  if (c.from === "bool") return x;
  const zero = vectorConst(c.fn, c.from, c.lanes, c.from === "i64" ? 0n : 0);
  return comparison("ne")({ ...c, types: [c.from, c.from], to: "bool" }, [x, zero]);
};

/** A mask as 0 or 1 of a 32-bit integer, in the low lanes of two. */
const maskToWord = (c: VectorCall, mask: Expr): Expr =>
  c.fn.m.v128.and(c.lanes === 2 ? narrowMask(c.fn, mask) : mask, vectorConst(c.fn, "i32", 4, 1));

const convert: Rule = (c, args) => {
  const { fn, from, to, lanes } = c;
  const { m } = fn;
  const x = arg(args, 0);
  if (from === to) return x;
  if (to === "bool") return toBool(c, x);
  if (from === "bool") {
    const word = maskToWord(c, x);
    return to === "i32" || to === "u32" ? word : convert({ ...c, from: "i32", types: ["i32"] }, [word]);
  }
  const signed = from === "i32";
  switch (to) {
    case "f32":
      if (from === "f64") return m.f32x4.demote_f64x2_zero(x);
      if (from === "i64") return byLanes("convert")(c, args);
      return signed ? m.f32x4.convert_i32x4_s(x) : m.f32x4.convert_i32x4_u(x);
    case "f64":
      if (from === "f32") return m.f64x2.promote_low_f32x4(x);
      if (from === "i64") return byLanes("convert")(c, args);
      return signed ? m.f64x2.convert_low_i32x4_s(x) : m.f64x2.convert_low_i32x4_u(x);
    case "i64":
      if (from === "f32" || from === "f64") return byLanes("convert")(c, args);
      return signed ? m.i64x2.extend_low_i32x4_s(x) : m.i64x2.extend_low_i32x4_u(x);
    case "i32":
      if (from === "f32") return m.i32x4.trunc_sat_f32x4_s(x);
      if (from === "f64") return m.i32x4.trunc_sat_f64x2_s_zero(x);
      return from === "i64" ? lowWords(fn, lanes, x) : x;
    case "u32":
      if (from === "f32") return m.i32x4.trunc_sat_f32x4_u(x);
      if (from === "f64") return m.i32x4.trunc_sat_f64x2_u_zero(x);
      return from === "i64" ? lowWords(fn, lanes, x) : x;
  }
};

const lowWords = (fn: Fn, lanes: Lanes, x: Expr): Expr =>
  lanes === 2 ? narrowMask(fn, x) : internal("64-bit values take two lanes");

const bitcast: Rule = (c, args) =>
  is64(c.from) === is64(c.to) && c.from !== "bool" && c.to !== "bool"
    ? arg(args, 0)
    : undefinedFor(`bitcast to ${c.to}`, c.from);

const contracted: Rule = (c, args) =>
  c.from === "f32" || c.from === "f64"
    ? multiplyAdd(c.fn, c.from, arg(args, 0), arg(args, 1), arg(args, 2))
    : undefinedFor("fma", c.from);

export const VECTOR_RULES: Readonly<Record<MachineOp, Rule>> = {
  add: arithmetic("add"),
  sub: arithmetic("sub"),
  mul: arithmetic("mul"),
  div: division,
  rem: byLanes("rem"),
  neg: negation,
  abs: magnitude,
  sqrt: squareRoot,
  floor: rounding("floor"),
  ceil: rounding("ceil"),
  trunc: rounding("trunc"),
  nearest: rounding("nearest"),
  min: extreme("min"),
  max: extreme("max"),
  and: bitwise("and"),
  or: bitwise("or"),
  xor: bitwise("xor"),
  not: complement,
  shl: shift("shl", "shl"),
  shr: shift("shr", "shr_s"),
  ushr: shift("ushr", "shr_u"),
  clz32: byLanes("clz32"),
  eq: comparison("eq"),
  ne: comparison("ne"),
  lt: comparison("lt"),
  le: comparison("le"),
  gt: comparison("gt"),
  ge: comparison("ge"),
  select,
  convert,
  bitcast,
  fma: contracted,
};
