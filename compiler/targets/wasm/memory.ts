/** Loads and stores of scalars, of contiguous vectors (whole or the first `active` lanes) and lane by lane. */
import binaryen from "binaryen";
import type { DType } from "../../ir/types.js";
import { BYTES } from "../../ir/types.js";
import { addressed } from "./address.js";
import { bind, type Expr, type Fn, type Lanes } from "./asm.js";
import { extractLane, fromLanes } from "./lanes.js";

/** A pointer expression made anew at each use, and a constant distance from it. */
export interface Where {
  readonly pointer: () => Expr;
  readonly bytes: number;
}
export const shifted = (at: Where, bytes: number): Where => ({
  pointer: at.pointer,
  bytes: at.bytes + bytes,
});

export const loadScalar = (fn: Fn, type: DType, at: Where): Expr => {
  const { m } = fn;
  const [offset, pointer] = addressed(fn, at.pointer(), at.bytes);
  switch (type) {
    case "f32":
      return m.f32.load(offset, 4, pointer);
    case "f64":
      return m.f64.load(offset, 8, pointer);
    case "i32":
    case "u32":
      return m.i32.load(offset, 4, pointer);
    case "bool":
      return m.i32.load8_u(offset, 1, pointer);
  }
};

export const storeScalar = (fn: Fn, type: DType, at: Where, value: Expr): Expr => {
  const { m } = fn;
  const [offset, pointer] = addressed(fn, at.pointer(), at.bytes);
  switch (type) {
    case "f32":
      return m.f32.store(offset, 4, pointer, value);
    case "f64":
      return m.f64.store(offset, 8, pointer, value);
    case "i32":
    case "u32":
      return m.i32.store(offset, 4, pointer, value);
    case "bool":
      return m.i32.store8(offset, 1, pointer, value);
  }
};

/** Bytes 0 and 1 as masks: widened to the lanes, then negated. */
const loadMask = (fn: Fn, lanes: Lanes, active: number, at: Where): Expr => {
  const { m } = fn;
  if (active < lanes)
    return lanesOf(fn, "bool", lanes, active, (k) => loadScalar(fn, "bool", shifted(at, k)));
  const [offset, pointer] = addressed(fn, at.pointer(), at.bytes);
  const halves = (bytes: Expr): Expr => m.i32x4.extend_low_i16x8_u(m.i16x8.extend_low_i8x16_u(bytes));
  if (lanes === 4) return m.i32x4.neg(halves(m.v128.load32_zero(offset, 1, pointer)));
  return m.i64x2.neg(m.i64x2.extend_low_i32x4_u(halves(m.v128.load16_splat(offset, 1, pointer))));
};

/** The first `active` lanes from scalars, the others zero. */
const lanesOf = (fn: Fn, type: DType, lanes: Lanes, active: number, lane: (k: number) => Expr): Expr =>
  fromLanes(
    fn,
    type,
    lanes,
    Array.from({ length: lanes }, (_, k) => (k < active ? lane(k) : zeroOf(fn, type))),
  );
const zeroOf = (fn: Fn, type: DType): Expr =>
  type === "f32" ? fn.m.f32.const(0) : type === "f64" ? fn.m.f64.const(0) : fn.m.i32.const(0);

/** The next `active` elements; lanes beyond hold zero. */
export const loadVector = (fn: Fn, type: DType, lanes: Lanes, active: number, at: Where): Expr => {
  const { m } = fn;
  if (type === "bool") return loadMask(fn, lanes, active, at);
  const size = BYTES[type];
  const [offset, pointer] = addressed(fn, at.pointer(), at.bytes);
  switch (active * size) {
    case 16:
      return m.v128.load(offset, size, pointer);
    case 8:
      return m.v128.load64_zero(offset, size, pointer);
    case 4:
      return m.v128.load32_zero(offset, size, pointer);
    default: {
      const [rest, again] = addressed(fn, at.pointer(), at.bytes + 8);
      return m.v128.load32_lane(rest, size, 2, again, m.v128.load64_zero(offset, size, pointer));
    }
  }
};

