import assert from "node:assert/strict";
import fc from "fast-check";
import { gradFunction } from "../../autodiff/grad.js";
import { jvpFunction } from "../../autodiff/jvp.js";
import { linearizeFunction } from "../../autodiff/linearize.js";
import { transposeFunction } from "../../autodiff/transpose.js";
import { vjpFunction } from "../../autodiff/vjp.js";
import { vmapFunction } from "../../autodiff/vmap.js";
import { type IrFunction, isFloat, type OpName, type Var } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { runPasses } from "../../compiler/passes/pipeline.js";
import { interpret } from "../../runtime/interpret.js";
import { difference, dotAll, largest, loopOverBatch, randomLike, stackBatch } from "./calculus.js";
import { about, allFinite, assertClose, assertSameBits, interpretOrSkip, tryInterpret } from "./compare.js";
import { CONTROL_FORMS, type ControlForm } from "./random-control.js";
import { ALL_OPS, arrays, programs, type RandomProgram, sumOfResults } from "./random-ir.js";

const isActive = (v: Var): boolean => isFloat(v.type.dtype);
const activeOf = (fn: IrFunction): readonly boolean[] => fn.params.map(isActive);

/** Smooth and bounded everywhere (in tame programs): what finite differences can judge. */
const ROUGH: readonly OpName[] = [
  "sign",
  "floor",
  "ceil",
  "trunc",
  "round",
  "rint",
  "abs",
  "rem",
  "min",
  "max",
  "reduceMin",
  "reduceMax",
  "argmax",
  "argmin",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "cast",
  "toInt32",
  "bitcast",
  "stopGradient",
];
const SMOOTH = ALL_OPS.filter((op) => !ROUGH.includes(op));
/** Where estimates for two steps differ by more, the function is too steep for finite differences to say anything. */
const CONVERGED = 1e-2;
/** Without ops that round to f32 on the way. */
const EXACT = ALL_OPS.filter((op) => op !== "cast");
const tameF64 = { dtypes: ["f64", "f64", "f64", "i32", "bool"], tame: true } as const;

/** A program with tangents for its float params. */
const withTangents = (options: Parameters<typeof programs>[0]) =>
  programs(options).chain((p) => {
    const floats = p.fn.params.filter(isActive);
    return fc.record({
      program: fc.constant(p),
      tangents: fc.tuple(...floats.map((v) => arrays(v.type, true))),
    });
  });

const onlyFloats = (fn: IrFunction, xs: readonly NdArray[]): readonly NdArray[] =>
  xs.filter((_, k) => isFloat(fn.results[k]?.type.dtype ?? "bool"));

/** The tangents of all float results, zeros written out. */
const jvpOf = (fn: IrFunction, args: readonly NdArray[], tangents: readonly NdArray[]) => {
  const { fn: both, tangentOuts } = jvpFunction(fn, activeOf(fn));
  verify(both);
  const results = about(both, () => interpretOrSkip(both, [...args, ...tangents]));
  const outs = results.slice(0, fn.results.length);
  let next = fn.results.length;
  const outTangents = outs.flatMap((y, k) => {
    const given = tangentOuts[k] === true ? results[next++] : undefined;
    if (!isFloat(y.dtype)) return [];
    return [given ?? { ...y, data: y.data.map(() => 0) }];
  });
  return { outs, tangents: outTangents };
};

const assertProperty = (runs: number, property: fc.IRawProperty<unknown>): void => {
  fc.assert(property, { numRuns: Math.ceil(runs) });
};
/** Regions are programs of their own: fewer cases see as much. */
const fewer = (control: readonly ControlForm[]): number => (control.length === 0 ? 1 : 0.4);

for (const control of [[], CONTROL_FORMS]) {
  forwardMode(control);
  reverseMode(control);
  batching(control);
}

/** ` with control flow`, or nothing. */
function suffix(control: readonly ControlForm[]): string {
  return control.length === 0 ? "" : " with control flow";
}

function forwardMode(control: readonly ControlForm[]): void {
  describe(`forward mode on random programs${suffix(control)}`, () => {
    it("gives the primal results unchanged", () => {
      assertProperty(
        300 * fewer(control),
        fc.property(withTangents({ steps: 12, control }), ({ program: { fn, args }, tangents }) => {
          const wanted = interpretOrSkip(fn, args);
          assertSameBits(jvpOf(fn, args, tangents).outs, wanted, "primal results");
        }),
      );
    });

    it("agrees with central differences", () => {
      assertProperty(
        400 * fewer(control),
        fc.property(
          withTangents({ ...tameF64, ops: SMOOTH, control }),
          ({ program: { fn, args }, tangents }) => {
            const { tangents: got } = jvpOf(fn, args, tangents);
            const f = (step: number): readonly NdArray[] => {
              let next = 0;
              const moved = args.map((x) => (isFloat(x.dtype) ? shift(x, tangents[next++], step) : x));
              return onlyFloats(fn, interpretOrSkip(fn, moved));
            };
            const estimates = difference(f);
            got.forEach((t, k) => {
              const estimate = estimates[k];
              assert.ok(estimate !== undefined);
              t.data.forEach((n, i) => {
                const e = estimate[i];
                assert.ok(e !== undefined);
                fc.pre(e.error <= CONVERGED * Math.max(1, Math.abs(e.value)));
                const far = `tangent ${k}, element ${i}: ${n}, by differences ${e.value} within ${e.error}`;
                about(fn, () => assert.ok(Math.abs(n - e.value) <= e.error, far));
              });
            });
          },
        ),
      );
    });
  });
}

