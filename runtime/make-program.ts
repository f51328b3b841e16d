/** What a call does that no program fits yet: takes one from the disk, or stages and compiles one. */
import type { AnyFunction } from "../compiler/frontend/types.js";
import { parseFunction } from "../compiler/ir/parse.js";
import { printFunction } from "../compiler/ir/print.js";
import type { IrFunction } from "../compiler/ir/types.js";
import { startCompiler } from "../compiler/targets/wasm/client.js";
import { detectProfile } from "../compiler/targets/wasm/profile.js";
import { type CapturedValue, capturedValues } from "./captures.js";
import { compileFunction, type Source, stageAndOptimise } from "./compile.js";
import type { Program } from "./compiled-function.js";
import { debug, showsStages } from "./debug.js";
import { functionText } from "./describe-function.js";
import { type CacheKey, hasPrograms, readEntries, writeEntry } from "./disk-cache.js";
import { isSmall, runInterpreted } from "./run-interpreted.js";
import { type Binary, loadBinary } from "./run-wasm.js";
import { type ArgumentNames, argumentTrees, isProcessBound, type Signature } from "./signature.js";
import {
  hasStatics,
  type ProgramFacts,
  resolveCaptures,
  type StoredProgram,
  storeProgram,
} from "./stored-program.js";

export interface ProgramRequest {
  readonly source: Source;
  /** The function that the user wrote. */
  readonly base: AnyFunction;
  readonly names: ArgumentNames;
  readonly args: readonly unknown[];
  readonly signature: Signature;
  /** Whether a small program may run in the interpreter, without being compiled. */
  readonly interprets: boolean;
}

/** A small program that is called more often than this is compiled after all. */
const MAX_INTERPRETED_CALLS = 64;

/** Starts the compile worker where nothing of the function is on the disk: it loads while the program does other things. */
export const prepareCompiler = (root: AnyFunction): void => {
  if (!hasPrograms(functionText(root))) startCompiler();
};

/** Everything besides the captured values that decides a program; null where only this process could use it. */
const cacheKey = ({ source, signature, interprets }: ProgramRequest): CacheKey | null => {
  if (isProcessBound(signature.key)) return null;
  const { strict, fast, scope, maxIterations } = source;
  const options = {
    profile: detectProfile(),
    strict,
    fast,
    scope: scope !== null,
    maxIterations,
    interprets,
  };
  return { source: functionText(source.root), signature: `${JSON.stringify(options)} ${signature.key}` };
};

/** The shape of a program: how its inputs and results relate to arguments, captures and the tree of results. */
type Outline = Pick<Program, "inputs" | "out" | "resultTypes" | "staticLeaves" | "writes">;
/** A binary, or IR to interpret at first. */
type Code = { readonly binary: Binary } | { readonly binary: null; readonly ir: () => IrFunction };

const isSameProgram = (a: StoredProgram, b: StoredProgram): boolean =>
  a.staticLeaves.join() === b.staticLeaves.join() &&
  a.staticValues.every((value, k) => Object.is(value, b.staticValues[k])) &&
  JSON.stringify([a.functions, a.captures]) === JSON.stringify([b.functions, b.captures]);

/** A program that can be called. `keep` writes it down once there is a binary for what was interpreted at first. */
const programOf = (
  request: ProgramRequest,
  { inputs, out, resultTypes, staticLeaves, writes }: Outline,
  captured: readonly CapturedValue[],
  code: Code,
  fromDisk: boolean,
  keep: (binary: Binary) => void,
): Program => {
  const common = { inputs, out, resultTypes, staticLeaves, writes, captured, fromDisk };
  if (code.binary !== null) {
    const executable = loadBinary(code.binary);
    return { ...common, run: executable.run, scalar: executable.scalar };
  }
  let calls = 0;
  let fn: IrFunction | null = null;
  let run: Program["run"] | null = null;
  return {
    ...common,
    scalar: null,
    run: (leaves) => {
      if (run !== null) return run(leaves);
      fn ??= code.ir();
      if (calls++ < MAX_INTERPRETED_CALLS) return runInterpreted(fn, leaves);
      const compiled = compileFunction(request.source, fn);
      keep(compiled);
      run = loadBinary(compiled).run;
      return run(leaves);
    },
  };
};

const isStored = (entry: unknown): entry is StoredProgram =>
  typeof entry === "object" && entry !== null && "staticLeaves" in entry && "captures" in entry;

const codeOf = ({ binary, ir }: StoredProgram): Code | null => {
  if (binary !== null) return { binary };
  return ir === null ? null : { binary, ir: () => parseFunction(ir) };
};

const store = (key: CacheKey, entry: StoredProgram): void =>
  writeEntry(key, entry, (other) => isStored(other) && isSameProgram(other, entry));

const fromDisk = (request: ProgramRequest, key: CacheKey): Program | null => {
  const { source, signature } = request;
  for (const entry of readEntries(key)) {
    if (!isStored(entry) || !hasStatics(entry, signature.leaves)) continue;
    const code = codeOf(entry);
    const captured = code === null ? null : resolveCaptures(entry, source.root, source.scope);
    if (code === null || captured === null) continue;
    debug(1, () => `(${signature.key}): from the disk cache`);
    return programOf(request, entry, captured, code, true, (compiled) =>
      store(key, { ...entry, binary: compiled }),
    );
  }
  return null;
};

/** Throws the diagnostics of the front end. */
export const makeProgram = (request: ProgramRequest): Program => {
  const { source, args, names, signature, interprets } = request;
  const key = showsStages() ? null : cacheKey(request);
  const loaded = key === null ? null : fromDisk(request, key);
  if (loaded !== null) return loaded;

  // Binaryen loads in the worker while the front end works here.
  if (!interprets) startCompiler();
  const { staged, fn } = stageAndOptimise(source, argumentTrees(args, names));
  const facts: ProgramFacts = {
    functions: staged.functions,
    captures: staged.captures,
    inputs: staged.inputs,
    out: staged.out,
    resultTypes: fn.results.map((r) => r.type),
    staticLeaves: staged.staticLeaves,
    writes: staged.writes,
  };
  const keep = (binary: Binary | null): void => {
    if (key === null) return;
    const statics = staged.staticLeaves.map((leaf) => Number(signature.leaves[leaf]));
    const entry = storeProgram(facts, statics, { ir: interprets ? printFunction(fn) : null, binary });
    if (entry === null) debug(1, () => `(${signature.key}): depends on this process, not kept on disk`);
    else store(key, entry);
  };
  const binary = interprets && isSmall(fn) ? null : compileFunction(source, fn);
  keep(binary);
  const code: Code = binary === null ? { binary, ir: () => fn } : { binary };
  return programOf(request, facts, capturedValues(staged.captures), code, false, keep);
};
