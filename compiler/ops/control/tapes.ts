/** How the control ops keep residuals in tapes: which tape holds what, and how a row is written and read. */
import type { Builder } from "../../ir/builder.js";
import { type DType, type TensorType, UNBOUNDED, type Var } from "../../ir/types.js";
import type { SplitEngine, Tapes } from "./record.js";

/** Where one value of an iteration lies: in a tape, in a column of it where it is a scalar. */
interface RowPlace {
  readonly tape: number;
  readonly column: number | null;
}
export interface TapeLayout {
  readonly types: readonly TensorType[];
  /** One per value; null for a value without elements. */
  readonly places: readonly (RowPlace | null)[];
}

/** All scalars of one dtype form the rows of one tape; every array has a tape of its own. */
export const tapeLayout = (values: readonly TensorType[]): TapeLayout => {
  const shapes: { readonly dtype: DType; readonly row: number[] }[] = [];
  const scalars = new Map<DType, number>();
  const places = values.map(({ dtype, shape }): RowPlace | null => {
    if (shape.includes(0)) return null;
    if (shape.length > 0) return { tape: shapes.push({ dtype, row: [...shape] }) - 1, column: null };
    const tape = scalars.get(dtype) ?? shapes.push({ dtype, row: [0] }) - 1;
    scalars.set(dtype, tape);
    const { row } = shapes[tape] ?? { row: [0] };
    const column = row[0] ?? 0;
    row[0] = column + 1;
    return { tape, column };
  });
  return { types: shapes.map(({ dtype, row }) => ({ dtype, shape: [UNBOUNDED, ...row] })), places };
};

/** Where a value's block begins in the row, and its extents. */
const blockOf = (b: Builder, { column }: RowPlace, { shape }: TensorType) => {
  const zero = b.scalar(0, "i32");
  return column === null
    ? { starts: shape.map(() => zero), sizes: shape }
    : { starts: [b.scalar(column, "i32")], sizes: [1] };
};

/** The tapes with the values of one iteration as row `row` (i32). */
export const writeRow = (
  b: Builder,
  { places }: TapeLayout,
  tapes: readonly Var[],
  row: Var,
  values: readonly Var[],
): readonly Var[] => {
  const next = [...tapes];
  values.forEach((x, k) => {
    const place = places[k] ?? null;
    const tape = place === null ? undefined : next[place.tape];
    if (place === null || tape === undefined) return;
    const { starts, sizes } = blockOf(b, place, x.type);
    const block = b.reshape(x, [1, ...sizes]);
    next[place.tape] = b.emit("dynamicUpdate", [tape, block, row, ...starts], { mode: "clamp" });
  });
  return next;
};

/** The values of row `row`. */
export const readRow = (
  b: Builder,
  { places }: TapeLayout,
  tapes: readonly Var[],
  row: Var,
  types: readonly TensorType[],
): readonly Var[] =>
  types.map((type, k) => {
    const place = places[k] ?? null;
    const tape = place === null ? undefined : tapes[place.tape];
    if (place === null || tape === undefined) return b.splat(0, type);
    const { starts, sizes } = blockOf(b, place, type);
    const block = b.emit("dynamicSlice", [tape, row, ...starts], { sizes: [1, ...sizes], mode: "clamp" });
    return b.reshape(block, type.shape);
  });

/** Writes x as the row of a stack at these indices. */
export const writeStack = (b: Builder, stack: Var, at: readonly Var[], x: Var): Var => {
  const row = b.reshape(x, [...at.map(() => 1), ...x.type.shape]);
  const zero = b.scalar(0, "i32");
  return b.emit("dynamicUpdate", [stack, row, ...at, ...x.type.shape.map(() => zero)], { mode: "clamp" });
};

/** The row of a stack at these indices. */
export const readStack = (b: Builder, stack: Var, at: readonly Var[]): Var => {
  const shape = stack.type.shape.slice(at.length);
  const zero = b.scalar(0, "i32");
  const starts = [...at, ...shape.map(() => zero)];
  const sizes = [...at.map(() => 1), ...shape];
  return b.reshape(b.emit("dynamicSlice", [stack, ...starts], { sizes, mode: "clamp" }), shape);
};

/** The tapes, then their cursor if they have one. */
export const tapeVars = ({ tapes, cursor }: Tapes): readonly Var[] =>
  cursor === null ? tapes : [...tapes, cursor];

/** Tells the engine what each group of tapes is afterwards, given all of them as `tapeVars` lists them; gives the tapes of each. */
export const closeAll = (
  e: SplitEngine,
  groups: readonly Tapes[],
  after: readonly Var[],
): readonly (readonly Var[])[] => {
  let from = 0;
  return groups.map((group) => {
    const tapes = after.slice(from, from + group.tapes.length);
    from += group.tapes.length;
    e.closeTapes(group, tapes, group.cursor === null ? null : (after[from++] ?? null));
    return tapes;
  });
};
