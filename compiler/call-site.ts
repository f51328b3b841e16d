/** The user's line that led into the package: the place of errors that arise outside of compiled code. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Span } from "./diagnostics.js";
import { type Lookup, loadSourceMap, type Original } from "./source-map.js";

/** Folders of the package's own code: those of the sources, or the one of the bundles. */
const ownFolders = (): readonly string[] => {
  const folder = new URL(".", import.meta.url);
  const isSource = folder.pathname.endsWith("/compiler/");
  const urls = isSource
    ? ["./", "../runtime/", "../autodiff/"].map((path) => new URL(path, folder))
    : [folder];
  return urls.map((url) => fileURLToPath(url));
};

/** `at name (place:line:column)`, or the place alone. */
const FRAME = /^\s+at (?:async )?(?:.*\()?(.+?):(\d+):(\d+)\)?$/;

const toPath = (place: string): string | null => {
  if (place.startsWith("file:")) return fileURLToPath(place.replace(/\?.*$/, ""));
  return /^(?:\/|[A-Za-z]:[\\/])/.test(place) ? place : null; // node:internal, <anonymous>, wasm://
};

const maps = new Map<string, Lookup | null>();
/** The map that a built file names at its end. */
const mapOf = (file: string): Lookup | null => {
  const known = maps.get(file);
  if (known !== undefined) return known;
  let map: Lookup | null = null;
  try {
    const url = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(file, "utf8"))?.[1];
    map = url === undefined ? null : loadSourceMap(url, file);
  } catch {
    // the file can't be read: its own place is all there is
  }
  maps.set(file, map);
  return map;
};

/** The place that the user wrote; stacks that Node has mapped already name files without a map. */
const originalOf = (file: string, line: number, column: number): Omit<Span, "length"> => {
  const at = mapOf(file)?.({ line: line - 1, column: column - 1 }) ?? null;
  return at === null
    ? { file, line, column }
    : { file: at.file, line: at.line + 1, column: calleeColumn(at) + 1 };
};

/** Of `f(x)` built as `(0, m.f)(x)`, V8 names the parenthesis: the word before it is meant. */
const calleeColumn = ({ file, line, column }: Original): number => {
  const before = linesOf(file)[line]?.slice(0, column + 1) ?? "";
  const word = /([\w$]+)\($/.exec(before)?.[1];
  return word === undefined ? column : column - word.length;
};

const linesOf = (file: string): readonly string[] => {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/);
  } catch {
    return []; // the sources may not be there where the built program runs
  }
};

/** Frames to look through: the front end's own calls nest deep. */
const DEPTH = 400;

let own: readonly string[] | null = null;

/** The innermost frame outside of the package, its word marked; null where the stack shows none. */
export const callSite = (): Span | null => {
  own ??= ownFolders();
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  for (const line of stack.split("\n").slice(1)) {
    const [, place = "", row = "", column = ""] = FRAME.exec(line) ?? [];
    const file = toPath(place);
    if (file === null || own.some((folder) => file.startsWith(folder))) continue;
    return { ...originalOf(file, Number(row), Number(column)), length: 0 };
  }
  return null;
};
