/** Parts of arrays: copies and shared ones, with bounds that are known or that move by known steps. */
import type { Var } from "../ir/types.js";
import { isIntegral } from "./integral.js";
import { isJsArray, itemsOf } from "./iterate.js";
import { constantDistance } from "./linear.js";
import type { Site } from "./machine.js";
import { toNumber } from "./reify.js";
import { settled } from "./settled.js";
import { stagedArray } from "./staged-arrays.js";
import { tensorOf, varOf } from "./tensors.js";
import { type ArrayValue, arrayOf, isStatic, type TensorValue, UNDEFINED, type Value } from "./values.js";
import { checkBounds, partView, wholeIndex } from "./views.js";

export type Receiver = ArrayValue | TensorValue;
export type Method = (site: Site, self: Receiver, args: readonly Value[]) => Value;

const at = (args: readonly Value[], k: number): Value => args[k] ?? UNDEFINED;

/** ToIntegerOrInfinity of an argument that must be known. */
export const integer = (site: Site, value: Value, missing: number): number => {
  if (isStatic(value) && value.value === undefined) return missing;
  return Math.trunc(toNumber(site, value, "an index")) || 0;
};
/** The bounds of slice and fill, which must be known. */
export const range = (
  site: Site,
  args: readonly Value[],
  from: number,
  n: number,
): readonly [number, number] => {
  const relative = (value: Value, missing: number): number => {
    if (isStatic(value) && value.value === undefined) return missing;
    const k = integer(site, value, 0);
    return k < 0 ? Math.max(0, n + k) : Math.min(k, n);
  };
  return [relative(at(args, from), 0), relative(at(args, from + 1), n)];
};

/**
 * Bounds that are known only at run time, but the distance of which is known: `x.slice(i * 3, i * 3 + 3)`. The run stops where
 * JavaScript would give fewer elements.
 */
export const movingRange = (
  site: Site,
  args: readonly Value[],
  n: number,
): { readonly start: TensorValue; readonly count: number } | null => {
  const { machine } = site;
  const [start, stop] = [at(args, 0), at(args, 1)];
  if (start.kind !== "tensor" || stop.kind !== "tensor" || !start.weak || !stop.weak) return null;
  const [a, b] = [varOf(site, start), varOf(site, stop)];
  const count = constantDistance(machine, a, b);
  if (count === null || count < 0 || !Number.isInteger(count) || !isIntegral(machine, a)) return null;
  const first = wholeIndex(site, start);
  checkBounds(site, first, n - count + 1, `a part of ${count} at {} does not fit an array of ${n}`);
  return { start: tensorOf(site, first), count };
};

/** `x.subarray(start, stop)`: shares the elements. */
export const subarray = (site: Site, x: TensorValue, args: readonly Value[]): Value => {
  const [n = 0] = x.v.type.shape;
  const moving = movingRange(site, args, n);
  if (moving !== null) return partView(site, x, moving.start, moving.count);
  const [start, stop] = range(site, args, 0, n);
  return partView(site, x, start, Math.max(0, stop - start));
};

export const contentOf = (site: Site, self: Receiver): TensorValue | null => {
  if (self.kind === "tensor") return self;
  const { held } = settled(site, self);
  return held.kind === "staged" ? held.rows : null;
};

/** A part of an array as a copy of the same kind. */
export const slice: Method = (site, self, args) => {
  const x = contentOf(site, self);
  if (x === null) return UNDEFINED;
  const v = varOf(site, x);
  const { shape } = v.type;
  const moving = shape.length === 1 ? movingRange(site, args, shape[0] ?? 0) : null;
  if (moving !== null) {
    const block = site.machine.builder.emit("dynamicSlice", [v, moving.start.v], {
      sizes: [moving.count],
      mode: "clamp",
    });
    return copyLike(site, self, x, block);
  }
  const [start, stop] = range(site, args, 0, shape[0] ?? 0);
  const isPlain = self.kind === "array" || (x.hostArray && x.store === null);
  if (isPlain && shape.length > 1) {
    // A shallow copy has the same rows.
    const items = itemsOf(site, self);
    return arrayOf(Array.from({ length: Math.max(0, stop - start) }, (_, k) => items.at(site, start + k)));
  }
  const { builder } = site.machine;
  const part =
    start === 0 && stop === shape[0]
      ? v
      : builder.emit("slice", [v], {
          start: shape.map((_, k) => (k === 0 ? start : 0)),
          limit: shape.map((d, k) => (k === 0 ? Math.max(start, stop) : d)),
          stride: shape.map(() => 1),
        });
  return copyLike(site, self, x, part);
};

/** Elements of an array as a new array of the same kind. */
const copyLike = (site: Site, self: Receiver, x: TensorValue, part: Var): Value => {
  const { weak, hostArray, store, needs, holes } = x;
  const isPlain = self.kind === "array" || (hostArray && store === null);
  if (!isPlain) return tensorOf(site, part, { weak, hostArray, store, needs });
  return stagedArray(site, tensorOf(site, part, { weak: true, hostArray: true, needs, holes }));
};

export const reversed: Method = (site, self) => {
  const x = contentOf(site, self);
  if (x === null) return UNDEFINED;
  const isPlain = self.kind === "array" || (x.hostArray && x.store === null);
  if (isPlain && x.v.type.shape.length > 1) {
    const items = itemsOf(site, self);
    const n = items.length();
    return arrayOf(Array.from({ length: n }, (_, k) => items.at(site, n - 1 - k)));
  }
  const { weak, hostArray, store } = x;
  const v = site.machine.builder.emit("reverse", [varOf(site, x)], { axes: [0] });
  return isPlain
    ? stagedArray(site, tensorOf(site, v, { weak: true, hostArray: true }))
    : tensorOf(site, v, { weak, hostArray, store });
};

/** A regular array of arrays as one array, where its numbers are the items then. */
export const flat: Method = (site, self, args) => {
  const x = contentOf(site, self);
  const depth = integer(site, at(args, 0), 1);
  if (x === null || (x.store !== null && self.kind === "tensor") || x.v.type.shape.length - 1 !== depth) {
    const list = flattened(site, self, depth);
    return arrayOf(list);
  }
  const v = site.machine.builder.reshape(varOf(site, x), [x.v.type.shape.reduce((n, d) => n * d, 1)]);
  return stagedArray(
    site,
    tensorOf(site, v, { weak: true, hostArray: true, needs: x.needs, holes: x.holes }),
  );
};
const flattened = (site: Site, self: Receiver, depth: number): readonly Value[] => {
  const items = itemsOf(site, self);
  return Array.from({ length: items.length() }, (_, k) => items.at(site, k)).flatMap((item) => {
    const isArray =
      item.kind === "array" || (isJsArray(item) && item.kind === "tensor" && item.v.type.shape.length > 0);
    return isArray && depth > 0 ? flattened(site, item as Receiver, depth - 1) : [item];
  });
};