/** One element per lane from `lane(k)`; lanes beyond `active` hold zero. */
export const gatherVector = (
  fn: Fn,
  type: DType,
  lanes: Lanes,
  active: number,
  lane: (k: number) => Where,
): Expr => {
  const { m } = fn;
  if (type === "bool") return lanesOf(fn, type, lanes, active, (k) => loadScalar(fn, type, lane(k)));
  const size = BYTES[type];
  const first = addressed(fn, lane(0).pointer(), lane(0).bytes);
  let vector =
    size === 8 ? m.v128.load64_zero(first[0], 8, first[1]) : m.v128.load32_zero(first[0], 4, first[1]);
  for (let k = 1; k < active; k++) {
    const [offset, pointer] = addressed(fn, lane(k).pointer(), lane(k).bytes);
    vector =
      size === 8
        ? m.v128.load64_lane(offset, 8, k, pointer, vector)
        : m.v128.load32_lane(offset, 4, k, pointer, vector);
  }
  return vector;
};

/** Masks to bytes 0 and 1. */
const storeMask = (fn: Fn, lanes: Lanes, active: number, at: Where, mask: Expr): Expr => {
  const { m } = fn;
  if (active < lanes)
    return bind(fn, [{ type: binaryen.v128, value: mask }], binaryen.none, (read) =>
      m.block(
        null,
        Array.from({ length: active }, (_, k) =>
          storeScalar(fn, "bool", shifted(at, k), extractLane(fn, "bool", lanes, read(0), k)),
        ),
      ),
    );
  const [offset, pointer] = addressed(fn, at.pointer(), at.bytes);
  return bind(fn, [{ type: binaryen.v128, value: mask }], binaryen.none, (read) => {
    // byte 0 of each lane, gathered at the front
    const width = 16 / lanes;
    const bytes = m.i8x16.shuffle(
      read(0),
      read(0),
      Array.from({ length: 16 }, (_, k) => (k % lanes) * width),
    );
    const word = m.i32x4.extract_lane(bytes, 0);
    const ones = m.i32.and(word, m.i32.const(0x01010101));
    return lanes === 4 ? m.i32.store(offset, 1, pointer, ones) : m.i32.store16(offset, 1, pointer, ones);
  });
};

/** Writes the first `active` lanes to consecutive elements. */
export const storeVector = (
  fn: Fn,
  type: DType,
  lanes: Lanes,
  active: number,
  at: Where,
  value: Expr,
): Expr => {
  const { m } = fn;
  if (type === "bool") return storeMask(fn, lanes, active, at, value);
  const size = BYTES[type];
  const [offset, pointer] = addressed(fn, at.pointer(), at.bytes);
  switch (active * size) {
    case 16:
      return m.v128.store(offset, size, pointer, value);
    case 8:
      return m.v128.store64_lane(offset, size, 0, pointer, value);
    case 4:
      return m.v128.store32_lane(offset, size, 0, pointer, value);
    default: {
      const [rest, again] = addressed(fn, at.pointer(), at.bytes + 8);
      return bind(fn, [{ type: binaryen.v128, value }], binaryen.none, (read) =>
        m.block(null, [
          m.v128.store64_lane(offset, size, 0, pointer, read(0)),
          m.v128.store32_lane(rest, size, 2, again, read(0)),
        ]),
      );
    }
  }
};

/** Writes lane k to `lane(k)`, in order. */
export const scatterVector = (
  fn: Fn,
  type: DType,
  lanes: Lanes,
  active: number,
  lane: (k: number) => Where,
  value: Expr,
): Expr =>
  bind(fn, [{ type: binaryen.v128, value }], binaryen.none, (read) =>
    fn.m.block(
      null,
      Array.from({ length: active }, (_, k) =>
        storeScalar(fn, type, lane(k), extractLane(fn, type, lanes, read(0), k)),
      ),
    ),
  );
