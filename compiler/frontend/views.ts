/**
 * Elements, rows and views of staged arrays. A row of a matrix is a view: it is read from and written to the matrix, whatever
 * was written there meanwhile. Indices that are known only at run time are checked when the program runs.
 */

import { isInt, type Var } from "../ir/types.js";
import { NOT_WHOLE } from "../kernel/types.js";
import { describe } from "./describe.js";
import { isIntegral, sameValue } from "./integral.js";
import { touch } from "./journal.js";
import { refuse, type Site } from "./machine.js";
import { refuseFixed } from "./member-writes.js";
import { storedAs } from "./stores.js";
import { lift, needsOf, tensorOf, varOf } from "./tensors.js";
import type { Replaced, TensorValue, Value, View } from "./values.js";

export type Index = number | TensorValue;

/** As i32; a number with a fraction becomes an index that the check refuses: JavaScript has no such element. */
export const wholeIndex = (site: Site, index: TensorValue): Var => {
  const { builder } = site.machine;
  const v = varOf(site, index);
  const { dtype } = v.type;
  if (dtype === "bool")
    return refuse(
      site,
      "TSJ1131",
      "a boolean is no index: how many elements it would select is known only at run time",
      "np.where(mask, x, 0) keeps the shape; fill an array of fixed length and count what is kept",
    );
  if (isInt(dtype) || isIntegral(site.machine, v)) return builder.cast(v, "i32");
  const whole = builder.eq(builder.floor(v), v);
  return builder.cast(builder.select(whole, v, builder.fill(v, NOT_WHOLE)), "i32");
};

/** The array that elements are read from and written to, and where in it. */
const rootOf = (
  site: Site,
  x: TensorValue,
  more: readonly Index[],
): { root: TensorValue; index: readonly Index[] } => {
  const { view } = x;
  if (view === null) return { root: x, index: more };
  const [first, ...rest] = more;
  const at =
    view.start === null || first === undefined ? more : [inPart(site, x, view.start, first), ...rest];
  return { root: view.base, index: [...view.index, ...at] };
};

/** The place in the whole of an element of a part; the run stops where the part has none. */
const inPart = (site: Site, part: TensorValue, start: Index, index: Index): Index => {
  const [n = 0] = part.v.type.shape;
  if (typeof index === "number" && typeof start === "number") return start + index;
  const { builder: b } = site.machine;
  const asVar = (i: Index): Var => (typeof i === "number" ? b.scalar(i, "i32") : wholeIndex(site, i));
  const i = asVar(index);
  if (typeof index !== "number") checkBounds(site, i, n, `index {} is out of range for a part of ${n}`);
  return tensorOf(site, b.add(asVar(start), i));
};

/** Stops the run unless 0 <= i < n. */
export const checkBounds = ({ machine: { builder: b } }: Site, i: Var, n: number, message: string): void => {
  const inside = b.and(b.ge(i, b.zerosLike(i)), b.lt(i, b.fill(i, n)));
  b.emit("check", [inside, i], { code: "TSJ6001", message });
};

/** The `n` elements of a row, or of an array of rank 1, from `start` on. */
const partOf = (site: Site, row: Var, start: Index, n: number): Var => {
  const { builder: b } = site.machine;
  if (typeof start === "number")
    return b.emit("slice", [row], { start: [start], limit: [start + n], stride: [1] });
  return b.emit("dynamicSlice", [row, wholeIndex(site, start)], { sizes: [n], mode: "check" });
};

const startsOf = (site: Site, index: readonly Index[]): readonly Var[] =>
  index.map((i) =>
    typeof i === "number"
      ? site.machine.builder.scalar(i, "i32")
      : wholeIndex(site, lift(site, i, "the index")),
  );

/** The block at `index` along the first axes of `whole`, without those axes. */
const blockAt = (site: Site, whole: Var, index: readonly Index[]): Var => {
  const { builder } = site.machine;
  const { shape } = whole.type;
  const rest = shape.slice(index.length);
  if (index.every((i) => typeof i === "number")) {
    const at = (k: number): number | null => (typeof index[k] === "number" ? index[k] : null);
    const part = builder.emit("slice", [whole], {
      start: shape.map((_, k) => at(k) ?? 0),
      limit: shape.map((d, k) => (at(k) === null ? d : (at(k) ?? 0) + 1)),
      stride: shape.map(() => 1),
    });
    return builder.reshape(part, rest);
  }
  const starts = [...startsOf(site, index), ...rest.map(() => builder.scalar(0, "i32"))];
  const block = builder.emit("dynamicSlice", [whole, ...starts], {
    sizes: [...index.map(() => 1), ...rest],
    mode: "check",
  });
  return builder.reshape(block, rest);
};

export const sameIndex = ({ machine }: Site, a: Index | null, b: Index): boolean =>
  typeof a === "number" || typeof b === "number" ? a === b : a !== null && sameValue(machine, a.v, b.v);
export const different = (a: Index | null, b: Index): boolean =>
  typeof a === "number" && typeof b === "number" && a !== b;

