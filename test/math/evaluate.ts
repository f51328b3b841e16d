/**
 * Runs expanded elementwise ops: the straight-line machine ops of one kernel as a JavaScript function, with the rounding of
 * each register's type. Fast enough for millions of f32 samples; i64 registers are bigints.
 */

import type { DType, ElementwiseOp } from "../../compiler/ir/types.js";
import { isFloat } from "../../compiler/ir/types.js";
import { expandMath } from "../../compiler/kernel/math/expand.js";
import type { LoopKernel, OpStmt, RegType, Stmt, ValueId } from "../../compiler/kernel/types.js";

/** A kernel of one op: loads of buffers 0.. , the op, a store to the buffer after them. */
export const kernelOf = (
  op: ElementwiseOp,
  operands: readonly DType[],
  result: DType,
  lane: 0 | 1 = 0,
): LoopKernel => {
  const at = { offset: 0, terms: [], dynamic: null };
  const n = operands.length;
  const base = { kind: "op", id: n, op, args: operands.map((_, k) => k), type: result } as const;
  const body: Stmt[] = [
    ...operands.map((type, k): Stmt => ({ kind: "load", id: k, buffer: k, at, type })),
    op === "threefry" ? { ...base, lane } : base,
    { kind: "store", buffer: n, at, value: n, mode: "set" },
  ];
  return { kind: "loops", name: op, spans: [], body };
};

/** How `fma` rounds: once (as far as a double tells, for f32) or twice. */
export type Contraction = "fused" | "separate";

const literal = (type: RegType, value: number | bigint): string =>
  type === "i64" ? `${value}n` : Object.is(value, -0) ? "-0" : String(value);

const COMPARISONS: Readonly<Record<string, string>> = {
  eq: "===",
  ne: "!==",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
};
const WORDS: Readonly<Record<string, string>> = { and: "&", or: "|", xor: "^", add: "+", sub: "-" };

/** The expression of one machine op; `from` is the type of its data operands. */
const expression = (s: OpStmt, from: RegType, args: readonly string[], contraction: Contraction): string => {
  const [x = "", y = "", z = ""] = args;
  const rounded = (e: string): string => {
    if (s.type === "f32") return `fround(${e})`;
    if (s.type === "i64") return `BigInt.asIntN(64, ${e})`;
    return s.type === "i32" ? `(${e}) | 0` : s.type === "u32" ? `(${e}) >>> 0` : e;
  };
  const compare = COMPARISONS[s.op];
  if (compare !== undefined) return `${x} ${compare} ${y}`;
  const word = WORDS[s.op];
  if (word !== undefined) return rounded(`${x} ${word} ${y}`);
  switch (s.op) {
    case "mul":
      return from === "i32" || from === "u32" ? rounded(`Math.imul(${x}, ${y})`) : rounded(`${x} * ${y}`);
    case "div":
      return rounded(`${x} / ${y}`);
    case "fma":
      return contraction === "fused"
        ? rounded(`${x} * ${y} + ${z}`)
        : rounded(`${rounded(`${x} * ${y}`)} + ${z}`);
    case "neg":
      return rounded(`-${x}`);
    case "abs":
    case "sqrt":
    case "floor":
    case "ceil":
    case "trunc":
    case "min":
    case "max":
      return rounded(`Math.${s.op}(${args.join(", ")})`);
    case "nearest":
      return `nearest(${x})`;
    case "not":
      return from === "bool" ? `!${x}` : rounded(`~${x}`);
    case "shl":
      return rounded(`${x} << ${y}`);
    case "shr":
      return rounded(`${x} >> ${y}`);
    case "ushr":
      return from === "i64" ? rounded(`BigInt.asUintN(64, ${x}) >> ${y}`) : rounded(`${x} >>> ${y}`);
    case "select":
      return `${x} ? ${y} : ${z}`;
    case "bitcast":
      return from === s.type ? x : `${s.type}_from_${from}(${x})`;
    case "convert":
      if (s.type === "bool") return `Number(${x} !== 0)`;
      return isInteger(s.type) && from !== "i64" && from !== "bool" && isFloat(from)
        ? `saturate_${s.type}(${x})`
        : rounded(`Number(${x})`);
    default:
      throw new Error(`${s.op} is not a machine op of these tests`);
  }
};
const isInteger = (type: RegType): boolean => type === "i32" || type === "u32";

const PRELUDE = `
const fround = Math.fround;
const view = new DataView(new ArrayBuffer(8));
const f32s = new Float32Array(1), i32s = new Int32Array(f32s.buffer), u32s = new Uint32Array(f32s.buffer);
const f64s = new Float64Array(1), i64s = new BigInt64Array(f64s.buffer);
const i32_from_f32 = (x) => { f32s[0] = x; return i32s[0]; };
const u32_from_f32 = (x) => { f32s[0] = x; return u32s[0]; };
const f32_from_i32 = (x) => { i32s[0] = x; return f32s[0]; };
const f32_from_u32 = (x) => { u32s[0] = x; return f32s[0]; };
const i32_from_u32 = (x) => x | 0;
const u32_from_i32 = (x) => x >>> 0;
const i64_from_f64 = (x) => { f64s[0] = x; return i64s[0]; };
const f64_from_i64 = (x) => { i64s[0] = x; return f64s[0]; };
const clampTo = (x, lo, hi) => (x !== x ? 0 : Math.trunc(Math.min(Math.max(x, lo), hi)) + 0);
const saturate_i32 = (x) => clampTo(x, -2147483648, 2147483647);
const saturate_u32 = (x) => clampTo(x, 0, 4294967295);
const nearest = (x) => {
  if (!(Math.abs(x) < 4503599627370496)) return x;
  const magnitude = Math.abs(x) + 4503599627370496 - 4503599627370496;
  return x < 0 || Object.is(x, -0) ? -magnitude : magnitude;
};
`;

/** The expanded op as a function of its operands; bool results are 0 or 1. */
export const compileOp = (
  kernel: LoopKernel,
  contraction: Contraction = "separate",
): ((...operands: readonly number[]) => number) => {
  const types = new Map<ValueId, RegType>();
  const lines: string[] = [];
  const names: string[] = [];
  for (const s of expandMath(kernel).kind === "loops" ? (expandMath(kernel) as LoopKernel).body : []) {
    if (s.kind === "load") {
      types.set(s.id, s.type);
      names.push(`v${s.id}`);
    } else if (s.kind === "const") {
      types.set(s.id, s.type);
      lines.push(`const v${s.id} = ${literal(s.type, s.value)};`);
    } else if (s.kind === "op") {
      const from = types.get(s.args[s.op === "select" ? 1 : 0] ?? -1);
      if (from === undefined) throw new Error(`${s.op} reads an undefined value`);
      types.set(s.id, s.type);
      const args = s.args.map((id) => `v${id}`);
      lines.push(`const v${s.id} = ${expression(s, from, args, contraction)};`);
    } else if (s.kind === "store") lines.push(`return Number(v${s.value});`);
    else throw new Error(`${s.kind} is not straight-line code`);
  }
  const make = new Function(`${PRELUDE}\nreturn (${names.join(", ")}) => {\n${lines.join("\n")}\n};`);
  return make() as (...operands: readonly number[]) => number; // the code above is such a function
};
