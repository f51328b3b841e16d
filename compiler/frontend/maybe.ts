/** Values that are undefined or null on some paths: `x ?? 0`, `x === null`, and what JavaScript's operators make of them. */

import { describe } from "./describe.js";
import { refuse, type Site } from "./machine.js";
import { tensorOf, varOf } from "./tensors.js";
import {
  isNullish,
  isStatic,
  type Maybe,
  type StaticValue,
  staticValue,
  type TensorValue,
  type Value,
} from "./values.js";

/** Set where a value may be missing at run time. */
export const maybeOf = (value: Value): Maybe | null =>
  value.kind === "unmerged" ? (value.maybe ?? null) : null;

const bool = (site: Site, like: TensorValue, v: TensorValue["v"]): TensorValue =>
  tensorOf(site, v, { weak: true, needs: like.needs });

export const isMissing = (site: Site, { present }: Maybe): TensorValue =>
  bool(site, present, site.machine.builder.not(varOf(site, present)));

/** ToNumber: undefined is NaN, null is 0. */
export const numberOf = (site: Site, { present, value, missing }: Maybe): TensorValue | null => {
  const { builder: b } = site.machine;
  if (value.kind === "object" || (isStatic(value) && typeof value.value !== "number")) return null;
  const v = isStatic(value) ? b.scalar(Number(value.value), "f64") : varOf(site, value);
  const x = value.kind === "tensor" && value.weak ? b.cast(v, "f64") : v;
  if (x.type.dtype !== "f64" && x.type.dtype !== "f32") return null;
  const other = b.fill(x, missing.value === null ? 0 : Number.NaN);
  const chosen = b.select(varOf(site, present), x, other);
  return tensorOf(site, chosen, { weak: isStatic(value) || value.weak, needs: present.needs });
};

/** Stops the run where the value is missing, as JavaScript's TypeError does; gives the value. */
export const requirePresent = (site: Site, { present, value, missing }: Maybe, what: string): Value => {
  const { builder: b } = site.machine;
  b.emit("check", [varOf(site, present), b.scalar(0, "i32")], {
    code: "TSJ1051",
    message: `${what} of ${describe(missing)} is read here`,
  });
  return value;
};

const FALSE = staticValue(false);

/** `===` or, where `loose`, `==`, with an operand that may be missing. `equal` compares two values that are there. */
export const equalMaybe = (
  site: Site,
  a: Value,
  b: Value,
  loose: boolean,
  equal: (p: Value, q: Value) => Value,
): Value => {
  const { builder } = site.machine;
  const [p, q] = [maybeOf(a), maybeOf(b)];
  const same = (x: StaticValue, y: StaticValue): boolean => loose || x.value === y.value;
  if (p !== null && q !== null) {
    const neither = builder.and(varOf(site, isMissing(site, p)), varOf(site, isMissing(site, q)));
    const both = andEqual(site, [p, q], equal(p.value, q.value));
    if (!same(p.missing, q.missing)) return both;
    return both.kind === "tensor"
      ? bool(site, p.present, builder.or(neither, varOf(site, both)))
      : bool(site, p.present, neither);
  }
  const maybe = p ?? q;
  const other = p === null ? a : b;
  if (maybe === null) return refuse(site, "TSJ1052", "this is no truth value");
  if (isNullish(other) && isStatic(other)) return same(maybe.missing, other) ? isMissing(site, maybe) : FALSE;
  return andEqual(site, [maybe], p === null ? equal(other, maybe.value) : equal(maybe.value, other));
};

/** Whether all are there and equal. */
const andEqual = (site: Site, all: readonly Maybe[], equal: Value): Value => {
  const { builder } = site.machine;
  const [first] = all;
  if (first === undefined || (isStatic(equal) && equal.value === false)) return FALSE;
  const present = all.map((m) => varOf(site, m.present)).reduce((x, y) => builder.and(x, y));
  return bool(
    site,
    first.present,
    equal.kind === "tensor" ? builder.and(present, varOf(site, equal)) : present,
  );
};
