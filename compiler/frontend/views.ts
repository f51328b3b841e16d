/**
 * Elements, rows and views of staged arrays. A row of a matrix is a view: it is read from and written to the matrix, whatever
 * was written there meanwhile. Indices that are known only at run time are checked when the program runs.
 */

import { isInt, type Var } from "../ir/types.js";
import { NOT_WHOLE } from "../kernel/types.js";
import { isIntegral, sameValue } from "./integral.js";
import { touch } from "./journal.js";
import { refuse, type Site } from "./machine.js";
import { storedAs } from "./stores.js";
import { lift, needsOf, tensorOf, varOf } from "./tensors.js";
import { describe, type Replaced, type TensorValue, type Value, type View } from "./values.js";

export type Index = number | TensorValue;

/** As i32; a number with a fraction becomes an index that the check refuses: JavaScript has no such element. */
export const wholeIndex = (site: Site, index: TensorValue): Var => {
  const { builder } = site.machine;
  const v = varOf(site, index);
  const { dtype } = v.type;
  if (dtype === "bool")
    return refuse(site, "TSJ1131", "a boolean is no index", "np.where chooses by a condition");
  if (isInt(dtype) || isIntegral(site.machine, v)) return builder.cast(v, "i32");
  const whole = builder.eq(builder.floor(v), v);
  return builder.cast(builder.select(whole, v, builder.fill(v, NOT_WHOLE)), "i32");
};

/** The array that elements are read from and written to, and where in it. */
const rootOf = (x: TensorValue, more: readonly Index[]): { root: TensorValue; index: readonly Index[] } =>
  x.view === null ? { root: x, index: more } : { root: x.view.base, index: [...x.view.index, ...more] };

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

const sameIndex = ({ machine }: Site, a: Index | null, b: Index): boolean =>
  typeof a === "number" || typeof b === "number" ? a === b : a !== null && sameValue(machine, a.v, b.v);
const different = (a: Index | null, b: Index): boolean =>
  typeof a === "number" && typeof b === "number" && a !== b;

/** What a view showed when its row was replaced; null while it is a row of its array. */
const detached = (site: Site, { base, index, epoch }: View): Replaced | null => {
  const [first = 0] = index;
  for (const change of base.replaced.slice(epoch)) {
    if (sameIndex(site, change.index, first)) return change;
    if (!different(change.index, first))
      return refuse(
        site,
        "TSJ1043",
        "this row was taken before another row was put in its array, and whether it is still part of it is known only at run time",
        "take the row again after the exchange",
      );
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
  const v = blockAt(site, whole, view.index);
  value.v = v;
  value.builder = machine.builder;
  view.seen = whole;
  return v;
};

/** A row or block as a view. */
export const viewOf = (site: Site, x: TensorValue, index: Index): TensorValue => {
  const { root, index: all } = rootOf(x, [index]);
  const { dtype, shape } = root.v.type;
  // Not a value of the program until it is read.
  const v: Var = { type: { dtype, shape: shape.slice(all.length) } };
  return {
    ...tensorOf(site, v, { weak: x.weak, hostArray: x.hostArray, store: x.store, holes: x.holes }),
    fixed: root.fixed,
    view: { base: root, index: all, epoch: root.replaced.length, seen: null },
  };
};

/** One element of an array of rank 1. */
export const elementAt = (site: Site, x: TensorValue, index: Index): Var => {
  const { view } = x;
  if (view !== null && detached(site, view) !== null) return blockAt(site, varOf(site, x), [index]);
  const { root, index: all } = rootOf(x, [index]);
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

const refusePending = (site: Site): never =>
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
export const writeElement = (site: Site, x: TensorValue, index: Index, value: Value): void => {
  const { builder } = site.machine;
  if (x.view !== null && detached(site, x.view) !== null)
    refuse(
      site,
      "TSJ1043",
      "this row is no longer part of its array: it can't be written to",
      "copy it first",
    );
  const { root, index: all } = rootOf(x, [index]);
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

/** x[index] = row: the row's elements are copied, and the row is part of the array from now on. */
export const writeRow = (site: Site, x: TensorValue, index: Index, row: TensorValue): void => {
  const { machine } = site;
  const { root, index: all } = rootOf(x, [index]);
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
  if (all.length === 1)
    root.replaced = [...root.replaced, { index: first, before, builder: machine.builder, twin: source }];
  if (row.view !== null) return;
  const since = machine.journals.at(-1)?.since;
  // From now on the row is part of the array; on a path that may not be taken it is either.
  if (since !== undefined && row.born <= since) row.fixed = "merged";
  else row.view = { base: root, index: all, epoch: root.replaced.length, seen: null };
};

/** What a region leaves of an array whose rows it exchanged. */
export const afterRegion = (
  site: Site,
  cell: TensorValue,
  states: readonly (readonly Replaced[])[],
): boolean => {
  for (const replaced of states) {
    const last = replaced.at(-1);
    if (replaced.length > cell.replaced.length && last !== undefined && last.twin !== null)
      refusePending(site);
  }
  return states.some((replaced) => replaced.length !== cell.replaced.length);
};

/** Rows that were taken before are no longer known to be part of the array. */
export const exchanged = (site: Site, cell: TensorValue): void => {
  const entry: Replaced = { index: null, before: cell.v, builder: site.machine.builder, twin: null };
  cell.replaced = [...cell.replaced, entry];
};
