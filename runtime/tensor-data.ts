/** `tensor(data)`: arrays from JavaScript values. */
import { fail } from "../compiler/diagnostics.js";
import { register } from "../compiler/frontend/registry.js";
import { type DType, type Shape, sizeOf } from "../compiler/ir/types.js";
import type { Data } from "../compiler/ops/op.js";
import { newData } from "./arena.js";
import { readNested } from "./nested.js";
import { fromData, isTensor } from "./tensor.js";
import type { Tensor, TensorData, TypedArray } from "./types.js";

export interface TensorOptions<S extends Shape = Shape, D extends DType = DType> {
  /** Another shape for the same elements, row-major. */
  readonly shape?: S;
  /** Default: the typed array's own, bool for booleans, else f32. */
  readonly dtype?: D;
}

/** Elements, their shape, and the dtype that goes without saying. */
interface Raw {
  readonly elements: ArrayLike<number | boolean>;
  readonly shape: Shape;
  readonly dtype: DType;
}

const DTYPES: readonly DType[] = ["f32", "f64", "i32", "u32", "bool"];

/** Storage dtype of a typed array, or null for a kind that is not taken (64-bit integers, DataView). */
export const dtypeOfTyped = (x: ArrayBufferView): DType | null => {
  if (x instanceof Float32Array) return "f32";
  if (x instanceof Float64Array) return "f64";
  if (x instanceof Uint32Array) return "u32";
  if (
    x instanceof Int32Array ||
    x instanceof Int8Array ||
    x instanceof Uint8Array ||
    x instanceof Uint8ClampedArray ||
    x instanceof Int16Array ||
    x instanceof Uint16Array
  )
    return "i32";
  return null;
};

export const isTypedArray = (x: unknown): x is TypedArray =>
  ArrayBuffer.isView(x) && dtypeOfTyped(x) !== null;

const isElement = (x: unknown): x is number | boolean => typeof x === "number" || typeof x === "boolean";

const describe = (x: unknown): string =>
  x === null || x === undefined
    ? String(x)
    : typeof x === "object"
      ? `an object (${x.constructor?.name ?? "no prototype"})`
      : `a ${typeof x}`;

const notData = (x: unknown): never =>
  fail(
    "TSJ5030",
    "type",
    `tensor() takes numbers, booleans, typed arrays and nested arrays, not ${describe(x)}`,
  );

/** Walks to the first leaf that is no element, for the message. */
const firstStranger = (x: unknown): unknown => {
  if (!Array.isArray(x)) return x;
  for (const item of x) {
    if (isElement(item)) continue;
    const found: unknown = firstStranger(item);
    if (!isElement(found) && !(Array.isArray(item) && found === item)) return found;
  }
  return x;
};

const readData = (data: unknown): Raw => {
  if (typeof data === "number") return { elements: [data], shape: [], dtype: "f32" };
  if (typeof data === "boolean") return { elements: [data], shape: [], dtype: "bool" };
  if (isTensor(data)) return { elements: data.data, shape: data.shape, dtype: data.dtype };
  if (ArrayBuffer.isView(data)) {
    const dtype = dtypeOfTyped(data);
    if (dtype === null || !isTypedArray(data)) return notData(data);
    return { elements: data, shape: [data.length], dtype };
  }
  if (!Array.isArray(data)) return notData(data);
  const nested = readNested(data, isElement, "data") ?? notData(firstStranger(data));
  const booleans = nested.elements.filter((x) => typeof x === "boolean").length;
  if (booleans > 0 && booleans < nested.elements.length)
    return fail("TSJ5031", "type", "tensor() was given booleans and numbers in one array");
  return { elements: nested.elements, shape: nested.shape, dtype: booleans > 0 ? "bool" : "f32" };
};

const RANGE = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;

const isData = (x: object, dtype: DType): x is Data =>
  (dtype === "f32" && x instanceof Float32Array) ||
  (dtype === "f64" && x instanceof Float64Array) ||
  (dtype === "i32" && x instanceof Int32Array) ||
  (dtype === "u32" && x instanceof Uint32Array);

/** Copies with conversion; what an integer dtype cannot hold exactly is refused. */
const convert = (elements: ArrayLike<number | boolean>, dtype: DType): Data => {
  if (isData(elements, dtype)) return elements.slice();
  const data = newData(dtype, elements.length);
  if (dtype === "i32" || dtype === "u32") {
    const [low, high] = RANGE[dtype];
    for (let k = 0; k < elements.length; k++) {
      const x = Number(elements[k]);
      if (!Number.isInteger(x) || x < low || x > high)
        return fail("TSJ5032", "type", `element ${k} is ${x}, which ${dtype} cannot hold`);
      data[k] = x;
    }
  } else if (dtype === "bool") {
    for (let k = 0; k < elements.length; k++) data[k] = Number(elements[k]) !== 0 ? 1 : 0;
  } else {
    for (let k = 0; k < elements.length; k++) data[k] = Number(elements[k]);
  }
  return data;
};

const OPTIONS: readonly string[] = ["shape", "dtype"];
const checkOptions = (options: object): void => {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    fail("TSJ5036", "type", "tensor's options are an object: { shape, dtype }");
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined)
    fail("TSJ5037", "type", `tensor has no option ${JSON.stringify(unknown)}: it has ${OPTIONS.join(", ")}`);
};

const makeFrom = <const S extends Shape = Shape, D extends DType = DType>(
  data: TensorData,
  options: TensorOptions<S, D> = {},
): Tensor<NoInfer<S>, NoInfer<D>> => {
  checkOptions(options);
  const { elements, shape: own, dtype: natural } = readData(data);
  const dtype: DType = options.dtype ?? natural;
  if (!DTYPES.includes(dtype))
    return fail(
      "TSJ5033",
      "type",
      `there is no dtype ${JSON.stringify(dtype)}: use one of ${DTYPES.join(", ")}`,
    );
  const shape: Shape = options.shape ?? own;
  if (!Array.isArray(shape) || !shape.every((d) => Number.isInteger(d) && d >= 0))
    return fail("TSJ5034", "shape", `a shape is a list of whole numbers >= 0, not ${JSON.stringify(shape)}`);
  if (sizeOf(shape) !== elements.length)
    return fail(
      "TSJ5035",
      "shape",
      `shape [${shape.join(", ")}] has ${sizeOf(shape)} elements, but the data of shape [${own.join(", ")}] have ${elements.length}`,
    );
  // The literal types are what the options said; at run time they hold by construction.
  return fromData(convert(elements, dtype), dtype, [...shape]) as Tensor<S, D>;
};

/**
 * An array. Nested arrays and numbers give f32, booleans bool, typed arrays their own dtype; the data are copied.
 * Throws a diagnostic for ragged arrays, for what is no number, and where `shape` does not fit the number of elements.
 * @example
 * tensor([[1, 2], [3, 4]]); // f32[2,2]
 * tensor(new Float64Array(6), { shape: [2, 3] }); // f64[2,3]
 * tensor([0, 2], { dtype: "i32" });
 */
export const tensor = register(makeFrom, { kind: "intrinsic", id: "tensor" });
