/** custom(x) = body(x) once no transform can follow; a linear map that is known by its transpose alone has no value. */
import { createBuilder } from "../ir/builder.js";
import { mapRegions, regionsOf } from "../ir/control.js";
import { type RuleEqn, refuseForward } from "../ir/rules.js";
import { type Eqn, type IrFunction, isControl, type Var } from "../ir/types.js";
import { dce } from "./dce.js";

const isMarked = (eqn: Eqn, op: RuleEqn["op"]): boolean =>
  isControl(eqn) && (eqn.op === op || regionsOf(eqn).some(([, region]) => holds(region, op)));
const holds = (fn: IrFunction, op: RuleEqn["op"]): boolean => fn.body.some((eqn) => isMarked(eqn, op));

export const inlineCustom = (fn: IrFunction): IrFunction => {
  const plain = holds(fn, "custom") ? inlined(fn) : fn;
  if (!holds(plain, "fromTranspose")) return plain;
  const live = dce(plain);
  requireNone(live);
  return live;
};

const inlined = (fn: IrFunction): IrFunction => {
  const b = createBuilder();
  const env = new Map<Var, Var>(fn.params.map((p) => [p, b.param(p.type)]));
  const image = (v: Var): Var => env.get(v) ?? v;
  for (const eqn of fn.body) {
    const inputs = eqn.inputs.map(image);
    const values = b.at(eqn.span, () => {
      if (!isControl(eqn)) return b.append(eqn, inputs);
      if (eqn.op === "custom") return b.inline(inlined(eqn.params.body), inputs);
      return b.append(mapRegions(eqn, inlined), inputs);
    });
    eqn.outs.forEach((v, k) => {
      env.set(v, values[k] ?? v);
    });
  }
  return b.finish(fn.name, fn.results.map(image));
};

const requireNone = (fn: IrFunction): void => {
  for (const eqn of fn.body) {
    if (!isControl(eqn)) continue;
    if (eqn.op === "fromTranspose") refuseForward(eqn.span);
    for (const [, region] of regionsOf(eqn)) requireNone(region);
  }
};
