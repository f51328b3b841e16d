/** Staged programs on arguments: the values of their parameters, and results as the function would give them. */
import type { OutLeaf, Staged, Tree } from "../../compiler/frontend/types.js";
import type { IrFunction } from "../../compiler/ir/types.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { capturedValues, readStaged } from "../../runtime/captures.js";
import { type HostLeaf, parameterNames, signatureOf } from "../../runtime/signature.js";

export const rebuild = (tree: Tree<OutLeaf>, results: readonly NdArray[]): unknown => {
  switch (tree.kind) {
    case "leaf": {
      if (tree.leaf.kind === "static") return tree.leaf.value;
      const result = results[tree.leaf.index];
      if (result === undefined) throw new Error("a result is missing");
      const elements = Array.from(result.data, (x) => (result.dtype === "bool" ? x !== 0 : x));
      return nested(elements, result.shape);
    }
    case "array":
      return tree.items.map((item) => rebuild(item, results));
    case "object":
      return Object.fromEntries(
        tree.keys.map((key, k) => [key, rebuild(tree.fields[k] ?? { kind: "array", items: [] }, results)]),
      );
    default: {
      const never: never = tree;
      return never;
    }
  }
};

const nested = (elements: readonly (number | boolean)[], [length, ...rest]: readonly number[]): unknown => {
  if (length === undefined) return elements[0];
  const size = elements.length / Math.max(1, length);
  return Array.from({ length }, (_, k) => nested(elements.slice(k * size, (k + 1) * size), rest));
};

/** The values of the program's parameters, in order. */
export const inputsOf = (staged: Staged, args: readonly unknown[]): readonly HostLeaf[] => {
  const { leaves } = signatureOf(args, parameterNames(staged.functions[0] ?? (() => 0)));
  const captured = capturedValues(staged.captures);
  return staged.inputs.map(({ kind, index }) => {
    const entry = captured[index];
    const leaf = kind === "arg" ? leaves[index] : entry === undefined ? undefined : readStaged(entry);
    if (leaf === undefined) throw new Error("an input is missing");
    return leaf;
  });
};

const elementsOf = (leaf: HostLeaf): readonly number[] => {
  if (typeof leaf === "number") return [leaf];
  if (ArrayBuffer.isView(leaf)) return Array.from(leaf);
  if ("elements" in leaf) return leaf.elements;
  throw new Error("programs take no tensors");
};

export const ndarraysOf = (staged: Staged, ir: IrFunction, args: readonly unknown[]): readonly NdArray[] =>
  inputsOf(staged, args).map((leaf, k) => {
    const { dtype, shape } = ir.params[k]?.type ?? { dtype: "f64", shape: [] };
    return ndarray(dtype, shape, elementsOf(leaf));
  });
