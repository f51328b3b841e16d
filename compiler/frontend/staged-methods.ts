/** Array methods on staged arrays: callbacks run in a loop of the program, each element is read when its turn comes. */
import { createBuilder } from "../ir/builder.js";
import type { TensorType } from "../ir/types.js";
import { callValue } from "./calls.js";
import { isUnrolled, runIndexed } from "./item-loops.js";
import { itemsOf } from "./iterate.js";
import { setBinding } from "./journal.js";
import { refuse, type Site } from "./machine.js";
import { binary } from "./operators.js";
import { flat, type Method, type Receiver, reversed, slice } from "./parts.js";
import { tryRegion, withRows } from "./regions.js";
import { toNumber } from "./reify.js";
import { cell, each, held, indexOf, SEARCHES } from "./searches.js";
import { sortInPlace } from "./sorting.js";
import { setItem, stagedArray } from "./staged-arrays.js";
import { setElement } from "./tensor-members.js";
import { isLeaf, tensorOf } from "./tensors.js";
import {
  arrayOf,
  isStatic,
  type Store,
  staticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";

const at = (args: readonly Value[], k: number): Value => args[k] ?? UNDEFINED;

/** The kind of a typed array, whose `map` gives the same kind. */
const storeOf = (self: Receiver): Store | null => (self.kind === "tensor" ? self.store : null);

/** What a function gives for a general element: found by running it once and dropping what it did. */
const probe = (
  site: Site,
  self: Value,
  fn: Value,
  n: number,
  read: (k: TensorValue) => Value,
): TensorType | null => {
  const trial = withRows(site, () => {
    const builder = createBuilder();
    return tryRegion(site, builder, null, () => {
      const v = builder.cast(builder.param({ dtype: "i32", shape: [] }), "f64");
      const k = tensorOf(site, v, { weak: true });
      return typeOfResult(callValue(site, fn, [read(k), k, self]));
    });
  });
  return n === 0 ? null : trial.result;
};

const typeOfResult = (result: Value): TensorType | null => {
  if (isStatic(result))
    return typeof result.value === "number"
      ? { dtype: "f64", shape: [] }
      : typeof result.value === "boolean"
        ? { dtype: "bool", shape: [] }
        : null;
  if (result.kind === "tensor") return result.weak && result.v.type.shape.length === 0 ? result.v.type : null;
  if (result.kind !== "array" || result.fixed !== null) return null;
  if (result.held.kind === "staged") return result.held.rows.weak ? result.held.rows.v.type : null;
  const [first] = result.held.list;
  const type = first === undefined ? null : typeOfResult(first);
  const alike = result.held.list.every((item) => isLeaf(item) && typeOfResult(item)?.dtype === type?.dtype);
  return type === null || !alike
    ? null
    : { dtype: type.dtype, shape: [result.held.list.length, ...type.shape] };
};

/** Elements from which a map becomes a loop. */
export const mapItems = (
  site: Site,
  self: Value,
  n: number,
  fn: Value,
  read: (k: Value) => Value,
  stageable: boolean,
): Value => {
  const { builder } = site.machine;
  const type = !stageable || isUnrolled(site, n) ? null : probe(site, self, fn, n, (k) => read(k));
  if (type === null) {
    const list: Value[] = [];
    for (let k = 0; k < n; k++) list.push(callValue(site, fn, [read(staticValue(k)), staticValue(k), self]));
    return arrayOf(list);
  }
  const full: TensorType = { dtype: type.dtype, shape: [n, ...type.shape] };
  const rows = tensorOf(site, builder.splat(0, full), { weak: true, hostArray: true });
  const out = stagedArray(site, rows);
  runIndexed(
    site,
    n,
    (k) => {
      setItem(site, out, indexOf(k), callValue(site, fn, [read(k), k, self]));
      return null;
    },
    { stageable: true },
  );
  return out;
};

const typedMap = (site: Site, self: TensorValue, store: Store, fn: Value): Value => {
  const { type } = self.v;
  const out = tensorOf(site, site.machine.builder.splat(0, type), { hostArray: true, store });
  each(site, self, (item, k) => {
    setElement(site, out, k, callValue(site, fn, [item, k, self]));
    return null;
  });
  return out;
};

export const STAGED_METHODS: Readonly<Record<string, Method>> = {
  ...SEARCHES,
  map: (site, self, args) => {
    const store = storeOf(self);
    if (self.kind === "tensor" && store !== null && self.v.type.shape.length === 1)
      return typedMap(site, self, store, at(args, 0));
    const items = itemsOf(site, self);
    return mapItems(
      site,
      self,
      items.length(),
      at(args, 0),
      (k) => items.at(site, indexOf(k)),
      items.stageable,
    );
  },
  forEach: (site, self, args) => {
    each(site, self, (item, k) => {
      callValue(site, at(args, 0), [item, k, self]);
      return null;
    });
    return UNDEFINED;
  },
  reduce: (site, self, args) => reduce(site, self, args, false),
  reduceRight: (site, self, args) => reduce(site, self, args, true),
  flat,
  slice,
  toReversed: reversed,
  toSorted: (site, self, args) => {
    const copy = slice(site, self, []);
    return copy.kind === "tensor" || copy.kind === "array" ? sortInPlace(site, copy, at(args, 0)) : copy;
  },
  with: (site, self, args) => {
    const copy = slice(site, self, []);
    if (copy.kind === "tensor") setElement(site, copy, at(args, 0), at(args, 1));
    else if (copy.kind === "array") setItem(site, copy, indexOf(at(args, 0)), at(args, 1));
    return copy;
  },
  at: (site, self, args) => {
    const items = itemsOf(site, self);
    const k = Math.trunc(toNumber(site, at(args, 0), "an index"));
    const i = k < 0 ? items.length() + k : k;
    return i >= 0 && i < items.length() ? items.at(site, i) : UNDEFINED;
  },
};

const reduce = (site: Site, self: Receiver, args: readonly Value[], right: boolean): Value => {
  const items = itemsOf(site, self);
  const n = items.length();
  const given = args.length > 1;
  if (!given && n === 0) return refuse(site, "TSJ1050", "reduce of an empty array needs an initial value");
  const skip = given ? 0 : 1;
  const total = cell(given ? at(args, 1) : items.at(site, right ? n - 1 : 0));
  runIndexed(
    site,
    n - skip,
    (j) => {
      const k = right
        ? binary(site, "-", staticValue(n - 1 - skip), j)
        : skip === 0
          ? j
          : binary(site, "+", j, staticValue(skip));
      const item = items.at(site, indexOf(k));
      setBinding(site.machine, total, callValue(site, at(args, 0), [held(total), item, k, self]));
      return null;
    },
    { stageable: items.stageable },
  );
  return held(total);
};
