/** Ops that only move elements: broadcast, reshape, transpose, reverse, slice, concat. (`pad` has its own file.) */
import { type Shape, sizeOf, typeText } from "../ir/types.js";
import { allBatched, inversePermutation, shifted } from "./batching.js";
import { isSize, one, refuse, requireAxes, requireAxis, requirePerAxis, requireShape } from "./checks.js";
import type { RecordsOf } from "./elementwise.js";
import { allocate, at, copyView, materialize, otherAxes, permute, stridesOf, viewOf } from "./ndarray.js";
import type { NdArray } from "./op.js";

/** Number of elements that `start, start + stride, ...` below `limit` has. */
const strideCount = (start: number, limit: number, stride: number): number =>
  Math.ceil((limit - start) / stride);

/** The cotangent of a slice this many times smaller than its array is added in place. */
const IN_PLACE = 4;

/** Elements from the first to the last of `count` that lie `stride` apart. */
export const extentOf = (count: number, stride: number): number =>
  count === 0 ? 0 : (count - 1) * stride + 1;

export const movementOps: RecordsOf<"broadcast" | "reshape" | "transpose" | "reverse" | "slice" | "concat"> =
  {
    broadcast: {
      name: "broadcast",
      infer: (inputs, { shape, dims }) => {
        const x = one("broadcast", inputs);
        requireShape("broadcast", shape);
        requirePerAxis("broadcast", "dims", dims, x);
        const result = { dtype: x.dtype, shape };
        dims.forEach((d, k) => {
          requireAxis("broadcast", d, result);
          if (k > 0 && d <= at(dims, k - 1))
            refuse("broadcast", `dims [${dims.join(",")}] must increase strictly`);
          const n = at(x.shape, k);
          if (n !== 1 && n !== at(shape, d))
            refuse("broadcast", `axis ${k} of ${typeText(x)} does not fit axis ${d} of ${typeText(result)}`);
        });
        return result;
      },
      eval: (inputs, { shape, dims }) => {
        const x = one("broadcast", inputs);
        const own = stridesOf(x.shape);
        const strides = shape.map(() => 0);
        dims.forEach((d, k) => {
          strides[d] = at(x.shape, k) === 1 ? 0 : at(own, k);
        });
        return materialize(x.dtype, shape, { data: x.data, offset: 0, strides });
      },
      ad: {
        kind: "linear",
        // the adjoint of copying is summing over the copies
        transpose: (b, ct, inputs, [wanted], { shape, dims }) => {
          const x = one("broadcast", inputs).type;
          const spread = dims.filter((d, k) => at(x.shape, k) === 1 && at(shape, d) !== 1);
          const axes = [...otherAxes(shape.length, dims), ...spread].sort((p, q) => p - q);
          return [wanted === true ? b.reshape(b.reduceSum(ct, axes), x.shape) : null];
        },
      },
      batch: (b, inputs, _batched, size, { shape, dims }) =>
        b.broadcast(one("broadcast", inputs), [size, ...shape], [0, ...shifted(dims)]),
    },

    reshape: {
      name: "reshape",
      infer: (inputs, { shape }) => {
        const x = one("reshape", inputs);
        requireShape("reshape", shape);
        if (sizeOf(shape) !== sizeOf(x.shape))
          refuse(
            "reshape",
            `${typeText(x)} has ${sizeOf(x.shape)} elements, [${shape.join(",")}] ${sizeOf(shape)}`,
          );
        return { dtype: x.dtype, shape };
      },
      eval: (inputs, { shape }) => ({ ...one("reshape", inputs), shape }),
      ad: {
        kind: "linear",
        transpose: (b, ct, inputs, [wanted]) => [
          wanted === true ? b.reshape(ct, one("reshape", inputs).type.shape) : null,
        ],
      },
      batch: (b, inputs, _batched, size, { shape }) => b.reshape(one("reshape", inputs), [size, ...shape]),
    },

    transpose: {
      name: "transpose",
      infer: (inputs, { perm }) => {
        const x = one("transpose", inputs);
        requirePerAxis("transpose", "perm", perm, x);
        requireAxes("transpose", perm, x);
        return { dtype: x.dtype, shape: perm.map((p) => at(x.shape, p)) };
      },
      eval: (inputs, { perm }) => permute(one("transpose", inputs), perm),
      ad: {
        kind: "linear",
        transpose: (b, ct, _inputs, [wanted], { perm }) => [
          wanted === true ? b.transpose(ct, inversePermutation(perm)) : null,
        ],
      },
      batch: (b, inputs, _batched, _size, { perm }) =>
        b.transpose(one("transpose", inputs), [0, ...shifted(perm)]),
    },

    reverse: {
      name: "reverse",
      infer: (inputs, { axes }) => {
        const x = one("reverse", inputs);
        requireAxes("reverse", axes, x);
        return x;
      },
      eval: (inputs, { axes }) => {
        const x = one("reverse", inputs);
        const own = stridesOf(x.shape);
        const offset = axes.reduce((sum, k) => sum + (at(x.shape, k) - 1) * at(own, k), 0);
        const strides = own.map((s, k) => (axes.includes(k) ? -s : s));
        return materialize(x.dtype, x.shape, { data: x.data, offset, strides });
      },
      ad: {
        kind: "linear",
        transpose: (b, ct, _inputs, [wanted], params) => [
          wanted === true ? b.emit("reverse", [ct], params) : null,
        ],
      },
      batch: (b, inputs, _batched, _size, { axes }) => b.emit("reverse", inputs, { axes: shifted(axes) }),
    },

    slice: {
      name: "slice",
      infer: (inputs, { start, limit, stride }) => {
        const x = one("slice", inputs);
        requirePerAxis("slice", "start", start, x);
        requirePerAxis("slice", "limit", limit, x);
        requirePerAxis("slice", "stride", stride, x);
        const shape = x.shape.map((n, k) => {
          const [from, to, step] = [at(start, k), at(limit, k), at(stride, k)];
          if (!isSize(from) || !isSize(to) || from > to || to > n)
            refuse("slice", `[${from}, ${to}) does not lie in axis ${k} of ${typeText(x)}`);
          if (!isSize(step) || step < 1)
            refuse("slice", `stride ${step} of axis ${k} is not an integer >= 1`);
          return strideCount(from, to, step);
        });
        return { dtype: x.dtype, shape };
      },
      eval: (inputs, { start, limit, stride }) => {
        const x = one("slice", inputs);
        const own = stridesOf(x.shape);
        const shape = start.map((from, k) => strideCount(from, at(limit, k), at(stride, k)));
        const offset = start.reduce((sum, from, k) => sum + from * at(own, k), 0);
        const strides = own.map((s, k) => s * at(stride, k));
        return materialize(x.dtype, shape, { data: x.data, offset, strides });
      },
      ad: {
        kind: "linear",
        // zeros around and between the elements that were taken
        transpose: (b, ct, inputs, [wanted], { start, stride }) => {
          if (wanted !== true) return [null];
          const { shape, dtype } = one("slice", inputs).type;
          const high = shape.map((n, k) => n - at(start, k) - extentOf(at(ct.type.shape, k), at(stride, k)));
          const interior = stride.map((s) => s - 1);
          return [b.emit("pad", [ct, b.scalar(0, dtype)], { low: start, high, interior })];
        },
        // sum[start + i] += ct[i], in place where that saves most of the additions
        accumulate: (b, sum, ct, _inputs, _which, { start, limit, stride }) => {
          const { shape } = ct.type;
          const isBlock = shape.every((n, k) => n === 1 || stride[k] === 1);
          if (!isBlock || IN_PLACE * sizeOf(shape) > sizeOf(sum.type.shape)) return null;
          const block = b.add(b.emit("slice", [sum], { start, limit, stride }), ct);
          const starts = start.map((from) => b.scalar(from, "i32"));
          return b.emit("dynamicUpdate", [sum, block, ...starts], { mode: "inside" });
        },
      },
      batch: (b, inputs, _batched, size, { start, limit, stride }) =>
        b.emit("slice", inputs, { start: [0, ...start], limit: [size, ...limit], stride: [1, ...stride] }),
    },

    concat: {
      name: "concat",
      infer: (inputs, { axis }) => {
        const [first, ...rest] = inputs;
        if (first === undefined) return refuse("concat", "takes one operand or more", "type");
        requireAxis("concat", axis, first);
        for (const t of rest) {
          if (t.dtype !== first.dtype)
            refuse("concat", `dtypes differ: ${typeText(first)} and ${typeText(t)}`, "type");
          const fits =
            t.shape.length === first.shape.length &&
            t.shape.every((n, k) => k === axis || n === at(first.shape, k));
          if (!fits)
            refuse("concat", `${typeText(first)} and ${typeText(t)} differ in more than axis ${axis}`);
        }
        const total = inputs.reduce((sum, t) => sum + at(t.shape, axis), 0);
        return { dtype: first.dtype, shape: first.shape.map((n, k) => (k === axis ? total : n)) };
      },
      eval: (inputs, { axis }) => {
        const [first] = inputs;
        if (first === undefined) return refuse("concat", "takes one operand or more", "type");
        const total = inputs.reduce((sum, x) => sum + at(x.shape, axis), 0);
        const shape: Shape = first.shape.map((n, k) => (k === axis ? total : n));
        const out: NdArray = { dtype: first.dtype, shape, data: allocate(first.dtype, sizeOf(shape)) };
        const strides = stridesOf(shape);
        let offset = 0;
        for (const x of inputs) {
          copyView(viewOf(x), { data: out.data, offset, strides }, x.shape);
          offset += at(x.shape, axis) * at(strides, axis);
        }
        return out;
      },
      ad: {
        kind: "linear",
        transpose: (b, ct, inputs, wanted, { axis }) => {
          const { shape } = ct.type;
          const stride = shape.map(() => 1);
          let from = 0;
          return inputs.map((x, i) => {
            const first = from;
            from += at(x.type.shape, axis);
            if (wanted[i] !== true) return null;
            const start = shape.map((_, k) => (k === axis ? first : 0));
            const limit = shape.map((n, k) => (k === axis ? first + at(x.type.shape, axis) : n));
            return b.emit("slice", [ct], { start, limit, stride });
          });
        },
      },
      batch: (b, inputs, batched, size, { axis }) =>
        b.emit("concat", allBatched(b, inputs, batched, size), { axis: axis + 1 }),
    },
  };
