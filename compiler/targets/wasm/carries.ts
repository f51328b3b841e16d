/** Values that loops carry: accumulators of reductions and recurrences. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import { isFloat } from "../../ir/types.js";
import { asMachineOp } from "../../kernel/schedule.js";
import type { Carry, Combine, OpStmt, ReduceCarry, RegType, ValueId } from "../../kernel/types.js";
import {
  activeMask,
  bind,
  type Expr,
  type Fn,
  get,
  is64,
  type Lanes,
  type Local,
  multiplyAdd,
  newLocal,
  scalarConst,
  set,
  vectorConst,
  type WasmType,
  wasmType,
} from "./asm.js";
import { extractLane } from "./lanes.js";
import { SCALAR_RULES } from "./scalar.js";
import { VECTOR_RULES } from "./simd.js";
import {
  bindScalar,
  type Context,
  type Region,
  scalar,
  typeOf,
  type VectorRegion,
  vector,
} from "./values.js";

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

/** One accumulator (or recurrence) in a register. */
export interface Slot {
  readonly carry: Carry;
  /** Null for a scalar; else which copy's vector. */
  readonly copy: number | null;
  readonly local: Local;
}

/** `acc` combined with the iteration's value; the product in a float sum is contracted in vectors. */
const updated = (
  ctx: Context,
  vec: VectorRegion | null,
  slot: Slot,
  carry: ReduceCarry,
  alongAxis: boolean,
): Expr => {
  const { fn } = ctx;
  const { combine, type, value } = carry;
  const acc = get(fn, slot.local);
  if (slot.copy === null || vec === null) return combineScalar(fn, combine, type, acc, scalar(ctx, value));
  const { lanes } = vec;
  const partial = alongAxis && vec.active < lanes;
  const product = contractible(ctx, vec, carry);
  if (product !== null && isFloatReg(type) && !partial) {
    const [x, y] = product.args.map((id) => vector(ctx, vec, id, slot.copy ?? 0));
    if (x !== undefined && y !== undefined) return multiplyAdd(fn, type, x, y, acc);
  }
  const term = vector(ctx, vec, value, slot.copy);
  return combineVector(fn, lanes, combine, type, acc, partial ? masked(fn, vec, carry, term) : term);
};

/** The product that a sum adds up, if nothing else reads it. */
const contractible = (ctx: Context, vec: VectorRegion, carry: ReduceCarry): OpStmt | null => {
  const op = ctx.facts.ops.get(carry.value);
  if (op === undefined || carry.combine !== "sum" || !vec.varying.has(carry.value)) return null;
  return asMachineOp(op) === "mul" && ctx.facts.inlineable.has(carry.value) ? op : null;
};

/** Lanes beyond the array contribute the identity. */
const masked = (fn: Fn, vec: VectorRegion, carry: ReduceCarry, term: Expr): Expr => {
  const { type, combine } = carry;
  const width = type === "bool" ? 16 / vec.lanes : is64(type) ? 8 : 4;
  const neutral = vectorConst(fn, type, vec.lanes, identity(combine, type));
  return fn.m.v128.bitselect(term, neutral, activeMask(fn, width, vec.active));
};

/** What changes nothing, for a scalar (`lanes` null) or a vector of accumulators. */
export const identityValue = (fn: Fn, carry: ReduceCarry, lanes: Lanes | null): Expr => {
  const value = identity(carry.combine, carry.type);
  return lanes === null ? scalarConst(fn, carry.type, value) : vectorConst(fn, carry.type, lanes, value);
};

export const accumulatorType = (carry: Carry, lanes: Lanes | null): WasmType =>
  lanes === null ? wasmType(carry.type) : binaryen.v128;

/** All combined, in pairs. */
export const combineValues = (
  fn: Fn,
  { combine, type }: ReduceCarry,
  lanes: Lanes | null,
  values: readonly Expr[],
): Expr =>
  pairwise(values, (x, y) =>
    lanes === null ? combineScalar(fn, combine, type, x, y) : combineVector(fn, lanes, combine, type, x, y),
  );

/**
 * The carries' updates at the end of an iteration; recurrences are read before any is written. `alongAxis`: the loop is the
 * vector axis itself, whose last vector may be partial.
 */
export const updates = (region: Region, slots: readonly Slot[], alongAxis: boolean): void => {
  const { ctx, out, vector: vec } = region;
  const { fn } = ctx;
  const next: { readonly local: Local; readonly value: Local }[] = [];
  for (const slot of slots) {
    const { carry } = slot;
    if (carry.kind === "reduce") {
      out.push(set(fn, slot.local, updated(ctx, vec, slot, carry, alongAxis)));
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

export const bindSlot = (region: Region, slot: Slot, id: ValueId, local: Local): void => {
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

export const reduceCarries = (carries: readonly Carry[]): readonly ReduceCarry[] =>
  carries.map((c) => (c.kind === "reduce" ? c : internal("a sequential loop can't be a vector axis")));

/** init combined with all lanes of all accumulators */
export const finishReduction = (
  region: Region,
  lanes: Lanes,
  carry: ReduceCarry,
  slots: readonly Slot[],
): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const own = slots.filter((slot) => slot.carry === carry).map((slot) => get(fn, slot.local));
  const all = combineValues(fn, carry, lanes, own);
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
