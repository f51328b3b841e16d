/** Loops: plain, inside vectors, and vector loops with their shorter last vectors; carries and blocked float sums. */
import binaryen from "binaryen";
import { type LoopPlan, SCALAR_PLAN, sumBlock } from "../../kernel/schedule.js";
import { updateUses, varyingIn } from "../../kernel/schedule-analysis.js";
import type { LoopStmt, PlainStmt, Stmt, ValueId } from "../../kernel/types.js";
import { type Frame, newFrame, pointerInits, pointerSteps } from "./address.js";
import {
  append,
  type Expr,
  type Fn,
  get,
  i32,
  type Lanes,
  type Local,
  newLabel,
  newLocal,
  set,
  wasmType,
} from "./asm.js";
import { emitRun } from "./body.js";
import {
  addBlock,
  bindSlot,
  finishReduction,
  isBlocked,
  reduceCarries,
  type Slot,
  setAccumulator,
  updates,
} from "./carries.js";
import { emitChunks, isChunked } from "./chunks.js";
import { emitDynamicLoop, emitIf, emitWhile } from "./control.js";
import { emitMasked, emitMaskedLoop } from "./masked.js";
import { type Region, scalar, splattedIn, type Values, type VectorRegion, vector } from "./values.js";

export const emitBody = (region: Region, stmts: readonly Stmt[]): void => {
  let run: PlainStmt[] = [];
  for (const stmt of stmts) {
    if (stmt.kind !== "loop" && stmt.kind !== "if" && stmt.kind !== "while") {
      run.push(stmt);
      continue;
    }
    emitRun(region, run);
    run = [];
    if (stmt.kind !== "if" && isChunked(region, stmt)) emitChunks(region, stmt, emitBody);
    else if (region.vector !== null && stmt.kind !== "loop")
      emitMasked(region, region.vector, stmt, emitBody);
    else if (stmt.kind === "loop") emitLoop(region, stmt);
    else if (stmt.kind === "if") emitIf(region, stmt, emitBody);
    else emitWhile(region, stmt, emitBody);
  }
  emitRun(region, run);
};

const emitLoop = (region: Region, loop: LoopStmt): void => {
  const plan = region.ctx.schedule.get(loop.axis) ?? SCALAR_PLAN;
  if (typeof loop.extent !== "number") {
    if (region.vector === null) emitDynamicLoop(region, loop, loop.extent, emitBody);
    else emitMaskedLoop(region, region.vector, loop, loop.extent, emitBody);
  } else if (region.vector === null && plan.lanes !== 1)
    emitVectorLoop(region, loop, loop.extent, plan.lanes, plan);
  else emitPlainLoop(region, loop, loop.extent);
};

interface Counted {
  readonly frame: Frame;
  readonly counter: Local;
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly body: readonly Expr[];
  readonly slots: readonly Slot[];
  readonly lanes: Lanes | null;
}

/** Counts from `from` to `to` (a whole number of steps, at least one), in blocks where sums are blocked. */
const countedLoop = (fn: Fn, c: Counted): Expr[] => {
  const { m } = fn;
  const { counter, step } = c;
  const trips = (c.to - c.from) / step;
  const advance = (): Expr => m.i32.add(get(fn, counter), i32(fn, step));
  const steps = pointerSteps(fn, c.frame, step);
  if (trips === 1) return [...c.body, ...steps, set(fn, counter, advance())];
  const inner = newLabel(fn, "loop");
  const again = (limit: Expr): Expr =>
    m.br_if(inner, m.i32.lt_s(m.local.tee(counter, advance(), binaryen.i32), limit));
  const sums = c.slots.filter((slot) => slot.total !== null);
  const block = sums.length === 0 ? null : sumBlock(trips);
  const loopTo = (limit: Expr): Expr => m.loop(inner, m.block(null, [...c.body, ...steps, again(limit)]));
  if (block === null) return [loopTo(i32(fn, c.to))];
  const end = newLocal(fn, binaryen.i32);
  const outer = newLabel(fn, "block");
  const limit = (): Expr => i32(fn, c.to);
  return [
    m.loop(
      outer,
      m.block(null, [
        ...sums.map((slot) => setAccumulator(fn, c.lanes, slot, slot.local)),
        set(fn, end, m.i32.add(get(fn, counter), i32(fn, block * step))),
        set(fn, end, m.select(m.i32.lt_s(get(fn, end), limit()), get(fn, end), limit())),
        loopTo(get(fn, end)),
        ...sums.map((slot) => addBlock(fn, c.lanes, slot)),
        m.br_if(outer, m.i32.lt_s(get(fn, counter), limit())),
      ]),
    ),
  ];
};

