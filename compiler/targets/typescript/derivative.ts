/** The derivative of a staged function as a text of TypeScript, and as IR. */
import { gradFunction, valueAndGradFunction } from "../../../autodiff/grad.js";
import { jvpFunction } from "../../../autodiff/jvp.js";
import { vjpFunction } from "../../../autodiff/vjp.js";
import { fail, internal } from "../../diagnostics.js";
import type { ArgLeaf, OutLeaf, Staged, Tree } from "../../frontend/types.js";
import { createBuilder } from "../../ir/builder.js";
import { cotangentName, nameValue, tangentName } from "../../ir/names.js";
import { type IrFunction, isFloat, type Var } from "../../ir/types.js";
import { dce } from "../../passes/dce.js";
import { dropBarriers } from "../../passes/drop-marks.js";
import { type Pass, passes, runPasses } from "../../passes/pipeline.js";
import { plainValue } from "./captured.js";
import {
  type Parameter,
  type ParameterLeaf,
  type Passed,
  type PrintRequest,
  printTypeScript,
  type ResultLeaf,
} from "./program.js";
import { joinChoices, keepEarly, ownLists, shareNames } from "./tidy.js";
import { leaves, mapTree } from "./trees.js";

export type Mode = "grad" | "vjp" | "jvp";

export interface DerivativeRequest {
  readonly staged: Staged;
  /** The user's name of the function. */
  readonly name: string;
  /** Its file as the comment names it, and the line it begins on. */
  readonly place: string | null;
  /** What it is called with: names of the parameters, and the trees that were staged. */
  readonly args: readonly { readonly name: string; readonly tree: Tree<ArgLeaf> }[];
  readonly argnums: readonly number[];
  readonly mode: Mode;
  /** Also give the function's value. */
  readonly value: boolean;
}

export interface Derivative {
  readonly name: string;
  /** After the passes: what is printed. */
  readonly fn: IrFunction;
  readonly text: () => string;
}

/** Passes that make programs fast rather than short are left out. */
const FASTER: ReadonlySet<string> = new Set(["flags", "hoist", "speculate"]);
const readable: readonly Pass[] = passes.filter(({ name }) => !FASTER.has(name));
const simplified = (fn: IrFunction): IrFunction => runPasses(fn, { passes: readable }).fn;

/** The derivative after the passes, in the order and with the names that it is printed with. */
const tidied = (fn: IrFunction): IrFunction => {
  const tidy = keepEarly(ownLists(dce(joinChoices(dropBarriers(simplified(fn))))));
  shareNames(tidy);
  return tidy;
};

const passedOf = (leaf: ArgLeaf & { readonly kind: "staged" }): Passed => ({
  type: leaf.type,
  store: leaf.store,
});

/** Arguments, what they are to the derivative, and which params of the program they are. */
interface Inputs {
  readonly parameters: readonly Parameter[];
  /** Per leaf index of the arguments the param of the program; missing for one it does not need. */
  readonly paramOf: ReadonlyMap<number, number>;
  readonly wanted: ReadonlySet<number>;
}

const inputsOf = ({ staged, args, argnums }: DerivativeRequest): Inputs => {
  const paramOf = new Map<number, number>();
  staged.inputs.forEach((source, k) => {
    if (source.kind === "arg") paramOf.set(source.index, k);
  });
  const isStatic = new Set(staged.staticLeaves);
  const wanted = new Set<number>();
  const parameters = args.map(({ name, tree }, position): Parameter => {
    const own = mapTree(tree, (leaf): ParameterLeaf => {
      if (leaf.kind === "static") return { kind: "known", value: leaf.value };
      if (isStatic.has(leaf.index)) return { kind: "known", value: leaf.value };
      if (argnums.includes(position)) wanted.add(leaf.index);
      return { kind: "value", index: paramOf.get(leaf.index) ?? null, passed: passedOf(leaf) };
    });
    return { name, tree: own };
  });
  return { parameters, paramOf, wanted };
};

/** The leaves of the arguments that are differentiated by must vary smoothly. */
const requireSmooth = (request: DerivativeRequest): undefined => {
  const { args, argnums, name, staged } = request;
  const isStatic = new Set(staged.staticLeaves);
  for (const position of argnums) {
    const arg = args[position];
    if (arg === undefined)
      fail(
        "TSJ3010",
        "type",
        `${name} is called with ${args.length} arguments: there is no argument ${position}`,
        {
          hint: "--argnums counts from 0; --args says what the function is called with",
        },
      );
    else
      for (const leaf of leaves(arg.tree)) {
        const isSmooth = leaf.kind === "staged" && isFloat(leaf.type.dtype) && !isStatic.has(leaf.index);
        if (isSmooth) continue;
        fail(
          "TSJ3012",
          "type",
          leaf.kind === "staged" && isStatic.has(leaf.index)
            ? `${name} needs the value of ${arg.name} to be known, so it has no derivative by it`
            : `${name} has no derivative by ${arg.name}: only floats vary smoothly`,
          { hint: "choose the arguments to differentiate by with --argnums" },
        );
      }
  }
};

