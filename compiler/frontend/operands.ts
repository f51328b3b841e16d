/** Operands that TypeScript itself refuses in arithmetic: undefined, null and text. JavaScript would go on with NaN. */
import type { ts } from "ts-morph";
import { textAt } from "../diagnostics.js";
import { type Frame, type Machine, refuse } from "./machine.js";
import type { BinaryOperator } from "./operators.js";
import { describe, isNullish, isStatic, type Value } from "./values.js";

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

/** Refuses an operand of a binary operator that is no number, at its own place. The library's own code is not looked at. */
export const checkOperands = (
  m: Machine,
  frame: Frame,
  operator: BinaryOperator,
  operands: readonly (readonly [ts.Expression, Value])[],
): void => {
  if (frame.libraryScript !== null || EQUALITY.includes(operator)) return;
  const hasText = operands.some(([, value]) => isText(value));
  if (hasText && (operator === "+" || ORDER.includes(operator))) return; // text is joined and compared
  for (const [node, value] of operands)
    if (isNullish(value) || isText(value)) refuseOperand(m, frame, node, value, `\`${operator}\``);
};
