/** `new`: the language's own arrays, errors and collections. */
import type { DType, Shape } from "../ir/types.js";
import { isFloat } from "../ir/types.js";
import { refuse, type Site } from "./machine.js";
import { isKnown, toHost } from "./reify.js";
import { nameOf } from "./source.js";
import { constantOf, constantVar, derived, lift, tensorOf } from "./tensors.js";
import type { AnyFunction } from "./types.js";
import { arrayOf, describe, isStatic, staticValue, UNDEFINED, type Value } from "./values.js";

/** Typed arrays that are arrays of the IR. */
const TYPED: ReadonlyMap<unknown, DType> = new Map<unknown, DType>([
  [Float32Array, "f32"],
  [Float64Array, "f64"],
  [Int32Array, "i32"],
  [Uint32Array, "u32"],
]);

const isError = (fn: AnyFunction): boolean => fn === Error || fn.prototype instanceof Error;

export const construct = (site: Site, callee: Value, args: readonly Value[]): Value => {
  if (callee.kind !== "function" || callee.callee.kind !== "host")
    return refuse(site, "TSJ1040", `\`new\` on ${describe(callee)} is not compiled`);
  const { fn } = callee.callee;
  if (fn === Array) return newArray(site, args);
  const dtype = TYPED.get(fn);
  if (dtype !== undefined) return typedArray(site, dtype, args[0] ?? UNDEFINED, nameOf(fn));
  const known = isError(fn) || fn === Set || fn === Map || fn === RegExp;
  if (!known)
    return refuse(site, "TSJ1040", `\`new ${fn.name}\` is not compiled`, "use plain objects and functions");
  if (!isKnown(site, arrayOf(args)))
    return refuse(site, "TSJ1031", `\`new ${fn.name}\` can't take a value that is known only at run time`);
  const host = args.map((a) => toHost(site, a, `an argument of ${fn.name}`));
  return staticValue(Reflect.construct(fn as unknown as new (...xs: unknown[]) => object, host));
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

/** A typed array as a staged array: zeros, or the elements given. */
const typedArray = (site: Site, dtype: DType, source: Value, name: string): Value => {
  const hostArray = !isFloat(dtype);
  const filled = (shape: Shape): Value =>
    tensorOf(site, site.machine.builder.splat(0, { dtype, shape }), { hostArray });
  if (isStatic(source) && typeof source.value === "number") return filled([source.value]);
  if (isStatic(source) && source.value === undefined) return filled([0]);
  const constant = constantOf(source);
  if (constant !== null && constant.shape.length === 1) {
    const stored = Array.from(STORE[dtype](constant.data));
    return tensorOf(site, constantVar(site, { ...constant, data: stored }, dtype), { hostArray });
  }
  if (source.kind === "tensor" && source.v.type.shape.length === 0)
    return filled([toHost(site, source, `the length of ${name}`) as number]);
  const x = lift(site, source, `what ${name} is made of`);
  if (hostArray && x.v.type.dtype !== dtype)
    return refuse(
      site,
      "TSJ1041",
      `${name} of ${describe(x)} is not compiled`,
      "x.astype('i32') converts and checks",
    );
  return derived(site, [x], site.machine.builder.cast(x.v, dtype), false);
};

/** JavaScript's conversion on storing. */
const STORE: Readonly<Record<DType, (data: readonly number[]) => Iterable<number>>> = {
  f32: (d) => Float32Array.from(d),
  f64: (d) => Float64Array.from(d),
  i32: (d) => Int32Array.from(d),
  u32: (d) => Uint32Array.from(d),
  bool: (d) => d.map((x) => Number(x !== 0)),
};
