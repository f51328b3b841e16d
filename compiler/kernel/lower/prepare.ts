/** What happens to a function with control flow before it is lowered. */
import { createBuilder } from "../../ir/builder.js";
import { mapRegions, regionsOf } from "../../ir/control.js";
import { type Eqn, type IrFunction, isControl, type PlainEqn, type Var } from "../../ir/types.js";
import { mapEquations } from "../../ir/walk.js";
import { loopParams } from "./control.js";

/** Does `holds` hold for any equation, those of regions included? */
export const anyEquation = (fn: IrFunction, holds: (eqn: Eqn) => boolean): boolean =>
  fn.body.some(
    (eqn) =>
      holds(eqn) || (isControl(eqn) && regionsOf(eqn).some(([, region]) => anyEquation(region, holds))),
  );

/** Splats, counters and single literals: cheaper to make again than to hand over. */
const isConstant = (eqn: Eqn | undefined): eqn is PlainEqn =>
  eqn !== undefined &&
  (eqn.op === "const" || eqn.op === "iota" || (eqn.op === "literal" && eqn.outs[0].type.shape.length === 0));

/** The region with `constants` made inside it where its parameters are used; the parameters stay. */
const withConstants = (region: IrFunction, constants: readonly (PlainEqn | null)[]): IrFunction => {
  const b = createBuilder();
  const args = region.params.map((p, k) => {
    const param = b.param(p.type);
    const constant = constants[k] ?? null;
    return constant === null ? param : (b.at(constant.span, () => b.append(constant, []))[0] ?? param);
  });
  return b.finish(region.name, b.inline(region, args));
};

/**
 * Makes constants inside the regions that they are handed to, so that there they are known, and every region anew, so that no
 * two equations share values inside their regions.
 */
export const sinkConstants = (fn: IrFunction): IrFunction => {
  if (!fn.body.some(isControl)) return fn;
  const defs = new Map<Var, Eqn>();
  for (const eqn of fn.body) for (const v of eqn.outs) defs.set(v, eqn);
  const body = fn.body.map((eqn): Eqn => {
    if (!isControl(eqn)) return eqn;
    return mapRegions(eqn, (region) => {
      const constants = loopParams(eqn, region).map((x) => {
        const def = x === null ? undefined : defs.get(x);
        return isConstant(def) ? def : null;
      });
      return sinkConstants(withConstants(region, constants));
    });
  });
  return mapEquations({ ...fn, body }, (b, eqn, inputs) => b.emit(eqn.op, inputs, eqn.params));
};
