/**
 * Dead code: drops equations that no result depends on. Params stay. A checked index or cast whose value nobody needs
 * is dropped with its check.
 */
import type { IrFunction, Var } from "../ir/types.js";

export const dce = (fn: IrFunction): IrFunction => {
  const live = new Set<Var>(fn.results);
  const kept = fn.body.toReversed().filter((eqn) => {
    if (!eqn.outs.some((v) => live.has(v))) return false;
    for (const v of eqn.inputs) live.add(v);
    return true;
  });
  return kept.length === fn.body.length ? fn : { ...fn, body: kept.toReversed() };
};
