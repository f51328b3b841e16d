/**
 * Faults of a file's compiled functions, found without running the program: each is staged on abstract arguments that its
 * parameters' types describe. What the types and the file do not tell is unknown, and said to be.
 */
import type { Diagnostic, DiagnosticKind, Span } from "../diagnostics.js";
import { comparePlaces } from "../frontend/faults.js";
import { notesOf } from "./notes.js";
import type { Module, Project } from "./project.js";
import type { Library } from "./reader.js";
import { type Exported, rootsOf } from "./roots.js";
import { checkRoot, type Outcome } from "./stage-root.js";

/**
 * - `error`: every call that gets there is refused
 * - `warning`: so is a call that takes a path which is chosen by what is unknown here, or one with numbers where arrays would
 *   do as well
 * - `note`: what could not be checked, and why
 */
export type Severity = "error" | "warning" | "note";

export interface Finding {
  readonly severity: Severity;
  readonly diagnostic: Diagnostic;
  /** The compiled function that leads there. */
  readonly function: string;
}

export interface Checked {
  /** By place; each fault once. */
  readonly findings: readonly Finding[];
  /** Compiled functions that were looked at. */
  readonly functions: readonly string[];
}

const placeKey = (span: Span | null): string => `${span?.file}:${span?.line}:${span?.column}`;

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** A root's outcome with plain numbers where its types say number, and for any numbers or arrays in their place. */
interface Pair {
  readonly outcome: Outcome;
  readonly withArrays: Outcome | null;
}

/** Faults that a call with arrays of numbers may not have. */
const DEPENDENT: ReadonlySet<DiagnosticKind> = new Set<DiagnosticKind>(["shape", "type", "unsupported"]);

/** The findings of all roots, each once: the most severe one of a kind at a place counts. */
const merge = (pairs: readonly Pair[]): readonly Finding[] => {
  const found = new Map<string, Finding>();
  const add = (finding: Finding, key: string): void => {
    const before = found.get(key);
    if (before === undefined || RANK[finding.severity] < RANK[before.severity]) found.set(key, finding);
  };
  for (const { outcome, withArrays } of pairs) {
    const { faults, name, node, causes } = outcome;
    for (const [key, { diagnostic: d, uncertain }] of faults.found) {
      const perhaps = uncertain
        ? "on a path that not every call takes"
        : DEPENDENT.has(d.kind) && withArrays?.faults.found.has(key) === false
          ? "where it is called with numbers"
          : null;
      const severity = perhaps === null ? "error" : "warning";
      const message = perhaps === null ? d.message : `${d.message} (${perhaps})`;
      add({ severity, diagnostic: { ...d, message }, function: name }, key);
    }
    // A function that another one calls with arguments that are known has been checked there.
    const isCovered = pairs.some(
      ({ outcome: o }) => o !== outcome && node !== null && o.faults.entered.has(node),
    );
    if (!isCovered)
      for (const d of notesOf([...faults.causes.values(), ...causes]))
        add({ severity: "note", diagnostic: d, function: name }, `${placeKey(d.span)} ${d.message}`);
  }
  return [...found.values()].sort((a, b) => comparePlaces(a.diagnostic, b.diagnostic));
};

/** Checks the compiled functions of the module at an absolute path. */
export const checkModule = (
  project: Project,
  library: Library,
  module: Module,
  exported: Exported = "none",
): Checked => {
  const pairs = rootsOf(project, module, exported).map((root): Pair => {
    const outcome = checkRoot(project, library, module, root, "scalar");
    const depends = [...outcome.faults.found.values()].some((f) => DEPENDENT.has(f.diagnostic.kind));
    return {
      outcome,
      withArrays: outcome.numbers && depends ? checkRoot(project, library, module, root, "unknown") : null,
    };
  });
  const functions = new Map(pairs.map(({ outcome: o }) => [o.node ?? o, o.name] as const));
  return { findings: merge(pairs), functions: [...functions.values()] };
};
