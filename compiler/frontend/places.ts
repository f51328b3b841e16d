/** Where rows are: two values that are rows of one array are one object where their indices are equal. */
import { leavesOf, type RecordColumns } from "./items.js";
import type { Site } from "./machine.js";
import { refuse } from "./machine.js";
import { rowObject } from "./records.js";
import { stagedArray } from "./staged-arrays.js";
import { tensorOf, varOf } from "./tensors.js";
import { type Fixed, staticValue, type TensorValue, type Value } from "./values.js";
import { type Index, viewOf } from "./views.js";

/** A row of an array, as an object or array of its own. */
export interface Place {
  readonly kind: "object" | "array" | "tensor";
  /** What tells arrays apart. */
  readonly root: RecordColumns | TensorValue;
  readonly index: readonly Index[];
  /** No row of the array was replaced since it was taken. */
  readonly current: boolean;
  readonly fixed: Fixed;
}

/** The place of a row; null for what is no row. */
export const placeOf = (value: Value): Place | null => {
  if (value.kind === "object") {
    const { row, fixed } = value;
    if (row === null) return null;
    const current = leavesOf(row.columns).every((leaf, k) =>
      leaf.replaced.slice(row.epochs[k]).every((change) => change.depth > row.columns.depth),
    );
    return { kind: "object", root: row.columns, index: [row.index], current, fixed };
  }
  const rows = value.kind === "array" && value.held.kind === "staged" ? value.held.rows : value;
  if (
    rows.kind !== "tensor" ||
    rows.view === null ||
    rows.view.start !== null ||
    rows.v.type.shape.length === 0
  )
    return null;
  const { base, index, epoch } = rows.view;
  const kind = value.kind === "array" ? "array" : "tensor";
  const fixed = value.kind === "array" ? value.fixed : rows.fixed;
  return { kind, root: base, index, current: base.replaced.length === epoch, fixed };
};

/** The arrays of the program that a row is in. */
export const rootsOf = ({ root }: Place): readonly TensorValue[] =>
  root.kind === "tensor" ? [root] : leavesOf(root);

/** The row of a place at other indices. */
export const rowAtPlace = (site: Site, { kind, root, fixed }: Place, index: readonly Index[]): Value => {
  if (root.kind === "record") return rowObject(site, root, index[0] ?? 0, fixed);
  const view = index.reduce<TensorValue>((x, i) => viewOf(site, x, i), root);
  view.fixed = fixed;
  if (kind === "tensor") return view;
  const array = stagedArray(site, view);
  array.fixed = fixed;
  return array;
};

/** Whether two places are rows of one array, taken alike. */
export const samePlace = (a: Place, b: Place): boolean =>
  a.kind === b.kind && a.root === b.root && a.index.length === b.index.length && a.fixed === b.fixed;

/** `a === b` for rows of arrays; null where neither is one. */
export const sameRow = (site: Site, a: Value, b: Value): Value | null => {
  if (a === b) return null;
  const [p, q] = [placeOf(a), placeOf(b)];
  const isJs = (value: Value): boolean => value.kind !== "tensor" || value.hostArray;
  if ((p === null && q === null) || !isJs(a) || !isJs(b)) return null;
  if (p === null || q === null || p.root !== q.root || p.index.length !== q.index.length)
    return a.kind === "tensor" && b.kind === "tensor" ? null : staticValue(false);
  if (!p.current || !q.current)
    return refuse(
      site,
      "TSJ1043",
      "rows are compared after rows of their array were replaced: whether they are the same is known only at run time",
      "compare their indices",
    );
  const { builder } = site.machine;
  let equal: Value = staticValue(true);
  p.index.forEach((i, k) => {
    const j = q.index[k] ?? 0;
    if (typeof i === "number" && typeof j === "number") {
      if (i !== j) equal = staticValue(false);
      return;
    }
    if (equal.kind === "static" && equal.value === false) return;
    const [x, y] = [i, j].map((n) =>
      typeof n === "number" ? builder.scalar(n, "f64") : builder.cast(varOf(site, n), "f64"),
    );
    if (x === undefined || y === undefined) return;
    const one = builder.eq(x, y);
    const v = equal.kind === "tensor" ? builder.and(equal.v, one) : one;
    equal = tensorOf(site, v, { weak: true });
  });
  return equal;
};
