/** What property tests share: comparing arrays, running programs that may refuse at run time, turning floats into f64. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { TscJitError } from "../../compiler/diagnostics.js";
import { printFunction } from "../../compiler/ir/print.js";
import { type IrFunction, sameType, typeText } from "../../compiler/ir/types.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { interpret } from "../../runtime/interpret.js";

/** Equal types and equal bits, but that all NaNs are one value. */
export const sameBits = (x: NdArray, y: NdArray): boolean =>
  sameType(x, y) && x.data.every((n, k) => Object.is(n, y.data[k]));

const text = (x: NdArray | undefined): string =>
  x === undefined
    ? "nothing"
    : `${typeText(x)} ${[...x.data].map((n) => (Object.is(n, -0) ? "-0" : String(n))).join(" ")}`;

export const assertSameBits = (got: readonly NdArray[], wanted: readonly NdArray[], what: string): void => {
  assert.equal(got.length, wanted.length, `${what}: number of results`);
  wanted.forEach((w, k) => {
    const g = got[k];
    if (g === undefined || !sameBits(g, w)) {
      assert.fail(`${what}: result ${k} is\n${text(g)}\ninstead of\n${text(w)}`);
    }
  });
};

/**
 * |x - y| <= relative * max(|x|, |y|, scale), elementwise; NaN only where both are. `scale` is the size of the terms that
 * were added up, where cancellation may leave less.
 */
export const assertClose = (
  got: NdArray | undefined,
  wanted: NdArray | undefined,
  relative: number,
  scale: number,
  what: string,
): void => {
  const comparable = got !== undefined && wanted !== undefined && sameType(got, wanted);
  assert.ok(comparable, `${what}: ${text(got)} instead of ${text(wanted)}`);
  wanted.data.forEach((w, k) => {
    const g = got.data[k] ?? Number.NaN;
    const close = Math.abs(g - w) <= relative * Math.max(Math.abs(g), Math.abs(w), scale);
    if (!Object.is(g, w) && !close)
      assert.fail(`${what}: element ${k} is ${g} instead of ${w}\n${text(got)}\n${text(wanted)}`);
  });
};

/** The results, or null if the program refuses these arguments (an index or a cast out of range). */
export const tryInterpret = (fn: IrFunction, args: readonly NdArray[]): readonly NdArray[] | null => {
  try {
    return interpret(fn, args);
  } catch (e) {
    if (e instanceof TscJitError && e.diagnostics.every((d) => d.kind === "range")) return null;
    throw e;
  }
};

/** As `tryInterpret`, but tells fast-check to take another case. */
export const interpretOrSkip = (fn: IrFunction, args: readonly NdArray[]): readonly NdArray[] => {
  const results = tryInterpret(fn, args);
  fc.pre(results !== null);
  return results;
};

/** Runs `f`; an error shows the function it was about. */
export const about = <T>(fn: IrFunction, f: () => T): T => {
  try {
    return f();
  } catch (e) {
    if (e instanceof Error && !e.message.includes("about this function")) {
      e.message += `\nabout this function:\n${printFunction(fn)}`;
    }
    throw e;
  }
};

export const allFinite = (x: NdArray): boolean => x.data.every(Number.isFinite);
