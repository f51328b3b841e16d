/** Cases of constants, movement, reductions and products. */
import type { DotParams, DType, OpName, OpParams, ReduceOp, Shape } from "../../compiler/ir/types.js";
import type { CasesOf, OpCase, Operand } from "./cases.js";
import { anyOf, distinct, mixed, oneOf, type Sampler, signed, smallOf, uniform } from "./samplers.js";

const NUMBERS: readonly DType[] = ["f32", "f64", "i32", "u32"];
const ALL: readonly DType[] = [...NUMBERS, "bool"];

const isFloat = (d: DType): boolean => d === "f32" || d === "f64";

const operand = (dtype: DType, shape: Shape, any: Sampler = anyOf(dtype)): Operand => ({
  type: { dtype, shape },
  smooth: isFloat(dtype) ? uniform(-2, 2) : any,
  any,
});

type Layout<K extends OpName> = readonly [Shape, OpParams[K]];

/** One operand of each dtype under each layout of shape and params. */
const moved =
  <K extends OpName>(op: K, layouts: readonly Layout<K>[]) =>
  (): readonly OpCase<K>[] =>
    ALL.flatMap((dtype) =>
      layouts.map(([shape, params]) => ({ op, operands: [operand(dtype, shape)], params })),
    );

/** Shapes and axes: some, all, none, empty axes, no elements left, rank 0. */
const REDUCTIONS: readonly (readonly [Shape, readonly number[]])[] = [
  [[3, 13], [1]],
  [[5, 3], [0]],
  [
    [2, 3, 4],
    [0, 2],
  ],
  [
    [2, 3, 4],
    [2, 0],
  ],
  [
    [2, 3],
    [0, 1],
  ],
  [[2, 3], []],
  [[], []],
  [[2, 0], [1]],
  [[0, 3], [1]],
  [[4, 1], [1]],
  [[37], [0]],
];

const reduction =
  <K extends ReduceOp>(
    op: K,
    dtypes: readonly DType[],
    any: (d: DType) => Sampler,
    smooth: Sampler = uniform(-2, 2),
  ) =>
  (): readonly (OpCase<K> & { readonly params: OpParams[ReduceOp] })[] =>
    dtypes.flatMap((dtype) =>
      REDUCTIONS.map(([shape, axes]) => ({
        op,
        operands: [{ type: { dtype, shape }, smooth: isFloat(dtype) ? smooth : any(dtype), any: any(dtype) }],
        params: { axes },
      })),
    );

const argReduction =
  <K extends "argmax" | "argmin">(op: K) =>
  (): readonly (OpCase<K> & { readonly params: OpParams["argmax"] })[] =>
    NUMBERS.flatMap((dtype) =>
      (
        [
          [[3, 13], 1],
          [[5, 3], 0],
          [[2, 3, 4], 1],
          [[1], 0],
          [[0, 2], 1],
        ] as const
      ).map(([shape, axis]) => ({ op, operands: [operand(dtype, shape)], params: { axis } })),
    );

const product = (
  lhs: Shape,
  rhs: Shape,
  contract: readonly (readonly [number, number])[],
  batch: readonly (readonly [number, number])[] = [],
): readonly [Shape, Shape, DotParams] => [
  lhs,
  rhs,
  {
    lhsContract: contract.map(([l]) => l),
    rhsContract: contract.map(([, r]) => r),
    lhsBatch: batch.map(([l]) => l),
    rhsBatch: batch.map(([, r]) => r),
  },
];

const PRODUCTS = [
  product([3, 4], [4, 5], [[1, 0]]),
  product([4, 3], [5, 4], [[0, 1]]),
  product([4], [4], [[0, 0]]),
  product([3, 4], [4], [[1, 0]]),
  product([4], [4, 5], [[0, 0]]),
  product([3], [2], []),
  product([], [], []),
  product([2, 3, 4], [2, 4, 5], [[2, 1]], [[0, 0]]),
  // a batch axis in the middle, contracted axes in different orders on both sides
  product(
    [3, 2, 4, 5],
    [5, 6, 4, 2],
    [
      [2, 2],
      [3, 0],
    ],
    [[1, 3]],
  ),
  product(
    [2, 3, 4],
    [4, 2, 3],
    [[1, 2]],
    [
      [2, 0],
      [0, 1],
    ],
  ),
  product([2, 0], [0, 3], [[1, 0]]),
  product([0, 2], [2, 3], [[1, 0]]),
  product([17, 9], [9, 19], [[1, 0]]),
];

/** Powers of two and zeros: products are exact in every order. */
const powers = (dtype: DType): Sampler => oneOf(isFloat(dtype) ? [1, -1, 2, -2, 0.5, 1, 0] : [1, 2, 3, 1]);

