/** An exported function of a file, and what it is to be called with: by its parameters' annotations, or as `--args` says. */
import type { ts } from "ts-morph";
import { type ArgumentType, parameterType } from "../check/annotations.js";
import { declarationsIn, exportsOf } from "../check/declarations.js";
import { createProject, type Module, type Project } from "../check/project.js";
import { typescript } from "../frontend/ts.js";
import type { ArgLeaf, Store, Tree } from "../frontend/types.js";
import { isThisParameter } from "../frontend/typescript-only.js";
import type { TensorType } from "../ir/types.js";
import type { Holder, Spec } from "./argument-spec.js";
import { UsageError } from "./report-error.js";

/** A parameter as it is written. */
export interface Declared {
  readonly name: string;
  /** What its annotation says; null where the source is not to be found. */
  readonly type: ArgumentType | null;
  /** The annotation's text. */
  readonly text: string;
  /** It need not be given. */
  readonly optional: boolean;
}

const functionIn = (node: ts.Node): ts.FunctionLikeDeclaration | null => {
  const t = typescript();
  if (t.isFunctionDeclaration(node) || t.isArrowFunction(node) || t.isFunctionExpression(node)) return node;
  if (t.isParenthesizedExpression(node) || t.isAsExpression(node) || t.isSatisfiesExpression(node))
    return functionIn(node.expression);
  // jit((x) => ...), jit(f)
  if (t.isCallExpression(node)) {
    const [first] = node.arguments;
    return first === undefined ? null : functionIn(first);
  }
  if (t.isIdentifier(node)) {
    const found = declarationsIn(node.getSourceFile()).get(node.text);
    if (found?.kind === "function") return found.node;
    return found?.kind === "variable" && found.node.initializer !== undefined
      ? functionIn(found.node.initializer)
      : null;
  }
  return null;
};

/** The syntax of an exported function; null where it is made in another file or by a call that can't be seen through. */
const syntaxOf = (module: Module, name: string): ts.FunctionLikeDeclaration | null => {
  const found = exportsOf(module.tree).named.get(name);
  if (found === undefined || found.kind === "from") return null;
  if (found.kind === "expression") return functionIn(found.node);
  const declaration = declarationsIn(module.tree).get(found.name);
  if (declaration?.kind === "function") return declaration.node;
  const initializer = declaration?.kind === "variable" ? declaration.node.initializer : undefined;
  return initializer === undefined ? null : functionIn(initializer);
};

export interface DeclaredFunction {
  readonly parameters: readonly Declared[];
  readonly line: number;
}

/** An exported function's parameters; null where its source is not in the file. */
export const declaredFunction = (file: string, name: string): DeclaredFunction | null => {
  const project: Project = createProject();
  const module = project.load(file);
  const node = syntaxOf(module, name);
  if (node === null) return null;
  const t = typescript();
  const parameters = node.parameters
    .filter((p) => !isThisParameter(p))
    .map(
      (p, k): Declared => ({
        name: t.isIdentifier(p.name) ? p.name.text : `arg${k}`,
        type: parameterType(project, module, p),
        text: p.type?.getText(module.tree) ?? "",
        optional:
          p.questionToken !== undefined || p.initializer !== undefined || p.dotDotDotToken !== undefined,
      }),
    );
  return { parameters, line: module.source.spanOf(node)?.line ?? 1 };
};

const STORES: readonly (readonly [RegExp, Store])[] = [
  [/\bFloat64Array\b/, "f64"],
  [/\bFloat32Array\b/, "f32"],
  [/\bInt32Array\b/, "i32"],
  [/\bUint32Array\b/, "u32"],
  [/\bUint8Array\b/, "u8"],
  [/\bInt8Array\b/, "i8"],
  [/\bUint16Array\b/, "u16"],
  [/\bInt16Array\b/, "i16"],
  [/\bUint8ClampedArray\b/, "u8c"],
];

/** How an annotation holds arrays. */
const holderOf = (text: string): Exclude<Holder, "any"> => {
  const store = STORES.find(([pattern]) => pattern.test(text))?.[1];
  if (store !== undefined) return store;
  return /\bTensor\b/.test(text) ? "tensor" : "nested";
};

