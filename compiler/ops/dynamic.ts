/**
 * Blocks at places known only at run time. In mode `clamp` starts are moved to [0, n - size], so that the block always
 * fits; in mode `check` one that does not fit is a RangeError; in mode `inside` all fit.
 */
import { internal } from "../diagnostics.js";
import type { Builder } from "../ir/builder.js";
import {
  type IndexMode,
  isUnbounded,
  type OpParams,
  type Shape,
  type TensorType,
  typeText,
  type Var,
} from "../ir/types.js";
import { addedBack } from "./add-back.js";
import { assertOps } from "./assert.js";
import { axisToFront, batchedMode, withBatch } from "./batching.js";
import { isSize, refuse, requirePerAxis, requireStart } from "./checks.js";
import type { RecordsOf } from "./elementwise.js";
import { at, copyView, materialize, ndarray, stridesOf, viewOf } from "./ndarray.js";
import type { NdArray } from "./op.js";
import { rowOf, withRow } from "./tape.js";

const opCheck = assertOps.check;
type BlockOp = "dynamicSlice" | "dynamicUpdate";

/** The operand (with the update, for dynamicUpdate) and the starts behind it. */
const sliceOperands = <T>(xs: readonly T[]): { readonly x: T; readonly starts: readonly T[] } => {
  const [x, ...starts] = xs;
  return x === undefined
    ? refuse("dynamicSlice", "takes an operand and one start per axis", "type")
    : { x, starts };
};
const updateOperands = <T>(
  xs: readonly T[],
): { readonly x: T; readonly update: T; readonly starts: readonly T[] } => {
  const [x, update, ...starts] = xs;
  return x === undefined || update === undefined
    ? refuse("dynamicUpdate", "takes an operand, an update and one start per axis", "type")
    : { x, update, starts };
};

/** The block fits the operand, and there is one start per axis. */
const requireBlock = (op: BlockOp, x: TensorType, sizes: Shape, starts: readonly TensorType[]): void => {
  requirePerAxis(op, "sizes", sizes, x);
  if (isUnbounded(x) && sizes[0] !== 1)
    refuse(op, `takes one row of ${typeText(x)} at a time, not [${sizes.join(",")}]`);
  sizes.forEach((s, k) => {
    if (!isSize(s) || s > at(x.shape, k))
      refuse(op, `a block of [${sizes.join(",")}] does not fit ${typeText(x)}`);
  });
  if (starts.length !== x.shape.length)
    refuse(op, `needs one start per axis of ${typeText(x)}, got ${starts.length}`);
  for (const s of starts) requireStart(op, s);
};

/** The code of a start outside the operand. */
export const OUT_OF_RANGE = "TSJ6001";
/** `index 8 is out of range for axis 0 of size 8`; `{}` for the start. */
export const startMessage = (axis: number, n: number, count: number): string =>
  count === 1
    ? `index {} is out of range for axis ${axis} of size ${n}`
    : `a block of ${count} at {} does not fit axis ${axis} of size ${n}`;
const rangeMessage = (op: BlockOp, axis: number, n: number, count: number): string =>
  `${op}: ${startMessage(axis, n, count)}`;

/** The row of an array without end that a block lies in, and the block's place in that row. */
const inRow = (
  x: NdArray,
  [first, ...others]: readonly NdArray[],
): { readonly x: NdArray; readonly index: number; readonly starts: readonly NdArray[] } => {
  const index = first === undefined ? 0 : at(first.data, 0);
  return { x: rowOf(x, index), index, starts: [ndarray("i32", [], [0]), ...others] };
};

/** Where the block begins in the operand's data. */
const blockOffset = (
  op: BlockOp,
  x: NdArray,
  sizes: Shape,
  starts: readonly NdArray[],
  mode: IndexMode,
): number => {
  const strides = stridesOf(x.shape);
  return starts.reduce((sum, s, k) => {
    const start = at(s.data, 0);
    const n = at(x.shape, k);
    const greatest = n - at(sizes, k);
    if (mode !== "clamp" && (start < 0 || start > greatest)) {
      const message = rangeMessage(op, k, n, at(sizes, k)).replace("{}", String(start));
      if (mode === "inside") internal(message);
      throw new RangeError(message);
    }
    return sum + Math.min(Math.max(start, 0), greatest) * at(strides, k);
  }, 0);
};

