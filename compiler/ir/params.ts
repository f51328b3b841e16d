/** The text form of every op's params: which there are, in which order, and what each may hold. */
import {
  type AnyOp,
  type AnyParams,
  BINARY_OPS,
  type BinaryOp,
  type CheckpointRun,
  type ControlOp,
  type ControlParams,
  type DType,
  type IndexMode,
  type IrFunction,
  type NoParams,
  type OpName,
  type OpParams,
  UNARY_OPS,
  UNBOUNDED,
  type UnaryOp,
} from "./types.js";

/**
 * - `int`: an integer; `number`: any double; `ints`, `numbers`: lists of them
 * - `size`: an integer >= 0; `sizes`: a list of them; `shape`: sizes, of which the first may be Infinity; `trip`: a size or null
 * - `dtype`, `mode`, `run`: a word; `text`: any string; `texts`: a list of them
 */
export type ParamKind =
  | "int"
  | "number"
  | "ints"
  | "numbers"
  | "size"
  | "sizes"
  | "shape"
  | "trip"
  | "dtype"
  | "mode"
  | "run"
  | "text"
  | "texts";

/** What a param can be, whichever op it belongs to. */
export type ParamValue = number | string | null | readonly (number | string)[];

type KeysOf<K extends OpName> = OpParams[K] extends NoParams ? never : keyof OpParams[K];
type Schema = { readonly [K in OpName]: { readonly [P in KeysOf<K>]: ParamKind } };
type RegionKeys<K extends ControlOp> = {
  [P in keyof ControlParams[K]]: ControlParams[K][P] extends IrFunction ? P : never;
}[keyof ControlParams[K]];
type ControlSchema = {
  readonly [K in ControlOp]: {
    readonly [P in Exclude<keyof ControlParams[K], RegionKeys<K>>]: ParamKind;
  };
};

const GATHER = { axis: "int", batch: "int", mode: "mode" } as const;
const AXES = { axes: "ints" } as const;

const NONE = {};
const plain = Object.fromEntries([...UNARY_OPS, ...BINARY_OPS].map((op) => [op, NONE])) as {
  readonly [K in UnaryOp | BinaryOp]: Record<never, ParamKind>;
};

/** Keys in the order in which they are printed. */
export const paramSchema: Schema = {
  ...plain,
  const: { value: "number", dtype: "dtype", shape: "shape" },
  literal: { data: "numbers", dtype: "dtype", shape: "sizes" },
  iota: { dtype: "dtype", shape: "sizes", axis: "int" },
  select: NONE,
  cast: { dtype: "dtype" },
  bitcast: { dtype: "dtype" },
  threefry: { lane: "int" },
  broadcast: { shape: "sizes", dims: "ints" },
  reshape: { shape: "sizes" },
  transpose: { perm: "ints" },
  slice: { start: "ints", limit: "ints", stride: "ints" },
  pad: { low: "ints", high: "ints", interior: "ints" },
  concat: { axis: "int" },
  reverse: AXES,
  reduceSum: AXES,
  reduceProd: AXES,
  reduceMax: AXES,
  reduceMin: AXES,
  argmax: { axis: "int" },
  argmin: { axis: "int" },
  gather: GATHER,
  scatterAdd: GATHER,
  dynamicSlice: { sizes: "sizes", mode: "mode" },
  dynamicUpdate: { mode: "mode" },
  check: { code: "text", message: "text" },
  name: { name: "text" },
  dot: { lhsContract: "ints", rhsContract: "ints", lhsBatch: "ints", rhsBatch: "ints" },
};

/** The params of control ops that are not regions. */
export const controlSchema: ControlSchema = {
  if: NONE,
  while: { consts: "size" },
  for: { trip: "trip", consts: "size" },
  custom: { consts: "size" },
  fromTranspose: { known: "size" },
  checkpoint: { run: "run", save: "texts" },
};

/** The regions of each control op, in print order. */
export const REGION_KEYS: { readonly [K in ControlOp]: readonly RegionKeys<K>[] } = {
  if: ["then", "else"],
  while: ["cond", "body"],
  for: ["body"],
  custom: ["body", "rule"],
  fromTranspose: ["transpose"],
  checkpoint: ["body"],
};

const DTYPES: Readonly<Record<DType, true>> = { f32: true, f64: true, i32: true, u32: true, bool: true };
const RUNS: Readonly<Record<CheckpointRun, true>> = { first: true, again: true };
const MODES: Readonly<Record<IndexMode, true>> = { check: true, clamp: true, inside: true };

export const isDType = (word: string): word is DType => Object.hasOwn(DTYPES, word);
export const isOpName = (word: string): word is OpName => Object.hasOwn(paramSchema, word);
export const isAnyOp = (word: string): word is AnyOp => isOpName(word) || Object.hasOwn(controlSchema, word);

const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isNumbers = (v: unknown): v is readonly number[] =>
  Array.isArray(v) && v.every((n) => typeof n === "number");

/** What is wrong with a param of that kind, or null. */
export const paramFault = (kind: ParamKind, value: unknown): string | null => {
  switch (kind) {
    case "number":
      return typeof value === "number" ? null : "must be a number";
    case "int":
      return Number.isSafeInteger(value) ? null : "must be an integer";
    case "size":
      return typeof value === "number" && isSize(value) ? null : "must be an integer >= 0";
    case "trip":
      return value === null || (typeof value === "number" && isSize(value))
        ? null
        : "must be an integer >= 0 or null";
    case "text":
      return typeof value === "string" ? null : "must be a string";
    case "texts":
      return Array.isArray(value) && value.every((text) => typeof text === "string")
        ? null
        : "must be a list of strings";
    case "run":
      return typeof value === "string" && Object.hasOwn(RUNS, value) ? null : "must be first or again";
    case "numbers":
      return isNumbers(value) ? null : "must be a list of numbers";
    case "ints":
      return isNumbers(value) && value.every(Number.isSafeInteger) ? null : "must be a list of integers";
    case "sizes":
      return isNumbers(value) && value.every(isSize) ? null : "must be a list of integers >= 0";
    case "shape":
      return isNumbers(value) && value.every((n, k) => isSize(n) || (k === 0 && n === UNBOUNDED))
        ? null
        : "must be a list of integers >= 0, of which the first may be Infinity";
    case "dtype":
      return typeof value === "string" && isDType(value)
        ? null
        : `must be one of ${Object.keys(DTYPES).join(", ")}, not ${JSON.stringify(value)}`;
    case "mode":
      return typeof value === "string" && Object.hasOwn(MODES, value) ? null : "must be check or clamp";
    default: {
      const never: never = kind;
      return never;
    }
  }
};

/** An op's param keys with their kinds, in print order. */
export const schemaOf = (op: AnyOp): readonly (readonly [string, ParamKind])[] => schemaEntries[op];

const schemaEntries = Object.fromEntries(
  [...Object.entries(paramSchema), ...Object.entries(controlSchema)].map(([op, schema]) => [
    op,
    Object.entries(schema),
  ]),
) as unknown as { readonly [K in AnyOp]: readonly (readonly [string, ParamKind])[] }; // entries lose the keys

/** One param read by its key; undefined if it is missing. */
export const paramAt = (params: AnyParams[AnyOp], key: string): unknown =>
  Object.hasOwn(params, key) ? (params as Readonly<Record<string, unknown>>)[key] : undefined;
