/** Values in words, for messages. */
import { type Callee, lengthOf, type Value } from "./values.js";

/** What a value is, in words for messages. */
export const describe = (value: Value): string => {
  switch (value.kind) {
    case "static":
      return typeof value.value === "string" ? JSON.stringify(value.value) : describeStatic(value.value);
    case "tensor": {
      const { dtype, shape } = value.v.type;
      if (value.weak) return dtype === "bool" ? "a boolean" : "a number";
      return shape.length === 0
        ? `${dtype === "u32" || dtype === "bool" ? "a" : "an"} ${dtype} scalar`
        : `${dtype}[${shape.join(", ")}]`;
    }
    case "array":
      return value.held.kind === "grown" && value.held.length.base !== null
        ? "an array whose length is known only at run time"
        : `an array of ${lengthOf(value)}`;
    case "object":
      return value.type === null || value.type.isLiteral === true ? "an object" : `a ${value.type.name}`;
    case "host":
      return Array.isArray(value.value) ? "a captured array" : "a captured object";
    case "function":
      return describeFunction(value.callee);
    case "unmerged":
      return "a value that differs between paths";
    default: {
      const never: never = value;
      return never;
    }
  }
};

const describeFunction = (callee: Callee): string => {
  if (callee.kind === "class") return `the class ${callee.type.name}`;
  const name = callee.kind === "host" ? callee.fn.name : callee.kind === "transform" ? "" : callee.name;
  return name === "" ? "a function" : `the function \`${name}\``;
};

const describeStatic = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? `a ${value.constructor?.name ?? "host object"}`
    : typeof value === "symbol" || typeof value === "function"
      ? `a ${typeof value}`
      : typeof value === "bigint"
        ? `the bigint ${value}n`
        : Object.is(value, -0)
          ? "-0"
          : String(value);
