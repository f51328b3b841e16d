/** `new`: the language's own arrays, errors and collections. */
import type { DType } from "../ir/types.js";
import { instantiate } from "./classes.js";
import { describe } from "./describe.js";
import { requirePure } from "./faults.js";
import { refuseEffect } from "./host-effects.js";
import { refuse, type Site } from "./machine.js";
import { isKnown, toHost } from "./reify.js";
import { nameOf } from "./source.js";
import { storedNumber, storedVar } from "./stores.js";
import { constantOf, constantVar, lift, tensorOf, varOf } from "./tensors.js";
import type { AnyFunction } from "./types.js";
import { arrayOf, isStatic, nextSerial, type Store, staticValue, UNDEFINED, type Value } from "./values.js";

/** Typed arrays: the dtype that holds their elements and how they convert what is stored. */
const TYPED: ReadonlyMap<unknown, { readonly dtype: DType; readonly store: Store }> = new Map<
  unknown,
  { readonly dtype: DType; readonly store: Store }
>([
  [Float32Array, { dtype: "f32", store: "f32" }],
  [Float64Array, { dtype: "f64", store: "f64" }],
  [Int8Array, { dtype: "i32", store: "i8" }],
  [Uint8Array, { dtype: "i32", store: "u8" }],
  [Uint8ClampedArray, { dtype: "i32", store: "u8c" }],
  [Int16Array, { dtype: "i32", store: "i16" }],
  [Uint16Array, { dtype: "i32", store: "u16" }],
  [Int32Array, { dtype: "i32", store: "i32" }],
  [Uint32Array, { dtype: "u32", store: "u32" }],
]);

/** Whether a function makes typed arrays. */
export const isTyped = (fn: AnyFunction): boolean => TYPED.has(fn);

const isError = (fn: AnyFunction): boolean => fn === Error || fn.prototype instanceof Error;

export const construct = (site: Site, callee: Value, args: readonly Value[]): Value => {
  const instance = instantiate(site, callee, args);
  if (instance !== null) return instance;
  if (callee.kind !== "function" || callee.callee.kind !== "host")
    return refuse(site, "TSJ1040", `\`new\` on ${describe(callee)} is not compiled`);
  const { fn } = callee.callee;
  if (fn === Array) return newArray(site, args);
  if (isTyped(fn)) return typedArray(site, fn, args[0] ?? UNDEFINED);
  const known = isError(fn) || fn === Set || fn === Map || fn === RegExp;
  refuseEffect(site, fn);
  if (!known)
    return refuse(site, "TSJ1040", `\`new ${fn.name}\` is not compiled`, "use plain objects and functions");
  if (!isKnown(site, arrayOf(args)))
    return refuse(site, "TSJ1031", `\`new ${fn.name}\` can't take a value that is known only at run time`);
  requirePure(site, fn);
  const host = args.map((a) => toHost(site, a, `an argument of ${fn.name}`));
  const made = Reflect.construct(fn as unknown as new (...xs: unknown[]) => object, host);
  site.machine.made.set(made, nextSerial());
  return staticValue(made);
};

/** `Array(n)` and `new Array(...)`. */
export const newArray = (site: Site, args: readonly Value[]): Value => {
  const [only] = args;
  const isLength =
    args.length === 1 &&
    only !== undefined &&
    (only.kind === "tensor" || (isStatic(only) && typeof only.value === "number"));
  if (!isLength) return arrayOf(args);
  const n = toHost(site, only, "the length of an array") as number;
  if (!Number.isInteger(n) || n < 0) return refuse(site, "TSJ1120", `${n} is no length of an array`);
  return arrayOf(Array.from({ length: n }, () => UNDEFINED));
};

/** A typed array as a staged array: zeros, or a copy of the elements given. */
export const typedArray = (site: Site, fn: AnyFunction, source: Value): Value => {
  const kind = TYPED.get(fn);
  if (kind === undefined) return refuse(site, "TSJ1040", `\`new ${nameOf(fn)}\` is not compiled`);
  const { dtype, store } = kind;
  const options = { hostArray: true, store };
  const filled = (n: number): Value => {
    if (!Number.isInteger(n) || n < 0) return refuse(site, "TSJ1120", `${n} is no length of an array`);
    return tensorOf(site, site.machine.builder.splat(0, { dtype, shape: [n] }), options);
  };
  if (isStatic(source) && typeof source.value === "number") return filled(source.value);
  if (isStatic(source) && source.value === undefined) return filled(0);
  const constant = constantOf(source);
  if (constant !== null && constant.shape.length === 1) {
    const stored = constant.data.map((x) => storedNumber(store, x));
    return tensorOf(site, constantVar(site, { ...constant, data: stored }, dtype), options);
  }
  if (source.kind === "tensor" && source.v.type.shape.length === 0)
    return filled(toHost(site, source, `the length of ${nameOf(fn)}`) as number);
  const x = lift(site, source, `what ${nameOf(fn)} is made of`);
  const { shape } = x.v.type;
  if (shape.length !== 1)
    return refuse(site, "TSJ2103", `${nameOf(fn)} is made of ${describe(x)}, which has not one axis`);
  return tensorOf(site, storedVar(site, store, varOf(site, x)), { ...options, needs: x.needs });
};
