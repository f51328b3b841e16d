/** What is done with arrays that grow: items after the last one, stacks and queues. */
import type { Var } from "../ir/types.js";
import {
  advanced,
  canGrow,
  capacityOf,
  columnsOf,
  grow,
  isOutermost,
  knownLength,
  layoutOfItems,
  lengthFrom,
  NeedGrowth,
  thrownBy,
  unrollFor,
  want,
} from "./growth.js";
import type { Length } from "./items.js";
import { touch } from "./journal.js";
import { hasLeaf, layoutOf, sameLayout } from "./layouts.js";
import type { Site } from "./machine.js";
import { type Interval, rangeOf, rangeOfDifference } from "./ranges.js";
import { needStatic } from "./reify.js";
import { settled } from "./settled.js";
import { itemAt, setItem, stagedArray } from "./staged-arrays.js";
import { tensorOf, varOf } from "./tensors.js";
import { type ArrayValue, isStatic, lengthOf, staticValue, UNDEFINED, type Value } from "./values.js";
import { type Index, wholeIndex } from "./views.js";

const setLength = (site: Site, array: ArrayValue, length: Length): void => {
  const { held } = array;
  if (held.kind !== "grown") return;
  touch(site.machine, array);
  array.held = { ...held, length };
};

const indexOfLength = ({ value }: Length): Index =>
  value.kind === "tensor" ? value : Number(isStatic(value) ? value.value : 0);

export const fitsItem = (array: ArrayValue, value: Value): boolean => {
  const [own, given] = [layoutOfItems(array), layoutOf(value)];
  return own !== null && given !== null && sameLayout(own, given);
};

/** array.push(value) */
export const append = (site: Site, array: ArrayValue, value: Value): void => {
  const { held } = array;
  if (held.kind !== "grown") return;
  if (!fitsItem(array, value)) {
    const unroll = (): never => unrollFor(site, array, "items of different kinds are put in this array");
    const layout = layoutOf(value);
    if (held.length.base === null && held.length.offset === 0 && layout !== null && hasLeaf(layout))
      throw new NeedGrowth(array, layout, capacityOf(held), thrownBy(unroll));
    unroll();
  }
  if (value.kind === "tensor" && value.v.type.shape.length > 0) {
    const since = site.machine.journals.at(-1)?.since ?? 0;
    if (value.view !== null || value.fixed !== null || value.born <= since)
      unrollFor(site, array, "an array is put in two places");
  }
  const { length } = held;
  const bound = length.bound + 1;
  want(site, array, held, bound);
  setItem(site, held.store, indexOfLength(length), value, true);
  setLength(site, array, advanced(site, length, 1, bound));
};

const scalar = (site: Site, x: Value): Var =>
  x.kind === "tensor"
    ? varOf(site, x)
    : site.machine.builder.scalar(Number(isStatic(x) ? x.value : 0), "f64");

/** Fails the run unless `cond` holds. */
const requireThat = (site: Site, cond: Var, detail: Var, message: string): void => {
  site.machine.builder.emit("check", [cond, detail], { code: "TSJ1130", message });
};

const varOrNumber = (i: Index): Var | number => (typeof i === "number" ? i : i.v);

/** Between which numbers `length - index` lies. */
const roomAfter = (site: Site, length: Length, index: Index): Interval =>
  rangeOfDifference(site.machine, varOrNumber(indexOfLength(length)), varOrNumber(index));

const OUTSIDE = "index {} is out of range: the array has fewer items";

/** array[index] of an array that grows. */
export const grownAt = (site: Site, array: ArrayValue, index: Index): Value => {
  const { held } = array;
  if (held.kind !== "grown") return UNDEFINED;
  const { length, store } = held;
  if (typeof index === "number" && length.base === null)
    return index < length.offset ? itemAt(site, store, index) : UNDEFINED;
  const full = length.base === null && length.offset === capacityOf(held);
  if (typeof index === "number" && index >= capacityOf(held)) {
    const known = site.machine.builder.scalar(index, "f64");
    return grownAt(site, array, tensorOf(site, known, { weak: true }));
  }
  if (!full && roomAfter(site, length, index)[0] < 1) {
    const { builder } = site.machine;
    const at = typeof index === "number" ? builder.scalar(index, "i32") : wholeIndex(site, index);
    requireThat(site, builder.lt(builder.cast(at, "f64"), scalar(site, length.value)), at, OUTSIDE);
  }
  return itemAt(site, store, index);
};

