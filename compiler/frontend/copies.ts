/** `structuredClone` of what the program holds. */
import { openHost } from "./hosts.js";
import { iterate } from "./iterate.js";
import { refuse, type Site } from "./machine.js";
import { stagedArray } from "./staged-arrays.js";
import { refuseUnmerged, requireMerged, tensorOf, varOf } from "./tensors.js";
import { arrayOf, keysOf, objectOf, staticValue, type TensorValue, UNDEFINED, type Value } from "./values.js";

const copyOfTensor = (site: Site, value: TensorValue): TensorValue => {
  const { weak, hostArray, store, needs, holes } = value;
  return tensorOf(site, varOf(site, value), { weak, hostArray, store, needs, holes });
};

/** A copy that shares nothing with the original; what is there twice is there twice in the copy. */
export const deepCopy = (site: Site, value: Value, seen: Map<Value, Value>): Value => {
  const before = seen.get(value);
  if (before !== undefined) return before;
  const done = <T extends Value>(copy: T): T => {
    seen.set(value, copy);
    return copy;
  };
  switch (value.kind) {
    case "static":
      return typeof value.value === "symbol"
        ? refuse(site, "TSJ1052", "structuredClone copies no symbols")
        : staticValue(structuredClone(value.value));
    case "tensor":
      return done(copyOfTensor(site, value));
    case "array": {
      requireMerged(site, value);
      if (value.held.kind === "staged" && value.held.rows.v.type.shape.length === 1)
        return done(stagedArray(site, copyOfTensor(site, value.held.rows)));
      const copy = done(arrayOf([]));
      for (const item of iterate(site, value)) copy.items.push(deepCopy(site, item, seen));
      return copy;
    }
    case "object": {
      requireMerged(site, value);
      const copy = done(objectOf([]));
      for (const key of keysOf(value))
        copy.props.set(key, deepCopy(site, value.props.get(key) ?? UNDEFINED, seen));
      return copy;
    }
    case "host":
      return deepCopy(site, openHost(site, value), seen);
    case "function":
      return refuse(site, "TSJ1052", "structuredClone copies no functions");
    case "unmerged":
      return refuseUnmerged(site, value);
    default: {
      const never: never = value;
      return never;
    }
  }
};
