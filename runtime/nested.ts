/** Nested arrays of numbers: their shape and their elements. */
import { fail } from "../compiler/diagnostics.js";
import type { Shape } from "../compiler/ir/types.js";

export interface Nested<T> {
  readonly shape: Shape;
  /** Row-major. */
  readonly elements: T[];
}

/** Sizes met when the first element is followed down. */
const outline = (value: readonly unknown[]): readonly number[] => {
  const shape: number[] = [];
  let level: unknown = value;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = level[0];
  }
  return shape;
};

const indexText = (path: readonly number[]): string => path.map((k) => `[${k}]`).join("");

const describe = (value: unknown): string =>
  Array.isArray(value)
    ? `an array of ${value.length}`
    : typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : value === null || value === undefined
        ? `${value}`
        : `a ${typeof value}`;

/**
 * The shape and elements of a nested array of which every leaf satisfies `isElement`; null where some leaf does not.
 * Throws a diagnostic that starts with `where` if all leaves do but the array is ragged, or a leaf is missing.
 */
export const readNested = <T>(
  value: readonly unknown[],
  isElement: (leaf: unknown) => leaf is T,
  where: string,
): Nested<T> | null => {
  const shape = outline(value);
  const elements: T[] = [];
  const path: number[] = [];
  let ragged: string | null = null;
  let missing: string | null = null;

  /** False where a leaf is no element. */
  const walk = (node: readonly unknown[], axis: number): boolean => {
    const expected = shape[axis];
    if (node.length !== expected)
      ragged ??= `${where}${indexText(path)} has ${node.length} elements where others have ${expected ?? "none"}`;
    const inner = axis + 1 < shape.length;
    for (let k = 0; k < node.length; k++) {
      const item: unknown = node[k];
      if (isElement(item)) {
        if (inner)
          ragged ??= `${where}${indexText([...path, k])} is ${describe(item)} where others are arrays`;
        elements.push(item);
        continue;
      }
      path.push(k);
      if (Array.isArray(item)) {
        if (!inner)
          ragged ??= `${where}${indexText(path)} is ${describe(item)} where ${
            shape[axis] === 0 ? "others are empty" : "others are single elements"
          }`;
        if (!walk(item, axis + 1)) return false;
      } else if (item === undefined && elements.length > 0) {
        missing ??= `${where}${indexText(path)} is missing (undefined)`;
      } else return false;
      path.pop();
    }
    return true;
  };
  if (!walk(value, 0)) return null;
  if (missing !== null) return fail("TSJ5021", "type", missing);
  if (ragged !== null)
    return fail("TSJ5020", "shape", `a ragged array is no tensor: ${ragged}`, {
      hint: "all rows need the same length; pad them, or pass them as separate arguments",
    });
  return { shape, elements };
};

export const isNumber = (x: unknown): x is number => typeof x === "number";
