/**
 * Arrays without end for the reference evaluation. Values share one store: the newest is its contents, and a write to that one
 * takes constant time; an older value is the contents with the writes since undone (Baker's persistent arrays).
 */
import { internal } from "../diagnostics.js";
import { type DType, type Shape, sizeOf } from "../ir/types.js";
import { allocate } from "./ndarray.js";
import type { Data, NdArray } from "./op.js";

interface Store {
  /** Zero from the last row written on. */
  data: Data;
  /** What the writes replaced: entry k by the write that gave version k + 1. */
  readonly undo: { readonly from: number; readonly row: Data }[];
}
interface Held {
  readonly store: Store;
  readonly version: number;
}
const held = new WeakMap<NdArray, Held>();

const tapeOf = (dtype: DType, shape: Shape, store: Store): NdArray => {
  const tape: NdArray = { dtype, shape, data: store.data };
  held.set(tape, { store, version: store.undo.length });
  return tape;
};

/** The array of zeros. */
export const emptyTape = (dtype: DType, shape: Shape): NdArray =>
  tapeOf(dtype, shape, { data: allocate(dtype, 0), undo: [] });

/** The contents as they were at the tape's version. */
const contentsOf = (tape: NdArray): Data => {
  const { store, version } = held.get(tape) ?? internal("an array without end has no rows");
  if (version === store.undo.length) return store.data;
  const data = store.data.slice();
  for (let k = store.undo.length - 1; k >= version; k--) {
    const change = store.undo[k];
    if (change !== undefined) data.set(change.row, change.from);
  }
  return data;
};

/** Row `i` of [Infinity, ...row], as a fresh array [1, ...row]. */
export const rowOf = (tape: NdArray, i: number): NdArray => {
  const [, ...row] = tape.shape;
  const size = sizeOf(row);
  const data = allocate(tape.dtype, size);
  data.set(contentsOf(tape).subarray(i * size, (i + 1) * size));
  return { dtype: tape.dtype, shape: [1, ...row], data };
};

/** The tape with row `i` replaced. */
export const withRow = (tape: NdArray, i: number, { data: row }: NdArray): NdArray => {
  const { dtype, shape } = tape;
  if (i < 0) return internal(`row ${i} of an array without end`);
  const own = held.get(tape);
  const newest = own !== undefined && own.version === own.store.undo.length;
  const store: Store = newest ? own.store : { data: contentsOf(tape).slice(), undo: [] };
  const from = i * row.length;
  if (from + row.length > store.data.length) {
    const grown = allocate(dtype, Math.max(from + row.length, 2 * store.data.length));
    grown.set(store.data);
    store.data = grown;
  }
  store.undo.push({ from, row: store.data.slice(from, from + row.length) });
  store.data.set(row, from);
  return tapeOf(dtype, shape, store);
};
