/** What computing one element costs, for the choice between memory and computing it again. */
import type { OpName } from "../../ir/types.js";

const FREE: ReadonlySet<OpName> = new Set<OpName>([
  "const",
  "literal",
  "iota",
  "broadcast",
  "reshape",
  "transpose",
  "slice",
  "reverse",
  "stopGradient",
  "barrier",
  "name",
  "bitcast",
]);
const CHEAP: ReadonlySet<OpName> = new Set<OpName>([
  ...(["neg", "abs", "floor", "ceil", "trunc", "rint", "not", "add", "sub", "mul", "min", "max"] as const),
  ...([
    "and",
    "or",
    "xor",
    "shl",
    "shr",
    "ushr",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "select",
    "cast",
  ] as const),
]);
const MIDDLING: ReadonlySet<OpName> = new Set<OpName>([
  ...([
    "sqrt",
    "div",
    "sign",
    "round",
    "toInt32",
    "clz32",
    "gather",
    "dynamicSlice",
    "pad",
    "concat",
    "check",
  ] as const),
]);
export const isFree = (op: OpName): boolean => FREE.has(op);
/** Rough cost per element: 1 is an addition; a transcendental or a hash is 20. */
export const opCost = (op: OpName): number =>
  FREE.has(op) ? 0 : CHEAP.has(op) ? 1 : MIDDLING.has(op) ? 4 : 20;
