/** Parameters by their annotations: what a call's arguments look like to the compiler, as far as the types say. */
import type { ts } from "ts-morph";
import type { Span } from "../diagnostics.js";
import { typescript } from "../frontend/ts.js";
import type { Cause } from "../frontend/values.js";
import type { DType, Shape, TensorType } from "../ir/types.js";
import { exportsOf } from "./declarations.js";
import type { Module, Project } from "./project.js";

/** What is known of an argument before a call. */
export type ArgumentType =
  /** A number, which is one of the program unless its value is needed. */
  | { readonly kind: "number"; readonly cause: Cause }
  /** `numbers`: an array of plain numbers, which may be needed as static values; null for a tensor. */
  | { readonly kind: "tensor"; readonly type: TensorType; readonly numbers: Cause | null }
  | { readonly kind: "static"; readonly value: string | number | boolean | null | undefined }
  | { readonly kind: "array"; readonly items: readonly ArgumentType[] }
  | { readonly kind: "object"; readonly fields: readonly (readonly [string, ArgumentType])[] }
  | { readonly kind: "unknown"; readonly cause: Cause };

const DTYPES: readonly DType[] = ["f32", "f64", "i32", "u32", "bool"];
const isDType = (text: string): text is DType => (DTYPES as readonly string[]).includes(text);

/** Where a type's names are looked up. */
interface Context {
  readonly project: Project;
  readonly module: Module;
  /** The parameter or part of one that has the type. */
  readonly label: string;
  readonly span: Span | null;
  /** Type parameters and types being looked into. */
  readonly bound: ReadonlyMap<string, { readonly node: ts.TypeNode; readonly context: Context } | null>;
  readonly depth: number;
}

const MAX_DEPTH = 16;

const cause = ({ label, span }: Context, reason: Cause["reason"]): Cause => ({
  subject: label,
  reason,
  span,
});
const unknown = (context: Context, reason: Cause["reason"]): ArgumentType => ({
  kind: "unknown",
  cause: cause(context, reason),
});

/** The context of a part of what has the type. */
const part = (context: Context, step: string): Context => ({
  ...deeper(context),
  label: context.label.endsWith("`") ? `${context.label.slice(0, -1)}${step}\`` : context.label,
});

/** A type that a name means: one of the package's, or a declaration of the project's. */
type Named =
  | { readonly kind: "library"; readonly name: string }
  | {
      readonly kind: "declared";
      readonly node: ts.TypeAliasDeclaration | ts.InterfaceDeclaration;
      readonly module: Module;
    }
  | null;

const findExported = (project: Project, module: Module, name: string, depth: number): Named => {
  if (depth > MAX_DEPTH) return null;
  const own = findNamed(project, module, module.tree, name, depth);
  if (own !== null) return own;
  const { named, all } = exportsOf(module.tree, true);
  const found = named.get(name);
  if (found?.kind === "local" && found.name !== name)
    return findNamed(project, module, module.tree, found.name, depth);
  if (found?.kind === "from")
    return found.name === null ? null : throughImport(project, module, found.specifier, found.name, depth);
  for (const specifier of all) {
    const there = throughImport(project, module, specifier, name, depth);
    if (there !== null) return there;
  }
  return null;
};

const throughImport = (
  project: Project,
  module: Module,
  specifier: string,
  name: string,
  depth: number,
): Named => {
  const target = project.resolve(module, specifier);
  if (target.kind === "library") return { kind: "library", name };
  return target.kind === "module" ? findExported(project, target.module, name, depth + 1) : null;
};

const statementsOf = (scope: ts.Node): readonly ts.Statement[] => {
  const t = typescript();
  return t.isSourceFile(scope) || t.isBlock(scope) || t.isModuleBlock(scope) ? scope.statements : [];
};

/** What a type's name means at a node. */
const findNamed = (project: Project, module: Module, at: ts.Node, name: string, depth: number): Named => {
  const t = typescript();
  for (let scope: ts.Node | undefined = at; scope !== undefined; scope = scope.parent)
    for (const s of statementsOf(scope)) {
      if ((t.isTypeAliasDeclaration(s) || t.isInterfaceDeclaration(s)) && s.name.text === name)
        return { kind: "declared", node: s, module };
      if (!t.isImportDeclaration(s) || !t.isStringLiteral(s.moduleSpecifier)) continue;
      const named = s.importClause?.namedBindings;
      if (named === undefined || !t.isNamedImports(named)) continue;
      const found = named.elements.find((e) => e.name.text === name);
      if (found !== undefined)
        return throughImport(
          project,
          module,
          s.moduleSpecifier.text,
          (found.propertyName ?? found.name).text,
          depth,
        );
    }
  return null;
};

