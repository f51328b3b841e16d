/** np: functions that move, join, split and select elements. */
import { fail } from "../../compiler/diagnostics.js";
import { library } from "../library-function.js";
import type { Operand, Tensor } from "../types.js";
import {
  type Axis,
  axisList,
  broadcastShapes,
  inferShape,
  lift,
  normalizeAxes,
  normalizeAxis,
  range,
  sameDtype,
  trailingAxes,
} from "./core.js";
import { where } from "./elementwise.js";
import { prim } from "./prim.js";

type Size = number | readonly number[];

/** The same elements in another shape; one size may be -1. */
export const reshape: (x: Operand, shape: Size) => Tensor = library(
  "np.reshape",
  (x: Operand, shape: Size): Tensor => {
    const v = lift(x);
    return prim.reshape(v, { shape: inferShape(shape, v.shape) });
  },
);
/** All elements in one axis, row-major. */
export const ravel: (x: Operand) => Tensor = library("np.ravel", (x: Operand): Tensor => {
  const v = lift(x);
  return prim.reshape(v, { shape: [v.size] });
});

/** Axes in the order given; reversed without one. */
export const transpose: (x: Operand, axes?: readonly number[] | null) => Tensor = library(
  "np.transpose",
  (x: Operand, axes: readonly number[] | null = null): Tensor => {
    const v = lift(x);
    const perm = axes === null ? [...range(v.ndim)].reverse() : axes.map((a) => normalizeAxis(a, v.ndim));
    return prim.transpose(v, { perm });
  },
);

const movedAxes = (rank: number, from: number, to: number): readonly number[] => {
  const rest = range(rank).filter((k) => k !== from);
  return [...rest.slice(0, to), from, ...rest.slice(to)];
};
/** Axis `from` moved to place `to`, the others in order. */
export const moveaxis: (x: Operand, from: number, to: number) => Tensor = library(
  "np.moveaxis",
  (x: Operand, from: number, to: number): Tensor => {
    const v = lift(x);
    return prim.transpose(v, {
      perm: movedAxes(v.ndim, normalizeAxis(from, v.ndim), normalizeAxis(to, v.ndim)),
    });
  },
);
const swappedAxes = (rank: number, a: number, b: number): readonly number[] =>
  range(rank).map((k) => (k === a ? b : k === b ? a : k));
/** Axes `a` and `b` exchanged. */
export const swapaxes: (x: Operand, a: number, b: number) => Tensor = library(
  "np.swapaxes",
  (x: Operand, a: number, b: number): Tensor => {
    const v = lift(x);
    return prim.transpose(v, {
      perm: swappedAxes(v.ndim, normalizeAxis(a, v.ndim), normalizeAxis(b, v.ndim)),
    });
  },
);

/** A new axis of size 1 at each of the result's `axis` places. */
export const expandDims: (x: Operand, axis: Axis) => Tensor = library(
  "np.expandDims",
  (x: Operand, axis: Axis): Tensor => {
    const v = lift(x);
    return prim.reshape(v, { shape: expandedShape(v.shape, axis) });
  },
);
const expandedShape = (shape: readonly number[], axis: Axis): readonly number[] => {
  const rank = shape.length + axisList(axis).length;
  const added = normalizeAxes(axis, rank);
  const rest = [...shape];
  return range(rank).map((k) => (added.includes(k) ? 1 : (rest.shift() ?? 1)));
};

const squeezedShape = (shape: readonly number[], axis: Axis | null): readonly number[] => {
  const ones = range(shape.length).filter((k) => shape[k] === 1);
  const axes = axis === null ? ones : normalizeAxes(axis, shape.length);
  const bad = axes.find((a) => shape[a] !== 1);
  if (bad !== undefined)
    return fail("TSJ2015", "shape", `cannot squeeze axis ${bad} of [${shape.join(", ")}]: its size is not 1`);
  return shape.filter((_, k) => !axes.includes(k));
};
/** Without the axes of size 1, or without those of `axis`. */
export const squeeze: (x: Operand, axis?: Axis | null) => Tensor = library(
  "np.squeeze",
  (x: Operand, axis: Axis | null = null): Tensor => {
    const v = lift(x);
    return prim.reshape(v, { shape: squeezedShape(v.shape, axis) });
  },
);

