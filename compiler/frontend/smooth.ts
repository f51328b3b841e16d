/** What derivatives are taken by: leaves of arguments, which must be floats, and how messages name them. */
import { isFloat, typeText } from "../ir/types.js";
import { refuse, type Site } from "./machine.js";
import { metaOf } from "./registry.js";
import { type FunctionNode, sourceOf } from "./source.js";
import { lift } from "./tensors.js";
import { mapStaged } from "./trees.js";
import type { TensorValue, Value } from "./values.js";

const nodeOf = (fn: Value): FunctionNode | null => {
  if (fn.kind !== "function") return null;
  const { callee } = fn;
  switch (callee.kind) {
    case "closure":
      return callee.node;
    case "transform":
      return nodeOf(callee.fn);
    case "host": {
      const meta = metaOf(callee.fn);
      if (meta !== undefined) return null;
      const { node } = sourceOf(callee.fn, { library: callee.libraryScript !== null });
      return "parameters" in node ? node : null;
    }
    case "class":
    case "builtin":
      return null;
    default: {
      const never: never = callee;
      return never;
    }
  }
};

/** The name of parameter `k` of a function; null where it has none of its own. */
const parameterName = ({ machine: { ts } }: Site, fn: Value, k: number): string | null => {
  const parameter = nodeOf(fn)?.parameters[k];
  if (parameter === undefined || parameter.dotDotDotToken !== undefined) return null;
  return ts.isIdentifier(parameter.name) ? parameter.name.text : null;
};

/** A leaf of argument `k` in words: `` `p.layers[0].w` (argument 1) ``. */
export const leafName = (site: Site, fn: Value, k: number, path = ""): string => {
  const name = parameterName(site, fn, k);
  if (name !== null) return `\`${name}${path}\` (argument ${k + 1})`;
  return path === "" ? `argument ${k + 1}` : `\`${path.replace(/^\./, "")}\` of argument ${k + 1}`;
};

export interface ByWhat {
  /** What differentiates: "grad". */
  readonly kind: string;
  readonly fn: Value;
  /** Whether it has `argnums`. */
  readonly chooses: boolean;
}

/** What to write instead of a leaf that is no float. */
const wayOut = ({ chooses }: ByWhat, leaf: TensorValue, path: string): string => {
  const { dtype } = leaf.v.type;
  const cast =
    leaf.weak || dtype === "bool"
      ? null
      : leaf.hostArray
        ? "pass a Float64Array or a Float32Array"
        : 'cast it: .astype("f32")';
  const leaveOut =
    path === ""
      ? chooses
        ? "name other arguments: { argnums: ... }"
        : "let the function capture it"
      : chooses
        ? "take it out of the tree, as an argument of its own"
        : "take it out of the tree, and let the function capture it";
  return cast === null ? leaveOut : `${cast}, or ${leaveOut}`;
};

/** The staged leaves of argument `k`, all floats; refuses others by their names. */
export const smoothLeavesOf = (site: Site, by: ByWhat, tree: Value, k: number): readonly TensorValue[] => {
  const leaves: TensorValue[] = [];
  mapStaged(site, tree, (value, path) => {
    const leaf = lift(site, value, `argument ${k + 1} of ${by.kind}`);
    const { type } = leaf.v;
    if (!isFloat(type.dtype))
      refuse(
        site,
        "TSJ3012",
        `${by.kind} can't differentiate by ${leafName(site, by.fn, k, path)}: it holds ${typeText(type)}, and only f32 and f64 vary smoothly`,
        wayOut(by, leaf, path),
      );
    leaves.push(leaf);
    return value;
  });
  return leaves;
};
