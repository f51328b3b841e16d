/** One elementwise op over whole arrays, as the WASM target runs it. */
import type { ElementwiseOp } from "../../compiler/ir/types.js";
import type { Address, KernelProgram, Profile, Stmt } from "../../compiler/kernel/types.js";
import { type Data, prepare } from "../targets/wasm/harness.js";

export interface ArrayOp {
  /** Views of the operands in memory, to be written before a run. */
  readonly inputs: readonly Data[];
  readonly output: Data;
  readonly run: () => void;
}

const along: Address = { offset: 0, terms: [{ axis: 0, stride: 1 }], dynamic: null };

/** out[i] = op(in0[i], ...) over n elements, in vectors or one by one. */
const programOf = (
  op: ElementwiseOp,
  arity: number,
  dtype: "f32" | "f64",
  n: number,
  vectors: boolean,
): KernelProgram => {
  const operands = Array.from({ length: arity }, (_, k) => k);
  const body: readonly Stmt[] = [
    ...operands.map((k): Stmt => ({ kind: "load", id: k, buffer: k, at: along, type: dtype })),
    { kind: "op", id: arity, op, args: operands, type: dtype },
    { kind: "store", buffer: arity, at: along, value: arity, mode: "set" },
  ];
  return {
    name: op,
    buffers: [
      ...operands.map((k) => ({ id: k, dtype, size: n, place: { kind: "input", index: k } as const })),
      { id: arity, dtype, size: n, place: { kind: "output", index: 0 } },
    ],
    steps: [
      {
        kind: "loops",
        name: op,
        spans: [],
        body: [{ kind: "loop", axis: 0, extent: n, parallel: vectors, carries: [], body }],
      },
    ],
    inputs: arity,
    outputs: 1,
    results: [{ kind: "output", index: 0 }],
    scratchBytes: 0,
    errors: [],
    scalar: false,
  };
};

export const arrayOp = async (
  op: ElementwiseOp,
  arity: number,
  dtype: "f32" | "f64",
  n: number,
  profile: Profile,
  vectors = true,
): Promise<ArrayOp> => {
  const { inputs, outputs, call } = await prepare(programOf(op, arity, dtype, n, vectors), [], profile);
  const [output] = outputs;
  if (output === undefined) throw new Error(`${op} has no output`);
  return { inputs, output, run: call };
};
