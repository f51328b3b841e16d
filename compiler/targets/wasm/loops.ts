/** Loops: plain, inside vectors, and vector loops with their shorter last vectors; carries and blocked float sums. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import { isFloat } from "../../ir/types.js";
import { asMachineOp, type LoopPlan, SCALAR_PLAN, sumBlock } from "../../kernel/schedule.js";
import { updateUses, varyingIn } from "../../kernel/schedule-analysis.js";
import type {
  Carry,
  Combine,
  LoopStmt,
  OpStmt,
  ReduceCarry,
  RegType,
  Stmt,
  ValueId,
} from "../../kernel/types.js";
import { type Frame, newFrame, pointerInits, pointerSteps } from "./address.js";
import {
  activeMask,
  bind,
  type Expr,
  type Fn,
  get,
  i32,
  is64,
  type Lanes,
  type Local,
  multiplyAdd,
  newLabel,
  newLocal,
  scalarConst,
  set,
  vectorConst,
  wasmType,
} from "./asm.js";
import {
  bindScalar,
  type Context,
  emitRun,
  type Region,
  scalar,
  splattedIn,
  typeOf,
  type Values,
  type VectorRegion,
  vector,
} from "./body.js";
import { SCALAR_RULES } from "./scalar.js";
import { extractLane, VECTOR_RULES } from "./simd.js";

const COMBINE_OPS = { sum: "add", prod: "mul", max: "max", min: "min" } as const satisfies Record<
  Combine,
  string
>;

/** The value that combines to the other operand: -0 for sums, since x + -0 is x for every float, -0 included. */
const identity = (combine: Combine, type: RegType): number => {
  switch (combine) {
    case "sum":
      return isFloatReg(type) ? -0 : 0;
    case "prod":
      return 1;
    case "max":
      return isFloatReg(type) ? -Infinity : type === "i32" ? -(2 ** 31) : 0;
    case "min":
      return isFloatReg(type) ? Infinity : type === "i32" ? 2 ** 31 - 1 : type === "u32" ? 2 ** 32 - 1 : 1;
  }
};
const isFloatReg = (type: RegType): type is "f32" | "f64" => type !== "i64" && isFloat(type);

const combineScalar = (fn: Fn, combine: Combine, type: RegType, x: Expr, y: Expr): Expr =>
  SCALAR_RULES[COMBINE_OPS[combine]]({ fn, from: type, to: type }, [x, y]);
const combineVector = (fn: Fn, lanes: Lanes, combine: Combine, type: RegType, x: Expr, y: Expr): Expr => {
  const call = { fn, lanes, types: [type, type], from: type, to: type, uniformCount: null };
  return VECTOR_RULES[COMBINE_OPS[combine]](call, [x, y]);
};

/** One accumulator (or recurrence) in a register; `total` collects the blocks of a blocked sum. */
interface Slot {
  readonly carry: Carry;
  /** Null for a scalar; else which copy's vector. */
  readonly copy: number | null;
  readonly local: Local;
  readonly total: Local | null;
}

export const emitBody = (region: Region, stmts: readonly Stmt[]): void => {
  let run: Exclude<Stmt, LoopStmt>[] = [];
  for (const stmt of stmts) {
    if (stmt.kind !== "loop") {
      run.push(stmt);
      continue;
    }
    emitRun(region, run);
    run = [];
    emitLoop(region, stmt);
  }
  emitRun(region, run);
};

const emitLoop = (region: Region, loop: LoopStmt): void => {
  const plan = region.ctx.schedule.get(loop.axis) ?? SCALAR_PLAN;
  if (region.vector === null && plan.lanes !== 1) emitVectorLoop(region, loop, plan.lanes, plan);
  else emitPlainLoop(region, loop);
};

/** `acc` combined with the iteration's value; the product in a float sum is contracted in vectors. */
const updated = (ctx: Context, vec: VectorRegion | null, slot: Slot, carry: ReduceCarry): Expr => {
  const { fn } = ctx;
  const { combine, type, value } = carry;
  const acc = get(fn, slot.local);
  if (slot.copy === null || vec === null) return combineScalar(fn, combine, type, acc, scalar(ctx, value));
  const { lanes, active } = vec;
  const product = contractible(ctx, vec, carry);
  if (product !== null && isFloatReg(type) && active === lanes) {
    const [x, y] = product.args.map((id) => vector(ctx, vec, id, slot.copy ?? 0));
    if (x !== undefined && y !== undefined) return multiplyAdd(fn, type, x, y, acc);
  }
  const term = vector(ctx, vec, value, slot.copy);
  return combineVector(fn, lanes, combine, type, acc, masked(fn, vec, carry, term));
};