/**
 * Whether the body of a loop changes an array's length for the first time in a round where that is not carried yet: the next
 * round, where it is, decides what the change is.
 */
const isFirstChange = ({ machine }: Site, array: ArrayValue): boolean => {
  const region = machine.journals.at(-1);
  return region?.loop === true && array.born <= region.since && !region.before.has(array);
};

/** array[index] = value, where that is an item or the place after the last one. */
export const setGrown = (site: Site, array: ArrayValue, index: Index, value: Value): undefined => {
  const { held } = array;
  if (held.kind !== "grown") return;
  const { length, store } = held;
  const [low, high] = roomAfter(site, length, index);
  if ((low === 0 && high === 0) || (high === 0 && isFirstChange(site, array))) {
    append(site, array, value);
    return;
  }
  if (!fitsItem(array, value)) unrollFor(site, array, "items of different kinds are put in this array");
  if (low >= 1) {
    setItem(site, store, index, value);
    return;
  }
  const { builder } = site.machine;
  const at = typeof index === "number" ? builder.scalar(index, "i32") : wholeIndex(site, index);
  const i = builder.cast(at, "f64");
  const n = scalar(site, length.value);
  if (low < 0)
    requireThat(
      site,
      builder.le(i, n),
      at,
      "index {} is out of range: an item is set beyond the end of the array",
    );
  const last = typeof index === "number" ? index : rangeOf(site.machine, index.v)[1];
  const bound = Math.max(length.bound, Math.min(length.bound + 1, Math.floor(last) + 1));
  want(site, array, held, bound);
  setItem(site, store, index, value);
  const next = builder.max(n, builder.add(i, builder.fill(i, 1)));
  setLength(site, array, lengthFrom(site, tensorOf(site, next, { weak: true }), bound));
};

/** array.pop(); `used`: its result is. */
export const removeLast = (site: Site, array: ArrayValue, used: boolean): Value => {
  const { held } = array;
  if (held.kind !== "grown") return UNDEFINED;
  const { length, store } = held;
  if (length.base === null && length.offset === 0) return UNDEFINED;
  const { builder } = site.machine;
  const bound = Math.max(0, length.bound - 1);
  const n = scalar(site, length.value);
  const sure = length.base === null || rangeOf(site.machine, n)[0] >= 1;
  if (!sure && !used) {
    const next = builder.max(builder.sub(n, builder.fill(n, 1)), builder.zerosLike(n));
    forget(site, store);
    setLength(site, array, lengthFrom(site, tensorOf(site, next, { weak: true }), bound));
    return UNDEFINED;
  }
  if (!sure)
    requireThat(
      site,
      builder.gt(n, builder.zerosLike(n)),
      builder.scalar(0, "i32"),
      "pop of an empty array: its result is undefined",
    );
  const next = advanced(site, length, -1, bound);
  const item = used ? copyOfItem(site, itemAt(site, store, indexOfLength(next))) : UNDEFINED;
  forget(site, store);
  setLength(site, array, next);
  return item;
};

/** Rows that were taken before may be gone. */
const forget = (site: Site, store: ArrayValue): void => {
  for (const column of columnsOf(store)) {
    if (column.v.type.shape.length === 1 && store.held.kind === "staged") continue;
    touch(site.machine, column);
    const entry = {
      index: null,
      before: varOf(site, column),
      builder: site.machine.builder,
      twin: null,
      depth: 0,
    };
    column.replaced = [...column.replaced, entry];
  }
};

