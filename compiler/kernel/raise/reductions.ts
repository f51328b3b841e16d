/**
 * Recurrences that are reductions: a value that every iteration adds something to (or multiplies, or compares) and that
 * nothing else reads. `if (c) s += x` adds x or nothing.
 */
import type { DType } from "../../ir/types.js";
import type { Carry, Combine, LoopStmt, OpStmt, RecurCarry, ReduceCarry, Stmt, ValueId } from "../types.js";
import { countUses } from "../walk.js";
import type { Writer } from "./writer.js";

export interface Reduced {
  readonly body: readonly Stmt[];
  readonly carries: readonly ReduceCarry[];
}

/** What `op` does to the value that goes through it, where it can be reordered with others of its kind. */
const combineOf = (op: OpStmt): Combine | null => {
  switch (op.op) {
    case "add":
    case "sub":
      return "sum";
    case "mul":
      return "prod";
    case "min":
      return "min";
    case "max":
      return "max";
    default:
      return null;
  }
};

/** In a strict program floats are added and multiplied in order. Least and greatest values have no rounding. */
const mayReorder = (combine: Combine, type: DType, strict: boolean): boolean => {
  if (type === "bool") return false;
  if (type === "f32" || type === "f64") return !strict || combine === "min" || combine === "max";
  return true;
};

/** x combined with this is x, for every x, signed zeros and NaN included. */
const neutralOf = (combine: Combine, type: DType): number | null => {
  const float = type === "f32" || type === "f64";
  switch (combine) {
    case "sum":
      return float ? -0 : 0;
    case "prod":
      return 1;
    case "max":
      return float ? Number.NEGATIVE_INFINITY : null;
    case "min":
      return float ? Number.POSITIVE_INFINITY : null;
    default: {
      const never: never = combine;
      return never;
    }
  }
};

/** The loop with all of its recurrences as reductions, or null where one is none. */
export const reduceCarries = (loop: LoopStmt, strict: boolean, w: Writer): Reduced | null => {
  if (loop.carries.every((c) => c.kind === "reduce")) return { body: loop.body, carries: loop.carries };
  const uses = countUses([loop]);
  let body: readonly Stmt[] = loop.body;
  const carries: ReduceCarry[] = [];
  for (const carry of loop.carries) {
    if (carry.kind === "reduce") {
      carries.push(carry);
      continue;
    }
    const reduced = reduceOne(body, carry, uses, strict, w);
    if (reduced === null) return null;
    body = reduced.body;
    carries.push(reduced.carry);
  }
  return { body, carries };
};

interface Chain {
  readonly combine: Combine;
  /** What is combined with the carry, in order; negative terms are subtracted. */
  readonly terms: readonly { readonly value: ValueId; readonly negative: boolean }[];
}

