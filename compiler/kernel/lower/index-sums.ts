/**
 * Addresses as sums modulo 2^32. i32 arithmetic wraps, and so does the arithmetic of addresses: whatever an index's parts do
 * on the way, their sum is the address of the element, as long as the index itself is one. So an index that is only known to
 * lie inside can be taken apart into loop counters and what is computed before the loops.
 */
import type { KernelOp, ValueId } from "../types.js";
import type { Index } from "./index-expr.js";

/** offset + sum(stride * axis) + sum(stride * value), modulo 2^32. */
export type Sum = Pick<Index, "offset" | "terms" | "dynamic">;

const constant = (s: Sum | null): number | null =>
  s !== null && s.terms.length === 0 && s.dynamic.length === 0 ? s.offset : null;

const merged = <T extends { readonly stride: number }>(
  a: readonly T[],
  b: readonly T[],
  keyOf: (t: T) => number,
): readonly T[] => {
  const all = new Map<number, T>();
  for (const t of [...a, ...b]) {
    const stride = ((all.get(keyOf(t))?.stride ?? 0) + t.stride) | 0;
    all.set(keyOf(t), { ...t, stride });
  }
  return [...all.values()].filter((t) => t.stride !== 0).sort((s, t) => keyOf(s) - keyOf(t));
};

const plus = (a: Sum, b: Sum): Sum => ({
  offset: (a.offset + b.offset) | 0,
  terms: merged(a.terms, b.terms, (t) => t.axis),
  dynamic: merged(a.dynamic, b.dynamic, (t) => t.value),
});

const times = (a: Sum, k: number): Sum => ({
  offset: Math.imul(a.offset, k),
  terms: a.terms.map((t) => ({ ...t, stride: Math.imul(t.stride, k) })).filter((t) => t.stride !== 0),
  dynamic: a.dynamic.map((t) => ({ ...t, stride: Math.imul(t.stride, k) })).filter((t) => t.stride !== 0),
});

/** What an operation on i32 registers gives, as a sum; `known` gives what is known of its operands. */
export const sumOfOp = (
  op: KernelOp,
  args: readonly ValueId[],
  known: (v: ValueId) => Sum | null,
): Sum | null => {
  const of = (k: number): Sum | null => {
    const v = args[k];
    return v === undefined
      ? null
      : (known(v) ?? { offset: 0, terms: [], dynamic: [{ value: v, stride: 1 }] });
  };
  const [a, b] = [of(0), of(1)];
  if (a === null || b === null) return null;
  switch (op) {
    case "add":
      return plus(a, b);
    case "sub":
      return plus(a, times(b, -1));
    case "mul": {
      const [x, y] = [constant(a), constant(b)];
      if (y !== null) return times(a, y);
      return x === null ? null : times(b, x);
    }
    case "shl": {
      const by = constant(b);
      return by === null || by < 0 || by > 31 ? null : times(a, 1 << by);
    }
    default:
      return null;
  }
};

/**
 * The index with each run-time part that changes in an inner loop taken apart, if all that is left of it is counters and what
 * is known before that loop.
 */
export const spread = (i: Index, sums: ReadonlyMap<ValueId, Sum>, depthOf: (v: ValueId) => number): Sum => {
  let sum: Sum = { offset: i.offset, terms: i.terms, dynamic: [] };
  for (const t of i.dynamic) {
    const parts = sums.get(t.value);
    const earlier = parts?.dynamic.every((p) => depthOf(p.value) < depthOf(t.value)) ?? false;
    const taken =
      parts !== undefined && earlier ? parts : { offset: 0, terms: [], dynamic: [{ ...t, stride: 1 }] };
    sum = plus(sum, times(taken, t.stride));
  }
  return sum;
};
