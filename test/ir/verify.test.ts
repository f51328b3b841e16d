import assert from "node:assert/strict";
import { TscJitError } from "../../compiler/diagnostics.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import { parseFunction } from "../../compiler/ir/parse.js";
import type { Eqn, IrFunction, Var } from "../../compiler/ir/types.js";
import { verify } from "../../compiler/ir/verify.js";
import { freeVars, mapEquations, substitute, useCounts } from "../../compiler/ir/walk.js";

const sample = (): IrFunction =>
  parseFunction(`fn f(%0:f32[2], %1:f32[2]) {
    %2:f32[2] = add %0 %1
    %3:f32[2] = mul %2 %2
    %4:f32[] = reduceSum %3 {axes=[0]}
    return %4
  }`);

const equation = (fn: IrFunction, k: number): Eqn => fn.body[k] ?? assert.fail(`no equation ${k}`);
const withBody = (fn: IrFunction, body: readonly Eqn[]): IrFunction => ({ ...fn, body });

const refuses = (fn: IrFunction, message: RegExp): void => {
  assert.throws(
    () => verify(fn),
    (e) => {
      assert.ok(e instanceof TscJitError && e.diagnostics[0]?.kind === "internal", String(e));
      assert.match(e.message, message);
      return true;
    },
  );
};

describe("the verifier", () => {
  it("accepts a sound function and gives it back", () => {
    const fn = sample();
    assert.equal(verify(fn), fn);
  });

  it("refuses a value that is defined twice, and marks the equation", () => {
    const fn = sample();
    refuses(withBody(fn, [...fn.body, equation(fn, 1)]), /defined twice[\s\S]*>>%\d+:f32\[2\] = mul/);
  });

  it("refuses a param that is defined again", () => {
    const fn = sample();
    const [x] = fn.params;
    assert.ok(x !== undefined);
    refuses({ ...fn, params: [x, x] }, /defined twice/);
  });

  it("refuses a use before the definition", () => {
    const fn = sample();
    refuses(
      withBody(fn, [equation(fn, 1), equation(fn, 0), equation(fn, 2)]),
      /operand 0 of mul is used before it is defined[\s\S]*>>%\d+:f32\[2\] = mul/,
    );
  });

  it("refuses a free value unless it is allowed", () => {
    const fn = sample();
    const open = { ...fn, params: fn.params.slice(1) };
    refuses(open, /operand 0 of add is free/);
    assert.equal(verify(open, { allowFree: true }), open);
  });

  it("refuses a recorded type that the shape rule does not give", () => {
    const fn = sample();
    const wrong: Var = { type: { dtype: "f32", shape: [3] } };
    const last: Eqn = { ...equation(fn, 2), outs: [wrong] };
    refuses(
      { ...fn, body: [equation(fn, 0), equation(fn, 1), last], results: [wrong] },
      /gives f32\[\], recorded is f32\[3\]/,
    );
  });

  it("refuses operands that the shape rule refuses", () => {
    const fn = sample();
    const stray: Var = { type: { dtype: "f64", shape: [2] } };
    const bad: Eqn = { ...equation(fn, 0), inputs: [stray, stray, stray] };
    refuses(
      { ...fn, params: [...fn.params, stray], body: [bad, equation(fn, 1), equation(fn, 2)] },
      /shape rule of add refuses/,
    );
  });

  it("refuses params that are missing, wrong or too many", () => {
    const fn = sample();
    const withParams = (params: object): IrFunction =>
      withBody(fn, [equation(fn, 0), equation(fn, 1), { ...equation(fn, 2), params } as Eqn]);
    refuses(withParams({}), /param axes is missing/);
    refuses(withParams({ axes: 0 }), /param axes must be a list of integers/);
    refuses(withParams({ axes: [0], axis: 0 }), /there is no param axis/);
    refuses(withParams({ axes: [1] }), /shape rule of reduceSum refuses/);
  });

  it("refuses an undefined result", () => {
    const fn = sample();
    refuses({ ...fn, results: [{ type: { dtype: "f32", shape: [] } }] }, /result 0 is free/);
  });
});

describe("walks", () => {
  it("count uses by equations and results", () => {
    const fn = sample();
    const counts = useCounts(fn);
    assert.deepEqual(
      [...fn.params, ...fn.body.map((e) => e.outs[0])].map((v) => counts.get(v)),
      [1, 1, 2, 1, 1],
    );
  });

  it("find free values in order of use, and substitute them", () => {
    const fn = sample();
    const open = { ...fn, params: [] };
    assert.deepEqual(freeVars(open), fn.params);
    const [x, y] = fn.params;
    assert.ok(x !== undefined && y !== undefined);
    const closed = substitute({ ...fn, params: [x] }, new Map([[y, x]]));
    assert.deepEqual(freeVars(closed), []);
    verify(closed);
  });

  it("rebuild a function equation by equation", () => {
    const fn = sample();
    const shifted = mapEquations(fn, (b, eqn, inputs) => b.neg(b.emit(eqn.op, inputs, eqn.params)));
    verify(shifted);
    assert.deepEqual(
      shifted.body.map((e) => e.op),
      ["add", "neg", "mul", "neg", "reduceSum", "neg"],
    );
    assert.equal(createBuilder().inline(shifted, shifted.params).length, 1);
  });
});
