/** From a function object to its syntax tree, with places in the file that the user wrote. */
import { isAbsolute } from "node:path";
import type { ts } from "ts-morph";
import { fail, registerSource, type Span } from "../diagnostics.js";
import { type Lookup, loadSourceMap, type Original } from "../source-map.js";
import { functionFacts, type ScopeObject, type Script, scriptById } from "./inspector.js";
import { libraryScopes } from "./library-scopes.js";
import { typescript } from "./ts.js";
import type { AnyFunction } from "./types.js";

/** The functions that the language has: no constructors. */
export type FunctionNode =
  | ts.ArrowFunction
  | ts.FunctionExpression
  | ts.FunctionDeclaration
  | ts.MethodDeclaration
  | ts.GetAccessorDeclaration
  | ts.SetAccessorDeclaration
  | ts.ConstructorDeclaration;

export interface FunctionSource {
  readonly node: FunctionNode | ts.ClassLikeDeclaration;
  readonly tree: ts.SourceFile;
  /** Where a node stands in the user's file; null inside the library. */
  readonly spanOf: (node: ts.Node) => Span | null;
  /** Captured variables, from the inside out; null where there is no inspector. */
  readonly scopes: readonly ScopeObject[] | null;
  /** The script it is written in, when the whole of it was parsed. */
  readonly script: Script | null;
  readonly scriptId: string | null;
}

/** Code that frames run in. */
export type CodeSource = Omit<FunctionSource, "node">;

export interface SourceOptions {
  /** A function of the library: parsed alone, without places. */
  readonly library: boolean;
}

const isFunctionNode = (node: ts.Node): node is FunctionNode | ts.ClassLikeDeclaration => {
  const t = typescript();
  return (
    t.isArrowFunction(node) ||
    t.isFunctionExpression(node) ||
    t.isFunctionDeclaration(node) ||
    t.isMethodDeclaration(node) ||
    t.isGetAccessorDeclaration(node) ||
    t.isSetAccessorDeclaration(node) ||
    t.isClassLike(node)
  );
};

const hasSyntaxErrors = (tree: ts.SourceFile): boolean =>
  ((tree as { readonly parseDiagnostics?: readonly unknown[] }).parseDiagnostics ?? []).length > 0;

const parse = (name: string, text: string): ts.SourceFile => {
  const t = typescript();
  return t.createSourceFile(name, text, t.ScriptTarget.Latest, true, t.ScriptKind.JS);
};

/** The innermost function that ends at `end` and starts at or before `start` (methods may have modifiers before them). */
const findFunction = (tree: ts.SourceFile, start: number, end: number): FunctionSource["node"] | null => {
  let best: FunctionSource["node"] | null = null;
  const visit = (node: ts.Node): void => {
    if (node.pos > start || node.end < end) return;
    if (isFunctionNode(node) && node.end === end && node.getStart(tree) <= start) best = node;
    node.forEachChild(visit);
  };
  visit(tree);
  return best;
};

/** Parses a function's text alone: as an expression, else as a method of an object or (with a private name) of a class. */
const parseAlone = (
  fn: AnyFunction,
  text: string,
): { node: FunctionSource["node"]; tree: ts.SourceFile; offset: number } => {
  for (const [before, after] of [
    ["(", ")"],
    ["({", "})"],
    ["(class{", "})"],
  ] as const) {
    const tree = parse(fn.name || "function", before + text + after);
    if (hasSyntaxErrors(tree)) continue;
    const node = findFunction(tree, before.length, before.length + text.length);
    if (node !== null) return { node, tree, offset: before.length };
  }
  return fail(
    "TSJ1003",
    "unsupported",
    `the source of ${nameOf(fn)} is not that of a function: ${text.slice(0, 60)}`,
    {
      hint: "pass a function or a method",
    },
  );
};

export const nameOf = (fn: AnyFunction): string => {
  const name = fn.name.replace(/^(bound )+/, "");
  return name === "" ? "the function" : `\`${name}\``;
};

/** The name of the variable or property that a function without a name goes to, alone or within calls: `step = jit(() => ..)`. */
export const nameByUse = (node: ts.Node): string | null => {
  const t = typescript();
  const { parent } = node;
  if (parent === undefined) return null;
  if (t.isVariableDeclaration(parent) || t.isPropertyAssignment(parent))
    return t.isIdentifier(parent.name) ? parent.name.text : null;
  const isArgument = t.isCallExpression(parent) && parent.expression !== node;
  return isArgument || t.isParenthesizedExpression(parent) ? nameByUse(parent) : null;
};

const sourceText = (fn: AnyFunction): string => {
  const text = Function.prototype.toString.call(fn);
  if (!/\{\s*\[native code\]\s*\}$/.test(text)) return text;
  if (fn.name.startsWith("bound "))
    return fail("TSJ1002", "unsupported", `${nameOf(fn)} is a bound function: JavaScript hides its source`, {
      hint: "wrap it: (...args) => original.call(self, ...args), or pass the original function",
    });
  return fail("TSJ1001", "unsupported", `${nameOf(fn)} is a native function: there is no source to compile`, {
    hint: "wrap it in a function of your own, e.g. (x) => Math.sin(x)",
  });
};

