/**
 * Long loops in chunks: the loop becomes a function of its own that runs some 10,000 iterations and is called until it is done.
 * An engine replaces a function's first code by optimised code between calls, not while it runs, so one long call would
 * stay slow to its end. Between chunks the carries, and how long the next one is, are globals.
 */
import binaryen from "binaryen";
import { SCALAR_PLAN } from "../../kernel/schedule.js";
import type { Carry, LoopStmt, RecurCarry, Stmt, ValueId, WhileStmt } from "../../kernel/types.js";
import { definedBy, directUses, endUses, innerStmts, walkStmts } from "../../kernel/walk.js";
import { newFrame, pointerSteps, pointersAtCounter } from "./address.js";
import {
  addConst,
  type Expr,
  finishFn,
  get,
  i32,
  newFn,
  newLabel,
  newLocal,
  scalarConst,
  set,
  tee,
  wasmType,
} from "./asm.js";
import { type Slot, updates } from "./carries.js";
import { bindScalar, type Context, type Region, scalar, typeOf } from "./values.js";

/**
 * Iterations of the first chunk, for loops with loops inside and for others: a call costs some tens of nanoseconds. Each chunk is
 * half as long again as the one before, so that whenever optimised code is ready, what still runs in the first code is at most
 * half of what has run so far, and there are few calls.
 */
const [NESTED_CHUNK, PLAIN_CHUNK] = [32, 16384];
/** Where chunks stop growing. */
const LONGEST_CHUNK = 2 ** 28;
/** Iterations, inner loops' included, from which on a loop of known length runs in chunks. */
const LONG = 32768;

type EmitBody = (region: Region, stmts: readonly Stmt[]) => void;

/** Iterations of a list's loops, as far as they are known; infinite where they are not. */
const iterations = (stmts: readonly Stmt[]): number =>
  stmts.reduce((sum, s): number => {
    if (s.kind === "while") return Number.POSITIVE_INFINITY;
    const inner = innerStmts(s).reduce((n, list) => n + iterations(list), 0);
    if (s.kind !== "loop") return sum + inner;
    return typeof s.extent === "number" ? sum + s.extent * (1 + inner) : Number.POSITIVE_INFINITY;
  }, 0);

const hasLoops = (stmt: LoopStmt | WhileStmt): boolean =>
  innerStmts(stmt).some((list) => iterations(list) > 0);

const touchesMemory = (stmt: Stmt): boolean => {
  let touches = false;
  walkStmts([stmt], (s) => {
    if (s.kind === "load" || s.kind === "store" || s.kind === "row" || s.kind === "tape") touches = true;
  });
  return touches;
};

/** Does the loop run in chunks? Only one that stands in no other loop, and may be long. */
export const isChunked = ({ ctx, frame, vector }: Region, stmt: LoopStmt | WhileStmt): boolean => {
  if (ctx.outline === null || frame !== null || vector !== null) return false;
  if (stmt.kind === "loop") {
    const { lanes } = ctx.schedule.get(stmt.axis) ?? SCALAR_PLAN;
    if (lanes !== 1 || stmt.carries.some((c) => c.kind !== "recur")) return false;
    // a map is soon done, whatever code it runs in
    if (stmt.parallel && stmt.body.every((s) => innerStmts(s).length === 0)) return false;
  }
  // buffers that are locals can't be seen from another function
  if (ctx.locals !== null && touchesMemory(stmt)) return false;
  return iterations([stmt]) >= LONG;
};

/** Values from outside that the loop's statements read; constants are made anew. */
const freeValues = (ctx: Context, stmt: LoopStmt | WhileStmt): readonly ValueId[] => {
  const defined = new Set<ValueId>();
  const used = new Set<ValueId>(endUses(stmt).flat());
  walkStmts([stmt], (s) => {
    for (const id of definedBy(s)) defined.add(id);
    if (s === stmt) return;
    for (const id of [...directUses(s), ...endUses(s).flat()]) used.add(id);
  });
  return [...used].filter((id) => !defined.has(id) && !ctx.facts.consts.has(id));
};

