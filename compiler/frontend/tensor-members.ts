/** Properties, elements and rows of staged values. */
import { arrayMethod } from "./arrays.js";
import { callValue } from "./calls.js";
import { describe } from "./describe.js";
import { elementsOfTyped, filterItems } from "./filters.js";
import { hostFunction } from "./hosts.js";
import { isIteratorMethod, iteratorOf } from "./iterate.js";
import { refuse, type Site, step } from "./machine.js";
import { refuseFixed, requireWritable } from "./member-writes.js";
import { subarray } from "./parts.js";
import { readOut } from "./read-out.js";
import { tensorMethod } from "./registry.js";
import { STAGED_METHODS } from "./staged-methods.js";
import { STAGED_MUTATIONS } from "./staged-mutations.js";
import { derived, lift, tensorOf, varOf } from "./tensors.js";
import {
  arrayOf,
  builtin,
  isStatic,
  staticValue,
  type TensorValue,
  UNDEFINED,
  type Value,
} from "./values.js";
import { type Index, readElement, viewOf, wholeIndex, writeElement, writeRow } from "./views.js";

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
  const elements = readOut(site, value, key);
  if (elements !== null) return elements;
  return refuse(
    site,
    "TSJ1041",
    `${describe(value)} has no property \`${key}\` in compiled code`,
    hintFor(key),
  );
};

const hintFor = (key: string): string | null =>
  ["toFixed", "toPrecision", "toString", "toLocaleString"].includes(key)
    ? "values are known only at run time: read them outside of the compiled function"
    : null;

/** Array methods that are the same on the list of rows. */
const ROW_METHODS: ReadonlySet<string> = new Set(["concat", "flatMap", "join", "filter", "toSpliced"]);

/** Methods that change an array's length, or order it. */
const LENGTHENING: ReadonlySet<string> = new Set(["push", "pop", "shift", "unshift", "splice"]);

const rowMethod = (value: TensorValue, key: string): Value | null => {
  if (key === "subarray" && value.store !== null && value.v.type.shape.length === 1)
    return builtin(key, (args, at) => subarray(at, value, args));
  const method = Object.hasOwn(STAGED_METHODS, key) ? STAGED_METHODS[key] : undefined;
  if (method !== undefined) return builtin(key, (args, at) => method(at, value, args));
  const mutation = Object.hasOwn(STAGED_MUTATIONS, key) ? STAGED_MUTATIONS[key] : undefined;
  if (mutation !== undefined)
    return builtin(key, (args, at) => {
      requireWritable(at, value);
      return mutation(at, value, args);
    });
  if (isIteratorMethod(key)) return builtin(key, (_, at) => iteratorOf(at, value, key));
  if (LENGTHENING.has(key) && value.fixed !== null)
    return builtin(key, (_, at) => refuseFixed(at, value.fixed ?? "argument", "an element"));
  return ROW_METHODS.has(key)
    ? builtin(key, (args, at) => {
        const numbers = key === "filter" && value.hostArray && value.store === null;
        const accepted = numbers ? filterItems(at, value, args[0] ?? UNDEFINED) : null;
        if (accepted !== null) return accepted;
        const rows = rowsOf(at, value);
        const isNumbers = value.store === null || value.store === "f64";
        const list = isNumbers ? arrayOf(rows, "captured") : elementsOfTyped(rows);
        return callValue(at, arrayMethod(at, list, key), args);
      })
    : null;
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

/** A number of an array of rank 1, a view of one of higher rank. */
const rowAt = (site: Site, value: TensorValue, index: Index): TensorValue =>
  value.v.type.shape.length === 1 ? readElement(site, value, index) : viewOf(site, value, index);

/** x[i]: a row of axis 0. A static index is checked now, a staged one when the program runs. */
export const tensorIndex = (site: Site, value: TensorValue, index: Value): Value => {
  const size = value.v.type.shape[0];
  if (size === undefined)
    return refuse(site, "TSJ1052", `${describe(value)} can't be indexed: it has no axes`);
  if (isStatic(index)) return rowAt(site, value, staticIndex(site, value, index.value, size));
  if (index.kind === "function" || index.kind === "object")
    return refuse(site, "TSJ1052", `${describe(index)} is no index`);
  const at = lift(site, index, "the index");
  if (at.v.type.shape.length === 0) return rowAt(site, value, at);
  const { builder } = site.machine;
  const row = builder.emit("gather", [varOf(site, value), wholeIndex(site, at)], {
    axis: 0,
    batch: 0,
    mode: "check",
  });
  return tensorOf(site, row, { hostArray: value.hostArray });
};

/** x[i] = value, for an array that may be written to. */
export const setElement = (site: Site, x: TensorValue, index: Value, value: Value): undefined => {
  const size = x.v.type.shape[0];
  if (size === undefined)
    return refuse(site, "TSJ1052", `${describe(x)} has no elements to write to: it has no axes`);
  const at = isStatic(index) ? staticIndex(site, x, index.value, size) : lift(site, index, "the index");
  if (typeof at !== "number" && at.v.type.shape.length > 0)
    return refuse(site, "TSJ1052", `${describe(at)} is no index of one element`);
  if (x.v.type.shape.length === 1) {
    writeElement(site, x, at, value);
    return;
  }
  const row = lift(site, value, "the row");
  writeRow(site, x, at, row);
};

const staticIndex = (site: Site, value: TensorValue, index: unknown, size: number): number => {
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
  return i;
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
