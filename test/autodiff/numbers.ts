/** Numbers of tests of derivatives: made, compared and differentiated by differences. */
import assert from "node:assert/strict";
import { type Tensor, tensor } from "../../runtime/index.js";
import { plain } from "../runtime/expectations.js";
import type { Scalar } from "./modes.js";

/** An f64 tensor. */
export const f64 = (data: unknown): Tensor => tensor(data as number[], { dtype: "f64" });

/** Equal up to `tolerance`, relative to the largest of the numbers compared (at least 1). */
export const close = (got: unknown, wanted: unknown, tolerance: number, what = ""): void => {
  const numbers = (x: unknown): readonly number[] => (Array.isArray(x) ? x.flatMap(numbers) : [Number(x)]);
  const [a, b] = [numbers(plain(got)), numbers(plain(wanted))];
  const scale = Math.max(1, ...b.map(Math.abs));
  assert.equal(a.length, b.length, what);
  a.forEach((x, k) => {
    const y = b[k] ?? Number.NaN;
    assert.ok(Math.abs(x - y) <= tolerance * scale, `${what}: ${x} instead of ${y}`);
  });
};

/** (f(x + h) - f(x - h)) / 2h, whose error for h = 1e-5 is some 1e-10 of the third derivative and of f. */
export const H = 1e-5;
export const slope = (f: Scalar, x: number): number => (f(x + H) - f(x - H)) / (2 * H);
export const SLOPE = 1e-7;
