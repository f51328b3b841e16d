/** Elementwise ops as expressions of numbers and booleans, with the arithmetic of their dtypes. */
import type { DType, PlainEqn, UnaryOp } from "../../ir/types.js";
import { I32, type Range, U32, within } from "../../passes/range.js";
import { type BinaryOperator, binary, call, conditional, type Expr, minus, negation, num } from "./code.js";
import { type Emitter, refusePrint } from "./emitter.js";
import { difference, product, sum } from "./integers.js";

/** What is known of an equation's operands and result, elementwise. */
export interface Known {
  readonly inputs: readonly (Range | null)[];
  readonly types: readonly DType[];
  readonly dtype: DType;
  /** Whether the result counts rows in memory, far from overflowing. */
  readonly count: boolean;
}

const MATH: Readonly<Partial<Record<UnaryOp, string>>> = {
  abs: "Math.abs",
  sign: "Math.sign",
  floor: "Math.floor",
  ceil: "Math.ceil",
  trunc: "Math.trunc",
  round: "Math.round",
  sqrt: "Math.sqrt",
  cbrt: "Math.cbrt",
  exp: "Math.exp",
  expm1: "Math.expm1",
  log: "Math.log",
  log1p: "Math.log1p",
  log2: "Math.log2",
  log10: "Math.log10",
  sin: "Math.sin",
  cos: "Math.cos",
  tan: "Math.tan",
  asin: "Math.asin",
  acos: "Math.acos",
  atan: "Math.atan",
  sinh: "Math.sinh",
  cosh: "Math.cosh",
  tanh: "Math.tanh",
  asinh: "Math.asinh",
  acosh: "Math.acosh",
  atanh: "Math.atanh",
  clz32: "Math.clz32",
};

/** The result in its dtype: f32 is rounded, integers wrap. `whole`: what it lies in if nothing is lost. */
const rounded = (x: Expr, dtype: DType, fits: boolean): Expr => {
  switch (dtype) {
    case "f32":
      return call("Math.fround", x);
    case "i32":
      return fits ? x : binary("|", x, num(0));
    case "u32":
      return fits ? x : binary(">>>", x, num(0));
    case "f64":
    case "bool":
      return x;
    default: {
      const never: never = dtype;
      return never;
    }
  }
};

const COMPARISONS = {
  eq: "===",
  ne: "!==",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
} as const satisfies Readonly<Record<string, BinaryOperator>>;
const BITS = { and: "&", or: "|", xor: "^", shl: "<<", shr: ">>", ushr: ">>>" } as const satisfies Readonly<
  Record<string, BinaryOperator>
>;
const LOGIC = { and: "&&", or: "||", xor: "!==" } as const satisfies Readonly<Record<string, BinaryOperator>>;

/** x + y of floats: with the signs of the parts where a reader would put them. */
const plus = (x: Expr, y: Expr): Expr => {
  if (y.kind === "number" && y.value < 0) return binary("-", x, num(-y.value));
  if (y.kind === "unary" && y.op === "-") return binary("-", x, y.x);
  if (x.kind === "unary" && x.op === "-") return binary("-", y, x.x);
  if (x.kind === "number" && x.value < 0) return binary("-", y, num(-x.value));
  return binary("+", x, y);
};
const lessOf = (x: Expr, y: Expr): Expr => {
  if (y.kind === "number" && y.value < 0) return binary("+", x, num(-y.value));
  if (y.kind === "unary" && y.op === "-") return binary("+", x, y.x);
  return binary("-", x, y);
};
const times = (x: Expr, y: Expr): Expr => {
  // products of two are the same in both orders: a number stands first
  if (y.kind === "number") return x.kind === "number" ? binary("*", x, y) : times(y, x);
  if (x.kind === "number" && x.value === -1) return minus(y);
  if (x.kind === "unary" && x.op === "-") return minus(times(x.x, y));
  if (y.kind === "unary" && y.op === "-") return minus(times(x, y.x));
  return binary("*", x, y);
};
const quotient = (x: Expr, y: Expr): Expr =>
  x.kind === "unary" && x.op === "-" ? minus(quotient(x.x, y)) : binary("/", x, y);

