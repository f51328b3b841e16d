/**
 * Gather and its adjoint, scatter-add. With x.shape = batch ++ before ++ [n] ++ after (n at `axis`) and
 * indices.shape = batch ++ places:
 *   gather:     out[b, p, i, a] = x[b, p, indices[b, i], a]
 *   scatterAdd: out = x, then out[b, p, indices[b, i], a] += updates[b, p, i, a] for every i
 * An index outside [0, n) (negative ones included) throws a RangeError in mode `check` and is clamped in mode `clamp`;
 * in mode `inside` there is none.
 */
import { internal } from "../diagnostics.js";
import type { Builder } from "../ir/builder.js";
import {
  type GatherParams,
  type Shape,
  sameShape,
  sizeOf,
  type TensorType,
  typeText,
  type Var,
} from "../ir/types.js";
import { axisToFront, batchedMode, withBatch } from "./batching.js";
import { isSize, refuse, requireAxis, requireDType, three, two } from "./checks.js";
import type { RecordsOf } from "./elementwise.js";
import { allocate, at } from "./ndarray.js";
import type { NdArray } from "./op.js";

const gatheredShape = (x: Shape, indices: Shape, { axis, batch }: GatherParams): number[] => [
  ...x.slice(0, axis),
  ...indices.slice(batch),
  ...x.slice(axis + 1),
];

/** Checks operand and indices; gives the gathered type. */
const inferGather = (
  op: "gather" | "scatterAdd",
  x: TensorType,
  indices: TensorType,
  params: GatherParams,
): TensorType => {
  const { axis, batch, mode } = params;
  requireAxis(op, axis, x);
  requireDType(op, indices, ["i32"]);
  if (!isSize(batch) || batch > axis || batch > indices.shape.length)
    refuse(
      op,
      `${batch} shared axes don't fit axis ${axis} of ${typeText(x)} and indices ${typeText(indices)}`,
    );
  if (!sameShape(x.shape.slice(0, batch), indices.shape.slice(0, batch)))
    refuse(op, `the first ${batch} axes of ${typeText(x)} and of indices ${typeText(indices)} differ`);
  const shape = gatheredShape(x.shape, indices.shape, params);
  if (mode === "clamp" && at(x.shape, axis) === 0 && sizeOf(shape) > 0)
    refuse(op, `axis ${axis} of ${typeText(x)} has no elements to take`);
  return { dtype: x.dtype, shape };
};

/** Places in x (of its elements at `after` = 0), and how the loops over them run. */
interface Places {
  readonly batch: number;
  readonly before: number;
  readonly places: number;
  readonly after: number;
  /** Position in x's axis of place i of batch b, at b * places + i. */
  readonly index: Int32Array;
  readonly n: number;
}

const resolve = (
  op: "gather" | "scatterAdd",
  x: Shape,
  indices: NdArray,
  { axis, batch, mode }: GatherParams,
): Places => {
  const n = at(x, axis);
  const index = new Int32Array(indices.data.length);
  for (let k = 0; k < index.length; k++) {
    const i = at(indices.data, k);
    if (mode !== "clamp" && (i < 0 || i >= n)) {
      const message = `${op}: index ${i} is out of range for axis ${axis} of size ${n}`;
      if (mode === "inside") internal(message);
      throw new RangeError(message);
    }
    index[k] = Math.min(Math.max(i, 0), n - 1);
  }
  return {
    batch: sizeOf(x.slice(0, batch)),
    before: sizeOf(x.slice(batch, axis)),
    places: sizeOf(indices.shape.slice(batch)),
    after: sizeOf(x.slice(axis + 1)),
    index,
    n,
  };
};

/** Calls `f` with the position of each gathered element and of the element of x it stands for. */
const forEachPlace = (p: Places, f: (gathered: number, source: number) => void): void => {
  let gathered = 0;
  for (let b = 0; b < p.batch; b++)
    for (let q = 0; q < p.before; q++)
      for (let i = 0; i < p.places; i++) {
        const row = (b * p.before + q) * p.n + at(p.index, b * p.places + i);
        for (let a = 0; a < p.after; a++) f(gathered++, row * p.after + a);
      }
};

