/** The abstract values that the interpreter computes with. */
import type { Span } from "../diagnostics.js";
import type { Builder } from "../ir/builder.js";
import type { Var } from "../ir/types.js";
import type { Environment } from "./environment.js";
import type { Frame, Site } from "./machine.js";
import type { Transform } from "./registry.js";
import type { FunctionNode } from "./source.js";
import type { AnyFunction } from "./types.js";

/** What could be made static to know a staged value at compile time: a number argument or a captured number or array. */
export type Need =
  | { readonly kind: "arg"; readonly index: number }
  | { readonly kind: "capture"; readonly key: string };

/** Where the user made a value, for shape errors. */
export interface Origin {
  readonly label: string;
  readonly span: Span | null;
}

/** Why a value may not be written to. */
export type Fixed = "argument" | "captured" | null;

/** A JavaScript value known now: a primitive, or a host object that compiled code or the language made (Math, a Map). */
export interface StaticValue {
  readonly kind: "static";
  readonly value: unknown;
}

/** A value of the program. */
export interface TensorValue {
  readonly kind: "tensor";
  readonly v: Var;
  /** A JavaScript number or boolean: takes the dtype of the arrays it meets. Its dtype is f64 or bool. */
  readonly weak: boolean;
  /** A typed or number array: reading one element gives a JavaScript number. */
  readonly hostArray: boolean;
  /** What it depends on, if that could be made static; null where it could not. */
  readonly needs: readonly Need[] | null;
  readonly origin: Origin | null;
  /** The program that it belongs to. */
  readonly builder: Builder;
  readonly fixed: Fixed;
}

/** An array with staged or static items; identity is the object's. */
export interface ArrayValue {
  readonly kind: "array";
  readonly items: Value[];
  readonly fixed: Fixed;
}

/** A plain object; identity is the object's. */
export interface ObjectValue {
  readonly kind: "object";
  readonly props: Map<string, Value>;
  readonly fixed: Fixed;
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
  | {
      readonly kind: "builtin";
      readonly name: string;
      readonly apply: (args: readonly Value[], site: Site) => Value;
    };

export interface FunctionValue {
  readonly kind: "function";
  readonly callee: Callee;
}

export type Value = StaticValue | TensorValue | ArrayValue | ObjectValue | HostValue | FunctionValue;

export const staticValue = (value: unknown): StaticValue => ({ kind: "static", value });
export const UNDEFINED: StaticValue = staticValue(undefined);
export const NULL: StaticValue = staticValue(null);

export const arrayOf = (items: readonly Value[], fixed: Fixed = null): ArrayValue => ({
  kind: "array",
  items: [...items],
  fixed,
});
export const objectOf = (entries: Iterable<readonly [string, Value]>, fixed: Fixed = null): ObjectValue => ({
  kind: "object",
  props: new Map(entries),
  fixed,
});
export const functionOf = (callee: Callee): FunctionValue => ({ kind: "function", callee });
export const builtin = (name: string, apply: (args: readonly Value[], site: Site) => Value): FunctionValue =>
  functionOf({ kind: "builtin", name, apply });

export const isStatic = (value: Value | undefined): value is StaticValue => value?.kind === "static";
export const isNullish = (value: Value): boolean =>
  value.kind === "static" && (value.value === undefined || value.value === null);

/** What a value is, in words for messages. */
export const describe = (value: Value): string => {
  switch (value.kind) {
    case "static":
      return typeof value.value === "string" ? JSON.stringify(value.value) : describeStatic(value.value);
    case "tensor": {
      const { dtype, shape } = value.v.type;
      if (value.weak) return dtype === "bool" ? "a boolean" : "a number";
      return shape.length === 0
        ? `${dtype === "u32" || dtype === "bool" ? "a" : "an"} ${dtype} scalar`
        : `${dtype}[${shape.join(", ")}]`;
    }
    case "array":
      return `an array of ${value.items.length}`;
    case "object":
      return "an object";
    case "host":
      return Array.isArray(value.value) ? "a captured array" : "a captured object";
    case "function":
      return "a function";
    default: {
      const never: never = value;
      return never;
    }
  }
};

const describeStatic = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? `a ${value.constructor?.name ?? "host object"}`
    : typeof value === "symbol" || typeof value === "function"
      ? `a ${typeof value}`
      : Object.is(value, -0)
        ? "-0"
        : String(value);

const INDEX = /^(?:0|[1-9]\d*)$/;
/** Keys in JavaScript's order: whole numbers first, ascending, then as they were added. */
export const keysOf = ({ props }: ObjectValue): readonly string[] => {
  const keys = [...props.keys()];
  const indices = keys.filter((key) => INDEX.test(key)).sort((a, b) => Number(a) - Number(b));
  return indices.length === 0 ? keys : [...indices, ...keys.filter((key) => !INDEX.test(key))];
};
