/** One compiled function: its programs, one per signature, and the path of a call through them. */
import { inspect } from "node:util";
import { callSite } from "../compiler/call-site.js";
import { fail, internal } from "../compiler/diagnostics.js";
import type { AnyFunction, InputSource, OutLeaf, Tree } from "../compiler/frontend/types.js";
import type { TensorType } from "../compiler/ir/types.js";
import { type CapturedValue, captureName, changedCapture, readStaged } from "./captures.js";
import type { Source } from "./compile.js";
import { debug, debugLevel } from "./debug.js";
import { makeProgram } from "./make-program.js";
import { recordArguments } from "./recorded-arguments.js";
import { buildResult } from "./results.js";
import type { ResultValue } from "./run-wasm.js";
import {
  type ArgumentNames,
  type HostLeaf,
  leafPaths,
  parameterNames,
  type Signature,
  sameStatic,
  sharesMemory,
  signatureOf,
} from "./signature.js";
import { type ArgumentTexts, argumentTexts, differenceText, leafValueText } from "./signature-text.js";
import type { CacheInfo } from "./types.js";

/** A program and what it holds for. */
export interface Program {
  readonly inputs: readonly InputSource[];
  readonly captured: readonly CapturedValue[];
  readonly out: Tree<OutLeaf>;
  readonly resultTypes: readonly TensorType[];
  /** Number leaves of the arguments that the program takes as constants. */
  readonly staticLeaves: readonly number[];
  /** Whether it writes to arrays of the caller's, which it returns as new ones. */
  readonly writes: boolean;
  readonly fromDisk: boolean;
  readonly run: (leaves: readonly HostLeaf[]) => readonly ResultValue[];
  /** The bare call of a program of numbers. */
  readonly scalar: ((...args: number[]) => number) | null;
}

interface Entry {
  readonly program: Program;
  /** Values of the static leaves. */
  readonly staticValues: readonly (HostLeaf | undefined)[];
  readonly staticArguments: readonly { readonly path: string; readonly value: number }[];
  /** The arguments it was compiled for; `signature` has the static values as well. */
  readonly texts: ArgumentTexts;
  readonly signature: string;
}

/** A direct way for calls with this many plain numbers and nothing else. */
export interface FastCall {
  readonly arity: number;
  readonly call: (...args: number[]) => unknown;
}

export interface CompiledFunction {
  readonly source: Source;
  readonly names: ArgumentNames;
  readonly call: (args: readonly unknown[]) => unknown;
  /** Set once a call with plain numbers has shown that nothing else needs to be looked at. */
  fast: FastCall | null;
  readonly cacheInfo: () => CacheInfo;
  readonly explainMisses: () => readonly string[];
}

const valueText = (value: unknown): string => inspect(value, { depth: 6, breakLength: 120 });

/** Programs kept per signature; the oldest goes. */
const MAX_PROGRAMS = 64;
/** So many values of one static argument, none of them twice in a row, earn a warning. */
const WARN_AFTER = 8;

const sameStatics = ({ program, staticValues }: Entry, leaves: readonly HostLeaf[]): boolean =>
  program.staticLeaves.every((leaf, k) => sameStatic(leaves[leaf], staticValues[k]));

/**
 * @param base the function that the user wrote, for the names of its parameters
 * @param interprets whether small programs may run in the interpreter, without being compiled
 */
