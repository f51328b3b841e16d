/** Fields of records as elements of their columns: where they are, and whether they still are. */
import type { Site } from "./machine.js";
import { needsOf, tensorOf } from "./tensors.js";
import type { Replaced, TensorValue } from "./values.js";
import {
  detached,
  different,
  type Index,
  refreshed,
  refuseGone,
  refusePending,
  refuseUnknownRow,
  sameIndex,
  viewOf,
} from "./views.js";

/** The row at `index` as it was taken when `epoch` rows had been replaced. */
export const viewSince = (site: Site, x: TensorValue, index: Index, epoch: number): TensorValue => {
  const row = viewOf(site, x, index);
  return row.view === null || x.view !== null ? row : { ...row, view: { ...row.view, epoch } };
};

/**
 * From which replacement on a row, of which a column is a part, may have been replaced as a whole, or with the object that it
 * is a part of; what is replaced inside of it leaves it the row that it is.
 */
export const ownerEpoch = (
  site: Site,
  column: TensorValue,
  epoch: number,
  depth: number,
  index: Index,
): number => {
  const k = column.replaced.findIndex(
    (change, at) => at >= epoch && change.depth <= depth && !different(change.index, index),
  );
  if (k < 0) return column.replaced.length;
  if (!sameIndex(site, column.replaced[k]?.index ?? null, index)) refuseUnknownRow(site);
  return k;
};

/** Refuses a write to what is no longer a row of its array. */
export const requireRow = (site: Site, column: TensorValue, index: Index, epoch: number): void => {
  const { view } = viewSince(site, column, index, epoch);
  if (view !== null && detached(site, view) !== null) refuseGone(site);
};

/** What a view of one element shows now, as a number of its own. */
export const rankZero = (site: Site, view: TensorValue): TensorValue => {
  const index = view.view?.index ?? [];
  const v = refreshed(site, view);
  const needs = needsOf(index.filter((i) => typeof i !== "number"));
  if (!view.hostArray) return tensorOf(site, v, { weak: view.weak, needs });
  const dtype = v.type.dtype === "bool" ? "bool" : "f64";
  return tensorOf(site, site.machine.builder.cast(v, dtype), { weak: true, needs });
};

/** How deep in its rows what a region replaced in an array is; null where it replaced nothing. */
export const afterRegion = (
  site: Site,
  cell: TensorValue,
  states: readonly (readonly Replaced[])[],
): number | null => {
  for (const replaced of states) {
    const last = replaced.at(-1);
    if (replaced.length > cell.replaced.length && last !== undefined && last.twin !== null)
      refusePending(site);
  }
  const fresh = states.flatMap((replaced) => replaced.slice(cell.replaced.length));
  return fresh.length === 0 ? null : Math.min(...fresh.map((change) => change.depth));
};
