/** Emission of straight-line statements, as scalars or as vectors along one axis. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import { BYTES } from "../../ir/types.js";
import { splitRare } from "../../kernel/math/rare.js";
import { asMachineOp } from "../../kernel/schedule.js";
import { accessKind, coefficient, directUses } from "../../kernel/schedule-analysis.js";
import type {
  Address,
  AxisId,
  BufferId,
  LoadStmt,
  OpStmt,
  PlainStmt,
  StoreStmt,
  ValueId,
} from "../../kernel/types.js";
import { type Frame, LOWEST_ADDRESS, type Offset, placeOf } from "./address.js";
import { addConst, bind, type Expr, type Fn, get, i32, iotaConst, set } from "./asm.js";
import { checkScalar, checkVector } from "./checks.js";
import { extractLane } from "./lanes.js";
import {
  gatherVector,
  loadScalar,
  loadVector,
  scatterVector,
  storeScalar,
  storeVector,
  type Where,
} from "./memory.js";
import { emitRareScalar, emitRareVector } from "./rare.js";
import { SCALAR_RULES } from "./scalar.js";
import { VECTOR_RULES } from "./simd.js";
import { inTape, makeRow, setTape, tapeStart } from "./tape.js";
import {
  bufferOf,
  type Context,
  defineScalar,
  defineVector,
  type Region,
  scalar,
  splatHere,
  typeOf,
  type VectorRegion,
  vector,
} from "./values.js";

/** A dynamic index in bytes, from a scalar register. */
const scaled = (fn: Fn, index: Expr, size: number): Expr =>
  size === 1 ? index : fn.m.i32.shl(index, i32(fn, Math.log2(size)));

/** Where an access that is uniform in this region lies; for contiguous ones, where its first lane does. */
const locate = (region: Region, buffer: BufferId, at: Address): Where => {
  const { ctx } = region;
  const { fn } = ctx;
  const size = BYTES[bufferOf(ctx, buffer).dtype];
  const { dynamic } = at;
  const base = ctx.base(buffer);
  if (base.words !== undefined) {
    const index = (): Expr => (dynamic === null ? i32(fn, 0) : scaled(fn, scalar(ctx, dynamic), size));
    const offset = tapeOffset(region, buffer, base.words, dynamic, size);
    const place = placeOf(fn, base, buffer, region.frame, at, size, offset);
    if (offset !== null && place.complete) return { pointer: () => get(fn, place.local), bytes: place.bytes };
    return inTape(fn, base.words, place, index);
  }
  const offset = dynamic === null ? null : offsetOf(ctx, dynamic, size);
  const { local, bytes, complete } = placeOf(fn, base, buffer, region.frame, at, size, offset);
  if (dynamic === null || complete) return { pointer: () => get(fn, local), bytes };
  // a run-time index may be negative as far as the constant brings it back: the sum must not leave the address space before
  const far = at.offset * size > LOWEST_ADDRESS;
  const start = (): Expr => (far ? addConst(fn, get(fn, local), bytes) : get(fn, local));
  const pointer = (): Expr => fn.m.i32.add(start(), scaled(fn, scalar(ctx, dynamic), size));
  return { pointer, bytes: far ? 0 : bytes };
};

/** A scalar register as an offset in bytes. */
const offsetOf = (ctx: Context, dynamic: ValueId, size: number): Offset | null => {
  const frame = ctx.frames.get(dynamic);
  const bytes = (): Expr => scaled(ctx.fn, scalar(ctx, dynamic), size);
  return frame === undefined ? null : { bytes, key: String(dynamic), frame };
};

/** A tape's address and a run-time index in it, where no loop in between makes rows; null where the index is not known to be outside. */
const tapeOffset = (
  { ctx, frame }: Region,
  buffer: BufferId,
  words: number,
  dynamic: ValueId | null,
  size: number,
): Offset | null => {
  const index = dynamic === null ? null : offsetOf(ctx, dynamic, size);
  if (dynamic !== null && index === null) return null;
  const growing = ctx.facts.growing.get(buffer);
  let outer = frame;
  while (outer !== null && outer !== index?.frame && growing?.has(outer.axis) !== true) outer = outer.parent;
  const start = (): Expr => tapeStart(ctx.fn, words);
  return {
    bytes: index === null ? start : () => ctx.fn.m.i32.add(start(), index.bytes()),
    key: `${words} ${index?.key ?? ""}`,
    frame: outer,
  };
};

