/** Results of runs, and how they are compared and shown. */
import { isTensor } from "../../runtime/tensor.js";

/** Numbers, booleans, arrays and records alone. */
export const plain = (value: unknown): unknown => {
  if (isTensor(value)) return value.shape.length === 0 ? value.item() : value.toArray();
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
};

/** Whether two results have equal structure, and `leaf` holds of their parts. */
const agree = (a: unknown, b: unknown, leaf: (a: unknown, b: unknown) => boolean): boolean => {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return leaf(a, b);
  const [x, y] = [Object.entries(a), Object.entries(b)];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    x.length === y.length &&
    x.every(([key, value], k) => key === y[k]?.[0] && agree(value, y[k]?.[1], leaf))
  );
};

const flat = (value: unknown): readonly unknown[] =>
  typeof value === "object" && value !== null ? Object.values(value).flatMap(flat) : [value];

export const show = (value: unknown): string => {
  if (Object.is(value, -0)) return "-0";
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} ${show(plain(value))}`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, field]) => `${key}: ${show(field)}`)
    .join(", ")} }`;
};

/**
 * What a run gives: its value, or the text of the error that the program throws. Where an index out of range throws,
 * `otherwise` is the value of a run in which it does not: a read that nothing depends on need not be checked.
 */
export type Run =
  | { readonly value: unknown }
  | { readonly thrown: string; readonly otherwise?: { readonly value: unknown } };

export const showRun = (run: Run): string => ("thrown" in run ? `throws ${run.thrown}` : show(run.value));

/** What an index out of range is called: which of several is met first is not defined, nor whether a `throw` comes before. */
export const RANGE = "stop range";

export const sameRun = (got: Run, wanted: Run): boolean => {
  if ("value" in wanted) return "value" in got && agree(got.value, wanted.value, Object.is);
  if ("thrown" in got) return got.thrown === wanted.thrown || wanted.thrown === RANGE || got.thrown === RANGE;
  return wanted.otherwise !== undefined && sameRun(got, wanted.otherwise);
};

/**
 * How far results lie from `wanted` where the last bits of elementary functions are others: for each number of the result
 * the largest distance. Null where a run takes another way: it throws, a NaN appears, or a boolean changes.
 */
export const spreadOf = (wanted: Run, others: readonly Run[]): readonly number[] | null => {
  if ("thrown" in wanted) return null;
  const numbers = flat(wanted.value);
  const spread = numbers.map(() => 0);
  for (const other of others) {
    if ("thrown" in other) return null;
    const values = flat(other.value);
    if (values.length !== numbers.length) return null;
    for (const [k, y] of values.entries()) {
      const x = numbers[k];
      if (Object.is(x, y)) continue;
      const distance = typeof x === "number" && typeof y === "number" ? Math.abs(x - y) : Number.NaN;
      if (!Number.isFinite(distance)) return null;
      spread[k] = Math.max(spread[k] ?? 0, distance);
    }
  }
  return spread;
};

/** Whether each number is within `factor` times its spread of the wanted one. */
export const nearRun = (got: Run, wanted: Run, spread: readonly number[], factor: number): boolean => {
  if ("thrown" in got || "thrown" in wanted) return sameRun(got, wanted);
  let k = 0;
  return agree(got.value, wanted.value, (a, b) => {
    const within = (spread[k++] ?? 0) * factor;
    return Object.is(a, b) || (typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= within);
  });
};
