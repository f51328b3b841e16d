/**
 * What the library is built on besides the primitives: three intrinsics that look at a value's kind, and static
 * helpers for shapes and axes (calls with static arguments run natively at compile time).
 */
import { fail } from "../../compiler/diagnostics.js";
import { register } from "../../compiler/frontend/registry.js";
import type { Shape } from "../../compiler/ir/types.js";
import type { Operand, Tensor } from "../types.js";
import { prim } from "./prim.js";

const onlyCompiled = (name: string): never =>
  fail("TSJ4001", "unsupported", `${name} is only available inside compiled code`);

/**
 * A number or nested array as a staged value; what is staged already is returned as it is. A plain number stays weak
 * (it takes the dtype of the arrays it meets).
 */
export const lift: (x: Operand) => Tensor = register((_x: Operand): Tensor => onlyCompiled("lift"), {
  kind: "intrinsic",
  id: "lift",
});

/** As `lift`; integers and bools become f32. */
export const floating = (x: Operand): Tensor => {
  const v = lift(x);
  return v.dtype === "f32" || v.dtype === "f64" ? v : prim.cast(v, { dtype: "f32" });
};

/** The operands with NumPy's broadcasting and the promoted dtype applied: equal shapes, equal dtypes. */
export const promote: (...xs: readonly Operand[]) => readonly Tensor[] = register(
  (..._xs: readonly Operand[]): readonly Tensor[] => onlyCompiled("promote"),
  { kind: "intrinsic", id: "promote" },
);

/** The operands in their promoted dtype, shapes as they are: each meets a zero of the others' dtypes. Numbers stay weak. */
export const sameDtype = (...xs: readonly Tensor[]): readonly Tensor[] => {
  const probes = promote(
    ...xs.map((x) => (x.ndim === 0 ? x : prim.const({ value: 0, dtype: x.dtype, shape: [] }))),
  );
  return xs.map((x, k) => prim.cast(x, { dtype: (probes[k] as Tensor).dtype }));
};

/** True for a number or a staged value, false for an array or object that holds others: the leaves of a tree. */
export const isLeaf: (x: unknown) => boolean = register((_x: unknown): boolean => onlyCompiled("isLeaf"), {
  kind: "intrinsic",
  id: "isLeaf",
});

export type Axis = number | readonly number[];

/** An axis in -rank..rank-1 as 0..rank-1. */
export const normalizeAxis = (axis: number, rank: number): number => {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    return fail("TSJ2010", "shape", `axis ${axis} is out of range for rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
};

/** One axis as a list of one. */
export const axisList = (axis: Axis): readonly number[] =>
  Array.isArray(axis) ? (axis as readonly number[]) : [axis as number];

/** Ascending, each once; undefined is all axes. */
export const normalizeAxes = (axis: Axis | undefined | null, rank: number): readonly number[] => {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, k) => k);
  const list = axisList(axis).map((a) => normalizeAxis(a, rank));
  if (new Set(list).size !== list.length)
    return fail("TSJ2011", "shape", `an axis is named twice in [${list.join(", ")}]`);
  return [...list].sort((a, b) => a - b);
};

/** The shape with `axes` kept as size 1. */
export const keepDims = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((d, k) => (axes.includes(k) ? 1 : d));

/** Product of the sizes of `axes`. */
export const countOf = (shape: Shape, axes: readonly number[]): number =>
  axes.reduce((n, a) => n * (shape[a] ?? 1), 1);

/** Replaces a single -1 by the size that makes the counts equal. */
export const inferShape = (shape: number | readonly number[], from: Shape): Shape => {
  const wanted = typeof shape === "number" ? [shape] : shape;
  const size = from.reduce((n, d) => n * d, 1);
  const open = wanted.filter((d) => d === -1).length;
  const known = wanted.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const bad = wanted.some((d) => !Number.isInteger(d) || d < -1) || open > 1;
  if (bad || (open === 0 ? known !== size : known === 0 || size % known !== 0))
    return fail(
      "TSJ2012",
      "shape",
      `cannot reshape [${from.join(", ")}] (${size} elements) to [${wanted.join(", ")}]`,
    );
  return wanted.map((d) => (d === -1 ? size / known : d));
};

/** NumPy's broadcast of shapes; throws where they don't fit. */
export const broadcastShapes = (...shapes: readonly Shape[]): Shape => {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, k) => {
    const sizes = shapes.map((s) => s[k - rank + s.length] ?? 1).filter((d) => d !== 1);
    if (sizes.some((d) => d !== sizes[0]))
      return fail(
        "TSJ2013",
        "shape",
        `shapes ${shapes.map((s) => `[${s.join(", ")}]`).join(" and ")} do not broadcast`,
      );
    return sizes[0] ?? 1;
  });
};

/** Which axes of a broadcast result the operand's axes become: the last ones. */
export const trailingAxes = (rank: number, resultRank: number): readonly number[] =>
  Array.from({ length: rank }, (_, k) => k + resultRank - rank);

/** 0, 1, .., n-1. */
export const range = (n: number): readonly number[] => Array.from({ length: n }, (_, k) => k);

/** Refuses an options argument that is no object, and names that `of` does not know: a misspelt option would do nothing. */
export const requireOptions = (of: string, options: unknown, names: readonly string[]): void => {
  if (typeof options !== "object" || options === null)
    fail("TSJ4040", "type", `the options of ${of} are an object: { ${names.join(", ")} }`);
  const unknown = Object.keys(options as object).find((name) => !names.includes(name));
  if (unknown !== undefined)
    fail("TSJ4041", "type", `${of} has no option \`${unknown}\`: it has ${names.join(", ")}`);
};

/** A shape argument: a number or a list of sizes >= 0. */
export const shapeArgument = (shape: number | readonly number[]): Shape => {
  const list = typeof shape === "number" ? [shape] : shape;
  if (!Array.isArray(list) || list.some((d) => !Number.isInteger(d) || d < 0))
    return fail("TSJ2014", "shape", `a shape is a list of whole numbers >= 0, not [${String(list)}]`);
  return list;
};
