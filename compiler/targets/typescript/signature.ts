/** How a printed function is called: the types of its parameters and of what it gives, and what it refuses. */
import { internal } from "../../diagnostics.js";
import type { Store, Tree } from "../../frontend/types.js";
import { type Expr, index, member, name as nameExpr, num, type Stmt } from "./code.js";
import { stmtText } from "./layout.js";
import type { Parameter, Passed, PrintRequest, ResultLeaf } from "./program.js";

export const STORES: Readonly<Record<Store, string>> = {
  f32: "Float32Array",
  f64: "Float64Array",
  i8: "Int8Array",
  u8: "Uint8Array",
  u8c: "Uint8ClampedArray",
  i16: "Int16Array",
  u16: "Uint16Array",
  i32: "Int32Array",
  u32: "Uint32Array",
};

export const passedText = ({ type, store: kind }: Passed, readonly: boolean): string => {
  if (type.shape.length === 0) return type.dtype === "bool" ? "boolean" : "number";
  if (kind !== null) return STORES[kind];
  const element = type.dtype === "bool" ? "boolean" : "number";
  const of = readonly ? "readonly " : "";
  return type.shape
    .reduce((inner, _, k) => (k === 0 ? `${of}${inner}[]` : `${of}(${inner})[]`), element)
    .replaceAll(`(${element}[])`, `${element}[]`);
};

/** `readonly (readonly number[])[]` */
const nestedText = (element: string, rank: number): string =>
  rank === 1 ? `readonly ${element}[]` : `readonly (${nestedText(element, rank - 1)})[]`;

const parameterText = (passed: Passed): string =>
  passed.store === null && passed.type.shape.length > 0
    ? nestedText(passed.type.dtype === "bool" ? "boolean" : "number", passed.type.shape.length)
    : passedText(passed, true);

const keyText = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));

