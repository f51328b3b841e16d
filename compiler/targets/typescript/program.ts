/** A program as a TypeScript function of plain numbers and arrays: its parameters, what it gives, and what it needs. */
import { internal } from "../../diagnostics.js";
import type { Store, Tree } from "../../frontend/types.js";
import { regionsOf } from "../../ir/control.js";
import { nameOf, nameValue } from "../../ir/names.js";
import { type IrFunction, isControl, type TensorType } from "../../ir/types.js";
import { elementOf, newArray, store } from "./arrays.js";
import { emitBody } from "./body.js";
import { call, type Expr, name as nameExpr, num, type Stmt } from "./code.js";
import {
  type ArrayValue,
  consume,
  createEmitter,
  createFrame,
  type Emitter,
  NONE,
  refusePrint,
  type Value,
  valueFor,
  watch,
} from "./emitter.js";
import { newScalar } from "./equations.js";
import { stmtText } from "./layout.js";
import { createNames } from "./names.js";
import { HELPER_NAMES, HELPERS } from "./scalars.js";
import {
  brokenType,
  guards,
  leavesOf,
  literal,
  parameterType,
  pathName,
  resultType,
  STORES,
} from "./signature.js";

/** How a number or array is passed: as a number, in nested arrays of numbers, or in a typed array. */
export interface Passed {
  readonly type: TensorType;
  readonly store: Store | null;
}

/** A parameter of the printed function: its name, and the parts of it that are numbers or arrays. */
export interface Parameter {
  readonly name: string;
  readonly tree: Tree<ParameterLeaf>;
}
export type ParameterLeaf =
  /** Param `index` of the program; null for one that it does not need. */
  | { readonly kind: "value"; readonly index: number | null; readonly passed: Passed }
  /** A value that the program was made for. */
  | { readonly kind: "known"; readonly value: unknown };

/** A part of what the function gives. */
export type ResultLeaf =
  | { readonly kind: "result"; readonly index: number; readonly passed: Passed }
  | { readonly kind: "known"; readonly value: unknown };

export interface PrintRequest {
  readonly name: string;
  /** Lines of the comment above the function. */
  readonly about: readonly string[];
  readonly fn: IrFunction;
  readonly parameters: readonly Parameter[];
  /** Params of the program that the text itself gives: constants that the function captured. */
  readonly captured: readonly { readonly index: number; readonly name: string; readonly value: unknown }[];
  readonly result: Tree<ResultLeaf>;
  /** Whether the result is a row of several. */
  readonly isTuple: boolean;
}

const bindParameters = (e: Emitter, frame: Value["frame"], request: PrintRequest): undefined => {
  const bind = (k: number, whole: Expr, passed: Passed): undefined => {
    const v = request.fn.params[k] ?? internal(`${request.name} lacks param ${k}`);
    if (v.type.shape.length === 0) {
      frame.env.set(v, newScalar(frame, v, whole, NONE));
      return;
    }
    const value: ArrayValue = newArray(frame, v.type, {
      element: elementOf(whole),
      whole,
      layout: { typed: passed.store !== null },
      reads: NONE,
      cheap: true,
      uses: frame.uses.get(v) ?? 0,
      name: nameOf(v),
    });
    frame.env.set(v, value);
  };
  for (const { name, tree } of request.parameters)
    for (const [leaf, at] of leavesOf(tree, nameExpr(name)))
      if (leaf.kind === "value" && leaf.index !== null) {
        const v = request.fn.params[leaf.index];
        if (v !== undefined) nameValue(v, pathName(at));
        bind(leaf.index, at, leaf.passed);
      }
  for (const { index: k, name, value } of request.captured) {
    const v = request.fn.params[k] ?? internal(`${request.name} lacks param ${k}`);
    if (typeof value === "number") {
      frame.env.set(v, newScalar(frame, v, num(value), NONE));
      continue;
    }
    const own = e.topNames.fresh(name);
    const variable = { name: own, type: null, reassigned: false };
    e.constants.push({ kind: "declare", variable, value: constantOf(value) });
    bind(k, nameExpr(own), { type: v.type, store: null });
  }
};

/** A captured array as it is written down. */
const constantOf = (value: unknown): Expr => {
  if (typeof value === "number") return num(value);
  if (typeof value === "boolean") return { kind: "boolean", value };
  if (Array.isArray(value)) return { kind: "array", items: value.map(constantOf) };
  return internal("a captured value that is no number");
};

