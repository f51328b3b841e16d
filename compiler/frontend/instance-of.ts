/** `instanceof`. */
import { isInstance, nativeBaseOf } from "./classes.js";
import { pinIdentity } from "./hosts.js";
import { refuse, type Site } from "./machine.js";
import { refuseUnmerged } from "./tensors.js";
import { staticValue, type Value } from "./values.js";

export const instanceOf = (site: Site, value: Value, type: Value): Value => {
  if (value.kind === "unmerged") return refuseUnmerged(site, value);
  const instance = isInstance(site, value, type);
  if (instance !== null) return staticValue(instance);
  if (type.kind !== "function" || type.callee.kind !== "host")
    return refuse(site, "TSJ1040", "`instanceof` needs a class that is known");
  const { fn } = type.callee;
  if (value.kind === "static") return staticValue(value.value instanceof (fn as unknown as new () => object));
  if (value.kind === "host") {
    pinIdentity(site, value);
    return staticValue(value.value instanceof (fn as unknown as new () => object));
  }
  if (value.kind === "array") return staticValue(fn === Array || fn === Object);
  if (value.kind === "object") {
    const base = nativeBaseOf(value.type);
    return staticValue(fn === Object || (base !== null && (base === fn || base.prototype instanceof fn)));
  }
  if (value.kind === "function") return staticValue(fn === Function || fn === Object);
  return refuse(
    site,
    "TSJ1040",
    "`instanceof` on a staged value is not compiled",
    "look at x.dtype and x.shape",
  );
};
