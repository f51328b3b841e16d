/** Making staged values: from results of operations, numbers and nested arrays. */
import { type DType, type Shape, sameShape, sizeOf, typeText, type Var } from "../ir/types.js";
import { describe } from "./describe.js";
import { openHost } from "./hosts.js";
import { NeedStatic, refuse, type Site } from "./machine.js";
import { numberOf } from "./maybe.js";
import { settled } from "./settled.js";
import {
  arrayOf,
  type Need,
  nextSerial,
  type Origin,
  type Store,
  type TensorValue,
  type UnmergedValue,
  type Value,
} from "./values.js";
import { refreshed } from "./views.js";

export interface TensorOptions {
  readonly weak?: boolean;
  readonly hostArray?: boolean;
  readonly needs?: readonly Need[] | null;
  readonly origin?: Origin | null;
  readonly store?: Store | null;
  readonly holes?: boolean;
}

export const tensorOf = ({ machine }: Site, v: Var, options: TensorOptions = {}): TensorValue => ({
  kind: "tensor",
  v,
  weak: options.weak ?? false,
  hostArray: options.hostArray ?? false,
  needs: options.needs ?? null,
  origin: options.origin ?? null,
  builder: machine.builder,
  fixed: null,
  born: nextSerial(),
  mayBe: [],
  store: options.store ?? null,
  holes: options.holes ?? false,
  view: null,
  replaced: [],
});

/** The value in the program under construction; refuses one that left the transform it was computed in. */
export const varOf = (site: Site, value: TensorValue): Var => {
  if (value.fixed === "moved") refuseMoved(site);
  if (value.view !== null) return refreshed(site, value);
  if (!site.machine.open.has(value.builder))
    refuse(
      site,
      "TSJ1061",
      "this value was computed inside a function that grad, vmap, jvp or vjp transforms, and it left that function by an assignment",
      "return it from the function instead (hasAux hands extra results through)",
    );
  return value.v;
};

/** An array under a name that it lost on some path. */
export const refuseMoved = (site: Site): never =>
  refuse(
    site,
    "TSJ1024",
    "this array may be the one that was written to under another name: which of the two it is, is known only at run time",
    "give each array one name, or copy it: x.slice()",
  );

/** What the result of an operation depends on: known if every operand's dependence is. */
const MAX_NEEDS = 64;
export const needsOf = (operands: readonly Value[]): readonly Need[] | null => {
  const all = new Set<Need>();
  for (const operand of operands) {
    if (operand.kind === "static") continue;
    if (operand.kind === "array" && operand.held.kind !== "list") return null;
    if (operand.kind === "array") {
      const inner = needsOf(operand.items);
      if (inner === null) return null;
      for (const need of inner) all.add(need);
      continue;
    }
    if (operand.kind !== "tensor" || operand.needs === null) return null;
    for (const need of operand.needs) all.add(need);
  }
  return all.size === 0 || all.size > MAX_NEEDS ? null : [...all];
};

/** The result of an operation on `operands`. */
export const derived = (site: Site, operands: readonly Value[], v: Var, weak: boolean): TensorValue =>
  tensorOf(site, v, { weak, needs: needsOf(operands) });

/** A constant array: row-major numbers. */
export interface Constant {
  readonly data: readonly number[];
  readonly shape: Shape;
  /** All booleans. */
  readonly bool: boolean;
}

/** A number, boolean or regular nested array of these known now; null for everything else. */
export const constantOf = (value: Value): Constant | null => {
  if (value.kind === "static") {
    if (typeof value.value === "number") return { data: [value.value], shape: [], bool: false };
    return typeof value.value === "boolean" ? { data: [Number(value.value)], shape: [], bool: true } : null;
  }
  if (value.kind !== "array" || value.held.kind !== "list") return null;
  const parts = value.items.map(constantOf);
  const first = parts[0];
  if (first === undefined) return { data: [], shape: [0], bool: false };
  const regular: Constant[] = [];
  for (const part of parts) {
    if (part === null || first === null || !sameShape(part.shape, first.shape)) return null;
    regular.push(part);
  }
  return {
    data: regular.flatMap((p) => p.data),
    shape: [parts.length, ...(first?.shape ?? [])],
    bool: regular.every((p) => p.bool),
  };
};

/** The constant as a value of the program. */
export const constantVar = ({ machine: { builder } }: Site, c: Constant, dtype: DType): Var => {
  const [first] = c.data;
  if (first !== undefined && c.data.every((x) => Object.is(x, first)))
    return builder.splat(first, { dtype, shape: c.shape });
  return sizeOf(c.shape) === 0
    ? builder.splat(0, { dtype, shape: c.shape })
    : builder.emit("literal", [], { data: c.data, dtype, shape: c.shape });
};

