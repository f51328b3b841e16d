/** `x.item()`, `x.toArray()`, `x.data`: what they are outside of compiled code, numbers and arrays of the program's own. */
import type { DType } from "../ir/types.js";
import { describe } from "./describe.js";
import { refuse, type Site } from "./machine.js";
import { stagedArray } from "./staged-arrays.js";
import { tensorOf, varOf } from "./tensors.js";
import { builtin, type Store, type TensorValue, type Value } from "./values.js";

/** Elements as JavaScript has them: numbers (f64) or booleans. */
const plain = (site: Site, value: TensorValue) =>
  site.machine.builder.cast(varOf(site, value), value.v.type.dtype === "bool" ? "bool" : "f64");

/** The only element, as a number. */
const item = (site: Site, value: TensorValue): Value => {
  const { shape } = value.v.type;
  if (shape.some((d) => d !== 1))
    return refuse(
      site,
      "TSJ1052",
      `\`item()\` wants one element, and ${describe(value)} has ${shape.reduce((n, d) => n * d, 1)}`,
      "index it, or reduce it to one number first (np.sum, np.max)",
    );
  const v = site.machine.builder.reshape(plain(site, value), []);
  return tensorOf(site, v, { weak: true, needs: value.needs });
};

/** A copy as nested arrays of numbers, which may be written to. */
const toArray = (site: Site, value: TensorValue): Value => {
  const rank = value.v.type.shape.length;
  const copy = tensorOf(site, plain(site, value), { weak: true, hostArray: rank > 0, needs: value.needs });
  return rank === 1 ? stagedArray(site, copy) : copy;
};

const STORES: Readonly<Record<DType, Store>> = { f32: "f32", f64: "f64", i32: "i32", u32: "u32", bool: "u8" };

/** A copy of the elements, row-major, as a typed array. */
const data = (site: Site, value: TensorValue): Value => {
  const { builder } = site.machine;
  const { shape, dtype } = value.v.type;
  const flat = builder.reshape(varOf(site, value), [shape.reduce((n, d) => n * d, 1)]);
  const v = dtype === "bool" ? builder.cast(flat, "i32") : flat;
  return tensorOf(site, v, { hostArray: true, store: STORES[dtype], needs: value.needs });
};

/** What `key` gives of a tensor's elements; null where it is something else. */
export const readOut = (site: Site, value: TensorValue, key: string): Value | null => {
  switch (key) {
    case "item":
      return builtin(key, (_, at) => item(at, value));
    case "toArray":
    case "toJSON":
      return builtin(key, (_, at) => toArray(at, value));
    case "data":
      return data(site, value);
    default:
      return null;
  }
};
