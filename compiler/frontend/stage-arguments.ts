/** The values that a program's arguments have while it is staged. */
import { typeText, type Var } from "../ir/types.js";
import { hostFunction } from "./hosts.js";
import { type Machine, needKey } from "./machine.js";
import type { ArgLeaf, InputSource, StaticNumbers, Tree } from "./types.js";
import { arrayOf, nextSerial, objectOf, staticValue, type TensorValue, type Value } from "./values.js";

/** An argument's value: its leaves are parameters of the program, or numbers that are known. */
export const argument = (
  machine: Machine,
  tree: Tree<ArgLeaf>,
  label: string,
  inputs: Map<Var, InputSource>,
  staticLeaves: number[],
): Value => {
  switch (tree.kind) {
    case "array":
      return arrayOf(
        tree.items.map((item, k) => argument(machine, item, `${label}[${k}]`, inputs, staticLeaves)),
        "argument",
      );
    case "object":
      return objectOf(
        tree.fields.map(
          (field, k) =>
            [
              tree.keys[k] ?? "",
              argument(machine, field, `${label}.${tree.keys[k] ?? ""}`, inputs, staticLeaves),
            ] as const,
        ),
        "argument",
      );
    case "leaf":
      return argumentLeaf(machine, tree.leaf, label, inputs, staticLeaves);
    default: {
      const never: never = tree;
      return never;
    }
  }
};

const argumentLeaf = (
  machine: Machine,
  leaf: ArgLeaf,
  label: string,
  inputs: Map<Var, InputSource>,
  staticLeaves: number[],
): Value => {
  if (leaf.kind === "static")
    return typeof leaf.value === "function" ? hostFunction(leaf.value) : staticValue(leaf.value);
  const need = { kind: "arg", index: leaf.index } as const;
  if (leaf.value !== null && machine.statics.has(needKey(need))) {
    staticLeaves.push(leaf.index);
    return staticNumbers(leaf.value);
  }
  const v = machine.root.param(leaf.type);
  inputs.set(v, { kind: "arg", index: leaf.index });
  const value: TensorValue = {
    kind: "tensor",
    v,
    weak: leaf.weak,
    hostArray: leaf.hostArray,
    needs: leaf.value === null ? null : [need],
    origin: { label: `${label} is ${typeText(leaf.type)}`, span: null },
    builder: machine.root,
    fixed: "argument",
    born: nextSerial(),
    mayBe: [],
    store: leaf.store,
    holes: false,
    view: null,
    replaced: [],
  };
  if (leaf.hostArray && leaf.shared !== true && leaf.type.shape.length > 0) machine.owned.set(value, null);
  return value;
};

const staticNumbers = (value: StaticNumbers): Value =>
  typeof value === "number" ? staticValue(value) : arrayOf(value.map(staticNumbers), "argument");
