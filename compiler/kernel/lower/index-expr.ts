/**
 * Symbolic indices: affine in loop axes and in i32 values known at run time, with the range they can take.
 * All coefficients are in elements of the axis that is indexed.
 */
import type { AxisId, ValueId } from "../types.js";

/** offset + sum(stride * axis) + sum(stride * value), always within [lo, hi]. */
export interface Index {
  readonly offset: number;
  readonly terms: readonly { readonly axis: AxisId; readonly stride: number }[];
  readonly dynamic: readonly { readonly value: ValueId; readonly stride: number }[];
  readonly lo: number;
  readonly hi: number;
  /** Equal for equal indices: what values are numbered by. */
  readonly key: string;
}

const makeIndex = (
  offset: number,
  terms: Index["terms"],
  dynamic: Index["dynamic"],
  lo: number,
  hi: number,
): Index => {
  let key = String(offset + 0);
  for (const t of terms) key += `+${t.stride}a${t.axis}`;
  for (const t of dynamic) key += `+${t.stride}v${t.value}`;
  // -0 is no index
  return { offset: offset + 0, terms, dynamic, lo: lo + 0, hi: hi + 0, key };
};

export const constIndex = (c: number): Index => makeIndex(c, [], [], c, c);
/** The counter of a loop of `extent` iterations. */
export const axisIndex = (axis: AxisId, extent: number): Index =>
  makeIndex(0, [{ axis, stride: 1 }], [], 0, extent - 1);
/** A run-time value known to lie within [lo, hi]. */
export const valueIndex = (value: ValueId, lo: number, hi: number): Index =>
  makeIndex(0, [], [{ value, stride: 1 }], lo, hi);

const mergeTerms = (a: Index["terms"], b: Index["terms"]): Index["terms"] => {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  const sum = new Map<AxisId, number>();
  for (const t of a) sum.set(t.axis, t.stride);
  for (const t of b) sum.set(t.axis, (sum.get(t.axis) ?? 0) + t.stride);
  return [...sum]
    .filter(([, stride]) => stride !== 0)
    .sort(([x], [y]) => x - y)
    .map(([axis, stride]) => ({ axis, stride }));
};
const mergeDynamic = (a: Index["dynamic"], b: Index["dynamic"]): Index["dynamic"] => {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  const sum = new Map<ValueId, number>();
  for (const t of [...a, ...b]) sum.set(t.value, (sum.get(t.value) ?? 0) + t.stride);
  return [...sum]
    .filter(([, stride]) => stride !== 0)
    .sort(([x], [y]) => x - y)
    .map(([value, stride]) => ({ value, stride }));
};

export const addIndex = (a: Index, b: Index): Index =>
  makeIndex(
    a.offset + b.offset,
    mergeTerms(a.terms, b.terms),
    mergeDynamic(a.dynamic, b.dynamic),
    a.lo + b.lo,
    a.hi + b.hi,
  );
export const shiftIndex = (a: Index, c: number): Index =>
  c === 0 ? a : makeIndex(a.offset + c, a.terms, a.dynamic, a.lo + c, a.hi + c);
export const scaleIndex = (a: Index, s: number): Index => {
  if (s === 1) return a;
  if (s === 0) return constIndex(0);
  const [lo, hi] = s > 0 ? [a.lo * s, a.hi * s] : [a.hi * s, a.lo * s];
  return makeIndex(
    a.offset * s,
    a.terms.map((t) => ({ axis: t.axis, stride: t.stride * s })),
    a.dynamic.map((t) => ({ value: t.value, stride: t.stride * s })),
    lo,
    hi,
  );
};

/** The constant an index always equals, or null. */
export const constantOf = (a: Index): number | null =>
  a.terms.length === 0 && a.dynamic.length === 0 ? a.offset : null;
/** The axis an index is the counter of, or null. */
export const bareAxis = (a: Index): AxisId | null => {
  const [t] = a.terms;
  return t !== undefined && a.terms.length === 1 && t.stride === 1 && a.offset === 0 && a.dynamic.length === 0
    ? t.axis
    : null;
};

/** [quotient, remainder] of division by `n` where both are affine, else null. The index is never negative. */
export const affineDivMod = (
  a: Index,
  n: number,
  extentOf: (axis: AxisId) => number,
  rangeOf: (v: ValueId) => readonly [number, number] | null,
): readonly [Index, Index] | null => {
  if (n === 1) return [a, constIndex(0)];
  if (a.lo >= 0 && a.hi < n) return [constIndex(0), a];
  const whole = a.terms.filter((t) => t.stride % n === 0);
  const wholeDynamic = a.dynamic.filter((t) => t.stride % n === 0);
  const restTerms = a.terms.filter((t) => t.stride % n !== 0);
  const restDynamic = a.dynamic.filter((t) => t.stride % n !== 0);
  const offset = ((a.offset % n) + n) % n;
  let [lo, hi] = [offset, offset];
  for (const t of restTerms) {
    const reach = t.stride * (extentOf(t.axis) - 1);
    if (reach > 0) hi += reach;
    else lo += reach;
  }
  for (const t of restDynamic) {
    const range = rangeOf(t.value);
    if (range === null) return null;
    const ends = [range[0] * t.stride, range[1] * t.stride] as const;
    lo += Math.min(...ends);
    hi += Math.max(...ends);
  }
  if (lo < 0 || hi >= n) return null;
  const quotient = makeIndex(
    (a.offset - offset) / n,
    whole.map((t) => ({ axis: t.axis, stride: t.stride / n })),
    wholeDynamic.map((t) => ({ value: t.value, stride: t.stride / n })),
    Math.floor(a.lo / n),
    Math.floor(a.hi / n),
  );
  return [quotient, makeIndex(offset, restTerms, restDynamic, lo, hi)];
};

/** Row-major flat position of a point of `shape`. */
export const flatIndex = (at: readonly Index[], shape: readonly number[]): Index => {
  let flat = constIndex(0);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const i = at[d];
    if (i !== undefined) flat = addIndex(scaleIndex(i, stride), flat);
    stride *= shape[d] ?? 1;
  }
  return flat;
};

const pointKeys = new WeakMap<readonly Index[], string>();
/** Equal for equal points. */
export const pointKey = (at: readonly Index[]): string => {
  const known = pointKeys.get(at);
  if (known !== undefined) return known;
  const key = at.map((i) => i.key).join(",");
  pointKeys.set(at, key);
  return key;
};
