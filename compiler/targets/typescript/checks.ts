/** What stops a program: checks, and indices that may be out of range. */
import type { PlainEqn, Var } from "../../ir/types.js";
import { call, type Expr, negation, num, text } from "./code.js";
import { consume, type Emitter, emit, type Frame, type Value } from "./emitter.js";

/** The pieces of a check's text: what it says, and the values in between. */
const messageOf = (message: string, detail: Expr, values: readonly Expr[]): Expr => {
  const parts: Expr[] = [];
  let plain = "";
  let from = 0;
  for (const match of message.matchAll(/\{\{|\{(\d*)\}/g)) {
    plain += message.slice(from, match.index);
    from = match.index + match[0].length;
    const [, which] = match;
    if (which === undefined) plain += "{";
    else {
      const value = which === "" ? detail : values[Number(which) - 1];
      if (value === undefined) plain += match[0];
      else {
        parts.push(text(plain), value);
        plain = "";
      }
    }
  }
  parts.push(text(plain + message.slice(from)));
  const [first = text(""), ...others] = parts;
  return others
    .filter((p) => p.kind !== "text" || p.value !== "")
    .reduce((all, p): Expr => ({ kind: "binary", op: "+", x: all, y: p }), first);
};

/** Codes of an index, or a number that becomes one, out of range. */
const isRange = (code: string): boolean => code !== "" && /^TSJ(6|11[34])/.test(code);

/** `if (!cond) throw new RangeError(...)`. Its own result is the condition. */
export const emitCheck = (
  e: Emitter,
  frame: Frame,
  eqn: Extract<PlainEqn, { readonly op: "check" }>,
  inputs: readonly Value[],
): undefined => {
  const [cond, detail, ...values] = inputs.map((value) => consume(e, value));
  const [out] = eqn.outs;
  const exprOf = (value: Value | undefined): Expr => (value?.kind === "scalar" ? value.expr : num(0));
  emit(e, {
    kind: "if",
    test: negation(exprOf(cond)),
    then: [
      {
        kind: "throw",
        error: isRange(eqn.params.code) ? "RangeError" : "Error",
        message: messageOf(eqn.params.message, exprOf(detail), values.map(exprOf)),
      },
    ],
    otherwise: [],
  });
  frame.env.set(out, trueValue(frame, out));
};

const trueValue = (frame: Frame, v: Var): Value => ({
  kind: "scalar",
  type: v.type,
  frame,
  expr: { kind: "boolean", value: true },
  reads: new Set(),
  uses: frame.uses.get(v) ?? 0,
  name: null,
  variable: null,
});

/** An index that throws where there is no such element. */
export const checkedIndex = (e: Emitter, at: Expr, n: number): Expr => {
  e.helpers.add("inside");
  return call("inside", at, num(n));
};
