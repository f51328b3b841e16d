/** Cases of gather, scatterAdd and the dynamic blocks. */
import type { DType, GatherParams, Shape } from "../../compiler/ir/types.js";
import type { CasesOf, Operand } from "./cases.js";
import { anyOf, integers, type Sampler, smallOf, uniform } from "./samplers.js";

const NUMBERS: readonly DType[] = ["f32", "f64", "i32", "u32"];
const ALL: readonly DType[] = [...NUMBERS, "bool"];

const operand = (dtype: DType, shape: Shape, any: Sampler = anyOf(dtype)): Operand => ({
  type: { dtype, shape },
  smooth: dtype === "f32" || dtype === "f64" ? uniform(-2, 2) : any,
  any,
});

const indices = (shape: Shape, least: number, greatest: number): Operand => {
  const any = integers(least, greatest);
  return { type: { dtype: "i32", shape }, smooth: any, any };
};

interface Layout {
  readonly x: Shape;
  readonly indices: Shape;
  readonly params: GatherParams;
}

const layout = (x: Shape, at: Shape, axis: number, batch: number, mode: GatherParams["mode"]): Layout => ({
  x,
  indices: at,
  params: { axis, batch, mode },
});

const LAYOUTS: readonly Layout[] = [
  layout([5], [], 0, 0, "check"),
  layout([5, 3], [4], 0, 0, "check"),
  layout([3, 5], [2, 3], 1, 0, "check"),
  layout([2, 5, 3], [4], 1, 0, "clamp"),
  layout([2, 5], [2, 7], 1, 1, "check"),
  layout([2, 3, 5, 2], [2, 4], 2, 1, "clamp"),
  layout([2, 3, 4], [2, 3, 2], 2, 2, "check"),
  layout([2, 4], [2], 1, 1, "check"),
  layout([5, 2], [0], 0, 0, "check"),
  layout([5, 0], [3], 0, 0, "check"),
];

/** Indices within the axis; in mode `clamp` some of them outside. */
const places = ({ x, indices: shape, params }: Layout): Operand => {
  const greatest = (x[params.axis] ?? 0) - 1;
  return params.mode === "clamp" ? indices(shape, -2, greatest + 2) : indices(shape, 0, greatest);
};

const gathered = ({ x, indices: at, params: { axis, batch } }: Layout): Shape => [
  ...x.slice(0, axis),
  ...at.slice(batch),
  ...x.slice(axis + 1),
];

/** Operand and block shapes; some starts lie outside on purpose, so that clamping is seen. */
const BLOCKS: readonly (readonly [Shape, Shape])[] = [
  [[7], [3]],
  [
    [4, 5],
    [2, 5],
  ],
  [
    [4, 5, 3],
    [1, 2, 3],
  ],
  [
    [3, 2],
    [3, 2],
  ],
  [[4], [0]],
  [
    [0, 3],
    [0, 2],
  ],
  [[], []],
];

const starts = (x: Shape): readonly Operand[] => x.map((n) => indices([], -2, n + 1));
/** Starts at which the block fits. */
const fitting = (x: Shape, sizes: Shape): readonly Operand[] =>
  x.map((n, k) => indices([], 0, n - (sizes[k] ?? 0)));
const MODES = ["clamp", "check", "inside"] as const;
const startsFor = (mode: (typeof MODES)[number], x: Shape, sizes: Shape): readonly Operand[] =>
  mode === "clamp" ? starts(x) : fitting(x, sizes);

export const indexingCases: CasesOf<"gather" | "scatterAdd" | "dynamicSlice" | "dynamicUpdate"> = {
  gather: () =>
    ALL.flatMap((dtype) =>
      LAYOUTS.map((l) => ({ op: "gather", operands: [operand(dtype, l.x), places(l)], params: l.params })),
    ),
  scatterAdd: () =>
    NUMBERS.flatMap((dtype) =>
      LAYOUTS.map((l) => ({
        op: "scatterAdd",
        operands: [
          operand(dtype, l.x, smallOf(dtype)),
          places(l),
          operand(dtype, gathered(l), smallOf(dtype)),
        ],
        params: l.params,
      })),
    ),
  dynamicSlice: () =>
    ALL.flatMap((dtype) =>
      BLOCKS.flatMap(([x, sizes]) =>
        MODES.map((mode) => ({
          op: "dynamicSlice",
          operands: [operand(dtype, x), ...startsFor(mode, x, sizes)],
          params: { sizes, mode },
        })),
      ),
    ),
  dynamicUpdate: () =>
    ALL.flatMap((dtype) =>
      BLOCKS.flatMap(([x, block]) =>
        MODES.map((mode) => ({
          op: "dynamicUpdate",
          operands: [operand(dtype, x), operand(dtype, block), ...startsFor(mode, x, block)],
          params: { mode },
        })),
      ),
    ),
};
