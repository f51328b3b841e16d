/** Diagnostics: what every layer throws when it refuses something, printed with the user's line as tsc does. */
import { readFileSync } from "node:fs";
import { callSite } from "./call-site.js";

/**
 * A place in the user's source. Lines and columns count from 1; `length` is in characters on the first line, 0 for the
 * word that starts there.
 */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/**
 * - `unsupported`: outside the language as it is today
 * - `type`, `shape`: wrong dtype or kind of value; shapes that don't fit
 * - `purity`: writes to a parameter, a captured binding that changes, host effects
 * - `range`: an index or a cast out of range, found at run time
 * - `internal`: our fault, always with the IR around it
 */
export type DiagnosticKind = "unsupported" | "type" | "shape" | "purity" | "range" | "internal";

export interface Related {
  readonly message: string;
  readonly span: Span | null;
}

export interface Diagnostic {
  /** Stable: `TSJ` and four digits; each code is written at one place. */
  readonly code: string;
  readonly kind: DiagnosticKind;
  readonly message: string;
  readonly span: Span | null;
  readonly related: readonly Related[];
  /** What to write instead. */
  readonly hint: string | null;
}

/** Source texts of files that can't be read from disk (evaluated code). */
const virtualSources = new Map<string, string>();
export const registerSource = (file: string, text: string): void => void virtualSources.set(file, text);

/** The line of the user's that a place is on; null where the file can't be read. */
export const sourceLine = (span: Pick<Span, "file" | "line">): string | null => {
  try {
    const text = virtualSources.get(span.file) ?? readFileSync(span.file, "utf8");
    return text.split(/\r?\n/)[span.line - 1] ?? null;
  } catch {
    return null; // the place is still named; only the excerpt is missing
  }
};

const wordLength = (text: string): number => /^[\w$]*/.exec(text)?.[0].length ?? 0;

/** What the user wrote at a place; null where the file can't be read or the place goes on for more than a line. */
export const textAt = (span: Span): string | null => {
  const rest = sourceLine(span)?.slice(span.column - 1) ?? null;
  if (rest === null || span.length > rest.length) return null;
  return rest.slice(0, span.length > 0 ? span.length : wordLength(rest));
};

/** Longest line that is shown whole, and what is shown of longer ones (bundles) before the place. */
const MAX_LINE = 200;
const MAX_BEFORE = 60;

/** `file:line:column`, then the line with the place underlined. */
export const renderSpan = (span: Span): string => {
  const whole = sourceLine(span);
  const place = `${span.file}:${span.line}:${span.column}`;
  if (whole === null) return place;
  const cut = whole.length > MAX_LINE ? Math.max(0, span.column - 1 - MAX_BEFORE) : 0;
  const end = whole.length > MAX_LINE ? cut + MAX_LINE : whole.length;
  const line = `${cut > 0 ? "…" : ""}${whole.slice(cut, end)}${end < whole.length ? "…" : ""}`;
  const start = Math.max(0, span.column - 1 - cut + (cut > 0 ? 1 : 0));
  const gutter = String(span.line);
  const rest = whole.slice(span.column - 1, end);
  const length = span.length > 0 ? span.length : wordLength(rest);
  const width = Math.max(1, Math.min(length, rest.length));
  const marks = " ".repeat(start) + "~".repeat(width);
  return `${place}\n\n${gutter} | ${line}\n${" ".repeat(gutter.length)} | ${marks}`;
};

export const renderDiagnostic = (d: Diagnostic): string => {
  const parts = [`${d.kind} error ${d.code}: ${d.message}`];
  if (d.span !== null) parts.push(renderSpan(d.span));
  for (const r of d.related) parts.push(r.span === null ? r.message : `${r.message}\n${renderSpan(r.span)}`);
  if (d.hint !== null) parts.push(`hint: ${d.hint}`);
  return parts.join("\n");
};

/** The text of all diagnostics; those without a place are shown at the user's call that led to them. */
const renderAll = (diagnostics: readonly Diagnostic[]): string => {
  const homeless = diagnostics.some((d) => d.span === null && d.kind !== "internal");
  const site = homeless ? callSite() : null;
  return diagnostics.map((d) => renderDiagnostic({ ...d, span: d.span ?? site })).join("\n\n");
};

/** What all errors of the project bear, whichever copy of this file made them. */
const BRAND = Symbol.for("tsc-jit.error");

/**
 * The error of the project; `message` is the rendered text of all its diagnostics. An index out of range is a `RangeError` with
 * the same fields (see `errorOf`), and an instance of this class too.
 */
export class TscJitError extends Error {
  override readonly name: string = "TscJitError";
  readonly diagnostics: readonly Diagnostic[];
  readonly [BRAND] = true;
  constructor(diagnostics: readonly Diagnostic[], options?: ErrorOptions) {
    super(renderAll(diagnostics), options);
    this.diagnostics = diagnostics;
  }
  static override [Symbol.hasInstance](value: unknown): value is TscJitError {
    return typeof value === "object" && value !== null && BRAND in value;
  }
  /** Code of the first diagnostic. */
  get code(): string {
    return this.diagnostics[0]?.code ?? "TSJ0000";
  }
}

/** What TscJitError is, as a RangeError. */
class OutOfRangeError extends RangeError {
  override readonly name = "RangeError";
  readonly diagnostics: readonly Diagnostic[];
  readonly [BRAND] = true;
  constructor(diagnostics: readonly Diagnostic[], options?: ErrorOptions) {
    super(renderAll(diagnostics), options);
    this.diagnostics = diagnostics;
  }
  get code(): string {
    return this.diagnostics[0]?.code ?? "TSJ0000";
  }
}

/** Codes of an index, or a number that becomes one, out of range: where code runs, where it is compiled, on a tensor. */
const OUT_OF_RANGE: ReadonlySet<string> = new Set([
  ...["TSJ6001", "TSJ1130", "TSJ1131", "TSJ5014"],
  // a loop that passes maxIterations, an integer divided by zero
  ...["TSJ1140", "TSJ1141"],
]);

/** The error for these diagnostics: a `RangeError` where the first is of an index out of range, or of what else JavaScript has one for. */
export const errorOf = (diagnostics: readonly Diagnostic[], options?: ErrorOptions): TscJitError =>
  OUT_OF_RANGE.has(diagnostics[0]?.code ?? "")
    ? new OutOfRangeError(diagnostics, options)
    : new TscJitError(diagnostics, options);

export interface DiagnosticOptions {
  readonly span?: Span | null;
  readonly related?: readonly Related[];
  readonly hint?: string | null;
}

export const diagnostic = (
  code: string,
  kind: DiagnosticKind,
  message: string,
  options: DiagnosticOptions = {},
): Diagnostic => ({
  code,
  kind,
  message,
  span: options.span ?? null,
  related: options.related ?? [],
  hint: options.hint ?? null,
});

/** Throws one diagnostic. */
export const fail = (
  code: string,
  kind: DiagnosticKind,
  message: string,
  options: DiagnosticOptions = {},
): never => {
  throw errorOf([diagnostic(code, kind, message, options)]);
};

/** A broken invariant of ours; `context` is the IR around the fault. */
export const internal = (message: string, context?: string): never =>
  fail("TSJ9000", "internal", context === undefined ? message : `${message}\n${context}`, {
    hint: "this is a fault in tsc-jit; set TSCJIT_DEBUG=3 to see each pass",
  });

/** For the default branch of an exhaustive switch. */
export const unreachable = (value: never): never => internal(`unexpected case ${JSON.stringify(value)}`);
