/** What a condition that holds says about the values in it. */
import type { Eqn, Var } from "../ir/types.js";
import { intersection, type Range } from "./range.js";
import { sideTaken } from "./short-circuit.js";

/** Ranges that a condition confines values to. */
export type Facts = ReadonlyMap<Var, Range>;

interface Context {
  readonly definition: (v: Var) => Eqn | undefined;
  readonly range: (v: Var) => Range | null;
}

const OPPOSITE = { lt: "ge", ge: "lt", gt: "le", le: "gt", eq: "ne", ne: "eq" } as const;
type Comparison = keyof typeof OPPOSITE;
const isComparison = (op: string): op is Comparison => Object.hasOwn(OPPOSITE, op);

/** What follows if `cond` (rank 0) is `holds`. */
export const factsOf = (c: Context, cond: Var, holds: boolean): Facts => {
  const facts = new Map<Var, Range>();
  visit(c, facts, cond, holds);
  return facts;
};

const visit = (c: Context, facts: Map<Var, Range>, cond: Var, holds: boolean): void => {
  const eqn = c.definition(cond);
  const [x, y, z] = eqn?.inputs ?? [];
  if (eqn === undefined || x === undefined) return;
  const isConst = (v: Var | undefined, value: number): boolean => {
    const def = v === undefined ? undefined : c.definition(v);
    return def?.op === "const" && def.params.value === value;
  };
  if (eqn.op === "if") {
    const side = sideTaken(c, eqn, cond, holds);
    if (side === null) return;
    visit(c, facts, side.cond, side.holds);
    for (const [param, { lo, hi }] of factsOf(side.inner, side.result, holds)) {
      const operand = side.operandOf.get(param);
      if (operand !== undefined) confine(c, facts, operand, lo, hi);
    }
  } else if (eqn.op === "not") visit(c, facts, x, !holds);
  else if ((eqn.op === "and" && holds) || (eqn.op === "or" && !holds)) {
    visit(c, facts, x, holds);
    if (y !== undefined) visit(c, facts, y, holds);
  } else if (eqn.op === "select" && isConst(z, holds ? 0 : 1)) {
    // c ? y : false holds only if both do; c ? y : true fails only if c holds and y does not
    visit(c, facts, x, true);
    if (y !== undefined) visit(c, facts, y, holds);
  } else if (eqn.op === "select" && isConst(y, holds ? 0 : 1)) {
    visit(c, facts, x, false);
    if (z !== undefined) visit(c, facts, z, holds);
  } else if (isComparison(eqn.op) && y !== undefined) compare(c, facts, eqn.op, holds, x, y);
};

