/** Operands that TypeScript itself refuses: undefined, null and text in arithmetic, where JavaScript would go on with NaN. */
import type { ts } from "ts-morph";
import { textAt } from "../diagnostics.js";
import { refuseHole } from "./conditions.js";
import { describe } from "./describe.js";
import { type Frame, type Machine, refuse, type Site } from "./machine.js";
import type { BinaryOperator } from "./operators.js";
import { isNullish, isStatic, type Value } from "./values.js";

const isText = (value: Value): boolean => isStatic(value) && typeof value.value === "string";

const EQUALITY: readonly string[] = ["==", "!=", "===", "!=="];
const ORDER: readonly string[] = ["<", "<=", ">", ">="];

/** Short expressions are named as they are written. */
const MAX_NAME = 40;

const refuseOperand = (m: Machine, frame: Frame, node: ts.Expression, value: Value, what: string): never => {
  const span = frame.source.spanOf(node);
  // Build tools rename variables: the user's own text, if it can be read.
  const text = (span === null ? null : textAt(span)) ?? node.getText(frame.source.tree);
  const named = text.length <= MAX_NAME && !m.ts.isLiteralExpression(node);
  return refuse(
    { machine: m, frame, node },
    "TSJ1052",
    named
      ? `\`${text}\` is ${describe(value)}: an operand of ${what} is a number or an array`
      : `an operand of ${what} is ${describe(value)}, not a number or an array`,
    isText(value)
      ? "make a number of it before the call: Number(text)"
      : named
        ? `pass it in the call, or give it a default: ${text} ?? 0`
        : null,
  );
};

/** An element of an array that was made without elements. */
const isHole = (v: Value): boolean => v.kind === "tensor" && v.holes;

/** Refuses an operand of a binary operator that is no number, at its own place. The library's own code is not looked at. */
export const checkOperands = (
  { machine, frame }: Site,
  operator: BinaryOperator,
  left: ts.Expression,
  a: Value,
  right: ts.Expression,
  b: Value,
): void => {
  // undefined equals null, itself and another hole, but the NaN that stands for it equals nothing
  const mayBeUndefined = (v: Value): boolean => isNullish(v) || isHole(v);
  if (EQUALITY.includes(operator) && (isHole(a) || isHole(b)) && mayBeUndefined(a) && mayBeUndefined(b))
    refuseHole({ machine, frame, node: left });
  if (frame === null || frame.libraryScript !== null || EQUALITY.includes(operator)) return;
  const joins = operator === "+" || ORDER.includes(operator);
  if (joins && (isText(a) || isText(b))) return; // text is joined and compared
  const what = `\`${operator}\``;
  if (isNullish(a) || isText(a)) refuseOperand(machine, frame, left, a, what);
  if (isNullish(b) || isText(b)) refuseOperand(machine, frame, right, b, what);
};

/** `this` in a function that is compiled by itself. */
export const refuseThis = (site: Site): never =>
  refuse(
    site,
    "TSJ1051",
    "`this` is undefined here: a compiled function is called on its own",
    "pass the object in as a parameter, or compile a call of the method: (x) => object.method(x)",
  );