export const createFunction = (source: Source, base: AnyFunction, interprets: boolean): CompiledFunction => {
  const names = parameterNames(base);
  const verbose = debugLevel() >= 5;
  const programs = new Map<string, Entry[]>();
  const reasons: string[] = [];
  let hits = 0;
  let misses = 0;
  let fromDisk = 0;
  let warned = false;
  let last: Entry | null = null;

  const explain = (signature: Signature, args: readonly unknown[], known: readonly Entry[]): string => {
    if (known.length === 0) {
      const texts = argumentTexts(args, names, []);
      return last === null
        ? `the first call: (${texts.join(", ")})`
        : `other arguments: ${differenceText(texts, last.texts)}`;
    }
    const paths = leafPaths(args, names);
    for (const entry of known) {
      const changed = sameStatics(entry, signature.leaves) ? changedCapture(entry.program.captured) : null;
      if (changed !== null) return `the captured ${captureName(changed)} has changed`;
    }
    const statics = known[0]?.program.staticLeaves ?? [];
    const values = statics.map((leaf) => `${paths[leaf]} = ${leafValueText(signature.leaves[leaf])}`);
    return `a new static value: ${values.join(", ")}`;
  };

  const warnOfStatics = (known: readonly Entry[]): void => {
    if (warned || known.length < WARN_AFTER || hits > misses) return;
    const [argument] = known.at(-1)?.staticArguments ?? [];
    if (argument === undefined) return;
    warned = true;
    const site = callSite();
    const place = site === null ? "" : ` (called at ${site.file}:${site.line})`;
    process.emitWarning(
      `${base.name || "a compiled function"}${place}: ${argument.path} is needed at compile time, and each new value of it ` +
        `compiles the function anew (${known.length} times so far)`,
      { type: "TscJitWarning", code: "TSJ5050" },
    );
  };

  const miss = (signature: Signature, args: readonly unknown[], known: Entry[]): Entry => {
    misses++;
    recordArguments(source, args);
    const reason = explain(signature, args, known);
    reasons.push(reason);
    debug(1, () => `${base.name || "function"}: ${reason}`);
    const program = makeProgram({ source, base, names, args, signature, interprets });
    if (program.fromDisk) fromDisk++;
    const paths = program.staticLeaves.length === 0 ? [] : leafPaths(args, names);
    const entry: Entry = {
      program,
      staticValues: program.staticLeaves.map((leaf) => signature.leaves[leaf]),
      staticArguments: program.staticLeaves.map((leaf) => ({
        path: paths[leaf] ?? "",
        value: Number(signature.leaves[leaf]),
      })),
      texts: argumentTexts(args, names, []),
      signature: `(${argumentTexts(args, names, program.staticLeaves).join(", ")})`,
    };
    last = entry;
    known.unshift(entry);
    if (known.length > MAX_PROGRAMS) known.pop();
    programs.set(signature.key, known);
    warnOfStatics(known);
    return entry;
  };

  const find = (signature: Signature, args: readonly unknown[]): Entry => {
    const known = programs.get(signature.key);
    if (known !== undefined)
      for (const entry of known)
        if (sameStatics(entry, signature.leaves) && changedCapture(entry.program.captured) === null) {
          hits++;
          return entry;
        }
    return miss(signature, args, known ?? []);
  };

  /** One array under the name of an argument and of a captured variable: a write through one would be seen through the other. */
  const refuseShared = ({ captured }: Program, args: readonly unknown[]): void => {
    const shared = captured.find(
      ({ capture }) => capture.expect.kind === "staged" && sharesMemory(args, capture.read()),
    );
    if (shared !== undefined)
      fail(
        "TSJ1020",
        "purity",
        `an argument that is written to is the captured \`${captureName(shared.capture)}\` as well`,
        { hint: "copy it first: x.slice()" },
      );
  };

  const invoke = ({ program }: Entry, { leaves, plain }: Signature): unknown => {
    const inputs = program.inputs.map(({ kind, index }) => {
      if (kind === "arg") return leaves[index] ?? internal(`argument leaf ${index} is missing`);
      const captured = program.captured[index];
      return captured === undefined ? internal(`capture ${index} is missing`) : readStaged(captured);
    });
    // A function of the library gives tensors always, as its type says.
    const result = buildResult(program.out, program.run(inputs), program.resultTypes, plain && !interprets);
    if (verbose)
      debug(
        5,
        () => `${base.name || "function"}(${inputs.map(valueText).join(", ")}) = ${valueText(result)}`,
      );
    return result;
  };

  const call = (args: readonly unknown[]): unknown => {
    const signature = signatureOf(args, names);
    const entry = find(signature, args);
    if (entry.program.writes) refuseShared(entry.program, args);
    if (signature.plain && !interprets && compiled.fast === null && !verbose)
      compiled.fast = fastCall(entry.program, args);
    return invoke(entry, signature);
  };

  const compiled: CompiledFunction = {
    source,
    names,
    call,
    fast: null,
    cacheInfo: () => ({
      hits,
      misses,
      fromDisk,
      entries: [...programs.values()].flatMap((entries) =>
        entries.map(({ signature, staticArguments }) => ({ signature, staticArguments })),
      ),
    }),
    explainMisses: () => [...reasons],
  };
  return compiled;
};

/** The direct call, where the program takes exactly the arguments, in order, and gives one number or boolean. */
const fastCall = (program: Program, args: readonly unknown[]): FastCall | null => {
  const { scalar, out, inputs, resultTypes } = program;
  const direct =
    scalar !== null &&
    args.every((arg) => typeof arg === "number") &&
    inputs.length === args.length &&
    inputs.every(({ kind, index }, k) => kind === "arg" && index === k) &&
    program.staticLeaves.length === 0 &&
    program.captured.every(({ capture }) => !capture.mutable) &&
    out.kind === "leaf" &&
    out.leaf.kind === "result";
  if (!direct) return null;
  if (resultTypes[0]?.dtype !== "bool") return { arity: args.length, call: scalar };
  return { arity: args.length, call: (...numbers) => scalar(...numbers) !== 0 };
};