/** Repeated to `shape`: sizes are equal or 1, counted from the last axis. */
export const broadcastTo: (x: Operand, shape: readonly number[]) => Tensor = library(
  "np.broadcastTo",
  (x: Operand, shape: readonly number[]): Tensor => {
    const v = lift(x);
    return prim.broadcast(v, { shape, dims: trailingAxes(v.ndim, shape.length) });
  },
);

/** Arrays joined along `axis`; all other sizes are equal. */
export const concatenate: (xs: readonly Operand[], axis?: number) => Tensor = library(
  "np.concatenate",
  (xs: readonly Operand[], axis = 0): Tensor => {
    const vs = sameDtype(...xs.map((x) => lift(x)));
    return prim.concat(...vs, { axis: normalizeAxis(axis, rankOf(vs)) });
  },
);
const rankOf = (vs: readonly Tensor[]): number => {
  const first = vs[0];
  return first === undefined ? fail("TSJ2016", "shape", "at least one array is needed") : first.ndim;
};
/** Joins equal shapes along a new axis. */
export const stack: (xs: readonly Operand[], axis?: number) => Tensor = library(
  "np.stack",
  (xs: readonly Operand[], axis = 0): Tensor =>
    concatenate(
      // before a new axis makes arrays of plain numbers, which take the others' dtype
      sameDtype(...xs.map((x) => lift(x))).map((x) => expandDims(x, axis)),
      axis,
    ),
);

/** Equal parts (a number) or parts that end before the given indices. */
export const split: (x: Operand, parts: number | readonly number[], axis?: number) => readonly Tensor[] =
  library("np.split", (x: Operand, parts: number | readonly number[], axis = 0): readonly Tensor[] => {
    const v = lift(x);
    const a = normalizeAxis(axis, v.ndim);
    const ends = splitPoints(parts, v.shape[a] ?? 1);
    return ends.slice(1).map((end, k) => sliceAxis(v, a, ends[k] ?? 0, end));
  });
const splitPoints = (parts: number | readonly number[], size: number): readonly number[] => {
  if (typeof parts !== "number") return [0, ...parts.map((p) => Math.min(p, size)), size];
  if (size % parts !== 0)
    return fail("TSJ2017", "shape", `an axis of size ${size} does not split into ${parts} equal parts`);
  return range(parts + 1).map((k) => (k * size) / parts);
};
const sliceAxis = (v: Tensor, axis: number, start: number, limit: number): Tensor =>
  prim.slice(v, {
    start: v.shape.map((_, k) => (k === axis ? start : 0)),
    limit: v.shape.map((d, k) => (k === axis ? Math.max(start, limit) : d)),
    stride: v.shape.map(() => 1),
  });

/** Elements `start` to `stop` (exclusive) along `axis`; negative ends count from the back. */
export const sliceIn: (x: Operand, start: number, stop?: number | null, axis?: number) => Tensor = library(
  "np.slice",
  (x: Operand, start: number, stop: number | null = null, axis = 0): Tensor => {
    const v = lift(x);
    const a = normalizeAxis(axis, v.ndim);
    const n = v.shape[a] ?? 1;
    return sliceAxis(v, a, clampIndex(start, n), clampIndex(stop ?? n, n));
  },
);
const clampIndex = (i: number, n: number): number => Math.min(n, Math.max(0, i < 0 ? i + n : i));

/** Reversed along `axis` (one, a list, or all). */
export const flip: (x: Operand, axis?: Axis | null) => Tensor = library(
  "np.flip",
  (x: Operand, axis: Axis | null = null): Tensor => {
    const v = lift(x);
    return prim.reverse(v, { axes: normalizeAxes(axis, v.ndim) });
  },
);

/** Elements move `shift` places up along `axis`, the last ones come round to the front. */
export const roll: (x: Operand, shift: number, axis?: number | null) => Tensor = library(
  "np.roll",
  (x: Operand, shift: number, axis: number | null = null): Tensor => {
    const given = lift(x);
    const v = axis === null ? ravel(given) : given;
    const a = axis === null ? 0 : normalizeAxis(axis, v.ndim);
    const n = v.shape[a] ?? 1;
    const cut = n === 0 ? 0 : (((n - shift) % n) + n) % n;
    const rolled = cut === 0 ? v : concatenate([sliceAxis(v, a, cut, n), sliceAxis(v, a, 0, cut)], a);
    return prim.reshape(rolled, { shape: given.shape });
  },
);

