/** What of a function could not be checked, in words. */
import { type Diagnostic, diagnostic } from "../diagnostics.js";
import type { Cause } from "../frontend/values.js";

type Reason = Cause["reason"];

/** The code of what is not checked. */
const CODE = "TSJ7001";

const ANNOTATE = 'write the type out: Tensor<[128, 784], "f32">';

const TEXTS: Readonly<
  Record<Reason, { readonly text: (subjects: string) => string; readonly hint: string | null }>
> = {
  shape: { text: (s) => `the type of ${s} says no shape`, hint: ANNOTATE },
  dtype: { text: (s) => `the type of ${s} says no dtype`, hint: ANNOTATE },
  length: { text: (s) => `the type of ${s} says no length`, hint: null },
  type: { text: (s) => `nothing is known of ${s} before a call`, hint: null },
  value: { text: (s) => `the value of ${s} is known only at a call`, hint: null },
  missing: { text: (s) => `whether there is ${s} is known only at a call`, hint: null },
  run: { text: (s) => `${s}: known only when the program runs`, hint: null },
  depth: { text: (s) => s, hint: null },
};

/** Subjects that a note names. */
const MAX_SUBJECTS = 6;

const listOf = (subjects: readonly string[]): string =>
  subjects.length <= MAX_SUBJECTS
    ? subjects.join(", ")
    : `${subjects.slice(0, MAX_SUBJECTS - 1).join(", ")} and ${subjects.length - MAX_SUBJECTS + 1} more`;

const byPlace = ({ span: a }: Cause, { span: b }: Cause): number =>
  (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);

/** One note for each reason, at the first place that it holds for. */
export const notesOf = (causes: readonly Cause[]): readonly Diagnostic[] => {
  const groups = new Map<Reason, Cause[]>();
  for (const cause of [...causes].sort(byPlace))
    groups.set(cause.reason, [...(groups.get(cause.reason) ?? []), cause]);
  return [...groups].map(([reason, group]) => {
    const { text, hint } = TEXTS[reason];
    const subjects = [...new Set(group.map((c) => c.subject))];
    return diagnostic(CODE, "unsupported", `not checked in full: ${text(listOf(subjects))}`, {
      span: group[0]?.span ?? null,
      hint,
    });
  });
};
