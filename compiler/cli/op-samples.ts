/** For each op a smallest program that applies it once: what `tsc-jit ops` tries on every target. */
import { TscJitError } from "../diagnostics.js";
import { createBuilder } from "../ir/builder.js";
import {
  BINARY_OPS,
  type BinaryOp,
  type DType,
  type IrFunction,
  type OpName,
  type OpParams,
  type TensorType,
  UNARY_OPS,
  type UnaryOp,
} from "../ir/types.js";

interface Sample<K extends OpName> {
  readonly inputs: readonly TensorType[];
  readonly params: OpParams[K];
}
/** The op on data of one dtype. */
type Samples<K extends OpName> = { readonly [Op in K]: (dtype: DType) => Sample<Op> };

const shape = [2, 3];
const matrix = (dtype: DType): TensorType => ({ dtype, shape });
const scalar = (dtype: DType): TensorType => ({ dtype, shape: [] });
const index = scalar("i32");

const reduction = (dtype: DType) => ({ inputs: [matrix(dtype)], params: { axes: [1] } });
const extremeIndex = (dtype: DType) => ({ inputs: [matrix(dtype)], params: { axis: 1 } });
const gatherParams = { axis: 0, batch: 0, mode: "check" } as const;

const structural: Samples<Exclude<OpName, UnaryOp | BinaryOp>> = {
  const: (dtype) => ({ inputs: [], params: { value: 1, dtype, shape } }),
  literal: (dtype) => ({ inputs: [], params: { data: [0, 1], dtype, shape: [2] } }),
  iota: (dtype) => ({ inputs: [], params: { dtype, shape, axis: 1 } }),
  select: (dtype) => ({ inputs: [matrix("bool"), matrix(dtype), matrix(dtype)], params: {} }),
  cast: (dtype) => ({ inputs: [matrix(dtype)], params: { dtype: dtype === "f64" ? "i32" : "f64" } }),
  bitcast: (dtype) => ({ inputs: [matrix(dtype)], params: { dtype: dtype === "u32" ? "f32" : "u32" } }),
  threefry: (dtype) => ({ inputs: Array.from({ length: 4 }, () => matrix(dtype)), params: { lane: 0 } }),
  broadcast: (dtype) => ({ inputs: [{ dtype, shape: [3] }], params: { shape, dims: [1] } }),
  reshape: (dtype) => ({ inputs: [matrix(dtype)], params: { shape: [6] } }),
  transpose: (dtype) => ({ inputs: [matrix(dtype)], params: { perm: [1, 0] } }),
  slice: (dtype) => ({ inputs: [matrix(dtype)], params: { start: [0, 1], limit: [2, 3], stride: [1, 2] } }),
  pad: (dtype) => ({
    inputs: [matrix(dtype), scalar(dtype)],
    params: { low: [1, 0], high: [0, 1], interior: [0, 1] },
  }),
  concat: (dtype) => ({ inputs: [matrix(dtype), matrix(dtype)], params: { axis: 0 } }),
  reverse: (dtype) => ({ inputs: [matrix(dtype)], params: { axes: [1] } }),
  reduceSum: reduction,
  reduceProd: reduction,
  reduceMax: reduction,
  reduceMin: reduction,
  argmax: extremeIndex,
  argmin: extremeIndex,
  gather: (dtype) => ({ inputs: [matrix(dtype), { dtype: "i32", shape: [4] }], params: gatherParams }),
  scatterAdd: (dtype) => ({
    inputs: [matrix(dtype), { dtype: "i32", shape: [4] }, { dtype, shape: [4, 3] }],
    params: gatherParams,
  }),
  dynamicSlice: (dtype) => ({
    inputs: [matrix(dtype), index, index],
    params: { sizes: [1, 2], mode: "check" },
  }),
  dynamicUpdate: (dtype) => ({
    inputs: [matrix(dtype), { dtype, shape: [1, 2] }, index, index],
    params: { mode: "check" },
  }),
  check: (dtype) => ({ inputs: [scalar(dtype), index], params: { code: "TSJ6000", message: "{}" } }),
  name: (dtype) => ({ inputs: [matrix(dtype)], params: { name: "x" } }),
  dot: (dtype) => ({
    inputs: [matrix(dtype), { dtype, shape: [3, 4] }],
    params: { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] },
  }),
};

const elementwise = Object.fromEntries([
  ...UNARY_OPS.map((op) => [op, (dtype: DType) => ({ inputs: [matrix(dtype)], params: {} })]),
  ...BINARY_OPS.map((op) => [op, (dtype: DType) => ({ inputs: [matrix(dtype), matrix(dtype)], params: {} })]),
]) as Samples<UnaryOp | BinaryOp>;

const samples: Samples<OpName> = { ...elementwise, ...structural };

/** Every op, in the order of the table. */
export const opNames = Object.keys(samples) as readonly OpName[];

const program = <K extends OpName>(op: K, dtype: DType): IrFunction => {
  const { inputs, params } = samples[op](dtype);
  const b = createBuilder();
  const out = b.emit(
    op,
    inputs.map((type) => b.param(type)),
    params,
  );
  return b.finish(op, [out]);
};

/** The op applied once to data of `dtype`; null where its shape rule refuses that dtype. */
export const sampleProgram = (op: OpName, dtype: DType): IrFunction | null => {
  try {
    return program(op, dtype);
  } catch (error) {
    const refused = error instanceof TscJitError && error.diagnostics.every((d) => d.kind === "type");
    if (!refused) throw error;
    return null;
  }
};
