/**
 * The writer of straight-line machine ops: every expansion is a function of it. Equal ops on equal operands are made
 * once per statement list, so that `sin` and `cos` of one value share their reduction and both words of a threefry call
 * their rounds.
 */
import { internal } from "../../diagnostics.js";
import type { ConstStmt, MachineOp, OpStmt, RegType, Stmt, ValueId } from "../types.js";

/** A register: its id in the kernel and its type. */
export interface Value {
  readonly id: ValueId;
  readonly type: RegType;
}
/** A register or a constant that takes the other operand's type. */
export type Operand = Value | number | bigint;

export type FloatType = "f32" | "f64";
/** The integer register of a float's width. */
export type BitsType = "i32" | "i64";

export interface Emitter {
  readonly constant: (type: RegType, value: number | bigint) => Value;
  /** Any machine op; the named functions below are this one with the result's type filled in. */
  readonly op: (op: MachineOp, type: RegType, ...args: readonly Value[]) => Value;

  readonly add: (a: Operand, b: Operand) => Value;
  readonly sub: (a: Operand, b: Operand) => Value;
  readonly mul: (a: Operand, b: Operand) => Value;
  readonly div: (a: Operand, b: Operand) => Value;
  /** a*b + c, contracted where the target can: never where the rounding of the product matters. */
  readonly fma: (a: Operand, b: Operand, c: Operand) => Value;
  readonly min: (a: Operand, b: Operand) => Value;
  readonly max: (a: Operand, b: Operand) => Value;
  readonly and: (a: Operand, b: Operand) => Value;
  readonly or: (a: Operand, b: Operand) => Value;
  readonly xor: (a: Operand, b: Operand) => Value;
  /** Shifts by a constant: SIMD has no shift by a count of each lane. */
  readonly shl: (a: Value, count: number) => Value;
  readonly shr: (a: Value, count: number) => Value;
  readonly ushr: (a: Value, count: number) => Value;

  readonly neg: (a: Value) => Value;
  readonly abs: (a: Value) => Value;
  readonly sqrt: (a: Value) => Value;
  readonly floor: (a: Value) => Value;
  readonly trunc: (a: Value) => Value;
  /** To an integer, ties to even. */
  readonly nearest: (a: Value) => Value;
  readonly not: (a: Value) => Value;

  readonly eq: (a: Operand, b: Operand) => Value;
  readonly ne: (a: Operand, b: Operand) => Value;
  readonly lt: (a: Operand, b: Operand) => Value;
  readonly le: (a: Operand, b: Operand) => Value;
  readonly gt: (a: Operand, b: Operand) => Value;
  readonly ge: (a: Operand, b: Operand) => Value;
  readonly select: (cond: Value, a: Operand, b: Operand) => Value;

  readonly convert: (a: Value, type: RegType) => Value;
  readonly bitcast: (a: Value, type: RegType) => Value;
  /** A float's bits as the signed integer of its width. */
  readonly bits: (a: Value) => Value;
  /** The float whose bits an integer holds. */
  readonly float: (a: Value) => Value;
  /**
   * For each k `cond ? rare()[k] : usual[k]`, where `cond` holds seldom: selects that a target may take as a branch
   * around what only `rare` needs.
   */
  readonly rarely: (cond: Value, rare: () => readonly Value[], usual: readonly Value[]) => readonly Value[];
}

/** A constant as its type holds it. */
const HELD: Readonly<Record<Exclude<RegType, "i64">, (x: number) => number>> = {
  f32: Math.fround,
  f64: (x) => x,
  i32: (x) => x | 0,
  u32: (x) => x >>> 0,
  bool: (x) => Number(x !== 0),
};

const constantKey = (type: RegType, value: number | bigint): string =>
  `${type}:${Object.is(value, -0) ? "-0" : String(value)}`;

/**
 * @param push receives each statement in order
 * @param fresh gives an unused id of the kernel
 */
