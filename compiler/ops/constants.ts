/** Ops without operands: const, literal, iota. */
import { type DType, isUnbounded, type Shape, sizeOf } from "../ir/types.js";
import { neverBatched } from "./batching.js";
import { refuse, requireAxis, requireKnownDType, requireShape, zero } from "./checks.js";
import { INT_RANGE } from "./convert.js";
import { noDerivative, type RecordsOf } from "./elementwise.js";
import { allocate, materialize, ndarray, range } from "./ndarray.js";
import { emptyTape } from "./tape.js";

/** Whether a number can be an element of `dtype`: any for floats (f32 rounds), integers in range, 0 or 1 for bool. */
const isElement = (dtype: DType, value: number): boolean => {
  switch (dtype) {
    case "f32":
    case "f64":
      return true;
    case "i32":
    case "u32": {
      const [least, greatest] = INT_RANGE[dtype];
      return Number.isInteger(value) && value >= least && value <= greatest;
    }
    case "bool":
      return value === 0 || value === 1;
    default: {
      const never: never = dtype;
      return never;
    }
  }
};

const requireElements = (op: "const" | "literal", dtype: DType, values: readonly number[]): void => {
  const wrong = values.find((v) => !isElement(dtype, v));
  if (wrong !== undefined) refuse(op, `${wrong} is not a value of ${dtype}`, "type");
};

/** An array without end is zero, and its rows have elements. */
const requireTape = (value: number, [, ...row]: Shape): void => {
  requireShape("const", row);
  if (!Object.is(value, 0) || row.includes(0))
    refuse("const", `an array without end has rows of zeros, not of ${value} in shape [${row.join(",")}]`);
};

/** `value` at every index. */
const splat = (dtype: DType, shape: Shape, value: number) => ({
  dtype,
  shape,
  data: allocate(dtype, sizeOf(shape)).fill(value),
});

export const constantOps: RecordsOf<"const" | "literal" | "iota"> = {
  const: {
    name: "const",
    infer: (inputs, { value, dtype, shape }) => {
      zero("const", inputs);
      requireKnownDType("const", dtype);
      if (isUnbounded({ dtype, shape })) requireTape(value, shape);
      else requireShape("const", shape);
      requireElements("const", dtype, [value]);
      return { dtype, shape };
    },
    eval: (_inputs, { value, dtype, shape }) =>
      isUnbounded({ dtype, shape }) ? emptyTape(dtype, shape) : splat(dtype, shape, value),
    ad: noDerivative,
    batch: neverBatched("const"),
  },

  literal: {
    name: "literal",
    infer: (inputs, { data, dtype, shape }) => {
      zero("literal", inputs);
      requireKnownDType("literal", dtype);
      requireShape("literal", shape);
      if (data.length !== sizeOf(shape))
        refuse("literal", `${data.length} values for shape [${shape.join(",")}]`);
      requireElements("literal", dtype, data);
      return { dtype, shape };
    },
    eval: (_inputs, { data, dtype, shape }) => ndarray(dtype, shape, data),
    ad: noDerivative,
    batch: neverBatched("literal"),
  },

  // x[..., k at axis, ...] = k
  iota: {
    name: "iota",
    infer: (inputs, { dtype, shape, axis }) => {
      zero("iota", inputs);
      requireKnownDType("iota", dtype);
      requireShape("iota", shape);
      requireAxis("iota", axis, { dtype, shape });
      if (dtype === "bool") refuse("iota", "bool has no indices", "type");
      return { dtype, shape };
    },
    eval: (_inputs, { dtype, shape, axis }) => {
      const indices = ndarray(dtype, [shape[axis] ?? 0], range(shape[axis] ?? 0));
      const strides = shape.map((_, k) => (k === axis ? 1 : 0));
      return materialize(dtype, shape, { data: indices.data, offset: 0, strides });
    },
    ad: noDerivative,
    batch: neverBatched("iota"),
  },
};
