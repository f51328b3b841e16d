/** `vmap` against the plain loop that it stands for: one call per example, compared bit for bit. */
import assert from "node:assert/strict";
import { isTensor, jit, type Tensor, vmap } from "../../runtime/index.js";

export type Plain = (...args: readonly unknown[]) => unknown;
/** Any function, called with whatever the test gives it. */
export const callable = (fn: (...args: never[]) => unknown): Plain => fn as Plain;

/** The numbers of a result, leaf by leaf. */
const leavesOf = (value: unknown): readonly (readonly number[])[] => {
  if (typeof value === "number" || typeof value === "boolean") return [[Number(value)]];
  if (isTensor(value)) return [Array.from(value.data, Number)];
  if (ArrayBuffer.isView(value)) return [Array.from(value as Float64Array)];
  assert.ok(typeof value === "object" && value !== null, `${String(value)} is no tree`);
  return Object.values(value).flatMap(leavesOf);
};

/** An argument that all examples share. */
export interface Shared {
  readonly shared: unknown;
}
/** One value per example, or one for all. */
export type Column = readonly unknown[] | ArrayLike<number> | Shared;
const isShared = (column: Column): column is Shared => "shared" in column;

const sizeOf = (columns: readonly Column[]): number => {
  const mapped = columns.find((c): c is ArrayLike<number> => !isShared(c));
  return mapped === undefined ? assert.fail("nothing is mapped") : mapped.length;
};
const exampleOf = (columns: readonly Column[], k: number): readonly unknown[] =>
  columns.map((c) => (isShared(c) ? c.shared : (c as ArrayLike<unknown>)[k]));

/** What a batched result holds for one example: its part of each leaf. */
const partOf = (leaves: readonly (readonly number[])[], k: number, size: number): readonly number[] =>
  leaves.flatMap((leaf) => leaf.slice((k * leaf.length) / size, ((k + 1) * leaf.length) / size));

const same = (got: unknown, rows: readonly unknown[], what: string): void => {
  const leaves = leavesOf(got);
  rows.forEach((row, k) => {
    assert.deepEqual(partOf(leaves, k, rows.length), leavesOf(row).flat(), `${what}: example ${k}`);
  });
};

/**
 * `vmap(fn)` gives what `fn`, compiled, gives for each example; and what the plain function gives where it runs as plain
 * JavaScript. Whole batches, and those of no, one, two and three examples, so that each kind of last vector occurs.
 */
export const equalsLoop = (
  fn: (...args: never[]) => unknown,
  columns: readonly Column[],
  { plain = true }: { readonly plain?: boolean } = {},
): void => {
  const inAxes = columns.map((c) => (isShared(c) ? null : 0));
  const mapped = callable(jit(vmap(callable(fn), { inAxes })));
  const single = callable(jit(callable(fn)));
  const n = sizeOf(columns);
  for (const size of new Set([n, 1, 2, 3])) {
    if (size > n) continue;
    const calls = Array.from({ length: size }, (_, k) => exampleOf(columns, k));
    const batch = columns.map((c) => (isShared(c) ? c.shared : Array.prototype.slice.call(c, 0, size)));
    const got = mapped(...batch);
    same(
      got,
      calls.map((call) => single(...call)),
      `batch of ${size}`,
    );
    if (!plain) continue;
    same(
      got,
      calls.map((call) => callable(fn)(...call)),
      `batch of ${size}, against JavaScript`,
    );
  }
};

/** The data of a result that is a tensor. */
export const numbers = (x: unknown): readonly number[] => Array.from((x as Tensor).data);
