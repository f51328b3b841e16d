/** The abstract values that the interpreter computes with. */
import { fail, type Span } from "../diagnostics.js";
import type { Builder } from "../ir/builder.js";
import type { Var } from "../ir/types.js";
import type { Environment } from "./environment.js";
import { type Items, leavesOf, type Row } from "./items.js";
import type { Frame, Site } from "./machine.js";
import type { Transform } from "./registry.js";
import type { FunctionNode } from "./source.js";
import type { AnyFunction, Store } from "./types.js";

export type { Items, Store };

/** Why something is unknown while a program is only read. */
export interface Cause {
  /** What is unknown, as the program writes it: `w` in backticks. */
  readonly subject: string;
  /**
   * What can't be told of it: what its type does not say, the value that only a call gives or only a run; `missing`: whether
   * it is there at all; `depth`: where its calls end.
   */
  readonly reason: "shape" | "dtype" | "length" | "type" | "value" | "missing" | "run" | "depth";
  readonly span: Span | null;
}

/** What could be made static to know a staged value at compile time: a number argument or a captured number or array. */
export type Need =
  | { readonly kind: "arg"; readonly index: number }
  | { readonly kind: "capture"; readonly key: string }
  /** The loop that computes it could be unrolled. */
  | { readonly kind: "loop"; readonly key: string }
  /**
   * Nothing that staging could do makes it known; `cause` null: it follows from a fault. `staged`: it is a number of the
   * program unless its value is needed.
   */
  | { readonly kind: "unknown"; readonly cause: Cause | null; readonly staged: boolean };

let serial = 0;
/** Ages of what can be written to: smaller is older. */
export const nextSerial = (): number => ++serial;

/** Where the user made a value, for shape errors. */
export interface Origin {
  readonly label: string;
  readonly span: Span | null;
}

/** Why a value may not be written to; `merged`: which of several objects it is, is known only at run time;
 * `moved`: it was written to under another name on some path; `frozen`: by Object.freeze. */
export type Fixed = "argument" | "captured" | "merged" | "moved" | "frozen" | null;

/** A JavaScript value known now: a primitive, or a host object that compiled code or the language made (Math, a Map). */
export interface StaticValue {
  readonly kind: "static";
  readonly value: unknown;
}

/** Part of another array: elements at these indices along its first axes. Reading and writing go to that array. */
export interface View {
  readonly base: TensorValue;
  readonly index: readonly (number | TensorValue)[];
  /** Set for `subarray`: where on the next axis its elements begin. */
  readonly start: number | TensorValue | null;
  /** How many rows of `base` had been replaced when the view was made. */
  readonly epoch: number;
  /** The content of `base` that its elements were last read from. */
  seen: Var | null;
}

/** A row that was replaced: whoever held it before keeps what it was. */
export interface Replaced {
  /** The whole array before. */
  readonly before: Var;
  readonly builder: Builder;
  /** Null where rows were exchanged on a path that may not have been taken. */
  readonly index: number | TensorValue | null;
  /** The index where the row that is now here also is, until another row comes there; null if there is none. */
  readonly twin: number | TensorValue | null;
  /** How deep in a record what was replaced is: 0 for the whole row, 1 for an object that is a field of it. */
  readonly depth: number;
}

/**
 * A value of the program. Arrays have identity, the object's: writing to an element replaces `v`. Read it with `varOf`,
 * which brings a view up to date; its type never changes.
 */
export interface TensorValue {
  readonly kind: "tensor";
  v: Var;
  /** A JavaScript number or boolean: takes the dtype of the arrays it meets. Its dtype is f64 or bool. */
  readonly weak: boolean;
  /** A typed or number array: reading one element gives a JavaScript number. */
  readonly hostArray: boolean;
  /** What it depends on, if that could be made static; null where it could not. */
  needs: readonly Need[] | null;
  origin: Origin | null;
  /** The program that `v` belongs to. */
  builder: Builder;
  fixed: Fixed;
  readonly born: number;
  /** Older objects one of which it may be: after a write to it none of them may be used. */
  mayBe: readonly Mutable[];
  readonly store: Store | null;
  /** Some elements may never have been set: JavaScript has undefined there, and NaN after arithmetic. */
  readonly holes: boolean;
  view: View | null;
  /** Rows that were replaced by other rows, first to last. */
  replaced: readonly Replaced[];
}

