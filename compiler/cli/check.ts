/** `tsc-jit check FILE...` */
import { relative } from "node:path";
import pc from "picocolors";
import * as library from "../../runtime/index.js";
import { type Checked, checkModule, type Finding, type Severity } from "../check/check.js";
import { createProject, syntaxFaults } from "../check/project.js";
import { exportedFunctions } from "../check/roots.js";
import { renderSpan, type Span } from "../diagnostics.js";
import { resolveFile } from "./load-module.js";
import { UsageError } from "./report-error.js";

export interface CheckOptions {
  readonly json?: boolean;
  /** Exported functions are checked as well. */
  readonly exports?: boolean;
  /** Exported functions with these names are checked as well. */
  readonly fn?: readonly string[];
}

/** One finding as `--json` prints it. Lines and columns count from 1; the end is null where it is on another line. */
export interface JsonFinding {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly endLine: number | null;
  readonly endColumn: number | null;
  readonly code: string;
  readonly severity: Severity;
  readonly kind: string;
  readonly message: string;
  readonly hint: string | null;
  readonly function: string;
  readonly related: readonly {
    readonly message: string;
    readonly file: string | null;
    readonly line: number | null;
    readonly column: number | null;
  }[];
}

/** The path as the user would write it. */
const shown = (file: string): string => {
  const path = relative(process.cwd(), file);
  return path === "" || path.startsWith("..") ? file : path;
};

const endOf = (span: Span | null): { readonly line: number; readonly column: number } | null =>
  span === null || span.length === 0 || span.length === Number.MAX_SAFE_INTEGER
    ? null
    : { line: span.line, column: span.column + span.length };

export const toJson = (file: string, { severity, diagnostic: d, function: fn }: Finding): JsonFinding => {
  const end = endOf(d.span);
  return {
    file: shown(d.span?.file ?? file),
    line: d.span?.line ?? null,
    column: d.span?.column ?? null,
    endLine: end?.line ?? null,
    endColumn: end?.column ?? null,
    code: d.code,
    severity,
    kind: d.kind,
    message: d.message,
    hint: d.hint,
    function: fn,
    related: d.related.map(({ message, span }) => ({
      message,
      file: span === null ? null : shown(span.file),
      line: span?.line ?? null,
      column: span?.column ?? null,
    })),
  };
};

const COLOUR: Readonly<Record<Severity, (text: string) => string>> = {
  error: pc.red,
  warning: pc.yellow,
  note: pc.cyan,
};

/** The excerpt alone: its place is named on the line above. */
const frameOf = (span: Span): string => {
  const [, ...lines] = renderSpan(span).split("\n");
  return lines.join("\n").replace(/^\n/, "").replace(/(~+)$/, pc.red("$1"));
};

const placeOf = (span: Span | null): string =>
  span === null ? "" : `${shown(span.file)}:${span.line}:${span.column}`;

/** `file:line:col - error TSJ2001: message`, then the frame, what else is to be seen, and the way out. */
const findingText = ({ severity, diagnostic: d, function: fn }: Finding): string => {
  const head = [
    d.span === null ? "" : `${pc.bold(placeOf(d.span))} - `,
    COLOUR[severity](severity),
    severity === "note" ? "" : ` ${pc.dim(d.code)}`,
    `: ${d.message}`,
    pc.dim(` [in ${fn}]`),
  ].join("");
  const parts = [head];
  if (d.span !== null && severity !== "note") parts.push(frameOf(d.span));
  for (const { message, span } of d.related)
    parts.push(
      span === null
        ? message
        : span.file === d.span?.file && span.line === d.span.line
          ? `${message} (column ${span.column})`
          : `${message}: ${placeOf(span)}\n${frameOf(span)}`,
    );
  if (d.hint !== null) parts.push(`${pc.green("hint:")} ${d.hint}`);
  return parts.join("\n");
};

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

/** `2 faults in 1 function (4 functions checked)`. */
const summary = (checked: readonly Checked[]): string => {
  const findings = checked.flatMap((c) => c.findings);
  const errors = findings.filter((f) => f.severity === "error");
  const warnings = findings.filter((f) => f.severity === "warning").length;
  const functions = checked.flatMap((c) => c.functions).length;
  const withSome = (severity: Severity): number =>
    checked.reduce(
      (n, c) => n + new Set(c.findings.filter((f) => f.severity === severity).map((f) => f.function)).size,
      0,
    );
  const partly = withSome("note");
  const extra = [
    `${count(functions, "function")} checked`,
    ...(partly > 0 ? [`${partly} of them in part`] : []),
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
  ].join(", ");
  return `${count(errors.length, "fault")} in ${count(withSome("error"), "function")} (${extra})`;
};

/** What a file that does not parse is refused with. */
const syntaxError = (faults: ReturnType<typeof syntaxFaults>): UsageError =>
  new UsageError(
    faults.map(({ message, span }) => `${placeOf(span)}: ${message}\n${frameOf(span)}`).join("\n\n"),
  );

/**
 * Checks files without running them, and prints what is found on stdout. The exit status is 1 where there are faults.
 * Throws a UsageError for a file that is missing or does not parse, and for an `--fn` that no file exports.
 */
export const checkFiles = async (files: readonly string[], options: CheckOptions): Promise<void> => {
  const project = createProject();
  const wanted = options.fn ?? [];
  const exports: string[] = [];
  const checked = files.map((file) => {
    const module = project.load(resolveFile(file));
    const faults = syntaxFaults(module);
    if (faults.length > 0) throw syntaxError(faults);
    const exported = options.exports === true ? "all" : wanted.length > 0 ? wanted : "none";
    exports.push(...exportedFunctions(module));
    return { file: module.file, ...checkModule(project, { exports: library }, module, exported) };
  });
  const unknown = wanted.find((name) => !exports.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      `no function ${unknown} is exported by ${files.join(", ")}; there are ${exports.join(", ") || "none"}`,
    );
  const found = checked.flatMap(({ file, findings }) => findings.map((finding) => ({ file, finding })));
  const text =
    options.json === true
      ? JSON.stringify(
          found.map(({ file, finding }) => toJson(file, finding)),
          null,
          2,
        )
      : [...found.map(({ finding }) => findingText(finding)), summary(checked)].join("\n\n");
  process.exitCode = found.some(({ finding }) => finding.severity === "error") ? 1 : 0;
  await new Promise<void>((resolve, reject) =>
    process.stdout.write(`${text}\n`, (error) => (error ? reject(error) : resolve())),
  );
};
