/** Runs one program on every tier of the compiler, and compares each with the program run as plain JavaScript, bit for bit. */
import { TscJitError } from "../../compiler/diagnostics.js";
import { stage } from "../../compiler/frontend/stage.js";
import type { AnyFunction, Staged } from "../../compiler/frontend/types.js";
import { printFunction } from "../../compiler/ir/print.js";
import type { IrFunction } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { interpretProgram } from "../../compiler/kernel/interpret.js";
import { lowerProgram } from "../../compiler/kernel/lower.js";
import type { KernelProgram } from "../../compiler/kernel/types.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { compileSync } from "../../compiler/targets/wasm/client.js";
import { detectProfile } from "../../compiler/targets/wasm/profile.js";
import { scratchFor } from "../../compiler/targets/wasm/scratch.js";
import { jit } from "../../runtime/index.js";
import { interpret } from "../../runtime/interpret.js";
import { buildResult } from "../../runtime/results.js";
import { binaryOf, loadBinary } from "../../runtime/run-wasm.js";
import { argumentTrees, parameterNames } from "../../runtime/signature.js";
import type { Callable } from "../../runtime/types.js";
import { calm } from "./calm.js";
import { attempt, Fault, requireSame } from "./fault.js";
import { checkGradients } from "./gradients.js";
import type { Program } from "./program.js";
import { checkPublicGradients } from "./public-gradients.js";
import { renderProgram } from "./render-program.js";
import { NO_SLOPES, type Slopes, sumOfSlopes } from "./slopes.js";
import { inputsOf, ndarraysOf, rebuild } from "./staged-run.js";
import { argumentsOf, perturbedMath, type Subject, subjectOf } from "./subject.js";
import { checkTransforms } from "./transforms.js";
import { nearRun, plain, RANGE, type Run, sameRun, spreadOf } from "./values.js";

/**
 * - `ir`: front end and passes; `transform`: also differentiated and batched
 * - `grad`: a calm variant of the program, which is differentiated twice
 * - `kernel`: also the lowered program, interpreted; `wasm`: also as WASM; `jit`: also by `jit`
 */
export type Tier = "ir" | "transform" | "grad" | "kernel" | "wasm" | "jit";
export const TIERS: readonly Tier[] = ["ir", "transform", "grad", "kernel", "wasm", "jit"];

export type Outcome =
  | { readonly kind: "agrees"; readonly slopes: Slopes }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | {
      readonly kind: "fails";
      /** The part of the compiler that is wrong, and what kind of fault it is: kept while the program is made smaller. */
      readonly fault: string;
      readonly report: string;
    };

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

/** One program staged for the types of its arguments, or for the values of some: the runs that it is right for. */
interface Case {
  /** Fresh arguments, and what plain JavaScript gives for them. */
  readonly runs: readonly { readonly args: () => readonly unknown[]; readonly wanted: Run }[];
  /** Whether sums may not be reassociated without a difference. */
  readonly exact: boolean;
  /** Whether WASM's own elementary functions may give other last bits. */
  readonly inexact: boolean;
  /** Whether gradients are compiled as well: a third of the programs. */
  readonly compiled: boolean;
}

const forEachRun = (
  c: Case,
  where: string,
  run: (args: readonly unknown[]) => unknown,
  same: (got: Run, wanted: Run, k: number) => boolean = sameRun,
): void => {
  c.runs.forEach(({ args, wanted }, k) => {
    const own = args();
    const got = attempt(where, () => run(own));
    requireSame(where, got, wanted, args(), (a, b) => same(a, b, k));
  });
};

/** How much further than its spread under perturbed elementary functions a result may lie. */
const SLACK = 16;

/** How runs in WASM are compared: bit for bit, unless the program calls functions whose last bits are not defined. */
const comparison = (subject: Subject, c: Case): ((got: Run, wanted: Run, k: number) => boolean) => {
  if (!c.inexact) return sameRun;
  if (subject.source.includes("**")) return () => true;
  const spreads = c.runs.map(({ args, wanted }) => {
    const others = [1, 2, 3, 4, 5, 6].map((seed) => oracle(subject.plain(perturbedMath(seed)).fn, args()));
    return spreadOf(wanted, others);
  });
  return (got, wanted, k) => {
    const spread = spreads[k];
    return spread === null || spread === undefined || nearRun(got, wanted, spread, SLACK);
  };
};

