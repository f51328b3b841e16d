/**
 * Control flow inside vectors. Where a condition differs from lane to lane, a branch runs if any lane takes it, and what the
 * other lanes compute meanwhile is dropped; a loop runs in vectors as long as all lanes do, and then lane by lane: while all
 * run, the condition is a branch that engines predict and not an operand of every carry. The statements inside touch no memory.
 */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type {
  Carry,
  DynamicExtent,
  IfStmt,
  LoopStmt,
  RegType,
  Stmt,
  ValueId,
  WhileStmt,
} from "../../kernel/types.js";
import { newFrame } from "./address.js";
import {
  bind,
  type Expr,
  get,
  i32,
  type Local,
  newLabel,
  newLocal,
  set,
  vectorConst,
  wasmType,
} from "./asm.js";
import { bindSlot, type Slot, updates } from "./carries.js";
import { whileFrom } from "./control.js";
import { laneByLane, lanesHere } from "./lane-by-lane.js";
import { extractLane } from "./lanes.js";
import { VECTOR_RULES } from "./simd.js";
import { bindScalar, type Region, scalar, type VectorRegion, vector } from "./values.js";

type EmitBody = (region: Region, stmts: readonly Stmt[]) => void;

const masksOf = ({ ctx: { fn } }: Region, vec: VectorRegion): readonly Local[] =>
  vec.copies.map(() => newLocal(fn, binaryen.v128));

const at = <T>(list: readonly T[], k: number): T => list[k] ?? internal(`copy ${k} does not exist`);

/** Whether any lane of any copy is set. */
const anyLane = ({ ctx: { fn } }: Region, masks: readonly Local[]): Expr =>
  fn.m.v128.any_true(masks.map((m) => get(fn, m)).reduce((a, b) => fn.m.v128.or(a, b)));

/** mask ? x : y */
const choose = (region: Region, vec: VectorRegion, type: RegType, mask: Expr, x: Expr, y: Expr): Expr => {
  const call = {
    fn: region.ctx.fn,
    lanes: vec.lanes,
    types: ["bool", type, type] as const,
    from: type,
    to: type,
  };
  return VECTOR_RULES.select({ ...call, uniformCount: null }, [mask, x, y]);
};

/** A local per copy for what varies, else one scalar. */
const slotsFor = (region: Region, vec: VectorRegion, carries: readonly Carry[]): readonly Slot[] => {
  const { fn } = region.ctx;
  return carries.flatMap((carry): readonly Slot[] => {
    const slot = (copy: number | null): Slot => {
      const local = newLocal(fn, copy === null ? wasmType(carry.type) : binaryen.v128);
      return { carry, copy, local };
    };
    return vec.varying.has(carry.result) ? vec.copies.map((_, u) => slot(u)) : [slot(null)];
  });
};

const enter = (region: Region, vec: VectorRegion, slots: readonly Slot[]): void => {
  const { ctx, out } = region;
  for (const { carry, copy, local } of slots) {
    const start = copy === null ? scalar(ctx, carry.init) : vector(ctx, vec, carry.init, copy);
    out.push(set(ctx.fn, local, start));
  }
};

const bindParams = (region: Region, slots: readonly Slot[]): void => {
  for (const slot of slots)
    if (slot.carry.kind === "recur") bindSlot(region, slot, slot.carry.param, slot.local);
};
const bindResults = (region: Region, slots: readonly Slot[]): void => {
  for (const slot of slots) bindSlot(region, slot, slot.carry.result, slot.local);
};

/** An `if` or a `while` in a vector region. */
export const emitMasked = (
  region: Region,
  vec: VectorRegion,
  stmt: IfStmt | WhileStmt,
  emitBody: EmitBody,
): void => {
  if (stmt.kind === "while") emitWhile(region, vec, stmt, emitBody);
  else if (vec.varying.has(stmt.cond)) emitDivergentIf(region, vec, stmt, emitBody);
  else emitUniformIf(region, vec, stmt, emitBody);
};

