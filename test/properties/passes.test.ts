import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFunction } from "../../compiler/ir/parse.js";
import { printFunction } from "../../compiler/ir/print.js";
import type { IrFunction } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { passes, runPasses } from "../../compiler/passes/pipeline.js";
import { about, assertSameBits, interpretOrSkip } from "./compare.js";
import { ALL_OPS, programs } from "./random-ir.js";

describe("random programs", () => {
  it("use every op", () => {
    const seen = new Set(
      fc.sample(programs(), { numRuns: 1000, seed: 7 }).flatMap((p) => p.fn.body.map((eqn) => eqn.op)),
    );
    assert.deepEqual(
      ALL_OPS.filter((op) => !seen.has(op)),
      [],
    );
  });

  it("verify, and parse(print(x)) prints as x", () => {
    fc.assert(
      fc.property(programs(), ({ fn }) => {
        verify(fn);
        const text = printFunction(fn);
        assert.equal(printFunction(verify(parseFunction(text))), text);
      }),
      { numRuns: 300 },
    );
  });

  it("mean the same, bit for bit, after each pass", () => {
    fc.assert(
      fc.property(programs({ steps: 20 }), ({ fn, args }) => {
        const wanted = interpretOrSkip(fn, args);
        runPasses(fn, {
          onPass: ({ name, before, after }) => {
            if (after === before) return;
            about(before, () => {
              about(after, () => {
                verify(after);
                assertSameBits(interpretOrSkip(after, args), wanted, `after ${name}`);
              });
            });
          },
        });
      }),
      { numRuns: 1500 },
    );
  });

  it("have no more work to do after the passes", () => {
    fc.assert(
      fc.property(programs({ steps: 20 }), ({ fn }) => {
        const { fn: after } = runPasses(fn);
        about(after, () => assert.ok(work(after) <= work(fn), `${work(after)} instead of ${work(fn)}`));
      }),
      { numRuns: 500 },
    );
  });

  it("reach a fixed point", () => {
    fc.assert(
      fc.property(programs({ steps: 20 }), ({ fn }) => {
        const { fn: once } = runPasses(fn);
        for (const pass of passes) assert.equal(pass.run(once), once, pass.name);
      }),
      { numRuns: 300 },
    );
  });
});

/** Equations that compute or move something: constants and reshapes cost nothing. */
const work = (fn: IrFunction): number =>
  fn.body.filter((eqn) => eqn.inputs.length > 0 && eqn.op !== "reshape").length;