/** The product that a sum adds up, if nothing else reads it. */
const contractible = (ctx: Context, vec: VectorRegion, carry: ReduceCarry): OpStmt | null => {
  const op = ctx.facts.ops.get(carry.value);
  if (op === undefined || carry.combine !== "sum" || !vec.varying.has(carry.value)) return null;
  return asMachineOp(op) === "mul" && ctx.facts.inlineable.has(carry.value) ? op : null;
};

/** Lanes beyond the array contribute the identity, where the carry runs along the vector axis. */
const masked = (fn: Fn, vec: VectorRegion, carry: ReduceCarry, term: Expr): Expr => {
  if (vec.active === vec.lanes) return term;
  const { type, combine } = carry;
  const width = type === "bool" ? 16 / vec.lanes : is64(type) ? 8 : 4;
  const neutral = vectorConst(fn, type, vec.lanes, identity(combine, type));
  return fn.m.v128.bitselect(term, neutral, activeMask(fn, width, vec.active));
};

const setAccumulator = (fn: Fn, lanes: Lanes | null, slot: Slot, local: Local): Expr => {
  const { carry } = slot;
  if (carry.kind !== "reduce") return internal("a recurrence has no identity");
  const value = identity(carry.combine, carry.type);
  const neutral =
    slot.copy === null || lanes === null
      ? scalarConst(fn, carry.type, value)
      : vectorConst(fn, carry.type, lanes, value);
  return set(fn, local, neutral);
};

const combineSlot = (fn: Fn, lanes: Lanes | null, slot: Slot, x: Expr, y: Expr): Expr => {
  const { carry } = slot;
  if (carry.kind !== "reduce") return internal("a recurrence is not combined");
  return slot.copy === null || lanes === null
    ? combineScalar(fn, carry.combine, carry.type, x, y)
    : combineVector(fn, lanes, carry.combine, carry.type, x, y);
};