/** An item that is in its array no more. Another name of it may be held somewhere: it is not written to. */
const copyOfItem = (site: Site, item: Value): Value => {
  if (item.kind === "object" && item.row !== null) {
    item.props = new Map([...item.props].map(([key, value]) => [key, copyOfItem(site, value)] as const));
    item.fixed = "merged";
    return item;
  }
  if (item.kind === "array" && item.held.kind === "staged") {
    const { weak, hostArray } = item.held.rows;
    const copy = stagedArray(site, tensorOf(site, varOf(site, item.held.rows), { weak, hostArray }));
    copy.fixed = "merged";
    return copy;
  }
  if (item.kind === "tensor" && item.view !== null) {
    const { weak, hostArray, store } = item;
    const copy = tensorOf(site, varOf(site, item), { weak, hostArray, store });
    copy.fixed = "merged";
    return copy;
  }
  return item;
};

/** array.length = n */
export const truncate = (site: Site, array: ArrayValue, n: Value): undefined => {
  const { held } = array;
  if (held.kind !== "grown") return;
  const known = isStatic(n) && typeof n.value === "number" ? n.value : null;
  const { base, offset } = held.length;
  if (known === null || known < 0 || (base === null ? known > offset : known > 0)) {
    needStatic(site, held.length.value.kind === "tensor" ? held.length.value : n, "the length of an array");
    return;
  }
  forget(site, held.store);
  setLength(site, array, knownLength(known));
};

/** An array that is put in another one ends to grow where it is known to. */
const ownLength = (site: Site, value: Value): void => {
  if (value.kind === "array" && value.held.kind === "grown" && isOutermost(site, value)) settled(site, value);
};

/** array.push(...values) */
export const push = (site: Site, array: ArrayValue, values: readonly Value[]): Value => {
  const { held } = array;
  for (const value of values) ownLength(site, value);
  if (held.kind === "staged" || held.kind === "records") {
    const layout = layoutOfItems(array);
    const n = lengthOf(array) + values.length;
    if (canGrow(site, array, layout) && values.every((v) => fitsItem(array, v))) {
      if (!isOutermost(site, array))
        throw new NeedGrowth(
          array,
          layout,
          n,
          thrownBy(() => unrollFor(site, array, "this array grows")),
        );
      grow(site, array, layout, n);
    }
  }
  if (array.held.kind !== "grown") {
    touch(site.machine, array);
    return staticValue(array.items.push(...values));
  }
  for (const value of values) append(site, array, value);
  return array.held.length.value;
};

/** array.shift(), or unshift where `value` is given: all items move by one. */
export const moveItems = (site: Site, array: ArrayValue, value: Value | null, used: boolean): Value => {
  const { held } = array;
  if (held.kind !== "grown") return UNDEFINED;
  const { builder } = site.machine;
  const first = value === null && used ? copyOfItem(site, grownAt(site, array, 0)) : UNDEFINED;
  if (value !== null) {
    if (!fitsItem(array, value)) unrollFor(site, array, "items of different kinds are put in this array");
    const bound = held.length.bound + 1;
    want(site, array, held, bound);
    setLength(site, array, advanced(site, held.length, 1, bound));
  } else removeLast(site, array, false);
  const { store, length } = array.held.kind === "grown" ? array.held : held;
  forget(site, store);
  for (const column of columnsOf(store)) {
    const v = varOf(site, column);
    const { dtype, shape } = v.type;
    const [n = 0, ...rest] = shape;
    if (n < 2) continue;
    const part = (from: number, to: number): Var =>
      builder.emit("slice", [v], {
        start: shape.map((_, k) => (k === 0 ? from : 0)),
        limit: shape.map((d, k) => (k === 0 ? to : d)),
        stride: shape.map(() => 1),
      });
    touch(site.machine, column);
    const room = builder.splat(0, { dtype, shape: [1, ...rest] });
    const parts = value === null ? [part(1, n), room] : [room, part(0, n - 1)];
    column.v = builder.emit("concat", parts, { axis: 0 });
    column.builder = builder;
  }
  if (value === null) return first;
  setItem(site, store, 0, value, true);
  return length.value;
};