const inRange = (r: Range | null, dtype: DType): boolean =>
  r?.int === true && within(r, dtype === "u32" ? U32 : I32);

const integerBinary = (
  op: "add" | "sub" | "mul" | "div" | "rem",
  [x, y]: readonly [Expr, Expr],
  { inputs: [rx = null, ry = null], dtype, count }: Known,
): Expr => {
  const corners = (f: (a: number, b: number) => number): Range | null => {
    if (rx === null || ry === null) return null;
    const all = [f(rx.lo, ry.lo), f(rx.lo, ry.hi), f(rx.hi, ry.lo), f(rx.hi, ry.hi)];
    return { lo: Math.min(...all), hi: Math.max(...all), int: true };
  };
  switch (op) {
    case "add": {
      const range = corners((a, b) => a + b);
      const fits = count || inRange(range, dtype);
      return fits ? sum(x, y) : rounded(binary("+", x, y), dtype, false);
    }
    case "sub": {
      const range = corners((a, b) => a - b);
      const fits = count || inRange(range, dtype);
      return fits ? difference(x, y) : rounded(binary("-", x, y), dtype, false);
    }
    case "mul": {
      const range = corners((a, b) => a * b);
      const noMinusZero = rx !== null && ry !== null && rx.lo >= 0 && ry.lo >= 0;
      if (inRange(range, dtype) && noMinusZero) return product(x, y);
      const wrapped = call("Math.imul", x, y);
      return dtype === "u32" ? rounded(wrapped, dtype, false) : wrapped;
    }
    case "div":
      // 0 where y is 0, as | 0 makes it of what is not finite
      return rounded(binary("/", x, y), dtype, false);
    case "rem": {
      const plain = rx !== null && ry !== null && rx.lo >= 0 && ry.lo > 0;
      return rounded(binary("%", x, y), dtype, plain);
    }
    default: {
      const never: never = op;
      return never;
    }
  }
};

const conversion = (
  e: Emitter,
  x: Expr,
  to: DType,
  { inputs: [range = null], types: [from = "f64"] }: Known,
): Expr => {
  if (from === to) return x;
  if (to === "bool") return binary("!==", x, num(0));
  if (from === "bool") return x.kind === "boolean" ? num(Number(x.value)) : conditional(x, num(1), num(0));
  if (to === "f64") return x;
  if (to === "f32") return call("Math.fround", x);
  if (from === "f32" || from === "f64") {
    if (inRange(range, to)) return x;
    e.helpers.add(to === "i32" ? "int32" : "uint32");
    return call(to === "i32" ? "int32" : "uint32", x);
  }
  return to === "i32" ? binary("|", x, num(0)) : binary(">>>", x, num(0));
};

