/** What must hold for every op with regions: derivatives of first and second order, batches, the passes. */
import assert from "node:assert/strict";
import { jvpFunction } from "../../autodiff/jvp.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { vmapFunction } from "../../autodiff/vmap.js";
import { TscJitError } from "../../compiler/diagnostics.js";
import { parseFunction } from "../../compiler/ir/parse.js";
import { CONTROL_OPS, type IrFunction, isControl, isFloat, sizeOf } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { interpret } from "../../runtime/interpret.js";
import {
  assertJvp,
  assertReverse,
  assertSame,
  assertSecondOrder,
  assertTranspose,
  choices,
  directions,
  example,
  stack,
  zerosOf,
} from "./checks.js";
import { type ControlCase, controlCases } from "./control-cases.js";
import { rngFrom } from "./samplers.js";

const draw = (fn: IrFunction, { values }: ControlCase, seed: number): readonly NdArray[] => {
  const rng = rngFrom(seed);
  return fn.params.map(({ type }, k) => {
    const sampler = values[k] ?? assert.fail("a param has no values");
    return ndarray(type.dtype, type.shape, sampler(rng, sizeOf(type.shape)));
  });
};

const varies = (fn: IrFunction): readonly boolean[] => fn.params.map((p) => isFloat(p.type.dtype));
/** Several draws: conditions and counts are among the values. */
const SEEDS = [1, 2, 3, 4];

describe("every op with regions", () => {
  for (const [op, cases] of Object.entries(controlCases))
    describe(op, () => {
      if (CONTROL_OPS.some((name) => name === op))
        it("is in its programs", () => {
          for (const c of cases) {
            const text = new RegExp(`= ${op} `);
            assert.match(c.text, text, c.name);
            assert.ok(parseFunction(c.text).body.some(isControl));
          }
        });

      for (const c of cases) {
        const fn = verify(parseFunction(c.text));
        const active = varies(fn);
        it(`${c.name}: first order`, () => {
          for (const seed of SEEDS)
            for (const some of choices(active)) {
              const xs = draw(fn, c, seed);
              assertReverse(fn, xs, some, 5, c.name);
              if (c.onlyReverse === true) continue;
              assertJvp(fn, xs, some, 3, c.name);
              assertTranspose(fn, xs, some, 4, c.name);
            }
          if (c.onlyReverse === true)
            assert.throws(
              () => interpret(jvpFunction(fn, active).fn, [...draw(fn, c, 1), ...draw(fn, c, 2)]),
              (e) => e instanceof TscJitError && e.code === "TSJ3006",
            );
        });

        it(`${c.name}: second order`, () => {
          for (const seed of SEEDS) {
            const xs = draw(fn, c, seed);
            if (c.onlyReverse !== true) {
              assertSecondOrder(fn, xs, active, 7, c.name);
              continue;
            }
            const reverse = vjpFunction(fn, active).fn;
            const cts = directions(zerosOf(reverse.params.slice(fn.params.length)), 8);
            assertReverse(reverse, [...xs, ...cts], varies(reverse), 9, c.name);
          }
        });

        it(`${c.name}: a batch is a loop, of the reverse too; the passes change nothing`, () => {
          const reverse = vjpFunction(fn, active).fn;
          const cts = zerosOf(reverse.params.slice(fn.params.length));
          const rows = SEEDS.map((seed) => draw(fn, c, seed));
          assertBatch(fn, rows, c.name);
          const seeded = rows.map((row, n) => [...row, ...directions(cts, 20 + n)]);
          assertBatch(reverse, seeded, `vjp of ${c.name}`);
          for (const f of [fn, reverse]) {
            const { fn: short } = runPasses(f);
            const args = f === fn ? rows : seeded;
            for (const row of args)
              interpret(f, row).forEach((wanted, k) => {
                assertSame(interpret(verify(short), row)[k], wanted, `${c.name} after the passes`);
              });
          }
        });
      }
    });
});

/** Every choice of batched params, bit for bit; -0 and 0, which a sum of cotangents may give instead, are equal. */
function assertBatch(fn: IrFunction, rows: readonly (readonly NdArray[])[], what: string): void {
  for (const batched of choices(fn.params.map(() => true))) {
    const own = rows.map((row) => row.map((x, k) => (batched[k] === true ? x : (rows[0]?.[k] ?? x))));
    const [first = assert.fail()] = own;
    const args = first.map((x, k) =>
      batched[k] === true ? stack(own.map((row) => row[k] ?? assert.fail())) : x,
    );
    const results = interpret(verify(vmapFunction(fn, batched, rows.length)), args);
    own.forEach((row, n) => {
      interpret(fn, row).forEach((wanted, r) => {
        const got = example(results[r] ?? assert.fail(), n);
        got.data.forEach((x: number, k: number) => {
          assert.ok(
            x === wanted.data[k],
            `${what}, batched [${batched}], example ${n}: ${x}, not ${wanted.data[k]}`,
          );
        });
      });
    });
  }
}