export const createEmitter = (push: (stmt: Stmt) => void, fresh: () => ValueId): Emitter => {
  const memo = new Map<string, Value>();
  const once = (key: string, type: RegType, make: (id: ValueId) => ConstStmt | OpStmt): Value => {
    const known = memo.get(key);
    if (known !== undefined) return known;
    const value: Value = { id: fresh(), type };
    push(make(value.id));
    memo.set(key, value);
    return value;
  };

  const constant: Emitter["constant"] = (type, value) => {
    const held = type === "i64" ? BigInt.asIntN(64, BigInt(value)) : HELD[type](Number(value));
    return once(constantKey(type, held), type, (id) => ({ kind: "const", id, type, value: held }));
  };
  const op: Emitter["op"] = (name, type, ...args) => {
    const ids = args.map((a) => a.id);
    return once(`${name}:${type}:${ids.join(",")}`, type, (id) => ({
      kind: "op",
      id,
      op: name,
      args: ids,
      type,
    }));
  };

  /** Operands as registers of one type, that of the first register among them. */
  const unify = (...xs: readonly Operand[]): readonly Value[] => {
    const typed = xs.find((x): x is Value => typeof x === "object");
    if (typed === undefined) return internal("a machine op of constants alone");
    return xs.map((x) => (typeof x === "object" ? x : constant(typed.type, x)));
  };
  const same =
    (name: MachineOp) =>
    (...xs: readonly Operand[]): Value => {
      const args = unify(...xs);
      return op(name, args[0]?.type ?? "bool", ...args);
    };
  const comparison =
    (name: MachineOp) =>
    (a: Operand, b: Operand): Value =>
      op(name, "bool", ...unify(a, b));
  const shift =
    (name: MachineOp) =>
    (a: Value, count: number): Value =>
      op(name, a.type, a, constant(a.type, count));
  /** `a` and `b` must not both be plain constants. */
  const select: Emitter["select"] = (cond, a, b) => {
    const [x, y] = unify(a, b);
    if (x === undefined || y === undefined) return internal("select without operands");
    return op("select", x.type, cond, x, y);
  };
  const bitcast: Emitter["bitcast"] = (a, type) => (a.type === type ? a : op("bitcast", type, a));

  return {
    constant,
    op,
    add: same("add"),
    sub: same("sub"),
    mul: same("mul"),
    div: same("div"),
    fma: same("fma"),
    min: same("min"),
    max: same("max"),
    and: same("and"),
    or: same("or"),
    xor: same("xor"),
    shl: shift("shl"),
    shr: shift("shr"),
    ushr: shift("ushr"),
    neg: same("neg"),
    abs: same("abs"),
    sqrt: same("sqrt"),
    floor: same("floor"),
    trunc: same("trunc"),
    nearest: same("nearest"),
    not: same("not"),
    eq: comparison("eq"),
    ne: comparison("ne"),
    lt: comparison("lt"),
    le: comparison("le"),
    gt: comparison("gt"),
    ge: comparison("ge"),
    select,
    convert: (a, type) => (a.type === type ? a : op("convert", type, a)),
    bitcast,
    bits: (a) => bitcast(a, a.type === "f64" ? "i64" : "i32"),
    float: (a) => bitcast(a, a.type === "i64" ? "f64" : "f32"),
    rarely: (cond, rare, usual) => {
      const results = rare();
      return usual.map((value, k) => {
        const result = results[k] ?? internal("a rare case gives too few values");
        const { type } = value;
        const args = [cond.id, result.id, value.id];
        const key = `rare:${args.join(",")}`;
        return once(key, type, (id) => ({ kind: "op", id, op: "select", args, type, rare: true }));
      });
    },
  };
};

/** c0 + c1 x + c2 x^2 + ... by Horner's rule. */
export const polynomial = (m: Emitter, x: Value, coefficients: readonly number[]): Value => {
  const [last, ...rest] = [...coefficients].reverse();
  if (last === undefined) return internal("a polynomial without coefficients");
  const [first, ...others] = rest;
  if (first === undefined) return m.constant(x.type, last);
  return others.reduce((sum, c) => m.fma(sum, x, c), m.fma(x, last, first));
};

/** x + x^3 (c0 + c1 x^2 + ...); keeps the sign of zero. */
export const oddPolynomial = (m: Emitter, x: Value, coefficients: readonly number[]): Value => {
  const z = m.mul(x, x);
  return m.fma(m.mul(x, z), polynomial(m, z, coefficients), x);
};

/** The sign bit alone, in the integer of the float's width. */
export const signBit = (m: Emitter, x: Value): Value =>
  m.and(m.bits(x), x.type === "f64" ? -(2n ** 63n) : -(2 ** 31));

/** `y` with the sign bit of `x` set too. */
export const orSign = (m: Emitter, y: Value, x: Value): Value => m.float(m.or(m.bits(y), signBit(m, x)));
