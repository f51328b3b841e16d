/**
 * Dtype promotion and broadcasting. JavaScript numbers are weak: they take the dtype of the arrays they meet.
 *   f32 with f64: f64;  integer with float: the float;  bool: i32 in arithmetic;  i32 with u32: refused
 *   an integer constant with i32 or u32 stays in it, any other number makes f32;  numbers alone are f64
 */
import { type DType, isFloat, type Shape, sameShape, type Var } from "../ir/types.js";
import { originsOf, refuse, type Site } from "./machine.js";
import { type Constant, constantOf, constantVar, lift, varOf } from "./tensors.js";
import type { TensorValue, Value } from "./values.js";

/**
 * - `arithmetic`: bool counts as i32
 * - `float`: the result is a float (division, Math.exp)
 * - `order`: compared exactly: integers meet fractions in f64
 * - `any`: bool stays bool if all operands are (equality, selection)
 */
export type Mode = "arithmetic" | "float" | "order" | "equality" | "any";

export interface Promoted {
  readonly vars: readonly Var[];
  readonly dtype: DType;
  readonly shape: Shape;
  /** All operands were JavaScript numbers: so is the result. */
  readonly weak: boolean;
}

type Operand =
  | { readonly kind: "constant"; readonly constant: Constant }
  | { readonly kind: "tensor"; readonly tensor: TensorValue };

const operandOf = (site: Site, value: Value, what: string): Operand => {
  const constant = constantOf(value);
  if (constant !== null) return { kind: "constant", constant };
  return { kind: "tensor", tensor: lift(site, value, what) };
};

const INT_RANGE = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;
const fits = (dtype: "i32" | "u32", { data }: Constant): boolean =>
  data.every((x) => Number.isInteger(x) && x >= INT_RANGE[dtype][0] && x <= INT_RANGE[dtype][1]);

/** The dtype of strong operands together; null if there are none. */
const strongDType = (site: Site, operands: readonly Operand[], what: string): DType | null => {
  let dtype: DType | null = null;
  for (const o of operands) {
    if (o.kind !== "tensor" || o.tensor.weak) continue;
    const next = o.tensor.v.type.dtype;
    if (dtype === null || dtype === next) dtype = next;
    else if (dtype === "bool" || next === "bool") dtype = dtype === "bool" ? next : dtype;
    else if (isFloat(dtype) || isFloat(next)) dtype = dtype === "f64" || next === "f64" ? "f64" : "f32";
    else
      refuse(
        site,
        "TSJ2102",
        `${what} of i32 and u32: neither holds the other's values`,
        "cast one of them: x.astype('i32')",
      );
  }
  return dtype;
};

const isBool = (o: Operand): boolean =>
  o.kind === "constant" ? o.constant.bool : o.tensor.v.type.dtype === "bool";

/** The common dtype. */
const commonDType = (site: Site, operands: readonly Operand[], mode: Mode, what: string): DType => {
  const keepBool = (mode === "any" || mode === "equality") && operands.every(isBool);
  if (keepBool) return "bool";
  const strong = strongDType(site, operands, what);
  if (strong === null) return "f64";
  if (isFloat(strong)) return strong;
  const integer: "i32" | "u32" = strong === "bool" ? "i32" : strong;
  const inexact = operands.some((o) =>
    o.kind === "constant" ? !fits(integer, o.constant) : o.tensor.weak && o.tensor.v.type.dtype !== "bool",
  );
  if (inexact) return mode === "order" || mode === "equality" ? "f64" : "f32";
  return mode === "float" ? "f32" : integer;
};

const shapeOf = (o: Operand): Shape => (o.kind === "constant" ? o.constant.shape : o.tensor.v.type.shape);
const shapeText = (s: Shape): string => `[${s.join(", ")}]`;

/** NumPy's rule: aligned at the last axis, sizes are equal or 1. */
export const broadcastShapes = (
  site: Site,
  shapes: readonly Shape[],
  values: readonly Value[],
  what: string,
): Shape => {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, k) => {
    const sizes = shapes.map((s) => s[k - rank + s.length] ?? 1).filter((d) => d !== 1);
    const [size = 1] = sizes;
    if (sizes.some((d) => d !== size))
      refuse(
        site,
        "TSJ2101",
        `${what}: shapes ${shapes
          .filter((s) => s.length > 0)
          .map(shapeText)
          .join(" and ")} do not broadcast`,
        "sizes must be equal or 1, counted from the last axis",
        originsOf(values),
      );
    return size;
  });
};

/** One operand in the common type. */
const convert = (site: Site, o: Operand, dtype: DType, shape: Shape): Var => {
  const { builder } = site.machine;
  if (o.kind === "constant") {
    const [first] = o.constant.data;
    if (o.constant.shape.length === 0 && first !== undefined)
      return builder.splat(toDType(first, dtype), { dtype, shape });
    const typed = { ...o.constant, data: o.constant.data.map((x) => toDType(x, dtype)) };
    return spread(site, constantVar(site, typed, dtype), shape);
  }
  return spread(site, builder.cast(varOf(site, o.tensor), dtype), shape);
};

const toDType = (x: number, dtype: DType): number =>
  dtype === "f32" ? Math.fround(x) : dtype === "bool" ? Number(x !== 0) : x;

/** To `shape`, the operand's axes being the last ones. */
export const spread = ({ machine: { builder } }: Site, v: Var, shape: Shape): Var =>
  sameShape(v.type.shape, shape)
    ? v
    : builder.broadcast(
        v,
        shape,
        v.type.shape.map((_, k) => k + shape.length - v.type.shape.length),
      );

/** The operands with equal dtypes and shapes. `what` names the operation in messages. */
export const promote = (site: Site, values: readonly Value[], mode: Mode, what: string): Promoted => {
  const operands = values.map((value) => operandOf(site, value, `an operand of ${what}`));
  const dtype = commonDType(site, operands, mode, what);
  const shape = broadcastShapes(site, operands.map(shapeOf), values, what);
  return {
    vars: operands.map((o) => convert(site, o, dtype, shape)),
    dtype,
    shape,
    weak: operands.every((o) => o.kind === "constant" || o.tensor.weak),
  };
};

/** A number operand of a bit operation: as i32, or u32 where all arrays are. */
export const integerDType = (site: Site, values: readonly Value[], what: string): DType => {
  const operands = values.map((value) => operandOf(site, value, `an operand of ${what}`));
  return strongDType(site, operands, what) ?? "f64";
};

/** The dtype that holds either value; null where the operators have none. */
export const mergedDType = (site: Site, values: readonly Value[]): DType | null => {
  const operands = values.map((value): Operand => {
    const constant = constantOf(value);
    if (constant !== null) return { kind: "constant", constant };
    return value.kind === "tensor" ? { kind: "tensor", tensor: value } : operandOf(site, value, "a result");
  });
  const strong = operands.flatMap((o) =>
    o.kind === "tensor" && !o.tensor.weak ? [o.tensor.v.type.dtype] : [],
  );
  if (strong.includes("i32") && strong.includes("u32")) return null;
  return commonDType(site, operands, "any", "a result");
};
