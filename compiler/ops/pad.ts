/** Padding at the edges and between the elements. */
import type { Builder } from "../ir/builder.js";
import { type OpParams, sizeOf, typeText, type Var } from "../ir/types.js";
import { alongBatch, withBatch } from "./batching.js";
import { isSize, refuse, requirePerAxis, two } from "./checks.js";
import type { RecordsOf } from "./elementwise.js";
import { extentOf } from "./movement.js";
import { allocate, at, copyView, range, stridesOf, viewOf } from "./ndarray.js";
import type { NdArray } from "./op.js";

type PadParams = OpParams["pad"];

const paddedShape = (shape: readonly number[], { low, high, interior }: PadParams): number[] =>
  shape.map((n, k) => at(low, k) + extentOf(n, at(interior, k) + 1) + at(high, k));

/** bool, true where an element of x (not of the padding) lands. */
const landing = (b: Builder, x: Var, params: PadParams): Var =>
  b.emit("pad", [b.splat(1, { dtype: "bool", shape: x.type.shape }), b.scalar(0, "bool")], params);

/** Params for an operand with a leading axis. */
const underBatch = ({ low, high, interior }: PadParams): PadParams => ({
  low: [0, ...low],
  high: [0, ...high],
  interior: [0, ...interior],
});

export const padOps: RecordsOf<"pad"> = {
  // out[low + i (interior + 1)] = x[i], elsewhere value
  pad: {
    name: "pad",
    infer: (inputs, params) => {
      const [x, value] = two("pad", inputs);
      if (x.dtype !== value.dtype)
        refuse("pad", `dtypes differ: ${typeText(x)} and ${typeText(value)}`, "type");
      if (value.shape.length !== 0) refuse("pad", `the value must have rank 0, not ${typeText(value)}`);
      for (const what of ["low", "high", "interior"] as const) {
        requirePerAxis("pad", what, params[what], x);
        if (!params[what].every(isSize))
          refuse("pad", `${what} [${params[what].join(",")}] has an entry that is not an integer >= 0`);
      }
      return { dtype: x.dtype, shape: paddedShape(x.shape, params) };
    },
    eval: (inputs, params) => {
      const [x, value] = two("pad", inputs);
      const shape = paddedShape(x.shape, params);
      const data = allocate(x.dtype, sizeOf(shape)).fill(at(value.data, 0));
      const out: NdArray = { dtype: x.dtype, shape, data };
      const own = stridesOf(shape);
      const offset = own.reduce((sum, s, k) => sum + s * at(params.low, k), 0);
      const strides = own.map((s, k) => s * (at(params.interior, k) + 1));
      copyView(viewOf(x), { data, offset, strides }, x.shape);
      return out;
    },
    ad: {
      kind: "linear",
      transpose: (b, ct, inputs, [wantX, wantValue], params) => {
        const [x] = two("pad", inputs);
        const { low, interior } = params;
        const stride = interior.map((n) => n + 1);
        const limit = x.type.shape.map((n, k) => at(low, k) + extentOf(n, at(stride, k)));
        // the padding's share of ct, summed
        const rest = (): Var =>
          b.reduceSum(b.select(landing(b, x, params), b.zerosLike(ct), ct), range(ct.type.shape.length));
        return [
          wantX === true ? b.emit("slice", [ct], { start: low, limit, stride }) : null,
          wantValue === true ? rest() : null,
        ];
      },
    },
    batch: (b, inputs, [xBatched, valueBatched], size, params) => {
      const [x, value] = two("pad", inputs);
      const full = withBatch(b, x, xBatched, size);
      if (valueBatched !== true) return b.emit("pad", [full, value], underBatch(params));
      const padded = b.emit("pad", [full, b.scalar(0, x.type.dtype)], underBatch(params));
      const isX = landing(b, full, underBatch(params));
      return b.select(isX, padded, alongBatch(b, value, padded.type.shape));
    },
  },
};
