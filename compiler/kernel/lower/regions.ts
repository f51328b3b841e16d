/**
 * Splits loops so that conditions are decided and addresses stay affine: into parts where a pad or a concat changes what it
 * reads, into nested loops where a reshape takes a counter apart.
 */
import type { Emitter } from "./emitter.js";
import { addIndex, axisIndex, constIndex, type Index, scaleIndex, shiftIndex } from "./index-expr.js";

/** Bodies that one loop nest may be written out into. */
const MAX_BODIES = 8;

/** Where the body along one axis of a node changes. */
export interface AxisCuts {
  /** Positions at which a condition turns. */
  readonly positions: Set<number>;
  /** Strides of the digits that a reshape takes the counter apart into: 4 for i / 4 and i % 4. */
  readonly strides: Set<number>;
}
/** By the node's own axis. */
export type Cuts = ReadonlyMap<number, AxisCuts>;

/** Where `i` crosses into [from, ...): the axis it follows and the axis's position, or null if no single axis decides. */
export const crossing = (
  i: Index,
  from: number,
): { readonly axis: number; readonly position: number } | null => {
  const [t] = i.terms;
  if (t === undefined || i.terms.length !== 1 || i.dynamic.length > 0) return null;
  if (t.stride === 1) return { axis: t.axis, position: from - i.offset };
  // offset - a >= from until a = offset - from
  return t.stride === -1 ? { axis: t.axis, position: i.offset - from + 1 } : null;
};

/** A part [start, end) of a loop. */
export interface Segment {
  readonly start: number;
  readonly end: number;
}
/** One loop: a digit, with its stride, of the counter of loop `of` of those that were asked for. */
export interface PlannedLoop {
  readonly of: number;
  readonly stride: number;
  readonly segments: readonly Segment[];
}

/** The strides of a mixed-radix counter below `extent`, descending, ending in 1: each divides the one before. */
const digitsOf = (extent: number, strides: Iterable<number>): readonly number[] => {
  const digits = [1];
  for (const s of [...strides].sort((x, y) => x - y)) {
    const below = digits[0] ?? 1;
    if (s > below && s < extent && s % below === 0 && extent % s === 0) digits.unshift(s);
  }
  return digits;
};

/**
 * The loops over `extents`, outermost first, and how many bodies they make together. Inner loops are cut first: there a
 * condition and a run-time address cost most. Loops whose cuts would make too many bodies stay whole; whole loops are taken
 * apart into digits.
 */
export const planLoops = (
  extents: readonly number[],
  cuts: readonly (readonly AxisCuts[])[],
  bodies: number,
): { readonly loops: readonly PlannedLoop[]; readonly bodies: number } => {
  const loops: PlannedLoop[] = [];
  let total = bodies;
  for (let of = extents.length - 1; of >= 0; of--) {
    const extent = extents[of] ?? 1;
    const all = cuts[of] ?? [];
    const inside = [...new Set(all.flatMap((c) => [...c.positions]))]
      .filter((x) => x > 0 && x < extent)
      .sort((x, y) => x - y);
    if (inside.length > 0 && total * (inside.length + 1) <= MAX_BODIES) {
      total *= inside.length + 1;
      const segments = [...inside, extent].map((end, j) => ({ start: inside[j - 1] ?? 0, end }));
      loops.unshift({ of, stride: 1, segments });
      continue;
    }
    const digits = digitsOf(extent, new Set(all.flatMap((c) => [...c.strides])));
    loops.unshift(
      ...digits.map((stride, k) => {
        const end = (digits[k - 1] ?? extent) / stride;
        return { of, stride, segments: [{ start: 0, end }] };
      }),
    );
  }
  return { loops, bodies: total };
};

/** The counters of the loops that were asked for, from those of the planned loops. */
export const countersOf = (
  count: number,
  loops: readonly PlannedLoop[],
  at: readonly Index[],
): readonly Index[] => {
  const counters: Index[] = new Array(count).fill(constIndex(0));
  loops.forEach(({ of, stride }, k) => {
    const digit = at[k] ?? constIndex(0);
    counters[of] = addIndex(counters[of] ?? constIndex(0), scaleIndex(digit, stride));
  });
  return counters;
};

/** The counter of a part as an index of the whole loop; opens a loop unless the part is one iteration. */
export const openSegment = (
  e: Emitter,
  { start, end }: Segment,
): { readonly at: Index; readonly loop: boolean } => {
  const n = end - start;
  if (n === 1) return { at: constIndex(start), loop: false };
  return { at: shiftIndex(axisIndex(e.openLoop(n), n), start), loop: true };
};
