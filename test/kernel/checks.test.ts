/** Run-time checks of indices and casts: they fail exactly where the reference does, with the user's line. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Span } from "../../compiler/diagnostics.js";
import { createBuilder } from "../../compiler/ir/builder.js";
import type { IndexMode, IrFunction } from "../../compiler/ir/types.js";
import { interpretProgram, KernelCheckError } from "../../compiler/kernel/interpret.js";
import { lowerProgram } from "../../compiler/kernel/lower.js";
import { NOT_WHOLE } from "../../compiler/kernel/types.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { tryInterpret } from "../properties/compare.js";

const span: Span = { file: "user.ts", line: 3, column: 5, length: 4 };

const run = (fn: IrFunction, args: readonly NdArray[]): readonly number[] => [
  ...(interpretProgram(
    lowerProgram(fn),
    args.map((a) => a.data),
  )[0] ?? []),
];

const castTo = (from: "f32" | "f64", to: "i32" | "u32"): IrFunction => {
  const b = createBuilder();
  const x = b.param({ dtype: from, shape: [1] });
  return b.finish("whole", [b.at(span, () => b.cast(x, to))]);
};

const edges = [-(2 ** 31), 2 ** 31, 2 ** 32, -1, 0].flatMap((x) =>
  [-300, -128, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 128, 300].map((d) => x + d),
);

describe("checked casts", () => {
  for (const from of ["f32", "f64"] as const) {
    for (const to of ["i32", "u32"] as const) {
      it(`${from} to ${to} fails exactly where the value does not fit`, () => {
        const values = fc.oneof(
          fc.constantFrom(...edges, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
          fc.double(),
          fc.double({ min: -5e9, max: 5e9 }),
        );
        const fn = castTo(from, to);
        fc.assert(
          fc.property(values, (x) => {
            const args = [ndarray(from, [1], [x])];
            const wanted = tryInterpret(fn, args);
            if (wanted === null) assert.throws(() => run(fn, args), KernelCheckError);
            else assert.deepEqual(run(fn, args), [...(wanted[0]?.data ?? [])]);
          }),
          { numRuns: 500 },
        );
      });
    }
  }
});

const gatherOf = (mode: IndexMode): IrFunction => {
  const b = createBuilder();
  const x = b.param({ dtype: "f64", shape: [5] });
  const i = b.param({ dtype: "i32", shape: [1] });
  return b.finish("take", [b.at(span, () => b.emit("gather", [x, i], { axis: 0, batch: 0, mode }))]);
};
const five = ndarray("f64", [5], [10, 11, 12, 13, 14]);

describe("indices", () => {
  it("an index out of range names itself, the axis and the line", () => {
    for (const i of [-1, 5, 2 ** 31 - 1, NOT_WHOLE]) {
      assert.throws(
        () => run(gatherOf("check"), [five, ndarray("i32", [1], [i])]),
        (e: unknown) =>
          e instanceof KernelCheckError &&
          e.message ===
            `index ${i === NOT_WHOLE ? "(no whole number)" : i} is out of range for axis 0 of size 5` &&
          e.span === span,
      );
    }
    assert.deepEqual(run(gatherOf("check"), [five, ndarray("i32", [1], [4])]), [14]);
  });

  it("a clamped index takes the nearest element", () => {
    const at = (i: number): readonly number[] => run(gatherOf("clamp"), [five, ndarray("i32", [1], [i])]);
    assert.deepEqual(
      [-7, 0, 4, 99].map((i) => at(i)[0]),
      [10, 10, 14, 14],
    );
  });

  it("no memory is touched where an axis is empty", () => {
    const b = createBuilder();
    const x = b.param({ dtype: "f64", shape: [0, 3] });
    const i = b.param({ dtype: "i32", shape: [2] });
    const fn = b.finish("take", [b.emit("gather", [x, i], { axis: 0, batch: 0, mode: "check" })]);
    const args = [ndarray("f64", [0, 3], []), ndarray("i32", [2], [0, 0])];
    assert.throws(() => run(fn, args), /index 0 is out of range for axis 0 of size 0/);
  });
});
