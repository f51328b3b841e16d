/** Lowered programs against the reference semantics, on random programs over every op. */
import fc from "fast-check";
import { gradFunction } from "../../autodiff/grad.js";
import { regionsOf } from "../../compiler/ir/control.js";
import { type IrFunction, isControl, isFloat } from "../../compiler/ir/types.js";
import { interpretProgram, KernelCheckError } from "../../compiler/kernel/interpret.js";
import { type LowerOptions, lowerProgram } from "../../compiler/kernel/lower.js";
import { printProgram } from "../../compiler/kernel/print.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { about, assertSameBits, interpretOrSkip } from "../properties/compare.js";
import { CONTROL_FORMS } from "../properties/random-control.js";
import { ALL_OPS, programs, sumOfResults } from "../properties/random-ir.js";

const numRuns = Number(process.env.TSCJIT_RUNS ?? 300);

const runLowered = (
  fn: IrFunction,
  args: readonly NdArray[],
  options: LowerOptions,
): readonly NdArray[] | null => {
  const program = lowerProgram(fn, options);
  try {
    const results = interpretProgram(
      program,
      args.map((a) => a.data),
    );
    return fn.results.map((v, k) => {
      const data = results[k];
      if (data === undefined) throw new Error(`no result ${k}`);
      return { dtype: v.type.dtype, shape: v.type.shape, data };
    });
  } catch (e) {
    // a value that nothing needs may be checked by the reference alone, never the other way round
    if (e instanceof KernelCheckError) return null;
    if (e instanceof Error) e.message += `\n${printProgram(program)}`;
    throw e;
  }
};

const compare = (fn: IrFunction, args: readonly NdArray[], options: LowerOptions): void => {
  const wanted = interpretOrSkip(fn, args);
  about(fn, () => {
    const got = runLowered(fn, args, options);
    if (got === null) throw new Error("a check failed that the reference passes");
    assertSameBits(got, wanted, "lowered");
  });
};

/** Are all sums and products over integers, so that their order can't matter, or f64, whose order `strict` keeps? */
const exactSums = (fn: IrFunction, allowed: (dtype: string) => boolean): boolean =>
  fn.body.every((eqn) => {
    if (isControl(eqn)) return regionsOf(eqn).every(([, region]) => exactSums(region, allowed));
    const folds = ["reduceSum", "reduceProd", "dot", "scatterAdd"].includes(eqn.op);
    return !folds || !isFloat(eqn.outs[0].type.dtype) || allowed(eqn.outs[0].type.dtype);
  });

describe("lowering of random programs", () => {
  it("agrees bit for bit in strict mode", () => {
    fc.assert(
      fc.property(programs(), ({ fn, args }) => {
        fc.pre(exactSums(fn, (d) => d === "f64"));
        compare(fn, args, { strict: true });
      }),
      { numRuns },
    );
  });

  it("agrees bit for bit where the order of sums can't matter", () => {
    fc.assert(
      fc.property(programs(), ({ fn, args }) => {
        fc.pre(exactSums(fn, () => false));
        compare(fn, args, {});
      }),
      { numRuns },
    );
  });

  for (const nests of [true, false])
    it(`agrees bit for bit with control flow ${nests ? "inside" : "over"} kernels`, () => {
      fc.assert(
        fc.property(programs({ control: CONTROL_FORMS }), ({ fn, args }) => {
          fc.pre(exactSums(fn, (d) => d === "f64"));
          compare(fn, args, { strict: true, nests });
        }),
        { numRuns },
      );
    });

  for (const nests of [true, false])
    for (const order of [1, 2])
      it(`agrees on derivatives of order ${order} of control flow ${nests ? "inside" : "over"} kernels`, () => {
        const smooth = {
          control: CONTROL_FORMS,
          dtypes: ["f64", "f64", "i32", "bool"],
          tame: true,
          steps: 10,
        } as const;
        fc.assert(
          fc.property(programs(smooth), ({ fn, args }) => {
            const active = fn.params.map((p) => isFloat(p.type.dtype));
            fc.pre(active.includes(true));
            let grad = gradFunction(sumOfResults(fn), active);
            if (order === 2) grad = gradFunction(sumOfResults(grad), active);
            fc.pre(exactSums(grad, (d) => d === "f64"));
            compare(grad, args, { strict: true, nests });
            compare(runPasses(grad).fn, args, { strict: true, nests });
          }),
          { numRuns: Math.ceil(numRuns / (order === 1 ? 8 : 20)) },
        );
      });

  it("agrees after the passes", () => {
    fc.assert(
      fc.property(programs({ steps: 20 }), ({ fn, args }) => {
        fc.pre(exactSums(fn, () => false));
        const optimised = runPasses(fn).fn;
        compare(optimised, args, {});
      }),
      { numRuns },
    );
  });

  it("agrees on programs of movement, reductions and indexing", () => {
    const ops = ALL_OPS.filter((op) =>
      [
        "broadcast",
        "reshape",
        "transpose",
        "slice",
        "pad",
        "concat",
        "reverse",
        "reduceSum",
        "reduceMax",
        "iota",
        "argmax",
        "gather",
        "scatterAdd",
        "dynamicSlice",
        "dynamicUpdate",
        "dot",
        "add",
        "mul",
        "exp",
        "select",
        "lt",
      ].includes(op),
    );
    fc.assert(
      fc.property(programs({ ops, steps: 24 }), ({ fn, args }) => {
        fc.pre(exactSums(fn, (d) => d === "f64"));
        compare(fn, args, { strict: true });
      }),
      { numRuns },
    );
  });

  it("agrees on sums and products of whole numbers, which are exact in any order", () => {
    const ops = ALL_OPS.filter((op) =>
      [
        ...[
          "broadcast",
          "reshape",
          "transpose",
          "slice",
          "pad",
          "concat",
          "reverse",
          "iota",
          "gather",
          "dynamicSlice",
        ],
        ...[
          "dot",
          "add",
          "sub",
          "mul",
          "neg",
          "max",
          "reduceSum",
          "reduceMax",
          "scatterAdd",
          "dynamicUpdate",
          "select",
          "gt",
        ],
      ].includes(op),
    );
    const whole = (a: NdArray): NdArray =>
      ndarray(
        a.dtype,
        a.shape,
        [...a.data].map((x) => Math.round(x)),
      );
    fc.assert(
      fc.property(programs({ ops, steps: 24, tame: true, dtypes: ["f32", "f64", "i32"] }), ({ fn, args }) => {
        const small = args.map(whole);
        const values = interpretOrSkip({ ...fn, results: fn.body.map((eqn) => eqn.outs[0]) }, small);
        // below 2^23 all partial sums of 128 terms are whole f32 numbers
        fc.pre(values.every((v) => v.data.every((x) => Number.isInteger(x) && Math.abs(x) < 2 ** 16)));
        compare(fn, small, { smallProduct: 0 });
        compare(fn, small, { fast: true });
      }),
      { numRuns },
    );
  });
});