/** min(max(start, 0), greatest) for i32 starts of shape [size]. */
const clampStart = (b: Builder, start: Var, greatest: number): Var =>
  b.min(b.max(start, b.zerosLike(start)), b.fill(start, greatest));

/** Stops the program unless 0 <= start <= n - count for every example. */
const checkStarts = (b: Builder, op: BlockOp, start: Var, axis: number, n: number, count: number): void => {
  const fits = b.and(b.ge(start, b.zerosLike(start)), b.le(start, b.fill(start, n - count)));
  const params = { code: OUT_OF_RANGE, message: rangeMessage(op, axis, n, count) };
  opCheck.batch(b, [fits, start], [true, true], start.type.shape[0] ?? 0, params);
};

/** [size, count] of i32: start of the example + k. */
const positions = (b: Builder, start: Var, count: number): Var => {
  const shape = [...start.type.shape, count];
  const k = b.emit("iota", [], { dtype: "i32", shape, axis: 1 });
  return b.add(b.broadcast(start, shape, [0]), k);
};

/**
 * The block under a batch axis. Axes whose start is the same for every example are sliced at once; each other axis
 * becomes a gather of `start + (0, 1, ...)`.
 */
const batchSlice = (
  b: Builder,
  inputs: readonly Var[],
  batched: readonly boolean[],
  params: OpParams["dynamicSlice"],
): Var => {
  const { sizes } = params;
  const mode = batchedMode(params.mode);
  const { x, starts } = sliceOperands(inputs);
  const [xBatched, ...own] = batched;
  const shape = xBatched === true ? x.type.shape.slice(1) : x.type.shape;
  const zero = b.scalar(0, "i32");
  const lead = xBatched === true ? 1 : 0;
  const common = starts.map((s, k) => (own[k] === true ? zero : s));
  const commonSizes = sizes.map((s, k) => (own[k] === true ? at(shape, k) : s));
  const sliced = b.emit("dynamicSlice", [x, ...(lead === 1 ? [zero] : []), ...common], {
    sizes: [...x.type.shape.slice(0, lead), ...commonSizes],
    mode,
  });
  let block = sliced;
  let hasBatch = xBatched === true;
  starts.forEach((start, k) => {
    if (own[k] !== true) return;
    const count = at(sizes, k);
    if (mode === "check") checkStarts(b, "dynamicSlice", start, k, at(shape, k), count);
    const places = positions(b, clampStart(b, start, at(shape, k) - count), count);
    block = hasBatch
      ? b.emit("gather", [block, places], { axis: k + 1, batch: 1, mode: "clamp" })
      : axisToFront(b, b.emit("gather", [block, places], { axis: k, batch: 0, mode: "clamp" }), k);
    hasBatch = true;
  });
  return block;
};

/**
 * Replacing a block whose place differs per example: the update is spread over the operand's shape by gathers of
 * `i - start`, and taken where `0 <= i - start < size` holds on every axis.
 */
const batchUpdateByMask = (b: Builder, x: Var, update: Var, starts: readonly Var[], size: number): Var => {
  const { shape } = x.type;
  if (update.type.shape.includes(0)) return x;
  let spread = update;
  let inside: Var | null = null;
  starts.forEach((start, k) => {
    const axis = k + 1;
    const n = at(shape, axis);
    const count = at(update.type.shape, axis);
    const first = clampStart(b, start, n - count);
    const grid = [size, n];
    const i = b.emit("iota", [], { dtype: "i32", shape: grid, axis: 1 });
    const offset = b.sub(i, b.broadcast(first, grid, [0]));
    const within = b.and(b.ge(offset, b.zerosLike(offset)), b.lt(offset, b.fill(offset, count)));
    const mask = b.broadcast(within, shape, [0, axis]);
    inside = inside === null ? mask : b.and(inside, mask);
    spread = b.emit("gather", [spread, offset], { axis, batch: 1, mode: "clamp" });
  });
  return inside === null ? spread : b.select(inside, spread, x);
};

