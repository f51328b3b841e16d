import assert from "node:assert/strict";
import { BINARY_OPS, type DType, type ElementwiseOp, UNARY_OPS } from "../../compiler/ir/types.js";
import { isMachineOp } from "../../compiler/kernel/machine.js";
import { expandMath } from "../../compiler/kernel/math/expand.js";
import { directUses, updateUses } from "../../compiler/kernel/schedule-analysis.js";
import type {
  Address,
  Kernel,
  LoopKernel,
  MatmulKernel,
  Stmt,
  ValueId,
} from "../../compiler/kernel/types.js";
import { opTable } from "../../compiler/ops/index.js";
import { compileOp, kernelOf } from "./evaluate.js";

const DTYPES: readonly DType[] = ["f32", "f64", "i32", "u32", "bool"];

/** Every value defined once, before its uses; machine ops alone. */
const verify = (body: readonly Stmt[], outer: ReadonlySet<ValueId>, all: Set<ValueId>): void => {
  const visible = new Set(outer);
  const define = (id: ValueId): void => {
    assert.ok(!all.has(id), `value ${id} is defined twice`);
    all.add(id);
    visible.add(id);
  };
  for (const s of body) {
    for (const id of directUses(s)) assert.ok(visible.has(id), `value ${id} is read before it is defined`);
    if (s.kind === "op") assert.ok(isMachineOp(s.op), `${s.op} is left`);
    if (s.kind === "loop") {
      const inside = new Set(visible);
      for (const c of s.carries) if (c.kind === "recur") inside.add(c.param);
      const before = new Set(all);
      verify(s.body, inside, all);
      const made = new Set([...all].filter((id) => !before.has(id)));
      for (const id of updateUses(s)) assert.ok(made.has(id) || inside.has(id), `carry ${id} is undefined`);
      for (const c of s.carries) define(c.result);
    } else if ("id" in s) define(s.id);
  }
};
const bodyOf = (kernel: Kernel): readonly Stmt[] => (kernel.kind === "loops" ? kernel.body : kernel.epilogue);
const count = (kernel: Kernel): number => bodyOf(kernel).filter((s) => s.kind === "op").length;

const accepts = (op: ElementwiseOp, dtypes: readonly DType[]): DType | null => {
  const inputs = dtypes.map((dtype) => ({ dtype, shape: [] }));
  try {
    if (op === "select" || op === "cast" || op === "bitcast" || op === "threefry") return null;
    return opTable[op].infer(inputs, {}).dtype;
  } catch {
    return null;
  }
};

const scalarAt: Address = { offset: 0, terms: [], dynamic: null };

describe("expandMath", () => {
  it("leaves machine ops alone of every elementwise op and dtype the op table accepts", () => {
    let seen = 0;
    for (const dtype of DTYPES) {
      for (const op of [...UNARY_OPS, ...BINARY_OPS]) {
        const operands = UNARY_OPS.some((u) => u === op) ? [dtype] : [dtype, dtype];
        const result = accepts(op, operands);
        if (result === null) continue;
        verify(bodyOf(expandMath(kernelOf(op, operands, result))), new Set(), new Set());
        seen += 1;
      }
    }
    // 32 unary and 16 binary ops of floats alone
    assert.ok(seen > 2 * 48, `${seen} combinations`);
  });

  it("shares the reduction of sin and cos and the rounds of threefry", () => {
    const both = (
      op: ElementwiseOp,
      other: ElementwiseOp,
      operands: readonly DType[],
      type: DType,
    ): LoopKernel => {
      const first = kernelOf(op, operands, type, 0);
      const second = kernelOf(other, operands, type, 1).body.find((s) => s.kind === "op");
      if (second === undefined) throw new Error("no op");
      const at = { ...scalarAt, offset: 1 };
      const store: Stmt = { kind: "store", buffer: operands.length, at, value: 99, mode: "set" };
      return { ...first, body: [...first.body, { ...second, id: 99 }, store] };
    };
    const sine = count(expandMath(kernelOf("sin", ["f32"], "f32")));
    // the quadrant's successor, its parity, the choice and the sign
    assert.ok(count(expandMath(both("sin", "cos", ["f32"], "f32"))) <= sine + 10);
    const words: readonly DType[] = ["u32", "u32", "u32", "u32"];
    const one = count(expandMath(kernelOf("threefry", words, "u32")));
    // the last round of the other word
    assert.ok(count(expandMath(both("threefry", "threefry", words, "u32"))) <= one + 6);
  });

  it("renames through loops, carries, addresses, checks and matmul epilogues", () => {
    const at: Address = { offset: 0, terms: [{ axis: 0, stride: 1 }], dynamic: null };
    const loop: LoopKernel = {
      kind: "loops",
      name: "k",
      spans: [],
      body: [
        { kind: "const", id: 0, type: "f32", value: 2 },
        { kind: "op", id: 1, op: "exp", args: [0], type: "f32" },
        {
          kind: "loop",
          axis: 0,
          extent: 4,
          parallel: true,
          carries: [{ kind: "reduce", combine: "sum", type: "f32", init: 1, value: 4, result: 5 }],
          body: [
            { kind: "load", id: 2, buffer: 0, at, type: "f32" },
            { kind: "op", id: 3, op: "tanh", args: [2], type: "f32" },
            { kind: "op", id: 4, op: "mul", args: [3, 1], type: "f32" },
          ],
        },
        { kind: "op", id: 6, op: "stopGradient", args: [5], type: "f32" },
        { kind: "op", id: 7, op: "toInt32", args: [6], type: "i32" },
        { kind: "op", id: 8, op: "lt", args: [7, 7], type: "bool" },
        { kind: "check", cond: 8, error: 0, detail: 7, values: [] },
        { kind: "store", buffer: 1, at: { ...at, terms: [], dynamic: 7 }, value: 6, mode: "set" },
      ],
    };
    verify(bodyOf(expandMath(loop)), new Set(), new Set());
    const view = { buffer: 0, offset: 0, batchStrides: [], rowStride: 1, colStride: 1 };
    const matmul: MatmulKernel = {
      kind: "matmul",
      name: "m",
      spans: [],
      dtype: "f32",
      batch: [],
      m: 2,
      n: 2,
      k: 2,
      lhs: view,
      rhs: view,
      batchAxes: [],
      mAxis: 0,
      nAxis: 1,
      acc: 0,
      epilogue: [
        { kind: "op", id: 1, op: "tanh", args: [0], type: "f32" },
        { kind: "store", buffer: 1, at, value: 1, mode: "set" },
      ],
    };
    verify(bodyOf(expandMath(matmul)), new Set([0]), new Set([0]));
  });

  it("refuses an op on a type it has no meaning for", () => {
    assert.throws(() => compileOp(kernelOf("sin", ["i32"], "i32")), /sin is not defined for i32/);
  });
});
