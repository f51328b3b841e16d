/** What a call gives back: the tree of the function's result with numbers or tensors at its leaves. */
import { internal } from "../compiler/diagnostics.js";
import type { OutLeaf, Tree } from "../compiler/frontend/types.js";
import { sizeOf, type TensorType } from "../compiler/ir/types.js";
import { heapStorage, newData } from "./arena.js";
import type { ResultValue } from "./run-wasm.js";
import { makeTensor } from "./tensor.js";
import type { Tensor } from "./types.js";

const scalarTensor = (value: number, dtype: TensorType["dtype"], weak: boolean): Tensor => {
  const data = newData(dtype, 1);
  data[0] = value;
  return makeTensor(heapStorage(dtype, data), [], weak);
};

/**
 * @param weak a JavaScript number: takes the dtype of what it meets
 * @param plain after a call with plain numbers only: rank 0 comes as a number or boolean, not as a tensor
 */
export const resultLeaf = (value: ResultValue, type: TensorType, weak: boolean, plain: boolean): unknown => {
  if (typeof value !== "number") return makeTensor(value, type.shape, weak);
  if (!plain) return scalarTensor(value, type.dtype, weak);
  return type.dtype === "bool" ? value !== 0 : value;
};

/** Builds the result. A number known at compile time is a number that takes the dtype of what it meets. */
export const buildResult = (
  tree: Tree<OutLeaf>,
  values: readonly ResultValue[],
  types: readonly TensorType[],
  plain: boolean,
): unknown => {
  switch (tree.kind) {
    case "leaf": {
      const { leaf } = tree;
      if (leaf.kind === "static")
        return !plain && typeof leaf.value === "number" ? scalarTensor(leaf.value, "f64", true) : leaf.value;
      const value = values[leaf.index];
      const type = types[leaf.index];
      if (value === undefined || type === undefined)
        return internal(`the program has no result ${leaf.index}`);
      return resultLeaf(value, type, leaf.weak === true, plain);
    }
    case "array":
      return tree.items.map((item) => buildResult(item, values, types, plain));
    case "object": {
      const result: Record<string, unknown> = {};
      tree.keys.forEach((key, k) => {
        const field = tree.fields[k];
        if (field === undefined) return;
        const value = buildResult(field, values, types, plain);
        // A field named __proto__ is a field, not the object's prototype.
        if (key === "__proto__")
          Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true });
        else result[key] = value;
      });
      return result;
    }
    default: {
      const never: never = tree;
      return internal(`unexpected tree ${JSON.stringify(never)}`);
    }
  }
};

/** Elements in all of the results. */
export const countElements = (types: readonly TensorType[]): number =>
  types.reduce((n, t) => n + sizeOf(t.shape), 0);
