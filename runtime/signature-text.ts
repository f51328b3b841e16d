/** Arguments in words: what a program was compiled for, and how another call differs from it. */
import { type TensorType, typeText } from "../compiler/ir/types.js";
import { type ArgumentNames, type HostLeaf, type Visitor, visitArgument } from "./signature.js";

/** One text per argument: `w: f32[784,128]`. */
export type ArgumentTexts = readonly string[];

const leafText = (leaf: HostLeaf, type: TensorType, weak: boolean, hostArray: boolean): string => {
  if (typeof leaf === "number") return "number";
  if (weak) return "number in a tensor";
  if (!hostArray) return typeText(type);
  return "elements" in leaf
    ? `number array [${type.shape.join(",")}]`
    : `${leaf.constructor.name}(${type.shape.join()})`;
};

/** A number or number array that a program takes as a constant. */
export const leafValueText = (leaf: HostLeaf | undefined): string => {
  if (typeof leaf !== "object") return String(leaf);
  return "elements" in leaf ? `[${leaf.elements.join(", ")}]` : "an array";
};

/** @param statics leaves that the program takes as constants: they are shown with their values */
export const argumentTexts = (
  args: readonly unknown[],
  names: ArgumentNames,
  statics: readonly number[],
): ArgumentTexts => {
  let leaves = 0;
  const visitor: Visitor<string> = {
    staged: (leaf, type, weak, hostArray) => {
      const text = leafText(leaf, type, weak, hostArray);
      return statics.includes(leaves++) ? `${text} = ${leafValueText(leaf)}` : text;
    },
    constant: (_, key) => key,
    array: (items) => `[${items.join(", ")}]`,
    object: (keys, fields) => `{ ${keys.map((key, k) => `${key}: ${fields[k]}`).join(", ")} }`,
  };
  return args.map(
    (arg, k) => `${names.at(k) ?? `argument ${k + 1}`}: ${visitArgument(arg, k, names, visitor)}`,
  );
};

/** `x: f32[2], before f32[3]` for each argument that is another one; the whole list where nothing shows a difference. */
export const differenceText = (now: ArgumentTexts, before: ArgumentTexts): string => {
  const count = Math.max(now.length, before.length);
  const changes = Array.from({ length: count }, (_, k) => {
    const [a, b] = [now[k], before[k]];
    if (a === b) return null;
    if (a === undefined) return `without ${b}`;
    return b === undefined ? `with ${a}` : `${a}, before ${b.replace(/^.*?: /, "")}`;
  }).filter((text) => text !== null);
  return changes.length === 0 ? `(${now.join(", ")})` : changes.join("; ");
};
