/** Stages a function and evaluates the program by the reference semantics. */
import { stage } from "../../compiler/frontend/stage.js";
import type { AnyFunction, OutLeaf, Staged, Tree } from "../../compiler/frontend/types.js";
import { verify } from "../../compiler/ir/verify.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { interpret } from "../../runtime/interpret.js";
import {
  argumentTrees,
  type HostLeaf,
  parameterNames,
  signatureOf,
  stagedType,
} from "../../runtime/signature.js";
import { isTensor } from "../../runtime/tensor.js";
import "../../runtime/index.js";
import { TscJitError } from "../../compiler/diagnostics.js";
import type { DType, TensorType } from "../../compiler/ir/types.js";

export type ScopeOption = (() => Readonly<Record<string, unknown>>) | null;

export const stageCall = (fn: AnyFunction, args: readonly unknown[], scope: ScopeOption = null): Staged =>
  stage({ fn, args: argumentTrees(args, parameterNames(fn)), scope });

const DATA: Readonly<Record<DType, (x: readonly number[]) => NdArray["data"]>> = {
  f32: (x) => Float32Array.from(x),
  f64: (x) => Float64Array.from(x),
  i32: (x) => Int32Array.from(x),
  u32: (x) => Uint32Array.from(x),
  bool: (x) => Uint8Array.from(x),
};

const toNdArray = (leaf: HostLeaf, { dtype, shape }: TensorType): NdArray => {
  const elements =
    typeof leaf === "number"
      ? [leaf]
      : isTensor(leaf)
        ? Array.from(leaf.data)
        : "elements" in leaf
          ? leaf.elements
          : Array.from(leaf as Float64Array);
  return { dtype, shape, data: DATA[dtype](elements) };
};

/** Rank 0 as a number or boolean, arrays nested. */
export const toPlain = ({ dtype, shape, data }: NdArray): unknown => {
  const element = (k: number): unknown => (dtype === "bool" ? data[k] !== 0 : data[k]);
  const build = (axis: number, offset: number, count: number): unknown => {
    const n = shape[axis];
    if (n === undefined) return element(offset);
    const inner = n === 0 ? 0 : count / n;
    return Array.from({ length: n }, (_, k) => build(axis + 1, offset + k * inner, inner));
  };
  return build(0, 0, data.length);
};

const rebuild = (tree: Tree<OutLeaf>, results: readonly NdArray[]): unknown => {
  switch (tree.kind) {
    case "leaf": {
      if (tree.leaf.kind === "static") return tree.leaf.value;
      const result = results[tree.leaf.index];
      if (result === undefined) throw new Error("a result is missing");
      return toPlain(result);
    }
    case "array":
      return tree.items.map((item) => rebuild(item, results));
    case "object":
      return Object.fromEntries(
        tree.keys.map((key, k) => [key, rebuild(tree.fields[k] as Tree<OutLeaf>, results)]),
      );
  }
};

/** What the program of `fn` gives for these arguments, in plain numbers and arrays. */
export const runStaged = (fn: AnyFunction, args: readonly unknown[], scope: ScopeOption = null): unknown =>
  evaluateStaged(stageCall(fn, args, scope), fn, args);

export const evaluateStaged = (staged: Staged, fn: AnyFunction, args: readonly unknown[]): unknown => {
  verify(staged.fn);
  const { leaves } = signatureOf(args, parameterNames(fn));
  const inputs = staged.inputs.map((source, k) => {
    const type = staged.fn.params[k]?.type;
    if (type === undefined) throw new Error("an input has no parameter");
    const leaf =
      source.kind === "arg" ? leaves[source.index] : stagedType(staged.captures[source.index]?.read())?.leaf;
    if (leaf === undefined) throw new Error("an input has no value");
    return toNdArray(leaf, type);
  });
  return rebuild(staged.out, interpret(staged.fn, inputs));
};

/** The diagnostic's rendered text that staging throws; fails if it throws none. */
export const refusal = (
  fn: AnyFunction,
  args: readonly unknown[],
  scope: ScopeOption = null,
): TscJitError => {
  try {
    stageCall(fn, args, scope);
  } catch (e) {
    if (e instanceof TscJitError) return e;
    throw e;
  }
  throw new Error(`${fn.name} was not refused`);
};