/** The expression of an elementwise equation; null for ops of another kind. */
export const elementwise = (e: Emitter, eqn: PlainEqn, args: readonly Expr[], known: Known): Expr | null => {
  const { dtype } = known;
  const [x = num(0), y = num(0), z = num(0)] = args;
  const [operand = dtype] = known.types;
  const isFloating = dtype === "f32" || dtype === "f64";
  switch (eqn.op) {
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "rem":
      if (!isFloating) return integerBinary(eqn.op, [x, y], known);
      switch (eqn.op) {
        case "add":
          return rounded(plus(x, y), dtype, false);
        case "sub":
          return rounded(lessOf(x, y), dtype, false);
        case "mul":
          return rounded(times(x, y), dtype, false);
        case "div":
          return rounded(quotient(x, y), dtype, false);
        case "rem":
          return rounded(binary("%", x, y), dtype, false);
        default: {
          const never: never = eqn;
          return never;
        }
      }
    case "neg":
      return isFloating ? minus(x) : rounded(difference(num(0), x), dtype, false);
    case "pow":
      return rounded(binary("**", x, y), dtype, false);
    case "atan2":
      return rounded(call("Math.atan2", x, y), dtype, false);
    case "min":
      return call("Math.min", x, y);
    case "max":
      return call("Math.max", x, y);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return binary(COMPARISONS[eqn.op], x, y);
    case "and":
    case "or":
    case "xor":
      if (dtype === "bool") return binary(LOGIC[eqn.op], x, y);
      return rounded(binary(BITS[eqn.op], x, y), dtype, dtype === "i32");
    case "shl":
      return rounded(binary("<<", x, y), dtype, dtype === "i32");
    case "shr":
      return dtype === "u32" ? binary(">>>", x, y) : binary(">>", x, y);
    case "ushr":
      return rounded(binary(">>>", x, y), dtype, dtype === "u32");
    case "not":
      if (dtype === "bool") return negation(x);
      return rounded({ kind: "unary", op: "~", x }, dtype, dtype === "i32");
    case "abs":
    case "sign":
      return isFloating ? call(MATH[eqn.op] ?? "", x) : rounded(call(MATH[eqn.op] ?? "", x), dtype, false);
    case "floor":
    case "ceil":
    case "trunc":
    case "round":
    case "clz32":
      return call(MATH[eqn.op] ?? "", x);
    case "rint":
      e.helpers.add("roundHalfEven");
      return call("roundHalfEven", x);
    case "sqrt":
    case "cbrt":
    case "exp":
    case "expm1":
    case "log":
    case "log1p":
    case "log2":
    case "log10":
    case "sin":
    case "cos":
    case "tan":
    case "asin":
    case "acos":
    case "atan":
    case "sinh":
    case "cosh":
    case "tanh":
    case "asinh":
    case "acosh":
    case "atanh":
      return rounded(call(MATH[eqn.op] ?? "", x), dtype, false);
    case "toInt32":
      return inRange(known.inputs[0] ?? null, "i32") ? x : binary("|", x, num(0));
    case "stopGradient":
      return x;
    case "select":
      return conditional(x, y, z);
    case "cast":
      return conversion(e, x, eqn.params.dtype, known);
    case "bitcast":
      if (operand === "i32" && dtype === "u32") return binary(">>>", x, num(0));
      if (operand === "u32" && dtype === "i32") return binary("|", x, num(0));
      return refusePrint(e, `the bits of ${operand} as ${dtype}`, "compute with the numbers themselves");
    case "threefry":
      return refusePrint(e, "a random number", "draw it outside, and hand it to the function as an argument");
    default:
      return null;
  }
};

/** Functions that a text may need, by name; each is printed once, below what uses it. */
export const HELPERS: Readonly<Record<string, string>> = {
  int32: `/** x without its fraction; there is no 32-bit integer for a number beyond them. */
function int32(x: number): number {
  const n = Math.trunc(x);
  if (n !== (n | 0)) throw new RangeError(\`\${x} is no 32-bit integer\`);
  return n | 0;
}`,
  uint32: `/** x without its fraction; there is no unsigned 32-bit integer for a number beyond them. */
function uint32(x: number): number {
  const n = Math.trunc(x);
  if (n !== n >>> 0) throw new RangeError(\`\${x} is no unsigned 32-bit integer\`);
  return n >>> 0;
}`,
  inside: `/** The index i of an array of length n. */
function inside(i: number, n: number): number {
  if (i < 0 || i >= n) throw new RangeError(\`index \${i} is out of range: there are \${n} elements\`);
  return i;
}`,
  roundHalfEven: `/** The nearest integer, the even one of two. */
function roundHalfEven(x: number): number {
  return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
}`,
};
export const HELPER_NAMES: readonly string[] = Object.keys(HELPERS);
