/** One op on arrays, through its shape rule and its reference evaluation. */
import assert from "node:assert/strict";
import { type DType, type OpName, type OpParams, type Shape, typeText } from "../../compiler/ir/types.js";
import { opTable } from "../../compiler/ops/index.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import { type NdArray, ShapeError } from "../../compiler/ops/op.js";

/** The result; its type must be the one that the shape rule gives. */
export const apply = <K extends OpName>(op: K, inputs: readonly NdArray[], params: OpParams[K]): NdArray => {
  const type = opTable[op].infer(inputs, params);
  const out = opTable[op].eval(inputs, params);
  assert.equal(typeText(out), typeText(type), op);
  return out;
};

export const f32 = (values: readonly number[], shape: Shape = [values.length]): NdArray =>
  ndarray("f32", shape, values);
export const f64 = (values: readonly number[], shape: Shape = [values.length]): NdArray =>
  ndarray("f64", shape, values);
export const i32 = (values: readonly number[], shape: Shape = [values.length]): NdArray =>
  ndarray("i32", shape, values);
export const u32 = (values: readonly number[], shape: Shape = [values.length]): NdArray =>
  ndarray("u32", shape, values);
export const bool = (values: readonly number[], shape: Shape = [values.length]): NdArray =>
  ndarray("bool", shape, values);

/** The elements as numbers, row-major. */
export const elements = (x: NdArray): readonly number[] => Array.from(x.data);

/** Elements 0, 1, 2, ... */
export const counting = (dtype: DType, shape: Shape): NdArray =>
  ndarray(
    dtype,
    shape,
    Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, k) => k),
  );

/** Every index of a shape, in row-major order. */
export const indicesOf = (shape: Shape): readonly (readonly number[])[] =>
  shape.reduce<readonly (readonly number[])[]>(
    (heads, n) => heads.flatMap((head) => Array.from({ length: n }, (_, k) => [...head, k])),
    [[]],
  );

/** The element at an index, by Horner's rule over the axes. */
export const elementAt = (x: NdArray, index: readonly number[]): number => {
  assert.equal(index.length, x.shape.length);
  const position = index.reduce((p, i, k) => p * (x.shape[k] ?? assert.fail()) + i, 0);
  return x.data[position] ?? assert.fail(`no element [${index}] in [${x.shape}]`);
};

/** An array from a function of the index. */
export const build = (dtype: DType, shape: Shape, f: (index: readonly number[]) => number): NdArray =>
  ndarray(dtype, shape, indicesOf(shape).map(f));

/** The shape rule refuses with this kind, and its text shows what `text` matches. */
export const refuses = <K extends OpName>(
  op: K,
  inputs: readonly NdArray[],
  params: OpParams[K],
  kind: "shape" | "type",
  text: RegExp,
): void => {
  assert.throws(
    () => opTable[op].infer(inputs, params),
    (e: unknown) => {
      assert.ok(e instanceof ShapeError, String(e));
      assert.equal(e.kind, kind, e.message);
      assert.match(e.message, text);
      assert.ok(e.message.startsWith(`${op}: `), e.message);
      return true;
    },
  );
};
