/**
 * Derivatives of the corpus as texts: they type-check, run as plain TypeScript and give, to the last bit, what the program gives
 * that they were printed from; and that is the gradient.
 */
import assert from "node:assert/strict";
import { TscJitError } from "../../compiler/diagnostics.js";
import type { AnyFunction } from "../../compiler/frontend/types.js";
import { copy, toPlain } from "../corpus/compare.js";
import { loadCorpus } from "../corpus/corpus.js";
import { stageCall } from "../frontend/harness.js";
import {
  derive,
  interpreted,
  loadText,
  numbersIn,
  referenceGradient,
  summed,
  typeFaults,
  varying,
} from "./run-text.js";

/** Functions whose derivatives can't be printed. */
const refused: ReadonlySet<string> = new Set(["incompleteGamma"]);

/** 0 is -0: a sum with zeros is written as the sum of what is not. */
const same = (a: number, b: number): boolean => Object.is(a, b) || a === b;

/**
 * Simplified before it is differentiated, a function has another formula for the same derivative: x * x instead of x ** 2. Each
 * of some hundred operations rounds to half an ULP of values that may be a few times as large as the largest result.
 */
const ULPS = 2 ** 10;
const near = (got: readonly number[], want: readonly number[]): boolean => {
  const scale = Math.max(1, ...want.filter(Number.isFinite).map(Math.abs));
  return (
    got.length === want.length &&
    want.every((w, k) => {
      const g = got[k] ?? Number.NaN;
      // what is NaN by one formula need not be by the other: 0 * Infinity
      return same(g, w) || Number.isNaN(w) || Math.abs(g - w) <= ULPS * Number.EPSILON * scale;
    })
  );
};

const themes = await loadCorpus();
const texts = new Map<string, string>();
const MAX_LINE = 100;

describe("derivatives of the corpus as TypeScript", () => {
  for (const [theme, cases] of themes)
    describe(theme, () => {
      for (const [name, { fn, inputs }] of Object.entries(cases)) {
        const [args] = inputs;
        if (args === undefined) continue;
        const of = fn as AnyFunction;
        it(name, function () {
          const argnums = varying(of, args);
          if (argnums.length === 0) return this.skip();
          const staged = summed(stageCall(of, args));
          if (refused.has(name)) {
            assert.throws(
              () => derive(of, args, { staged, argnums }).text(),
              (e) => e instanceof TscJitError && e.code === "TSJ7101",
            );
            return;
          }
          const derivative = derive(of, args, { staged, argnums });
          const text = derivative.text();
          texts.set(name, text);
          const given = args.map(copy);
          const got = numbersIn(loadText(text, derivative.name)(...given));
          assert.deepEqual(given.map(toPlain), args.map(toPlain), "the arguments were changed");
          const want = interpreted(staged, derivative.fn, of, args);
          assert.equal(got.length, want.length);
          for (const [k, w] of want.entries())
            assert.ok(same(got[k] ?? 0, w), `number ${k} is ${got[k]}, not ${w}\n${text}`);
          const reference = referenceGradient(staged, of, args, argnums);
          assert.ok(near(got, reference), `${got.slice(0, 8)} instead of ${reference.slice(0, 8)}\n${text}`);
        });
      }
    });

  describe("all of them", () => {
    it("type-check under strict, at least sixty of them, with nothing left over", () => {
      assert.ok(texts.size >= 60, `${texts.size} texts`);
      assert.deepEqual(typeFaults(texts), []);
    });

    it("fit the width of a page", () => {
      const long = [...texts.values()].flatMap((text) => text.split("\n").filter((l) => l.length > MAX_LINE));
      assert.deepEqual(long, []);
    });
  });
});
