/** Byte addresses: one pointer local per buffer and stride pattern, advanced by the loops it moves with. */
import binaryen from "binaryen";
import { internal } from "../../diagnostics.js";
import type { Address, AxisId, BufferId } from "../../kernel/types.js";
import { addConst, type Expr, type Fn, get, i32, type Local, newLocal, offsetLocal, set } from "./asm.js";

/** Where a buffer starts: a local and a constant. */
export interface Base {
  readonly local: Local;
  readonly offset: number;
  /** Of a tape, whose positions count from address 0: where its words lie in the table (parameter 0), in bytes. */
  readonly words?: number;
}
interface Pointer {
  readonly local: Local;
  /** Value at the loop's first iteration. */
  readonly from: () => Expr;
  /** Bytes per step of the axis. */
  readonly stride: number;
}
/** A loop being emitted: its counter, and the pointers it advances. */
export interface Frame {
  readonly parent: Frame | null;
  readonly axis: AxisId;
  /** Null where the axis has one element. */
  readonly counter: Local | null;
  /** Added to the counter: the element is at counter + shift. */
  readonly shift: number;
  readonly pointers: Map<string, Pointer>;
}

export const newFrame = (parent: Frame | null, axis: AxisId, counter: Local | null): Frame => ({
  parent,
  axis,
  counter,
  shift: 0,
  pointers: new Map(),
});

/** A place in memory: local + bytes (which may be negative). */
export interface Place {
  readonly local: Local;
  readonly bytes: number;
  /** Whether the run-time offset is in it. */
  readonly complete: boolean;
}

/** Bytes per step of each axis; axes with stride 0 are left out. */
const byteStrides = (at: Address, size: number): ReadonlyMap<AxisId, number> => {
  const strides = new Map<AxisId, number>();
  for (const { axis, stride } of at.terms) strides.set(axis, (strides.get(axis) ?? 0) + stride * size);
  for (const [axis, stride] of strides) if (stride === 0) strides.delete(axis);
  return strides;
};

/** An offset in bytes that is known at run time. */
export interface Offset {
  readonly bytes: () => Expr;
  /** Tells it from others. */
  readonly key: string;
  /** The innermost loop that it is computed in; null for none. */
  readonly frame: Frame | null;
}

/** The innermost loop in which an address moves. */
const movingIn = (frame: Frame | null, strides: ReadonlyMap<AxisId, number>): Frame | null => {
  let at = frame;
  while (at !== null && (at.counter === null || !strides.has(at.axis))) at = at.parent;
  return at;
};

const isInside = (frame: Frame | null, outer: Frame | null): boolean => {
  for (let f = frame; f !== null; f = f.parent) if (f.parent === outer) return true;
  return false;
};

const pointerIn = (
  fn: Fn,
  start: Local,
  buffer: BufferId,
  frame: Frame | null,
  strides: ReadonlyMap<AxisId, number>,
  offset: Offset | null = null,
): Local => {
  const at = movingIn(frame, strides);
  if (at === null) return start;
  const stride = strides.get(at.axis) ?? internal("a pointer without a stride");
  const axes: string[] = [];
  for (let f: Frame | null = at; f !== null; f = f.parent) {
    const s = f.counter === null ? undefined : strides.get(f.axis);
    if (s !== undefined) axes.push(`${f.axis}:${s}`);
  }
  const key = `${buffer}|${start}|${axes.join(",")}|${offset?.key ?? ""}`;
  const known = at.pointers.get(key);
  if (known !== undefined) return known.local;
  // the offset joins in the outermost loop that it is known before
  const outside = offset === null ? null : movingIn(at.parent, strides);
  const joins = offset !== null && !isInside(outside, offset.frame);
  const from = pointerIn(fn, start, buffer, at.parent, strides, joins ? null : offset);
  const local = newLocal(fn, binaryen.i32);
  const first = joins ? () => fn.m.i32.add(get(fn, from), offset.bytes()) : () => get(fn, from);
  at.pointers.set(key, { local, from: first, stride });
  return local;
};

/**
 * The static part of an address inside `frame`; `at.dynamic` is the caller's to add, unless it is given as `offset` and known
 * before a loop in which the address moves: then it is in the pointer. A pointer that moves down starts at the address
 * itself: from the buffer's start it could fall below zero, and memory instructions don't wrap around.
 */
export const placeOf = (
  fn: Fn,
  base: Base,
  buffer: BufferId,
  frame: Frame | null,
  at: Address,
  size: number,
  offset: Offset | null = null,
): Place => {
  const strides = byteStrides(at, size);
  const enclosing = new Set<AxisId>();
  let shifts = 0;
  for (let f = frame; f !== null; f = f.parent) {
    enclosing.add(f.axis);
    shifts += f.shift * (strides.get(f.axis) ?? 0);
  }
  for (const axis of strides.keys())
    if (!enclosing.has(axis)) internal(`an address uses axis ${axis} outside its loop`);
  const start = base.offset + at.offset * size;
  if (offset !== null && isInside(movingIn(frame, strides), offset.frame)) {
    // an offset may be negative as far as the constant brings it back: then the sum is the pointer's start
    const near = start + shifts >= 0 && at.offset * size + shifts <= LOWEST_ADDRESS;
    const first = near ? base.local : offsetLocal(fn, base.local, start + shifts);
    const local = pointerIn(fn, first, buffer, frame, strides, offset);
    return { local, bytes: near ? start + shifts : 0, complete: true };
  }
  const descending = [...strides.values()].some((stride) => stride < 0);
  const complete = offset === null;
  if (!descending)
    return { local: pointerIn(fn, base.local, buffer, frame, strides), bytes: start + shifts, complete };
  const first = offsetLocal(fn, base.local, start);
  return { local: pointerIn(fn, first, buffer, frame, strides), bytes: shifts, complete };
};

/** No buffer lies below, by the ABI. */
export const LOWEST_ADDRESS = 4096;

/** Sets the frame's pointers to their values at the first iteration. */
export const pointerInits = (fn: Fn, frame: Frame): Expr[] =>
  [...frame.pointers.values()].map((p) => set(fn, p.local, p.from()));

/** Sets the frame's pointers for a counter that holds any value. */
export const pointersAtCounter = (fn: Fn, frame: Frame): Expr[] =>
  [...frame.pointers.values()].map(({ local, from, stride }) => {
    const counter = frame.counter ?? internal("an axis of one element has no pointers");
    return set(fn, local, fn.m.i32.add(from(), fn.m.i32.mul(get(fn, counter), i32(fn, stride))));
  });

/** Advances the frame's pointers by `steps` iterations. */
export const pointerSteps = (fn: Fn, frame: Frame, steps: number): Expr[] =>
  [...frame.pointers.values()].map((p) => set(fn, p.local, addConst(fn, get(fn, p.local), p.stride * steps)));

/** Memory instructions add an unsigned offset: a negative one is added beforehand. */
export const addressed = (fn: Fn, pointer: Expr, bytes: number): readonly [offset: number, pointer: Expr] =>
  bytes < 0 ? [0, fn.m.i32.add(pointer, i32(fn, bytes))] : [bytes, pointer];
