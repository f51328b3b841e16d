/** Elementwise ops of mixed dtypes: select, cast, bitcast. */
import { type DType, isFloat, isInt } from "../ir/types.js";
import { one, refuse, requireDType, requireEqual, requireKnownDType, three } from "./checks.js";
import { batchElementwise, mapElements, noDerivative, type RecordsOf } from "./elementwise.js";
import { allocate, at } from "./ndarray.js";
import type { Data } from "./op.js";

/** [least, greatest] of each integer dtype. */
export const INT_RANGE: Readonly<Record<"i32" | "u32", readonly [number, number]>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
};

/** A float as an integer: truncated towards zero; RangeError on NaN and where the result does not fit. */
const floatToInt = (x: number, dtype: "i32" | "u32"): number => {
  const t = Math.trunc(x);
  const [least, greatest] = INT_RANGE[dtype];
  if (!(t >= least && t <= greatest)) throw new RangeError(`cast: ${x} does not fit ${dtype}`);
  return t;
};

/** Conversion of one value; integers wrap modulo 2^32 when they are stored. */
const converter = (from: DType, to: DType): ((x: number) => number) => {
  if (to === "bool") return (x) => Number(x !== 0);
  if (isInt(to) && isFloat(from)) return (x) => floatToInt(x, to);
  return (x) => x;
};

/** The dtypes of 32 bits, between which bits can be kept. */
const WORDS: readonly DType[] = ["f32", "i32", "u32"];

const reinterpret = (data: Data, dtype: DType): Data => {
  const out = allocate(dtype, data.length);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
  return out;
};

export const convertOps: RecordsOf<"select" | "cast" | "bitcast"> = {
  // cond ? a : b; NaN in the side not taken has no effect, on values and on derivatives
  select: {
    name: "select",
    infer: (inputs) => {
      const [cond, x, y] = three("select", inputs);
      requireDType("select", cond, ["bool"]);
      requireEqual("select", x, y);
      requireEqual("select", { dtype: x.dtype, shape: cond.shape }, x);
      return x;
    },
    eval: (inputs) => {
      const [cond, x, y] = three("select", inputs);
      return mapElements(x.dtype, [x], (k) => at(at(cond.data, k) !== 0 ? x.data : y.data, k));
    },
    ad: {
      kind: "linear",
      transpose: (b, ct, inputs, [, wx, wy]) => {
        const [cond] = three("select", inputs);
        const zero = b.zerosLike(ct);
        return [
          null,
          wx === true ? b.select(cond, ct, zero) : null,
          wy === true ? b.select(cond, zero, ct) : null,
        ];
      },
    },
    batch: batchElementwise("select"),
  },

  // float to float rounds to nearest; float to integer truncates and throws a RangeError on NaN or out of range;
  // integer to integer wraps modulo 2^32; to bool is x != 0 (so NaN gives 1); bool gives 0 or 1
  cast: {
    name: "cast",
    infer: (inputs, { dtype }) => {
      requireKnownDType("cast", dtype);
      return { dtype, shape: one("cast", inputs).shape };
    },
    eval: (inputs, { dtype }) => {
      const x = one("cast", inputs);
      const convert = converter(x.dtype, dtype);
      return mapElements(dtype, [x], (k) => convert(at(x.data, k)));
    },
    ad: {
      kind: "linear",
      transpose: (b, ct, inputs, [wanted]) => {
        const { dtype } = one("cast", inputs).type;
        return [wanted === true && isFloat(dtype) && isFloat(ct.type.dtype) ? b.cast(ct, dtype) : null];
      },
    },
    batch: batchElementwise("cast"),
  },

  bitcast: {
    name: "bitcast",
    infer: (inputs, { dtype }) => {
      const x = one("bitcast", inputs);
      requireDType("bitcast", x, WORDS);
      if (!WORDS.includes(dtype))
        refuse("bitcast", `to ${dtype}: only ${WORDS.join(", ")} have 32 bits`, "type");
      return { dtype, shape: x.shape };
    },
    eval: (inputs, { dtype }) => {
      const x = one("bitcast", inputs);
      return { dtype, shape: x.shape, data: reinterpret(x.data, dtype) };
    },
    ad: noDerivative,
    batch: batchElementwise("bitcast"),
  },
};
