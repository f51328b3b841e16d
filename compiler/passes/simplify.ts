/**
 * Local algebra: the rule tables applied by the rewriting engine, and constants folded. Values are preserved bit for
 * bit (see `rules-elementwise`), so it may run before or after any transform.
 */
import type { IrFunction } from "../ir/types.js";
import { foldConstant } from "./fold.js";
import { type RuleTable, rewrite } from "./rewrite.js";
import { otherRules, transposeOfDot } from "./rules-contract.js";
import { elementwiseRules } from "./rules-elementwise.js";
import { movementRules } from "./rules-movement.js";

/** Every op's rules, in the order in which they are tried. */
export const rules: RuleTable = {
  ...elementwiseRules,
  ...movementRules,
  ...otherRules,
  transpose: [...movementRules.transpose, transposeOfDot],
};

export const simplify = (fn: IrFunction): IrFunction => rewrite(fn, rules, foldConstant);
