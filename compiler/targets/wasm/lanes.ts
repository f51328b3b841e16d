/** Single lanes of vectors, and masks of either width. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type { RegType } from "../../kernel/types.js";
import { bind, type Expr, type Fn, type Lanes, splat } from "./asm.js";

/** Lane k as a scalar register. */
export const extractLane = (fn: Fn, type: RegType, lanes: Lanes, vector: Expr, k: number): Expr => {
  const { m } = fn;
  switch (type) {
    case "f32":
      return m.f32x4.extract_lane(vector, k);
    case "f64":
      return m.f64x2.extract_lane(vector, k);
    case "i64":
      return m.i64x2.extract_lane(vector, k);
    case "i32":
    case "u32":
      return m.i32x4.extract_lane(vector, k);
    case "bool":
      return m.i32.and(m.i32x4.extract_lane(vector, lanes === 4 ? k : 2 * k), m.i32.const(1));
  }
};

/** `vector` with lane k replaced by a scalar register. */
export const replaceLane = (
  fn: Fn,
  type: RegType,
  lanes: Lanes,
  vector: Expr,
  k: number,
  value: Expr,
): Expr => {
  const { m } = fn;
  switch (type) {
    case "f32":
      return m.f32x4.replace_lane(vector, k, value);
    case "f64":
      return m.f64x2.replace_lane(vector, k, value);
    case "i64":
      return m.i64x2.replace_lane(vector, k, value);
    case "i32":
    case "u32":
      return m.i32x4.replace_lane(vector, k, value);
    case "bool": {
      const mask = m.i32.sub(m.i32.const(0), value);
      return lanes === 4
        ? m.i32x4.replace_lane(vector, k, mask)
        : m.i64x2.replace_lane(vector, k, m.i64.extend_s(mask));
    }
  }
};

/** Builds a vector from scalars, lane by lane. */
export const fromLanes = (fn: Fn, type: RegType, lanes: Lanes, scalars: readonly Expr[]): Expr => {
  const [first = internal("a vector needs lanes"), ...rest] = scalars;
  return rest.reduce((v, x, k) => replaceLane(fn, type, lanes, v, k + 1, x), splat(fn, type, lanes, first));
};

/** 64-bit masks to 32-bit ones in the low lanes. */
export const narrowMask = (fn: Fn, mask: Expr): Expr =>
  bind(fn, [{ type: binaryen.v128, value: mask }], binaryen.v128, (read) =>
    fn.m.i8x16.shuffle(read(0), read(0), [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11]),
  );
/** 32-bit masks in the low lanes to 64-bit ones. */
export const widenMask = (fn: Fn, mask: Expr): Expr => fn.m.i64x2.extend_low_i32x4_s(mask);
