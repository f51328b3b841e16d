/** The memory of a nest of control flow: which version of which array lies where. */
import type { Eqn, TensorType } from "../../ir/types.js";
import type { BufferId, RuntimeErrorEntry, ValueId } from "../types.js";
import type { Emitter } from "./emitter.js";
import type { Index } from "./index-expr.js";

/** Thrown where a region can't be written as statements of one kernel. */
export class Unsuitable extends Error {
  override readonly name = "Unsuitable";
}

/** A buffer in which successive values of one array lie; what bears an older version is gone. */
export interface Cell {
  readonly buffer: BufferId;
  version: number;
}

/** What a value of a region stands for. */
export type Binding =
  /** A single element. */
  | { readonly kind: "value"; readonly id: ValueId }
  /** An array in memory, as long as the cell holds this version; `mutable`: it may be overwritten. */
  | { readonly kind: "array"; readonly cell: Cell; readonly version: number; readonly mutable: boolean }
  /** An array without end that has no rows yet. */
  | { readonly kind: "empty" }
  /** An array that is read where it comes from, element by element; by row-major position where that is cheap. */
  | {
      readonly kind: "outside";
      readonly read: (at: readonly Index[]) => ValueId;
      readonly readFlat: ((position: Index) => ValueId) | null;
    };

/** What all regions of a nest share. */
export interface Nest {
  readonly e: Emitter;
  readonly cells: Set<Cell>;
  /** Cells that may not be read now, because they are being overwritten. */
  readonly locked: Set<Cell>;
  versions: number;
  readonly newBuffer: (type: TensorType) => BufferId;
  readonly literal: (eqn: Eqn) => BufferId;
  readonly errorIndex: (entry: RuntimeErrorEntry) => number;
}

export const newVersion = (nest: Nest, cell: Cell): void => {
  cell.version = ++nest.versions;
};
