/** What must hold for every op, generated from the cases: shape rule, batching rule, derivatives of first and second order. */
import assert from "node:assert/strict";
import { jvpFunction } from "../../autodiff/jvp.js";
import { vmapFunction } from "../../autodiff/vmap.js";
import {
  BINARY_OPS,
  type BinaryOp,
  type DType,
  isFloat,
  type OpName,
  type TensorType,
  typeText,
  UNARY_OPS,
  type UnaryOp,
} from "../../compiler/ir/types.js";
import { opTable } from "../../compiler/ops/index.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import { ShapeError } from "../../compiler/ops/op.js";
import { type AnyCase, allCases, casesOf, caseText, drawInputs, functionOf } from "./cases.js";
import {
  assertJvp,
  assertSame,
  assertSecondOrder,
  assertTranspose,
  choices,
  example,
  run,
  stack,
} from "./checks.js";

const DTYPES: readonly DType[] = ["f32", "f64", "i32", "u32", "bool"];

const groups = Object.entries(casesOf).map(([op, cases]) => [op, cases()] as const);

/** The derivative checks compute in f64: cases with a float of another dtype are left to the others. */
const isDouble = (c: AnyCase): boolean =>
  c.operands.some((o) => o.type.dtype === "f64") && c.operands.every((o) => o.type.dtype !== "f32");

const varies = (c: AnyCase): readonly boolean[] => c.operands.map((o) => isFloat(o.type.dtype));

/** Results that a finite difference can be taken of. */
const doubleResult = (c: AnyCase): boolean => functionOf(c).results[0]?.type.dtype === "f64";

const adKind = (op: OpName): string => opTable[op].ad.kind;

describe("every op", () => {
  it("is under its own name in the table", () => {
    for (const [name, record] of Object.entries(opTable)) assert.equal(record.name, name);
  });

  for (const [op, cases] of groups) {
    describe(op, () => {
      it("evaluates to the type that its shape rule gives", () => {
        for (const c of cases)
          for (const from of ["smooth", "any"] as const) {
            const fn = functionOf(c);
            const out = run(fn, drawInputs(c, from, 1));
            assert.equal(typeText(out), typeText(fn.results[0]?.type ?? assert.fail()), caseText(c));
          }
      });

      it("batched equals one example after the other", () => {
        for (const c of cases) assertBatched(c);
      });

      const doubles = cases.filter((c: AnyCase) => isDouble(c) && doubleResult(c));
      if (doubles.length === 0) return;
      if (op === "stopGradient") {
        it("has no derivative", () => {
          for (const c of doubles) assert.deepEqual(jvpFunction(functionOf(c), [true]).tangentOuts, [false]);
        });
        return;
      }
      it(`forward mode agrees with differences (${adKind(doubles[0]?.op ?? assert.fail())})`, () => {
        for (const c of doubles)
          for (const active of choices(varies(c)))
            assertJvp(functionOf(c), drawInputs(c, "smooth", 2), active, 3, `${caseText(c)} in [${active}]`);
      });
      it("reverse mode agrees with forward mode by inner products", () => {
        for (const c of doubles)
          for (const active of choices(varies(c)))
            assertTranspose(
              functionOf(c),
              drawInputs(c, "smooth", 4),
              active,
              5,
              `${caseText(c)} in [${active}]`,
            );
      });
      it("second order: the derivative's derivative", () => {
        for (const c of doubles)
          assertSecondOrder(functionOf(c), drawInputs(c, "smooth", 6), varies(c), 7, caseText(c));
      });
    });
  }

  it("has a case for every dtype that an elementwise op accepts", () => {
    const accepts = (op: UnaryOp | BinaryOp, operands: number, dtype: DType): boolean => {
      try {
        opTable[op].infer(new Array<TensorType>(operands).fill({ dtype, shape: [] }), {});
        return true;
      } catch (e) {
        if (e instanceof ShapeError) return false;
        throw e;
      }
    };
    const check = (op: UnaryOp | BinaryOp, operands: number): void => {
      const covered = new Set(casesOf[op]().map((c) => c.operands[0]?.type.dtype));
      for (const dtype of DTYPES)
        assert.equal(covered.has(dtype), accepts(op, operands, dtype), `${op} ${dtype}`);
    };
    for (const op of UNARY_OPS) check(op, 1);
    for (const op of BINARY_OPS) check(op, 2);
  });

  it("has cases", () => {
    for (const [op, cases] of groups) assert.ok(cases.length > 0, op);
    assert.equal(new Set(allCases().map((c) => c.op)).size, Object.keys(opTable).length);
  });
});

/** Every choice of batched operands, over sizes 3 and 1. */
function assertBatched(c: AnyCase): void {
  const fn = functionOf(c);
  for (const size of [3, 1])
    for (const batched of choices(c.operands.map(() => true))) {
      const what = `${caseText(c)} batched [${batched}] by ${size}`;
      const examples = Array.from({ length: size }, (_, n) => drawInputs(c, "any", 10 + n));
      const common = examples[0] ?? assert.fail();
      const args = common.map((x, k) =>
        batched[k] === true ? stack(examples.map((e) => e[k] ?? assert.fail())) : x,
      );
      const out = run(vmapFunction(fn, batched, size), args);
      for (let n = 0; n < size; n++) {
        const own = common.map((x, k) => (batched[k] === true ? (examples[n]?.[k] ?? assert.fail()) : x));
        assertSame(example(out, n), run(fn, own), `${what}, example ${n}`);
      }
    }
  for (const batched of choices(c.operands.map(() => true)).slice(-1)) {
    const args = c.operands.map((o) => ndarray(o.type.dtype, [0, ...o.type.shape], []));
    const out = run(vmapFunction(fn, batched, 0), args);
    assert.deepEqual(out.shape, [0, ...(fn.results[0]?.type.shape ?? assert.fail())], caseText(c));
  }
}