/** A result as it is given back: in arrays of the kind that its parameter has. */
const resultExpr = (e: Emitter, value: Value, passed: Passed): Expr => {
  consume(e, value);
  if (value.kind === "scalar") return value.expr;
  if (value.kind === "tape") return refusePrint(e, "a result that is a list that grows", "give back its sum");
  const wanted = passed.store !== null;
  const one = value.type.shape.length === 1;
  // what is the caller's is not given back as a result
  if (value.whole === null || (!value.owned && value.layout.typed === wanted)) store(e, value, value.name);
  const whole = value.whole ?? internal("a result without memory");
  if (value.layout.typed === wanted || !one) return whole;
  return wanted ? call(`${STORES[passed.store ?? "f64"]}.from`, whole) : call("Array.from", whole);
};

const knownExpr = (value: unknown): Expr =>
  typeof value === "number" || typeof value === "string" || typeof value === "boolean"
    ? literal(value)
    : nameExpr(value === null ? "null" : "undefined");

const resultTree = (tree: Tree<ResultLeaf>, leaf: (l: ResultLeaf) => Expr): Expr => {
  switch (tree.kind) {
    case "leaf":
      return leaf(tree.leaf);
    case "array":
      return { kind: "array", items: tree.items.map((t) => resultTree(t, leaf)) };
    case "object":
      return {
        kind: "object",
        fields: tree.fields.map((t, k) => [tree.keys[k] ?? "", resultTree(t, leaf)] as const),
      };
    default: {
      const never: never = tree;
      return never;
    }
  }
};

/** The lines that a program comes from. */
const linesOf = (fn: IrFunction): ReadonlySet<number> =>
  new Set(
    fn.body.flatMap((eqn) => [
      ...(eqn.span === null ? [] : [eqn.span.line]),
      ...(isControl(eqn) ? regionsOf(eqn).flatMap(([, region]) => [...linesOf(region)]) : []),
    ]),
  );

const block = (statements: readonly Stmt[], indent: number): string =>
  statements.map((s) => `${stmtText(s, indent)}\n`).join("");

/** Text in lines of at most 96 characters. */
const wrapped = (text: string): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 94) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};

const comment = (about: readonly string[]): string => {
  const lines = about.flatMap(wrapped);
  const [only = "", ...others] = lines;
  return others.length === 0 ? `/** ${only} */\n` : `/**\n${lines.map((l) => ` * ${l}\n`).join("")} */\n`;
};

/** The text of a module that exports the function. */
export const printTypeScript = (request: PrintRequest): string => {
  const names = createNames(null, [request.name, ...HELPER_NAMES]);
  const stores = request.parameters.flatMap(({ name, tree }) =>
    leavesOf(tree, nameExpr(name)).flatMap(([leaf]) =>
      leaf.kind === "value" && leaf.passed.type.shape.length > 0 ? [leaf.passed.store] : [],
    ),
  );
  const typed = stores.length === 0 || stores.some((s) => s !== null);
  const comments = linesOf(request.fn).size > 1;
  const e = createEmitter({ typed, materialise: store, comments }, names);
  const parameters = request.parameters.map((p) => ({ ...p, name: e.block.names.fresh(p.name) }));
  const own: PrintRequest = { ...request, parameters };
  const frame = createFrame(request.fn, [], null, request.isTuple);
  bindParameters(e, frame, own);
  emitBody(e, frame);
  for (const v of request.fn.results) {
    const value = valueFor(frame, v);
    if (value.kind !== "tape") watch(e, value);
  }
  const value = resultTree(request.result, (leaf) => {
    if (leaf.kind === "known") return knownExpr(leaf.value);
    const v = request.fn.results[leaf.index] ?? internal(`${request.name} lacks result ${leaf.index}`);
    return resultExpr(e, valueFor(frame, v), leaf.passed);
  });
  const signature = parameters.map((p) => `${p.name}: ${parameterType(p)}`).join(", ");
  const head = `export function ${request.name}(`;
  const tail = `): ${brokenType(resultType(request.result, request.isTuple), 0, 5)} {\n`;
  const line = `${head}${signature}${tail}`;
  const opened =
    line.length <= 101
      ? line
      : `${head}\n${parameters.map((p) => `  ${p.name}: ${brokenType(parameterType(p), 2, p.name.length + 5)},\n`).join("")}${tail}`;
  const constants = block(e.constants, 0);
  const statements = [...guards(own), ...e.block.statements, { kind: "return", value } as const];
  const helpers = HELPER_NAMES.filter((n) => e.helpers.has(n)).map((n) => `\n${HELPERS[n] ?? ""}\n`);
  return [
    constants === "" ? "" : `${constants}\n`,
    comment(request.about),
    opened,
    block(statements, 2),
    "}\n",
    ...helpers,
  ].join("");
};
