/** What goes wrong with a program, and runs that may throw the program's own errors. */
import { TscJitError } from "../../compiler/diagnostics.js";
import { KernelCheckError } from "../../compiler/kernel/interpret.js";
import { plain, RANGE, type Run, show, showRun } from "./values.js";

export class Fault extends Error {
  readonly fault: string;
  constructor(fault: string, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

const STOP = /stop (t\d+|range)/;

const isOutOfRange = (e: unknown): boolean =>
  e instanceof KernelCheckError ||
  (e instanceof TscJitError && e.diagnostics.every((d) => d.kind === "range"));

/** Runs `f`, whose only errors are those that the program throws itself. */
export const attempt = (where: string, f: () => unknown): Run => {
  try {
    return { value: plain(f()) };
  } catch (e) {
    const message = e instanceof Error ? e.message : String(e);
    const stop = STOP.exec(message);
    if (stop !== null) return { thrown: stop[0] };
    if (isOutOfRange(e)) return { thrown: RANGE };
    const code = e instanceof TscJitError ? e.code : e instanceof Error ? e.name : "error";
    const text = e instanceof Error && !(e instanceof TscJitError) ? (e.stack ?? message) : message;
    throw new Fault(`${where} throws ${code}`, text);
  }
};

export const requireSame = (
  where: string,
  got: Run,
  wanted: Run,
  args: readonly unknown[],
  same: (got: Run, wanted: Run) => boolean,
): void => {
  if (!same(got, wanted))
    throw new Fault(
      `${where} differs`,
      `arguments ${args.map(show).join(", ")}\n   gives ${showRun(got)}\n  wanted ${showRun(wanted)}`,
    );
};