/** Operand and indices under a new shared leading axis. */
const shared = (p: GatherParams): GatherParams => ({ axis: p.axis + 1, batch: p.batch + 1, mode: p.mode });
const deeper = (p: GatherParams): GatherParams => ({ axis: p.axis + 1, batch: p.batch, mode: p.mode });

const batchGather = (
  b: Builder,
  inputs: readonly Var[],
  [xBatched, indicesBatched]: readonly boolean[],
  size: number,
  given: GatherParams,
): Var => {
  const params = { ...given, mode: batchedMode(given.mode) };
  const [x, indices] = two("gather", inputs);
  // the same places for every example: its axis is one more in front
  if (indicesBatched !== true && params.batch === 0) return b.emit("gather", [x, indices], deeper(params));
  // different places of one operand: the new axis comes out where the places stand
  if (xBatched !== true && params.batch === 0)
    return axisToFront(b, b.emit("gather", [x, indices], params), params.axis);
  const operands = [withBatch(b, x, xBatched, size), withBatch(b, indices, indicesBatched, size)];
  return b.emit("gather", operands, shared(params));
};

export const indexingOps: RecordsOf<"gather" | "scatterAdd"> = {
  gather: {
    name: "gather",
    infer: (inputs, params) => {
      const [x, indices] = two("gather", inputs);
      return inferGather("gather", x, indices, params);
    },
    eval: (inputs, params) => {
      const [x, indices] = two("gather", inputs);
      const shape = gatheredShape(x.shape, indices.shape, params);
      const data = allocate(x.dtype, sizeOf(shape));
      forEachPlace(resolve("gather", x.shape, indices, params), (k, source) => {
        data[k] = at(x.data, source);
      });
      return { dtype: x.dtype, shape, data };
    },
    ad: {
      kind: "linear",
      transpose: (b, ct, inputs, [wanted], params) => {
        const [x, indices] = two("gather", inputs);
        return [wanted === true ? b.emit("scatterAdd", [b.zerosLike(x), indices, ct], params) : null, null];
      },
      accumulate: (b, sum, ct, inputs, _which, params) => {
        const [, indices] = two("gather", inputs);
        return b.emit("scatterAdd", [sum, indices, ct], params);
      },
    },
    batch: batchGather,
  },

  // floats accumulate in f64 and round once
  scatterAdd: {
    name: "scatterAdd",
    infer: (inputs, params) => {
      const [x, indices, updates] = three("scatterAdd", inputs);
      requireDType("scatterAdd", x, ["f32", "f64", "i32", "u32"]);
      const wanted = inferGather("scatterAdd", x, indices, params);
      if (updates.dtype !== wanted.dtype)
        refuse("scatterAdd", `updates must be ${typeText(wanted)}, not ${typeText(updates)}`, "type");
      if (!sameShape(updates.shape, wanted.shape))
        refuse("scatterAdd", `updates must be ${typeText(wanted)}, not ${typeText(updates)}`);
      return x;
    },
    eval: (inputs, params) => {
      const [x, indices, updates] = three("scatterAdd", inputs);
      const sums = x.dtype === "f32" ? Float64Array.from(x.data) : x.data.slice();
      forEachPlace(resolve("scatterAdd", x.shape, indices, params), (k, target) => {
        sums[target] = at(sums, target) + at(updates.data, k);
      });
      return { dtype: x.dtype, shape: x.shape, data: x.dtype === "f32" ? Float32Array.from(sums) : sums };
    },
    ad: {
      kind: "linear",
      transpose: (b, ct, inputs, [wantX, , wantUpdates], params) => {
        const [, indices] = three("scatterAdd", inputs);
        return [
          wantX === true ? ct : null,
          null,
          wantUpdates === true ? b.emit("gather", [ct, indices], params) : null,
        ];
      },
    },
    batch: (b, inputs, [xBatched, indicesBatched, updatesBatched], size, given) => {
      const params = { ...given, mode: batchedMode(given.mode) };
      const [x, indices, updates] = three("scatterAdd", inputs);
      const full = withBatch(b, x, xBatched, size);
      const added = withBatch(b, updates, updatesBatched, size);
      if (indicesBatched !== true && params.batch === 0)
        return b.emit("scatterAdd", [full, indices, added], deeper(params));
      const places = withBatch(b, indices, indicesBatched, size);
      return b.emit("scatterAdd", [full, places, added], shared(params));
    },
  },
};
