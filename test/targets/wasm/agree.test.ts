/** Lowered programs in WASM against the interpreter of the same kernels, with the math expanded to machine ops. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { gradFunction } from "../../../autodiff/grad.js";
import { vmapFunction } from "../../../autodiff/vmap.js";
import { regionsOf } from "../../../compiler/ir/control.js";
import { type IrFunction, isControl, isFloat } from "../../../compiler/ir/types.js";
import { interpretProgram, KernelCheckError } from "../../../compiler/kernel/interpret.js";
import { type LowerOptions, lowerProgram } from "../../../compiler/kernel/lower.js";
import { expandMath } from "../../../compiler/kernel/math/expand.js";
import { printProgram } from "../../../compiler/kernel/print.js";
import { schedule } from "../../../compiler/kernel/schedule.js";
import type { KernelProgram, Profile } from "../../../compiler/kernel/types.js";
import { kernelsOf, mapKernels, walkStmts } from "../../../compiler/kernel/walk.js";
import { runPasses } from "../../../compiler/passes/pipeline.js";
import { allCases, caseText, drawInputs, functionOf } from "../../ops/cases.js";
import { CONTROL_FORMS } from "../../properties/random-control.js";
import { ALL_OPS, arrays, programs, sumOfResults } from "../../properties/random-ir.js";
import { type Data, dataOf, PROFILES, ProgramTrap, runProgram } from "./harness.js";

const numRuns = Number(process.env.TSCJIT_RUNS ?? 150);

type Outcome =
  | { readonly kind: "results"; readonly data: readonly Data[] }
  | { readonly kind: "failed"; readonly message: string };

const interpreted = (program: KernelProgram, inputs: readonly Data[]): Outcome => {
  const steps = mapKernels(program.steps, expandMath);
  try {
    return { kind: "results", data: interpretProgram({ ...program, steps }, inputs) };
  } catch (e) {
    if (e instanceof KernelCheckError) return { kind: "failed", message: e.message };
    throw e;
  }
};

const compiled = async (
  program: KernelProgram,
  inputs: readonly Data[],
  profile: Profile,
): Promise<Outcome> => {
  try {
    const outputs = await runProgram(program, inputs, profile);
    const data = program.results.map(
      (r) => (r.kind === "input" ? inputs[r.index] : outputs[r.index]) ?? dataOf("f32", []),
    );
    return { kind: "results", data };
  } catch (e) {
    if (!(e instanceof ProgramTrap)) throw e;
    const entry = program.errors[e.error];
    assert.ok(entry !== undefined, `check ${e.error} is not in the table`);
    return { kind: "failed", message: entry.message.replace("{}", String(e.detail)) };
  }
};

const shown = (x: Data | undefined): string =>
  x === undefined ? "nothing" : [...x].map((n) => (Object.is(n, -0) ? "-0" : String(n))).join(" ");

/** Equal bits (all NaNs are one value), or within `tolerance` ULPs of the largest magnitude where products may be contracted. */
const agree = async (
  fn: IrFunction,
  inputs: readonly Data[],
  profile: Profile,
  options: LowerOptions = {},
): Promise<void> => {
  const program = lowerProgram(fn, options);
  const wanted = interpreted(program, inputs);
  const got = await compiled(program, inputs, profile);
  const context = (): string => `\n${printProgram(program)}`;
  assert.equal(
    got.kind,
    wanted.kind,
    `${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}${context()}`,
  );
  // where several elements fail, which one is reported is not defined
  if (got.kind !== "results" || wanted.kind !== "results") return;
  wanted.data.forEach((w, k) => {
    const g = got.data[k];
    const equal = g !== undefined && g.length === w.length && w.every((x, i) => Object.is(x, g[i]));
    if (!equal)
      assert.fail(`result ${k} under ${profile} is\n${shown(g)}\ninstead of\n${shown(w)}${context()}`);
  });
};

/** Are all sums and products of whole numbers, so that their order can't matter? */
const orderFree = (fn: IrFunction): boolean =>
  fn.body.every((eqn) =>
    isControl(eqn)
      ? regionsOf(eqn).every(([, region]) => orderFree(region))
      : !["reduceSum", "reduceProd", "dot", "scatterAdd"].includes(eqn.op) ||
        !isFloat(eqn.outs[0].type.dtype),
  );

/** How many loops with control flow inside run in vectors. */
const vectorsAroundControl = (fn: IrFunction): number =>
  kernelsOf(lowerProgram(fn).steps).reduce((count, kernel) => {
    if (kernel.kind !== "loops") return count;
    const expanded = expandMath(kernel);
    if (expanded.kind !== "loops") return count;
    const plans = schedule(expanded);
    let own = 0;
    walkStmts(expanded.body, (s) => {
      if (s.kind !== "loop" || (plans.get(s.axis)?.lanes ?? 1) === 1) return;
      walkStmts(s.body, (inner) => {
        if (inner.kind === "if" || inner.kind === "while") own = 1;
      });
    });
    return count + own;
  }, 0);

