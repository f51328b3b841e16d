/** The meaning of each machine op on one lane. i64 registers hold bigints in two's complement, all others numbers. */
import { internal } from "../diagnostics.js";
import { type KernelOp, MACHINE_OPS, type MachineOp, type RegType } from "./types.js";

export type Register = number | bigint;

const machineOps: ReadonlySet<string> = new Set(MACHINE_OPS);
/** Ops that mean something else for floats before they are expanded. */
export const isMachineOp = (op: KernelOp): op is MachineOp => machineOps.has(op);

const words = new DataView(new ArrayBuffer(8));

const bits = (v: Register, from: RegType): bigint | number => {
  switch (from) {
    case "f32":
      words.setFloat32(0, Number(v));
      return words.getInt32(0);
    case "f64":
      words.setFloat64(0, Number(v));
      return words.getBigInt64(0);
    case "i32":
    case "u32":
    case "bool":
    case "i64":
      return v;
    default: {
      const never: never = from;
      return internal(`no bits of ${never}`);
    }
  }
};
const fromBits = (v: bigint | number, to: RegType): Register => {
  switch (to) {
    case "f32":
      words.setInt32(0, Number(v));
      return words.getFloat32(0);
    case "f64":
      words.setBigInt64(0, BigInt(v));
      return words.getFloat64(0);
    case "i32":
      return Number(v) | 0;
    case "u32":
      return Number(v) >>> 0;
    case "i64":
      return BigInt.asIntN(64, BigInt(v));
    case "bool":
      return Number(v);
    default: {
      const never: never = to;
      return internal(`no ${never} from bits`);
    }
  }
};

/** Wraps or rounds a result to its register. */
const wrapped = (v: Register, type: RegType): Register => {
  if (type === "i64") return BigInt.asIntN(64, BigInt(v));
  const x = Number(v);
  switch (type) {
    case "f32":
      return Math.fround(x);
    case "f64":
      return x;
    case "i32":
      return x | 0;
    case "u32":
      return x >>> 0;
    case "bool":
      return Number(x !== 0);
    default: {
      const never: never = type;
      return internal(`no register of ${never}`);
    }
  }
};

/** Round half to even. */
const nearest = (x: number): number => {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const floor = Math.floor(x);
  const rest = x - floor;
  const even = rest < 0.5 ? floor : rest > 0.5 ? floor + 1 : floor % 2 === 0 ? floor : floor + 1;
  return even === 0 && (x < 0 || Object.is(x, -0)) ? -0 : even;
};

const saturate = (x: number, lo: number, hi: number): number =>
  Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, lo), hi));

const convert = (v: Register, from: RegType, to: RegType): Register => {
  if (to === "bool") return Number(typeof v === "bigint" ? v !== 0n : v !== 0);
  const float = from === "f32" || from === "f64";
  if (!float || typeof v === "bigint")
    return to === "i64"
      ? wrapped(v, to)
      : wrapped(to === "i32" || to === "u32" ? BigInt.asIntN(32, BigInt(v)) : v, to);
  if (to === "i32") return saturate(v, -(2 ** 31), 2 ** 31 - 1) | 0;
  if (to === "u32") return saturate(v, 0, 2 ** 32 - 1);
  if (to !== "i64") return wrapped(v, to);
  if (Number.isNaN(v)) return 0n;
  if (v >= 2 ** 63) return 2n ** 63n - 1n;
  return v <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(v));
};

const arithmetic64 = (op: MachineOp, x: bigint, y: bigint): bigint | boolean => {
  const unsigned = BigInt.asUintN(64, x);
  switch (op) {
    case "add":
      return x + y;
    case "sub":
      return x - y;
    case "mul":
      return x * y;
    case "div":
      return y === 0n ? 0n : x / y;
    case "rem":
      return y === 0n ? 0n : x % y;
    case "neg":
      return -x;
    case "abs":
      return x < 0n ? -x : x;
    case "min":
      return x < y ? x : y;
    case "max":
      return x > y ? x : y;
    case "and":
      return x & y;
    case "or":
      return x | y;
    case "xor":
      return x ^ y;
    case "not":
      return ~x;
    case "shl":
      return x << (y & 63n);
    case "shr":
      return x >> (y & 63n);
    case "ushr":
      return unsigned >> (y & 63n);
    case "eq":
      return x === y;
    case "ne":
      return x !== y;
    case "lt":
      return x < y;
    case "le":
      return x <= y;
    case "gt":
      return x > y;
    case "ge":
      return x >= y;
    default:
      return internal(`${op} is not defined for i64 registers`);
  }
};

/** x op y on numbers; `type` is the operands' type. */
const arithmetic = (op: MachineOp, x: number, y: number, type: RegType): number | boolean => {
  const float = type === "f32" || type === "f64";
  switch (op) {
    case "add":
      return x + y;
    case "sub":
      return x - y;
    case "mul":
      return float ? x * y : Math.imul(x, y);
    case "div":
      return float ? x / y : y === 0 ? 0 : Math.trunc(x / y);
    // of floats it is the op `rem`, not yet expanded
    case "rem":
      return float || y !== 0 ? x % y : 0;
    case "neg":
      return -x;
    case "abs":
      return Math.abs(x);
    case "sqrt":
      return Math.sqrt(x);
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "trunc":
      return Math.trunc(x);
    case "nearest":
      return nearest(x);
    case "min":
      return Math.min(x, y);
    case "max":
      return Math.max(x, y);
    case "and":
      return x & y;
    case "or":
      return x | y;
    case "xor":
      return x ^ y;
    case "not":
      return type === "bool" ? 1 - x : ~x;
    case "shl":
      return x << y;
    case "shr":
      return type === "u32" ? x >>> y : x >> y;
    case "ushr":
      return x >>> y;
    case "clz32":
      return Math.clz32(x);
    case "eq":
      return x === y;
    case "ne":
      return x !== y;
    case "lt":
      return x < y;
    case "le":
      return x <= y;
    case "gt":
      return x > y;
    case "ge":
      return x >= y;
    case "select":
    case "convert":
    case "bitcast":
    case "fma":
      return internal(`${op} has other operands`);
    default: {
      const never: never = op;
      return internal(`unexpected op ${never}`);
    }
  }
};

/**
 * One application. `from` is the type of the data operands (of the values chosen between, for `select`), `type` of the
 * result. `fma` rounds twice.
 */
export const evalMachineOp = (
  op: MachineOp,
  type: RegType,
  from: RegType,
  args: readonly Register[],
): Register => {
  const [x, y, z] = args;
  if (x === undefined) return internal(`${op} without operands`);
  if (op === "convert") return convert(x, from, type);
  if (op === "bitcast") return fromBits(bits(x, from), type);
  if (op === "select") return (Number(x) !== 0 ? y : z) ?? internal("select lacks an operand");
  if (op === "fma") {
    const product = Number(wrapped(Number(x) * Number(y), type));
    return wrapped(product + Number(z), type);
  }
  const v =
    typeof x === "bigint"
      ? arithmetic64(op, x, typeof y === "bigint" ? y : 0n)
      : arithmetic(op, x, typeof y === "number" ? y : 0, from);
  return typeof v === "boolean" ? Number(v) : wrapped(v, type);
};