/** An array with staged or static items; identity is the object's. */
export interface ArrayValue {
  readonly kind: "array";
  /** The list of its items, after taking a staged array apart. */
  readonly items: Value[];
  held: Items;
  fixed: Fixed;
  readonly born: number;
  mayBe: readonly Mutable[];
  /** Set where its length differs between paths. */
  spoilt: UnmergedValue | null;
}

/** What has identity and can be written to. */
export type Mutable = TensorValue | ArrayValue | ObjectValue;

/** A plain object or an instance of a class; identity is the object's. */
export interface ObjectValue {
  readonly kind: "object";
  /** Its fields; of a row of an array, those that it has now. */
  props: Map<string, Value>;
  /** Where its fields are, if it is a row of an array of records. */
  row: Row | null;
  fixed: Fixed;
  readonly born: number;
  mayBe: readonly Mutable[];
  /** Set where its fields differ between paths. */
  spoilt: UnmergedValue | null;
  /** Null for a plain object. */
  readonly type: ClassValue | null;
}

/** A class written in the code that is being staged, or a live one. */
export interface ClassValue {
  readonly name: string;
  readonly parent: ClassValue | null;
  /** Methods and accessors of the prototype. */
  readonly members: ReadonlyMap<string, Member>;
  readonly statics: ObjectValue;
  /** Runs field initialisers and the constructor on a new instance. */
  readonly construct: (site: Site, self: ObjectValue, args: readonly Value[]) => void;
  /** Gives an instance the fields of this class alone. */
  readonly initialise: (self: ObjectValue) => void;
  /** The live class, if it is one. */
  readonly live: AnyFunction | null;
  /** Getters and setters of the class itself. */
  readonly staticMembers: ReadonlyMap<string, Member>;
  /** Stands for the getters and setters of an object literal, which are its own. */
  readonly isLiteral?: boolean;
}
export type Member =
  | { readonly kind: "method"; readonly fn: FunctionValue }
  | { readonly kind: "accessor"; readonly get: FunctionValue | null; readonly set: FunctionValue | null };

/** What differs between paths in a way that no staged value can hold: refused where it is used. */
export interface UnmergedValue {
  readonly kind: "unmerged";
  /** Set where it is a number, boolean or object on some paths, and undefined or null on all others. */
  readonly maybe?: Maybe;
  /** "`k` is a number on one path and undefined on another" */
  readonly reason: string;
  /** What would decide the path. */
  readonly needs: readonly Need[] | null;
  readonly span: Span | null;
}

/** A value that is there where `present` holds; elsewhere `missing` stands in its place. */
export interface Maybe {
  readonly present: TensorValue;
  readonly value: TensorValue | StaticValue | ObjectValue;
  /** undefined or null. */
  readonly missing: StaticValue;
}

/** A captured variable's value, or what a path into it leads to. */
export interface Place {
  /** Index of the function whose scope holds the variable. */
  readonly fn: number;
  readonly name: string;
  readonly path: readonly (string | number)[];
  /** Script of the library file it is in: what it holds never changes. Null for the user's. */
  readonly library: string | null;
  /** False for a binding that is never assigned to again. */
  readonly mutable: boolean;
  /** Reads the value anew. */
  readonly read: () => unknown;
}

/** A captured object, looked into where the program does. */
export interface HostValue {
  readonly kind: "host";
  readonly value: object;
  readonly place: Place;
}

export type Callee =
  /** Written in the code that is being staged. */
  | {
      readonly kind: "closure";
      readonly node: FunctionNode;
      readonly env: Environment;
      readonly frame: Frame;
      readonly name: string;
    }
  /** A live function; `place` is where it was captured, null for one that stays. */
  | {
      readonly kind: "host";
      readonly fn: AnyFunction;
      readonly libraryScript: string | null;
      readonly place: Place | null;
    }
  | { readonly kind: "transform"; readonly transform: Transform; readonly fn: Value }
  | { readonly kind: "class"; readonly type: ClassValue }
  | {
      readonly kind: "builtin";
      readonly name: string;
      readonly apply: (args: readonly Value[], site: Site) => Value;
    };

