/**
 * Common subexpressions: of equations with equal op, operands, params and regions only the first is kept. Checks are
 * among them: what held once holds. A barrier has no equal.
 */
import { mapRegions } from "../ir/control.js";
import { paramsText, regionsText } from "../ir/print.js";
import { type AnyOp, type Eqn, type IrFunction, isControl, isFloat, type Var } from "../ir/types.js";

/** op(x, y) and op(y, x) have the same bits (NaNs are one value). */
export const COMMUTATIVE: ReadonlySet<AnyOp> = new Set<AnyOp>([
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
export const paramKey = (eqn: Eqn): string => {
  if (eqn.op === "const" && eqn.params.dtype === "f32") {
    return paramsText("const", { ...eqn.params, value: Math.fround(eqn.params.value) });
  }
  return paramsText(eqn.op, eqn.params) + regionsText(eqn);
};

/** All that is computed twice. */
export const cse = (fn: IrFunction): IrFunction => merged(fn, () => true);

/** What leaves the order in which cotangents are added up: indices, lengths and conditions. */
export const cseOfIndices = (fn: IrFunction): IrFunction =>
  merged(fn, (eqn) => eqn.outs.every((v) => !isFloat(v.type.dtype)));

const merged = (fn: IrFunction, mergeable: (eqn: Eqn) => boolean): IrFunction => {
  const numberOf = new Map<Var, number>();
  const firstOf = new Map<string, readonly Var[]>();
  const same = new Map<Var, Var>();
  const image = (v: Var): Var => same.get(v) ?? v;
  const number = (v: Var): number => {
    const known = numberOf.get(v);
    if (known !== undefined) return known;
    numberOf.set(v, numberOf.size);
    return numberOf.size - 1;
  };
  let changed = false;
  const body = fn.body.flatMap((original): readonly Eqn[] => {
    const eqn = isControl(original) ? mapRegions(original, (region) => merged(region, mergeable)) : original;
    if (eqn !== original) changed = true;
    if (eqn.op === "barrier") return [{ ...eqn, inputs: eqn.inputs.map(image) }];
    const renamed = (): Eqn =>
      eqn.inputs.some((v) => same.has(v)) ? { ...eqn, inputs: eqn.inputs.map(image) } : eqn;
    if (!mergeable(eqn)) return [renamed()];
    const operands = eqn.inputs.map((v) => number(image(v)));
    if (COMMUTATIVE.has(eqn.op)) operands.sort((p, q) => p - q);
    const key = `${eqn.op} ${operands.join(" ")} ${paramKey(eqn)}`;
    const first = firstOf.get(key);
    if (first !== undefined) {
      changed = true;
      eqn.outs.forEach((out, k) => {
        same.set(out, first[k] ?? out);
      });
      return [];
    }
    firstOf.set(key, eqn.outs);
    return [renamed()];
  });
  return changed ? { ...fn, body, results: fn.results.map(image) } : fn;
};
