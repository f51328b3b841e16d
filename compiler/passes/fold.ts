/** Constant folding: the reference evaluation of an op whose operands are all known. */
import {
  BINARY_OPS,
  type OpName,
  type OpParams,
  type Shape,
  sizeOf,
  type TensorType,
  UNARY_OPS,
  type Var,
} from "../ir/types.js";
import { opTable } from "../ops/index.js";
import type { NdArray } from "../ops/op.js";
import type { Fallback, Rewriter } from "./rewrite.js";

/** Arrays up to this size are evaluated at compile time; a splat counts as one element where the op is elementwise. */
export const FOLD_LIMIT = 16;

const ELEMENTWISE: ReadonlySet<OpName> = new Set<OpName>([
  ...UNARY_OPS,
  ...BINARY_OPS,
  "select",
  "cast",
  "bitcast",
  "threefry",
]);

/** The value of an equation that can be computed now. A result without elements is a splat of nothing. */
export const foldConstant: Fallback = (r, op, inputs, params, type) => {
  if (op === "const") return null;
  if (sizeOf(type.shape) === 0) return r.splat(0, type);
  if (inputs.length === 0) return null;
  if (ELEMENTWISE.has(op)) {
    const scalars = inputs.map((v) => splatElement(r, v));
    if (scalars.every((x) => x !== null)) {
      const y = evaluate(op, scalars, params);
      return y === null ? null : r.splat(y.data[0] ?? 0, type);
    }
  }
  if (sizeOf(type.shape) > FOLD_LIMIT) return null;
  const arrays = inputs.map((v) => constantArray(r, v));
  if (!arrays.every((x) => x !== null)) return null;
  const y = evaluate(op, arrays, params);
  return y === null ? null : constantOf(r, [...y.data], type);
};

/** A splat where all elements have the same bits, else a literal. */
export const constantOf = (r: Rewriter, data: readonly number[], type: TensorType): Var => {
  const [first] = data;
  if (first !== undefined && data.every((n) => Object.is(n, first))) return r.splat(first, type);
  return r.emit("literal", [], { data, dtype: type.dtype, shape: type.shape });
};

const splatElement = (r: Rewriter, v: Var): NdArray | null => {
  const value = r.splatOf(v);
  return value === null ? null : splatArray(value, { dtype: v.type.dtype, shape: [] });
};

const constantArray = (r: Rewriter, v: Var): NdArray | null => {
  if (sizeOf(v.type.shape) > FOLD_LIMIT) return null;
  const value = r.splatOf(v);
  if (value !== null) return splatArray(value, v.type);
  const literal = r.match(v, "literal");
  return literal === null ? null : evaluate("literal", [], literal.params);
};

const splatArray = (value: number, type: { readonly dtype: TensorType["dtype"]; readonly shape: Shape }) =>
  evaluate("const", [], { value, dtype: type.dtype, shape: type.shape });

/** null where the evaluation fails (a checked cast or index): then it has to fail at run time. */
const evaluate = <K extends OpName>(
  op: K,
  inputs: readonly NdArray[],
  params: OpParams[K],
): NdArray | null => {
  try {
    return opTable[op].eval(inputs, params);
  } catch (e) {
    if (e instanceof RangeError) return null;
    throw e;
  }
};
