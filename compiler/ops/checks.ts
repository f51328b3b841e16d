/** What shape rules share: counts, dtypes, axes. Every refusal is a ShapeError that names the op and shows the types. */
import { isDType } from "../ir/params.js";
import {
  type AnyOp,
  BYTES,
  type DType,
  type OpName,
  type Shape,
  sameShape,
  type TensorType,
  typeText,
} from "../ir/types.js";
import { ShapeError } from "./op.js";

export const refuse = (op: AnyOp, message: string, kind: "shape" | "type" = "shape"): never => {
  throw new ShapeError(`${op}: ${message}`, kind);
};

const wrongCount = (op: AnyOp, wanted: string, got: number): never =>
  refuse(op, `takes ${wanted}, got ${got}`, "type");

/** No operands. */
export const zero = (op: AnyOp, xs: readonly unknown[]): void => {
  if (xs.length !== 0) wrongCount(op, "no operand", xs.length);
};
/** The only operand. */
export const one = <T>(op: AnyOp, xs: readonly T[]): T => {
  const [x] = xs;
  return x === undefined || xs.length !== 1 ? wrongCount(op, "one operand", xs.length) : x;
};
/** Both operands. */
export const two = <T>(op: AnyOp, xs: readonly T[]): readonly [T, T] => {
  const [x, y] = xs;
  return x === undefined || y === undefined || xs.length !== 2
    ? wrongCount(op, "two operands", xs.length)
    : [x, y];
};
/** All three operands. */
export const three = <T>(op: AnyOp, xs: readonly T[]): readonly [T, T, T] => {
  const [x, y, z] = xs;
  return x === undefined || y === undefined || z === undefined || xs.length !== 3
    ? wrongCount(op, "three operands", xs.length)
    : [x, y, z];
};

/** Refuses a dtype that is not among `allowed`. */
export const requireDType = (op: AnyOp, t: TensorType, allowed: readonly DType[]): void => {
  if (!allowed.includes(t.dtype))
    refuse(op, `is defined for ${allowed.join(", ")}, not for ${typeText(t)}`, "type");
};

/** A param that names a dtype, which untyped callers may have misspelt. */
export const requireKnownDType = (op: OpName, dtype: DType): void => {
  if (!isDType(dtype))
    refuse(op, `there is no dtype ${JSON.stringify(dtype)}: use ${Object.keys(BYTES).join(", ")}`, "type");
};

/** Equal dtypes, then equal shapes. */
export const requireEqual = (op: AnyOp, x: TensorType, y: TensorType): void => {
  if (x.dtype !== y.dtype) refuse(op, `dtypes differ: ${typeText(x)} and ${typeText(y)}`, "type");
  if (!sameShape(x.shape, y.shape)) refuse(op, `shapes differ: ${typeText(x)} and ${typeText(y)}`);
};

export const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/** Every size is an integer >= 0. */
export const requireShape = (op: AnyOp, shape: Shape): void => {
  if (!shape.every(isSize)) refuse(op, `shape [${shape.join(",")}] has a size that is not an integer >= 0`);
};

export const requireAxis = (op: AnyOp, axis: number, x: TensorType): void => {
  if (!Number.isInteger(axis) || axis < 0 || axis >= x.shape.length)
    refuse(op, `axis ${axis} is out of range for ${typeText(x)}`);
};

/** In range and each at most once. */
export const requireAxes = (op: AnyOp, axes: readonly number[], x: TensorType): void => {
  for (const axis of axes) requireAxis(op, axis, x);
  if (new Set(axes).size !== axes.length) refuse(op, `axes [${axes.join(",")}] name an axis twice`);
};

/** One entry per axis of `x`. */
export const requirePerAxis = (op: AnyOp, what: string, list: readonly number[], x: TensorType): void => {
  if (list.length !== x.shape.length)
    refuse(op, `${what} [${list.join(",")}] needs one entry per axis of ${typeText(x)}`);
};

/** A rank-0 i32, as indices of a block are. */
export const requireStart = (op: AnyOp, t: TensorType): void => {
  if (t.dtype !== "i32") refuse(op, `a start must be i32, not ${typeText(t)}`, "type");
  if (t.shape.length !== 0) refuse(op, `a start must have rank 0, not ${typeText(t)}`);
};

/** A scalar. */
export const requireRank0 = (op: AnyOp, what: string, t: TensorType): void => {
  if (t.shape.length !== 0) refuse(op, `${what} must have rank 0, not ${typeText(t)}`);
};
