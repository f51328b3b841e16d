/** The equations of a function or region, in order; those of the way back with the line that they differentiate. */
import { sourceLine } from "../../diagnostics.js";
import { isTransposed } from "../../ir/names.js";
import { refuseRule } from "../../ir/rules.js";
import { type Eqn, isControl } from "../../ir/types.js";
import { emitIf } from "./branches.js";
import type { Emitter, Frame } from "./emitter.js";
import { emitPlain } from "./equations.js";
import { emitFor, emitWhile } from "./loops.js";

const emitEquation = (e: Emitter, frame: Frame, eqn: Eqn): undefined => {
  if (!isControl(eqn)) return emitPlain(e, frame, eqn);
  switch (eqn.op) {
    case "if":
      return emitIf(e, frame, eqn, emitBody);
    case "for":
      return emitFor(e, frame, eqn, emitBody);
    case "while":
      return emitWhile(e, frame, eqn, emitBody);
    case "checkpoint":
    case "custom":
    case "fromTranspose":
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

const MAX_SHOWN = 72;

/** `line 12: s += x[i] * x[i];` */
const lineComment = ({ span }: Eqn): string | null => {
  if (span === null) return null;
  const line = sourceLine(span)?.trim() ?? null;
  const text =
    line === null ? "" : `: ${line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN - 1)}…` : line}`;
  return `line ${span.line}${text}`;
};

export const emitBody = (e: Emitter, frame: Frame): undefined => {
  for (const eqn of frame.fn.body) {
    const { statements } = e.block;
    const before = statements.length;
    const outer = e.span;
    e.span = eqn.span ?? outer;
    const line = eqn.span?.line ?? null;
    const commented = e.commented;
    const isNew = e.comments && line !== null && line !== commented && eqn.outs.some(isTransposed);
    // what is inside is spoken of, too
    if (isNew) e.commented = line;
    emitEquation(e, frame, eqn);
    frame.ranges.pass(eqn);
    e.span = outer;
    const text = isNew && statements.length > before ? lineComment(eqn) : null;
    if (text !== null) statements.splice(before, 0, { kind: "comment", text });
    else if (isNew) e.commented = commented;
  }
};