/** A loop in order, one iteration at a time; inside a vector region each varying carry has a vector per copy. */
const emitPlainLoop = (region: Region, loop: LoopStmt, extent: number): void => {
  const { ctx, vector: vec, out } = region;
  const { fn } = ctx;
  const slots: Slot[] = loop.carries.flatMap((carry): Slot[] => {
    const total = isBlocked(carry, extent);
    const slot = (copy: number | null): Slot => {
      const type = copy === null ? wasmType(carry.type) : binaryen.v128;
      return { carry, copy, local: newLocal(fn, type), total: total ? newLocal(fn, type) : null };
    };
    return vec?.varying.has(carry.result) ? vec.copies.map((_, u) => slot(u)) : [slot(null)];
  });
  const lanes = vec?.lanes ?? null;
  for (const slot of slots) {
    const { init } = slot.carry;
    const start = slot.copy === null || vec === null ? scalar(ctx, init) : vector(ctx, vec, init, slot.copy);
    out.push(set(fn, slot.total ?? slot.local, start));
  }
  const counter = extent === 1 ? null : newLocal(fn, binaryen.i32);
  const frame = newFrame(region.frame, loop.axis, counter);
  const inner: Region = { ctx, out: [], frame, vector: vec };
  for (const slot of slots)
    if (slot.carry.kind === "recur") bindSlot(inner, slot, slot.carry.param, slot.local);
  emitBody(inner, loop.body);
  updates(inner, slots, false);
  if (counter === null) append(out, inner.out);
  else {
    out.push(set(fn, counter, i32(fn, 0)), ...pointerInits(fn, frame));
    append(
      out,
      countedLoop(fn, {
        frame,
        counter,
        from: 0,
        to: extent,
        step: 1,
        body: inner.out,
        slots,
        lanes,
      }),
    );
  }
  for (const slot of slots) bindSlot(region, slot, slot.carry.result, slot.total ?? slot.local);
};

/** Main loop of `unroll` vectors, then single vectors, then one partial vector. */
const emitVectorLoop = (
  region: Region,
  loop: LoopStmt,
  extent: number,
  lanes: Lanes,
  plan: LoopPlan,
): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { carries } = loop;
  const varying = varyingIn(loop);
  const splatted = splattedIn(loop.body, varying, updateUses(loop));
  const counter = extent <= lanes ? null : newLocal(fn, binaryen.i32);
  const frame = newFrame(region.frame, loop.axis, counter);
  const prologue: Expr[] = [];
  const splats = new Map<ValueId, Local>();
  const wide = lanes * plan.unroll;
  const mainEnd = extent - (extent % wide);
  const vectorEnd = extent - (extent % lanes);
  const slots = reduceCarries(carries).flatMap((carry) =>
    Array.from({ length: plan.unroll }, (_, copy): Slot => {
      const total = isBlocked(carry, mainEnd / wide) ? newLocal(fn, binaryen.v128) : null;
      return { carry, copy, local: newLocal(fn, binaryen.v128), total };
    }),
  );
  const phase = (copies: number, active: number): readonly Expr[] => {
    const values: Values[] = Array.from({ length: copies }, () => new Map());
    const vec: VectorRegion = {
      axis: loop.axis,
      lanes,
      active,
      varying,
      splatted,
      splats,
      prologue,
      copies: values,
      masks: null,
    };
    const inner: Region = { ctx, out: [], frame, vector: vec };
    emitBody(inner, loop.body);
    updates(
      inner,
      slots.filter((slot) => (slot.copy ?? 0) < copies),
      true,
    );
    return inner.out;
  };
  const main = mainEnd > 0 ? phase(plan.unroll, lanes) : null;
  const single = vectorEnd > mainEnd ? phase(1, lanes) : null;
  const partial = extent > vectorEnd ? phase(1, extent - vectorEnd) : null;

  append(out, prologue);
  for (const slot of slots) out.push(setAccumulator(fn, lanes, slot, slot.total ?? slot.local));
  if (counter === null) append(out, [...(main ?? []), ...(single ?? []), ...(partial ?? [])]);
  else {
    out.push(set(fn, counter, i32(fn, 0)), ...pointerInits(fn, frame));
    if (main !== null)
      append(
        out,
        countedLoop(fn, { frame, counter, from: 0, to: mainEnd, step: wide, body: main, slots, lanes }),
      );
    for (const slot of slots) if (slot.total !== null) out.push(set(fn, slot.local, get(fn, slot.total)));
    if (single !== null)
      append(
        out,
        countedLoop(fn, {
          frame,
          counter,
          from: mainEnd,
          to: vectorEnd,
          step: lanes,
          body: single,
          slots: [],
          lanes,
        }),
      );
    if (partial !== null) append(out, partial);
  }
  for (const carry of reduceCarries(carries)) finishReduction(region, lanes, carry, slots);
};
