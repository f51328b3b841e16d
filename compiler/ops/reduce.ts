/**
 * Reductions. Sums and products of floats accumulate in f64 in row-major order and round once; those of integers wrap
 * modulo 2^32. Maxima and minima: NaN wins, -0 < +0; on bool they are `any` and `all`.
 */
import type { Builder } from "../ir/builder.js";
import { type DType, type OpParams, type ReduceOp, type Shape, sizeOf, type Var } from "../ir/types.js";
import { shifted } from "./batching.js";
import { one, refuse, requireAxes, requireAxis, requireDType } from "./checks.js";
import { INT_RANGE } from "./convert.js";
import {
  floats,
  ints,
  type Kernel2,
  type Kernels,
  noDerivative,
  numbers,
  type RecordsOf,
} from "./elementwise.js";
import { allocate, at, otherAxes, permute } from "./ndarray.js";
import type { AdRule, Data, NdArray, OpDef } from "./op.js";

/** The operand as a matrix: one row per result element, its columns the reduced elements in row-major order. */
interface Rows {
  readonly data: Data;
  readonly columns: number;
  readonly shape: Shape;
}

const rowsOf = (x: NdArray, axes: readonly number[]): Rows => {
  const kept = otherAxes(x.shape.length, axes);
  const dropped = otherAxes(x.shape.length, kept);
  return {
    data: permute(x, [...kept, ...dropped]).data,
    columns: sizeOf(dropped.map((k) => at(x.shape, k))),
    shape: kept.map((k) => at(x.shape, k)),
  };
};

/** One element per row, from the row's position in the data. */
const perRow = (dtype: DType, rows: Rows, f: (first: number, end: number) => number): NdArray => {
  const n = sizeOf(rows.shape);
  const data = allocate(dtype, n);
  for (let r = 0; r < n; r++) data[r] = f(r * rows.columns, (r + 1) * rows.columns);
  return { dtype, shape: rows.shape, data };
};

/** The dtypes a reduction is defined for, with its neutral element and step. */
type Fold = Kernels<{ readonly init: number; readonly step: Kernel2 }>;

const reduction = <K extends ReduceOp>(name: K, fold: Fold, ad: AdRule<K>): OpDef<K> => ({
  name,
  infer: (inputs, { axes }) => {
    const x = one(name, inputs);
    requireDType(name, x, Object.keys(fold) as DType[]); // the keys of a record over DType
    requireAxes(name, axes, x);
    return { dtype: x.dtype, shape: otherAxes(x.shape.length, axes).map((k) => at(x.shape, k)) };
  },
  eval: (inputs, { axes }) => {
    const x = one(name, inputs);
    const spec = fold[x.dtype];
    if (spec === undefined) return refuse(name, `is not defined for ${x.dtype}`, "type");
    const rows = rowsOf(x, axes);
    return perRow(x.dtype, rows, (first, end) => {
      let acc = spec.init;
      for (let k = first; k < end; k++) acc = spec.step(acc, at(rows.data, k));
      return acc;
    });
  },
  ad,
  batch: (b, inputs, _batched, _size, { axes }) =>
    b.emit(name, [one(name, inputs)], { axes: shifted(axes) } as OpParams[K]), // every reduction's params are {axes}
});

/** A result of a reduction, spread back over the operand's shape. */
const spread = (b: Builder, r: Var, x: Var, axes: readonly number[]): Var =>
  b.broadcast(r, x.type.shape, otherAxes(x.type.shape.length, axes));

const reducedSize = (x: Var, axes: readonly number[]): number => sizeOf(axes.map((k) => at(x.type.shape, k)));

/**
 * The elements that attain the extreme share the derivative equally: dr = sum(dx where x = r) / count(x = r). No element
 * attains NaN: then 0 / 0 takes the place of the others' 0, and every slope is NaN.
 */
const sharedByAttaining: AdRule<"reduceMax" | "reduceMin"> = {
  kind: "nonlinear",
  jvp: (b, [x], [dx], { axes }, out) => {
    if (x === undefined || dx === undefined || dx === null || reducedSize(x, axes) === 0) return null;
    const attains = b.eq(x, spread(b, out, x, axes));
    const count = b.reduceSum(b.cast(attains, x.type.dtype), axes);
    const others = spread(b, b.div(b.zerosLike(count), count), x, axes);
    const total = b.reduceSum(b.select(attains, dx, b.mul(dx, others)), axes);
    return b.mul(total, b.div(b.onesLike(count), count));
  },
};

/** Elements `from, ..., from + count - 1` of the last axis. */
const columnsOf = (b: Builder, x: Var, from: number, count: number): Var => {
  const { shape } = x.type;
  const last = shape.length - 1;
  return b.emit("slice", [x], {
    start: shape.map((_, k) => (k === last ? from : 0)),
    limit: shape.map((n, k) => (k === last ? from + count : n)),
    stride: shape.map(() => 1),
  });
};

