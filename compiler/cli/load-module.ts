/** Loads a user's module, TypeScript included. */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { register as registerRequire } from "tsx/cjs/api";
import { register as registerImport } from "tsx/esm/api";
import { UsageError } from "./report-error.js";

/** Absolute path of a file given on the command line; throws a UsageError if there is no such file. */
export const resolveFile = (file: string): string => {
  const path = resolve(file);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`cannot find ${file}`);
  if (!stats.isFile()) throw new UsageError(`${file} is not a file`);
  return path;
};

/**
 * Imports the module at an absolute path and resolves to its exports, when its top-level code has run.
 * Throws a UsageError if it, or a module it imports, is missing or does not parse; else what its code throws.
 */
export const loadModule = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
  registerRequire();
  registerImport();
  try {
    const exports: Record<string, unknown> = await import(pathToFileURL(path).href);
    return exports;
  } catch (error) {
    const text = error instanceof Error ? loadFailure(path, error) : null;
    throw text === null ? error : new UsageError(text, { cause: error });
  }
};

/** What kept the module from loading; null for an error that its code threw. */
const loadFailure = (path: string, error: Error): string | null => {
  const code: unknown = Reflect.get(error, "code");
  if (code === "ERR_MODULE_NOT_FOUND" || code === "ERR_UNKNOWN_FILE_EXTENSION") return error.message;
  // esbuild's errors, which tsx throws for a file that does not parse, list file, line and column themselves.
  if (/^Transform failed with \d+ errors?:\n/.test(error.message)) return error.message.replace(/^.*\n/, "");
  if (!(error instanceof SyntaxError) || codeRan(error)) return null;
  const [head = "", located] = [
    beforeFrames(error.stack ?? ""),
    error.stack?.startsWith("SyntaxError") !== true,
  ];
  return located ? head : (parseFailure(path) ?? `${head} (in a module that ${path} imports)`);
};

const isFrame = (line: string): boolean => /^\s+at /.test(line);

/** False if every frame of the stack is Node's or a tool's: the module was still being parsed or linked. */
const codeRan = (error: Error): boolean =>
  (error.stack ?? "")
    .split("\n")
    .filter((line) => isFrame(line) && !/\bloadModule \(/.test(line))
    .some((line) =>
      /^\s+at (?!async )(?!.*(node:|[\\/]tsx[\\/]dist[\\/]|[\\/]esbuild[\\/]lib[\\/]))/.test(line),
    );

/** The lines before the first frame: file, excerpt and message where V8 gives them. */
const beforeFrames = (text: string): string => {
  const lines = text.split("\n");
  const end = lines.findIndex(isFrame);
  return lines
    .slice(0, end < 0 ? undefined : end)
    .join("\n")
    .trimEnd();
};

/** File, line and message for JavaScript that does not parse: Node shows them only when it ends with that error. */
const parseFailure = (path: string): string | null => {
  const { status, stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8" });
  return status === 0 ? null : beforeFrames(stderr);
};