/** `tj.Tensor`, where `tj` is the package as a whole. */
const findQualified = (project: Project, module: Module, name: ts.QualifiedName): Named => {
  const t = typescript();
  if (!t.isIdentifier(name.left)) return null;
  for (const s of module.tree.statements) {
    if (!t.isImportDeclaration(s) || !t.isStringLiteral(s.moduleSpecifier)) continue;
    const named = s.importClause?.namedBindings;
    if (named !== undefined && t.isNamespaceImport(named) && named.name.text === name.left.text)
      return throughImport(project, module, s.moduleSpecifier.text, name.right.text, 0);
  }
  return null;
};

/** The sizes that a tuple of literal numbers says; null where it says anything else. */
const shapeOf = (node: ts.TypeNode, context: Context): Shape | null => {
  const t = typescript();
  const resolved = resolveAlias(node, context);
  if (resolved === null) return null;
  const { node: at } = resolved;
  if (t.isTypeOperatorNode(at)) return shapeOf(at.type, resolved.context);
  if (!t.isTupleTypeNode(at)) return null;
  const sizes = at.elements.map((element) => {
    const inner = t.isNamedTupleMember(element) ? element.type : element;
    const size = typeOf(inner, resolved.context);
    return size.kind === "static" && typeof size.value === "number" ? size.value : null;
  });
  return sizes.every((n): n is number => n !== null && Number.isInteger(n) && n >= 0) ? sizes : null;
};

/** Follows names of aliases and type parameters. */
const resolveAlias = (
  node: ts.TypeNode,
  context: Context,
): { readonly node: ts.TypeNode; readonly context: Context } | null => {
  const t = typescript();
  if (context.depth > MAX_DEPTH) return null;
  if (t.isParenthesizedTypeNode(node)) return resolveAlias(node.type, context);
  if (!t.isTypeReferenceNode(node) || !t.isIdentifier(node.typeName)) return { node, context };
  const bound = context.bound.get(node.typeName.text);
  if (bound !== undefined) return bound === null ? null : resolveAlias(bound.node, deeper(bound.context));
  const named = findNamed(context.project, context.module, node, node.typeName.text, 0);
  if (named?.kind !== "declared" || !t.isTypeAliasDeclaration(named.node)) return { node, context };
  return resolveAlias(named.node.type, inside(named.node, named.module, node, context));
};

const deeper = (context: Context): Context => ({ ...context, depth: context.depth + 1 });

/** The context of a declared type's own text, its type parameters bound to the arguments. */
const inside = (
  declaration: ts.TypeAliasDeclaration | ts.InterfaceDeclaration,
  module: Module,
  reference: ts.TypeReferenceNode,
  context: Context,
): Context => ({
  ...deeper(context),
  module,
  bound: new Map(
    (declaration.typeParameters ?? []).map((p, k) => {
      const node = reference.typeArguments?.[k];
      const given = node === undefined ? null : { node, context };
      return [p.name.text, given ?? (p.default === undefined ? null : { node: p.default, context })] as const;
    }),
  ),
});

const tensorOf = (reference: ts.TypeReferenceNode, context: Context): ArgumentType => {
  const [s, d] = reference.typeArguments ?? [];
  const shape = s === undefined ? null : shapeOf(s, context);
  if (shape === null) return unknown(context, "shape");
  const dtype = d === undefined ? null : typeOf(d, context);
  if (dtype?.kind !== "static" || typeof dtype.value !== "string" || !isDType(dtype.value))
    return unknown(context, "dtype");
  return { kind: "tensor", type: { dtype: dtype.value, shape }, numbers: null };
};

const membersOf = (members: readonly ts.TypeElement[], context: Context): ArgumentType => {
  const t = typescript();
  const fields: (readonly [string, ArgumentType])[] = [];
  for (const member of members) {
    if (!t.isPropertySignature(member) || (!t.isIdentifier(member.name) && !t.isStringLiteral(member.name)))
      return unknown(context, "type");
    const { text } = member.name;
    fields.push([
      text,
      member.questionToken !== undefined || member.type === undefined
        ? unknown(part(context, `.${text}`), "missing")
        : typeOf(member.type, part(context, `.${text}`)),
    ]);
  }
  return { kind: "object", fields };
};