export const refuseUnknownRow = (site: Site): never =>
  refuse(
    site,
    "TSJ1043",
    "this row was taken before another row was put in its array, and whether it is still part of it is known only at run time",
    "take the row again after the exchange",
  );

/** What a view showed when its row was replaced; null while it is a row of its array. */
export const detached = (site: Site, { base, index, epoch }: View): Replaced | null => {
  const [first = 0] = index;
  for (const change of base.replaced.slice(epoch)) {
    if (sameIndex(site, change.index, first)) return change;
    if (!different(change.index, first)) refuseUnknownRow(site);
  }
  return null;
};

/** The current elements of a view. */
export const refreshed = (site: Site, value: TensorValue): Var => {
  const { view } = value;
  const { machine } = site;
  if (view === null) return value.v;
  const change = detached(site, view);
  if (change !== null && !machine.open.has(change.builder))
    return refuse(site, "TSJ1043", "this row was replaced on a path that has ended");
  const whole = change === null ? varOf(site, view.base) : change.before;
  if (view.seen === whole && machine.open.has(value.builder)) return value.v;
  const block = blockAt(site, whole, view.index);
  const v = view.start === null ? block : partOf(site, block, view.start, value.v.type.shape[0] ?? 0);
  value.v = v;
  value.builder = machine.builder;
  view.seen = whole;
  return v;
};

/** Remembers that an index is whole where that is known, for when the row it leads to is told by it. */
export const markWhole = ({ machine }: Site, index: Index): void => {
  if (typeof index !== "number" && isIntegral(machine, index.v)) machine.integral.add(index.v);
};

/** A row or block as a view. */
export const viewOf = (site: Site, x: TensorValue, index: Index): TensorValue => {
  markWhole(site, index);
  const { root, index: all } = rootOf(site, x, [index]);
  const { dtype, shape } = root.v.type;
  // Not a value of the program until it is read.
  const v: Var = { type: { dtype, shape: shape.slice(all.length) } };
  return {
    ...tensorOf(site, v, { weak: x.weak, hostArray: x.hostArray, store: x.store, holes: x.holes }),
    fixed: root.fixed,
    view: { base: root, index: all, start: null, epoch: root.replaced.length, seen: null },
  };
};

/** `x.subarray(start, start + n)` of an array of rank 1: shares its elements. */
export const partView = (site: Site, x: TensorValue, start: Index, n: number): TensorValue => {
  const { base = x, index = [], epoch = x.replaced.length } = x.view ?? {};
  const from = x.view?.start ?? 0;
  const { builder: b } = site.machine;
  const add = (p: Index, q: Index): Index => {
    if (typeof p === "number" && typeof q === "number") return p + q;
    const [v, w] = [p, q].map((i) => (typeof i === "number" ? b.scalar(i, "i32") : wholeIndex(site, i))) as [
      Var,
      Var,
    ];
    return tensorOf(site, b.add(v, w));
  };
  const v: Var = { type: { dtype: x.v.type.dtype, shape: [n] } };
  return {
    ...tensorOf(site, v, { weak: x.weak, hostArray: x.hostArray, store: x.store, holes: x.holes }),
    fixed: x.fixed,
    view: { base, index, start: add(from, start), epoch, seen: null },
  };
};

export const refuseGone = (site: Site): never =>
  refuse(site, "TSJ1043", "this row is no longer part of its array: it can't be written to", "copy it first");

/** One element of an array of rank 1. */
export const elementAt = (site: Site, x: TensorValue, index: Index): Var => {
  const { view } = x;
  if (view !== null && detached(site, view) !== null) return blockAt(site, varOf(site, x), [index]);
  const { root, index: all } = rootOf(site, x, [index]);
  return blockAt(site, varOf(site, root), all);
};

/** One element of an array of rank 1 as JavaScript reads it: of a typed or number array, a number. */
export const readElement = (site: Site, x: TensorValue, index: Index): TensorValue => {
  const { builder } = site.machine;
  const v = elementAt(site, x, index);
  const needs = typeof index === "number" ? x.needs : needsOf([x, index]);
  if (!x.hostArray) return tensorOf(site, v, { weak: x.weak, needs, holes: x.holes });
  const dtype = v.type.dtype === "bool" ? "bool" : "f64";
  return tensorOf(site, builder.cast(v, dtype), { weak: true, needs, holes: x.holes });
};

/** Refuses a write to what must not be written to, and ends the use of what it may be. */
export const claim = (site: Site, x: TensorValue): void => {
  if (x.fixed === "merged" || x.fixed === "moved") refuseFixed(site, x.fixed, "an element");
  for (const other of x.mayBe) {
    if (other.fixed === "moved") continue;
    other.fixed = "moved";
    site.machine.moves++;
  }
};

/** A row that is in its array twice, until the exchange is complete. */
const pendingAt = (root: TensorValue): Replaced | null => {
  const last = root.replaced.at(-1);
  return last !== undefined && last.twin !== null ? last : null;
};

