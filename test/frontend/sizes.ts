/** Programs whose size must not depend on how much they work on, compared with plain JavaScript. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { AnyFunction } from "../../compiler/frontend/types.js";
import type { IrFunction } from "../../compiler/ir/types.js";
import { evaluateStaged, refusal, stageCall } from "./harness.js";

export type Fn = (...args: never[]) => unknown;

/** Equations of a program, those of its regions included. */
export const equationsOf = (fn: IrFunction): number =>
  fn.body.reduce((n, eqn) => {
    const regions = Object.values(eqn.params as Readonly<Record<string, unknown>>).filter(isRegion);
    return n + 1 + regions.reduce((k, region) => k + equationsOf(region), 0);
  }, 0);
const isRegion = (x: unknown): x is IrFunction => typeof x === "object" && x !== null && "body" in x;

const plain = (x: unknown): unknown => {
  if (ArrayBuffer.isView(x)) return Array.from(x as Float64Array);
  if (Array.isArray(x)) return x.map(plain);
  if (typeof x !== "object" || x === null) return x;
  return Object.fromEntries(Object.entries(x).map(([key, v]) => [key, plain(v)]));
};

const run = (fn: Fn, args: readonly unknown[]): { readonly equations: number } => {
  const want = plain(Reflect.apply(fn, undefined, structuredClone(args) as never[]));
  const staged = stageCall(fn as AnyFunction, args);
  const got = evaluateStaged(staged, fn as AnyFunction, args);
  // what has class instances in it comes out as plain objects
  deepStrictEqual(plain(got), want);
  return { equations: equationsOf(staged.fn) };
};

/** Numbers of both signs, different for every index. */
export const numbers = (n: number): number[] => Array.from({ length: n }, (_, k) => Math.sin(k * 1.7) * 5);

/** The program gives what the plain function gives, for short loops, which are unrolled, and long ones. */
export const agrees = (
  name: string,
  fn: Fn,
  args: (n: number) => readonly unknown[] = (n) => [numbers(n)],
): void => {
  it(name, () => {
    for (const n of [1, 5, 12, 40]) run(fn, args(n));
  });
};

/** The same, and the program is as long for many items as for few. */
export const agreesAtOneSize = (
  name: string,
  fn: Fn,
  args: (n: number) => readonly unknown[] = (n) => [numbers(n)],
): void => {
  it(`${name}, in a program of one size`, () => {
    run(fn, args(5));
    // up to 8 iterations are unrolled
    const [few, more, many] = [12, 64, 512].map((n) => run(fn, args(n)).equations);
    strictEqual(more, few);
    strictEqual(many, few);
  });
};

export const refuses = (name: string, code: string, fn: Fn, n = 100): void => {
  it(`${name}: ${code}`, () => strictEqual(refusal(fn as AnyFunction, [numbers(n)]).code, code));
};
