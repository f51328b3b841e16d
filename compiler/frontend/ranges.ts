/** Whole numbers of the program as sums of unknown ones, and the range that they are known to lie in. */
import { isFloat, type Var } from "../ir/types.js";
import { definitionOf } from "./integral.js";
import type { Machine } from "./machine.js";

/** constant + sum of factor * value. */
interface Linear {
  readonly constant: number;
  readonly terms: ReadonlyMap<Var, number>;
}
export type Interval = readonly [low: number, high: number];

const ALL: Interval = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
const MAX_DEPTH = 24;

const combine = (a: Linear, b: Linear, factor: number): Linear => {
  const terms = new Map(a.terms);
  for (const [v, f] of b.terms) {
    const sum = (terms.get(v) ?? 0) + factor * f;
    if (sum === 0) terms.delete(v);
    else terms.set(v, sum);
  }
  return { constant: a.constant + factor * b.constant, terms };
};

const constant = (x: number): Linear => ({ constant: x, terms: new Map() });
const atom = (v: Var): Linear => ({ constant: 0, terms: new Map([[v, 1]]) });

/** Only integers up to 2^53 and exact casts: sums of them are exact. */
const linearOf = (machine: Machine, v: Var, depth = 0): Linear => {
  const eqn = depth > MAX_DEPTH ? null : definitionOf(machine, v);
  if (eqn === null) return atom(v);
  const [x, y] = eqn.inputs;
  const of = (w: Var): Linear => linearOf(machine, w, depth + 1);
  switch (eqn.op) {
    case "const":
      return Number.isInteger(eqn.params.value) ? constant(eqn.params.value) : atom(v);
    case "cast":
      return x !== undefined && v.type.dtype === "f64" && x.type.dtype === "i32" ? of(x) : atom(v);
    case "add":
    case "sub":
      if (x === undefined || y === undefined || !isFloat(v.type.dtype)) return atom(v);
      return combine(of(x), of(y), eqn.op === "add" ? 1 : -1);
    case "mul": {
      if (x === undefined || y === undefined || !isFloat(v.type.dtype)) return atom(v);
      const [p, q] = [of(x), of(y)];
      if (p.terms.size === 0) return combine(constant(0), q, p.constant);
      return q.terms.size === 0 ? combine(constant(0), p, q.constant) : atom(v);
    }
    default:
      return atom(v);
  }
};

const sum = (machine: Machine, { constant: c, terms }: Linear, depth: number): Interval => {
  let [low, high] = [c, c];
  for (const [v, f] of terms) {
    const [a, b] = rangeOfAtom(machine, v, depth + 1);
    low += f > 0 ? f * a : f * b;
    high += f > 0 ? f * b : f * a;
  }
  return Number.isNaN(low) || Number.isNaN(high) ? ALL : [low, high];
};

const rangeOfAtom = (machine: Machine, v: Var, depth: number): Interval => {
  const known = machine.ranges.get(v);
  if (known !== undefined) return known;
  const eqn = depth > MAX_DEPTH ? null : definitionOf(machine, v);
  if (eqn === null) return ALL;
  const [x, y, z] = eqn.inputs.map((w) => (): Interval => rangeAt(machine, w, depth + 1));
  if (x === undefined) return ALL;
  switch (eqn.op) {
    case "cast": {
      const [a, b] = x();
      return v.type.dtype === "i32" ? [Math.trunc(a), Math.trunc(b)] : [a, b];
    }
    case "floor":
    case "ceil":
    case "trunc":
    case "round":
    case "rint":
      return [Math.floor(x()[0]), Math.ceil(x()[1])];
    case "min":
    case "max": {
      if (y === undefined) return ALL;
      const [p, q] = [x(), y()];
      const f = eqn.op === "min" ? Math.min : Math.max;
      return [f(p[0], q[0]), f(p[1], q[1])];
    }
    case "select": {
      if (y === undefined || z === undefined) return ALL;
      const [p, q] = [y(), z()];
      return [Math.min(p[0], q[0]), Math.max(p[1], q[1])];
    }
    default:
      return ALL;
  }
};

const rangeAt = (machine: Machine, v: Var, depth: number): Interval =>
  depth > MAX_DEPTH ? ALL : sum(machine, linearOf(machine, v, depth), depth);

/** Between which numbers a value lies in every run, infinite where nothing is known; NaN is not counted. */
export const rangeOf = (machine: Machine, v: Var): Interval => rangeAt(machine, v, 0);

/** Between which numbers `a - b` lies; a number known now stands for itself. */
export const rangeOfDifference = (machine: Machine, a: Var | number, b: Var | number): Interval => {
  const of = (x: Var | number): Linear => (typeof x === "number" ? constant(x) : linearOf(machine, x));
  return sum(machine, combine(of(a), of(b), -1), 0);
};