/** A tuple of numbers, at any depth, is one f64 array at run time. */
const tupleOf = (items: readonly ArgumentType[], context: Context): ArgumentType => {
  const shapes = items.map((item) =>
    item.kind === "number" ? [] : item.kind === "tensor" && item.numbers !== null ? item.type.shape : null,
  );
  const [first] = shapes;
  const isRegular =
    first !== undefined && first !== null && shapes.every((s) => s !== null && s.join() === first.join());
  return isRegular
    ? {
        kind: "tensor",
        type: { dtype: "f64", shape: [items.length, ...first] },
        numbers: cause(context, "value"),
      }
    : { kind: "array", items };
};

const literalOf = (node: ts.LiteralTypeNode, context: Context): ArgumentType => {
  const t = typescript();
  const { literal } = node;
  if (t.isStringLiteral(literal)) return { kind: "static", value: literal.text };
  if (t.isNumericLiteral(literal)) return { kind: "static", value: Number(literal.text) };
  if (literal.kind === t.SyntaxKind.NullKeyword) return { kind: "static", value: null };
  if (literal.kind === t.SyntaxKind.TrueKeyword) return { kind: "static", value: true };
  if (literal.kind === t.SyntaxKind.FalseKeyword) return { kind: "static", value: false };
  return unknown(context, "value");
};

/** What a type says of an argument. */
const typeOf = (given: ts.TypeNode, outer: Context): ArgumentType => {
  const t = typescript();
  const K = t.SyntaxKind;
  const resolved = resolveAlias(given, outer);
  if (resolved === null) return unknown(outer, "type");
  const { node, context } = resolved;
  if (node.kind === K.NumberKeyword) return { kind: "number", cause: cause(context, "value") };
  if (node.kind === K.UndefinedKeyword) return { kind: "static", value: undefined };
  if (t.isLiteralTypeNode(node)) return literalOf(node, context);
  if (t.isTypeOperatorNode(node)) return typeOf(node.type, context);
  if (t.isTypeLiteralNode(node)) return membersOf(node.members, context);
  if (t.isArrayTypeNode(node)) return unknown(context, "length");
  if (t.isTupleTypeNode(node)) {
    const elements = node.elements.map((e) => (t.isNamedTupleMember(e) ? e.type : e));
    if (elements.some((e) => t.isRestTypeNode(e) || t.isOptionalTypeNode(e)))
      return unknown(context, "length");
    return tupleOf(
      elements.map((e, k) => typeOf(e, part(context, `[${k}]`))),
      context,
    );
  }
  if (!t.isTypeReferenceNode(node)) return unknown(context, "value");
  const named = t.isIdentifier(node.typeName)
    ? findNamed(context.project, context.module, node, node.typeName.text, 0)
    : findQualified(context.project, context.module, node.typeName);
  if (named?.kind === "library")
    return named.name === "Tensor" ? tensorOf(node, context) : unknown(context, "shape");
  if (named?.kind === "declared" && t.isInterfaceDeclaration(named.node)) {
    if (named.node.heritageClauses !== undefined) return unknown(context, "type");
    return membersOf(named.node.members, inside(named.node, named.module, node, context));
  }
  if (t.isIdentifier(node.typeName) && node.typeName.text === "Readonly" && node.typeArguments?.[0])
    return typeOf(node.typeArguments[0], context);
  const isTyped =
    t.isIdentifier(node.typeName) && /^(Float|Int|Uint)\d+(Clamped)?Array$/.test(node.typeName.text);
  return unknown(context, isTyped ? "length" : "type");
};

/** What a parameter's annotation, or else its default, says of the argument. */
export const parameterType = (
  project: Project,
  module: Module,
  parameter: ts.ParameterDeclaration,
): ArgumentType => {
  const t = typescript();
  const name = parameter.name.getText(module.tree);
  const label = t.isIdentifier(parameter.name) ? `\`${name}\`` : "this parameter";
  const span = module.source.spanOf(parameter.name);
  const context: Context = {
    project,
    module,
    label,
    span,
    bound: new Map(),
    depth: 0,
  };
  if (parameter.type !== undefined) return typeOf(parameter.type, context);
  const { initializer } = parameter;
  if (initializer !== undefined && t.isNumericLiteral(initializer))
    return { kind: "number", cause: cause(context, "value") };
  return unknown(context, "type");
};
