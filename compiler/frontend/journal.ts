/**
 * What a region of the program writes: variables, arrays, objects. A region is run to see what it does; its writes are
 * recorded with what was there before, so that they can be undone and then made again as the results of one equation.
 */
import type { Builder } from "../ir/builder.js";
import type { Var } from "../ir/types.js";
import type { Binding } from "./environment.js";
import type { Items, Row } from "./items.js";
import type { Machine } from "./machine.js";
import type { ArrayValue, ObjectValue, Replaced, TensorValue, Value } from "./values.js";

/** What can be written to. */
export type Cell = Binding | ArrayValue | ObjectValue | TensorValue;

export type State =
  | { readonly kind: "binding"; readonly value: Value | undefined }
  | { readonly kind: "array"; readonly held: Items }
  | { readonly kind: "object"; readonly props: ReadonlyMap<string, Value>; readonly row: Row | null }
  | {
      readonly kind: "tensor";
      readonly v: Var;
      readonly builder: Builder;
      readonly replaced: readonly Replaced[];
    };

export interface Journal {
  /** What is older belongs to the program around the region. */
  readonly since: number;
  readonly before: Map<Cell, State>;
  /** Each iteration of a loop runs it. */
  readonly loop?: boolean;
}

const isTensor = (cell: Cell): cell is TensorValue => "kind" in cell && cell.kind === "tensor";
const isArray = (cell: Cell): cell is ArrayValue => "kind" in cell && cell.kind === "array";
const isObject = (cell: Cell): cell is ObjectValue => "kind" in cell && cell.kind === "object";

/** What a cell holds now; lists are copied. */
export const stateOf = (cell: Cell): State => {
  if (isTensor(cell)) return { kind: "tensor", v: cell.v, builder: cell.builder, replaced: cell.replaced };
  if (isArray(cell)) {
    const { held } = cell;
    return { kind: "array", held: held.kind === "list" ? { kind: "list", list: [...held.list] } : held };
  }
  if (isObject(cell))
    return { kind: "object", props: new Map(cell.row === null ? cell.props : []), row: cell.row };
  return { kind: "binding", value: cell.value };
};

/** Puts a state back. */
export const restore = (cell: Cell, state: State): void => {
  if (state.kind === "tensor" && isTensor(cell)) {
    cell.v = state.v;
    cell.builder = state.builder;
    cell.replaced = state.replaced;
  } else if (state.kind === "array" && isArray(cell)) {
    const { held } = state;
    cell.held = held.kind === "list" ? { kind: "list", list: [...held.list] } : held;
  } else if (state.kind === "object" && isObject(cell)) {
    cell.props = new Map(state.props);
    cell.row = state.row;
  }
  if (state.kind === "binding" && !("kind" in cell)) cell.value = state.value;
};

/** To be called before a cell is written to. */
export const touch = (machine: Machine, cell: Cell): void => {
  const journal = machine.journals.at(-1);
  if (journal === undefined || cell.born > journal.since || journal.before.has(cell)) return;
  journal.before.set(cell, stateOf(cell));
};

/** Sets a variable. */
export const setBinding = (machine: Machine, binding: Binding, value: Value | undefined): void => {
  touch(machine, binding);
  binding.value = value;
};
