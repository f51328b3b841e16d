/** The files of a program that is read and not run: parsed once each, with what their imports lead to. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { ts } from "ts-morph";
import type { Span } from "../diagnostics.js";
import type { CodeSource } from "../frontend/source.js";
import { typescript } from "../frontend/ts.js";

export interface Module {
  readonly file: string;
  readonly tree: ts.SourceFile;
  readonly source: CodeSource;
}

/** What does not parse. */
export interface SyntaxFault {
  readonly message: string;
  readonly span: Span;
}

/** What an import leads to: a file of the project, this package, or what is not looked into. */
export type Target =
  | { readonly kind: "module"; readonly module: Module }
  | { readonly kind: "library" }
  | { readonly kind: "foreign" };

export interface Project {
  /** The module at an absolute path. */
  readonly load: (file: string) => Module;
  readonly resolve: (from: Module, specifier: string) => Target;
}

const PACKAGE = "tsc-jit";

/** This package's own entries, which its samples and tests may import by path. */
const ownEntries = (): ReadonlySet<string> => {
  const here = new URL(".", import.meta.url);
  const isSource = here.pathname.endsWith("/compiler/check/");
  const names = isSource
    ? ["../../runtime/index.ts", "../../dist/index.js", "../../dist/index.cjs"]
    : ["./index.js", "./index.cjs", "./common.cjs", "../runtime/index.ts"];
  return new Set(names.map((name) => fileURLToPath(new URL(name, here))));
};

const spanOf = (file: string, tree: ts.SourceFile, start: number, end: number): Span => {
  const { line, character } = tree.getLineAndCharacterOfPosition(start);
  const last = tree.getLineAndCharacterOfPosition(end);
  const length = last.line === line ? end - start : Number.MAX_SAFE_INTEGER;
  return { file, line: line + 1, column: character + 1, length };
};

const parse = (file: string): Module => {
  const t = typescript();
  const text = readFileSync(file, "utf8");
  const kind = /\.[cm]?jsx?$/.test(file)
    ? t.ScriptKind.JSX
    : file.endsWith(".tsx")
      ? t.ScriptKind.TSX
      : t.ScriptKind.TS;
  const tree = t.createSourceFile(file, text, t.ScriptTarget.Latest, true, kind);
  const spans = new WeakMap<ts.Node, Span>();
  const source: CodeSource = {
    tree,
    spanOf: (node) => {
      const known = spans.get(node) ?? spanOf(file, tree, node.getStart(tree), node.end);
      spans.set(node, known);
      return known;
    },
    scopes: null,
    script: null,
    scriptId: file,
  };
  return { file, tree, source };
};

/** Faults of the syntax itself. */
export const syntaxFaults = ({ file, tree }: Module): readonly SyntaxFault[] => {
  const t = typescript();
  const found = (tree as { readonly parseDiagnostics?: readonly ts.DiagnosticWithLocation[] })
    .parseDiagnostics;
  return (found ?? []).map(({ messageText, start, length }) => ({
    message: t.flattenDiagnosticMessageText(messageText, "\n"),
    span: spanOf(file, tree, start, start + length),
  }));
};

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** The compiler options that decide what a specifier means. */
const optionsFor = (file: string): ts.CompilerOptions => {
  const t = typescript();
  const own = { moduleResolution: t.ModuleResolutionKind.Bundler, allowJs: true };
  const config = t.findConfigFile(dirname(file), isFile);
  if (config === undefined) return own;
  const { config: read } = t.readConfigFile(config, t.sys.readFile);
  const { options } = t.convertCompilerOptionsFromJson(read?.compilerOptions ?? {}, dirname(config));
  const { paths, baseUrl, rootDirs } = options;
  return {
    ...own,
    ...(paths === undefined ? {} : { paths, pathsBasePath: dirname(config) }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(rootDirs === undefined ? {} : { rootDirs }),
  };
};

export const createProject = (): Project => {
  const modules = new Map<string, Module>();
  const options = new Map<string, ts.CompilerOptions>();
  const own = ownEntries();
  const load = (file: string): Module => {
    const module = modules.get(file) ?? parse(file);
    modules.set(file, module);
    return module;
  };
  const resolve = ({ file }: Module, specifier: string): Target => {
    if (specifier === PACKAGE) return { kind: "library" };
    const t = typescript();
    const folder = dirname(file);
    const chosen = options.get(folder) ?? optionsFor(file);
    options.set(folder, chosen);
    const found = t.resolveModuleName(specifier, file, chosen, t.sys).resolvedModule;
    if (found === undefined) return { kind: "foreign" };
    const path = found.resolvedFileName;
    if (own.has(realpathSync(path))) return { kind: "library" };
    const isCode = /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path);
    if (found.isExternalLibraryImport === true || !isCode) return { kind: "foreign" };
    return { kind: "module", module: load(path) };
  };
  return { load, resolve };
};
