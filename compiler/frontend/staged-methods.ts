/** Array methods on staged arrays: callbacks run in a loop of the program, each element is read when its turn comes. */
import { createBuilder } from "../ir/builder.js";
import { callValue } from "./calls.js";
import { emptyStore } from "./growth.js";
import { isUnrolled, runIndexed, tripOfCount } from "./item-loops.js";
import { itemsOf } from "./iterate.js";
import { setBinding } from "./journal.js";
import { hasLeaf, type Layout, layoutOf } from "./layouts.js";
import { refuse, type Site } from "./machine.js";
import { binary } from "./operators.js";
import { flat, type Method, type Receiver, reversed, slice } from "./parts.js";
import { mayStageRecords } from "./records.js";
import { tryRegion, withRows } from "./regions.js";
import { needStatic, toNumber } from "./reify.js";
import { cell, each, held, indexOf, SEARCHES } from "./searches.js";
import { grownLike } from "./settled.js";
import { sortInPlace } from "./sorting.js";
import { setItem } from "./staged-arrays.js";
import type { Trip } from "./staged-loops.js";
import { setElement } from "./tensor-members.js";
import { tensorOf } from "./tensors.js";
import { arrayOf, type Store, staticValue, type TensorValue, UNDEFINED, type Value } from "./values.js";

const at = (args: readonly Value[], k: number): Value => args[k] ?? UNDEFINED;

/** The kind of a typed array, whose `map` gives the same kind. */
const storeOf = (self: Receiver): Store | null => (self.kind === "tensor" ? self.store : null);

/** What a function gives for a general element: found by running it once and dropping what it did. */
const probe = (
  site: Site,
  self: Value,
  fn: Value,
  n: Trip,
  read: (k: TensorValue) => Value,
): Layout | null => {
  const trial = withRows(site, () => {
    const builder = createBuilder();
    return tryRegion(site, builder, null, () => {
      const v = builder.cast(builder.param({ dtype: "i32", shape: [] }), "f64");
      const k = tensorOf(site, v, { weak: true });
      return layoutOfResult(site, callValue(site, fn, [read(k), k, self]));
    });
  });
  return n === 0 ? null : trial.result;
};

/** Numbers, arrays and objects of them that the function made. */
const layoutOfResult = (site: Site, result: Value): Layout | null => {
  const layout = layoutOf(result);
  if (layout === null || !hasLeaf(layout) || !isPlain(layout)) return null;
  const fixed = (result.kind === "array" || result.kind === "object") && result.fixed !== null;
  if (layout.kind === "record" && !mayStageRecords(site)) return null;
  return fixed || (result.kind === "object" && result.row !== null) ? null : layout;
};
const isPlain = (layout: Layout): boolean =>
  layout.kind === "leaf" ? layout.weak : layout.kind === "same" || layout.fields.every(isPlain);

/** Elements from which a map becomes a loop. */
export const mapItems = (
  site: Site,
  self: Value,
  count: Value,
  fn: Value,
  read: (k: Value) => Value,
  stageable: boolean,
): Value => {
  const n = tripOfCount(site, count);
  const layout = !stageable || isUnrolled(site, n) ? null : probe(site, self, fn, n, (k) => read(k));
  if (layout === null) {
    const list: Value[] = [];
    const known = typeof n === "number" ? n : needStatic(site, count, "the number of items");
    for (let k = 0; k < known; k++)
      list.push(callValue(site, fn, [read(staticValue(k)), staticValue(k), self]));
    return arrayOf(list);
  }
  const out =
    typeof n === "number"
      ? emptyStore(site, layout, n)
      : grownLike(site, layout, self.kind === "array" ? self : null);
  const store = out.held.kind === "grown" ? out.held.store : out;
  runIndexed(
    site,
    n,
    (k) => {
      setItem(site, store, indexOf(k), callValue(site, fn, [read(k), k, self]), true);
      return null;
    },
    { stageable: true, over: self },
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
      items.count(),
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
  const given = args.length > 1;
  const count = items.count();
  if (given && count.kind === "tensor") return fold(site, self, args, right, count);
  const n = items.length();
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

/** reduce of an array whose length is known only at run time. */
const fold = (
  site: Site,
  self: Receiver,
  args: readonly Value[],
  right: boolean,
  count: TensorValue,
): Value => {
  const items = itemsOf(site, self);
  const total = cell(at(args, 1));
  const last = binary(site, "-", count, staticValue(1));
  runIndexed(
    site,
    tripOfCount(site, count),
    (j) => {
      const k = right ? binary(site, "-", last, j) : j;
      setBinding(
        site.machine,
        total,
        callValue(site, at(args, 0), [held(total), items.at(site, indexOf(k)), k, self]),
      );
      return null;
    },
    { stageable: true, over: self },
  );
  return held(total);
};