/** Copies of the array along each axis; missing counts are 1. */
export const tile: (x: Operand, counts: Size) => Tensor = library(
  "np.tile",
  (x: Operand, counts: Size): Tensor => {
    const v = lift(x);
    const reps = typeof counts === "number" ? [counts] : [...counts];
    const rank = Math.max(v.ndim, reps.length);
    const sizes = range(rank).map((k) => v.shape[k - rank + v.ndim] ?? 1);
    const times = range(rank).map((k) => reps[k - rank + reps.length] ?? 1);
    const spread = prim.broadcast(prim.reshape(v, { shape: sizes }), {
      shape: sizes.flatMap((d, k) => [times[k] ?? 1, d]),
      dims: range(rank).map((k) => 2 * k + 1),
    });
    return prim.reshape(spread, { shape: sizes.map((d, k) => d * (times[k] ?? 1)) });
  },
);

type Widths = number | readonly (readonly [number, number])[];
/** `value` around the edges: one width for all, or [before, after] per axis. */
export const pad: (x: Operand, widths: Widths, value?: Operand) => Tensor = library(
  "np.pad",
  (x: Operand, widths: Widths, value: Operand = 0): Tensor => {
    const v = lift(x);
    const low = v.shape.map((_, k) => (typeof widths === "number" ? widths : (widths[k]?.[0] ?? 0)));
    const high = v.shape.map((_, k) => (typeof widths === "number" ? widths : (widths[k]?.[1] ?? 0)));
    const edge = prim.cast(lift(value), { dtype: v.dtype });
    return prim.pad(v, edge, { low, high, interior: v.shape.map(() => 0) });
  },
);

/** Indices as i32. JavaScript's own numbers are f64: those with a fraction fail at run time. */
const wholeIndices = (of: string, indices: Operand): Tensor => {
  const i = lift(indices);
  if (i.dtype === "f32" || i.dtype === "bool")
    fail("TSJ4042", "type", `the indices of ${of} are whole numbers, not ${i.dtype}[${i.shape.join(", ")}]`, {
      hint: 'make them i32: tensor([0, 2], { dtype: "i32" }), or x.astype("i32")',
    });
  if (i.dtype !== "f64") return prim.cast(i, { dtype: "i32" });
  // NaN is refused by the cast
  return prim.cast(where(Math.floor(i) === i, i, Number.NaN), { dtype: "i32" });
};

/** Slices of `x` along `axis` (of the flattened array without one) at whole-number indices; out of range throws. */
export const take: (x: Operand, indices: Operand, axis?: number | null) => Tensor = library(
  "np.take",
  (x: Operand, indices: Operand, axis: number | null = null): Tensor => {
    const given = lift(x);
    const v = axis === null ? ravel(given) : given;
    const a = axis === null ? 0 : normalizeAxis(axis, v.ndim);
    const n = v.shape[a] ?? 1;
    const i = wholeIndices("np.take", indices);
    return prim.gather(v, where(i < 0, i + n, i), {
      axis: a,
      batch: 0,
      mode: "check",
    });
  },
);

/** One element per position of `indices` along `axis`: result[.., i, ..] = x[.., indices[.., i, ..], ..]. */
export const takeAlongAxis: (x: Operand, indices: Operand, axis: number) => Tensor = library(
  "np.takeAlongAxis",
  (x: Operand, indices: Operand, axis: number): Tensor => {
    const v = lift(x);
    const i = wholeIndices("np.takeAlongAxis", indices);
    const last = v.ndim - 1;
    const a = normalizeAxis(axis, v.ndim);
    const rows = moveaxis(v, a, last);
    const places = moveaxis(i, a, last);
    const lead = broadcastShapes(rows.shape.slice(0, last), places.shape.slice(0, last));
    const picked = prim.gather(
      broadcastTo(rows, [...lead, rows.shape[last] ?? 1]),
      broadcastTo(places, [...lead, places.shape[last] ?? 1]),
      { axis: last, batch: last, mode: "check" },
    );
    return moveaxis(picked, last, a);
  },
);