/** One more column of `value` where the last axis is odd. */
const evenColumns = (b: Builder, x: Var, value: number): Var => {
  const { shape, dtype } = x.type;
  const none = shape.map(() => 0);
  const high = shape.map((n, k) => (k === shape.length - 1 ? n % 2 : 0));
  return high.every((n) => n === 0)
    ? x
    : b.emit("pad", [x, b.scalar(value, dtype)], { low: none, high, interior: none });
};

/** Product rule over a tree of pairwise products, p = l r: dp = dl r + l dr. No division, so zeros are right. */
const productTree: AdRule<"reduceProd"> = {
  kind: "nonlinear",
  jvp: (b, [x], [dx], { axes }) => {
    if (x === undefined || dx === undefined || dx === null || reducedSize(x, axes) === 0) return null;
    const kept = otherAxes(x.type.shape.length, axes);
    const shape = kept.map((k) => at(x.type.shape, k));
    const flat = (v: Var): Var =>
      b.reshape(b.transpose(v, [...kept, ...axes]), [...shape, reducedSize(x, axes)]);
    let p = flat(x);
    let dp = flat(dx);
    while (at(p.type.shape, shape.length) > 1) {
      p = evenColumns(b, p, 1);
      dp = evenColumns(b, dp, 0);
      const half = at(p.type.shape, shape.length) / 2;
      const [l, r] = [columnsOf(b, p, 0, half), columnsOf(b, p, half, half)];
      const [dl, dr] = [columnsOf(b, dp, 0, half), columnsOf(b, dp, half, half)];
      p = b.mul(l, r);
      dp = b.add(b.mul(dl, r), b.mul(dr, l));
    }
    return b.reshape(dp, shape);
  },
};

const extreme = (f: Kernel2, empty: Readonly<Record<DType, number>>): Fold => ({
  f32: { init: empty.f32, step: f },
  f64: { init: empty.f64, step: f },
  i32: { init: empty.i32, step: f },
  u32: { init: empty.u32, step: f },
  bool: { init: empty.bool, step: f },
});

const [I32_LEAST, I32_GREATEST] = INT_RANGE.i32;
const [U32_LEAST, U32_GREATEST] = INT_RANGE.u32;
/** The maximum of nothing: the least value of each dtype. */
const LEAST = { f32: -Infinity, f64: -Infinity, i32: I32_LEAST, u32: U32_LEAST, bool: 0 };
/** The minimum of nothing: the greatest value of each dtype. */
const GREATEST = { f32: Infinity, f64: Infinity, i32: I32_GREATEST, u32: U32_GREATEST, bool: 1 };

/** The first index whose element beats all; a NaN beats every number. */
const argExtreme = <K extends "argmax" | "argmin">(
  name: K,
  beats: (x: number, best: number) => boolean,
): OpDef<K> => ({
  name,
  infer: (inputs, { axis }) => {
    const x = one(name, inputs);
    requireDType(name, x, Object.keys(numbers(0)) as DType[]); // the keys of a record over DType
    requireAxis(name, axis, x);
    if (at(x.shape, axis) === 0) refuse(name, `axis ${axis} has no elements: [${x.shape.join(",")}]`);
    return { dtype: "i32", shape: x.shape.filter((_, k) => k !== axis) };
  },
  eval: (inputs, { axis }) => {
    const rows = rowsOf(one(name, inputs), [axis]);
    return perRow("i32", rows, (first, end) => {
      let winner = first;
      for (let k = first + 1; k < end; k++) {
        const [x, best] = [at(rows.data, k), at(rows.data, winner)];
        if (beats(x, best) || (Number.isNaN(x) && !Number.isNaN(best))) winner = k;
      }
      return winner - first;
    });
  },
  ad: noDerivative,
  batch: (b, inputs, _batched, _size, { axis }) =>
    b.emit(name, [one(name, inputs)], { axis: axis + 1 } as OpParams[K]), // both ops' params are {axis}
});

export const reduceOps: RecordsOf<ReduceOp | "argmax" | "argmin"> = {
  reduceSum: reduction(
    "reduceSum",
    {
      ...floats({ init: 0, step: (acc: number, x: number) => acc + x }),
      ...ints({ init: 0, step: (acc: number, x: number) => (acc + x) | 0 }),
    },
    {
      kind: "linear",
      transpose: (b, ct, inputs, [wanted], { axes }) => [
        wanted === true ? spread(b, ct, one("reduceSum", inputs), axes) : null,
      ],
    },
  ),
  reduceProd: reduction(
    "reduceProd",
    {
      ...floats({ init: 1, step: (acc: number, x: number) => acc * x }),
      ...ints({ init: 1, step: Math.imul }),
    },
    productTree,
  ),
  reduceMax: reduction("reduceMax", extreme(Math.max, LEAST), sharedByAttaining),
  reduceMin: reduction("reduceMin", extreme(Math.min, GREATEST), sharedByAttaining),
  argmax: argExtreme("argmax", (x, best) => x > best),
  argmin: argExtreme("argmin", (x, best) => x < best),
};
