/** Conditions: decided while staging where they are known, else one staged truth value. */
import { isFloat } from "../ir/types.js";
import { describe } from "./describe.js";
import { isUnknown, unknownCondition } from "./faults.js";
import { NeedStatic, refuse, type Site } from "./machine.js";
import { maybeOf } from "./maybe.js";
import { needStatic } from "./reify.js";
import { derived, refuseUnmerged, varOf } from "./tensors.js";
import type { TensorValue, UnmergedValue, Value } from "./values.js";

/** Whether a condition holds, or a staged boolean of rank 0. `what` names it in messages. */
export const condition = (site: Site, value: Value, what = "the condition"): boolean | TensorValue => {
  if (value.kind === "static") return Boolean(value.value);
  if (isUnknown(value) && site.frame?.libraryScript === null && value.needs !== null)
    return unknownCondition(site, value.needs);
  if (value.kind === "unmerged") return maybeHolds(site, value, what);
  if (value.kind !== "tensor") return true;
  const { shape, dtype } = value.v.type;
  if (shape.length > 0)
    return refuse(
      site,
      "TSJ1101",
      `${what} is ${describe(value)}: an array is neither true nor false`,
      "np.where(condition, a, b) chooses element by element; np.any and np.all make one truth value",
    );
  if (value.holes) return refuseHole(site);
  // What the library tests is an argument that decides shapes.
  if (site.frame !== null && site.frame.libraryScript !== null) return needArgument(site, value);
  const { builder } = site.machine;
  const v = varOf(site, value);
  if (dtype === "bool") return value;
  const nonzero = builder.ne(v, builder.zerosLike(v));
  const holds = isFloat(dtype) ? builder.and(nonzero, builder.eq(v, v)) : nonzero;
  return derived(site, [value], holds, true);
};

/** An argument of a library function that decides a shape, an axis or a choice in it. */
const needArgument = (site: Site, value: TensorValue): never => {
  const [entered] = site.machine.entered;
  const what = entered === undefined ? "an argument of this function" : `an argument of \`${entered}\``;
  if (value.needs !== null && value.needs.length > 0) return needStatic(site, value, what);
  return refuse(
    site,
    "TSJ1102",
    `${what} must be known at compile time, because a shape or an axis depends on it, but it is computed at run time`,
  );
};

/** Where a value is there and true. */
const maybeHolds = (site: Site, value: UnmergedValue, what: string): boolean | TensorValue => {
  const maybe = maybeOf(value);
  if (maybe === null) return refuseUnmerged(site, value);
  const holds = condition(site, maybe.value, what);
  if (typeof holds === "boolean") return holds ? maybe.present : false;
  const { builder } = site.machine;
  return derived(
    site,
    [holds, maybe.present],
    builder.and(varOf(site, maybe.present), varOf(site, holds)),
    true,
  );
};

/** An element that may never have been set is undefined in JavaScript, which no number stands for. */
export const refuseHole = (site: Site): never =>
  refuse(
    site,
    "TSJ1103",
    "this element may be one that was never set: whether it is undefined is known only at run time",
    "fill the array when it is made: new Array(n).fill(0)",
  );

/** The way out where a length would depend on data. */
export const COUNTED =
  "give the array a fixed length and count what is used: const out = new Float64Array(n); let count = 0";

/** Whether a condition holds that must be decided while staging. */
export const truth = (
  site: Site,
  value: Value,
  what = "the condition",
  wayOut = "np.where(condition, a, b) computes both sides and chooses",
): boolean => {
  const holds = condition(site, value, what);
  if (typeof holds === "boolean") return holds;
  if (holds.needs !== null && holds.needs.length > 0) throw new NeedStatic(holds.needs);
  return refuse(
    site,
    "TSJ1100",
    `${what} is known only at run time, but the structure of the result depends on it`,
    wayOut,
  );
};