/** A value that no staged value can stand for: its paths are decided at compile time if that is possible. */
export const refuseUnmerged = (site: Site, { reason, needs, span, maybe }: UnmergedValue): never => {
  if (needs !== null && needs.length > 0) throw new NeedStatic(needs);
  return refuse(
    site,
    "TSJ1103",
    `this is ${reason}, and which path is taken is known only at run time`,
    maybe !== undefined
      ? `say what it is then: x ?? 0, or test it first: if (x === ${String(maybe.missing.value)}) ...`
      : reason.includes("the function")
        ? "call each of them on its own path: condition ? f(x) : g(x)"
        : null,
    span === null ? [] : [{ message: "the paths meet here", span }],
  );
};

/** Refuses a value whose kind, length or fields differ between paths, or that was written to under another name on one. */
export const requireMerged = (site: Site, value: Value): undefined => {
  if (value.kind === "unmerged") return refuseUnmerged(site, value);
  if (value.kind !== "array" && value.kind !== "object") return;
  if (value.spoilt !== null) return refuseUnmerged(site, value.spoilt);
  if (value.fixed === "moved") return refuseMoved(site);
};

const notArray = (site: Site, value: Value, what: string): never =>
  refuse(
    site,
    "TSJ1052",
    `${what} is ${describe(value)}, not a number or an array`,
    value.kind === "static" ? null : "write out which of its numbers is meant",
  );

/**
 * A number, array or staged value as a staged value: numbers stay weak, nested arrays of staged values are stacked.
 * `what` names it in the message.
 */
export const lift = (site: Site, value: Value, what = "the operand"): TensorValue => {
  if (value.kind === "tensor") {
    varOf(site, value);
    return value;
  }
  if (value.kind !== "unmerged") requireMerged(site, value);
  const constant = constantOf(value);
  if (constant !== null)
    return tensorOf(site, constantVar(site, constant, constant.bool ? "bool" : "f64"), { weak: true });
  if (value.kind === "host") return lift(site, openHost(site, value), what);
  if (value.kind === "unmerged") {
    const number = value.maybe === undefined ? null : numberOf(site, value.maybe);
    return number ?? refuseUnmerged(site, value);
  }
  if (value.kind !== "array") return notArray(site, value, what);
  if (value.held.kind === "grown") return lift(site, settled(site, value), what);
  if (value.held.kind === "staged") return lift(site, value.held.rows, what);
  return stack(site, value.items, what);
};

const stack = (site: Site, items: readonly Value[], what: string): TensorValue => {
  const { builder } = site.machine;
  const parts = items.map((item) => lift(site, item, `an element of ${what}`));
  const weak = parts.every((p) => p.weak);
  const vars = weak ? parts.map((p) => builder.cast(p.v, "f64")) : sameTypes(site, parts, what);
  const shape = vars[0]?.type.shape ?? [];
  const odd = vars.find((v) => !sameShape(v.type.shape, shape));
  if (odd !== undefined)
    refuse(
      site,
      "TSJ2103",
      `${what} is ragged: it has elements of shapes [${shape.join(", ")}] and [${odd.type.shape.join(", ")}]`,
    );
  const rows = vars.map((v) => builder.reshape(v, [1, ...shape]));
  const joined =
    rows.length === 1 && rows[0] !== undefined ? rows[0] : builder.emit("concat", rows, { axis: 0 });
  return tensorOf(site, joined, { weak, needs: needsOf([arrayOf(items)]) });
};

/** Elements of one array: weak ones take the dtype of the others, which must agree. */
const sameTypes = (site: Site, parts: readonly TensorValue[], what: string): readonly Var[] => {
  const { builder } = site.machine;
  const dtype = parts.find((p) => !p.weak)?.v.type.dtype ?? "f64";
  return parts.map((p) => {
    if (!p.weak && p.v.type.dtype !== dtype)
      refuse(site, "TSJ1052", `${what} mixes ${dtype} with ${typeText(p.v.type)}`, "cast one of them");
    return builder.cast(p.v, dtype);
  });
};

/** True for what the language treats as one leaf: a number, boolean or staged value. */
export const isLeaf = (value: Value): boolean =>
  value.kind === "tensor" ||
  (value.kind === "static" && (typeof value.value === "number" || typeof value.value === "boolean"));
