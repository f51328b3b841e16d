/** Tangents, cotangents and results of rules: trees that must have the structure and the types of what they belong to. */
import { isFloat, sameShape, typeText, type Var } from "../ir/types.js";
import { describe } from "./describe.js";
import { openHost } from "./hosts.js";
import { iterate } from "./iterate.js";
import { refuse, type Site } from "./machine.js";
import { constantOf, isLeaf, lift, varOf } from "./tensors.js";
import { mapStaged, stepText } from "./trees.js";
import { keysOf, type TensorValue, UNDEFINED, type Value } from "./values.js";

/** A tree and what messages call it: "the cotangent", and what it is like: "the result". */
interface Likeness {
  readonly what: string;
  readonly of: string;
}

const hasLeaves = (site: Site, tree: Value): boolean => {
  let found = false;
  mapStaged(site, tree, (leaf) => {
    found = true;
    return leaf;
  });
  return found;
};

const at = (path: string): string => (path === "" ? "" : ` at \`${path.replace(/^\./, "")}\``);

/**
 * The leaves of a tree, in the order of those of `like`, whose structure it must have. An array of plain numbers is one value in
 * compiled code; where `like` has an array of several, it is taken apart.
 */
export const leavesLike = (
  site: Site,
  given: Value,
  like: Value,
  names: Likeness,
  path = "",
): readonly TensorValue[] => {
  const { what, of } = names;
  if (!hasLeaves(site, like)) return [];
  const wanted = like.kind === "host" ? openHost(site, like) : like;
  const found = given.kind === "host" ? openHost(site, given) : given;
  const differ = (): never =>
    refuse(
      site,
      "TSJ3013",
      `${what} is ${describe(found)}${at(path)} where ${of} is ${describe(wanted)}`,
      `give it the structure of ${of}`,
    );
  if (wanted.kind === "array" && wanted.held.kind !== "staged" && constantOf(wanted) === null) {
    if (found.kind !== "array" && found.kind !== "tensor") return differ();
    const items = iterate(site, found);
    if (items.length !== wanted.items.length)
      refuse(
        site,
        "TSJ3013",
        `${what} has ${items.length} entries${at(path)} where ${of} is ${describe(wanted)}`,
      );
    return wanted.items.flatMap((item, k) =>
      leavesLike(site, items[k] ?? UNDEFINED, item, names, path + stepText(k)),
    );
  }
  if (wanted.kind === "object") {
    if (found.kind !== "object") return differ();
    const extra = keysOf(found).find((key) => !wanted.props.has(key));
    if (extra !== undefined)
      refuse(site, "TSJ3013", `${what} has \`${extra}\`${at(path)}, which ${of} lacks`);
    return keysOf(wanted).flatMap((key) => {
      const field = wanted.props.get(key) ?? UNDEFINED;
      const own =
        found.props.get(key) ??
        (hasLeaves(site, field) ? refuse(site, "TSJ3013", `${what} lacks \`${key}\`${at(path)}`) : UNDEFINED);
      return leavesLike(site, own, field, names, path + stepText(key));
    });
  }
  const isOne =
    found.kind === "tensor" ||
    (found.kind === "static" && isLeaf(found)) ||
    (found.kind === "array" && (found.held.kind === "staged" || constantOf(found) !== null));
  return isOne ? [lift(site, found, what)] : differ();
};

/** A tangent or cotangent in the type of what it belongs to. */
export const matchingLeaf = (site: Site, leaf: TensorValue, like: TensorValue, what: string): Var => {
  const v = varOf(site, leaf);
  const { dtype, shape } = like.v.type;
  const fits = sameShape(v.type.shape, shape) && isFloat(v.type.dtype);
  if (!fits || (!leaf.weak && v.type.dtype !== dtype))
    refuse(
      site,
      "TSJ3013",
      `${what} must be ${typeText(like.v.type)}, not ${typeText(v.type)}`,
      sameShape(v.type.shape, shape) ? `cast it: .astype("${dtype}")` : null,
    );
  return site.machine.builder.cast(v, dtype);
};
