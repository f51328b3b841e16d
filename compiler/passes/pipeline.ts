/**
 * The passes over the tensor IR, in order, and the one harness that runs, dumps, verifies and times them.
 * - `TSCJIT_DUMP=PASS[,PASS]` writes the IR before and after those passes to stderr
 * - `TSCJIT_DEBUG=3` (or more) does so for every pass that changes something
 * - `TSCJIT_VERIFY=1` checks the invariants after every pass
 */

import { printFunction } from "../ir/print.js";
import type { IrFunction } from "../ir/types.js";
import { verify } from "../ir/verify.js";
import { simplifyControl } from "./control.js";
import { cse } from "./cse.js";
import { dce } from "./dce.js";
import { dropBarriers, dropMarks } from "./drop-marks.js";
import { equalCarries } from "./equal-carries.js";
import { flags } from "./flags.js";
import { hoist } from "./hoist.js";
import { inlineRules } from "./inline-rules.js";
import { inside } from "./inside.js";
import { narrow } from "./narrow.js";
import { rotate } from "./rotate.js";
import { simplify } from "./simplify.js";
import { speculate } from "./speculate.js";

export interface Pass {
  readonly name: string;
  /** Pure; gives its argument itself where there is nothing to do. */
  readonly run: (fn: IrFunction) => IrFunction;
  /** Runs only in rounds in which no pass before it has changed anything. */
  readonly late?: true;
}

/** Run in this order, again and again until none changes anything (at most MAX_ROUNDS times). */
export const passes: readonly Pass[] = [
  { name: "inlineRules", run: inlineRules },
  { name: "dropMarks", run: dropMarks },
  { name: "simplify", run: simplify },
  { name: "control", run: simplifyControl },
  { name: "narrow", run: narrow },
  { name: "flags", run: flags },
  { name: "cse", run: cse },
  { name: "equalCarries", run: equalCarries },
  { name: "hoist", run: hoist },
  { name: "dce", run: dce },
  { name: "speculate", run: speculate, late: true },
];

/** Run once, after the others. */
export const lastPasses: readonly Pass[] = [
  { name: "inside", run: inside },
  { name: "dce", run: dce },
  { name: "rotate", run: rotate },
  { name: "dropBarriers", run: dropBarriers },
];

const MAX_ROUNDS = 8;

export interface PassRun {
  readonly name: string;
  readonly ms: number;
  readonly before: IrFunction;
  readonly after: IrFunction;
}

export interface RunPassesOptions {
  readonly passes?: readonly Pass[];
  readonly onPass?: (run: PassRun) => void;
}

/** The function after all passes, and what each pass did, in order. */
export const runPasses = (
  fn: IrFunction,
  options: RunPassesOptions = {},
): { readonly fn: IrFunction; readonly runs: readonly PassRun[] } => {
  const list = options.passes ?? passes;
  const settings = readSettings();
  const runs: PassRun[] = [];
  if (settings.verify) verify(fn);
  let current = fn;
  const step = (pass: Pass): void => {
    const run = runPass(pass, current, settings);
    current = run.after;
    runs.push(run);
    options.onPass?.(run);
  };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const start = current;
    for (const pass of list) if (pass.late !== true || current === start) step(pass);
    if (current === start) break;
  }
  if (options.passes === undefined) lastPasses.forEach(step);
  return { fn: current, runs };
};

interface Settings {
  readonly verify: boolean;
  readonly everyChange: boolean;
  readonly dump: ReadonlySet<string>;
}

const readSettings = (): Settings => {
  const env: Readonly<Record<string, string | undefined>> = typeof process === "undefined" ? {} : process.env;
  return {
    verify: env.TSCJIT_VERIFY === "1",
    everyChange: Number(env.TSCJIT_DEBUG ?? 0) >= 3,
    dump: new Set((env.TSCJIT_DUMP ?? "").split(",")),
  };
};

const runPass = (pass: Pass, before: IrFunction, settings: Settings): PassRun => {
  const start = performance.now();
  const after = pass.run(before);
  const ms = performance.now() - start;
  const changed = after !== before;
  if (settings.dump.has(pass.name) || (settings.everyChange && changed)) {
    console.error(`; before ${pass.name}\n${printFunction(before, { spans: "comment" })}`);
    console.error(`; after ${pass.name}, ${ms.toFixed(2)} ms\n${printFunction(after, { spans: "comment" })}`);
  }
  if (settings.verify && changed) verify(after);
  return { name: pass.name, ms, before, after };
};