const compare = (
  c: Context,
  facts: Map<Var, Range>,
  op: Comparison,
  holds: boolean,
  x: Var,
  y: Var,
): void => {
  const [a, b] = [c.range(x), c.range(y)];
  // A comparison that does not hold says nothing where NaN is possible.
  if (!holds && (a === null || b === null)) return;
  const int = (a?.int ?? false) && (b?.int ?? false);
  const gap = int ? 1 : 0;
  switch (holds ? op : OPPOSITE[op]) {
    case "lt":
      confine(c, facts, x, Number.NEGATIVE_INFINITY, (b?.hi ?? Number.POSITIVE_INFINITY) - gap);
      confine(c, facts, y, (a?.lo ?? Number.NEGATIVE_INFINITY) + gap, Number.POSITIVE_INFINITY);
      return;
    case "le":
      confine(c, facts, x, Number.NEGATIVE_INFINITY, b?.hi ?? Number.POSITIVE_INFINITY);
      confine(c, facts, y, a?.lo ?? Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      return;
    case "gt":
      confine(c, facts, x, (b?.lo ?? Number.NEGATIVE_INFINITY) + gap, Number.POSITIVE_INFINITY);
      confine(c, facts, y, Number.NEGATIVE_INFINITY, (a?.hi ?? Number.POSITIVE_INFINITY) - gap);
      return;
    case "ge":
      confine(c, facts, x, b?.lo ?? Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      confine(c, facts, y, Number.NEGATIVE_INFINITY, a?.hi ?? Number.POSITIVE_INFINITY);
      return;
    case "eq":
      if (b !== null) confine(c, facts, x, b.lo, b.hi);
      if (a !== null) confine(c, facts, y, a.lo, a.hi);
      isMultiple(c, facts, x, b);
      isMultiple(c, facts, y, a);
      isWhole(c, facts, x, y);
      isWhole(c, facts, y, x);
      return;
    case "ne":
      return;
  }
};

const ROUNDED: ReadonlySet<string> = new Set(["floor", "ceil", "trunc", "round", "rint"]);

/** x = floor(x): a value of known range is whole. */
const isWhole = (c: Context, facts: Map<Var, Range>, floor: Var, x: Var): void => {
  const eqn = c.definition(floor);
  const own = facts.get(x) ?? c.range(x);
  if (eqn === undefined || !ROUNDED.has(eqn.op) || eqn.inputs[0] !== x || own === null || own.int) return;
  if (own.lo < -(2 ** 53) || own.hi > 2 ** 53) return;
  facts.set(x, { ...own, lo: Math.ceil(own.lo), hi: Math.floor(own.hi), int: true });
};

/** n % d = 0: a whole n is a multiple of d. */
const isMultiple = (c: Context, facts: Map<Var, Range>, rest: Var, value: Range | null): void => {
  const eqn = c.definition(rest);
  const [n, d] = eqn?.inputs ?? [];
  if (eqn?.op !== "rem" || n === undefined || d === undefined || value?.lo !== 0 || value.hi !== 0) return;
  const own = facts.get(n) ?? c.range(n);
  const by = c.range(d);
  if (own?.int !== true || by?.int !== true || by.lo !== by.hi || by.lo <= 0) return;
  facts.set(n, { ...own, multiple: by.lo });
};

/** lo <= v <= hi, v is no NaN, and what follows for the value that v was computed from. */
const confine = (c: Context, facts: Map<Var, Range>, v: Var, lo: number, hi: number): void => {
  const own = facts.get(v) ?? c.range(v);
  const next = intersection(own, { lo, hi, int: false });
  if (next === null || !Number.isFinite(next.lo) || !Number.isFinite(next.hi)) return;
  if (own !== null && next.lo === own.lo && next.hi === own.hi) return;
  const range: Range =
    own?.int === true
      ? { ...next, lo: Math.ceil(next.lo), hi: Math.floor(next.hi), int: true }
      : { ...next, int: false };
  if (range.lo > range.hi || v.type.dtype === "f32") return;
  facts.set(v, range);
  confineOperands(c, facts, v, own, range);
};

/** What `range`, where it was `own`, says about the operands of the equation of v. */
const confineOperands = (
  c: Context,
  facts: Map<Var, Range>,
  v: Var,
  own: Range | null,
  range: Range,
): void => {
  const eqn = c.definition(v);
  const [x, y, z] = eqn?.inputs ?? [];
  if (eqn === undefined || x === undefined) return;
  if (eqn.op === "select" && y !== undefined && z !== undefined) {
    // a side that the range excludes was not taken
    if (apart(c.range(z), range)) {
      confine(c, facts, y, range.lo, range.hi);
      visit(c, facts, x, true);
    } else if (apart(c.range(y), range)) {
      confine(c, facts, z, range.lo, range.hi);
      visit(c, facts, x, false);
    }
    return;
  }
  if (own === null || !own.int) return;
  const of = c.range(x);
  if (eqn.op === "cast" && v.type.dtype === "i32" && x.type.dtype === "f64") {
    // the cast truncates, and has refused NaN and what i32 does not hold
    const less = of?.int === true ? 0 : 1;
    confine(c, facts, x, range.lo - (range.lo > 0 ? 0 : less), range.hi + (range.hi < 0 ? 0 : less));
    return;
  }
  if (of === null || !of.int) return;
  if (eqn.op === "cast" && of.lo <= own.lo && of.hi >= own.hi) confine(c, facts, x, range.lo, range.hi);
  // a signed value that is no large unsigned one is not negative
  if (eqn.op === "bitcast" && x.type.dtype === "i32" && range.hi < 2 ** 31)
    confine(c, facts, x, range.lo, range.hi);
  const by = y === undefined ? null : c.range(y);
  if (by === null || by.lo !== by.hi || !by.int) return;
  const exact = (from: Range, step: number): boolean =>
    own.lo === from.lo + step && own.hi === from.hi + step; // no overflow
  if (eqn.op === "add" && exact(of, by.lo)) confine(c, facts, x, range.lo - by.lo, range.hi - by.lo);
  if (eqn.op === "sub" && exact(of, -by.lo)) confine(c, facts, x, range.lo + by.lo, range.hi + by.lo);
};

const apart = (x: Range | null, y: Range): boolean => x !== null && (x.hi < y.lo || x.lo > y.hi);
