/** Runs one program on every tier of the compiler, and compares each with the program run as plain JavaScript, bit for bit. */
import { TscJitError } from "../../compiler/diagnostics.js";
import { stage } from "../../compiler/frontend/stage.js";
import type { AnyFunction, OutLeaf, Staged, Tree } from "../../compiler/frontend/types.js";
import { printFunction } from "../../compiler/ir/print.js";
import type { IrFunction, TensorType } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { interpretProgram } from "../../compiler/kernel/interpret.js";
import { lowerProgram } from "../../compiler/kernel/lower.js";
import type { KernelProgram } from "../../compiler/kernel/types.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { compileSync } from "../../compiler/targets/wasm/client.js";
import { detectProfile } from "../../compiler/targets/wasm/profile.js";
import { scratchFor } from "../../compiler/targets/wasm/scratch.js";
import { jit } from "../../runtime/index.js";
import { interpret } from "../../runtime/interpret.js";
import { buildResult } from "../../runtime/results.js";
import { binaryOf, loadBinary } from "../../runtime/run-wasm.js";
import { argumentTrees, parameterNames } from "../../runtime/signature.js";
import { isTensor } from "../../runtime/tensor.js";
import type { Callable } from "../../runtime/types.js";
import type { Program } from "./program.js";
import { type Rendered, renderProgram } from "./render.js";

/** - `ir`: front end and passes; `kernel`: also the lowered program, interpreted; `wasm`: also as WASM; `jit`: also by `jit` */
export type Tier = "ir" | "kernel" | "wasm" | "jit";
export const TIERS: readonly Tier[] = ["ir", "kernel", "wasm", "jit"];

export type Outcome =
  | { readonly kind: "agrees" }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | {
      readonly kind: "fails";
      /** The part of the compiler that is wrong, and what kind of fault it is: kept while the program is made smaller. */
      readonly fault: string;
      readonly report: string;
    };

export type Argument = number | Float64Array;

