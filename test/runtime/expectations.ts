/** What the tests of derivatives expect of results and errors. */
import assert from "node:assert/strict";

/** A diagnostic with that code. */
export const code = (expected: string, message?: RegExp) => (e: unknown) => {
  assert.ok(e instanceof Error && "code" in e, String(e));
  assert.equal(e.code, expected);
  if (message !== undefined) assert.match(e.message, message);
  return true;
};
/** Equal but for `roundings` errors of 2**-53 each. */
export const near = (got: unknown, wanted: unknown, roundings: number): void => {
  if (typeof got === "number" && typeof wanted === "number")
    assert.ok(
      Math.abs(got - wanted) <= roundings * 2 ** -53 * Math.abs(wanted),
      `${got} instead of ${wanted}`,
    );
  else {
    assert.ok(Array.isArray(got) && Array.isArray(wanted) && got.length === wanted.length);
    got.forEach((x, k) => {
      near(x, wanted[k], roundings);
    });
  }
};
/** As JSON has it: tensors become arrays. */
export const plain = (x: unknown): unknown => JSON.parse(JSON.stringify(x));