/** The gradient's tree: that of one argument, or a list of those of several. */
const gradTree = (
  request: DerivativeRequest,
  inputs: Inputs,
  place: (leaf: number, passed: Passed) => ResultLeaf,
): Tree<ResultLeaf> => {
  const trees = request.argnums.map((position): Tree<ResultLeaf> => {
    const arg = request.args[position] ?? internal("an argument is missing");
    return mapTree(arg.tree, (leaf): ResultLeaf => {
      if (leaf.kind === "static") return { kind: "known", value: leaf.value };
      return inputs.paramOf.has(leaf.index)
        ? place(leaf.index, passedOf(leaf))
        : place(leaf.index, passedOf(leaf));
    });
  });
  const [only] = trees;
  return trees.length === 1 && only !== undefined ? only : { kind: "array", items: trees };
};

const outPassed = (v: Var): Passed => ({ type: v.type, store: null });

/** What the function itself gives. */
const valueTree = (out: Tree<OutLeaf>, results: readonly Var[], from: number): Tree<ResultLeaf> =>
  mapTree(out, (leaf): ResultLeaf => {
    if (leaf.kind === "static") return { kind: "known", value: leaf.value };
    const v = results[leaf.index] ?? internal("a result is missing");
    return { kind: "result", index: from + leaf.index, passed: outPassed(v) };
  });

/** The text is made when it is asked for. */
const derivative = (print: PrintRequest): Derivative => ({
  name: print.name,
  fn: print.fn,
  text: () => printTypeScript(print),
});

/** The program with zeros for the arguments that it does not depend on: results in the order of `wanted`'s leaves. */
const withZeros = (
  fn: IrFunction,
  request: DerivativeRequest,
  inputs: Inputs,
  first: number,
): { readonly fn: IrFunction; readonly placeOf: ReadonlyMap<number, number> } => {
  const b = createBuilder();
  const params = fn.params.map((p) => b.param(p.type));
  const values = b.inline(fn, params);
  const results = [...values];
  const placeOf = new Map<number, number>();
  let next = first;
  // gradients come in the order of the program's params
  const needed = [...inputs.paramOf].filter(([leaf]) => inputs.wanted.has(leaf));
  for (const [leaf] of needed.sort(([, a], [, b]) => a - b)) placeOf.set(leaf, next++);
  for (const { tree } of request.args)
    for (const leaf of leaves(tree))
      if (leaf.kind === "staged" && inputs.wanted.has(leaf.index) && !placeOf.has(leaf.index))
        placeOf.set(leaf.index, results.push(b.splat(0, leaf.type)) - 1);
  return { fn: b.finish(fn.name, results), placeOf };
};

export const derivativeOf = (request: DerivativeRequest): Derivative => {
  const { staged, mode, value } = request;
  requireSmooth(request);
  const inputs = inputsOf(request);
  const primal = simplified(staged.fn);
  request.args.forEach(({ name, tree }) => {
    mapTree(tree, (leaf) => {
      const k = leaf.kind === "staged" ? inputs.paramOf.get(leaf.index) : undefined;
      const v = k === undefined ? undefined : primal.params[k];
      if (v !== undefined) nameValue(v, name);
    });
  });
  shareNames(primal);
  const byIndex = new Map([...inputs.paramOf].map(([leaf, k]) => [k, leaf]));
  const wanted = primal.params.map((_, k) => {
    const leaf = byIndex.get(k);
    return leaf !== undefined && inputs.wanted.has(leaf);
  });
  const name = `${mode === "jvp" ? "jvp" : "d"}_${request.name}`;
  const parameters = [...inputs.parameters];
  const captured = staged.inputs.flatMap((source, index) => {
    if (source.kind !== "capture") return [];
    const capture = staged.captures[source.index] ?? internal("a capture is missing");
    return [{ index, name: capture.name, value: plainValue(capture.name, capture.read()) }];
  });
  if (mode === "jvp") return forward(request, inputs, primal, wanted, name, captured);
  const made =
    mode === "vjp"
      ? vjpFunction(primal, wanted).fn
      : value
        ? valueAndGradFunction(primal, wanted)
        : gradFunction(primal, wanted);
  const nResults = primal.results.length;
  const { fn: whole, placeOf } = withZeros(made, request, inputs, mode === "vjp" || value ? nResults : 0);
  if (mode === "vjp") {
    const cts: Tree<ParameterLeaf>[] = [];
    let next = primal.params.length;
    cts.push(
      mapTree(staged.out, (leaf): ParameterLeaf => {
        const v = leaf.kind === "result" ? primal.results[leaf.index] : undefined;
        if (v === undefined || !isFloat(v.type.dtype)) return { kind: "known", value: undefined };
        return { kind: "value", index: next++, passed: outPassed(v) };
      }),
    );
    const [tree] = cts;
    if (tree !== undefined) parameters.push({ name: "d_out", tree });
  }
  const grads = gradTree(request, inputs, (leaf, passed) => ({
    kind: "result",
    index: placeOf.get(leaf) ?? internal("a gradient is missing"),
    passed,
  }));
  const values = valueTree(staged.out, primal.results, 0);
  const result: Tree<ResultLeaf> = value ? { kind: "array", items: [values, grads] } : grads;
  const kept = keepResults(whole, result);
  const fn = tidied(kept.fn);
  nameResults(fn, kept.result, request);
  return derivative({
    name,
    about: about(request),
    fn,
    parameters,
    captured,
    result: kept.result,
    isTuple: value || request.argnums.length > 1,
  });
};

