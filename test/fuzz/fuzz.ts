/** One random program: made from its seed, run, and made smaller if it fails. */
import fc from "fast-check";
import { programs } from "./arbitrary.js";
import type { Program } from "./program.js";
import { reduceProgram } from "./reduce.js";
import { renderProgram } from "./render-program.js";
import { loadSubjects, type Subject } from "./subject.js";
import { type Outcome, runProgram, type Tier } from "./tiers.js";

const SHRINKS = 40;
const REDUCTIONS = 300;

const faultOf = (outcome: Outcome): string | null => (outcome.kind === "fails" ? outcome.fault : null);

const arbitrary = programs();

/** The program of a seed. */
export const programOf = (seed: number): Program => {
  const [program] = fc.sample(arbitrary, { seed, numRuns: 1 });
  if (program === undefined) throw new Error(`no program for seed ${seed}`);
  return program;
};

const tryRun = (p: Program, tier: Tier, note: (source: string) => void): Outcome | null => {
  try {
    return runProgram(p, tier, note);
  } catch {
    return null; // a tree that is no program
  }
};

/** A smaller program with the same fault: by fast-check's shrinking, then by our own. */
const shrink = (seed: number, first: Program, fault: string, tier: Tier, note: (source: string) => void) => {
  let best = first;
  let tries = 0;
  const fails = (p: Program): boolean => {
    const outcome = tryRun(p, tier, note);
    return outcome !== null && faultOf(outcome) === fault;
  };
  const property = fc.property(arbitrary, (p) => {
    if (tries++ > SHRINKS || !fails(p)) return;
    best = p;
    throw new Error(fault);
  });
  fc.check(property, { seed, numRuns: 1 });
  return reduceProgram(best, fails, REDUCTIONS);
};

export interface Watcher {
  /** Told the source of each program before it is run. */
  readonly running: (source: string) => void;
  /** Told of a failure before the program is made smaller. */
  readonly found: (report: string) => void;
}

const NOBODY: Watcher = { running: () => {}, found: () => {} };

/** Functions of programs, by seed, in a file in which the compiler finds them through the inspector. */
export const loadPrograms = (file: string, seeds: readonly number[]): ReadonlyMap<number, Subject> => {
  const subjects = loadSubjects(
    file,
    seeds.map((seed) => renderProgram(programOf(seed))),
  );
  return new Map(subjects.map((subject, k) => [seeds[k] ?? 0, subject]));
};

/** @param loaded the program's function, if it is in a file */
export const fuzzOne = (
  seed: number,
  tier: Tier,
  watcher: Watcher = NOBODY,
  loaded: Subject | null = null,
): Outcome => {
  const program = programOf(seed);
  const outcome = runProgram(program, tier, watcher.running, loaded);
  if (outcome.kind !== "fails") return outcome;
  watcher.found(outcome.report);
  // What fails only as a part of its file stays as it is.
  if (loaded !== null) {
    const alone = runProgram(program, tier, watcher.running);
    if (alone.kind !== "fails" || alone.fault !== outcome.fault)
      return { ...outcome, report: `seed ${seed}, in a file\n${outcome.report}` };
  }
  const smallest = shrink(seed, program, outcome.fault, tier, watcher.running);
  const last = runProgram(smallest, tier, watcher.running);
  return last.kind === "fails" ? { ...last, report: `seed ${seed}\n${last.report}` } : outcome;
};
