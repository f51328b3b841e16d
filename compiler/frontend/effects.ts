/**
 * Expressions run for what they do, whose value nobody reads. Only the truth of the conditions in them counts: minifiers
 * write `if (a) b = c; else d()` as `a ? b = c : d()`, whose two sides give values of different kinds.
 */
import type { ts } from "ts-morph";
import { chooseCompletion } from "./branches.js";
import { evaluate } from "./expressions.js";
import type { Frame, Machine, Site } from "./machine.js";
import { evaluateCondition } from "./statements.js";

/** Runs an expression, and does not make its value where its operators need none. */
export const perform = (m: Machine, frame: Frame, node: ts.Expression): void => {
  const span = frame.source.spanOf(node);
  if (span === null) performKind(m, frame, node);
  else m.builder.at(span, () => performKind(m, frame, node));
};

const performKind = (m: Machine, frame: Frame, node: ts.Expression): void => {
  const { ts } = m;
  const K = ts.SyntaxKind;
  const site: Site = { machine: m, frame, node };
  const either = (test: ts.Expression, yes: ts.Expression | null, no: ts.Expression | null): void => {
    const path = (expression: ts.Expression | null) => () => {
      if (expression !== null) perform(m, frame, expression);
      return null;
    };
    chooseCompletion(site, evaluateCondition(m, frame, test), path(yes), path(no));
  };
  if (ts.isParenthesizedExpression(node) || ts.isVoidExpression(node)) perform(m, frame, node.expression);
  else if (ts.isConditionalExpression(node)) either(node.condition, node.whenTrue, node.whenFalse);
  else if (ts.isBinaryExpression(node)) {
    const { left, right } = node;
    switch (node.operatorToken.kind) {
      case K.CommaToken:
        perform(m, frame, left);
        perform(m, frame, right);
        break;
      case K.AmpersandAmpersandToken:
        either(left, right, null);
        break;
      case K.BarBarToken:
        either(left, null, right);
        break;
      default:
        evaluate(m, frame, node);
    }
  } else evaluate(m, frame, node);
};
