/** `tsc-jit run FILE [args...]` */
import { loadModule, resolveFile } from "./load-module.js";
import { exitWithError } from "./report-error.js";

/**
 * Runs a program as `node FILE args...` would, with process.argv to match. Errors that nobody catches, later ones
 * included, are reported and end the process with status 1.
 */
export const runProgram = async (file: string, args: readonly string[]): Promise<void> => {
  const path = resolveFile(file);
  process.argv = [process.execPath, path, ...args];
  process.on("uncaughtException", (error) => {
    const programHasItsOwn = process.listenerCount("uncaughtException") > 1;
    if (!programHasItsOwn) exitWithError(error);
  });
  await loadModule(path);
};