interface Counting {
  next: number;
}

const arrayLeaf = (count: Counting, type: TensorType, holder: Exclude<Holder, "any">): Tree<ArgLeaf> => ({
  kind: "leaf",
  leaf: {
    kind: "staged",
    index: count.next++,
    type,
    weak: false,
    value: null,
    hostArray: holder !== "tensor",
    store: holder === "tensor" || holder === "nested" ? null : holder,
  },
});

const numberLeaf = (count: Counting, dtype: TensorType["dtype"], value: number | null): Tree<ArgLeaf> => ({
  kind: "leaf",
  leaf: {
    kind: "staged",
    index: count.next++,
    type: { dtype, shape: [] },
    weak: dtype === "f64" || dtype === "bool",
    value,
    hostArray: false,
    store: null,
  },
});

const constantLeaf = (value: unknown): Tree<ArgLeaf> => ({ kind: "leaf", leaf: { kind: "static", value } });

const ofSpec = (count: Counting, spec: Spec, text: string): Tree<ArgLeaf> => {
  switch (spec.kind) {
    case "number":
      return numberLeaf(count, spec.dtype, null);
    case "literal":
      return typeof spec.value === "number" ? numberLeaf(count, "f64", spec.value) : constantLeaf(spec.value);
    case "array": {
      const holder = spec.holder === "any" ? holderOf(text) : spec.holder;
      return arrayLeaf(count, { dtype: spec.dtype, shape: spec.shape }, holder);
    }
    case "list":
      return { kind: "array", items: spec.items.map((item) => ofSpec(count, item, text)) };
    case "object":
      return {
        kind: "object",
        keys: spec.fields.map(([key]) => key),
        fields: spec.fields.map(([, field]) => ofSpec(count, field, fieldText(text, ""))),
      };
    default: {
      const never: never = spec;
      return never;
    }
  }
};

/** Nothing is known of how a field's annotation reads. */
const fieldText = (_text: string, none: string): string => none;

const ofType = (count: Counting, type: ArgumentType, name: string): Tree<ArgLeaf> => {
  switch (type.kind) {
    case "number":
      return numberLeaf(count, "f64", null);
    case "tensor":
      return arrayLeaf(count, type.type, type.numbers === null ? "tensor" : "nested");
    case "static":
      return constantLeaf(type.value);
    case "array":
      return { kind: "array", items: type.items.map((item) => ofType(count, item, name)) };
    case "object":
      return {
        kind: "object",
        keys: type.fields.map(([key]) => key),
        fields: type.fields.map(([key, field]) => ofType(count, field, `${name}.${key}`)),
      };
    case "unknown":
      throw new UsageError(
        type.cause.reason === "length"
          ? `${name} is an array whose length its type does not say: say what the function is called with, as in --args "f64[10]"`
          : `the type of ${name} does not say what it is: say what the function is called with, as in --args "f64, f32[128,784]"`,
      );
    default: {
      const never: never = type;
      return never;
    }
  }
};

export interface NamedArgument {
  readonly name: string;
  readonly tree: Tree<ArgLeaf>;
}

/** The arguments by `--args`, or else by the annotations; throws a UsageError where neither says enough. */
export const namedArguments = (
  fn: string,
  declared: DeclaredFunction | null,
  specs: readonly Spec[] | null,
): readonly NamedArgument[] => {
  const count: Counting = { next: 0 };
  if (specs !== null)
    return specs.map((spec, k) => {
      const p = declared?.parameters[k];
      if (declared !== null && p === undefined)
        throw new UsageError(
          `${fn} takes ${declared.parameters.length} arguments, --args gives ${specs.length}`,
        );
      return { name: p?.name ?? `arg${k}`, tree: ofSpec(count, spec, p?.text ?? "") };
    });
  if (declared === null)
    throw new UsageError(
      `the parameters of ${fn} are not in this file: say what it is called with, as in --args "f64, f64[10]"`,
    );
  const required = declared.parameters.findIndex((p) => p.optional);
  const given = required < 0 ? declared.parameters : declared.parameters.slice(0, required);
  return given.map(({ name, type }) => ({
    name,
    tree: type === null ? numberLeaf(count, "f64", null) : ofType(count, type, name),
  }));
};
