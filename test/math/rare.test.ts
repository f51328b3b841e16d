import assert from "node:assert/strict";
import type { DType } from "../../compiler/ir/types.js";
import { expandMath } from "../../compiler/kernel/math/expand.js";
import { splitRare } from "../../compiler/kernel/math/rare.js";
import { kernelFacts } from "../../compiler/kernel/schedule-analysis.js";
import type { Address, KernelProgram, PlainStmt, Stmt } from "../../compiler/kernel/types.js";
import { dataOf, runProgram } from "../targets/wasm/harness.js";
import { compileOp, kernelOf } from "./evaluate.js";
import { SPECIAL } from "./ulp.js";

const isPlain = (s: Stmt): s is PlainStmt => s.kind !== "loop" && s.kind !== "if" && s.kind !== "while";

type Op = "sin" | "cos" | "tan" | "rem";
const HUGE = [1e5, -3e7, 1e22, 2 ** 100, 123456.7, -1e30];
const MIXED = [...SPECIAL, 0.3, -2.5, 4, 100, ...HUGE, 7, -1.25, 3];

const along: Address = { offset: 0, terms: [{ axis: 0, stride: 1 }], dynamic: null };
const fixed: Address = { offset: 0, terms: [], dynamic: null };

/** out[i] = op(x[i], y) over n elements; y is one element that all share. */
const program = (op: Op, dtype: DType, n: number, parallel: boolean): KernelProgram => {
  const two = op === "rem";
  const body: readonly Stmt[] = [
    { kind: "load", id: 1, buffer: 0, at: along, type: dtype },
    { kind: "op", id: 2, op, args: two ? [1, 0] : [1], type: dtype },
    { kind: "store", buffer: 2, at: along, value: 2, mode: "set" },
  ];
  const y: Stmt = { kind: "load", id: 0, buffer: 1, at: fixed, type: dtype };
  const loop: Stmt = { kind: "loop", axis: 0, extent: n, parallel, carries: [], body };
  return {
    name: op,
    buffers: [
      { id: 0, dtype, size: n, place: { kind: "input", index: 0 } },
      { id: 1, dtype, size: 1, place: { kind: "input", index: 1 } },
      { id: 2, dtype, size: n, place: { kind: "output", index: 0 } },
    ],
    steps: [{ kind: "loops", name: op, spans: [], body: [y, loop] }],
    inputs: 2,
    outputs: 1,
    results: [{ kind: "output", index: 0 }],
    scratchBytes: 0,
    errors: [],
    scalar: false,
  };
};

describe("code that is seldom needed", () => {
  for (const op of ["sin", "cos", "tan", "rem"] as const) {
    for (const dtype of ["f32", "f64"] as const) {
      it(`${op} of ${dtype} moves most of its ops under a condition`, () => {
        const kernel = expandMath(kernelOf(op, op === "rem" ? [dtype, dtype] : [dtype], dtype));
        const body = kernel.kind === "loops" ? kernel.body.filter(isPlain) : [];
        const parts = splitRare(body, kernelFacts(body).uses, () => true);
        const groups = parts.flatMap((p) => (p.kind === "rare" ? [p] : []));
        assert.equal(groups.length, 1);
        const skipped = groups[0]?.body.length ?? 0;
        const always = parts.filter((p) => p.kind === "op").length;
        assert.ok(skipped > 2 * always, `${skipped} skipped, ${always} not`);
      });
      for (const parallel of [true, false]) {
        it(`${op} of ${dtype} gives the same bits in WASM ${parallel ? "vectors" : "scalars"}`, async () => {
          const x = dataOf(dtype, MIXED);
          for (const y of op === "rem" ? [3, 1e-30, -7e20] : [0]) {
            const [out] = await runProgram(program(op, dtype, MIXED.length, parallel), [
              x,
              dataOf(dtype, [y]),
            ]);
            const rounded = dataOf(dtype, [y])[0] ?? y;
            const f = compileOp(kernelOf(op, op === "rem" ? [dtype, dtype] : [dtype], dtype));
            for (const [k, v] of x.entries()) {
              const expected = op === "rem" ? f(v, rounded) : f(v);
              assert.ok(Object.is(out?.[k], expected), `${op}(${v}, ${y}) = ${out?.[k]}, not ${expected}`);
            }
          }
        });
      }
    }
  }
});
