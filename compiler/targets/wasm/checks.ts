/** Checks: they note which failed and with what, and trap. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type { CheckStmt } from "../../kernel/types.js";
import { activeMask, bind, type Expr, type Fn, i32, newLabel } from "./asm.js";
import { conjuncts } from "./conjuncts.js";
import { extractLane } from "./lanes.js";
import { type Region, scalar, type VectorRegion, vector } from "./values.js";

/** Error index + 1 at byte 8, detail at byte 12, values from byte 16 on, then a trap. */
const failing = (fn: Fn, error: number, detail: Expr | null, values: readonly Expr[]): Expr =>
  fn.m.block(null, [
    ...values.map((value, k) => fn.m.f64.store(16 + 8 * k, 8, i32(fn, 0), value)),
    fn.m.i32.store(8, 4, i32(fn, 0), i32(fn, error + 1)),
    fn.m.i32.store(12, 4, i32(fn, 0), detail ?? i32(fn, 0)),
    fn.m.unreachable(),
  ]);

export const checkScalar = (region: Region, stmt: CheckStmt): Expr => {
  const { ctx } = region;
  const { fn } = ctx;
  const { m } = fn;
  const detail = stmt.detail === null ? null : scalar(ctx, stmt.detail);
  const values = stmt.values.map((v) => scalar(ctx, v));
  const fails = failing(fn, stmt.error, detail, values);
  const conds = conjuncts(ctx, stmt.cond);
  const last = conds.pop() ?? internal("a check without a condition");
  if (conds.length === 0) return m.if(m.i32.eqz(last), fails);
  const [passed, failed] = [newLabel(fn, "passed"), newLabel(fn, "failed")];
  const tests = [...conds.map((cond) => m.br_if(failed, m.i32.eqz(cond))), m.br_if(passed, last)];
  return m.block(passed, [m.block(failed, tests), fails]);
};

/** Fails with the detail of the first lane whose condition is false; lanes beyond `active` pass. */
export const checkVector = (region: Region, vec: VectorRegion, stmt: CheckStmt, copy: number): Expr => {
  const { ctx } = region;
  const { fn } = ctx;
  const { m } = fn;
  const { lanes, active } = vec;
  const { detail } = stmt;
  if (stmt.values.length > 0) internal("a check that shows values has no vectors");
  const operands = [{ type: binaryen.v128, value: vector(ctx, vec, stmt.cond, copy) }];
  if (detail !== null) operands.push({ type: binaryen.v128, value: vector(ctx, vec, detail, copy) });
  return bind(fn, operands, binaryen.none, (read) => {
    const mask =
      active === lanes ? read(0) : m.v128.or(read(0), m.v128.not(activeMask(fn, 16 / lanes, active)));
    const passes = lanes === 4 ? m.i32x4.all_true(mask) : m.i64x2.all_true(mask);
    let shown: Expr | null = null;
    if (detail !== null) {
      const lane = (k: number): Expr => extractLane(fn, "i32", lanes, read(1), k);
      shown = lane(active - 1);
      for (let k = active - 2; k >= 0; k--)
        shown = m.select(extractLane(fn, "bool", lanes, read(0), k), shown, lane(k));
    }
    return m.if(m.i32.eqz(passes), failing(fn, stmt.error, shown, []));
  });
};
