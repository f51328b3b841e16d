import assert from "node:assert/strict";
import fc from "fast-check";
import { regionsOf } from "../../compiler/ir/control.js";
import { parseFunction } from "../../compiler/ir/parse.js";
import { printFunction } from "../../compiler/ir/print.js";
import { CONTROL_OPS, type IrFunction, isControl } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { passes, runPasses } from "../../compiler/passes/pipeline.js";
import { about, assertSameBits, interpretOrSkip } from "./compare.js";
import { CONTROL_FORMS, type ControlForm } from "./random-control.js";
import { ALL_OPS, programs } from "./random-ir.js";

for (const control of [[], CONTROL_FORMS])
  suite(control.length === 0 ? "random programs" : "random programs with control flow", control);

/** Equations with rules, which the first pass replaces, have tests of their own. */
const FLOW_OPS = CONTROL_OPS.filter((op) => op !== "custom" && op !== "fromTranspose" && op !== "checkpoint");

function suite(title: string, control: readonly ControlForm[]): void {
  // regions are programs of their own: fewer cases see as much
  const runs = (n: number): { readonly numRuns: number } => ({
    numRuns: control.length === 0 ? n : Math.ceil(n / 3),
  });
  describe(title, () => {
    it("use every op", () => {
      const seen = new Set(
        fc
          .sample(programs({ control }), { numRuns: 2000, seed: 8 })
          .flatMap((p) => p.fn.body.map((eqn) => eqn.op)),
      );
      const wanted = [...ALL_OPS, ...(control.length === 0 ? [] : FLOW_OPS)];
      assert.deepEqual(
        wanted.filter((op) => !seen.has(op)),
        [],
      );
    });

    it("verify, and parse(print(x)) prints as x", () => {
      fc.assert(
        fc.property(programs({ control }), ({ fn }) => {
          verify(fn);
          const text = printFunction(fn);
          assert.equal(printFunction(verify(parseFunction(text))), text);
        }),
        runs(300),
      );
    });

    it("mean the same, bit for bit, after each pass", () => {
      fc.assert(
        fc.property(programs({ steps: 20, control }), ({ fn, args }) => {
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
        runs(1500),
      );
    });

    it("have no more work to do after the passes", () => {
      fc.assert(
        fc.property(programs({ steps: 20, control }), ({ fn }) => {
          // an integer is computed beside its float where somebody needs that too
          const { fn: after } = runPasses(fn, { passes: passes.filter(({ name }) => name !== "narrow") });
          about(after, () => assert.ok(work(after) <= work(fn), `${work(after)} instead of ${work(fn)}`));
        }),
        runs(500),
      );
    });

    it("reach a fixed point", () => {
      fc.assert(
        fc.property(programs({ steps: 20, control }), ({ fn }) => {
          // what runs once, after them, may leave more to do
          const { fn: once } = runPasses(fn, { passes });
          for (const pass of passes) assert.equal(pass.run(once), once, pass.name);
        }),
        runs(300),
      );
    });
  });
}

/** Equations that compute or move something: constants and reshapes cost nothing. */
const work = (fn: IrFunction): number =>
  fn.body.reduce((sum, eqn) => {
    if (isControl(eqn)) return regionsOf(eqn).reduce((n, [, region]) => n + work(region), sum + 1);
    return eqn.inputs.length > 0 && eqn.op !== "reshape" ? sum + 1 : sum;
  }, 0);
