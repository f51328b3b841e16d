/** How an error reaches the user of the command line: its message alone, or with its stack if that is what helps. */
import { inspect } from "node:util";
import pc from "picocolors";

/** A mistake in what was asked of the command line, or in a file it was asked to load; the message says it all. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const isDebugging = (): boolean => (process.env.TSCJIT_DEBUG ?? "") !== "";

const OURS = /^\s+at .*\bloadModule \(/;
/** Frames of Node's own and of the loader's. */
const LOADING = /^\s+at .*(?:node:|[\\/]tsx[\\/]dist[\\/])/;

/** A stack without the frames below the user's program, which only load it. */
const programStack = (stack: string): string => {
  const lines = stack.split("\n");
  const ours = lines.findIndex((line) => OURS.test(line));
  const below = ours < 0 ? lines.length : ours;
  const end = lines.findLastIndex((line, i) => i < below && /^\s+at /.test(line) && !LOADING.test(line));
  return end < 0 ? stack : lines.slice(0, end + 1).join("\n");
};

/**
 * The text that tells a user about `error`.
 * Diagnostics and usage errors: the message. Anything else was thrown by the user's own program: the stack.
 * With TSCJIT_DEBUG set: the whole stack, always.
 */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return `the program threw ${inspect(error)}`;
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  if (isDebugging()) return stack;
  // By name: the program may hold another copy of the library.
  if (error.name === "TscJitError" || error.name === "UsageError") return error.message;
  return programStack(stack);
};

/** Prints the error and ends the process with status 1 or the one given, workers and timers included. */
export const exitWithError = (error: unknown, status = 1): never => {
  process.stderr.write(`${pc.red("tsc-jit:")} ${describeError(error)}\n`);
  process.exit(status);
};

/** Runs one command to its end; what it throws is reported. `usage`: the exit status for a mistake in what was asked. */
export const runOrReport = async (command: () => Promise<void>, usage = 1): Promise<void> => {
  try {
    await command();
  } catch (error) {
    exitWithError(error, error instanceof UsageError ? usage : 1);
  }
};