/** `{ x: number; y: number }[]`, `[number, string]` */
const treeText = <L>(tree: Tree<L>, leaf: (l: L) => string, readonly: boolean): string => {
  switch (tree.kind) {
    case "leaf":
      return leaf(tree.leaf);
    case "array": {
      const items = tree.items.map((t) => treeText(t, leaf, readonly));
      const [first] = items;
      const isLong = items.length > 2 && /[[{]/.test(first ?? "");
      if (isLong && items.every((t) => t === first))
        return readonly
          ? `readonly ${/^readonly /.test(first ?? "") ? `(${first})` : first}[]`
          : `${first}[]`;
      return `[${items.join(", ")}]`;
    }
    case "object":
      return `{ ${tree.keys.map((k, i) => `${keyText(k)}: ${treeText(tree.fields[i] ?? internal("a field is missing"), leaf, readonly)}`).join("; ")} }`;
    default: {
      const never: never = tree;
      return never;
    }
  }
};

const knownType = (value: unknown): string =>
  value === null
    ? "null"
    : value === undefined
      ? "undefined"
      : typeof value === "function"
        ? "unknown"
        : typeof value;

/** The parts of a parameter with how they are reached. */
export const leavesOf = <L>(tree: Tree<L>, at: Expr): readonly (readonly [L, Expr])[] => {
  switch (tree.kind) {
    case "leaf":
      return [[tree.leaf, at]];
    case "array":
      return tree.items.flatMap((t, k) => leavesOf(t, index(at, num(k))));
    case "object":
      return tree.fields.flatMap((t, k) => leavesOf(t, member(at, tree.keys[k] ?? "")));
    default: {
      const never: never = tree;
      return never;
    }
  }
};

/** `p_x` of `p.x`. */
export const pathName = (e: Expr): string =>
  e.kind === "member"
    ? `${pathName(e.x)}_${e.name}`
    : e.kind === "index"
      ? `${pathName(e.x)}_${stripped(e.at)}`
      : stripped(e);

/** How many items a list of objects must have. */
const lengthsOf = <L>(tree: Tree<L>, at: Expr): readonly (readonly [number, Expr])[] => {
  switch (tree.kind) {
    case "leaf":
      return [];
    case "array":
      return [[tree.items.length, at], ...tree.items.flatMap((t, k) => lengthsOf(t, index(at, num(k))))];
    case "object":
      return tree.fields.flatMap((t, k) => lengthsOf(t, member(at, tree.keys[k] ?? "")));
    default: {
      const never: never = tree;
      return never;
    }
  }
};

/** What the text was printed for is what it may be called with. */
export const guards = (request: PrintRequest): readonly Stmt[] =>
  request.parameters.flatMap(({ name, tree }) => [
    ...lengthsOf(tree, nameExpr(name)).map(([n, at]) => unless(request.name, member(at, "length"), num(n))),
    ...leavesOf(tree, nameExpr(name)).flatMap(([leaf, at]): readonly Stmt[] => {
      if (leaf.kind === "known") {
        if (
          typeof leaf.value !== "number" &&
          typeof leaf.value !== "string" &&
          typeof leaf.value !== "boolean"
        )
          return [];
        return [unless(request.name, at, literal(leaf.value))];
      }
      const { shape } = leaf.passed.type;
      return shape.map((n, axis) =>
        unless(
          request.name,
          member(index(at, ...Array.from({ length: axis }, () => num(0))), "length"),
          num(n),
        ),
      );
    }),
  ]);

export const literal = (value: number | string | boolean): Expr =>
  typeof value === "number"
    ? num(value)
    : typeof value === "string"
      ? { kind: "text", value }
      : { kind: "boolean", value };

const unless = (name: string, found: Expr, wanted: Expr): Stmt => ({
  kind: "if",
  test: { kind: "binary", op: "!==", x: found, y: wanted },
  then: [
    {
      kind: "throw",
      error: "RangeError",
      message: { kind: "text", value: `${name} was printed for ${stripped(found)} = ${stripped(wanted)}` },
    },
  ],
  otherwise: [],
});
const stripped = (e: Expr): string => stmtText({ kind: "do", value: e }, 0).slice(0, -1);

const typeOfResult = (leaf: ResultLeaf): string =>
  leaf.kind === "known" ? knownType(leaf.value) : passedText(leaf.passed, false);

export const parameterType = ({ tree }: Parameter): string =>
  treeText(tree, (l) => (l.kind === "known" ? knownType(l.value) : parameterText(l.passed)), true);

/** The type of what the function gives; `isTuple`: several results in a row. */
export const resultType = (tree: Tree<ResultLeaf>, isTuple: boolean): string =>
  tree.kind === "array" && isTuple
    ? `[${tree.items.map((t) => treeText(t, typeOfResult, false)).join(", ")}]`
    : treeText(tree, typeOfResult, false);

/** The parts of a type between separators that no bracket is around. */
const split = (text: string, separator: string): readonly string[] => {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const [k, c] of [...text].entries()) {
    if ("{[(".includes(c)) depth++;
    if ("}])".includes(c)) depth--;
    if (c !== separator || depth > 0) continue;
    parts.push(text.slice(from, k).trim());
    from = k + 1;
  }
  return [...parts, text.slice(from).trim()];
};

/** A type that is too long for its line, with a line for each field or item. */
export const brokenType = (type: string, indent: number, column: number): string => {
  if (column + type.length <= 100) return type;
  const at = " ".repeat(indent);
  const object = /^(readonly )?\{ (.*) \}((?:\[\])*)$/.exec(type);
  if (object !== null && split(object[2] ?? "", "}").length === 1) {
    const fields = split(object[2] ?? "", ";");
    return `${object[1] ?? ""}{\n${fields.map((f) => `${at}  ${f};\n`).join("")}${at}}${object[3] ?? ""}`;
  }
  const tuple = /^\[(.*)\]$/.exec(type);
  if (tuple === null) return type;
  const items = split(tuple[1] ?? "", ",");
  return `[\n${items.map((t) => `${at}  ${brokenType(t, indent + 2, indent + 3)},\n`).join("")}${at}]`;
};