export const refusePending = (site: Site): never =>
  refuse(
    site,
    "TSJ1043",
    "a row was put at a second place of its array: the two places would be one array, which compiled code can't express",
    "copy the row: A[i] = A[j].slice(), or exchange two rows: [A[i], A[j]] = [A[j], A[i]]",
  );

/** Refuses to go on while a row is in its array twice. */
export const settleRows = (site: Site, root: TensorValue): void => {
  if (pendingAt(root) !== null) refusePending(site);
};

/** x[index] = value, for one element. */
export const writeElement = (
  site: Site,
  x: TensorValue,
  index: Index,
  value: Value,
  taken: View | null = x.view,
): void => {
  const { builder } = site.machine;
  if (taken !== null && detached(site, taken) !== null) refuseGone(site);
  const { root, index: all } = rootOf(site, x, [index]);
  if (pendingAt(root) !== null) refusePending(site);
  const update = storedAs(site, value, root, "the element");
  update(
    all.map(() => 1),
    (block) => {
      const starts = startsOf(site, all);
      return builder.emit("dynamicUpdate", [varOf(site, root), block, ...starts], { mode: "check" });
    },
  );
};

/** Puts other elements of the same type in an array, all at once; rows that were taken before are not known to be its own. */
export const replaceContent = (site: Site, x: TensorValue, next: Var): void => {
  const { machine } = site;
  const { builder } = machine;
  const { view } = x;
  if (view !== null && (x.v.type.shape.length > 1 || detached(site, view) !== null))
    refuse(
      site,
      "TSJ1043",
      "the rows of a part of an array change their places: they would be rows of the whole array at once",
      "copy the part first: part.slice()",
    );
  const { root, index } = rootOf(site, x, []);
  if (pendingAt(root) !== null) refusePending(site);
  const whole = varOf(site, root);
  const { shape } = x.v.type;
  const starts = startsOf(site, [...index, ...shape.map(() => view?.start ?? 0)]);
  const block = (): Var => builder.reshape(next, [...index.map(() => 1), ...shape]);
  const v =
    view === null ? next : builder.emit("dynamicUpdate", [whole, block(), ...starts], { mode: "check" });
  touch(machine, root);
  claim(site, root);
  root.v = v;
  root.builder = builder;
  root.needs = null;
  if (shape.length > 1) exchanged(site, root, 0);
};

/**
 * x[index] = row: the row's elements are copied, and the row is part of the array from now on. `append`: no row that was taken
 * before is at this place.
 */
export const writeRow = (
  site: Site,
  x: TensorValue,
  index: Index,
  row: TensorValue,
  append = false,
  depth = 0,
): void => {
  const { machine } = site;
  const { root, index: all } = rootOf(site, x, [index]);
  const { shape } = root.v.type;
  const wanted = shape.slice(all.length);
  if (row.v.type.shape.join() !== wanted.join())
    refuse(site, "TSJ2103", `a row of ${describe(root)} is replaced by ${describe(row)}`);
  if (row.store !== root.store) refuse(site, "TSJ1042", "a row is replaced by one of another kind of array");
  const before = varOf(site, root);
  const pending = pendingAt(root);
  // Where the row is taken from, if it is a row of this very array.
  const from = row.view !== null && row.view.base === root && row.view.index.length === 1 ? row.view : null;
  const gone = from === null ? null : detached(site, from);
  const source = from !== null && gone === null ? (from.index[0] ?? 0) : null;
  const [first = 0] = all;
  if (pending !== null && (pending.twin === null || !sameIndex(site, pending.twin, first)))
    refusePending(site);
  if (source !== null && sameIndex(site, source, first)) return;
  if (all.length > 1 && row.view !== null) refusePending(site);
  if (row.fixed !== null || (row.view !== null && from === null))
    refuse(
      site,
      "TSJ1043",
      "a row that belongs to another array is put in this one: the two arrays would share it",
      "copy it: row.slice()",
    );
  const block = machine.builder.reshape(machine.builder.cast(varOf(site, row), root.v.type.dtype), [
    ...all.map(() => 1),
    ...wanted,
  ]);
  const starts = [...startsOf(site, all), ...wanted.map(() => machine.builder.scalar(0, "i32"))];
  const next = machine.builder.emit("dynamicUpdate", [before, block, ...starts], { mode: "check" });
  touch(machine, root);
  claim(site, root);
  root.v = next;
  root.builder = machine.builder;
  if (all.length === 1 && !append)
    root.replaced = [
      ...root.replaced,
      { index: first, before, builder: machine.builder, twin: source, depth },
    ];
  if (row.view !== null) return;
  const since = machine.journals.at(-1)?.since;
  // From now on the row is part of the array; on a path that may not be taken it is either.
  if (since !== undefined && row.born <= since) row.fixed = "merged";
  else row.view = { base: root, index: all, start: null, epoch: root.replaced.length, seen: null };
};

/** Rows that were taken before are no longer known to be part of the array. */
export const exchanged = (site: Site, cell: TensorValue, depth: number): void => {
  const entry: Replaced = { index: null, before: cell.v, builder: site.machine.builder, twin: null, depth };
  cell.replaced = [...cell.replaced, entry];
};
