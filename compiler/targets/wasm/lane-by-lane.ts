/**
 * What is left of a loop when the first of its lanes has ended: the other lanes finish it one after the other, as scalars. The
 * vectors turn, so that each lane in its turn is lane 0 of the first copy, and the code stands there once.
 */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type { LoopStmt, RegType, ValueId, WhileStmt } from "../../kernel/types.js";
import { definedBy, directUses, endUses, walkStmts } from "../../kernel/walk.js";
import {
  activeMask,
  type Expr,
  get,
  i32,
  is64,
  type Lanes,
  type Local,
  newLabel,
  newLocal,
  set,
  wasmType,
} from "./asm.js";
import type { Slot } from "./carries.js";
import { extractLane, replaceLane } from "./lanes.js";
import { bindScalar, type Context, type Region, typeOf, type VectorRegion, vector } from "./values.js";

/** A value with one vector per copy, whose lanes take turns. */
interface Turning {
  readonly type: RegType;
  readonly copies: readonly Local[];
}

/** Values from outside that the loop's statements read and that vary. */
const varyingInputs = (ctx: Context, vec: VectorRegion, stmt: LoopStmt | WhileStmt): readonly ValueId[] => {
  const defined = new Set<ValueId>();
  const used = new Set<ValueId>(endUses(stmt).flat());
  walkStmts([stmt], (s) => {
    for (const id of definedBy(s)) defined.add(id);
    if (s === stmt) return;
    for (const id of [...directUses(s), ...endUses(s).flat()]) used.add(id);
  });
  return [...used].filter((id) => !defined.has(id) && !ctx.facts.consts.has(id) && vec.varying.has(id));
};

/** Lanes 1, 2, ... of the concatenation of a and b, in lane 0 and on. */
const nextLanes = (m: binaryen.Module, type: RegType, lanes: Lanes, a: Expr, b: Expr): Expr => {
  const width = lanes === 4 ? 4 : is64(type) || type === "bool" ? 8 : 4;
  const bytes = Array.from({ length: 16 }, (_, i) => {
    if (i >= lanes * width) return i;
    const from = i + width;
    return from < lanes * width ? from : 16 + from - lanes * width;
  });
  return m.i8x16.shuffle(a, b, bytes);
};

const turn = (region: Region, lanes: Lanes, { type, copies }: Turning): readonly Expr[] => {
  const { fn } = region.ctx;
  const [first] = copies;
  if (first === undefined) return internal("a vector region without copies");
  const before = newLocal(fn, binaryen.v128);
  return [
    set(fn, before, get(fn, first)),
    ...copies.map((copy, u) =>
      set(fn, copy, nextLanes(fn.m, type, lanes, get(fn, copy), get(fn, copies[u + 1] ?? before))),
    ),
  ];
};

/** The lanes that run here, per copy; null for all of them. */
export const lanesHere = ({ ctx: { fn } }: Region, vec: VectorRegion, copy: number): Expr | null => {
  const mask = vec.masks?.[copy];
  if (mask !== undefined) return get(fn, mask);
  return vec.active === vec.lanes ? null : activeMask(fn, 16 / vec.lanes, vec.active);
};

/**
 * Finishes the loop for each lane that runs here. `slots` hold the carries, a vector per copy, in the order of `vec.copies`;
 * `finish` writes the loop for one lane, given the carries as scalars and `extra` of that lane.
 */
export const laneByLane = (
  region: Region,
  vec: VectorRegion,
  stmt: LoopStmt | WhileStmt,
  slots: readonly Slot[],
  extra: readonly Turning[],
  finish: (lane: Region, carries: readonly Slot[], extra: readonly Local[]) => void,
): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { m } = fn;
  const { lanes } = vec;
  const held = (type: RegType, copies: readonly Expr[]): Turning => ({
    type,
    copies: copies.map((value) => {
      const local = newLocal(fn, binaryen.v128);
      out.push(set(fn, local, value));
      return local;
    }),
  });
  const full = (): Expr => activeMask(fn, 16 / lanes, lanes);
  const masks = held(
    "bool",
    vec.copies.map((_, u) => lanesHere(region, vec, u) ?? full()),
  );
  const inputs = varyingInputs(ctx, vec, stmt);
  const given = inputs.map((id) =>
    held(
      typeOf(ctx, id),
      vec.copies.map((_, u) => vector(ctx, vec, id, u)),
    ),
  );
  const carries = stmt.carries.map((carry): Turning & { readonly carry: typeof carry } => ({
    carry,
    type: carry.type,
    copies: slots.filter((slot) => slot.carry === carry).map((slot) => slot.local),
  }));

  const lane: Region = { ...region, ctx: { ...ctx, scalars: new Map(ctx.scalars) }, out: [], vector: null };
  const first = ({ type, copies }: Turning): Expr =>
    extractLane(fn, type, lanes, get(fn, copies[0] ?? internal("no copies")), 0);
  const asScalar = (value: Turning): Local => {
    const local = newLocal(fn, wasmType(value.type));
    lane.out.push(set(fn, local, first(value)));
    return local;
  };
  given.forEach((value, k) => void bindScalar(lane, inputs[k] ?? -1, asScalar(value)));
  const own = carries.map((value): Slot => ({ carry: value.carry, copy: null, local: asScalar(value) }));
  finish(lane, own, extra.map(asScalar));
  carries.forEach(({ type, copies }, k) => {
    const copy = copies[0] ?? internal("a carry without a vector");
    const local = own[k]?.local ?? internal("a carry without a scalar");
    lane.out.push(set(fn, copy, replaceLane(fn, type, lanes, get(fn, copy), 0, get(fn, local))));
  });

  const left = newLocal(fn, binaryen.i32);
  const label = newLabel(fn, "lane");
  const turns = [masks, ...given, ...extra, ...carries].flatMap((value) => turn(region, lanes, value));
  const fewer = m.local.tee(left, m.i32.sub(get(fn, left), i32(fn, 1)), binaryen.i32);
  out.push(
    set(fn, left, i32(fn, lanes * vec.copies.length)),
    m.loop(
      label,
      m.block(null, [m.if(first(masks), m.block(null, lane.out)), ...turns, m.br_if(label, fewer)]),
    ),
  );
};
