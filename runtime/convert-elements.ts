/** Elements of one type written to the arena as another, a part at a time that stays in the processor's cache. */
import { BYTES, type DType, sizeOf, type TensorType } from "../compiler/ir/types.js";
import type { Data } from "../compiler/ops/op.js";
import { newData } from "./arena.js";
import type { HostLeaf } from "./signature.js";
import { isTensor } from "./tensor.js";

/** A typed array of exactly the element type, which needs no conversion on its way into the arena. */
export const isNative = (
  leaf: HostLeaf,
  dtype: DType,
): leaf is Float32Array | Float64Array | Int32Array | Uint32Array =>
  (dtype === "f32" && leaf instanceof Float32Array) ||
  (dtype === "f64" && leaf instanceof Float64Array) ||
  (dtype === "i32" && leaf instanceof Int32Array) ||
  (dtype === "u32" && leaf instanceof Uint32Array);

/** A typed array of as many elements, of whatever type. */
export const isTyped = (leaf: HostLeaf, type: TensorType): leaf is Extract<HostLeaf, ArrayBufferView> =>
  ArrayBuffer.isView(leaf) && !isTensor(leaf) && leaf.length === sizeOf(type.shape);

/** Elements of a part: 64 KB of i32. */
const PART = 16_384;

interface Elements extends ArrayLike<number> {
  readonly subarray: (from: number, to: number) => ArrayLike<number>;
}

const parts = new Map<DType, Data>();

/** Writes all elements of `source` from `address` on, as a typed array of this dtype holds them. */
export const writeConverted = (
  write: (address: number, data: Data) => void,
  address: number,
  source: Elements,
  dtype: DType,
): void => {
  const part = parts.get(dtype) ?? newData(dtype, PART);
  parts.set(dtype, part);
  for (let from = 0; from < source.length; from += PART) {
    const to = Math.min(from + PART, source.length);
    part.set(source.subarray(from, to));
    write(address + from * BYTES[dtype], to - from === PART ? part : part.subarray(0, to - from));
  }
};
