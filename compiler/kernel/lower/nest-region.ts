/** Equations without regions inside a nest of control flow. */
import { internal } from "../../diagnostics.js";
import {
  type AnyOp,
  type Eqn,
  type IrFunction,
  isUnbounded,
  type PlainEqn,
  sizeOf,
  type TensorType,
  type Var,
} from "../../ir/types.js";
import type { BufferId } from "../types.js";
import { operand } from "./decompose.js";
import { addIndex, axisIndex, constIndex, flatIndex, type Index } from "./index-expr.js";
import { type Binding, type Cell, type Nest, newVersion, Unsuitable } from "./nest-cells.js";
import { createOverwrites, type Overwrites, takenOver } from "./overwritten.js";
import { reshapePoint } from "./points.js";
import { inlineAt, startsOf, type ValueContext, valueAt } from "./values.js";

/** A region being written. */
export interface Region {
  readonly nest: Nest;
  readonly c: ValueContext;
  readonly bindings: Map<Var, Binding>;
  readonly overwrites: Overwrites;
}

/** Ops whose elements cost nothing but an address: they are computed where they are read. */
const LAZY: ReadonlySet<AnyOp> = new Set<AnyOp>([
  ...([
    "const",
    "literal",
    "iota",
    "broadcast",
    "reshape",
    "transpose",
    "slice",
    "reverse",
    "stopGradient",
  ] as const),
  ...(["bitcast", "pad", "concat", "gather", "dynamicSlice"] as const),
]);
const FOLDS: ReadonlySet<AnyOp> = new Set<AnyOp>([
  ...(["reduceSum", "reduceProd", "reduceMax", "reduceMin", "argmax", "argmin"] as const),
  ...(["dot", "scatterAdd"] as const),
]);
/** Elements up to which an elementwise array is computed inside a nest. */
const FEW = 16;

export const arrayOf = (cell: Cell, mutable: boolean): Binding => ({
  kind: "array",
  cell,
  version: cell.version,
  mutable,
});

const isSingle = (type: TensorType): boolean => sizeOf(type.shape) === 1;

/** The row-major position as a point. */
const pointAt = (nest: Nest, position: Index, type: TensorType): readonly Index[] =>
  reshapePoint(nest.e, [position], [sizeOf(type.shape)], type.shape, false) ??
  internal("no point at a position");

const readFlat = (nest: Nest, b: Binding, position: Index, type: TensorType): number => {
  switch (b.kind) {
    case "value":
      return b.id;
    case "array":
      if (b.version !== b.cell.version || nest.locked.has(b.cell)) throw new Unsuitable();
      return nest.e.load(b.cell.buffer, position, type.dtype);
    case "empty":
      return nest.e.constant(type.dtype, 0);
    case "outside":
      return b.readFlat === null ? b.read(pointAt(nest, position, type)) : b.readFlat(position);
    default: {
      const never: never = b;
      return internal(`unexpected binding ${JSON.stringify(never)}`);
    }
  }
};

export const createRegion = (nest: Nest, fn: IrFunction): Region => {
  const bindings = new Map<Var, Binding>();
  const defs = new Map<Var, Eqn>();
  for (const eqn of fn.body) for (const v of eqn.outs) defs.set(v, eqn);
  const bound = (v: Var): Binding => bindings.get(v) ?? internal("a value of a region is not bound");
  const c: ValueContext = {
    e: nest.e,
    graph: { paramOf: bindings, nodeOf: bindings, defs },
    literal: nest.literal,
    errorIndex: nest.errorIndex,
    undecided: () => {},
    read: (v, at) => {
      const b = bound(v);
      if (b.kind === "outside") return b.read(at);
      if (b.kind === "array" && isUnbounded(v.type)) nest.e.row(b.cell.buffer, rowIndex(at));
      return readFlat(nest, b, flatIndex(at, v.type.shape), v.type);
    },
    readFlat: (v, position) => readFlat(nest, bound(v), position, v.type),
  };
  return { nest, c, bindings, overwrites: createOverwrites(fn) };
};