describe("WASM agrees with the interpreter", () => {
  describe("on every op", () => {
    for (const c of allCases())
      it(caseText(c), async () => {
        for (const seed of [1, 2])
          await agree(
            functionOf(c),
            drawInputs(c, "any", seed).map((x) => x.data),
            "base",
          );
      });
  });

  it("on random programs, bit for bit", async () => {
    await fc.assert(
      fc.asyncProperty(programs({ steps: 20 }), async ({ fn, args }) => {
        fc.pre(orderFree(fn));
        await agree(
          fn,
          args.map((a) => a.data),
          "base",
        );
      }),
      { numRuns },
    );
  });

  for (const nests of [true, false])
    it(`on control flow ${nests ? "inside" : "over"} kernels`, async () => {
      await fc.assert(
        fc.asyncProperty(programs({ control: CONTROL_FORMS }), async ({ fn, args }) => {
          fc.pre(orderFree(fn));
          const inputs = args.map((a) => a.data);
          await agree(fn, inputs, "base", { nests });
        }),
        { numRuns: Math.ceil(numRuns / 2) },
      );
    });

  for (const nests of [true, false])
    it(`on derivatives of control flow ${nests ? "inside" : "over"} kernels`, async () => {
      const smooth = {
        control: CONTROL_FORMS,
        dtypes: ["f64", "f64", "i32", "bool"],
        tame: true,
        steps: 10,
      } as const;
      await fc.assert(
        fc.asyncProperty(programs(smooth), async ({ fn, args }) => {
          const active = fn.params.map((p) => isFloat(p.type.dtype));
          fc.pre(active.includes(true));
          const grad = gradFunction(sumOfResults(fn), active);
          fc.pre(orderFree(grad));
          const inputs = args.map((a) => a.data);
          await agree(grad, inputs, "base", { nests });
          await agree(runPasses(grad).fn, inputs, "base", { nests });
        }),
        { numRuns: Math.ceil(numRuns / 8) },
      );
    });

  it("on batches whose examples part, in vectors too", async () => {
    const batches = fc
      .record({
        program: programs({ control: CONTROL_FORMS, scalars: true, steps: 16 }),
        size: fc.integer({ min: 1, max: 9 }),
      })
      .chain(({ program: { fn }, size }) =>
        fc.record({
          fn: fc.constant(
            vmapFunction(
              fn,
              fn.params.map(() => true),
              size,
            ),
          ),
          args: fc.tuple(...fn.params.map((p) => arrays({ ...p.type, shape: [size] }))),
        }),
      );
    let vectors = 0;
    await fc.assert(
      fc.asyncProperty(batches, async ({ fn, args }) => {
        fc.pre(orderFree(fn));
        const { fn: short } = runPasses(fn);
        vectors += vectorsAroundControl(short);
        await agree(
          short,
          args.map((a) => a.data),
          "base",
        );
      }),
      { numRuns },
    );
    assert.ok(vectors > 0, "no program had control flow in vectors");
  });

  it("on random programs after the passes", async () => {
    await fc.assert(
      fc.asyncProperty(programs({ steps: 30 }), async ({ fn, args }) => {
        fc.pre(orderFree(fn));
        await agree(
          runPasses(fn).fn,
          args.map((a) => a.data),
          "base",
        );
      }),
      { numRuns },
    );
  });

  it("on sums and products of small whole numbers, in any order, with contraction", async () => {
    const ops = ALL_OPS.filter((op) =>
      [
        "broadcast",
        "reshape",
        "transpose",
        "slice",
        "pad",
        "concat",
        "reverse",
        "iota",
        "gather",
        "scatterAdd",
        "dot",
        "add",
        "sub",
        "reduceSum",
        "reduceMax",
        "reduceMin",
        "argmax",
        "dynamicSlice",
        "dynamicUpdate",
        "select",
        "lt",
        "cast",
      ].includes(op),
    );
    for (const profile of PROFILES)
      await fc.assert(
        fc.asyncProperty(
          programs({ ops, steps: 20, dtypes: ["f32", "f64", "i32"] }),
          async ({ fn, args }) => {
            // whole numbers below 2^24 add up exactly
            const whole = args.map((a) =>
              dataOf(
                a.dtype,
                [...a.data].map((_, k) => ((k * 7) % 5) - 2),
              ),
            );
            await agree(fn, whole, profile);
          },
        ),
        { numRuns },
      );
  });
});
