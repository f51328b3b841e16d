/**
 * Arrays that grow and shrink while the program runs: the first items of a longer array, and how many there are. The longer
 * array has room for the most items that any run can have; where no such number is known, the array stays a list.
 */
import { type Grown, type Length, leavesOf } from "./items.js";
import { type Cell, type State, touch } from "./journal.js";
import {
  commonLayout,
  emptyColumns,
  hasLeaf,
  itemLayout,
  type Layout,
  layoutOf,
  NUMBERS,
  sameLayout,
} from "./layouts.js";
import { NeedStatic, refuse, type Site } from "./machine.js";
import { rangeOf } from "./ranges.js";
import { holdRecords, mayStageRecords, recordsArray } from "./records.js";
import { needStatic } from "./reify.js";
import { itemAt, stagedArray, tryStageRows } from "./staged-arrays.js";
import { varOf } from "./tensors.js";
import {
  type ArrayValue,
  arrayOf,
  isStatic,
  lengthOf,
  staticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";

/** An array that needs room before the region that is being run begins. */
export class NeedGrowth extends Error {
  readonly array: ArrayValue;
  readonly layout: Layout | null;
  readonly capacity: number;
  /** What is to be thrown where it can't have it. */
  readonly otherwise: Error;
  constructor(array: ArrayValue, layout: Layout | null, capacity: number, otherwise: Error) {
    super("an array needs room to grow");
    this.otherwise = otherwise;
    this.array = array;
    this.layout = layout;
    this.capacity = capacity;
  }
}

export const thrownBy = (f: () => never): Error => {
  try {
    return f();
  } catch (e) {
    return e instanceof Error ? e : new Error(String(e));
  }
};

const refuseRoom = (site: Site, items: number): never =>
  refuse(
    site,
    "TSJ1112",
    `this array may grow to ${items.toLocaleString("en")} items`,
    "make an array of the greatest length that it can have and count the items in use",
  );

/** Items beyond which an array is too long to be given room for. */
const MAX_CAPACITY = 2 ** 27;

/** A length that is known. */
export const knownLength = (n: number): Length => ({
  value: staticValue(n),
  base: null,
  offset: n,
  bound: n,
});

/** A length as a number known now or one of the program. */
export const lengthFrom = ({ machine }: Site, value: Value, bound: number): Length => {
  if (value.kind !== "tensor") return knownLength(isStatic(value) ? Number(value.value) : 0);
  machine.integral.add(value.v);
  machine.ranges.set(value.v, [0, bound]);
  return { value, base: value, offset: 0, bound };
};

/** `length + by`, no greater than `bound`. */
export const advanced = (site: Site, { base, offset }: Length, by: number, bound: number): Length => {
  const next = offset + by;
  if (base === null) return knownLength(next);
  if (next === 0) return { value: base, base, offset: 0, bound };
  const { builder } = site.machine;
  const v = varOf(site, base);
  const sum = builder.add(v, builder.fill(v, next));
  return { value: { ...base, v: sum, builder }, base, offset: next, bound };
};

export const isOutermost = ({ machine }: Site, array: ArrayValue): boolean => {
  const region = machine.journals.at(-1);
  return region === undefined || array.born > region.since;
};

export const capacityOf = ({ store }: Grown): number => lengthOf(store);

/** What an array's items have in common; null for a list of unlike items or none. */
export const layoutOfItems = ({ held }: ArrayValue): Layout | null => {
  switch (held.kind) {
    case "list":
      return commonLayout(held.list);
    case "staged":
      return held.rows.holes ? null : itemLayout({ kind: "column", rows: held.rows });
    case "records":
      return itemLayout(held.columns);
    case "grown":
      return layoutOfItems(held.store);
    default: {
      const never: never = held;
      return never;
    }
  }
};

/** Columns in the program, for a change of their length in place: whoever holds a row goes on holding it. */
export const columnsOf = ({ held }: ArrayValue): readonly TensorValue[] =>
  held.kind === "staged" ? [held.rows] : held.kind === "records" ? leavesOf(held.columns) : [];

const lengthen = (site: Site, store: ArrayValue, capacity: number): void => {
  const { builder } = site.machine;
  for (const column of columnsOf(store)) {
    const v = varOf(site, column);
    const [n = 0, ...rest] = v.type.shape;
    if (n >= capacity) continue;
    const room = builder.splat(0, { dtype: v.type.dtype, shape: [capacity - n, ...rest] });
    touch(site.machine, column);
    column.v = n === 0 ? room : builder.emit("concat", [v, room], { axis: 0 });
    column.builder = builder;
  }
};

/** An array of zeros for `capacity` items. */
export const emptyStore = (site: Site, layout: Layout, capacity: number): ArrayValue => {
  const columns = emptyColumns(site, layout, capacity);
  return columns.kind === "column"
    ? stagedArray(site, columns.rows)
    : recordsArray(
        site,
        columns.kind === "record" ? columns : { kind: "record", keys: [], fields: [], type: null, depth: 0 },
      );
};

export const holdGrown = (site: Site, array: ArrayValue, store: ArrayValue, length: Length): void => {
  const open = (): Value[] => {
    const { held } = array;
    if (held.kind !== "grown") return array.items;
    if (held.length.base !== null) return refuseLength(site, array);
    const list = Array.from({ length: held.length.offset }, (_, k) => itemAt(site, held.store, k));
    touch(site.machine, array);
    array.held = { kind: "list", list };
    return list;
  };
  array.held = { kind: "grown", store, length, open };
};

/** Where the number of items must be known. */
export const refuseLength = (site: Site, array: ArrayValue): never => {
  const { held } = array;
  const length = held.kind === "grown" ? held.length.value : UNDEFINED;
  if (length.kind === "tensor" && length.needs !== null && length.needs.length > 0)
    throw new NeedStatic(length.needs);
  return refuse(
    site,
    "TSJ1112",
    "the number of items of this array is known only at run time, but it decides a shape here",
    "return a typed array of the greatest length and the number of items in use, or use the items here: sums, elements, loops",
  );
};

/** Gives an array room for `capacity` items, in place; false where its items can't be held so. */
export const grow = (site: Site, array: ArrayValue, layout: Layout | null, capacity: number): boolean => {
  if (array.fixed !== null || array.spoilt !== null || array.mayBe.length > 0 || capacity > MAX_CAPACITY)
    return false;
  const { held } = array;
  if (held.kind === "grown") {
    if (layout !== null && !sameLayout(layout, layoutOfItems(array) ?? layout)) {
      if (held.length.base !== null || held.length.offset !== 0) return false;
      holdGrown(site, array, emptyStore(site, layout, capacity), held.length);
    } else lengthen(site, held.store, capacity);
    return true;
  }
  if (held.kind === "list" && held.list.length === 0) {
    if (layout === null || !hasLeaf(layout)) return false;
    holdGrown(site, array, emptyStore(site, layout, capacity), knownLength(0));
    return true;
  }
  if (layout !== null) {
    const own = layoutOfItems(array);
    if (own === null || !sameLayout(own, layout)) return false;
  }
  if (!tryStageRows(site, array)) return false;
  const n = lengthOf(array);
  const now = array.held;
  if (columnsOf(array).some((c) => c.view !== null || c.holes)) return false;
  const store = arrayOf([]);
  if (now.kind === "staged") {
    const inner = stagedArray(site, now.rows);
    store.held = inner.held;
  } else if (now.kind === "records") holdRecords(site, store, now.columns, null);
  else return false;
  lengthen(site, store, capacity);
  holdGrown(site, array, store, knownLength(n));
  return true;
};

/** Asks for room where paths leave an array with different lengths. */
export const needGrowth = (site: Site, cell: Cell, states: readonly State[], otherwise?: Error): void => {
  if (!("kind" in cell) || cell.kind !== "array" || cell.held.kind === "grown") return;
  const helds = states.flatMap((s) => (s.kind === "array" ? [s.held] : []));
  const lengths = helds.flatMap((h) => (h.kind === "list" ? [h.list.length] : []));
  const items = helds.flatMap((h) => (h.kind === "list" ? h.list : []));
  const layout = commonLayout(items);
  if (!canGrow(site, cell, layout)) return;
  // The change may be of another kind: it is looked at again when the array has room.
  const failed = otherwise ?? thrownBy(() => unrollFor(site, cell, "this array grows"));
  throw new NeedGrowth(cell, layout, Math.max(...lengths, 1), failed);
};

/** Whether an array that grows here could be given room before the regions that it is older than. */
export const canGrow = (site: Site, array: ArrayValue, layout: Layout | null): layout is Layout =>
  (layout?.kind !== "record" || mayStageRecords(site)) &&
  array.fixed === null &&
  array.spoilt === null &&
  array.mayBe.length === 0 &&
  array.held.kind !== "grown" &&
  layout !== null &&
  hasLeaf(layout);

/** What would decide the regions that began after an array was made: innermost first. */
export const unrollFor = (site: Site, array: ArrayValue, what: string): never => {
  const { journals, conditions } = site.machine;
  for (let k = journals.length - 1; k >= 0; k--) {
    const needs = conditions[k] ?? null;
    if (array.born <= (journals[k]?.since ?? 0) && needs !== null && needs.length > 0)
      throw new NeedStatic(needs);
  }
  return refuse(
    site,
    "TSJ1112",
    `${what}, and how often is known only at run time`,
    "keep items of one kind in an array that grows, or make an array of the greatest length and count the items in use",
  );
};

/** Asks for more room where more items are wanted than there is room for. */
export const checkRoom = (site: Site): void => {
  for (const [array, wanted] of site.machine.wanted) {
    if (array.held.kind !== "grown" || !isOutermost(site, array)) continue;
    if (!columnsOf(array.held.store).every((c) => site.machine.open.has(c.builder))) continue;
    if (wanted > capacityOf(array.held))
      throw new NeedGrowth(
        array,
        null,
        wanted,
        thrownBy(() => refuseRoom(site, wanted)),
      );
  }
};

export const want = (site: Site, array: ArrayValue, held: Grown, items: number): void => {
  if (items <= capacityOf(held)) return;
  if (isOutermost(site, array)) lengthen(site, held.store, Math.max(items, 2 * capacityOf(held)));
  else {
    const { wanted } = site.machine;
    wanted.set(array, Math.max(wanted.get(array) ?? 0, items));
  }
};

/** Gives an array room where an item after its last one is read or set; false where no such thing is known. */
export const growFor = (site: Site, array: ArrayValue, index: TensorValue, value: Value | null): boolean => {
  if (array.held.kind === "grown") return true;
  const grew = grewSince(site, array);
  if (grew !== null)
    throw new NeedGrowth(
      array,
      grew,
      lengthOf(array),
      thrownBy(() => unrollFor(site, array, "this array grows")),
    );
  const empty = array.held.kind === "list" && array.held.list.length === 0;
  const layout = value === null ? NUMBERS : layoutOf(value);
  if (!canGrow(site, array, layout) || !(empty || (value !== null && reaches(site, array, index))))
    return false;
  const last = rangeOf(site.machine, index.v)[1];
  const room = Number.isFinite(last) ? Math.floor(last) + 1 : lengthOf(array) + 1;
  if (isOutermost(site, array)) return !empty && grow(site, array, layout, room);
  const own = empty ? layout : layoutOfItems(array);
  if (own === null || !sameLayout(own, layout)) return false;
  throw new NeedGrowth(
    array,
    layout,
    room,
    thrownBy(() => needStatic(site, index, "an index into this array")),
  );
};

/** What the items have in common of an older array whose length a region has changed; null for any other array. */
const grewSince = (site: Site, array: ArrayValue): Layout | null => {
  const { held } = array;
  if (held.kind !== "list") return null;
  const changed = site.machine.journals.some((journal) => {
    const state = journal.before.get(array);
    return (
      state?.kind === "array" && state.held.kind === "list" && state.held.list.length !== held.list.length
    );
  });
  const layout = changed ? commonLayout(held.list) : null;
  return canGrow(site, array, layout) ? layout : null;
};

/** Whether each iteration sets an item, and one of them one after the last. */
const reaches = (site: Site, array: ArrayValue, index: TensorValue): boolean => {
  const region = site.machine.journals.at(-1);
  const last = rangeOf(site.machine, index.v)[1];
  return region?.loop === true && Number.isFinite(last) && last >= lengthOf(array);
};
