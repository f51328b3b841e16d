/**
 * Cases for every op: operand types, params and where their values come from. Exhaustive over the op names, so that a
 * new op without cases does not compile. Suites that go through all ops (batching, derivatives, back ends against the
 * interpreter) are generated from here.
 */
import { createBuilder } from "../../compiler/ir/builder.js";
import {
  type IrFunction,
  type OpName,
  type OpParams,
  sizeOf,
  type TensorType,
  typeText,
} from "../../compiler/ir/types.js";
import { ndarray } from "../../compiler/ops/ndarray.js";
import type { NdArray } from "../../compiler/ops/op.js";
import { assertCases } from "./cases-assert.js";
import { elementwiseCases } from "./cases-elementwise.js";
import { indexingCases } from "./cases-indexing.js";
import { structuralCases } from "./cases-structural.js";
import { rngFrom, type Sampler } from "./samplers.js";

/** One operand. */
export interface Operand {
  readonly type: TensorType;
  /** Values where the op is smooth (and defined); the derivative checks draw from it. */
  readonly smooth: Sampler;
  /**
   * Values of the whole domain, NaN, infinities and extremes among them. Where the op sums or multiplies up, they are
   * such that every order of doing so gives the same bits.
   */
  readonly any: Sampler;
}

export interface OpCase<K extends OpName> {
  readonly op: K;
  readonly operands: readonly Operand[];
  readonly params: OpParams[K];
}
export type AnyCase = OpCase<OpName>;

/** Cases per op. */
export type CasesOf<K extends OpName> = { readonly [N in K]: () => readonly OpCase<N>[] };

export const casesOf: CasesOf<OpName> = {
  ...elementwiseCases,
  ...structuralCases,
  ...indexingCases,
  ...assertCases,
};

/** Every op's cases. */
export const allCases = (): readonly AnyCase[] =>
  Object.values<() => readonly AnyCase[]>(casesOf).flatMap((cases) => cases());

/** `add(f64[3,13], f64[3,13]) {}` */
export const caseText = (c: AnyCase): string =>
  `${c.op}(${c.operands.map((o) => typeText(o.type)).join(", ")}) ${JSON.stringify(c.params)}`;

/** Values for each operand; the same seed gives the same values. */
export const drawInputs = (c: AnyCase, from: "smooth" | "any", seed: number): readonly NdArray[] => {
  const rng = rngFrom(seed);
  return c.operands.map((o) => ndarray(o.type.dtype, o.type.shape, o[from](rng, sizeOf(o.type.shape))));
};

/** The function of one equation: a parameter per operand, and the op's result. */
export const functionOf = (c: AnyCase): IrFunction => {
  const b = createBuilder();
  const inputs = c.operands.map((o) => b.param(o.type));
  return b.finish(c.op, [b.emit(c.op, inputs, c.params)]);
};
