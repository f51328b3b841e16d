/** Common subexpressions: of equations with equal op, operands and params only the first is kept. */
import { paramsText } from "../ir/print.js";
import type { Eqn, IrFunction, OpName, Var } from "../ir/types.js";

/** op(x, y) and op(y, x) have the same bits (NaNs are one value). */
const COMMUTATIVE: ReadonlySet<OpName> = new Set<OpName>([
  "add",
  "mul",
  "min",
  "max",
  "and",
  "or",
  "xor",
  "eq",
  "ne",
]);

/** Params as a key: -0 and 0 differ, all NaNs are equal, f32 constants are compared as they are stored. */
const paramKey = (eqn: Eqn): string => {
  if (eqn.op === "const" && eqn.params.dtype === "f32") {
    return paramsText("const", { ...eqn.params, value: Math.fround(eqn.params.value) });
  }
  return paramsText(eqn.op, eqn.params);
};

export const cse = (fn: IrFunction): IrFunction => {
  const numberOf = new Map<Var, number>();
  const firstOf = new Map<string, Var>();
  const same = new Map<Var, Var>();
  const image = (v: Var): Var => same.get(v) ?? v;
  const number = (v: Var): number => {
    const known = numberOf.get(v);
    if (known !== undefined) return known;
    numberOf.set(v, numberOf.size);
    return numberOf.size - 1;
  };
  const body = fn.body.flatMap((eqn): readonly Eqn[] => {
    const operands = eqn.inputs.map((v) => number(image(v)));
    if (COMMUTATIVE.has(eqn.op)) operands.sort((p, q) => p - q);
    const key = `${eqn.op} ${operands.join(" ")} ${paramKey(eqn)}`;
    const [out] = eqn.outs;
    const first = firstOf.get(key);
    if (first !== undefined) {
      same.set(out, first);
      return [];
    }
    firstOf.set(key, out);
    return [eqn.inputs.some((v) => same.has(v)) ? { ...eqn, inputs: eqn.inputs.map(image) } : eqn];
  });
  return same.size === 0 ? fn : { ...fn, body, results: fn.results.map(image) };
};