/** r = if (any lane of mask) then; if (any lane of ~mask) r = mask ? r : else */
const emitDivergentIf = (region: Region, vec: VectorRegion, stmt: IfStmt, emitBody: EmitBody): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { m } = fn;
  const conds = masksOf(region, vec);
  const [taken, other] = [masksOf(region, vec), masksOf(region, vec)];
  vec.copies.forEach((_, u) => {
    const here = lanesHere(region, vec, u);
    const cond = (): Expr => get(fn, at(conds, u));
    out.push(set(fn, at(conds, u), vector(ctx, vec, stmt.cond, u)));
    out.push(set(fn, at(taken, u), here === null ? cond() : m.v128.and(here, cond())));
    const rest = lanesHere(region, vec, u);
    out.push(set(fn, at(other, u), rest === null ? m.v128.not(cond()) : m.v128.andnot(rest, cond())));
  });
  const results = stmt.results.map((r) => ({ r, locals: masksOf(region, vec) }));
  const side = (
    body: readonly Stmt[],
    masks: readonly Local[],
    finish: (inner: Region, own: VectorRegion) => void,
  ) => {
    const own: VectorRegion = { ...vec, masks };
    const inner: Region = { ...region, out: [], vector: own };
    emitBody(inner, body);
    finish(inner, own);
    if (inner.out.length > 0) out.push(m.if(anyLane(region, masks), m.block(null, inner.out)));
  };
  side(stmt.then, taken, (inner, own) => {
    for (const { r, locals } of results)
      locals.forEach((local, u) => void inner.out.push(set(fn, local, vector(ctx, own, r.then, u))));
  });
  side(stmt.else, other, (inner, own) => {
    for (const { r, locals } of results)
      locals.forEach((local, u) => {
        const value = vector(ctx, own, r.else, u);
        inner.out.push(
          set(fn, local, choose(inner, own, r.type, get(fn, at(conds, u)), get(fn, local), value)),
        );
      });
  });
  for (const { r, locals } of results)
    locals.forEach((local, u) => void at(vec.copies, u).set(r.id, { take: () => get(fn, local) }));
};

const emitUniformIf = (region: Region, vec: VectorRegion, stmt: IfStmt, emitBody: EmitBody): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { m } = fn;
  const cond = scalar(ctx, stmt.cond);
  const places = stmt.results.flatMap((r): readonly { r: typeof r; copy: number | null; local: Local }[] =>
    vec.varying.has(r.id)
      ? vec.copies.map((_, copy) => ({ r, copy, local: newLocal(fn, binaryen.v128) }))
      : [{ r, copy: null, local: newLocal(fn, wasmType(r.type)) }],
  );
  const side = (body: readonly Stmt[], value: (r: IfStmt["results"][number]) => ValueId): Expr => {
    const inner: Region = { ...region, out: [] };
    emitBody(inner, body);
    for (const { r, copy, local } of places) {
      const id = value(r);
      inner.out.push(set(fn, local, copy === null ? scalar(ctx, id) : vector(ctx, vec, id, copy)));
    }
    return m.block(null, inner.out);
  };
  const then = side(stmt.then, (r) => r.then);
  const other = side(stmt.else, (r) => r.else);
  out.push(m.if(cond, then, other));
  for (const { r, copy, local } of places) {
    if (copy === null) bindScalar(region, r.id, local);
    else at(vec.copies, copy).set(r.id, { take: () => get(fn, local) });
  }
};

/** loop { test; if (all lanes pass) { body; carries; again } }; where lanes differ, the rest lane by lane */
const emitWhile = (region: Region, vec: VectorRegion, stmt: WhileStmt, emitBody: EmitBody): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { m } = fn;
  const slots = slotsFor(region, vec, stmt.carries);
  enter(region, vec, slots);
  const divergent = vec.varying.has(stmt.cond);
  const test: Region = { ...region, out: [] };
  bindParams(test, slots);
  emitBody(test, stmt.test);
  const again = divergent ? allPass(region, vec, stmt.cond) : scalar(ctx, stmt.cond);
  const body: Region = { ...region, out: [] };
  emitBody(body, stmt.body);
  updates(body, slots, false);
  const label = newLabel(fn, "while");
  const rest = m.if(again, m.block(null, [...body.out, m.br(label)]));
  out.push(m.loop(label, m.block(null, [...test.out, rest])));
  if (divergent)
    laneByLane(region, vec, stmt, slots, [], (lane, own) => void whileFrom(lane, stmt, own, emitBody));
  bindResults(region, slots);
};