export interface FunctionValue {
  readonly kind: "function";
  readonly callee: Callee;
}

export type Value =
  | StaticValue
  | TensorValue
  | ArrayValue
  | ObjectValue
  | HostValue
  | FunctionValue
  | UnmergedValue;

export const staticValue = (value: unknown): StaticValue => ({ kind: "static", value });
export const UNDEFINED: StaticValue = staticValue(undefined);
export const NULL: StaticValue = staticValue(null);

export const arrayOf = (items: readonly Value[], fixed: Fixed = null): ArrayValue => {
  const array: ArrayValue = {
    kind: "array",
    held: { kind: "list", list: [...items] },
    fixed,
    born: nextSerial(),
    mayBe: [],
    spoilt: null,
    get items() {
      return array.held.kind === "list" ? array.held.list : array.held.open();
    },
  };
  return array;
};

/** An array whose items are found when they are first needed. */
export const lazyArray = (make: () => readonly Value[]): ArrayValue => {
  let held: Items | null = null;
  return Object.defineProperty(arrayOf([]), "held", {
    get: (): Items => {
      held ??= { kind: "list", list: [...make()] };
      return held;
    },
    set: (items: Items) => {
      held = items;
    },
  });
};
export const objectOf = (
  entries: Iterable<readonly [string, Value]>,
  fixed: Fixed = null,
  type: ClassValue | null = null,
): ObjectValue => {
  let own = new Map(entries);
  const object: ObjectValue = {
    kind: "object",
    get props() {
      return object.row === null ? own : object.row.open();
    },
    set props(props) {
      own = props;
      object.row = null;
    },
    row: null,
    fixed,
    born: nextSerial(),
    mayBe: [],
    spoilt: null,
    type,
  };
  return object;
};
/** Number of items, without taking a staged array apart; refused where it is known only at run time. */
export const lengthOf = ({ held }: ArrayValue): number => {
  switch (held.kind) {
    case "list":
      return held.list.length;
    case "staged":
      return held.rows.v.type.shape[0] ?? 0;
    case "records":
      return leavesOf(held.columns)[0]?.v.type.shape[0] ?? 0;
    case "grown":
      return held.length.base === null ? held.length.offset : held.open().length;
    default: {
      const never: never = held;
      return never;
    }
  }
};
export const functionOf = (callee: Callee): FunctionValue => ({ kind: "function", callee });
export const builtin = (name: string, apply: (args: readonly Value[], site: Site) => Value): FunctionValue =>
  functionOf({ kind: "builtin", name, apply });

export const isStatic = (value: Value | undefined): value is StaticValue => value?.kind === "static";
export const isNullish = (value: Value): boolean =>
  value.kind === "static" && (value.value === undefined || value.value === null);

const INDEX = /^(?:0|[1-9]\d*)$/;
/** Keys in JavaScript's order: whole numbers first, ascending, then as they were added; without private names. */
export const keysOf = ({ props, type }: ObjectValue): readonly string[] => {
  if (type?.isLiteral === true)
    return fail(
      "TSJ1041",
      "unsupported",
      "an object with getters or setters can't be taken apart in compiled code",
      {
        hint: "read the properties one by one, or make methods of them",
      },
    );
  const keys = [...props.keys()].filter((key) => type === null || !key.startsWith("#"));
  const indices = keys.filter((key) => INDEX.test(key)).sort((a, b) => Number(a) - Number(b));
  return indices.length === 0 ? keys : [...indices, ...keys.filter((key) => !INDEX.test(key))];
};

/** A method or accessor of a class or of the classes it extends. */
export const memberOf = (type: ClassValue | null, name: string): Member | null => {
  for (let at = type; at !== null; at = at.parent) {
    const member = at.members.get(name);
    if (member !== undefined) return member;
  }
  return null;
};