class Fault extends Error {
  readonly fault: string;
  constructor(fault: string, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

export const argumentsOf = (p: Program, arrays: readonly number[]): readonly (readonly Argument[])[] =>
  p.inputs.map((values) => {
    let at = 0;
    const next = (): number => values[at++ % values.length] ?? 0;
    const numbers = Array.from({ length: p.numbers }, next);
    return [...numbers, ...arrays.map((length) => Float64Array.from({ length }, next))];
  });

export const functionOf = ({ parameters, body }: Rendered): AnyFunction =>
  new Function(...parameters, body) as AnyFunction;

/** Numbers, booleans, arrays and records alone. */
const plain = (value: unknown): unknown => {
  if (isTensor(value)) return value.shape.length === 0 ? value.item() : value.toArray();
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
};

const same = (a: unknown, b: unknown): boolean => {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return Object.is(a, b);
  const [x, y] = [Object.entries(a), Object.entries(b)];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    x.length === y.length &&
    x.every(([key, value], k) => key === y[k]?.[0] && same(value, y[k]?.[1]))
  );
};

const show = (value: unknown): string => {
  if (Object.is(value, -0)) return "-0";
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (ArrayBuffer.isView(value)) return show(plain(value));
  if (typeof value !== "object" || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, field]) => `${key}: ${show(field)}`)
    .join(", ")} }`;
};

/** What a run gives: its value, or the text of the error that the program throws. */
type Run = { readonly value: unknown } | { readonly thrown: string };

const showRun = (run: Run): string => ("thrown" in run ? `throws ${run.thrown}` : show(run.value));

const STOP = /stop t\d+/;

/** Runs `f`, whose only errors are those that the program throws itself. */
const attempt = (where: string, f: () => unknown): Run => {
  try {
    return { value: plain(f()) };
  } catch (e) {
    const message = e instanceof Error ? e.message : String(e);
    const stop = STOP.exec(message);
    if (stop !== null) return { thrown: stop[0] };
    const code = e instanceof TscJitError ? e.code : e instanceof Error ? e.name : "error";
    const text = e instanceof Error && !(e instanceof TscJitError) ? (e.stack ?? message) : message;
    throw new Fault(`${where} throws ${code}`, text);
  }
};

const sameRun = (a: Run, b: Run): boolean =>
  "thrown" in a || "thrown" in b
    ? "thrown" in a && "thrown" in b && a.thrown === b.thrown
    : same(a.value, b.value);

const requireSame = (where: string, got: Run, wanted: Run, args: readonly Argument[]): void => {
  if (!sameRun(got, wanted))
    throw new Fault(
      `${where} differs`,
      `arguments ${args.map(show).join(", ")}\n   gives ${showRun(got)}\n  wanted ${showRun(wanted)}`,
    );
};

const rebuild = (tree: Tree<OutLeaf>, results: readonly NdArray[]): unknown => {
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

const inputsOf = (staged: Staged, args: readonly Argument[]): readonly Argument[] =>
  staged.inputs.map(({ kind, index }) => {
    const arg = kind === "arg" ? args[index] : undefined;
    if (arg === undefined) throw new Error("a program of its own has captures");
    return arg;
  });

const toNdArray = (arg: Argument, { dtype, shape }: TensorType): NdArray =>
  ndarray(dtype, shape, typeof arg === "number" ? [arg] : Array.from(arg));

interface Lowered {
  readonly name: string;
  readonly program: KernelProgram;
}

const lowerAll = (fn: IrFunction, exact: boolean): readonly Lowered[] => {
  const lower = (name: string, options: Parameters<typeof lowerProgram>[1]): Lowered => {
    try {
      return { name, program: lowerProgram(fn, options) };
    } catch (e) {
      throw new Fault(`${name}: lowering throws`, e instanceof Error ? (e.stack ?? "") : String(e));
    }
  };
  const strict = [
    lower("strict kernels", { strict: true }),
    lower("kernels without nests", { strict: true, nests: false }),
  ];
  return exact ? [...strict, lower("kernels", {})] : strict;
};

/** Programs read no variable from outside. To say so saves asking the inspector, which takes longer than everything else. */
const NO_CAPTURES = (): Readonly<Record<string, unknown>> => ({});

/** One program staged for the types of its arguments, or for the values of some: all runs that it is right for. */
interface Case {
  readonly args: readonly (readonly Argument[])[];
  readonly wanted: readonly Run[];
}

const forEachRun = (c: Case, where: string, run: (args: readonly Argument[]) => unknown): void => {
  c.args.forEach((args, k) => {
    const wanted = c.wanted[k];
    if (wanted === undefined) return;
    requireSame(
      where,
      attempt(where, () => run(args)),
      wanted,
      args,
    );
  });
};

const checkTiers = (fn: AnyFunction, staged: Staged, c: Case, tier: Tier, exact: boolean): void => {
  const level = TIERS.indexOf(tier);
  attempt("the front end's program", () => verify(staged.fn));
  const { fn: optimised } = attemptPasses(staged.fn);
  const byIr = (ir: IrFunction) => (args: readonly Argument[]) =>
    rebuild(
      staged.out,
      interpret(
        ir,
        inputsOf(staged, args).map((arg, k) =>
          toNdArray(arg, ir.params[k]?.type ?? { dtype: "f64", shape: [] }),
        ),
      ),
    );
  forEachRun(c, "the front end", byIr(staged.fn));
  forEachRun(c, "the passes", byIr(optimised));
  if (level < 1) return;
  for (const { name, program } of lowerAll(optimised, exact)) {
    forEachRun(c, name, (args) => {
      const data = inputsOf(staged, args).map((arg, k) =>
        toNdArray(arg, optimised.params[k]?.type ?? { dtype: "f64", shape: [] }),
      );
      const results = interpretProgram(
        program,
        data.map((d) => d.data),
      );
      return rebuild(
        staged.out,
        optimised.results.map((v, k) => ndarray(v.type.dtype, v.type.shape, Array.from(results[k] ?? []))),
      );
    });
    if (level < 2) continue;
    const executable = loadWasm(name, program, optimised);
    const types = optimised.results.map((v) => v.type);
    forEachRun(c, `WASM of ${name}`, (args) =>
      buildResult(staged.out, executable.run(inputsOf(staged, args)), types, true),
    );
  }
  if (level < 3) return;
  const compiled = jit(fn as Callable, { strict: true, scope: NO_CAPTURES });
  forEachRun(c, "jit", (args) => Reflect.apply(compiled, undefined, args));
};

const attemptPasses = (fn: IrFunction): { readonly fn: IrFunction } => {
  try {
    const result = runPasses(fn);
    verify(result.fn);
    return result;
  } catch (e) {
    throw new Fault("the passes throw", e instanceof Error ? (e.stack ?? "") : String(e));
  }
};

const loadWasm = (name: string, program: KernelProgram, fn: IrFunction) => {
  try {
    const { wasm } = compileSync(program, detectProfile());
    return loadBinary(
      binaryOf(
        program,
        wasm,
        fn.params.map((p) => p.type),
        fn.results.map((r) => r.type),
        scratchFor(program),
      ),
    );
  } catch (e) {
    throw new Fault(`WASM of ${name}: compiling throws`, e instanceof Error ? (e.stack ?? "") : String(e));
  }
};

/** Runs as plain JavaScript. An error that is not the program's own is a fault of the generator. */
const oracle = (fn: AnyFunction, args: readonly Argument[]): Run =>
  attempt("plain JavaScript", () =>
    Reflect.apply(
      fn,
      undefined,
      args.map((a) => (typeof a === "number" ? a : a.slice())),
    ),
  );

/** @param note told where the work is, before it may hang */
export const runProgram = (p: Program, tier: Tier, note: (source: string) => void = () => {}): Outcome => {
  const rendered = renderProgram(p);
  const source = `function (${rendered.parameters.join(", ")}) {\n${rendered.body}\n}`;
  note(source);
  let staged: Staged | null = null;
  try {
    const fn = functionOf(rendered);
    const args = argumentsOf(p, rendered.arrays);
    const wanted = args.map((a) => oracle(fn, a));
    // Sums may be reassociated where that is not forbidden.
    const exact = !rendered.body.includes(".reduce(");
    for (let k = 0; k < args.length; k++) {
      const names = parameterNames(fn);
      staged = stage({ fn, args: argumentTrees(args[k] ?? [], names), scope: NO_CAPTURES });
      const statics = staged.staticLeaves.length > 0;
      const [from, to] = statics ? [k, k + 1] : [0, args.length];
      checkTiers(fn, staged, { args: args.slice(from, to), wanted: wanted.slice(from, to) }, tier, exact);
      if (!statics) break;
    }
    return { kind: "agrees" };
  } catch (e) {
    if (e instanceof TscJitError && e.diagnostics.every((d) => d.kind !== "internal"))
      return { kind: "refused", code: e.code, message: e.message };
    const fault =
      e instanceof Fault ? e.fault : `staging throws ${e instanceof TscJitError ? e.code : "an error"}`;
    const detail = e instanceof Error ? (e instanceof Fault ? e.message : (e.stack ?? e.message)) : String(e);
    const ir = staged === null ? "" : `\n${printFunction(staged.fn)}`;
    return { kind: "fails", fault, report: `${fault}\n${detail}\n${source}${ir}` };
  }
};
