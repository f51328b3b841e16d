/**
 * Tapes: arrays that get rows while the program runs. Three words of the table of addresses belong to each: its address, how
 * many rows it has, for how many there is room. Rows are made many at a time, so that making the next one is a comparison;
 * where there is no room left, the host finds more and moves the tape.
 */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import { BYTES } from "../../ir/types.js";
import type { BufferId, RowStmt, TapeStmt } from "../../kernel/types.js";
import type { Place } from "./address.js";
import { addConst, type Expr, type Fn, finishFn, get, i32, newFn, newLocal, set } from "./asm.js";
import type { Where } from "./memory.js";
import { bufferOf, type Context, scalar } from "./values.js";

const [ADDRESS, ROWS, ROOM] = [0, 4, 8];
/** Rows made at a time at first. */
const FIRST_ROWS = 16;
const EXTEND = "tape.extend";
const COPY = "tape.copy";
const GROW = "tape.grow";

/** Adds the functions that make rows and copy tapes. */
export const addTapeFunctions = (m: binaryen.Module): void => {
  const { i32: I32 } = binaryen;
  const three = binaryen.createType([I32, I32, I32]);
  m.addFunctionImport(GROW, "env", "grow", three, binaryen.none);

  // extend(words, index, bytes of a row): makes rows up to `index`, and more, as zeros
  const extend = newFn(m, false, EXTEND, [I32, I32, I32]);
  const word = (at: number): Expr => m.i32.load(at, 4, get(extend, 0));
  const rows = newLocal(extend, I32);
  const next = newLocal(extend, I32);
  const larger = (x: () => Expr, y: () => Expr): Expr => m.select(m.i32.gt_u(x(), y()), x(), y());
  const bytes = (n: Expr): Expr => m.i32.mul(n, get(extend, 2));
  finishFn(extend, binaryen.none, [
    m.if(
      m.i32.ge_u(get(extend, 1), word(ROOM)),
      m.call(GROW, [get(extend, 0), get(extend, 1), get(extend, 2)], binaryen.none),
    ),
    set(extend, rows, word(ROWS)),
    // next = min(room, max(index + 1, 2 rows, FIRST_ROWS))
    set(
      extend,
      next,
      larger(
        () => m.i32.shl(get(extend, rows), i32(extend, 1)),
        () => i32(extend, FIRST_ROWS),
      ),
    ),
    set(
      extend,
      next,
      larger(
        () => get(extend, next),
        () => m.i32.add(get(extend, 1), i32(extend, 1)),
      ),
    ),
    set(extend, next, m.select(m.i32.lt_u(get(extend, next), word(ROOM)), get(extend, next), word(ROOM))),
    m.memory.fill(
      m.i32.add(word(ADDRESS), bytes(get(extend, rows))),
      i32(extend, 0),
      bytes(m.i32.sub(get(extend, next), get(extend, rows))),
    ),
    m.i32.store(ROWS, 4, get(extend, 0), get(extend, next)),
  ]);

  // copy(words of the target, words of the source, bytes of a row)
  const copy = newFn(m, false, COPY, [I32, I32, I32]);
  const own = (at: number): Expr => m.i32.load(at, 4, get(copy, 0));
  const other = (at: number): Expr => m.i32.load(at, 4, get(copy, 1));
  finishFn(copy, binaryen.none, [
    m.i32.store(ROWS, 4, get(copy, 0), i32(copy, 0)),
    m.if(
      m.i32.gt_u(other(ROWS), own(ROOM)),
      m.call(GROW, [get(copy, 0), m.i32.sub(other(ROWS), i32(copy, 1)), get(copy, 2)], binaryen.none),
    ),
    m.memory.copy(own(ADDRESS), other(ADDRESS), m.i32.mul(other(ROWS), get(copy, 2))),
    m.i32.store(ROWS, 4, get(copy, 0), other(ROWS)),
  ]);
};

/** Where the tape's words lie in the table. */
const wordsOf = (ctx: Context, id: BufferId): number =>
  ctx.base(id).words ?? internal(`buffer ${id} is no tape`);
const rowBytes = (ctx: Context, id: BufferId): number => {
  const { dtype, size } = bufferOf(ctx, id);
  return BYTES[dtype] * size;
};

/** The address of the tape whose words begin at byte `words` of the table, until its next row is made. */
export const tapeStart = (fn: Fn, words: number): Expr => fn.m.i32.load(words + ADDRESS, 4, get(fn, 0));

/** The place in the tape whose words begin at byte `words` of the table: it may have moved since its last access. */
export const inTape = (fn: Fn, words: number, place: Place, index: () => Expr): Where => {
  const { m } = fn;
  const start = (): Expr => m.i32.add(tapeStart(fn, words), get(fn, place.local));
  return { pointer: () => addConst(fn, m.i32.add(start(), index()), place.bytes), bytes: 0 };
};

/** if (index >= rows) extend */
export const makeRow = (ctx: Context, stmt: RowStmt): Expr => {
  const { fn } = ctx;
  const { m } = fn;
  const words = wordsOf(ctx, stmt.buffer);
  const index = newLocal(fn, binaryen.i32);
  const own = m.i32.add(get(fn, 0), i32(fn, words));
  const bytes = i32(fn, rowBytes(ctx, stmt.buffer));
  return m.if(
    m.i32.ge_u(
      m.local.tee(index, scalar(ctx, stmt.index), binaryen.i32),
      m.i32.load(words + ROWS, 4, get(fn, 0)),
    ),
    m.call(EXTEND, [own, get(fn, index), bytes], binaryen.none),
  );
};

export const setTape = (ctx: Context, { buffer, from }: TapeStmt): Expr => {
  const { fn } = ctx;
  const { m } = fn;
  const words = wordsOf(ctx, buffer);
  if (from === null) return m.i32.store(words + ROWS, 4, get(fn, 0), i32(fn, 0));
  const at = (offset: number): Expr => m.i32.add(get(fn, 0), i32(fn, offset));
  return m.call(COPY, [at(words), at(wordsOf(ctx, from)), i32(fn, rowBytes(ctx, buffer))], binaryen.none);
};