/** Where lane k of copy u lies, for accesses that aren't contiguous. */
const locateLane = (region: Region, vec: VectorRegion, buffer: BufferId, at: Address, copy: number) => {
  const { ctx } = region;
  const { fn } = ctx;
  const size = BYTES[bufferOf(ctx, buffer).dtype];
  const stride = coefficient(at, vec.axis) * size;
  const { dynamic } = at;
  const start = copy * vec.lanes * stride;
  if (dynamic === null || !vec.varying.has(dynamic)) {
    const first = locate(region, buffer, at);
    return (k: number): Where => ({ pointer: first.pointer, bytes: first.bytes + start + k * stride });
  }
  const first = locate(region, buffer, { ...at, dynamic: null });
  return (k: number): Where => ({
    pointer: () => {
      const index = extractLane(fn, "i32", vec.lanes, vector(ctx, vec, dynamic, copy), k);
      const lane = addConst(fn, first.pointer(), first.bytes + start + k * stride);
      return fn.m.i32.add(lane, scaled(fn, index, size));
    },
    bytes: 0,
  });
};

const emitScalarStmt = (region: Region, stmt: PlainStmt): void => {
  const { ctx, out } = region;
  const { fn, locals } = ctx;
  switch (stmt.kind) {
    case "const":
      return;
    case "axis": {
      const { counter, shift } = frameOf(region.frame, stmt.axis);
      const take = (): Expr => (counter === null ? i32(fn, shift) : addConst(fn, get(fn, counter), shift));
      ctx.scalars.set(stmt.id, { take });
      ctx.frames.set(stmt.id, region.frame);
      splatHere(region, stmt.id);
      return;
    }
    case "op":
      if ((ctx.facts.uses.get(stmt.id) ?? 0) > 0)
        defineScalar(region, stmt.id, () => applyScalar(ctx, stmt), true);
      return;
    case "load": {
      const local = locals?.get(stmt.buffer);
      if (locals !== null && local === undefined) internal(`buffer ${stmt.buffer} has no register`);
      defineScalar(
        region,
        stmt.id,
        () =>
          local === undefined
            ? loadScalar(fn, stmt.type, locate(region, stmt.buffer, stmt.at))
            : get(fn, local),
        false,
      );
      return;
    }
    case "store":
      out.push(storeOne(region, stmt));
      return;
    case "row":
      out.push(makeRow(ctx, stmt));
      return;
    case "tape":
      out.push(setTape(ctx, stmt));
      return;
    case "check":
      out.push(checkScalar(region, stmt));
      return;
  }
};

const frameOf = (frame: Frame | null, axis: AxisId): Frame => {
  for (let f = frame; f !== null; f = f.parent) if (f.axis === axis) return f;
  return internal(`axis ${axis} is read outside its loop`);
};

const applyScalar = (ctx: Context, stmt: OpStmt): Expr => {
  const op = asMachineOp(stmt);
  const from = typeOf(ctx, stmt.args[op === "select" ? 1 : 0] ?? -1);
  const args = stmt.args.map((id) => scalar(ctx, id));
  return SCALAR_RULES[op]({ fn: ctx.fn, from, to: stmt.type }, args);
};

const applyVector = (ctx: Context, vec: VectorRegion, stmt: OpStmt, copy: number): Expr => {
  const op = asMachineOp(stmt);
  const types = stmt.args.map((id) => typeOf(ctx, id));
  const from = types[op === "select" ? 1 : 0] ?? internal(`${op} without operands`);
  const count = op === "shl" || op === "shr" || op === "ushr" ? stmt.args[1] : undefined;
  const uniform = count !== undefined && !vec.varying.has(count);
  const args = (uniform ? stmt.args.slice(0, 1) : stmt.args).map((id) => vector(ctx, vec, id, copy));
  const uniformCount = uniform ? scalar(ctx, count) : null;
  return VECTOR_RULES[op]({ fn: ctx.fn, lanes: vec.lanes, types, from, to: stmt.type, uniformCount }, args);
};

/** acc + value of an `add` store. */
const added = (ctx: Context, stmt: StoreStmt, old: Expr, value: Expr): Expr => {
  const type = typeOf(ctx, stmt.value);
  return SCALAR_RULES.add({ fn: ctx.fn, from: type, to: type }, [old, value]);
};

const storeOne = (region: Region, stmt: StoreStmt): Expr => {
  const { ctx } = region;
  const { fn, locals } = ctx;
  const { dtype } = bufferOf(ctx, stmt.buffer);
  const value = scalar(ctx, stmt.value);
  if (locals !== null) {
    const local = locals.get(stmt.buffer) ?? internal(`buffer ${stmt.buffer} has no register`);
    return set(fn, local, stmt.mode === "add" ? added(ctx, stmt, get(fn, local), value) : value);
  }
  const at = locate(region, stmt.buffer, stmt.at);
  return storeScalar(
    fn,
    dtype,
    at,
    stmt.mode === "add" ? added(ctx, stmt, loadScalar(fn, dtype, at), value) : value,
  );
};

const axisVector = (region: Region, vec: VectorRegion, copy: number): Expr => {
  const { fn } = region.ctx;
  const { counter, shift } = frameOf(region.frame, vec.axis);
  const lanes = iotaConst(fn, copy * vec.lanes + shift);
  return counter === null ? lanes : fn.m.i32x4.add(fn.m.i32x4.splat(get(fn, counter)), lanes);
};

