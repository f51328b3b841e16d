/** Every diagnostic code of the front end, with the mistake it stands for. */
import type { DiagnosticKind } from "../diagnostics.js";

const code = (kind: DiagnosticKind, summary: string) => ({ kind, summary });

export const CODES = {
  TSJ1001: code("unsupported", "a native function: there is no source to compile"),
  TSJ1002: code("unsupported", "a bound function: its source is hidden"),
  TSJ1003: code("unsupported", "the function's source could not be read"),
  TSJ1004: code("unsupported", "a name that is not visible from the function"),
  TSJ1005: code("unsupported", "an async function or a generator"),
  TSJ1010: code("purity", "a captured variable that is reassigned somewhere"),
  TSJ1011: code("unsupported", "a captured value of a kind that can't be tracked"),
  TSJ1020: code("purity", "a write to an argument"),
  TSJ1021: code("purity", "a write to a captured value"),
  TSJ1022: code("purity", "an assignment to a constant"),
  TSJ1030: code("purity", "a host effect: random numbers, the clock, output"),
  TSJ1031: code("unsupported", "a native function given a value known only at run time"),
  TSJ1040: code("unsupported", "syntax outside the language as it is today"),
  TSJ1041: code("unsupported", "a method or property outside the language as it is today"),
  TSJ1042: code("unsupported", "an element write to a staged array"),
  TSJ1050: code("type", "what is called is not a function"),
  TSJ1051: code("type", "a property of undefined or null"),
  TSJ1052: code("type", "a value of this kind is no operand"),
  TSJ1053: code("type", "a value is used before its declaration"),
  TSJ1054: code("type", "an option that does not exist"),
  TSJ1060: code("unsupported", "a result that can't leave compiled code"),
  TSJ1061: code("purity", "a value that outlives the transform it was computed in"),
  TSJ1100: code("unsupported", "a condition known only at run time"),
  TSJ1101: code("unsupported", "an array as a condition"),
  TSJ1102: code("unsupported", "a value that must be known at compile time"),
  TSJ1110: code("unsupported", "unrolling grows beyond the budget"),
  TSJ1111: code("unsupported", "recursion grows beyond the depth limit"),
  TSJ1120: code("type", "a throw that every run reaches"),
  TSJ1130: code("range", "an index out of range"),
  TSJ1131: code("range", "an index that is not a whole number from 0"),
  TSJ2101: code("shape", "shapes that do not broadcast"),
  TSJ2102: code("type", "i32 with u32"),
  TSJ2103: code("shape", "a ragged array"),
  TSJ2104: code("type", "wrong operands of a primitive"),
  TSJ3010: code("type", "argnums outside the arguments"),
  TSJ3011: code("type", "hasAux without a pair as the result"),
  TSJ3012: code("type", "an argument without a derivative"),
  TSJ3013: code("type", "primals and tangents with different structures or types"),
  TSJ3020: code("shape", "vmap axes or sizes that do not fit"),
} as const;

export type Code = keyof typeof CODES;
