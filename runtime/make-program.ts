/** What a call does that no program fits yet: takes one from the disk, or stages and compiles one. */
import type { AnyFunction } from "../compiler/frontend/types.js";
import { type IrFunction, sizeOf } from "../compiler/ir/types.js";
import type { NdArray } from "../compiler/ops/op.js";
import { arena, heapStorage, newData } from "./arena.js";
import { capturedValues } from "./captures.js";
import { compileProgram, lowerOptimised, type Optimised, type Source, stageAndOptimise } from "./compile.js";
import type { Program } from "./compiled-function.js";
import { interpret } from "./interpret.js";
import { type Executable, loadBinary, type ResultValue } from "./run-wasm.js";
import { type ArgumentNames, argumentTrees, type HostLeaf, type Signature } from "./signature.js";
import { isTensor, storageOf } from "./tensor.js";

export interface ProgramRequest {
  readonly source: Source;
  /** The function that the user wrote. */
  readonly base: AnyFunction;
  readonly names: ArgumentNames;
  readonly args: readonly unknown[];
  readonly signature: Signature;
  readonly interprets: boolean;
}

/** Programs that touch fewer elements than this run in the interpreter at first. */
const SMALL_WORK = 4096;
/** A small program that is called more often than this is compiled after all. */
const MAX_INTERPRETED_CALLS = 64;

/** Elements computed by a program, with each product counted by its multiplications. */
const workOf = (fn: IrFunction): number => {
  let work = 0;
  for (const { op, inputs, outs, params } of fn.body) {
    const size = sizeOf(outs[0].type.shape);
    const shape = inputs[0]?.type.shape ?? [];
    if (op === "dot") work += params.lhsContract.reduce((n, axis) => n * (shape[axis] ?? 1), size);
    else work += Math.max(size, sizeOf(shape));
  }
  return work;
};

const ndArray = (leaf: HostLeaf, { type }: IrFunction["params"][number]): NdArray => {
  const { dtype, shape } = type;
  if (isTensor(leaf)) {
    const storage = storageOf(leaf);
    return { dtype, shape, data: storage.heap ?? arena().read(storage) };
  }
  const data = newData(dtype, sizeOf(shape));
  if (typeof leaf === "number") data[0] = leaf;
  else data.set("elements" in leaf ? leaf.elements : leaf);
  return { dtype, shape, data };
};

/** Runs the IR itself. No argument is written to, and what a result shares with a tensor never changes. */
const runInterpreted = (fn: IrFunction, leaves: readonly HostLeaf[]): readonly ResultValue[] => {
  const args = fn.params.map((param, k) => ndArray(leaves[k] ?? Number.NaN, param));
  return interpret(fn, args).map(({ dtype, shape, data }) =>
    shape.length === 0 ? (data[0] ?? Number.NaN) : heapStorage(dtype, data),
  );
};

const compile = (request: ProgramRequest, optimised: Optimised): Executable => {
  const program = lowerOptimised(request.source, optimised);
  return loadBinary(compileProgram(program, optimised));
};

/** Interprets until it has been called often. */
const tiered = (request: ProgramRequest, optimised: Optimised): Executable["run"] => {
  let calls = 0;
  let compiled: Executable | null = null;
  return (leaves) => {
    if (compiled === null && calls++ < MAX_INTERPRETED_CALLS) return runInterpreted(optimised.fn, leaves);
    compiled ??= compile(request, optimised);
    return compiled.run(leaves);
  };
};

/** Throws the diagnostics of the front end. */
export const makeProgram = (request: ProgramRequest): Program => {
  const { source, args, names, interprets } = request;
  const optimised = stageAndOptimise(source, argumentTrees(args, names));
  const { staged, fn } = optimised;
  const common = {
    inputs: staged.inputs,
    captured: capturedValues(staged.captures),
    out: staged.out,
    resultTypes: fn.results.map((r) => r.type),
    staticLeaves: staged.staticLeaves,
    fromDisk: false,
  };
  if (interprets && workOf(fn) <= SMALL_WORK)
    return { ...common, run: tiered(request, optimised), scalar: null };
  const executable = compile(request, optimised);
  return { ...common, run: executable.run, scalar: executable.scalar };
};
