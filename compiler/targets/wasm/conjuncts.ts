/** Conditions taken apart. */
import type { ValueId } from "../../kernel/types.js";
import type { Expr } from "./asm.js";
import { type Context, scalar } from "./values.js";

/**
 * The conditions that a condition is made of, in order: where all must hold, engines do better with a branch for each than with
 * one on their conjunction.
 */
export const conjuncts = (ctx: Context, id: ValueId): Expr[] => {
  const op = ctx.facts.inlineable.has(id) ? ctx.facts.ops.get(id) : undefined;
  const [x, y, z] = op?.args ?? [];
  if (op === undefined || op.type !== "bool" || x === undefined || y === undefined) return [scalar(ctx, id)];
  const never = z === undefined ? undefined : ctx.facts.consts.get(z);
  const both = op.op === "and" || (op.op === "select" && never !== undefined && Number(never.value) === 0);
  return both ? [...conjuncts(ctx, x), ...conjuncts(ctx, y)] : [scalar(ctx, id)];
};
