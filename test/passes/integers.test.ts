/** Loops over whole numbers, through the passes: the same bits, whatever leaves 32 bits, turns to -0 or is NaN. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { verify } from "../../compiler/ir/verify.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { about, assertSameBits, tryInterpret } from "../properties/compare.js";
import { EDGES, randomIntegers } from "../properties/random-integers.js";

/** Marsaglia's xorshift of 32 bits. */
const picker = (seed: number): ((limit: number) => number) => {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return limit <= 0 ? 0 : (state >>> 0) % limit;
  };
};

const edge = fc.constantFrom(...EDGES, ...EDGES.slice(0, 6));
const args = fc
  .tuple(
    edge,
    edge,
    fc.oneof(fc.integer({ min: -4, max: 8 }), fc.integer()),
    fc.array(fc.integer(), { minLength: 4, maxLength: 4 }),
    fc.array(edge, { minLength: 4, maxLength: 4 }),
  )
  .map(([x, y, i, i32, f64]): readonly NdArray[] => [
    ndarray("f64", [], [x]),
    ndarray("f64", [], [y]),
    ndarray("i32", [], [i]),
    ndarray("i32", [4], i32),
    ndarray("f64", [4], f64),
  ]);

describe("loops over whole numbers", () => {
  it("mean the same, bit for bit, after each pass", () => {
    let run = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.array(args, { minLength: 8, maxLength: 8 }), (seed, cases) => {
        const fn = verify(randomIntegers(picker(Math.imul(seed, 2654435761))));
        const wanted = cases.map((c) => tryInterpret(fn, c));
        runPasses(fn, {
          onPass: ({ name, before, after }) => {
            if (after === before) return;
            about(before, () => {
              about(after, () => {
                verify(after);
                cases.forEach((c, k) => {
                  const expected = wanted[k] ?? null;
                  if (expected === null) return;
                  run++;
                  const got = tryInterpret(after, c);
                  assert.ok(
                    got !== null,
                    `only what ${name} made refuses ${c.map((a) => `[${a.data.join()}]`)}`,
                  );
                  assertSameBits(got, expected, `after ${name}`);
                });
              });
            });
          },
        });
      }),
      { numRuns: 150 },
    );
    assert.ok(run > 1000, `${run} comparisons`);
  });
});
