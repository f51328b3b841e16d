/**
 * What the user calls a value: for texts that people read. A name is no part of a program: the printed form, which keys
 * the caches, has none, and no pass decides anything by one. What copies an equation hands the names of its results on.
 */
import type { Var } from "./types.js";

const names = new WeakMap<Var, string>();

export const nameOf = (v: Var): string | null => names.get(v) ?? null;

/** Names a value that has no name yet. */
export const nameValue = (v: Var, name: string | null): void => {
  if (name !== null && !names.has(v)) names.set(v, name);
};

/** Hands the name of a value on to what stands for it now. */
export const nameLike = (v: Var, original: Var): void => {
  const name = names.get(original);
  if (name !== undefined) nameValue(v, name);
};

const transposed = new WeakSet<Var>();

/** Whether a value is one of reverse mode's way back, from the result to the parameters. */
export const isTransposed = (v: Var): boolean => transposed.has(v);
export const markTransposed = (v: Var): void => void transposed.add(v);

const counts = new WeakSet<Var>();

/** Whether a value counts rows that are kept in memory, so that sums of such are far from overflowing. */
export const isCount = (v: Var): boolean => counts.has(v);
export const markCount = (v: Var): Var => {
  counts.add(v);
  return v;
};

/** Hands on what is said of a value to its copy. */
export const describeLike = (copy: Var, original: Var): void => {
  nameLike(copy, original);
  if (counts.has(original)) counts.add(copy);
  if (transposed.has(original)) transposed.add(copy);
};

const TANGENT = "dot_";
const COTANGENT = "d_";

/** The tangent of the value `name`. */
export const tangentName = (name: string): string => `${TANGENT}${name}`;

/** The cotangent of the value `name`; that of a tangent is the cotangent of what it is the tangent of. */
export const cotangentName = (name: string): string =>
  `${COTANGENT}${name.startsWith(TANGENT) ? name.slice(TANGENT.length) : name}`;

/** The same for what takes a value's place, of which it may be that it was there before. */
export const describeMade = (
  b: { readonly body: () => readonly { readonly outs: readonly Var[] }[] },
  value: Var,
  original: Var,
): void => {
  if (b.body().at(-1)?.outs.includes(value) === true) describeLike(value, original);
  else nameLike(value, original);
};