/** Results that the tree does not name are not computed. */
const keepResults = (
  fn: IrFunction,
  tree: Tree<ResultLeaf>,
): { readonly fn: IrFunction; readonly result: Tree<ResultLeaf> } => {
  const used = [...new Set(leaves(tree).flatMap((leaf) => (leaf.kind === "result" ? [leaf.index] : [])))];
  const results = used.map((k) => fn.results[k] ?? internal("a result is missing"));
  return {
    fn: { ...fn, results },
    result: mapTree(tree, (leaf) =>
      leaf.kind === "result" ? { ...leaf, index: used.indexOf(leaf.index) } : leaf,
    ),
  };
};

/** Gradients are called after their arguments. */
const nameResults = (fn: IrFunction, tree: Tree<ResultLeaf>, request: DerivativeRequest): undefined => {
  const { args, argnums, value } = request;
  const grads = value && tree.kind === "array" ? tree.items[1] : tree;
  const own = argnums.length === 1 ? [grads] : grads?.kind === "array" ? grads.items : [];
  own.forEach((t, k) => {
    const name = args[argnums[k] ?? 0]?.name;
    if (t === undefined || name === undefined) return;
    for (const leaf of leaves(t)) {
      const v = leaf.kind === "result" ? fn.results[leaf.index] : undefined;
      if (v !== undefined) nameValue(v, cotangentName(name));
    }
  });
};

const forward = (
  request: DerivativeRequest,
  inputs: Inputs,
  primal: IrFunction,
  wanted: readonly boolean[],
  name: string,
  captured: PrintRequest["captured"],
): Derivative => {
  const { staged, value, args, argnums } = request;
  const { fn: jvp, tangentOuts } = jvpFunction(primal, wanted);
  const nParams = primal.params.length;
  const tangentParam = new Map<number, number>();
  wanted.forEach((w, k) => {
    if (w) tangentParam.set(k, nParams + tangentParam.size);
  });
  const parameters = [
    ...inputs.parameters,
    ...argnums.map((position): Parameter => {
      const arg = args[position] ?? internal("an argument is missing");
      return {
        name: tangentName(arg.name),
        tree: mapTree(arg.tree, (leaf): ParameterLeaf => {
          if (leaf.kind === "static") return { kind: "known", value: leaf.value };
          const k = inputs.paramOf.get(leaf.index);
          return {
            kind: "value",
            index: k === undefined ? null : (tangentParam.get(k) ?? null),
            passed: passedOf(leaf),
          };
        }),
      };
    }),
  ];
  const b = createBuilder();
  const params = jvp.params.map((p) => b.param(p.type));
  const values = b.inline(jvp, params);
  const outs = values.slice(0, primal.results.length);
  let next = primal.results.length;
  const tangents = primal.results.map(
    (v, k) => (tangentOuts[k] === true ? values[next++] : undefined) ?? b.splat(0, v.type),
  );
  const whole = b.finish(`${primal.name}.jvp`, [...outs, ...tangents]);
  const primals = valueTree(staged.out, primal.results, 0);
  const dots = valueTree(staged.out, primal.results, primal.results.length);
  const result: Tree<ResultLeaf> = value ? { kind: "array", items: [primals, dots] } : dots;
  const kept = keepResults(whole, result);
  const fn = tidied(kept.fn);
  return derivative({
    name,
    about: about(request),
    fn,
    parameters,
    captured,
    result: kept.result,
    isTuple: value,
  });
};

const about = ({ name, place, args, argnums, mode, value }: DerivativeRequest): readonly string[] => {
  const by = argnums.map((k) => args[k]?.name ?? "").join(", ");
  const of = `\`${name}\`${place === null ? "" : ` (${place})`}`;
  const what =
    mode === "grad"
      ? `${value ? "The value and the gradient" : "The gradient"} of ${of} by ${by}.`
      : mode === "vjp"
        ? `${value ? "The value of" : "Of"} ${of}${value ? ", and" : ":"} the cotangent of ${by} for the cotangent d_out of the result.`
        : `${value ? "The value of" : "Of"} ${of}${value ? ", and" : ":"} the tangent of the result for a tangent of ${by}.`;
  return [what];
};
