/** Points of operands behind the ops that need more than renaming of axes: reshape, pad, concat, gather. */
import { internal, type Span } from "../../diagnostics.js";
import type { GatherParams, OpParams, Shape, Var } from "../../ir/types.js";
import type { ValueId } from "../types.js";
import { dim } from "./decompose.js";
import type { Emitter } from "./emitter.js";
import { constantOf, constIndex, flatIndex, type Index, shiftIndex } from "./index-expr.js";
import { gatheredIndex, type ValueContext, valueAt } from "./values.js";

const pick = (at: readonly Index[], d: number): Index => at[d] ?? internal(`a point has no axis ${d}`);

/** Runs of axes of two shapes with equal products, from the left: [from start, from end, to start, to end). */
const segments = (from: Shape, to: Shape): readonly (readonly [number, number, number, number])[] => {
  const runs: (readonly [number, number, number, number])[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const [i0, j0] = [i, j];
    let a = i < from.length ? dim(from, i++) : 1;
    let b = j < to.length ? dim(to, j++) : 1;
    while (a !== b) {
      if (a < b && i < from.length) a *= dim(from, i++);
      else if (b < a && j < to.length) b *= dim(to, j++);
      else return [[0, from.length, 0, to.length]]; // size 0: nothing lines up, and nothing is read
    }
    runs.push([i0, i, j0, j]);
  }
  return runs;
};

/**
 * The point of `to` at the row-major position of point `at` of `from`. With `affineOnly`, null where that takes a
 * division at run time.
 */
export const reshapePoint = (
  e: Emitter,
  at: readonly Index[],
  from: Shape,
  to: Shape,
  affineOnly: boolean,
): readonly Index[] | null => {
  const point: Index[] = new Array(to.length);
  for (const [i0, i1, j0, j1] of segments(from, to)) {
    let position = flatIndex(at.slice(i0, i1), from.slice(i0, i1));
    for (let j = j1 - 1; j >= j0; j--) {
      const n = dim(to, j);
      if (n === 1) {
        point[j] = constIndex(0);
        continue;
      }
      if (j === j0) {
        point[j] = position;
        break;
      }
      const split = affineOnly ? e.affineDivMod(position, n) : e.divMod(position, n);
      if (split === null) return null;
      point[j] = split[1];
      position = split[0];
    }
  }
  return point;
};

const conjunction = (e: Emitter, conditions: readonly ValueId[]): ValueId | null =>
  conditions.reduce<ValueId | null>((all, q) => (all === null ? q : e.op("and", "bool", [all, q])), null);

/** x inside its frame, `filler` outside; conditions that the ranges decide cost nothing. */
export const padAt = (
  c: ValueContext,
  x: Var,
  filler: Var,
  { low, interior }: OpParams["pad"],
  at: readonly Index[],
): ValueId => {
  const { e } = c;
  const { shape, dtype } = x.type;
  if (shape.includes(0)) return valueAt(c, filler, []);
  const conditions: ValueId[] = [];
  const source: Index[] = [];
  for (let d = 0; d < shape.length; d++) {
    const step = dim(interior, d) + 1;
    const last = (dim(shape, d) - 1) * step;
    const i = shiftIndex(pick(at, d), -dim(low, d));
    if (i.hi < 0 || i.lo > last) return valueAt(c, filler, []);
    if (i.lo < 0) {
      c.undecided(i, 0);
      conditions.push(e.op("ge", "bool", [e.indexValue(i), e.constant("i32", 0)]));
    }
    if (i.hi > last) {
      c.undecided(i, last + 1);
      conditions.push(e.op("le", "bool", [e.indexValue(i), e.constant("i32", last)]));
    }
    const [q, r] = e.divMod(e.clamp(i, 0, last), step);
    const k = constantOf(r);
    if (k !== null && k !== 0) return valueAt(c, filler, []);
    if (k === null) conditions.push(e.op("eq", "bool", [e.indexValue(r), e.constant("i32", 0)]));
    source.push(q);
  }
  const inside = conjunction(e, conditions);
  const v = valueAt(c, x, source);
  return inside === null ? v : e.op("select", dtype, [inside, v, valueAt(c, filler, [])]);
};

/** The operand in whose range the point lies; a chain of selects where the range spans several. */
export const concatAt = (
  c: ValueContext,
  xs: readonly Var[],
  axis: number,
  at: readonly Index[],
): ValueId => {
  const { e } = c;
  const i = pick(at, axis);
  let start = 0;
  const parts: { readonly v: ValueId; readonly end: number }[] = [];
  for (const x of xs) {
    const n = dim(x.type.shape, axis);
    const [from, end] = [start, start + n];
    start = end;
    if (n === 0 || i.hi < from || i.lo >= end) continue;
    if (i.lo < from) c.undecided(i, from);
    const inside = e.clamp(shiftIndex(i, -from), 0, n - 1);
    const point = at.map((j, d) => (d === axis ? inside : j));
    parts.push({ v: valueAt(c, x, point), end });
  }
  const last = parts.pop() ?? internal("a point lies in no operand of a concat");
  return parts.reduceRight((rest, part) => {
    const before = e.op("lt", "bool", [e.indexValue(i), e.constant("i32", part.end)]);
    return e.op("select", xs[0]?.type.dtype ?? internal("an empty concat"), [before, part.v, rest]);
  }, last.v);
};

/** Splits a gather's result point into operand axes before, index axes, and operand axes after. */
export const gatherAt = (
  c: ValueContext,
  x: Var,
  indices: Var,
  { axis, batch, mode }: GatherParams,
  at: readonly Index[],
  span: Span | null,
): ValueId => {
  const own = indices.type.shape.length - batch;
  const index = valueAt(c, indices, [...at.slice(0, batch), ...at.slice(axis, axis + own)]);
  const i = gatheredIndex(c, index, dim(x.type.shape, axis), axis, mode, span);
  if (x.type.shape.includes(0)) return c.e.constant(x.type.dtype, 0);
  return valueAt(c, x, [...at.slice(0, axis), i, ...at.slice(axis + own)]);
};
