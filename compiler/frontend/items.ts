/** How an array holds its items: as a list, as one array of the program, as one for each field, or with room to grow. */
import type { ArrayValue, ClassValue, TensorValue, Value } from "./values.js";

export interface Listed {
  readonly kind: "list";
  readonly list: Value[];
}

/** As one array of the program, whose rows they are. */
export interface StagedRows {
  readonly kind: "staged";
  readonly rows: TensorValue;
  /** The arrays that are its rows, if there were any. */
  readonly children: readonly Value[] | null;
  /** Takes it apart into a list. */
  readonly open: () => Value[];
}

/** Objects of one structure, one array of the program for each of their fields. */
export interface Records {
  readonly kind: "records";
  readonly columns: RecordColumns;
  /** The objects that are its rows, if they are known. */
  readonly children: readonly Value[] | null;
  readonly open: () => Value[];
}

/** The first items of a longer array. */
export interface Grown {
  readonly kind: "grown";
  readonly store: ArrayValue;
  readonly length: Length;
  /** The items, where their number is known; refused where it is not. */
  readonly open: () => Value[];
}

export type Items = Listed | StagedRows | Records | Grown;

/** How many items there are, as `base + offset`. */
export interface Length {
  /** A number known now, or a JavaScript number of the program. */
  readonly value: Value;
  /** Null for a length that is known. */
  readonly base: TensorValue | null;
  readonly offset: number;
  /** No run has more. */
  readonly bound: number;
}

/** A field of all records of an array. */
export type Columns =
  | { readonly kind: "column"; readonly rows: TensorValue }
  /** A value that all have. */
  | { readonly kind: "same"; readonly value: Value }
  | RecordColumns;
export interface RecordColumns {
  readonly kind: "record";
  readonly keys: readonly string[];
  readonly fields: readonly Columns[];
  readonly type: ClassValue | null;
  /** 0 for the items of an array, 1 for objects that are fields of them. */
  readonly depth: number;
}

/** An object that is a record of an array: its fields are read from and written to the columns. */
export interface Row {
  readonly columns: RecordColumns;
  readonly index: number | TensorValue;
  /** How many rows of each column had been replaced when it was taken, in the order of the columns. */
  readonly epochs: readonly number[];
  /** Its fields now. */
  readonly open: () => Map<string, Value>;
}

/** The arrays of the program behind columns, in order. */
export const leavesOf = (columns: Columns): readonly TensorValue[] => {
  switch (columns.kind) {
    case "column":
      return [columns.rows];
    case "same":
      return [];
    case "record":
      return columns.fields.flatMap(leavesOf);
    default: {
      const never: never = columns;
      return never;
    }
  }
};