const checkTiers = (subject: Subject, staged: Staged, c: Case, tier: Tier): Slopes => {
  const level = TIERS.indexOf(tier);
  attempt("the front end's program", () => verify(staged.fn));
  const { fn: optimised } = attemptPasses(staged.fn);
  const byIr = (ir: IrFunction) => (args: readonly unknown[]) =>
    rebuild(staged.out, interpret(ir, ndarraysOf(staged, ir, args)));
  forEachRun(c, "the front end", byIr(staged.fn));
  forEachRun(c, "the passes", byIr(optimised));
  if (tier === "transform")
    checkTransforms(
      optimised,
      subject.source,
      c.runs.map(({ args }) => ndarraysOf(staged, optimised, args())),
    );
  if (tier === "grad") {
    const runs = c.runs.map(({ args }) => ndarraysOf(staged, optimised, args()));
    return sumOfSlopes([
      checkGradients(optimised, runs.slice(0, 3), true),
      checkGradients(staged.fn, runs.slice(3, 4), false),
      ...c.runs.slice(4, c.compiled ? 5 : 4).map(({ args }) => checkPublicGradients(subject.made, args())),
    ]);
  }
  if (level < TIERS.indexOf("kernel")) return NO_SLOPES;
  const same = level < TIERS.indexOf("wasm") ? sameRun : comparison(subject, c);
  for (const { name, program } of lowerAll(optimised, c.exact)) {
    forEachRun(c, name, (args) => {
      const data = ndarraysOf(staged, optimised, args);
      const results = interpretProgram(
        program,
        data.map((d) => d.data),
      );
      return rebuild(
        staged.out,
        optimised.results.map((v, k) => ndarray(v.type.dtype, v.type.shape, Array.from(results[k] ?? []))),
      );
    });
    if (level < TIERS.indexOf("wasm")) continue;
    const executable = loadWasm(name, program, optimised);
    const types = optimised.results.map((v) => v.type);
    forEachRun(
      c,
      `WASM of ${name}`,
      (args) => buildResult(staged.out, executable.run(inputsOf(staged, args)), types, true),
      same,
    );
  }
  if (level < TIERS.indexOf("jit")) return NO_SLOPES;
  const scope = subject.inspected ? {} : { scope: subject.made.scope };
  for (const strict of c.exact ? [true, false] : [true]) {
    const compiled = jit(subject.made.fn as Callable, { strict, ...scope });
    forEachRun(
      c,
      `jit${strict ? " in strict mode" : ""}`,
      (args) => Reflect.apply(compiled, undefined, args),
      same,
    );
  }
  return NO_SLOPES;
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
const oracle = (fn: AnyFunction, args: readonly unknown[]): Run =>
  attempt("plain JavaScript", () => Reflect.apply(fn, undefined, args));

/** The same, with what the function gives where no index is checked. */
const wantedOf = (subject: Subject, checked: AnyFunction, args: () => readonly unknown[]): Run => {
  const run = oracle(checked, args());
  if (!("thrown" in run) || run.thrown !== RANGE) return run;
  try {
    const value: unknown = Reflect.apply(subject.made.fn, undefined, args());
    return { ...run, otherwise: { value: plain(value) } };
  } catch {
    return run; // as the missing row of an array is read
  }
};

/** What `jit` gives after captured arrays have changed. */
const checkChanged = (subject: Subject, p: Program, inexact: boolean): void => {
  if (inexact) return;
  const checked = subject.plain(Math);
  const scope = subject.inspected ? {} : { scope: subject.made.scope };
  const compiled = jit(subject.made.fn as Callable, { strict: true, ...scope });
  for (let k = 0; k < p.inputs.length; k++) {
    const wanted = wantedOf(subject, checked.fn, () => argumentsOf(p, k));
    const where = "jit with changed captures";
    const got = attempt(where, () => Reflect.apply(compiled, undefined, argumentsOf(p, k)));
    requireSame(where, got, wanted, argumentsOf(p, k), sameRun);
    checked.change();
    subject.made.change();
  }
};

/** @param note told where the work is, before it may hang */
export const runProgram = (
  given: Program,
  tier: Tier,
  note: (source: string) => void = () => {},
  loaded: Subject | null = null,
): Outcome => {
  const p = tier === "grad" ? calm(given) : given;
  const rendered = renderProgram(p);
  const subject = loaded ?? subjectOf(rendered);
  const { source, made } = subject;
  note(source);
  let staged: Staged | null = null;
  const slopes: Slopes[] = [];
  try {
    const checked = subject.plain(Math).fn;
    const runs = p.inputs.map((_, k) => {
      const args = (): readonly unknown[] => argumentsOf(p, k);
      return { args, wanted: wantedOf(subject, checked, args) };
    });
    // Sums may be reassociated where that is not forbidden.
    const c = {
      exact: !source.includes(".reduce("),
      inexact: rendered.inexact,
      compiled: p.numbers === 3,
    };
    for (let k = 0; k < runs.length; k++) {
      const trees = argumentTrees(runs[k]?.args() ?? [], parameterNames(made.fn));
      staged = stage({ fn: made.fn, args: trees, scope: subject.inspected ? null : made.scope });
      const statics = staged.staticLeaves.length > 0;
      slopes.push(checkTiers(subject, staged, { ...c, runs: statics ? runs.slice(k, k + 1) : runs }, tier));
      if (!statics) break;
    }
    if (tier === "jit" && rendered.change !== "") checkChanged(subject, p, rendered.inexact);
    return { kind: "agrees", slopes: sumOfSlopes(slopes) };
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
