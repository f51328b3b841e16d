/** Loops: plain, inside vectors, and vector loops with their shorter last vectors; carries and blocked float sums. */
import binaryen from "binaryen";
import { type LoopPlan, SCALAR_PLAN } from "../../kernel/schedule.js";
import { updateUses, varyingIn } from "../../kernel/schedule-analysis.js";
import { sumLevels } from "../../kernel/sum-levels.js";
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
import { bindSlot, finishReduction, identityValue, reduceCarries, type Slot, updates } from "./carries.js";
import { emitChunks, isChunked } from "./chunks.js";
import { emitDynamicLoop, emitIf, emitWhile } from "./control.js";
import { emitMasked, emitMaskedLoop } from "./masked.js";
import {
  type BlockedSum,
  endBlock,
  endSpan,
  finishSum,
  isBlocked,
  newBlockedSum,
  startBlock,
  startSpan,
  startSum,
} from "./sums.js";
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
  readonly sums: readonly BlockedSum[];
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
  const levels = c.sums.length === 0 ? null : sumLevels(trips);
  const loopTo = (limit: Expr): Expr => m.loop(inner, m.block(null, [...c.body, ...steps, again(limit)]));
  if (levels === null) return [loopTo(i32(fn, c.to))];
  /** Pieces of so many iterations, up to `limit`; `piece` runs to the limit that it is given. */
  const inPieces = (
    name: string,
    iterations: number,
    limit: () => Expr,
    piece: (end: () => Expr) => readonly Expr[],
  ): Expr => {
    const end = newLocal(fn, binaryen.i32);
    const label = newLabel(fn, name);
    return m.loop(
      label,
      m.block(null, [
        set(fn, end, m.i32.add(get(fn, counter), i32(fn, iterations * step))),
        set(fn, end, m.select(m.i32.lt_s(get(fn, end), limit()), get(fn, end), limit())),
        ...piece(() => get(fn, end)),
        m.br_if(label, m.i32.lt_s(get(fn, counter), limit())),
      ]),
    );
  };
  const blocks = (limit: () => Expr): Expr =>
    inPieces("block", levels.block, limit, (end) => [
      ...c.sums.flatMap((sum) => startBlock(fn, sum)),
      loopTo(end()),
      ...c.sums.flatMap((sum) => endBlock(fn, sum)),
    ]);
  const limit = (): Expr => i32(fn, c.to);
  if (levels.span === null) return [blocks(limit)];
  const spans = inPieces("span", levels.span, limit, (end) => [
    ...c.sums.flatMap((sum) => startSpan(fn, sum)),
    blocks(end),
    ...c.sums.flatMap((sum) => endSpan(fn, sum)),
  ]);
  return [spans];
};

/** A loop in order, one iteration at a time; inside a vector region each varying carry has a vector per copy. */
const emitPlainLoop = (region: Region, loop: LoopStmt, extent: number): void => {
  const { ctx, vector: vec, out } = region;
  const { fn } = ctx;
  const lanes = vec?.lanes ?? null;
  const slots: Slot[] = loop.carries.flatMap((carry): Slot[] => {
    const slot = (copy: number | null): Slot => {
      const type = copy === null ? wasmType(carry.type) : binaryen.v128;
      return { carry, copy, local: newLocal(fn, type) };
    };
    return vec?.varying.has(carry.result) ? vec.copies.map((_, u) => slot(u)) : [slot(null)];
  });
  const sums: BlockedSum[] = [];
  for (const slot of slots) {
    const { carry, copy, local } = slot;
    const start =
      copy === null || vec === null ? scalar(ctx, carry.init) : vector(ctx, vec, carry.init, copy);
    if (isBlocked(carry, extent)) {
      const sum = newBlockedSum(fn, carry, copy === null ? null : lanes, [slot], extent);
      sums.push(sum);
      out.push(...startSum(fn, sum, start));
    } else out.push(set(fn, local, start));
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
        sums,
      }),
    );
  }
  for (const sum of sums) for (const { local } of sum.slots) out.push(finishSum(fn, sum, local));
  for (const slot of slots) bindSlot(region, slot, slot.carry.result, slot.local);
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
    Array.from(
      { length: plan.unroll },
      (_, copy): Slot => ({ carry, copy, local: newLocal(fn, binaryen.v128) }),
    ),
  );
  const trips = mainEnd / wide;
  const sums = reduceCarries(carries)
    .filter((carry) => isBlocked(carry, trips))
    .map((carry) =>
      newBlockedSum(
        fn,
        carry,
        lanes,
        slots.filter((slot) => slot.carry === carry),
        trips,
      ),
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
  const blocked = new Set(sums.flatMap((sum) => sum.slots));
  for (const sum of sums) out.push(...startSum(fn, sum, null));
  for (const carry of reduceCarries(carries))
    for (const slot of slots)
      if (slot.carry === carry && !blocked.has(slot))
        out.push(set(fn, slot.local, identityValue(fn, carry, lanes)));
  if (counter === null) append(out, [...(main ?? []), ...(single ?? []), ...(partial ?? [])]);
  else {
    out.push(set(fn, counter, i32(fn, 0)), ...pointerInits(fn, frame));
    if (main !== null)
      append(out, countedLoop(fn, { frame, counter, from: 0, to: mainEnd, step: wide, body: main, sums }));
    // the last accumulator takes the total, the first what follows
    for (const sum of sums) {
      out.push(...startBlock(fn, sum));
      const last = sum.slots.at(-1);
      if (last !== undefined) out.push(finishSum(fn, sum, last.local));
    }
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
          sums: [],
        }),
      );
    if (partial !== null) append(out, partial);
  }
  for (const carry of reduceCarries(carries)) finishReduction(region, lanes, carry, slots);
};
