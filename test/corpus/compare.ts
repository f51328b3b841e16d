/** Compares what a compiled function gives with what the plain function gives. */
import { isTensor } from "../../runtime/tensor.js";
import type { Exactness } from "../fixtures/corpus/case.js";

/** Numbers, booleans, null and what holds them: the common form of plain and compiled results. */
export type Plain =
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** A deep copy of an argument: typed arrays stay typed arrays. */
export const copy = (value: unknown): unknown => structuredClone(value);

/** Tensors and typed arrays as (nested) arrays. */
export const toPlain = (value: unknown): Plain => {
  if (isTensor(value)) return value.toArray() as Plain;
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, toPlain(v)]));
  return value as Plain;
};

const close = (got: number, want: number, exact: Exactness): boolean => {
  if (Object.is(got, want)) return true;
  if (exact === "bits" || !Number.isFinite(got) || !Number.isFinite(want)) return false;
  return Math.abs(got - want) <= exact.ulps * Number.EPSILON * Math.max(Math.abs(want), exact.scale ?? 0);
};

/** The first place where two results differ, as a text; null where they agree. */
export const difference = (got: Plain, want: Plain, exact: Exactness, path = "result"): string | null => {
  if (typeof want === "number" && typeof got === "number")
    return close(got, want, exact) ? null : `${path} is ${got}, not ${want}`;
  if (Array.isArray(want)) {
    if (!Array.isArray(got)) return `${path} is ${JSON.stringify(got)}, not an array`;
    if (got.length !== want.length) return `${path} has ${got.length} elements, not ${want.length}`;
    for (const [k, w] of want.entries()) {
      const found = difference(got[k], w, exact, `${path}[${k}]`);
      if (found !== null) return found;
    }
    return null;
  }
  if (typeof want === "object" && want !== null) {
    if (typeof got !== "object" || got === null) return `${path} is ${String(got)}, not an object`;
    const keys = Object.keys(want);
    if (Object.keys(got).join() !== keys.join())
      return `${path} has the fields ${Object.keys(got).join()}, not ${keys.join()}`;
    for (const key of keys) {
      const w = (want as { readonly [key: string]: Plain })[key];
      const found = difference((got as { readonly [key: string]: Plain })[key], w, exact, `${path}.${key}`);
      if (found !== null) return found;
    }
    return null;
  }
  return Object.is(got, want) ? null : `${path} is ${String(got)}, not ${String(want)}`;
};
