/** What `for..of`, spread and array patterns go through. */
import { openHost, wrapStatic } from "./hosts.js";
import { refuse, type Site } from "./machine.js";
import { rowsOf } from "./tensor-members.js";
import { describe, isStatic, type Value } from "./values.js";

/** Array.isArray: a number array of the caller's is one, typed arrays and tensors are none. */
export const isJsArray = (value: Value): boolean => {
  if (value.kind === "host" || value.kind === "static") return Array.isArray(value.value);
  if (value.kind === "tensor") return value.hostArray && value.v.type.dtype === "f64";
  return value.kind === "array";
};

/** The elements of an iterable; a staged array gives its rows. */
export const iterate = (site: Site, value: Value): readonly Value[] => {
  if (value.kind === "array") return value.items;
  if (value.kind === "tensor") return rowsOf(site, value);
  if (value.kind === "host") return iterate(site, openHost(site, value));
  if (isStatic(value)) {
    const { value: host } = value;
    if (typeof host === "string" || (typeof host === "object" && host !== null && Symbol.iterator in host))
      return Array.from(host as Iterable<unknown>, wrapStatic);
  }
  return refuse(site, "TSJ1050", `${describe(value)} is not iterable`);
};
