/** A captured variable's value in the form that it has at a call: arrays are hidden arguments, objects belong to others. */
import type { ts } from "ts-morph";
import { isUnknownNeeds } from "../frontend/faults.js";
import { wrapHost, wrapStatic } from "../frontend/hosts.js";
import { refuse, type Site } from "../frontend/machine.js";
import { namespaceOf } from "../frontend/registry.js";
import { isKnown, toHost } from "../frontend/reify.js";
import { typescript } from "../frontend/ts.js";
import {
  arrayOf,
  builtin,
  keysOf,
  objectOf,
  type Place,
  type TensorValue,
  UNDEFINED,
  type UnmergedValue,
  type Value,
} from "../frontend/values.js";
import { mayChange } from "./changes.js";
import { declarationsIn } from "./declarations.js";
import type { Module } from "./project.js";

/** A function or namespace of the package. */
export const libraryMember = (value: unknown): Value => wrapStatic(value);

const placeOf = (name: string, value: unknown): Place => ({
  fn: 0,
  name,
  path: [],
  library: null,
  mutable: false,
  read: () => value,
});

/** Functions of the package and of the language do not change their arguments. */
const isHarmless =
  (tree: ts.SourceFile) =>
  (callee: ts.Expression): boolean => {
    const t = typescript();
    let root = callee;
    while (t.isPropertyAccessExpression(root)) root = root.expression;
    if (!t.isIdentifier(root)) return false;
    const declaration = declarationsIn(tree).get(root.text);
    if (declaration === undefined) return root.text !== "Object" && Object.hasOwn(globalThis, root.text);
    return declaration.kind === "import" && declaration.specifier === "tsc-jit";
  };

/** Another name for what a staged array holds, as an argument of the program. */
const hiddenArgument = ({ machine }: Site, name: string, value: TensorValue): TensorValue => {
  const { dtype, shape } = value.v.type;
  return {
    ...value,
    v: machine.root.param(value.v.type),
    builder: machine.root,
    needs: null,
    origin: { label: `captured \`${name}\` is ${dtype}[${shape.join(", ")}]`, span: null },
    fixed: "captured",
    view: null,
    replaced: [],
    mayBe: [],
  };
};

/** An array or object of the program around, of which no more is known: it may not be written to. */
const contentUnknown = (kind: "array" | "object", unknown: UnmergedValue): Value => {
  const value = kind === "array" ? arrayOf([], "captured") : objectOf([], "captured");
  value.spoilt = unknown;
  return value;
};

/** What the language made of a function is a native function, and a bound one hides its source. */
const nativeOf = (name: string, unknown: Value): Value =>
  name === "bound"
    ? builtin(name, (_, at) =>
        refuse(
          at,
          "TSJ1002",
          "this is a bound function: JavaScript hides its source",
          "wrap it: (...args) => original.call(self, ...args), or call the original function",
        ),
      )
    : unknown;

/** The value as compiled code sees it; `unknown` where it may be another one at a call. */
export const capturedValue = (
  site: Site,
  module: Module,
  name: string,
  value: Value,
  unknown: UnmergedValue,
): Value => {
  const visit = (at: Value): Value => {
    switch (at.kind) {
      case "static": {
        const { value: host } = at;
        const isPlain = typeof host !== "object" || host === null || namespaceOf(host) !== undefined;
        return isPlain ? at : wrapHost(site, host, placeOf(name, host));
      }
      case "tensor":
        return at.weak && at.v.type.shape.length === 0 ? unknown : hiddenArgument(site, name, at);
      case "unmerged":
        return isUnknownNeeds(at.needs) ? unknown : at;
      case "array":
      case "object": {
        if (at.spoilt !== null) return unknown;
        if (mayChange(module.tree, name, isHarmless(module.tree))) return contentUnknown(at.kind, unknown);
        if (isKnown(site, at) && (at.kind === "array" || at.type === null)) {
          const host = toHost(site, at, name) as object;
          return wrapHost(site, host, placeOf(name, host));
        }
        if (at.kind === "array") return arrayOf(at.items.map(visit), "captured");
        return objectOf(
          keysOf(at).map((key) => [key, visit(at.props.get(key) ?? UNDEFINED)] as const),
          "captured",
          at.type,
        );
      }
      case "function":
        return at.callee.kind === "builtin" ? nativeOf(at.callee.name, unknown) : at;
      case "host":
        return at;
      default: {
        const never: never = at;
        return never;
      }
    }
  };
  return visit(value);
};