const PADS: readonly Layout<"pad">[] = [
  [[3, 2], { low: [1, 0], high: [0, 2], interior: [0, 0] }],
  [[3, 2], { low: [0, 1], high: [2, 0], interior: [1, 2] }],
  [[0, 2], { low: [1, 1], high: [1, 0], interior: [3, 0] }],
  [[], { low: [], high: [], interior: [] }],
  [[5], { low: [0], high: [0], interior: [0] }],
];

type StructuralOp =
  | "name"
  | "const"
  | "literal"
  | "iota"
  | "broadcast"
  | "reshape"
  | "transpose"
  | "slice"
  | "pad"
  | "concat"
  | "reverse"
  | ReduceOp
  | "argmax"
  | "argmin"
  | "dot";

export const structuralCases: CasesOf<StructuralOp> = {
  const: () =>
    ALL.map((dtype) => ({ op: "const", operands: [], params: { value: 1, dtype, shape: [2, 3] } })),
  literal: () =>
    ALL.map((dtype) => ({
      op: "literal",
      operands: [],
      params: { data: [1, 0, 0, 1, 1, 0], dtype, shape: [2, 3] },
    })),
  iota: () =>
    NUMBERS.flatMap((dtype) =>
      [0, 1].map((axis) => ({ op: "iota", operands: [], params: { dtype, shape: [2, 3], axis } })),
    ),

  broadcast: moved("broadcast", [
    [[], { shape: [2, 3], dims: [] }],
    [[3], { shape: [2, 3], dims: [1] }],
    [[2], { shape: [2, 3], dims: [0] }],
    [[2, 1], { shape: [2, 4, 3], dims: [0, 2] }],
    [[1, 3], { shape: [5, 3], dims: [0, 1] }],
    [[1, 1], { shape: [1, 2], dims: [0, 1] }],
    [[1], { shape: [0, 2], dims: [1] }],
    [[2, 3], { shape: [2, 3], dims: [0, 1] }],
  ]),
  reshape: moved("reshape", [
    [[2, 6], { shape: [3, 4] }],
    [[], { shape: [1, 1] }],
    [[1], { shape: [] }],
    [[0, 3], { shape: [2, 0] }],
    [[2, 3, 2], { shape: [12] }],
  ]),
  transpose: moved("transpose", [
    [[2, 3], { perm: [1, 0] }],
    [[2, 3, 4], { perm: [2, 0, 1] }],
    [[2, 3, 4], { perm: [0, 1, 2] }],
    [[0, 3], { perm: [1, 0] }],
    [[], { perm: [] }],
  ]),
  reverse: moved("reverse", [
    [[5], { axes: [0] }],
    [[2, 3, 4], { axes: [0, 2] }],
    [[2, 3], { axes: [] }],
    [[0, 2], { axes: [0, 1] }],
  ]),
  slice: moved("slice", [
    [[7], { start: [1], limit: [6], stride: [2] }],
    [[7], { start: [0], limit: [7], stride: [3] }],
    [[4, 5], { start: [1, 0], limit: [3, 5], stride: [1, 1] }],
    [[4, 5], { start: [2, 1], limit: [2, 4], stride: [1, 2] }],
    [[0, 3], { start: [0, 1], limit: [0, 2], stride: [1, 1] }],
    [[], { start: [], limit: [], stride: [] }],
  ]),
  pad: () =>
    ALL.flatMap((dtype) =>
      PADS.map(([shape, params]) => ({
        op: "pad",
        operands: [operand(dtype, shape), operand(dtype, [])],
        params,
      })),
    ),
  concat: () =>
    ALL.flatMap((dtype) =>
      (
        [
          [[[3], [2]], 0],
          [
            [
              [2, 3],
              [2, 1],
              [2, 0],
            ],
            1,
          ],
          [
            [
              [1, 2, 3],
              [4, 2, 3],
            ],
            0,
          ],
          [[[2, 2]], 0],
          [
            [
              [2, 1, 3],
              [2, 2, 3],
            ],
            1,
          ],
        ] as const
      ).map(([shapes, axis]) => ({
        op: "concat",
        operands: shapes.map((shape) => operand(dtype, shape)),
        params: { axis },
      })),
    ),

  reduceSum: reduction("reduceSum", NUMBERS, smallOf),
  reduceProd: reduction("reduceProd", NUMBERS, powers, mixed(signed(0.5, 1.5), oneOf([0, 1]))),
  reduceMax: reduction("reduceMax", ALL, anyOf, distinct),
  reduceMin: reduction("reduceMin", ALL, anyOf, distinct),
  argmax: argReduction("argmax"),
  argmin: argReduction("argmin"),

  name: moved("name", [
    [[3, 5], { name: "h" }],
    [[], { name: "two words" }],
  ]),
  dot: () =>
    NUMBERS.flatMap((dtype) =>
      PRODUCTS.map(([lhs, rhs, params]) => ({
        op: "dot",
        operands: [operand(dtype, lhs, smallOf(dtype)), operand(dtype, rhs, smallOf(dtype))],
        params,
      })),
    ),
};
