/** Arrays that grew, where they are used as a whole. */
import type { Var } from "../ir/types.js";
import { capacityOf, columnsOf, emptyStore, holdGrown, isOutermost, refuseLength } from "./growth.js";
import type { Columns, RecordColumns } from "./items.js";
import type { Layout } from "./layouts.js";
import type { Site } from "./machine.js";
import { holdRecords, recordsArray } from "./records.js";
import { holdRows, stagedArray } from "./staged-arrays.js";
import { tensorOf, varOf } from "./tensors.js";
import { type ArrayValue, arrayOf, type Value } from "./values.js";

/**
 * An array as one whose number of items is what it has room for: itself where it is this region's, else a copy to be read.
 * Refuses one whose number of items is known only at run time.
 */
export const settled = (site: Site, array: ArrayValue): ArrayValue => {
  const { held } = array;
  if (held.kind !== "grown") return array;
  if (held.length.base !== null) return refuseLength(site, array);
  const n = held.length.offset;
  if (n === 0) return arrayOf([]);
  if (!isOutermost(site, array)) {
    const copy = (columns: Columns): Columns => {
      switch (columns.kind) {
        case "same":
          return columns;
        case "record":
          return copyOfRecord(columns);
        case "column": {
          const { weak, hostArray, store } = columns.rows;
          const v = firstRows(site, varOf(site, columns.rows), n);
          return { kind: "column", rows: tensorOf(site, v, { weak, hostArray, store }) };
        }
        default: {
          const never: never = columns;
          return never;
        }
      }
    };
    const copyOfRecord = (columns: RecordColumns): RecordColumns => ({
      ...columns,
      fields: columns.fields.map(copy),
    });
    const own = held.store.held;
    if (own.kind === "records") return recordsArray(site, copyOfRecord(own.columns));
    const rows = own.kind === "staged" ? copy({ kind: "column", rows: own.rows }) : null;
    return rows?.kind === "column" ? stagedArray(site, rows.rows) : array;
  }
  for (const column of columnsOf(held.store)) {
    const v = varOf(site, column);
    if (v.type.shape[0] === n) continue;
    column.v = firstRows(site, v, n);
    column.builder = site.machine.builder;
  }
  const own = held.store.held;
  if (own.kind === "records") holdRecords(site, array, own.columns, null);
  else if (own.kind === "staged") holdRows(site, array, own.rows, null);
  return array;
};

/** An array with room for as many items as another has, and as many of them. */
export const grownLike = (site: Site, layout: Layout, like: ArrayValue | null): ArrayValue => {
  const array = arrayOf([]);
  const held = like?.held;
  if (held?.kind !== "grown") return array;
  holdGrown(site, array, emptyStore(site, layout, capacityOf(held)), held.length);
  return array;
};

const firstRows = (site: Site, v: Var, n: number): Var => {
  const { shape } = v.type;
  return shape[0] === n
    ? v
    : site.machine.builder.emit("slice", [v], {
        start: shape.map(() => 0),
        limit: shape.map((d, k) => (k === 0 ? n : d)),
        stride: shape.map(() => 1),
      });
};

/** A copy of an array whose number of items is known only at run time; rows would be shared by the two. */
export const copyOfGrown = (site: Site, array: ArrayValue): Value => {
  const { held } = array;
  if (held.kind !== "grown") return array;
  const own = held.store.held;
  if (own.kind !== "staged" || own.rows.v.type.shape.length > 1) return refuseLength(site, array);
  const copy = arrayOf([]);
  const { weak, hostArray } = own.rows;
  const rows = tensorOf(site, varOf(site, own.rows), { weak, hostArray });
  holdGrown(site, copy, stagedArray(site, rows), held.length);
  return copy;
};
