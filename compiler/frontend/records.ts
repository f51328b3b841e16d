/**
 * Arrays of objects of one structure, held as one array of the program for each field. An item is an object whose fields are
 * read from and written to these arrays, wherever it is.
 */

import { describe } from "./describe.js";
import { type Columns, leavesOf, type RecordColumns, type Records } from "./items.js";
import { touch } from "./journal.js";
import { hasLeaf, itemLayout, layoutOf, sameLayout } from "./layouts.js";
import { NeedStatic, needKey, refuse, type Site } from "./machine.js";
import { ownerEpoch, rankZero, requireRow, viewSince } from "./row-views.js";
import { stagedArray, tryStageRows } from "./staged-arrays.js";
import { lift, tensorOf, varOf } from "./tensors.js";
import {
  type ArrayValue,
  arrayOf,
  type Fixed,
  type Need,
  type ObjectValue,
  objectOf,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";
import { type Index, markWhole, writeElement, writeRow } from "./views.js";

/** What undoes the staging of records: all of them are objects of their own then. */
const APART: Need = { kind: "loop", key: "records apart" };

/** Starts again with objects of their own in place of records, unless that was done. */
export const recordsApart = (site: Site): void => {
  if (!site.machine.statics.has(needKey(APART))) throw new NeedStatic([APART]);
};
export const mayStageRecords = ({ machine }: Site): boolean => !machine.statics.has(needKey(APART));

/** An array whose items are the records of these columns. */
export const recordsArray = (site: Site, columns: RecordColumns): ArrayValue => {
  const array = arrayOf([]);
  holdRecords(site, array, columns, null);
  return array;
};

export const holdRecords = (
  site: Site,
  array: ArrayValue,
  columns: RecordColumns,
  children: readonly Value[] | null,
): void => {
  const open = (): Value[] => {
    touch(site.machine, array);
    const n = leavesOf(columns)[0]?.v.type.shape[0] ?? 0;
    const list = Array.from({ length: n }, (_, k) => recordAt(site, array, k));
    array.held = { kind: "list", list };
    return list;
  };
  array.held = { kind: "records", columns, children, open };
};

/** Item `index` of an array of records. */
export const recordAt = (site: Site, array: ArrayValue, index: Index): Value => {
  const { held } = array;
  if (held.kind !== "records") return UNDEFINED;
  if (typeof index === "number" && held.children !== null) return held.children[index] ?? UNDEFINED;
  return rowObject(site, held.columns, index, array.fixed);
};

/** A record at `index` as an object. */
export const rowObject = (
  site: Site,
  columns: RecordColumns,
  index: Index,
  fixed: Fixed,
  epochs: readonly number[] = leavesOf(columns).map((leaf) => leaf.replaced.length),
): ObjectValue => {
  const object = objectOf([], fixed, columns.type);
  seat(site, object, columns, index, epochs);
  return object;
};

/** Makes an object the record at `index`. */
const seat = (
  site: Site,
  object: ObjectValue,
  columns: RecordColumns,
  index: Index,
  epochs: readonly number[] = leavesOf(columns).map((leaf) => leaf.replaced.length),
): void => {
  touch(site.machine, object);
  markWhole(site, index);
  const open = (): Map<string, Value> =>
    new Map(columns.keys.map((key) => [key, readField(site, object, key) ?? UNDEFINED] as const));
  object.row = { columns, index, epochs, open };
};

/** Where the leaves of field `k` begin among those of all. */
const firstLeaf = ({ fields }: RecordColumns, k: number): number =>
  fields.slice(0, k).reduce((n, f) => n + leavesOf(f).length, 0);

/** A field of a record as it is now; null where it has none of that name. */
export const readField = (site: Site, object: ObjectValue, key: string): Value | null => {
  const { row } = object;
  if (row === null) return object.props.get(key) ?? null;
  const k = row.columns.keys.indexOf(key);
  const field = row.columns.fields[k];
  if (field === undefined) return null;
  const first = firstLeaf(row.columns, k);
  const epochOf = (leaf: TensorValue, at: number): number =>
    ownerEpoch(site, leaf, row.epochs[first + at] ?? 0, row.columns.depth, row.index);
  switch (field.kind) {
    case "same":
      return field.value;
    case "record":
      return rowObject(site, field, row.index, object.fixed, leavesOf(field).map(epochOf));
    case "column": {
      const { rows } = field;
      const view = viewSince(site, rows, row.index, epochOf(rows, 0));
      if (rows.v.type.shape.length === 1) return rankZero(site, view);
      if (rows.store !== null || !rows.weak) return view;
      const array = stagedArray(site, view);
      array.fixed = object.fixed;
      return array;
    }
    default: {
      const never: never = field;
      return never;
    }
  }
};

/** Whether a record's field can hold a value. */
const fitsField = ({ row }: ObjectValue, key: string, value: Value): boolean => {
  const field = row?.columns.fields[row.columns.keys.indexOf(key)];
  return field !== undefined && fits(field, value);
};

const fits = (columns: Columns, value: Value): boolean => {
  const [wanted, given] = [itemLayout(columns), layoutOf(value)];
  return wanted !== null && given !== null && sameLayout(wanted, given);
};

/** record.key = value, which fits. */
const writeField = (site: Site, object: ObjectValue, key: string, value: Value): void => {
  const { row } = object;
  if (row === null) return;
  const k = row.columns.keys.indexOf(key);
  const field = row.columns.fields[k];
  if (field === undefined) return;
  const first = firstLeaf(row.columns, k);
  if (field.kind === "column" && field.rows.v.type.shape.length === 1) {
    // of a record that is no longer part of its array: refused there
    const epoch = ownerEpoch(site, field.rows, row.epochs[first] ?? 0, row.columns.depth, row.index);
    const view = viewSince(site, field.rows, row.index, epoch);
    writeElement(site, field.rows, row.index, value, view.view);
    return;
  }
  for (const [at, leaf] of leavesOf(field).entries())
    requireRow(
      site,
      leaf,
      row.index,
      ownerEpoch(site, leaf, row.epochs[first + at] ?? 0, row.columns.depth, row.index),
    );
  writeColumns(site, field, row.index, value, false, row.columns.depth + 1);
};

/** A field of a record of an array; what the array can't hold needs the records as objects of their own. */
export const setField = (site: Site, object: ObjectValue, name: string, value: Value): undefined => {
  if (fitsField(object, name, value)) {
    writeField(site, object, name, value);
    return;
  }
  recordsApart(site);
  refuse(
    site,
    "TSJ1042",
    `the field \`${name}\` of an object in an array is set to ${describe(value)}`,
    "give every object of the array the same fields, of the same kinds, when it is made",
  );
};

/** Whether a value can be an item of an array of records. */
export const fitsRecords = ({ columns }: Records, value: Value): boolean =>
  value.kind === "object" && value.fixed === null && value.spoilt === null && fits(columns, value);

/** Sets item `index` of an array of records to an object that fits; from then on the object is that item. */
export const setRecord = (
  site: Site,
  array: ArrayValue,
  index: Index,
  value: Value,
  append = false,
): undefined => {
  const { held } = array;
  if (held.kind !== "records") return;
  if (!fitsRecords(held, value)) recordsApart(site);
  if (!fitsRecords(held, value))
    return refuse(site, "TSJ1042", `an item of an array of objects is set to ${describe(value)}`);
  writeColumns(site, held.columns, index, value, append);
  if (held.children === null) return;
  touch(site.machine, array);
  const children = typeof index === "number" ? held.children.map((c, k) => (k === index ? value : c)) : null;
  array.held = { ...held, children };
};

/** Writes an item's leaves; objects and arrays become parts of the columns. */
const writeColumns = (
  site: Site,
  columns: Columns,
  index: Index,
  value: Value,
  append: boolean,
  depth = 0,
): void => {
  switch (columns.kind) {
    case "same":
      return;
    case "column": {
      const { rows } = columns;
      if (rows.v.type.shape.length > 1) {
        if (value.kind === "array") tryStageRows(site, value);
        const row = value.kind === "array" && value.held.kind === "staged" ? value.held.rows : value;
        if (row.kind === "tensor") writeRow(site, rows, index, row, append, depth);
        return;
      }
      if (append) {
        writeElement(site, rows, index, value);
        return;
      }
      const x = lift(site, value);
      writeRow(site, rows, index, tensorOf(site, varOf(site, x), { weak: x.weak }), append, depth);
      return;
    }
    case "record": {
      if (value.kind !== "object") return;
      columns.keys.forEach((key, k) => {
        const field = columns.fields[k];
        if (field !== undefined) takeField(site, field, index, value, key, append, depth);
      });
      if (value.row === null) seat(site, value, columns, index);
      return;
    }
    default: {
      const never: never = columns;
      never satisfies never;
    }
  }
};

/** A field of an item: where the item is a record itself, what is taken is a row of its column. */
const takeField = (
  site: Site,
  column: Columns,
  index: Index,
  from: ObjectValue,
  key: string,
  append: boolean,
  depth: number,
): void => {
  const { row } = from;
  if (row === null || column.kind !== "column" || column.rows.v.type.shape.length > 1) {
    writeColumns(site, column, index, readField(site, from, key) ?? UNDEFINED, append, depth);
    return;
  }
  const k = row.columns.keys.indexOf(key);
  const source = row.columns.fields[k];
  if (source?.kind !== "column") return;
  const taken = row.epochs[firstLeaf(row.columns, k)] ?? 0;
  const epoch = ownerEpoch(site, source.rows, taken, row.columns.depth, row.index);
  writeRow(site, column.rows, index, viewSince(site, source.rows, row.index, epoch), append, depth);
};

/** Everything with identity in an item. */
const partsOf = (value: Value): readonly (ArrayValue | ObjectValue | TensorValue)[] => {
  if (value.kind === "object" && value.row === null)
    return [value, ...[...value.props.values()].flatMap(partsOf)];
  if (value.kind === "array" && value.held.kind === "list")
    return [value, ...value.held.list.flatMap(partsOf)];
  if (value.kind === "array") return [value];
  return value.kind === "tensor" && value.v.type.shape.length > 0 ? [value] : [];
};

/** The cells of objects that could become records of an array; null where they can't. */
export const recordParts = (
  array: ArrayValue,
  list: readonly Value[],
): readonly (ArrayValue | ObjectValue | TensorValue)[] | null => {
  const [first] = list;
  if (first?.kind !== "object") return null;
  const alike = list.every(
    (item) =>
      item.kind === "object" && item.row === null && item.fixed === array.fixed && item.mayBe.length === 0,
  );
  if (!alike || new Set(list).size !== list.length) return null;
  const layout = layoutOf(first);
  if (layout === null || !hasLeaf(layout)) return null;
  const same = list.every((item) => {
    const own = layoutOf(item);
    return own !== null && sameLayout(own, layout);
  });
  if (!same) return null;
  const parts = list.flatMap(partsOf);
  const owned = parts.every(
    (p) =>
      p.fixed === array.fixed &&
      !(p.kind === "tensor" && p.view !== null) &&
      !(p.kind === "array" && p.held.kind === "staged" && p.held.rows.view !== null),
  );
  return owned && new Set(parts).size === parts.length ? parts : null;
};

/** Holds an array's objects as columns, in place: the objects are its records from then on. */
export const stageRecords = (site: Site, array: ArrayValue, list: readonly Value[]): void => {
  const objects = list.filter((item) => item.kind === "object");
  const columns = columnsFrom(site, objects, array.fixed);
  holdRecords(site, array, columns, objects);
};

const columnsFrom = (site: Site, objects: readonly ObjectValue[], fixed: Fixed, depth = 0): RecordColumns => {
  const [first] = objects;
  const keys = first === undefined ? [] : [...first.props.keys()];
  const fields = keys.map((key): Columns => {
    const values = objects.map((o) => o.props.get(key) ?? UNDEFINED);
    const [one = UNDEFINED] = values;
    if (one.kind === "object")
      return columnsFrom(
        site,
        values.filter((v) => v.kind === "object"),
        fixed,
        depth + 1,
      );
    const layout = layoutOf(one);
    if (layout?.kind === "same") return { kind: "same", value: one };
    const all = arrayOf(values, fixed);
    if (!tryStageRows(site, all) || all.held.kind !== "staged")
      return refuse(site, "TSJ1103", `the field \`${key}\` of an array of objects`);
    return { kind: "column", rows: all.held.rows };
  });
  const columns: RecordColumns = { kind: "record", keys, fields, type: first?.type ?? null, depth };
  objects.forEach((object, k) => {
    seat(site, object, columns, k);
  });
  return columns;
};