const loadCopy = (region: Region, vec: VectorRegion, stmt: LoadStmt, copy: number): Expr => {
  const { fn } = region.ctx;
  if (accessKind(stmt.at, vec.axis, vec.varying) === "contiguous") {
    const first = locate(region, stmt.buffer, stmt.at);
    const bytes = first.bytes + copy * vec.lanes * BYTES[stmt.type];
    return loadVector(fn, stmt.type, vec.lanes, vec.active, { pointer: first.pointer, bytes });
  }
  const lane = locateLane(region, vec, stmt.buffer, stmt.at, copy);
  return gatherVector(fn, stmt.type, vec.lanes, vec.active, lane);
};

const storeCopy = (region: Region, vec: VectorRegion, stmt: StoreStmt, copy: number): Expr => {
  const { ctx } = region;
  const { fn } = ctx;
  const { m } = fn;
  const { lanes, active } = vec;
  const { dtype } = bufferOf(ctx, stmt.buffer);
  const value = vector(ctx, vec, stmt.value, copy);
  if (accessKind(stmt.at, vec.axis, vec.varying) === "contiguous") {
    const first = locate(region, stmt.buffer, stmt.at);
    const at = { pointer: first.pointer, bytes: first.bytes + copy * lanes * BYTES[dtype] };
    if (stmt.mode === "set") return storeVector(fn, dtype, lanes, active, at, value);
    const call = { fn, lanes, types: [dtype, dtype], from: dtype, to: dtype, uniformCount: null };
    const sum = VECTOR_RULES.add(call, [loadVector(fn, dtype, lanes, active, at), value]);
    return storeVector(fn, dtype, lanes, active, at, sum);
  }
  const lane = locateLane(region, vec, stmt.buffer, stmt.at, copy);
  if (stmt.mode === "set") return scatterVector(fn, dtype, lanes, active, lane, value);
  return bind(fn, [{ type: binaryen.v128, value }], binaryen.none, (read) =>
    m.block(
      null,
      Array.from({ length: active }, (_, k) => {
        const old = loadScalar(fn, dtype, lane(k));
        return storeScalar(
          fn,
          dtype,
          lane(k),
          added(ctx, stmt, old, extractLane(fn, dtype, lanes, read(0), k)),
        );
      }),
    ),
  );
};

const varies = (vec: VectorRegion, stmt: PlainStmt): boolean => {
  switch (stmt.kind) {
    case "const":
      return false;
    case "axis":
    case "op":
    case "load":
      return vec.varying.has(stmt.id);
    case "row":
      return vec.varying.has(stmt.index);
    case "tape":
      return false;
    case "store":
      return vec.varying.has(stmt.value) || accessKind(stmt.at, vec.axis, vec.varying) !== "uniform";
    case "check":
      return directUses(stmt).some((id) => vec.varying.has(id));
  }
};

const emitVectorStmt = (region: Region, vec: VectorRegion, stmt: PlainStmt, copy: number): void => {
  const { ctx, out } = region;
  const values = vec.copies[copy] ?? internal(`copy ${copy} does not exist`);
  switch (stmt.kind) {
    case "const":
      return;
    case "axis":
      defineVector(region, values, stmt.id, () => axisVector(region, vec, copy), false);
      return;
    case "op":
      if ((ctx.facts.uses.get(stmt.id) ?? 0) > 0)
        defineVector(region, values, stmt.id, () => applyVector(ctx, vec, stmt, copy), true);
      return;
    case "load":
      defineVector(region, values, stmt.id, () => loadCopy(region, vec, stmt, copy), false);
      return;
    case "store":
      out.push(storeCopy(region, vec, stmt, copy));
      return;
    case "row":
    case "tape":
      internal("rows of a tape are made one at a time");
      return;
    case "check":
      out.push(checkVector(region, vec, stmt, copy));
      return;
  }
};

/** Emits a statement list without loops: each copy in turn, uniform statements once. */
export const emitRun = (region: Region, stmts: readonly PlainStmt[]): void => {
  const vec = region.vector;
  const parts = splitRare(stmts, region.ctx.facts.uses, (s) => vec === null || vec.varying.has(s.id));
  if (vec === null) {
    for (const part of parts) {
      if (part.kind === "rare") emitRareScalar(region, part, emitScalarStmt);
      else emitScalarStmt(region, part);
    }
    return;
  }
  vec.copies.forEach((_, copy) => {
    const emit = (inner: Region, stmt: OpStmt): void => emitVectorStmt(inner, vec, stmt, copy);
    for (const part of parts) {
      if (part.kind === "rare") emitRareVector(region, vec, part, copy, emit);
      else if (varies(vec, part)) emitVectorStmt(region, vec, part, copy);
      else if (copy === 0) emitScalarStmt(region, part);
    }
  });
};
