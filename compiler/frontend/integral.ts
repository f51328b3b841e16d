/** Which numbers of the program are known to be whole. */
import type { Builder } from "../ir/builder.js";
import { type Eqn, isFloat, isPlain, type Var } from "../ir/types.js";
import type { Machine } from "./machine.js";

interface Definitions {
  readonly of: Map<Var, Eqn>;
  seen: number;
}
const known = new WeakMap<Builder, Definitions>();

const definition = (builder: Builder, v: Var): Eqn | null => {
  const before = known.get(builder);
  const defs = before ?? { of: new Map<Var, Eqn>(), seen: 0 };
  if (before === undefined) known.set(builder, defs);
  const body = builder.body();
  for (; defs.seen < body.length; defs.seen++) {
    const eqn = body[defs.seen];
    for (const out of eqn?.outs ?? []) if (eqn !== undefined) defs.of.set(out, eqn);
  }
  return defs.of.get(v) ?? null;
};

/** The equation that defines a value in one of the programs under construction; null for parameters. */
export const definitionOf = (machine: Machine, v: Var): Eqn | null => {
  for (const builder of machine.open) {
    const eqn = definition(builder, v);
    if (eqn !== null) return eqn;
  }
  return null;
};

const MAX_DEPTH = 16;

/** Whether a value is whole (or NaN or infinite) whatever the program's input: closed under + - * and rounding. */
export const isIntegral = (machine: Machine, v: Var, depth = 0): boolean => {
  if (!isFloat(v.type.dtype)) return true;
  if (machine.integral.has(v)) return true;
  if (depth > MAX_DEPTH) return false;
  const eqn = definitionOf(machine, v);
  if (eqn === null) return false;
  const all = (): boolean => eqn.inputs.every((x) => isIntegral(machine, x, depth + 1));
  switch (eqn.op) {
    case "const":
      return Number.isInteger(eqn.params.value);
    case "floor":
    case "ceil":
    case "trunc":
    case "round":
    case "rint":
      return true;
    case "cast":
      return eqn.inputs[0]?.type.dtype !== "f64" || v.type.dtype === "f64" ? all() : false;
    case "add":
    case "sub":
    case "mul":
    case "neg":
    case "abs":
    case "min":
    case "max":
    case "rem":
      return all();
    case "select":
      return eqn.inputs.slice(1).every((x) => isIntegral(machine, x, depth + 1));
    default:
      return false;
  }
};

/** Whether two values of the program are computed alike, so that they are equal. */
export const sameValue = (machine: Machine, a: Var, b: Var, depth = 0): boolean => {
  if (a === b) return true;
  if (depth > MAX_DEPTH) return false;
  const [p, q] = [definitionOf(machine, a), definitionOf(machine, b)];
  if (p === null || q === null || p.op !== q.op || !isPlain(p) || p.op === "check") return false;
  return (
    JSON.stringify(p.params) === JSON.stringify(q.params) &&
    p.inputs.length === q.inputs.length &&
    p.inputs.every((x, k) => sameValue(machine, x, q.inputs[k] ?? a, depth + 1))
  );
};