interface ParsedScript {
  readonly tree: ts.SourceFile;
  readonly map: Lookup | null;
}
const parsed = new Map<string, ParsedScript>();
export const parseScript = (script: Script): ParsedScript => {
  const known = parsed.get(script.id);
  if (known !== undefined) return known;
  const tree = parse(script.file, script.text);
  const map = script.sourceMapUrl === "" ? null : loadSourceMap(script.sourceMapUrl, script.file);
  if (!isAbsolute(script.file)) registerSource(script.file, script.text);
  const result = { tree, map };
  parsed.set(script.id, result);
  return result;
};

/** Lines and columns of spans count from 1. */
const placeOf = ({ file, line, column }: Original): Omit<Span, "length"> => ({
  file,
  line: line + 1,
  column: column + 1,
});

/** Spans by the script's map: from the start of the node to the end of its last token, on one line. */
export const spanner = (
  tree: ts.SourceFile,
  script: Script,
  map: Lookup | null,
): ((node: ts.Node) => Span | null) => {
  const cache = new WeakMap<ts.Node, Span>();
  const place = (pos: number): { file: string; line: number; column: number } => {
    const { line, character } = tree.getLineAndCharacterOfPosition(pos);
    return map?.({ line, column: character }) ?? { file: script.file, line, column: character };
  };
  const compute = (node: ts.Node): Span => {
    const first = place(node.getStart(tree));
    const token = node.getLastToken(tree) ?? node;
    const last = place(token.getStart(tree));
    const tail = token.end - token.getStart(tree);
    const oneLine = last.file === first.file && last.line === first.line && last.column >= first.column;
    // A name may be longer or shorter in the text that runs.
    if (typescript().isIdentifier(node)) return { ...placeOf(first), length: 0 };
    const length = oneLine ? last.column - first.column + tail : Number.MAX_SAFE_INTEGER;
    return { ...placeOf(first), length };
  };
  return (node) => {
    const known = cache.get(node);
    if (known !== undefined) return known;
    const span = compute(node);
    cache.set(node, span);
    return span;
  };
};

const checkKind = (node: FunctionSource["node"], spanOf: FunctionSource["spanOf"], fn: AnyFunction): void => {
  const t = typescript();
  if (t.isClassLike(node)) return;
  const isAsync = t.getModifiers(node)?.some((m) => m.kind === t.SyntaxKind.AsyncKeyword) === true;
  const isGenerator = !t.isArrowFunction(node) && node.asteriskToken !== undefined;
  if (isAsync || isGenerator)
    fail("TSJ1005", "unsupported", `${nameOf(fn)} is ${isAsync ? "an async function" : "a generator"}`, {
      span: spanOf(node),
      hint: "compiled code is synchronous: await outside of it and pass the values in",
    });
};

const locate = (fn: AnyFunction, text: string): FunctionSource | null => {
  const facts = functionFacts(fn);
  const script = facts === null ? null : scriptById(facts.scriptId);
  if (facts === null || script === null) return null;
  const { tree, map } = parseScript(script);
  const params = tree.getPositionOfLineAndCharacter(facts.line, facts.column);
  const start = script.text.lastIndexOf(text, params);
  const node = start < 0 ? null : findFunction(tree, start, start + text.length);
  if (node === null) return null;
  return {
    node,
    tree,
    script,
    spanOf: spanner(tree, script, map),
    scopes: facts.scopes,
    scriptId: script.id,
  };
};

/** The function's own text as a file of its own: no inspector, or a script that V8 has thrown away. */
const standalone = (fn: AnyFunction, text: string, options: SourceOptions): FunctionSource => {
  const { node, tree, offset } = parseAlone(fn, text);
  const own = options.library ? libraryScopes(fn) : null;
  const facts = own === null ? functionFacts(fn) : null;
  const file = `${fn.name || "function"}.js`;
  if (!options.library) registerSource(file, text);
  const spanOf = (at: ts.Node): Span => {
    const pos = Math.max(0, at.getStart(tree) - offset);
    const before = text.slice(0, pos).split("\n");
    return {
      file,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      length: at.end - at.getStart(tree),
    };
  };
  return {
    node,
    tree,
    script: null,
    spanOf: options.library ? () => null : spanOf,
    scopes: own ?? facts?.scopes ?? null,
    scriptId: facts?.scriptId ?? null,
  };
};

const known = new WeakMap<AnyFunction, FunctionSource>();

/** The syntax tree of a function. Throws TSJ1001 to TSJ1005 where there is none that can be compiled. */
export const sourceOf = (fn: AnyFunction, options: SourceOptions): FunctionSource => {
  const before = known.get(fn);
  if (before !== undefined) return before;
  const text = sourceText(fn);
  const located = options.library ? null : locate(fn, text);
  const source = located ?? standalone(fn, text, options);
  checkKind(source.node, source.spanOf, fn);
  known.set(fn, source);
  return source;
};