/** Whether the condition holds in all lanes that run here. */
const allPass = (region: Region, vec: VectorRegion, cond: ValueId): Expr => {
  const { ctx } = region;
  const { m } = ctx.fn;
  const passes = vec.copies.map((_, u) => {
    const here = lanesHere(region, vec, u);
    const holds = vector(ctx, vec, cond, u);
    return here === null ? holds : m.v128.or(holds, m.v128.not(here));
  });
  const all = passes.reduce((a, b) => m.v128.and(a, b));
  return vec.lanes === 4 ? m.i32x4.all_true(all) : m.i64x2.all_true(all);
};

/** A loop of a trip count known at run time: in vectors up to the least count of the lanes, then lane by lane. */
export const emitMaskedLoop = (
  region: Region,
  vec: VectorRegion,
  loop: LoopStmt,
  { value }: DynamicExtent,
  emitBody: EmitBody,
): void => {
  const { ctx, out } = region;
  const { fn } = ctx;
  const { m } = fn;
  const slots = slotsFor(region, vec, loop.carries);
  enter(region, vec, slots);
  const divergent = vec.varying.has(value);
  const [limit, counter] = [newLocal(fn, binaryen.i32), newLocal(fn, binaryen.i32)];
  const limits = divergent ? vec.copies.map((_, u) => held(region, vector(ctx, vec, value, u))) : [];
  out.push(set(fn, limit, divergent ? leastLane(region, vec, limits) : scalar(ctx, value)));
  const count = (at: Region, end: () => Expr, write: (inner: Region) => void): void => {
    const frame = newFrame(at.frame, loop.axis, counter);
    const inner: Region = { ...at, out: [], frame };
    write(inner);
    const label = newLabel(fn, "loop");
    const step = set(fn, counter, m.i32.add(get(fn, counter), i32(fn, 1)));
    const rest = m.block(null, [...inner.out, step, m.br(label)]);
    at.out.push(m.loop(label, m.if(m.i32.lt_s(get(fn, counter), end()), rest)));
  };
  out.push(set(fn, counter, i32(fn, 0)));
  count(
    region,
    () => get(fn, limit),
    (inner) => {
      bindParams(inner, slots);
      emitBody(inner, loop.body);
      updates(inner, slots, false);
    },
  );
  if (divergent) {
    const begun = newLocal(fn, binaryen.i32);
    out.push(set(fn, begun, get(fn, counter)));
    const extra = [{ type: "i32", copies: limits }] as const;
    laneByLane(region, vec, loop, slots, extra, (lane, own, [end = -1]) => {
      lane.out.push(set(fn, counter, get(fn, begun)));
      count(
        lane,
        () => get(fn, end),
        (inner) => {
          bindParams(inner, own);
          emitBody(inner, loop.body);
          updates(inner, own, false);
        },
      );
    });
  }
  bindResults(region, slots);
};

const held = ({ ctx: { fn }, out }: Region, value: Expr): Local => {
  const local = newLocal(fn, binaryen.v128);
  out.push(set(fn, local, value));
  return local;
};

/** The least of the lanes that run here, of integers with a vector per copy. */
const leastLane = (region: Region, vec: VectorRegion, copies: readonly Local[]): Expr => {
  const { fn } = region.ctx;
  const { m } = fn;
  const most = vectorConst(fn, "i32", 4, 2 ** 31 - 1);
  const all = copies.map((local, u) => {
    const here = lanesHere(region, vec, u);
    return here === null ? get(fn, local) : choose(region, vec, "i32", here, get(fn, local), most);
  });
  const least = held(
    region,
    all.reduce((a, b) => m.i32x4.min_s(a, b)),
  );
  const lane = (k: number): Expr => extractLane(fn, "i32", vec.lanes, get(fn, least), k);
  const scalars = Array.from({ length: vec.lanes }, (_, k) => {
    const local = newLocal(fn, binaryen.i32);
    region.out.push(set(fn, local, lane(k)));
    return local;
  });
  return scalars
    .map((local) => get(fn, local))
    .reduce((a, b) =>
      bind(
        fn,
        [
          { type: binaryen.i32, value: a },
          { type: binaryen.i32, value: b },
        ],
        binaryen.i32,
        (x) => m.select(m.i32.lt_s(x(0), x(1)), x(0), x(1)),
      ),
    );
};
