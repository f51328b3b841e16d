/** Prints derivatives of functions, type-checks the texts, and runs them as plain TypeScript. */
import { Project, ts } from "ts-morph";
import { gradFunction } from "../../autodiff/grad.js";
import type { AnyFunction, ArgLeaf, Staged, Tree } from "../../compiler/frontend/types.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import { type IrFunction, isFloat } from "../../compiler/ir/types.js";
import { type Derivative, derivativeOf, type Mode } from "../../compiler/targets/typescript/derivative.js";
import { argumentTrees, parameterNames } from "../../runtime/signature.js";
import { evaluateStaged, stageCall } from "../frontend/harness.js";

export interface Printing {
  /** What is printed instead of the function's own program. */
  readonly staged?: Staged;
  readonly mode?: Mode;
  readonly argnums?: readonly number[];
  readonly value?: boolean;
}

const isVarying = (tree: Tree<ArgLeaf>, statics: readonly number[]): boolean => {
  switch (tree.kind) {
    case "leaf":
      return (
        tree.leaf.kind === "staged" &&
        (tree.leaf.type.dtype === "f64" || tree.leaf.type.dtype === "f32") &&
        !statics.includes(tree.leaf.index)
      );
    case "array":
      return tree.items.length > 0 && tree.items.every((t) => isVarying(t, statics));
    case "object":
      return tree.fields.every((t) => isVarying(t, statics));
  }
};

/** Positions of the arguments that a function can be differentiated by. */
export const varying = (fn: AnyFunction, args: readonly unknown[]): readonly number[] => {
  const { staticLeaves } = stageCall(fn, args);
  return argumentTrees(args, parameterNames(fn)).flatMap((tree, k) =>
    isVarying(tree, staticLeaves) ? [k] : [],
  );
};

/** The derivative of a function called with `args`. */
export const derive = (
  fn: AnyFunction,
  args: readonly unknown[],
  { staged = stageCall(fn, args), mode = "grad", argnums = [0], value = false }: Printing = {},
): Derivative => {
  const names = parameterNames(fn);
  return derivativeOf({
    staged,
    name: fn.name,
    place: null,
    args: argumentTrees(args, names).map((tree, k) => ({ name: names.at(k) ?? `arg${k}`, tree })),
    argnums,
    mode,
    value,
  });
};

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noUnusedLocals: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  types: [],
};

/** What the compiler has to say of these modules under `strict`, one text per fault. */
export const typeFaults = (texts: ReadonlyMap<string, string>): readonly string[] => {
  const project = new Project({ useInMemoryFileSystem: true, compilerOptions: OPTIONS });
  for (const [name, text] of texts) project.createSourceFile(`/${name}.ts`, text);
  return project.getPreEmitDiagnostics().map((d) => {
    const file = d.getSourceFile();
    const line = d.getLineNumber() ?? 1;
    const message = ts.flattenDiagnosticMessageText(d.compilerObject.messageText, "\n");
    return `${file?.getBaseName() ?? ""}:${line}: ${message}\n${file?.getFullText().split("\n")[line - 1] ?? ""}`;
  });
};

/** The function that a text exports. */
export const loadText = (text: string, name: string): ((...args: readonly unknown[]) => unknown) => {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  });
  const exports: Record<string, unknown> = {};
  new Function("exports", outputText)(exports);
  const found = exports[name];
  if (typeof found !== "function") throw new Error(`the text does not export ${name}`);
  return (...args) => Reflect.apply(found, undefined, args) as unknown;
};

/** All numbers of a value, in order. */
export const numbersIn = (x: unknown): readonly number[] => {
  if (typeof x === "number") return [x];
  if (ArrayBuffer.isView(x)) return Array.from(x as Float64Array);
  if (Array.isArray(x)) return x.flatMap(numbersIn);
  return typeof x === "object" && x !== null ? Object.values(x).flatMap(numbersIn) : [];
};

/** The program whose one result is the sum of all floats that a program gives. */
export const summed = (staged: Staged): Staged => {
  const b = createBuilder();
  const params = staged.fn.params.map((p) => b.param(p.type, p));
  const values = b.inline(staged.fn, params).filter((v) => isFloat(v.type.dtype));
  const sums = values.map((v) =>
    b.cast(
      b.reduceSum(
        v,
        v.type.shape.map((_, axis) => axis),
      ),
      "f64",
    ),
  );
  const [first = b.scalar(0, "f64"), ...others] = sums;
  const total = others.reduce((sum, v) => b.add(sum, v), first);
  const leaf = { kind: "result", index: 0, weak: true } as const;
  return { ...staged, fn: b.finish(staged.fn.name, [total]), out: { kind: "leaf", leaf } };
};

/** What a program with these results gives, all its numbers in order, by the reference semantics. */
export const interpreted = (
  staged: Staged,
  fn: IrFunction,
  of: AnyFunction,
  args: readonly unknown[],
): readonly number[] => {
  const items = fn.results.map((_, index) => ({ kind: "leaf", leaf: { kind: "result", index } }) as const);
  return numbersIn(evaluateStaged({ ...staged, fn, out: { kind: "array", items } }, of, args));
};

/**
 * The gradient of a program's one result by the arguments `argnums` as the engine of derivatives gives it before any pass, by
 * the reference semantics. All its numbers, in order.
 */
export const referenceGradient = (
  staged: Staged,
  fn: AnyFunction,
  args: readonly unknown[],
  argnums: readonly number[],
): readonly number[] => {
  const trees = argumentTrees(args, parameterNames(fn));
  const leaves = argnums.flatMap((k) => leavesIn(trees[k]));
  const places = leaves.map((leaf) =>
    staged.inputs.findIndex((source) => source.kind === "arg" && source.index === leaf.index),
  );
  const wanted = staged.fn.params.map((_, k) => places.includes(k));
  const grad = gradFunction(staged.fn, wanted);
  const order = wanted.flatMap((w, k) => (w ? [k] : []));
  const b = createBuilder();
  const params = grad.params.map((p) => b.param(p.type));
  const grads = b.inline(grad, params);
  const results = leaves.map((leaf, k) => grads[order.indexOf(places[k] ?? -1)] ?? b.splat(0, leaf.type));
  return interpreted(staged, b.finish("reference", results), fn, args);
};

const leavesIn = (tree: Tree<ArgLeaf> | undefined): readonly (ArgLeaf & { readonly kind: "staged" })[] => {
  if (tree === undefined) return [];
  switch (tree.kind) {
    case "leaf":
      return tree.leaf.kind === "staged" ? [tree.leaf] : [];
    case "array":
      return tree.items.flatMap(leavesIn);
    case "object":
      return tree.fields.flatMap(leavesIn);
  }
};