/** x + step dx */
const shift = (x: NdArray, dx: NdArray | undefined, step: number): NdArray => ({
  ...x,
  data: x.data.map((n: number, k: number) => n + step * (dx?.data[k] ?? 0)),
});

/**
 * Relative to the largest value. A program of 16 steps on at most 128 elements rounds about 2000 times on the way to each
 * number, 2000 * 2^-53 = 2e-13; the rest is room for cancellation, where a term is up to 5000 times its sum.
 */
const INNER_TOLERANCE = 1e-9;

function reverseMode(control: readonly ControlForm[]): void {
  describe(`reverse mode on random programs${suffix(control)}`, () => {
    const property = (check: (p: RandomProgram, tangents: readonly NdArray[]) => void, runs: number) =>
      assertProperty(
        runs * fewer(control),
        fc.property(withTangents({ ...tameF64, ops: EXACT, steps: 16, control }), ({ program, tangents }) =>
          check(program, tangents),
        ),
      );

    it("is the adjoint of forward mode: <ct, J dx> = <J^T ct, dx>", () => {
      property(({ fn, args }, tangents) => {
        const { outs, tangents: forward } = jvpOf(fn, args, tangents);
        const cts = onlyFloats(fn, outs).map((y) => randomLike(y));
        const { fn: reverse } = vjpFunction(fn, activeOf(fn));
        verify(reverse);
        const results = about(reverse, () => interpret(reverse, [...args, ...cts]));
        assertSameBits(results.slice(0, outs.length), outs, "primal results");
        const grads = results.slice(outs.length);
        fc.pre([...forward, ...grads].every(allFinite));
        const [left, right] = [dotAll(cts, forward), dotAll(grads, tangents)];
        const scale = Math.max(largest(forward), largest(grads), 1);
        about(reverse, () =>
          assert.ok(
            Math.abs(left - right) <= INNER_TOLERANCE * scale,
            `${left} and ${right}, scale ${scale}`,
          ),
        );
      }, 500);
    });

    it("is linearization, then transposition", () => {
      property(({ fn, args }, tangents) => {
        const active = activeOf(fn);
        const { outs, tangents: wanted } = jvpOf(fn, args, tangents);
        const { primal, linear, residualCount, tangentOuts } = linearizeFunction(fn, active);
        verify(primal);
        verify(linear);
        const values = interpret(primal, args);
        assertSameBits(values.slice(0, outs.length), outs, "primal results");
        const residuals = values.slice(outs.length);
        assert.equal(residuals.length, residualCount);
        const got = interpret(linear, [...residuals, ...tangents]);
        const present = wanted.filter((_, k) => {
          const floats = tangentOuts.filter((_t, i) => isFloat(fn.results[i]?.type.dtype ?? "bool"));
          return floats[k] === true;
        });
        assertSameBits(got, present, "tangents");
        verify(transposeFunction(linear, residualCount));
      }, 200);
    });

    it("survives the passes", () => {
      property(({ fn, args }) => {
        const loss = sumOfResults(fn);
        fc.pre(activeOf(fn).includes(true));
        const grad = gradFunction(loss, activeOf(fn));
        const wanted = interpretOrSkip(grad, args);
        const { fn: short } = runPasses(grad);
        verify(short);
        about(grad, () =>
          about(short, () => assertSameBits(interpretOrSkip(short, args), wanted, "gradients")),
        );
      }, 300);
    });

    it("nests: the gradient of a gradient is the derivative of the gradient", () => {
      const smooth = withTangents({ ...tameF64, ops: SMOOTH, steps: 8, control });
      assertProperty(
        200 * fewer(control),
        fc.property(smooth, ({ program: { fn, args }, tangents }) => {
          const active = activeOf(fn);
          fc.pre(active.includes(true));
          const grad = verify(gradFunction(sumOfResults(fn), active));
          // forward over reverse against reverse over reverse: <ct, H dx> = <H ct, dx>
          const { outs, tangents: forward } = jvpOf(grad, args, tangents);
          const cts = outs.map((y) => randomLike(y));
          const { fn: second } = vjpFunction(grad, active);
          verify(second);
          const hessian = interpret(second, [...args, ...cts]).slice(outs.length);
          fc.pre([...forward, ...hessian].every(allFinite));
          const [left, right] = [dotAll(cts, forward), dotAll(hessian, tangents)];
          const scale = Math.max(largest(forward), largest(hessian), 1);
          about(fn, () =>
            assert.ok(
              Math.abs(left - right) <= INNER_TOLERANCE * scale,
              `${left} and ${right}, scale ${scale}`,
            ),
          );
        }),
      );
    });
  });
}

