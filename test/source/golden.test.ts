/** How derivatives read: the texts of some functions; TSCJIT_UPDATE=1 writes them anew. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSpecs } from "../../compiler/cli/argument-spec.js";
import { declaredFunction, namedArguments } from "../../compiler/cli/staged-export.js";
import { stage } from "../../compiler/frontend/stage.js";
import type { AnyFunction } from "../../compiler/frontend/types.js";
import { derivativeOf } from "../../compiler/targets/typescript/derivative.js";
import "../../runtime/index.js";
import * as functions from "../fixtures/derivatives/functions.js";
import { loadText, numbersIn, typeFaults } from "./run-text.js";

const file = fileURLToPath(new URL("../fixtures/derivatives/functions.ts", import.meta.url));
const golden = fileURLToPath(new URL("../fixtures/derivatives/expect.md", import.meta.url));

interface Golden {
  readonly fn: AnyFunction;
  /** What it is called with, if its annotations don't say. */
  readonly args: string | null;
  readonly argnums: readonly number[];
  readonly at: readonly unknown[];
}

const f64 = (n: number): Float64Array => Float64Array.from({ length: n }, (_, k) => 0.4 + 0.13 * k);
const rows = (n: number, m: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: m }, (_, j) => Math.sin(1 + i * m + j)));

const goldens: readonly Golden[] = [
  { fn: functions.polynomial, args: null, argnums: [0], at: [1.3] },
  { fn: functions.branch, args: null, argnums: [0, 1], at: [0.7, 1.1] },
  { fn: functions.products, args: "f64[10]", argnums: [0], at: [f64(10)] },
  { fn: functions.root, args: null, argnums: [0], at: [2.5] },
  { fn: functions.growth, args: null, argnums: [0], at: [1.2] },
  {
    fn: functions.perceptron,
    args: "number[10,12], number[9,10], number[12]",
    argnums: [0, 1],
    at: [rows(10, 12), rows(9, 10), Array.from(f64(12))],
  },
  { fn: functions.oscillator, args: null, argnums: [0, 1], at: [1, 0.3] },
  {
    fn: functions.projection,
    args: null,
    argnums: [0],
    at: [{ focal: 1.5, position: { x: 1, y: 2, z: 3 } }, 7],
  },
];

const textOf = ({ fn, args: types, argnums }: Golden): string => {
  const declared = declaredFunction(file, fn.name);
  const args = namedArguments(fn.name, declared, types === null ? null : parseSpecs(types));
  const staged = stage({ fn, args: args.map((a) => a.tree), scope: null });
  const place = `functions.ts:${declared?.line}`;
  return derivativeOf({ staged, name: fn.name, place, args, argnums, mode: "grad", value: false }).text();
};

/** A number that varies moved by h. */
const moved = (x: unknown, which: number, h: number): unknown => {
  let k = 0;
  const go = (y: unknown): unknown => {
    if (typeof y === "number") return k++ === which ? y + h : y;
    if (y instanceof Float64Array) return y.map((v) => (k++ === which ? v + h : v));
    if (Array.isArray(y)) return y.map(go);
    if (typeof y === "object" && y !== null)
      return Object.fromEntries(Object.entries(y).map(([key, v]) => [key, go(v)]));
    return y;
  };
  return go(x);
};

/**
 * Differences of fourth order with h = 1e-4: the error is h^4 / 30 = 3e-18 times the fifth derivative, which is below 1e8 here,
 * and rounding of some ULP of values up to 60, divided by h: 1e-10.
 */
const SLOPE_ERROR = 1e-9;

describe("how derivatives read", () => {
  const texts = new Map(goldens.map((g) => [g.fn.name, textOf(g)]));

  it("is what it was", () => {
    const shown = [...texts].map(([name, text]) => `## ${name}\n\n\`\`\`ts\n${text}\`\`\`\n`).join("\n");
    if (process.env.TSCJIT_UPDATE === "1") writeFileSync(golden, shown);
    assert.equal(shown, readFileSync(golden, "utf8"));
  });

  it("type-checks", () => {
    assert.deepEqual(typeFaults(texts), []);
  });

  for (const { fn, argnums, at } of goldens)
    it(`${fn.name}: as finite differences have it`, () => {
      const got = numbersIn(loadText(texts.get(fn.name) ?? "", `d_${fn.name}`)(...at));
      const call = (args: readonly unknown[]): number => Number(Reflect.apply(fn, undefined, args));
      const want = argnums.flatMap((k) =>
        numbersIn(at[k]).map((_, which) => {
          const h = 1e-4;
          const f = (d: number): number => call(at.with(k, moved(at[k], which, d)));
          return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
        }),
      );
      assert.equal(got.length, want.length);
      for (const [k, w] of want.entries())
        assert.ok(
          Math.abs((got[k] ?? 0) - w) <= SLOPE_ERROR * Math.max(1, Math.abs(w)),
          `${got[k]} at ${k}, not ${w}`,
        );
    });
});
