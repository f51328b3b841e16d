/** What `for..of`, spread and array patterns go through. */

import { describe } from "./describe.js";
import { openHost, wrapStatic } from "./hosts.js";
import { refuse, type Site } from "./machine.js";
import { needStatic } from "./reify.js";
import { itemAt, tryStageRows } from "./staged-arrays.js";
import { rowsOf, tensorIndex } from "./tensor-members.js";
import { requireMerged } from "./tensors.js";
import {
  type ArrayValue,
  arrayOf,
  isStatic,
  lazyArray,
  lengthOf,
  staticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";

/** Array.isArray: a number array of the caller's is one, typed arrays and tensors are none. */
export const isJsArray = (value: Value): boolean => {
  if (value.kind === "host" || value.kind === "static") return Array.isArray(value.value);
  if (value.kind === "tensor") return value.hostArray && value.v.type.dtype === "f64";
  return value.kind === "array";
};

/** The elements of an iterable; a staged array gives its rows. */
export const iterate = (site: Site, value: Value): readonly Value[] => {
  requireMerged(site, value);
  if (value.kind === "array") return value.items;
  if (value.kind === "tensor") return rowsOf(site, value);
  if (value.kind === "host") return iterate(site, openHost(site, value));
  if (isStatic(value)) {
    const { value: host } = value;
    if (typeof host === "string" || (typeof host === "object" && host !== null && Symbol.iterator in host))
      return Array.from(host as Iterable<unknown>, wrapStatic);
  }
  return refuse(site, "TSJ1050", `${describe(value)} is not iterable`);
};

/** Items that are looked at one after the other, each when its turn comes. */
export interface Sequence {
  readonly length: () => number;
  /** Its length, where that may be known only at run time. */
  readonly count: () => Value;
  readonly at: (site: Site, k: number | TensorValue) => Value;
  /** Whether an item at a staged place can be read. */
  readonly stageable: boolean;
}

/** Methods of arrays that give iterators. */
export type IteratorMethod = "entries" | "keys" | "values";
const iterators = new WeakMap<ArrayValue, { readonly source: Value; readonly form: IteratorMethod }>();

export const isIteratorMethod = (name: string): name is IteratorMethod =>
  name === "entries" || name === "keys" || name === "values";

/**
 * `source.entries()` and the like. A loop over it looks at an item when its turn comes, as it is
 * then; everything else takes it as the array of its items.
 */
export const iteratorOf = (site: Site, source: Value, name: IteratorMethod): ArrayValue => {
  const made = lazyArray(() => {
    const items = through(site, source, name);
    return Array.from({ length: items.length() }, (_, k) => items.at(site, k));
  });
  iterators.set(made, { source, form: name });
  return made;
};

const through = (site: Site, source: Value, form: IteratorMethod): Sequence => {
  const { length, count, stageable } = itemsOf(site, source);
  return {
    length,
    count,
    at: (at, k) => {
      const index = typeof k === "number" ? staticValue(k) : k;
      if (form === "keys") return index;
      const item = itemsOf(at, source).at(at, k);
      return form === "values" ? item : arrayOf([index, item]);
    },
    stageable,
  };
};

export const itemsOf = (site: Site, value: Value): Sequence => {
  const iterator = value.kind === "array" ? iterators.get(value) : undefined;
  if (iterator !== undefined) return through(site, iterator.source, iterator.form);
  if (value.kind === "tensor" && value.v.type.shape.length > 0)
    return {
      length: () => value.v.type.shape[0] ?? 0,
      count: () => staticValue(value.v.type.shape[0] ?? 0),
      at: (at, k) => tensorIndex(at, value, typeof k === "number" ? staticValue(k) : k),
      stageable: true,
    };
  requireMerged(site, value);
  if (value.kind === "array")
    return {
      length: () => lengthOf(value),
      count: () => (value.held.kind === "grown" ? value.held.length.value : staticValue(lengthOf(value))),
      at: (at, k) => {
        if (typeof k === "number")
          return value.held.kind !== "list" ? itemAt(at, value, k) : (value.items[k] ?? UNDEFINED);
        return tryStageRows(at, value, k.needs)
          ? itemAt(at, value, k)
          : needStatic(at, k, "an index into this array");
      },
      stageable: true,
    };
  const items = iterate(site, value);
  const length = (): number => items.length;
  return {
    length,
    count: () => staticValue(items.length),
    at: (_, k) => items[Number(k)] ?? UNDEFINED,
    stageable: false,
  };
};
