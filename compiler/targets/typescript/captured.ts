/** Numbers and arrays that a function captured, as a text can hold them. */
import { fail } from "../../diagnostics.js";

/** How many numbers of a captured array a text may hold. */
const MAX_CAPTURED = 256;

/** A captured number or array as nested arrays of numbers. */
export const plainValue = (name: string, value: unknown): unknown => {
  const plain = (x: unknown): unknown =>
    ArrayBuffer.isView(x)
      ? Array.from(x as Float64Array)
      : Array.isArray(x)
        ? x.map(plain)
        : typeof x === "object" && x !== null && "toArray" in x && typeof x.toArray === "function"
          ? x.toArray()
          : x;
  const found = plain(value);
  const count = (x: unknown): number => (Array.isArray(x) ? x.reduce((n: number, y) => n + count(y), 0) : 1);
  if (count(found) > MAX_CAPTURED)
    fail(
      "TSJ7102",
      "unsupported",
      `the captured array \`${name}\` has ${count(found)} elements, too many to write down`,
      {
        hint: "make it a parameter of the function",
      },
    );
  return found;
};
