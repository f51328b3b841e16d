/** Numbers of the program as linear forms of others: the length of `x.slice(i * n, i * n + n)` is known although i is not. */
import { isFloat, type Var } from "../ir/types.js";
import { definitionOf, sameValue } from "./integral.js";
import type { Machine } from "./machine.js";

/** constant + sum of factor * value */
interface Linear {
  readonly constant: number;
  readonly terms: readonly { readonly of: Var; readonly factor: number }[];
}

const MAX_DEPTH = 16;

const combine = (machine: Machine, a: Linear, b: Linear, sign: number): Linear => {
  const terms = [...a.terms];
  for (const { of, factor } of b.terms) {
    const k = terms.findIndex((t) => sameValue(machine, t.of, of));
    const old = terms[k];
    if (old === undefined) terms.push({ of, factor: sign * factor });
    else terms[k] = { of: old.of, factor: old.factor + sign * factor };
  }
  return { constant: a.constant + sign * b.constant, terms: terms.filter((t) => t.factor !== 0) };
};

const scale = ({ constant, terms }: Linear, by: number): Linear => ({
  constant: constant * by,
  terms: terms.map(({ of, factor }) => ({ of, factor: factor * by })),
});

const linearOf = (machine: Machine, v: Var, depth = 0): Linear => {
  const eqn = depth > MAX_DEPTH ? null : definitionOf(machine, v);
  const parts = (): readonly Linear[] => eqn?.inputs.map((x) => linearOf(machine, x, depth + 1)) ?? [];
  if (eqn?.op === "const") return { constant: eqn.params.value, terms: [] };
  if (eqn?.op === "add" || eqn?.op === "sub") {
    const [a, b] = parts();
    if (a !== undefined && b !== undefined) return combine(machine, a, b, eqn.op === "add" ? 1 : -1);
  }
  if (eqn?.op === "mul") {
    const [a, b] = parts();
    if (a !== undefined && b !== undefined && a.terms.length === 0) return scale(b, a.constant);
    if (a !== undefined && b !== undefined && b.terms.length === 0) return scale(a, b.constant);
  }
  if (eqn?.op === "cast" && v.type.dtype === "f64" && !isFloat(eqn.inputs[0]?.type.dtype ?? "f64")) {
    const [x] = eqn.inputs;
    // The sum of two i32 may wrap: only the value itself is looked through.
    if (x !== undefined) return { constant: 0, terms: [{ of: x, factor: 1 }] };
  }
  return { constant: 0, terms: [{ of: v, factor: 1 }] };
};

/** `b - a` where it is the same whatever the values are (exact for whole numbers below 2^53); else null. */
export const constantDistance = (machine: Machine, a: Var, b: Var): number | null => {
  const { constant, terms } = combine(machine, linearOf(machine, b), linearOf(machine, a), -1);
  return terms.length === 0 ? constant : null;
};