/** Gives memory to what is still to be read of arrays that equation `k` overwrites, unless a copy of the array is smaller. */
export const keepPending = ({ nest, c, bindings, overwrites }: Region, eqn: Eqn, k: number): void => {
  for (const x of takenOver(eqn)) {
    const isBound = (v: Var): boolean => bindings.has(v);
    const b = bindings.get(x);
    // any other is copied
    if (b?.kind !== "array" || !b.mutable || isUnbounded(x.type)) continue;
    const pending = overwrites.pending(k, x, isBound);
    const size = pending.reduce((sum, v) => sum + sizeOf(v.type.shape), 0);
    if (size > sizeOf(x.type.shape)) continue;
    for (const v of pending)
      bindings.set(
        v,
        arrayOf(
          newCell(nest, v.type, (at) => valueAt(c, v, at)),
          true,
        ),
      );
  }
};

/** What a value stands for; an array that is not in memory is read where it comes from. */
export const bindingOf = ({ c, bindings }: Region, v: Var): Binding =>
  bindings.get(v) ?? { kind: "outside", read: (at) => valueAt(c, v, at), readFlat: null };

const rowIndex = (at: readonly Index[]): Index => at[0] ?? internal("a tape is accessed without a row");

/** Makes the tape in `buffer` what `from` is. */
const fillTape = (nest: Nest, buffer: BufferId, from: Binding): void => {
  if (from.kind === "empty") nest.e.tape(buffer, null);
  else if (from.kind === "array" && from.version === from.cell.version) nest.e.tape(buffer, from.cell.buffer);
  else throw new Unsuitable();
};

/** Runs `body` at every point of `shape`. */
const overPoints = ({ e }: Nest, shape: readonly number[], body: (at: readonly Index[]) => void): void => {
  const at = shape.map((n) => (n === 1 ? constIndex(0) : axisIndex(e.openLoop(n), n)));
  body(at);
  for (const n of shape) if (n !== 1) e.closeLoop([], true);
};

/** A new cell that holds what `read` gives; anything where that is null. */
const newCell = (nest: Nest, type: TensorType, read: ((at: readonly Index[]) => number) | null): Cell => {
  const cell: Cell = { buffer: nest.newBuffer(type), version: 0 };
  if (read !== null)
    overPoints(nest, type.shape, (at) => nest.e.store(cell.buffer, flatIndex(at, type.shape), read(at)));
  newVersion(nest, cell);
  nest.cells.add(cell);
  return cell;
};

const reader =
  (nest: Nest, b: Binding, type: TensorType) =>
  (at: readonly Index[]): number =>
    b.kind === "outside" ? b.read(at) : readFlat(nest, b, flatIndex(at, type.shape), type);

/** The array's own cell, if it may be overwritten and is not in `taken`. */
const ownCell = (b: Binding, taken: ReadonlySet<Cell>): Cell | null =>
  b.kind === "array" && b.mutable && b.version === b.cell.version && !taken.has(b.cell) ? b.cell : null;

/** The cell of an array whose contents nobody will see: its own, if it is free, else a new one. */
export const cellInPlaceOf = (nest: Nest, v: Var, b: Binding, taken: ReadonlySet<Cell>): Cell =>
  ownCell(b, taken) ?? newCell(nest, v.type, null);

/** The cell of an array that may be overwritten: its own, if it is free and not in `taken`, else a copy's. */
export const cellFor = (nest: Nest, v: Var, b: Binding, taken: ReadonlySet<Cell>): Cell => {
  const own = ownCell(b, taken);
  if (own !== null) return own;
  if (!isUnbounded(v.type)) return newCell(nest, v.type, reader(nest, b, v.type));
  const cell: Cell = { buffer: nest.newBuffer(v.type), version: 0 };
  fillTape(nest, cell.buffer, b);
  newVersion(nest, cell);
  nest.cells.add(cell);
  return cell;
};

