/**
 * The form of a value that a region leaves behind: which parts are equal on all paths, and which become results of the
 * region's equation. Two values have a common form if one staged value can hold either.
 */
import { sameShape, type TensorType, typeText } from "../ir/types.js";
import { describe } from "./describe.js";
import { isUnknown } from "./faults.js";
import { type Identity, identityOf, isMutable, type Meeting, type Side } from "./identities.js";
import { type Place, placeOf, rootsOf, samePlace } from "./places.js";
import { mergedDType } from "./promote.js";
import { isLeaf } from "./tensors.js";
import {
  type ArrayValue,
  type ClassValue,
  isNullish,
  isStatic,
  lengthOf,
  type Need,
  type StaticValue,
  type Store,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";
import type { Index } from "./views.js";

export interface LeafForm {
  readonly kind: "leaf";
  readonly type: TensorType;
  readonly weak: boolean;
  readonly hostArray: boolean;
  readonly store: Store | null;
  /** An array of JavaScript's that is held as one staged array. */
  readonly rows: boolean;
  readonly identity: Identity;
}

export type Form =
  | { readonly kind: "same"; readonly value: Value }
  | LeafForm
  | { readonly kind: "array"; readonly items: readonly Form[]; readonly identity: Identity }
  | {
      readonly kind: "object";
      readonly keys: readonly string[];
      readonly fields: readonly Form[];
      readonly type: ClassValue | null;
      readonly identity: Identity;
    }
  /** A value that some paths do not have: a flag says whether it is there. */
  | { readonly kind: "maybe"; readonly value: Form; readonly missing: StaticValue; readonly reason: string }
  /** A row of one array, whichever it is. */
  | { readonly kind: "row"; readonly place: Place; readonly index: readonly RowIndex[] }
  /** `unknown`: why a path's value is unknown. */
  | { readonly kind: "unmerged"; readonly reason: string; readonly unknown: readonly Need[] | null };

/** An index that is known, or one that is computed: `whole`, where it is known to be. */
type RowIndex = { readonly known: number } | { readonly known: null; readonly whole: boolean };

const unmerged = (reason: string, unknown: readonly Need[] | null = null): Form => ({
  kind: "unmerged",
  reason,
  unknown,
});
const differ = (a: Value, b: Value): Form =>
  unmerged(`${describe(a)} on one path and ${describe(b)} on another`);

/** The common form of two values; a null side takes the other's. */
export const join = (meeting: Meeting, a: Side, b: Side): Form => {
  if (a === null) return b === null ? { kind: "same", value: UNDEFINED } : single(meeting, b);
  if (b === null) return single(meeting, a);
  if (a === b) return { kind: "same", value: a };
  const maybe = joinMaybe(meeting, a, b);
  if (maybe !== null) return maybe;
  if (a.kind === "unmerged" || b.kind === "unmerged") {
    const unknown = [a, b].find(isUnknown) ?? null;
    return unmerged(a.kind === "unmerged" ? a.reason : b.kind === "unmerged" ? b.reason : "", unknown?.needs);
  }
  if (isStatic(a) && isStatic(b) && Object.is(a.value, b.value)) return { kind: "same", value: a };
  const [p, q] = [placeOf(a), placeOf(b)];
  if (p !== null && q !== null && isStable(meeting, p) && isStable(meeting, q) && samePlace(p, q))
    return rowForm(meeting, p, [q]);
  if (isLeaf(a) && isLeaf(b)) return joinLeaves(meeting, a, b);
  if (a.kind === "array" && b.kind === "array") return joinArrays(meeting, a, b);
  if (a.kind === "object" && b.kind === "object") {
    const keys = [...a.props.keys()];
    if (a.type !== b.type || keys.length !== b.props.size || keys.some((k) => !b.props.has(k)))
      return unmerged("objects of different structures on different paths");
    const identity = identityOf(meeting, [a, b]);
    const fields = keys.map((k) => join(meeting, a.props.get(k) ?? null, b.props.get(k) ?? null));
    return { kind: "object", keys, fields, type: a.type, identity };
  }
  if (a.kind === "host" && b.kind === "host" && a.value === b.value) return { kind: "same", value: a };
  if (a.kind === "function" && b.kind === "function" && sameFunction(a, b)) return { kind: "same", value: a };
  return differ(a, b);
};

/** What is missing on some path, and the value on the others; null where neither side misses anything. */
const joinMaybe = (meeting: Meeting, a: Value, b: Value): Form | null => {
  const [p, q] = [partsOf(a), partsOf(b)];
  const missing = p.missing ?? q.missing;
  const isDecided = p.value === null && q.value === null;
  if (missing === null || isDecided || (a.kind === "unmerged" && a.maybe === undefined)) return null;
  if (b.kind === "unmerged" && b.maybe === undefined) return null;
  if (p.missing !== null && q.missing !== null && p.missing.value !== q.missing.value) return null;
  const value = join(meeting, p.value, q.value);
  const isSimple =
    (value.kind === "leaf" && value.type.shape.length === 0) ||
    value.kind === "object" ||
    (value.kind === "same" && (isLeaf(value.value) || value.value.kind === "object"));
  const reason = `${describe(p.value ?? q.value ?? a)} on one path and ${describe(missing)} on another`;
  return isSimple ? { kind: "maybe", value, missing, reason } : null;
};

export const partsOf = (v: Value): { readonly value: Side; readonly missing: StaticValue | null } => {
  if (v.kind === "unmerged" && v.maybe !== undefined) return v.maybe;
  return isNullish(v) && isStatic(v) ? { value: null, missing: v } : { value: v, missing: null };
};

const sameFunction = (a: Value & { kind: "function" }, b: Value & { kind: "function" }): boolean =>
  (a.callee.kind === "host" && b.callee.kind === "host" && a.callee.fn === b.callee.fn) ||
  (a.callee.kind === "closure" &&
    b.callee.kind === "closure" &&
    a.callee.node === b.callee.node &&
    a.callee.env === b.callee.env) ||
  (a.callee.kind === "class" && b.callee.kind === "class" && a.callee.type === b.callee.type);

const rowForm = ({ site }: Meeting, place: Place, others: readonly Place[]): Form => {
  const whole = (i: Index | undefined): boolean => typeof i !== "object" || site.machine.integral.has(i.v);
  const index = place.index.map((i, k): RowIndex => {
    const all = [i, ...others.map((p) => p.index[k])];
    if (typeof i === "number" && all.every((j) => j === i)) return { known: i };
    return { known: null, whole: all.every(whole) };
  });
  return { kind: "row", place, index };
};

/** Whether a row can be told by its index where paths meet: its array is older, and no row of it was replaced. */
const isStable = (meeting: Meeting, place: Place): boolean =>
  place.current && rootsOf(place).every((root) => root.born <= meeting.since);

/** The form of a value that is there on one path only. */
const single = (meeting: Meeting, value: Value): Form => {
  const older = "born" in value && value.born <= meeting.since && isMutable(value);
  if (older) return { kind: "same", value };
  const place = placeOf(value);
  if (place !== null && isStable(meeting, place)) return rowForm(meeting, place, []);
  switch (value.kind) {
    case "tensor":
      return leaf(meeting, value.v.type, value, [value]);
    case "array": {
      if (value.held.kind === "staged")
        return leaf(meeting, value.held.rows.v.type, value.held.rows, [value], true);
      if (value.held.kind !== "list") return unmerged("an array that grows, or one of objects, on one path");
      const identity = identityOf(meeting, [value]);
      return { kind: "array", items: value.held.list.map((item) => single(meeting, item)), identity };
    }
    case "object": {
      const keys = [...value.props.keys()];
      const fields = keys.map((k) => single(meeting, value.props.get(k) ?? UNDEFINED));
      return { kind: "object", keys, fields, type: value.type, identity: identityOf(meeting, [value]) };
    }
    default:
      return { kind: "same", value };
  }
};

const leaf = (
  meeting: Meeting,
  type: TensorType,
  like: { readonly weak: boolean; readonly hostArray: boolean; readonly store: Store | null },
  sides: readonly Side[],
  rows = false,
): LeafForm => {
  const { weak, hostArray, store } = like;
  return { kind: "leaf", type, weak, hostArray, store, rows, identity: identityOf(meeting, sides) };
};

const isWeak = (v: Value): boolean => v.kind !== "tensor" || v.weak;
const isBool = (v: Value): boolean =>
  v.kind === "tensor" ? v.v.type.dtype === "bool" : isStatic(v) && typeof v.value === "boolean";
const shapeOf = (v: Value): readonly number[] => (v.kind === "tensor" ? v.v.type.shape : []);
const nameOf = (v: Value): string => (isStatic(v) ? `a ${typeof v.value}` : describe(v));

const joinLeaves = (meeting: Meeting, a: Value, b: Value): Form => {
  const shape = shapeOf(a);
  const sameKind = isBool(a) === isBool(b) || !isWeak(a) || !isWeak(b);
  if (!sameShape(shape, shapeOf(b)) || !sameKind)
    return unmerged(`${nameOf(a)} on one path and ${nameOf(b)} on another`);
  const dtype = mergedDType(meeting.site, [a, b]);
  if (dtype === null) return unmerged(`${nameOf(a)} on one path and ${nameOf(b)} on another`);
  const hostArray = [a, b].every((v) => v.kind === "tensor" && v.hostArray);
  const stores = [a, b].map((v) => (v.kind === "tensor" ? v.store : null));
  if (stores[0] !== stores[1] && shape.length > 0 && stores.some((s) => s !== null))
    return unmerged("arrays of different kinds on different paths");
  const like = { weak: isWeak(a) && isWeak(b), hostArray, store: stores[0] ?? null };
  return leaf(meeting, { dtype, shape }, like, [a, b]);
};

const joinArrays = (meeting: Meeting, a: ArrayValue, b: ArrayValue): Form => {
  if (lengthOf(a) !== lengthOf(b))
    return unmerged(`an array of ${lengthOf(a)} on one path and of ${lengthOf(b)} on another`);
  if (a.held.kind === "list" && b.held.kind === "list") {
    const other = b.held.list;
    const identity = identityOf(meeting, [a, b]);
    const items = a.held.list.map((item, k) => join(meeting, item, other[k] ?? UNDEFINED));
    return { kind: "array", items, identity };
  }
  const staged = [a, b].flatMap((x) => (x.held.kind === "staged" ? [x.held.rows] : []));
  const [first] = staged;
  const lists = [a, b].flatMap((x) => (x.held.kind === "list" ? [x.held.list] : []));
  const alike =
    staged.every(
      (x) => first !== undefined && typeText(x.v.type) === typeText(first.v.type) && x.weak === first.weak,
    ) && lists.every((list) => list.every((item) => first !== undefined && isItemOf(first, item)));
  if (first === undefined || !alike) return unmerged("arrays of different kinds on different paths");
  return leaf(meeting, first.v.type, first, [a, b], true);
};

/** Whether a number or boolean can be an element of a staged array of rank 1. */
const isItemOf = (rows: TensorValue, item: Value): boolean =>
  rows.v.type.shape.length === 1 &&
  isLeaf(item) &&
  isWeak(item) === rows.weak &&
  isBool(item) === (rows.v.type.dtype === "bool") &&
  shapeOf(item).length === 0;
