/** What all items of an array have in common, so that arrays of the program can hold them. */
import { type Shape, sameShape, type TensorType } from "../ir/types.js";
import type { Columns, RecordColumns } from "./items.js";
import type { Site } from "./machine.js";
import { tensorOf } from "./tensors.js";
import { type ClassValue, isStatic, type Store, type TensorValue, UNDEFINED, type Value } from "./values.js";

export interface LeafLayout {
  readonly kind: "leaf";
  /** Of one item. */
  readonly type: TensorType;
  readonly weak: boolean;
  readonly hostArray: boolean;
  readonly store: Store | null;
}
export interface RecordLayout {
  readonly kind: "record";
  readonly keys: readonly string[];
  readonly fields: readonly Layout[];
  readonly type: ClassValue | null;
}
export type Layout = LeafLayout | RecordLayout | { readonly kind: "same"; readonly value: Value };

const scalar = (dtype: "f64" | "bool"): LeafLayout => ({
  kind: "leaf",
  type: { dtype, shape: [] },
  weak: true,
  hostArray: true,
  store: null,
});
const NUMBER = scalar("f64");
const BOOLEAN = scalar("bool");
export const NUMBERS: Layout = NUMBER;

const ofTensor = (x: TensorValue, drop: number): LeafLayout | null => {
  const { dtype, shape } = x.v.type;
  if (x.holes) return null;
  const { weak, hostArray, store } = x;
  const type: TensorType = { dtype, shape: shape.slice(drop) };
  return { kind: "leaf", type, weak, hostArray: drop === 0 && shape.length === 0 ? weak : hostArray, store };
};

const nested = (parts: readonly (Layout | null)[]): Layout | null => {
  const [first] = parts;
  if (first?.kind !== "leaf" || !first.weak || !parts.every((p) => p !== null && sameLayout(p, first)))
    return null;
  return { ...first, type: { ...first.type, shape: [parts.length, ...first.type.shape] } };
};

/** The layout of one value; null for one that no array of the program holds. */
export const layoutOf = (value: Value): Layout | null => {
  switch (value.kind) {
    case "static":
      if (typeof value.value === "number") return NUMBER;
      return typeof value.value === "boolean" ? BOOLEAN : { kind: "same", value };
    case "tensor":
      return ofTensor(value, 0);
    case "function":
      return { kind: "same", value };
    case "array": {
      const { held } = value;
      if (value.spoilt !== null) return null;
      if (held.kind === "list") return nested(held.list.map(layoutOf));
      return held.kind === "staged" ? ofTensor(held.rows, 0) : null;
    }
    case "object": {
      if (value.spoilt !== null) return null;
      if (value.row !== null) return itemLayout(value.row.columns);
      const keys = [...value.props.keys()];
      const fields = keys.flatMap((key) => layoutOf(value.props.get(key) ?? UNDEFINED) ?? []);
      return fields.length < keys.length ? null : { kind: "record", keys, fields, type: value.type };
    }
    case "host":
    case "unmerged":
      return null;
    default: {
      const never: never = value;
      return never;
    }
  }
};

/** The layout of the items of columns. */
export const itemLayout = (columns: Columns): Layout | null => {
  switch (columns.kind) {
    case "column":
      return ofTensor(columns.rows, 1);
    case "same":
      return columns;
    case "record": {
      const fields = columns.fields.flatMap((f) => itemLayout(f) ?? []);
      const { keys, type } = columns;
      return fields.length < keys.length ? null : { kind: "record", keys, fields, type };
    }
    default: {
      const never: never = columns;
      return never;
    }
  }
};

const sameHost = (a: Value, b: Value): boolean =>
  a === b ||
  (isStatic(a) && isStatic(b) && Object.is(a.value, b.value)) ||
  (a.kind === "function" &&
    b.kind === "function" &&
    ((a.callee.kind === "host" && b.callee.kind === "host" && a.callee.fn === b.callee.fn) ||
      (a.callee.kind === "closure" &&
        b.callee.kind === "closure" &&
        a.callee.node === b.callee.node &&
        a.callee.env === b.callee.env)));

export const sameLayout = (a: Layout, b: Layout): boolean => {
  if (a.kind === "leaf" && b.kind === "leaf")
    return (
      a.type.dtype === b.type.dtype &&
      sameShape(a.type.shape, b.type.shape) &&
      a.weak === b.weak &&
      (a.hostArray === b.hostArray || a.type.shape.length === 0) &&
      a.store === b.store
    );
  if (a.kind === "same" && b.kind === "same") return sameHost(a.value, b.value);
  if (a.kind !== "record" || b.kind !== "record") return false;
  return (
    a.type === b.type &&
    a.keys.length === b.keys.length &&
    a.keys.every((key, k) => {
      const [p, q] = [a.fields[k], b.fields[b.keys.indexOf(key)]];
      return p !== undefined && q !== undefined && sameLayout(p, q);
    })
  );
};

/** The one layout of all these values. */
export const commonLayout = (values: readonly Value[]): Layout | null => {
  const [first = null, ...rest] = values.map(layoutOf);
  if (first === null || rest.some((l) => l === null || !sameLayout(first, l))) return null;
  return first;
};

/** Whether there is an array of the program among the columns. */
export const hasLeaf = (layout: Layout): boolean =>
  layout.kind === "leaf" || (layout.kind === "record" && layout.fields.some(hasLeaf));

/** Columns of zeros for `n` items. */
export const emptyColumns = (site: Site, layout: Layout, n: number, depth = 0): Columns => {
  switch (layout.kind) {
    case "leaf": {
      const { type, weak, hostArray, store } = layout;
      const shape: Shape = [n, ...type.shape];
      const v = site.machine.builder.splat(0, { dtype: type.dtype, shape });
      return { kind: "column", rows: tensorOf(site, v, { weak, hostArray, store }) };
    }
    case "same":
      return layout;
    case "record":
      return emptyRecord(site, layout, n, depth);
    default: {
      const never: never = layout;
      return never;
    }
  }
};
const emptyRecord = (
  site: Site,
  { keys, fields, type }: RecordLayout,
  n: number,
  depth: number,
): RecordColumns => ({
  kind: "record",
  keys,
  fields: fields.map((f) => emptyColumns(site, f, n, depth + 1)),
  type,
  depth,
});
