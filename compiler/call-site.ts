/** The user's line that led into the package: the place of errors that arise outside of compiled code. */
import { fileURLToPath } from "node:url";
import type { Span } from "./diagnostics.js";

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
    return { file, line: Number(row), column: Number(column), length: 0 };
  }
  return null;
};