/** An array that is to be in a cell. */
export interface Settled {
  readonly cell: Cell;
  readonly from: Binding;
  readonly type: TensorType;
}

/** Copies arrays that are not in their cells yet; none of them may lie in one of `taken`, which are overwritten. */
export const settle = (nest: Nest, arrays: readonly Settled[], taken: ReadonlySet<Cell>): void => {
  const elsewhere = arrays.filter(({ cell, from }) => {
    if (from.kind !== "array" || from.cell !== cell) return true;
    if (from.version !== cell.version) throw new Unsuitable();
    return false;
  });
  for (const cell of taken) nest.locked.add(cell);
  for (const { cell, from, type } of elsewhere) {
    if (isUnbounded(type)) {
      if (from.kind === "array" && nest.locked.has(from.cell)) throw new Unsuitable();
      fillTape(nest, cell.buffer, from);
      newVersion(nest, cell);
      continue;
    }
    const read = reader(nest, from, type);
    overPoints(nest, type.shape, (at) => nest.e.store(cell.buffer, flatIndex(at, type.shape), read(at)));
    newVersion(nest, cell);
  }
  for (const cell of taken) nest.locked.delete(cell);
};

const origin = (v: Var): readonly Index[] => v.type.shape.map(() => constIndex(0));

/** Writes an equation, as far as it is not computed where it is read. */
export const evaluate = (region: Region, eqn: PlainEqn): void => {
  const { nest, c, bindings } = region;
  const [v] = eqn.outs;
  if (eqn.op === "dynamicUpdate") {
    update(region, eqn);
    return;
  }
  if (isUnbounded(v.type)) {
    if (eqn.op !== "const") throw new Unsuitable();
    bindings.set(v, { kind: "empty" });
    return;
  }
  if (FOLDS.has(eqn.op) || v.type.shape.includes(0)) throw new Unsuitable();
  if (isSingle(v.type)) {
    bindings.set(v, { kind: "value", id: inlineAt(c, eqn, origin(v)) });
    return;
  }
  if (eqn.op === "reshape" || eqn.op === "stopGradient") {
    const b = bindings.get(operand(eqn.inputs, 0));
    if (b?.kind === "array") bindings.set(v, b);
    return;
  }
  if (LAZY.has(eqn.op)) return;
  if (sizeOf(v.type.shape) > FEW) throw new Unsuitable();
  bindings.set(
    v,
    arrayOf(
      newCell(nest, v.type, (at) => inlineAt(c, eqn, at)),
      true,
    ),
  );
};

const update = (region: Region, eqn: Extract<PlainEqn, { op: "dynamicUpdate" }>): void => {
  const { nest, c, bindings } = region;
  const [v] = eqn.outs;
  const [x, block] = [operand(eqn.inputs, 0), operand(eqn.inputs, 1)];
  const { shape } = x.type;
  if (v.type.shape.includes(0) || block.type.shape.includes(0)) throw new Unsuitable();
  const starts = startsOf(c, eqn, eqn.inputs.slice(2), shape, block.type.shape);
  if (isSingle(v.type)) {
    bindings.set(v, { kind: "value", id: valueAt(c, block, origin(block)) });
    return;
  }
  const single = isSingle(block.type) ? valueAt(c, block, origin(block)) : null;
  const cell = cellFor(nest, x, bindingOf(region, x), new Set());
  const position = (at: readonly Index[]): Index =>
    flatIndex(
      at.map((i, d) => addIndex(i, starts[d] ?? internal("a block lacks a start"))),
      shape,
    );
  if (isUnbounded(x.type)) nest.e.row(cell.buffer, rowIndex(starts));
  if (single !== null) nest.e.store(cell.buffer, position(origin(block)), single);
  else {
    nest.locked.add(cell);
    overPoints(nest, block.type.shape, (at) =>
      nest.e.store(cell.buffer, position(at), valueAt(c, block, at)),
    );
    nest.locked.delete(cell);
  }
  newVersion(nest, cell);
  bindings.set(v, arrayOf(cell, true));
};
