/** Properties, elements and rows of staged values. */
import { type DType, isInt, type Var } from "../ir/types.js";
import { NOT_WHOLE } from "../kernel/types.js";
import { arrayMethod } from "./arrays.js";
import { callValue } from "./calls.js";
import { hostFunction } from "./hosts.js";
import { refuse, type Site, step } from "./machine.js";
import { tensorMethod } from "./registry.js";
import { derived, lift, tensorOf, varOf } from "./tensors.js";
import { arrayOf, builtin, describe, isStatic, staticValue, type TensorValue, type Value } from "./values.js";

const staticShape = (value: TensorValue): Value => arrayOf(value.v.type.shape.map(staticValue), "captured");

/** A named property of a staged value: shape and dtype are known now. */
export const tensorMember = (site: Site, value: TensorValue, key: string): Value => {
  const { shape, dtype } = value.v.type;
  switch (key) {
    case "shape":
      return staticShape(value);
    case "ndim":
      return staticValue(shape.length);
    case "size":
      return staticValue(shape.reduce((n, d) => n * d, 1));
    case "dtype":
      return staticValue(dtype);
    case "length":
      return shape[0] === undefined
        ? refuse(site, "TSJ1051", `${describe(value)} has no length: it has no axes`)
        : staticValue(shape[0]);
    case "T":
      return derived(
        site,
        [value],
        site.machine.builder.transpose(
          varOf(site, value),
          shape.map((_, k) => shape.length - 1 - k),
        ),
        value.weak,
      );
    default:
      break;
  }
  const method = tensorMethod(key);
  if (method !== undefined)
    return builtin(key, (args, at) => callValue(at, hostFunction(method), [value, ...args]));
  const rows = shape.length > 0 ? rowMethod(value, key) : null;
  if (rows !== null) return rows;
  return refuse(
    site,
    "TSJ1041",
    `${describe(value)} has no property \`${key}\` in compiled code`,
    hintFor(key),
  );
};

const hintFor = (key: string): string | null =>
  ["item", "toArray", "data", "toFixed", "toString", "toJSON"].includes(key)
    ? "values are known only at run time: read them outside of the compiled function"
    : null;

/** Array methods that are the same on the array of rows. */
const ROW_METHODS: ReadonlySet<string> = new Set([
  ...["map", "forEach", "reduce", "reduceRight", "entries", "keys", "values", "at", "slice", "concat"],
  ...[
    "flatMap",
    "join",
    "toReversed",
    "some",
    "every",
    "filter",
    "find",
    "findIndex",
    "includes",
    "indexOf",
    "with",
    "toSorted",
  ],
]);

const rowMethod = (value: TensorValue, key: string): Value | null =>
  ROW_METHODS.has(key)
    ? builtin(key, (args, at) =>
        callValue(at, arrayMethod(at, arrayOf(rowsOf(at, value), "captured"), key), args),
      )
    : null;
/** A row (an element of axis 0) as JavaScript reads it. */
const element = (site: Site, value: TensorValue, index: Value, row: Var): TensorValue => {
  const needs = derived(site, [value, index], row, false).needs;
  if (!value.hostArray) return tensorOf(site, row, { weak: value.weak, needs });
  if (row.type.shape.length > 0) return tensorOf(site, row, { hostArray: true, needs });
  const dtype: DType = row.type.dtype === "bool" ? "bool" : "f64";
  return tensorOf(site, site.machine.builder.cast(row, dtype), { weak: true, needs });
};

/** All rows along axis 0. */
export const rowsOf = (site: Site, value: TensorValue): readonly TensorValue[] => {
  const n = value.v.type.shape[0];
  if (n === undefined)
    return refuse(site, "TSJ1052", `${describe(value)} has no elements to go through: it has no axes`);
  return Array.from({ length: n }, (_, k) => {
    step(site);
    return rowAt(site, value, k);
  });
};

const rowAt = (site: Site, value: TensorValue, index: number): TensorValue => {
  const { builder } = site.machine;
  const v = varOf(site, value);
  const { shape } = v.type;
  const part = builder.emit("slice", [v], {
    start: shape.map((_, k) => (k === 0 ? index : 0)),
    limit: shape.map((d, k) => (k === 0 ? index + 1 : d)),
    stride: shape.map(() => 1),
  });
  return element(site, value, staticValue(index), builder.reshape(part, shape.slice(1)));
};

/** x[i]: a row of axis 0. A static index is checked now, a staged one when the program runs. */
export const tensorIndex = (site: Site, value: TensorValue, index: Value): Value => {
  const size = value.v.type.shape[0];
  if (size === undefined)
    return refuse(site, "TSJ1052", `${describe(value)} can't be indexed: it has no axes`);
  if (isStatic(index)) return staticIndex(site, value, index.value, size);
  if (index.kind === "function" || index.kind === "object")
    return refuse(site, "TSJ1052", `${describe(index)} is no index`);
  const i = wholeIndex(site, lift(site, index, "the index"));
  const { builder } = site.machine;
  const row = builder.emit("gather", [varOf(site, value), i], { axis: 0, batch: 0, mode: "check" });
  return i.type.shape.length === 0
    ? element(site, value, index, row)
    : tensorOf(site, row, { hostArray: value.hostArray });
};

const staticIndex = (site: Site, value: TensorValue, index: unknown, size: number): Value => {
  const i = typeof index === "string" && index !== "" ? Number(index) : index;
  if (typeof i !== "number" || !Number.isInteger(i) || i < 0)
    return refuse(
      site,
      "TSJ1131",
      `\`x[${String(index)}]\` is undefined in JavaScript: an index is a whole number from 0`,
      typeof i === "number" && i < 0 ? `count from the start: x[x.length - ${-i}], or x.at(${i})` : null,
    );
  if (i >= size)
    return refuse(
      site,
      "TSJ1130",
      `index ${i} is out of range for ${describe(value)}: axis 0 has ${size} elements`,
    );
  return rowAt(site, value, i);
};

/** As i32; a number with a fraction becomes an index that the check refuses: JavaScript has no such element. */
const wholeIndex = (site: Site, index: TensorValue): Var => {
  const { builder } = site.machine;
  const v = varOf(site, index);
  const { dtype } = v.type;
  if (dtype === "bool")
    return refuse(site, "TSJ1131", "a boolean is no index", "np.where chooses by a condition");
  if (isInt(dtype)) return builder.cast(v, "i32");
  const whole = builder.eq(builder.floor(v), v);
  return builder.cast(builder.select(whole, v, builder.fill(v, NOT_WHOLE)), "i32");
};

/** `x.length` and friends on a number: library functions take numbers as arrays without axes. */
export const numberMember = (key: string): Value | null => {
  switch (key) {
    case "shape":
      return arrayOf([], "captured");
    case "ndim":
      return staticValue(0);
    case "size":
      return staticValue(1);
    case "dtype":
      return staticValue("f64");
    default:
      return null;
  }
};
