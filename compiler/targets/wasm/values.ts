/**
 * Registers of a kernel being emitted: where each value is, as a scalar or as vectors along one axis. In a vector region, values
 * that don't vary along the axis stay scalar and are splatted where a vector needs them; those that vary have one vector per copy.
 */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type { Schedule } from "../../kernel/schedule.js";
import { directUses, type KernelFacts, updateUses, walkStmts } from "../../kernel/schedule-analysis.js";
import type { AxisId, Buffer, BufferId, RegType, Stmt, ValueId } from "../../kernel/types.js";
import type { Base, Frame } from "./address.js";
import {
  type Expr,
  type Fn,
  get,
  type Lanes,
  type Local,
  newLocal,
  scalarConst,
  set,
  splat,
  vectorConst,
  wasmType,
} from "./asm.js";

/** A value in registers: `take` gives an expression for it, only once where it is still unevaluated. */
export interface Operand {
  readonly take: () => Expr;
}
export type Values = Map<ValueId, Operand>;

/** Scalar memory of programs without memory: a buffer of one element is a local. */
export type BufferLocals = ReadonlyMap<BufferId, number>;

/** What all of one kernel's regions share. */
export interface Context {
  readonly fn: Fn;
  readonly facts: KernelFacts;
  readonly schedule: Schedule;
  readonly buffers: ReadonlyMap<BufferId, Buffer>;
  readonly base: (buffer: BufferId) => Base;
  readonly locals: BufferLocals | null;
  readonly scalars: Values;
  /** The innermost loop in which a scalar is computed; null for none. */
  readonly frames: Map<ValueId, Frame | null>;
  /** How to write part of the kernel as a function of its own; null where that is not wanted. */
  readonly outline: Outline | null;
}

export interface Outline {
  /** Whether functions take the table of addresses, as parameter 0. */
  readonly table: boolean;
  readonly bases: (fn: Fn) => Context["base"];
}

export interface VectorRegion {
  readonly axis: AxisId;
  readonly lanes: Lanes;
  /** Lanes that hold elements; fewer than `lanes` only in the last, partial vector. */
  readonly active: number;
  readonly varying: ReadonlySet<ValueId>;
  /** Uniform values that vectors read. */
  readonly splatted: ReadonlySet<ValueId>;
  readonly splats: Map<ValueId, number>;
  /** Runs before the vector loop. */
  readonly prologue: Expr[];
  /** Per copy (unrolled vector) its varying values. */
  readonly copies: readonly Values[];
  /** Per copy the lanes that run the statements here, as a local; null where all active ones do. */
  readonly masks: readonly Local[] | null;
}

export interface Region {
  readonly ctx: Context;
  readonly out: Expr[];
  readonly frame: Frame | null;
  readonly vector: VectorRegion | null;
}

export const typeOf = (ctx: Context, id: ValueId): RegType =>
  ctx.facts.types.get(id) ?? internal(`value ${id} is not defined in kernel ${ctx.fn.name}`);
export const bufferOf = (ctx: Context, id: BufferId): Buffer =>
  ctx.buffers.get(id) ?? internal(`buffer ${id} is not in the program`);

/** A scalar register's expression. */
export const scalar = (ctx: Context, id: ValueId): Expr => {
  const constant = ctx.facts.consts.get(id);
  if (constant !== undefined) return scalarConst(ctx.fn, constant.type, constant.value);
  return (
    ctx.scalars.get(id) ?? internal(`value ${id} is not a scalar here, in kernel ${ctx.fn.name}`)
  ).take();
};

/** Copy u's vector of a value, splatted where it is uniform. */
export const vector = (ctx: Context, region: VectorRegion, id: ValueId, copy: number): Expr => {
  const { fn } = ctx;
  if (region.varying.has(id))
    return (
      region.copies[copy]?.get(id) ?? internal(`value ${id} has no vector in kernel ${fn.name}`)
    ).take();
  const constant = ctx.facts.consts.get(id);
  if (constant !== undefined) return vectorConst(fn, constant.type, region.lanes, constant.value);
  let local = region.splats.get(id);
  if (local === undefined) {
    local = newLocal(fn, binaryen.v128);
    region.splats.set(id, local);
    region.prologue.push(set(fn, local, splat(fn, typeOf(ctx, id), region.lanes, scalar(ctx, id))));
  }
  return get(fn, local);
};

/** Uniform values that varying statements of `body` (or the loop's own carries) read as vectors. */
export const splattedIn = (
  body: readonly Stmt[],
  varying: ReadonlySet<ValueId>,
  own: readonly ValueId[],
): ReadonlySet<ValueId> => {
  const found = new Set<ValueId>(own);
  const add = (ids: readonly ValueId[]): void => ids.forEach((id) => void found.add(id));
  walkStmts(body, (stmt) => {
    if (stmt.kind === "op" && varying.has(stmt.id)) add(stmt.args);
    if (stmt.kind === "store") add([stmt.value]);
    if (stmt.kind === "check") add(directUses(stmt));
    if (stmt.kind === "loop" && stmt.carries.some((c) => varying.has(c.result))) {
      add(directUses(stmt));
      add(updateUses(stmt));
    }
    if (stmt.kind === "while" && stmt.carries.some((c) => varying.has(c.result)))
      for (const c of stmt.carries) add([c.init, c.next]);
    if (stmt.kind === "if") for (const r of stmt.results) if (varying.has(r.id)) add([r.then, r.else]);
  });
  return new Set([...found].filter((id) => !varying.has(id)));
};

/** Records a scalar's definition; in a vector region also its splat, if vectors read it. */
export const defineScalar = (region: Region, id: ValueId, evaluate: () => Expr, pure: boolean): void => {
  const { ctx } = region;
  const { fn, facts } = ctx;
  if (pure && region.vector === null && facts.inlineable.has(id)) {
    ctx.scalars.set(id, { take: evaluate });
    return;
  }
  const type = typeOf(ctx, id);
  const local = newLocal(fn, wasmType(type));
  region.out.push(set(fn, local, evaluate()));
  bindScalar(region, id, local);
};

/** `id` is in `local` from here on. */
export const bindScalar = (region: Region, id: ValueId, local: number): void => {
  const { ctx } = region;
  ctx.scalars.set(id, { take: () => get(ctx.fn, local) });
  ctx.frames.set(id, region.frame);
  splatHere(region, id);
};

/** Splats a uniform value where it is defined, if vectors of the region read it. */
export const splatHere = (region: Region, id: ValueId): void => {
  const { ctx, vector: vec } = region;
  if (!vec?.splatted.has(id)) return;
  const { fn } = ctx;
  const local = newLocal(fn, binaryen.v128);
  vec.splats.set(id, local);
  region.out.push(set(fn, local, splat(fn, typeOf(ctx, id), vec.lanes, scalar(ctx, id))));
};

export const defineVector = (
  region: Region,
  values: Values,
  id: ValueId,
  evaluate: () => Expr,
  pure: boolean,
): void => {
  const { fn, facts } = region.ctx;
  if (pure && facts.inlineable.has(id)) {
    values.set(id, { take: evaluate });
    return;
  }
  const local = newLocal(fn, binaryen.v128);
  region.out.push(set(fn, local, evaluate()));
  values.set(id, { take: () => get(fn, local) });
};
