/** `filter` by a condition that is known only at run time: the items that it accepts are an array that grows. */
import { createBuilder } from "../ir/builder.js";
import { chooseCompletion } from "./branches.js";
import { callValue } from "./calls.js";
import { condition } from "./conditions.js";
import { append } from "./grown.js";
import { grow, layoutOfItems } from "./growth.js";
import { runIndexed, tripOfCount } from "./item-loops.js";
import { itemsOf } from "./iterate.js";
import { layoutOf } from "./layouts.js";
import type { Site } from "./machine.js";
import type { Receiver } from "./parts.js";
import { tryRegion, withRows } from "./regions.js";
import { indexOf } from "./searches.js";
import { type ArrayValue, arrayOf, isStatic, staticValue, type Value } from "./values.js";

/** Elements of typed arrays, whose filter gives a typed array of the same kind. */
const typedElements = new WeakSet<ArrayValue>();

/** The elements of an array that converts what is stored in it. */
export const elementsOfTyped = (items: readonly Value[]): ArrayValue => {
  const array = arrayOf(items, "captured");
  typedElements.add(array);
  return array;
};

/** The most items that there can be. */
const boundOf = (self: Receiver, count: Value): number => {
  if (self.kind === "array" && self.held.kind === "grown") return self.held.length.bound;
  return isStatic(count) ? Number(count.value) : 0;
};

/** The items that `fn` accepts; null where that is decided now, or the items are no numbers or booleans of one kind. */
export const filterItems = (site: Site, self: Receiver, fn: Value): Value | null => {
  if (self.kind === "array" && typedElements.has(self)) return null;
  const items = itemsOf(site, self);
  const count = items.count();
  const bound = boundOf(self, count);
  if (!items.stageable || bound === 0) return null;
  const first = withRows(site, () =>
    tryRegion(site, createBuilder(), null, () => {
      const item = items.at(site, 0);
      const isKnown = isStatic(callValue(site, fn, [item, staticValue(0), self]));
      return { isKnown, layout: layoutOf(item) };
    }),
  ).result;
  const layout = self.kind === "array" ? layoutOfItems(self) : first.layout;
  if (first.isKnown || layout?.kind !== "leaf" || layout.type.shape.length > 0) return null;
  const out = arrayOf([]);
  if (!grow(site, out, layout, bound)) return null;
  runIndexed(
    site,
    tripOfCount(site, count),
    (k) => {
      const item = items.at(site, indexOf(k));
      const accepted = condition(
        site,
        callValue(site, fn, [item, k, self]),
        "the result of filter's function",
      );
      return chooseCompletion(
        site,
        accepted,
        () => {
          append(site, out, item);
          return null;
        },
        () => null,
      );
    },
    { stageable: true, over: self },
  );
  return out;
};
