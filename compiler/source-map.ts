/** Source maps, version 3: from a place in the text that runs to the place the user wrote. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Lines and columns count from 0 here, as in the format. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
export interface Original extends Position {
  readonly file: string;
}
export type Lookup = (at: Position) => Original | null;

interface Segment {
  readonly column: number;
  readonly source: number;
  readonly line: number;
  readonly originalColumn: number;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUE = new Map([...DIGITS].map((c, k) => [c, k]));

/** Base-64 VLQ: five bits a digit, least significant first, the sign in the lowest bit of the number. */
const decodeFields = (text: string): readonly number[] => {
  const fields: number[] = [];
  let value = 0;
  let shift = 0;
  for (const c of text) {
    const digit = VALUE.get(c) ?? 0;
    value += (digit & 31) << shift;
    if ((digit & 32) !== 0) {
      shift += 5;
      continue;
    }
    fields.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return fields;
};

/** Segments of each generated line; all fields but the column run on from line to line. */
const decodeMappings = (mappings: string): readonly (readonly Segment[])[] => {
  let source = 0;
  let line = 0;
  let originalColumn = 0;
  return mappings.split(";").map((row) => {
    let column = 0;
    const segments: Segment[] = [];
    for (const text of row.split(",")) {
      const [dColumn, dSource, dLine, dOriginal] = decodeFields(text);
      if (dColumn === undefined) continue;
      column += dColumn;
      if (dSource === undefined || dLine === undefined || dOriginal === undefined) continue;
      source += dSource;
      line += dLine;
      originalColumn += dOriginal;
      segments.push({ column, source, line, originalColumn });
    }
    return segments;
  });
};

/** The last segment that starts at or before `column`. */
const segmentAt = (segments: readonly Segment[], column: number): Segment | null => {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle]?.column ?? 0) <= column) low = middle + 1;
    else high = middle;
  }
  return segments[low - 1] ?? null;
};

interface RawMap {
  readonly mappings: string;
  readonly sources: readonly (string | null)[];
  readonly sourceRoot?: string;
}

const parseUrl = (url: string, base: string): RawMap => {
  const inline = /^data:[^,]*?(;base64)?,(.*)$/s.exec(url);
  const text =
    inline === null
      ? readFileSync(resolve(dirname(base), decodeURIComponent(url)), "utf8")
      : inline[1] === undefined
        ? decodeURIComponent(inline[2] ?? "")
        : Buffer.from(inline[2] ?? "", "base64").toString("utf8");
  return JSON.parse(text) as RawMap;
};

/** Reads a map from a data URL, or from a file beside `script`; null where it is missing or malformed. */
export const loadSourceMap = (url: string, script: string): Lookup | null => {
  try {
    const map = parseUrl(url, script);
    const lines = decodeMappings(map.mappings);
    const files = map.sources.map((source) => {
      if (source === null) return script;
      const path = source.startsWith("file:") ? fileURLToPath(source) : source;
      return resolve(dirname(script), map.sourceRoot ?? "", path);
    });
    return ({ line, column }) => {
      const segment = segmentAt(lines[line] ?? [], column);
      const file = segment === null ? undefined : files[segment.source];
      return segment === null || file === undefined
        ? null
        : { file, line: segment.line, column: segment.originalColumn };
    };
  } catch {
    return null; // a broken map is no reason to refuse the program: places are then given in the script itself
  }
};