/** Writes the loop as a function and the calls of it. */
export const emitChunks = (region: Region, stmt: LoopStmt | WhileStmt, emitBody: EmitBody): void => {
  const { ctx, out } = region;
  const { fn, outline } = ctx;
  const { m } = fn;
  if (outline === null) return;
  const all: readonly Carry[] = stmt.carries;
  const carries = all.filter((c): c is RecurCarry => c.kind === "recur");
  const free = freeValues(ctx, stmt);
  const dynamic = stmt.kind === "loop" && typeof stmt.extent !== "number" ? stmt.extent.value : null;
  const handed = dynamic === null || free.includes(dynamic) ? free : [...free, dynamic];
  // a constant count is no operand
  const params = handed.filter((id) => !ctx.facts.consts.has(id));
  const name = newLabel(fn, `${fn.name}:loop`);
  const types = params.map((id) => wasmType(typeOf(ctx, id)));
  const chunk = newFn(m, fn.fma, name, outline.table ? [binaryen.i32, ...types] : types);
  const globals = carries.map((c, k) => {
    const global = `${name}:${k}`;
    m.addGlobal(global, wasmType(c.type), true, scalarConst(fn, c.type, 0));
    return { name: global, type: wasmType(c.type) };
  });

  const fuel = newLocal(chunk, binaryen.i32);
  const more = newLocal(chunk, binaryen.i32);
  const inner: Context = {
    ...ctx,
    fn: chunk,
    base: outline.bases(chunk),
    scalars: new Map(),
    frames: new Map(),
    outline: null,
  };
  const start: Region = { ctx: inner, out: [], frame: null, vector: null };
  params.forEach((id, k) => void bindScalar(start, id, k + (outline.table ? 1 : 0)));
  const length = `${name}:length`;
  m.addGlobal(length, binaryen.i32, true, i32(fn, 0));
  start.out.push(
    set(chunk, fuel, m.global.get(length, binaryen.i32)),
    m.if(
      m.i32.lt_s(get(chunk, fuel), i32(chunk, LONGEST_CHUNK)),
      m.global.set(length, m.i32.add(get(chunk, fuel), m.i32.shr_u(get(chunk, fuel), i32(chunk, 1)))),
    ),
  );
  const slots = carries.map((carry, k): Slot => {
    const local = newLocal(chunk, wasmType(carry.type));
    const global = globals[k];
    if (global !== undefined) start.out.push(set(chunk, local, m.global.get(global.name, global.type)));
    bindScalar(start, carry.param, local);
    return { carry, copy: null, local };
  });
  const label = newLabel(chunk, "chunk");
  const burnOne = tee(chunk, fuel, addConst(chunk, get(chunk, fuel), -1));
  const again = [m.br_if(label, m.i32.gt_s(burnOne, i32(chunk, 0))), set(chunk, more, i32(chunk, 1))];
  const code =
    stmt.kind === "while"
      ? whileChunk(start, stmt, slots, label, again, emitBody)
      : loopChunk(start, stmt, slots, label, again, `${name}:i`, emitBody);
  finishFn(chunk, binaryen.i32, [
    ...start.out,
    ...code,
    ...slots.flatMap((slot, k) => {
      const global = globals[k];
      return global === undefined ? [] : [m.global.set(global.name, get(chunk, slot.local))];
    }),
    get(chunk, more),
  ]);

  carries.forEach((c, k) => {
    const global = globals[k];
    if (global !== undefined) out.push(m.global.set(global.name, scalar(ctx, c.init)));
  });
  out.push(m.global.set(length, i32(fn, hasLoops(stmt) ? NESTED_CHUNK : PLAIN_CHUNK)));
  const calling = newLabel(fn, "chunks");
  const args = [...(outline.table ? [get(fn, 0)] : []), ...params.map((id) => scalar(ctx, id))];
  const calls = m.loop(calling, m.br_if(calling, m.call(name, args, binaryen.i32)));
  if (stmt.kind === "loop") {
    out.push(m.global.set(`${name}:i`, i32(fn, 0)));
    out.push(dynamic === null ? calls : m.if(m.i32.gt_s(scalar(ctx, dynamic), i32(fn, 0)), calls));
  } else out.push(calls);
  carries.forEach((c, k) => {
    const local = newLocal(fn, wasmType(c.type));
    const global = globals[k];
    if (global !== undefined) out.push(set(fn, local, m.global.get(global.name, global.type)));
    bindScalar(region, c.result, local);
  });
};

/** loop { test; if (cond) { body; carries; if (--fuel > 0) again; more = 1 } } */
const whileChunk = (
  start: Region,
  stmt: WhileStmt,
  slots: readonly Slot[],
  label: string,
  again: readonly Expr[],
  emitBody: EmitBody,
): readonly Expr[] => {
  const { m } = start.ctx.fn;
  const test: Region = { ...start, out: [] };
  emitBody(test, stmt.test);
  const cond = scalar(start.ctx, stmt.cond);
  const body: Region = { ...start, out: [] };
  emitBody(body, stmt.body);
  updates(body, slots, false);
  return [m.loop(label, m.block(null, [...test.out, m.if(cond, m.block(null, [...body.out, ...again]))]))];
};

/** loop { body; carries; if (++i < n) { if (--fuel > 0) again; more = 1 } } */
const loopChunk = (
  start: Region,
  stmt: LoopStmt,
  slots: readonly Slot[],
  label: string,
  again: readonly Expr[],
  global: string,
  emitBody: EmitBody,
): readonly Expr[] => {
  const { ctx } = start;
  const { fn } = ctx;
  const { m } = fn;
  m.addGlobal(global, binaryen.i32, true, i32(fn, 0));
  const counter = newLocal(fn, binaryen.i32);
  const frame = newFrame(null, stmt.axis, counter);
  const body: Region = { ...start, frame, out: [] };
  emitBody(body, stmt.body);
  updates(body, slots, false);
  const { extent } = stmt;
  const limit = typeof extent === "number" ? i32(fn, extent) : scalar(ctx, extent.value);
  const next = tee(fn, counter, addConst(fn, get(fn, counter), 1));
  return [
    set(fn, counter, m.global.get(global, binaryen.i32)),
    ...pointersAtCounter(fn, frame),
    m.loop(
      label,
      m.block(null, [
        ...body.out,
        ...pointerSteps(fn, frame, 1),
        m.if(m.i32.lt_s(next, limit), m.block(null, [...again])),
      ]),
    ),
    m.global.set(global, get(fn, counter)),
  ];
};