function batching(control: readonly ControlForm[]): void {
  describe(`vmap on random programs${suffix(control)}`, () => {
    const SIZE = 3;
    /** A program, which params carry the batch, and arguments for them. */
    const batches = (options: Parameters<typeof programs>[0]) =>
      programs(options).chain(({ fn, args }) =>
        fc.tuple(...fn.params.map(() => fc.boolean())).chain((batched) =>
          fc.record({
            fn: fc.constant(fn),
            batched: fc.constant(batched),
            rows: fc.tuple(
              ...fn.params.map((p, k) => {
                const [arg] = args.slice(k);
                return batched[k] === true || arg === undefined
                  ? fc.tuple(...Array.from({ length: SIZE }, () => arrays(p.type, options?.tame)))
                  : fc.constant(Array.from({ length: SIZE }, () => arg));
              }),
            ),
          }),
        ),
      );
    const batchedArgs = (rows: readonly (readonly NdArray[])[], batched: readonly boolean[]) =>
      rows.map((row, k) => (batched[k] === true ? stackBatch(row) : (row[0] ?? stackBatch(row))));
    const same = (fn: IrFunction, batched: readonly boolean[], rows: readonly (readonly NdArray[])[]) => {
      const mapped = verify(vmapFunction(fn, batched, SIZE));
      const wanted = loopOverBatch(SIZE, (k) =>
        interpretOrSkip(
          fn,
          rows.map((row) => row[k] ?? assert.fail("a row is missing")),
        ),
      );
      about(mapped, () => {
        const got = tryInterpret(mapped, batchedArgs(rows, batched));
        assert.ok(got !== null, "only the batch is refused");
        assertSameBits(got, wanted, "vmap");
      });
    };

    it("is a loop", () => {
      assertProperty(
        800 * fewer(control),
        fc.property(batches({ steps: 12, control }), ({ fn, batched, rows }) =>
          about(fn, () => same(fn, batched, rows)),
        ),
      );
    });

    it("of a gradient is a loop of gradients", () => {
      assertProperty(
        300 * fewer(control),
        fc.property(batches({ ...tameF64, ops: EXACT, steps: 10, control }), ({ fn, batched, rows }) => {
          fc.pre(activeOf(fn).includes(true));
          const grad = gradFunction(sumOfResults(fn), activeOf(fn));
          const mapped = verify(vmapFunction(grad, batched, SIZE));
          const wanted = loopOverBatch(SIZE, (k) =>
            interpretOrSkip(
              grad,
              rows.map((row) => row[k] ?? assert.fail("a row is missing")),
            ),
          );
          const got = interpretOrSkip(mapped, batchedArgs(rows, batched));
          about(mapped, () => {
            wanted.forEach((w, k) => {
              assertClose(got[k], w, INNER_TOLERANCE, largest([w]), `gradient ${k}`);
            });
          });
        }),
      );
    });

    it("can be differentiated: forward mode of vmap is vmap of forward mode", () => {
      assertProperty(
        300 * fewer(control),
        fc.property(batches({ ...tameF64, ops: EXACT, steps: 10, control }), ({ fn, batched, rows }) => {
          const active = fn.params.map((p, k) => isActive(p) && batched[k] === true);
          fc.pre(active.includes(true));
          const args = batchedArgs(rows, batched);
          const tangents = args.filter((_, k) => active[k] === true).map((x) => randomLike(x));
          const outer = jvpFunction(vmapFunction(fn, batched, SIZE), active);
          const inner = jvpFunction(fn, active);
          const mapped = vmapFunction(inner.fn, [...batched, ...tangents.map(() => true)], SIZE);
          verify(outer.fn);
          verify(mapped);
          const got = interpretOrSkip(outer.fn, [...args, ...tangents]);
          const wanted = interpretOrSkip(mapped, [...args, ...tangents]);
          fc.pre(wanted.every(allFinite));
          const kept = wanted.slice(fn.results.length);
          let next = 0;
          let at = fn.results.length;
          fn.results.forEach((_, k) => {
            const w = inner.tangentOuts[k] === true ? kept[next++] : undefined;
            const g = outer.tangentOuts[k] === true ? got[at++] : undefined;
            const zero = (x: NdArray): NdArray => ({ ...x, data: x.data.map(() => 0) });
            if (w === undefined && g === undefined) return;
            const [left, right] = [
              g ?? (w === undefined ? undefined : zero(w)),
              w ?? (g === undefined ? undefined : zero(g)),
            ];
            about(fn, () =>
              assertClose(
                left,
                right,
                INNER_TOLERANCE,
                right === undefined ? 1 : largest([right]),
                `tangent ${k}`,
              ),
            );
          });
        }),
      );
    });
  });
}
