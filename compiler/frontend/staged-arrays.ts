/** JavaScript arrays that are held as one array of the program, because an index into them is known only at run time. */
import { sameShape } from "../ir/types.js";
import { describe } from "./describe.js";
import { grownAt, setGrown } from "./grown.js";
import { unrollFor } from "./growth.js";
import { touch } from "./journal.js";
import { refuse, type Site } from "./machine.js";
import { mayStageRecords, recordAt, recordParts, setRecord, stageRecords } from "./records.js";
import { NeedRows } from "./regions.js";
import { isLeaf, lift, tensorOf, varOf } from "./tensors.js";
import {
  type ArrayValue,
  arrayOf,
  isStatic,
  type Need,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";
import { type Index, readElement, viewOf, writeElement, writeRow } from "./views.js";

/** An array whose items are the rows of a staged value. */
export const stagedArray = (
  site: Site,
  rows: TensorValue,
  children: readonly Value[] | null = null,
): ArrayValue => {
  const array = arrayOf([]);
  holdRows(site, array, rows, children);
  return array;
};

export const holdRows = (
  site: Site,
  array: ArrayValue,
  rows: TensorValue,
  children: readonly Value[] | null,
): void => {
  const open = (): Value[] => {
    touch(site.machine, array);
    const list = Array.from({ length: rows.v.type.shape[0] ?? 0 }, (_, k) => itemAt(site, array, k));
    array.held = { kind: "list", list };
    return list;
  };
  array.held = { kind: "staged", rows, children, open };
};

/** Item `index` of a staged array: a number, or a row with identity of its own. */
export const itemAt = (site: Site, array: ArrayValue, index: Index): Value => {
  const { held } = array;
  if (held.kind === "records") return recordAt(site, array, index);
  if (held.kind === "grown") return grownAt(site, array, index);
  if (held.kind === "list") return UNDEFINED;
  const { rows, children } = held;
  if (typeof index === "number" && children !== null) return children[index] ?? UNDEFINED;
  if (rows.v.type.shape.length === 1) return readElement(site, rows, index);
  const view = viewOf(site, rows, index);
  if (rows.store !== null || !rows.weak) return view;
  const row = stagedArray(site, view);
  row.fixed = array.fixed;
  return row;
};

/** Sets item `index` of a staged array; `append`: there was none. */
export const setItem = (
  site: Site,
  array: ArrayValue,
  index: Index,
  value: Value,
  append = false,
): undefined => {
  const { held } = array;
  if (held.kind === "records") return setRecord(site, array, index, value, append);
  if (held.kind === "grown") return setGrown(site, array, index, value);
  if (held.kind === "list") return;
  const { rows, children } = held;
  if (rows.v.type.shape.length === 1) {
    writeElement(site, rows, index, value);
    return;
  }
  if (append && value.kind === "array") return takeRow(site, rows, index, value);
  if (value.kind === "array" && !tryStageRows(site, value))
    return refuse(site, "TSJ1042", `a row is set to ${describe(value)} of unlike values`);
  const row = value.kind === "array" && value.held.kind === "staged" ? value.held.rows : value;
  if (row.kind !== "tensor")
    return refuse(site, "TSJ1042", `a row of an array of arrays is set to ${describe(value)}`);
  writeRow(site, rows, index, row, append);
  if (children === null) return;
  touch(site.machine, array);
  const next = typeof index === "number" ? children.map((c, k) => (k === index ? value : c)) : null;
  array.held = { ...held, children: next };
};

/** Puts an array after the last row of an array: from then on it is that row. */
const takeRow = (site: Site, rows: TensorValue, index: Index, value: ArrayValue): undefined => {
  const since = site.machine.journals.at(-1)?.since ?? 0;
  const isFree = tryStageRows(site, value) && value.held.kind === "staged" && value.held.rows.view === null;
  const { held } = value;
  const children = held.kind === "staged" ? held.children : null;
  if (
    !isFree ||
    held.kind !== "staged" ||
    held.rows.fixed !== null ||
    children?.some((c) => "born" in c && c.born <= since)
  )
    return unrollFor(site, value, "an array is put in two places");
  const { weak, hostArray, store } = held.rows;
  writeRow(site, rows, index, tensorOf(site, varOf(site, held.rows), { weak, hostArray, store }), true);
  const view = viewOf(site, rows, index);
  if (children !== null) reseat(site, children, view);
  touch(site.machine, value);
  holdRows(site, value, view, children);
};

type Rows = { readonly kind: "leaves" | "arrays" | "tensors" | "records"; readonly holes: boolean };

/** How the items of an array could become rows; null where they can't. */
const kindOf = (site: Site, array: ArrayValue): Rows | null => {
  if (array.held.kind !== "list" || array.spoilt !== null) return null;
  const { list } = array.held;
  if (list.length === 0) return null;
  const missing = list.filter((item) => isStatic(item) && item.value === undefined).length;
  if (missing === list.length) return { kind: "leaves", holes: true };
  if (missing > 0) return null;
  if (list.every((item) => isLeaf(item) && (item.kind !== "tensor" || item.v.type.shape.length === 0))) {
    const bools = list.filter((item) =>
      item.kind === "tensor"
        ? item.v.type.dtype === "bool"
        : isStatic(item) && typeof item.value === "boolean",
    );
    return bools.length === 0 || bools.length === list.length ? { kind: "leaves", holes: false } : null;
  }
  if (new Set(list).size !== list.length) return null;
  if (list.every((item) => item.kind === "array" && item.fixed === array.fixed))
    return { kind: "arrays", holes: false };
  const [first] = list;
  if (first?.kind === "object")
    return !mayStageRecords(site) || recordParts(array, list) === null
      ? null
      : { kind: "records", holes: false };
  if (first?.kind !== "tensor") return null;
  const alike = list.every(
    (item) =>
      item.kind === "tensor" &&
      item.v.type.dtype === first.v.type.dtype &&
      sameShape(item.v.type.shape, first.v.type.shape) &&
      item.store === first.store &&
      item.weak === first.weak &&
      item.hostArray === first.hostArray &&
      item.view === null &&
      (item.fixed === null) === (first.fixed === null),
  );
  return alike ? { kind: "tensors", holes: false } : null;
};

/** Holds an array's items as one staged array, in place; false where they are no rows of equal types. */
export const tryStageRows = (
  site: Site,
  array: ArrayValue,
  needs: readonly Need[] | null = null,
): boolean => {
  if (array.held.kind !== "list") return true;
  const kind = kindOf(site, array);
  if (kind === null) return false;
  const { machine } = site;
  const { list } = array.held;
  const since = machine.journals.at(-1)?.since;
  const cells =
    kind.kind === "leaves"
      ? [array]
      : kind.kind === "records"
        ? [array, ...(recordParts(array, list) ?? [])]
        : [array, ...(list as (ArrayValue | TensorValue)[])];
  // Older than the region that is being run: staged before it begins. An array made here of older rows can't be.
  if (since !== undefined && array.born > since && cells.some((cell) => cell.born <= since)) return false;
  if (since !== undefined && cells.some((cell) => cell.born <= since)) throw new NeedRows(array, needs);
  if (kind.kind === "leaves") {
    const rows = kind.holes
      ? tensorOf(site, machine.builder.splat(Number.NaN, { dtype: "f64", shape: [list.length] }), {
          weak: true,
          hostArray: true,
          holes: true,
        })
      : contentOf(site, array);
    rows.fixed = array.fixed;
    holdRows(site, array, rows, null);
    return true;
  }
  if (kind.kind === "records") {
    stageRecords(site, array, list);
    return true;
  }
  if (kind.kind === "arrays") {
    const inner = list as ArrayValue[];
    if (!inner.every((row) => tryStageRows(site, row, needs))) return false;
    const parts = inner.flatMap((row) => (row.held.kind === "staged" ? [row.held.rows] : []));
    const [first] = parts;
    const alike = parts.every(
      (p) =>
        first !== undefined &&
        p.view === null &&
        sameShape(p.v.type.shape, first.v.type.shape) &&
        p.v.type.dtype === first.v.type.dtype &&
        p.weak === first.weak &&
        p.store === first.store,
    );
    if (first === undefined || !alike || parts.length < inner.length) return false;
    const rows = stacked(site, parts, array);
    inner.forEach((row, k) => {
      const own = row.held.kind === "staged" ? row.held : null;
      const view = viewOf(site, rows, k);
      if (own?.children != null) reseat(site, own.children, view);
      holdRows(site, row, view, own?.children ?? null);
    });
    holdRows(site, array, rows, inner);
    return true;
  }
  const parts = list as TensorValue[];
  const rows = stacked(site, parts, array);
  if (parts.every((p) => p.fixed === null)) reseat(site, parts, rows);
  else rows.fixed = parts.find((p) => p.fixed !== null)?.fixed ?? null;
  holdRows(site, array, rows, parts);
  return true;
};

/** Makes rows views of the array that they are now part of. */
const reseat = (site: Site, children: readonly Value[], of: TensorValue): void => {
  children.forEach((child, k) => {
    const view = viewOf(site, of, k);
    if (child.kind === "tensor") child.view = view.view;
    else if (child.kind === "array" && child.held.kind === "staged") {
      if (child.held.children !== null) reseat(site, child.held.children, view);
      holdRows(site, child, view, child.held.children);
    }
  });
};

const contentOf = (site: Site, array: ArrayValue): TensorValue => {
  const x = lift(site, array);
  // A copy: the array is to be written to.
  return tensorOf(site, varOf(site, x), { weak: x.weak, hostArray: x.weak, needs: x.needs });
};

const stacked = (site: Site, parts: readonly TensorValue[], array: ArrayValue): TensorValue => {
  const { builder } = site.machine;
  const [first] = parts;
  if (first === undefined) return refuse(site, "TSJ2103", "an array without rows");
  const rows = parts.map((p) => builder.reshape(varOf(site, p), [1, ...p.v.type.shape]));
  const v = rows.length === 1 && rows[0] !== undefined ? rows[0] : builder.emit("concat", rows, { axis: 0 });
  const { weak, hostArray, store } = first;
  const holes = parts.some((p) => p.holes);
  const value = tensorOf(site, v, { weak, hostArray, store, holes });
  value.fixed = array.fixed;
  return value;
};