export const dynamicOps: RecordsOf<BlockOp> = {
  // out[i] = x[start + i]
  dynamicSlice: {
    name: "dynamicSlice",
    infer: (inputs, { sizes }) => {
      const { x, starts } = sliceOperands(inputs);
      requireBlock("dynamicSlice", x, sizes, starts);
      return { dtype: x.dtype, shape: sizes };
    },
    eval: (inputs, { sizes, mode }) => {
      const { x: whole, starts: from } = sliceOperands(inputs);
      const { x, starts } = isUnbounded(whole) ? inRow(whole, from) : { x: whole, starts: from };
      const offset = blockOffset("dynamicSlice", x, sizes, starts, mode);
      return materialize(x.dtype, sizes, { data: x.data, offset, strides: stridesOf(x.shape) });
    },
    ad: {
      kind: "linear",
      transpose: (b, ct, inputs, [wanted], { mode }) => {
        const { x, starts } = sliceOperands(inputs);
        const none = starts.map(() => null);
        return [
          wanted === true ? b.emit("dynamicUpdate", [b.zerosLike(x), ct, ...starts], { mode }) : null,
          ...none,
        ];
      },
      // sum[start + i] += ct[i]
      accumulate: (b, sum, ct, inputs, _which, params) => {
        const { starts } = sliceOperands(inputs);
        const left = addedBack(b, sum, ct, starts);
        if (left !== null) return left;
        const block = b.add(b.emit("dynamicSlice", [sum, ...starts], params), ct);
        return b.emit("dynamicUpdate", [sum, block, ...starts], { mode: params.mode });
      },
    },
    batch: (b, inputs, batched, _size, params) => batchSlice(b, inputs, batched, params),
  },

  // out = x with out[start + i] = update[i]
  dynamicUpdate: {
    name: "dynamicUpdate",
    infer: (inputs) => {
      const { x, update, starts } = updateOperands(inputs);
      if (update.dtype !== x.dtype)
        refuse("dynamicUpdate", `dtypes differ: ${typeText(x)} and ${typeText(update)}`, "type");
      requireBlock("dynamicUpdate", x, update.shape, starts);
      return x;
    },
    eval: (inputs, { mode }) => {
      const { x, update, starts } = updateOperands(inputs);
      if (isUnbounded(x)) {
        const row = inRow(x, starts);
        const next = dynamicOps.dynamicUpdate.eval([row.x, update, ...row.starts], { mode });
        return withRow(x, row.index, next);
      }
      const data = x.data.slice();
      const offset = blockOffset("dynamicUpdate", x, update.shape, starts, mode);
      copyView(viewOf(update), { data, offset, strides: stridesOf(x.shape) }, update.shape);
      return { dtype: x.dtype, shape: x.shape, data };
    },
    ad: {
      kind: "linear",
      transpose: (b, ct, inputs, [wantX, wantUpdate], { mode }) => {
        const { update, starts } = updateOperands(inputs);
        const none = starts.map(() => null);
        const { shape } = update.type;
        // read, then cleared: in place
        const block =
          wantUpdate === true ? b.emit("dynamicSlice", [ct, ...starts], { sizes: shape, mode }) : null;
        const rest =
          wantX === true ? b.emit("dynamicUpdate", [ct, b.zerosLike(update), ...starts], { mode }) : null;
        return [rest, block, ...none];
      },
    },
    batch: (b, inputs, [xBatched, updateBatched, ...own], size, params) => {
      const { x, update, starts } = updateOperands(inputs);
      const full = withBatch(b, x, xBatched, size);
      const block = withBatch(b, update, updateBatched, size);
      if (!own.includes(true))
        return b.emit("dynamicUpdate", [full, block, b.scalar(0, "i32"), ...starts], {
          mode: batchedMode(params.mode),
        });
      const each = starts.map((s, k) => withBatch(b, s, own[k], size));
      if (params.mode === "check")
        each.forEach((start, k) => {
          checkStarts(
            b,
            "dynamicUpdate",
            start,
            k,
            at(x.type.shape, k + (xBatched === true ? 1 : 0)),
            at(block.type.shape, k + 1),
          );
        });
      return batchUpdateByMask(b, full, block, each, size);
    },
  },
};