const reduceOne = (
  body: readonly Stmt[],
  carry: RecurCarry,
  uses: ReadonlyMap<ValueId, number>,
  strict: boolean,
  w: Writer,
): { readonly body: readonly Stmt[]; readonly carry: ReduceCarry } | null => {
  const defs = new Map<ValueId, Stmt>();
  for (const s of body) {
    if (s.kind === "op") defs.set(s.id, s);
    else if (s.kind === "loop") for (const c of s.carries) defs.set(c.result, s);
  }
  const { param, type } = carry;
  const extra: Stmt[] = [];
  const loops = new Map<Stmt, Stmt>();
  let reads = 0;
  /** The chain from the carry's value to `v`, each link of which has no other reader. */
  const chainTo = (v: ValueId, combine: Combine | null): Chain | null | "start" => {
    if (v === param) {
      reads++;
      return "start";
    }
    const s = defs.get(v);
    if (s === undefined || uses.get(v) !== 1) return null;
    if (s.kind === "op") return s.op === "select" ? choice(s, combine) : link(s, combine);
    return s.kind === "loop" ? nested(s, v, combine) : null;
  };
  const extend = (from: Chain | "start", combine: Combine, value: ValueId, negative: boolean): Chain => ({
    combine,
    terms: [...(from === "start" ? [] : from.terms), { value, negative }],
  });
  const link = (s: OpStmt, wanted: Combine | null): Chain | null => {
    const combine = combineOf(s);
    const [x, y] = s.args;
    if (combine === null || x === undefined || y === undefined || s.type !== type) return null;
    if ((wanted !== null && wanted !== combine) || !mayReorder(combine, type, strict)) return null;
    for (const [through, other] of s.op === "sub"
      ? [[x, y]]
      : [
          [x, y],
          [y, x],
        ]) {
      if (through === undefined || other === undefined) continue;
      if (!leadsTo(through, param, defs)) continue;
      const from = chainTo(through, combine);
      if (from === null) return null;
      return extend(from, combine, other, s.op === "sub");
    }
    return null;
  };
  const choice = (s: OpStmt, combine: Combine | null): Chain | null => {
    const [cond, x, y] = s.args;
    if (cond === undefined || x === undefined || y === undefined) return null;
    const inverted = x === param;
    if (!inverted && y !== param) return null;
    reads++;
    const from = chainTo(inverted ? y : x, combine);
    if (from === null || from === "start" || from.terms.length === 0) return null;
    const neutral = neutralOf(from.combine, type);
    if (neutral === null) return null;
    const none = w.constant(type, neutral);
    const terms = from.terms.map(({ value, negative }) => {
      const given = negative ? w.op(extra, "neg", type, [value]) : value;
      const args = inverted ? [cond, none, given] : [cond, given, none];
      return { value: w.op(extra, "select", type, args), negative: false };
    });
    return { combine: from.combine, terms };
  };
  /** An inner loop that reduces into the same value: it starts from nothing, and what it gives is a term. */
  const nested = (s: LoopStmt, v: ValueId, combine: Combine | null): Chain | null => {
    const inner = s.carries.find((c) => c.result === v);
    if (inner === undefined || inner.kind !== "reduce" || (combine !== null && combine !== inner.combine))
      return null;
    const from = chainTo(inner.init, inner.combine);
    const neutral = neutralOf(inner.combine, type);
    if (from === null || neutral === null || !mayReorder(inner.combine, type, strict)) return null;
    const init = w.constant(type, neutral);
    const known = loops.get(s) ?? s;
    if (known.kind !== "loop") return null;
    const carries = known.carries.map((c): Carry => (c.result === v ? { ...c, init } : c));
    loops.set(s, { ...known, carries });
    return extend(from, inner.combine, v, false);
  };
  const chain = chainTo(carry.next, null);
  if (chain === null || chain === "start" || reads !== uses.get(param)) return null;
  const [first, ...rest] = chain.terms;
  if (first === undefined) return null;
  let value = first.negative ? w.op(extra, "neg", type, [first.value]) : first.value;
  const op = { sum: "add", prod: "mul", min: "min", max: "max" } as const;
  for (const t of rest) value = w.op(extra, t.negative ? "sub" : op[chain.combine], type, [value, t.value]);
  return {
    body: [...body.map((s) => loops.get(s) ?? s), ...extra],
    carry: { kind: "reduce", combine: chain.combine, type, init: carry.init, value, result: carry.result },
  };
};

/** Is `param` behind `v`, through sums, products, choices and loops' initial values? */
const leadsTo = (
  v: ValueId,
  param: ValueId,
  defs: ReadonlyMap<ValueId, Stmt>,
  seen = new Set<ValueId>(),
): boolean => {
  if (v === param) return true;
  const s = defs.get(v);
  if (s === undefined || seen.has(v)) return false;
  seen.add(v);
  if (s.kind === "op")
    return (combineOf(s) !== null || s.op === "select") && s.args.some((a) => leadsTo(a, param, defs, seen));
  if (s.kind !== "loop") return false;
  const carry = s.carries.find((c) => c.result === v);
  return carry !== undefined && leadsTo(carry.init, param, defs, seen);
};