/** The carries' updates at the end of an iteration; recurrences are read before any is written. */
const updates = (region: Region, slots: readonly Slot[]): void => {
  const { ctx, out, vector: vec } = region;
  const { fn } = ctx;
  const next: { readonly local: Local; readonly value: Local }[] = [];
  for (const slot of slots) {
    const { carry } = slot;
    if (carry.kind === "reduce") {
      out.push(set(fn, slot.local, updated(ctx, vec, slot, carry)));
      continue;
    }
    const value =
      slot.copy === null || vec === null ? scalar(ctx, carry.next) : vector(ctx, vec, carry.next, slot.copy);
    const local = newLocal(fn, slot.copy === null ? wasmType(carry.type) : binaryen.v128);
    out.push(set(fn, local, value));
    next.push({ local: slot.local, value: local });
  }
  for (const { local, value } of next) out.push(set(fn, local, get(fn, value)));
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

/** total += block */
const addBlock = (fn: Fn, lanes: Lanes | null, slot: Slot): Expr => {
  const total = slot.total ?? internal("a sum without a total");
  return set(fn, total, combineSlot(fn, lanes, slot, get(fn, total), get(fn, slot.local)));
};

const isBlocked = (carry: Carry, trips: number): boolean =>
  carry.kind === "reduce" && carry.combine === "sum" && isFloatReg(carry.type) && sumBlock(trips) !== null;

/** A loop in order, one iteration at a time; inside a vector region each varying carry has a vector per copy. */
const emitPlainLoop = (region: Region, loop: LoopStmt): void => {
  const { ctx, vector: vec, out } = region;
  const { fn } = ctx;
  const slots: Slot[] = loop.carries.flatMap((carry): Slot[] => {
    const total = isBlocked(carry, loop.extent);
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
  const counter = loop.extent === 1 ? null : newLocal(fn, binaryen.i32);
  const frame = newFrame(region.frame, loop.axis, counter);
  const inner: Region = { ctx, out: [], frame, vector: vec };
  for (const slot of slots)
    if (slot.carry.kind === "recur") bindSlot(inner, slot, slot.carry.param, slot.local);
  emitBody(inner, loop.body);
  updates(inner, slots);
  if (counter === null) out.push(...inner.out);
  else {
    out.push(set(fn, counter, i32(fn, 0)), ...pointerInits(fn, frame));
    out.push(
      ...countedLoop(fn, {
        frame,
        counter,
        from: 0,
        to: loop.extent,
        step: 1,
        body: inner.out,
        slots,
        lanes,
      }),
    );
  }
  for (const slot of slots) bindSlot(region, slot, slot.carry.result, slot.total ?? slot.local);
};

const bindSlot = (region: Region, slot: Slot, id: ValueId, local: Local): void => {
  const { fn } = region.ctx;
  const values = slot.copy === null ? undefined : region.vector?.copies[slot.copy];
  if (values === undefined) bindScalar(region, id, local);
  else values.set(id, { take: () => get(fn, local) });
};

/** lanes of one vector combined: (l0 + l1) + (l2 + l3) */
const horizontal = (fn: Fn, lanes: Lanes, carry: ReduceCarry, value: Expr): Expr =>
  bind(fn, [{ type: binaryen.v128, value }], wasmType(carry.type), (read) => {
    const lane = (k: number): Expr => extractLane(fn, carry.type, lanes, read(0), k);
    const pair = (x: Expr, y: Expr): Expr => combineScalar(fn, carry.combine, carry.type, x, y);
    return lanes === 2 ? pair(lane(0), lane(1)) : pair(pair(lane(0), lane(1)), pair(lane(2), lane(3)));
  });

/** Main loop of `unroll` vectors, then single vectors, then one partial vector. */
const emitVectorLoop = (region: Region, loop: LoopStmt, lanes: Lanes, plan: LoopPlan): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { extent, carries } = loop;
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
    };
    const inner: Region = { ctx, out: [], frame, vector: vec };
    emitBody(inner, loop.body);
    updates(
      inner,
      slots.filter((slot) => (slot.copy ?? 0) < copies),
    );
    return inner.out;
  };
  const main = mainEnd > 0 ? phase(plan.unroll, lanes) : null;
  const single = vectorEnd > mainEnd ? phase(1, lanes) : null;
  const partial = extent > vectorEnd ? phase(1, extent - vectorEnd) : null;

  out.push(...prologue);
  for (const slot of slots) out.push(setAccumulator(fn, lanes, slot, slot.total ?? slot.local));
  if (counter === null) out.push(...(main ?? []), ...(single ?? []), ...(partial ?? []));
  else {
    out.push(set(fn, counter, i32(fn, 0)), ...pointerInits(fn, frame));
    if (main !== null)
      out.push(
        ...countedLoop(fn, { frame, counter, from: 0, to: mainEnd, step: wide, body: main, slots, lanes }),
      );
    for (const slot of slots) if (slot.total !== null) out.push(set(fn, slot.local, get(fn, slot.total)));
    if (single !== null)
      out.push(
        ...countedLoop(fn, {
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
    if (partial !== null) out.push(...partial);
  }
  for (const carry of reduceCarries(carries)) finishReduction(region, lanes, carry, slots);
};

const reduceCarries = (carries: readonly Carry[]): readonly ReduceCarry[] =>
  carries.map((c) => (c.kind === "reduce" ? c : internal("a sequential loop can't be a vector axis")));

/** init combined with all lanes of all accumulators */
const finishReduction = (region: Region, lanes: Lanes, carry: ReduceCarry, slots: readonly Slot[]): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const own = slots.filter((slot) => slot.carry === carry).map((slot) => get(fn, slot.local));
  const all = pairwise(own, (x, y) => combineVector(fn, lanes, carry.combine, carry.type, x, y));
  const local = newLocal(fn, wasmType(typeOf(ctx, carry.result)));
  const lanesCombined = horizontal(fn, lanes, carry, all);
  out.push(
    set(fn, local, combineScalar(fn, carry.combine, carry.type, scalar(ctx, carry.init), lanesCombined)),
  );
  bindScalar(region, carry.result, local);
};

const pairwise = (values: readonly Expr[], combine: (x: Expr, y: Expr) => Expr): Expr => {
  const [first = internal("a reduction without accumulators")] = values;
  if (values.length === 1) return first;
  const half = values.length >> 1;
  return combine(pairwise(values.slice(0, half), combine), pairwise(values.slice(half), combine));
};
