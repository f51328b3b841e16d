/** Source text of whole programs: a function, and what stands outside of it. */
import type { Num, Parameter, Program } from "./program.js";
import { statement } from "./render.js";
import { number } from "./render-expressions.js";
import { returned } from "./render-functions.js";
import { type ArrayVariable, createWriter, type Scope, type Writer, withIndices } from "./scope.js";

export interface Rendered {
  /** The function's parameters: the numbers, then `Program.parameters`. */
  readonly parameters: readonly string[];
  readonly body: string;
  /** Statements that stand before the function, and the names that they declare. */
  readonly prelude: string;
  readonly outside: readonly string[];
  /** Statements that change the elements of captured arrays. */
  readonly change: string;
  /** Whether it calls functions whose last bits differ between engines. */
  readonly inexact: boolean;
}

/** Columns of a nested array that is a parameter; fields of a record. */
export const COLUMNS = 2;
const FIELDS = ["u", "w"] as const;

const parameterScope = (scope: Scope, name: string, { form, length, written }: Parameter): void => {
  if (form === "record") {
    for (const field of FIELDS) scope.numbers.push({ text: `${name}.${field}`, assignable: false });
    return;
  }
  const writable = written && scope.returns === "none";
  const columns = form === "rows" ? COLUMNS : null;
  scope.arrays.push({ text: name, form: form === "rows" ? "list" : form, length, columns, writable });
};

const lastReturn = (w: Writer, scope: Scope, p: Program): string => {
  const value = (e: Num): string => number(w, scope, e);
  if (p.result !== "all") return returned(p.result, () => [value(p.last), value(p.second)]);
  const values = [
    ...scope.numbers.map(({ text }) => text),
    ...scope.flags,
    ...scope.arrays.filter(({ writable }) => writable).map(({ text }) => text),
  ];
  return `return { ${values.map((text, k) => `r${k}: ${text}`).join(", ")}, last: ${value(p.last)} };`;
};

const emptyScope = (returns: Scope["returns"]): Scope => ({
  numbers: [],
  flags: [],
  arrays: [],
  objects: [],
  records: [],
  perhaps: [],
  functions: [],
  counters: [],
  targets: [],
  returns,
  own: new Set(),
  lines: [],
  times: 1,
});

/** What is outside is not written to by anyone. */
const freeze = (scope: Scope): void => {
  scope.numbers.splice(0, Infinity, ...scope.numbers.map((v) => ({ ...v, assignable: false })));
  scope.arrays.splice(0, Infinity, ...scope.arrays.map((a): ArrayVariable => ({ ...a, writable: false })));
};

/** Names that lines of the outermost block declare. */
const declared = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => /^(?:const|class|function) (\w+)/.exec(line)?.[1] ?? []);

export const renderProgram = (p: Program): Rendered => {
  const w = createWriter(statement, { risky: false, smooth: p.smooth });
  const returns = p.result === "all" ? "none" : p.result;
  const scope = emptyScope(returns);
  const outer: string[] = [];
  for (const s of p.prelude) {
    outer.push(...statement(w, { ...scope, own: new Set(), lines: outer }, s));
    freeze(scope);
  }
  w.risky = p.risky;
  // Numbers in captured arrays are read again at every call.
  const change = scope.arrays
    .filter((a) => a.columns === null)
    .map((a) => `${a.text}[0] = ${a.text}[0] * 2 + 1;`)
    .join(" ");
  const numbers = Array.from({ length: p.numbers }, () => w.name("a"));
  const others = p.parameters.map(() => w.name("x"));
  const parameters = [...numbers, ...others];
  for (const text of numbers) scope.numbers.push({ text, assignable: true });
  for (const [k, parameter] of p.parameters.entries()) parameterScope(scope, others[k] ?? "", parameter);
  for (const text of parameters) scope.own.add(text);
  for (const s of p.body) scope.lines.push(...statement(w, scope, s));
  scope.lines.push(lastReturn(w, scope, p));
  const body = scope.lines.join("\n");
  return {
    parameters,
    body,
    prelude: outer.join("\n"),
    outside: declared(outer),
    change,
    inexact: w.inexact,
  };
};

/** A function expression and what it needs, as one expression of { fn, scope, change }. */
export const expressionOf = ({ parameters, body, prelude, outside, change }: Rendered): string =>
  withIndices(
    [
      "(() => {",
      prelude,
      `const fn = function (${parameters.join(", ")}) {\n${body}\n};`,
      `return { fn, scope: () => ({ ${outside.join(", ")} }), change: () => { ${change} } };`,
      "})()",
    ].join("\n"),
    (value) => value,
  );

/** The same for plain JavaScript: an index out of range throws. */
export const checkedExpressionOf = (r: Rendered): string => {
  const mark = (text: string): string => withIndices(text, (value, n) => `checked(${value}, ${n})`);
  return expressionOf({ ...r, prelude: mark(r.prelude), body: mark(r.body) });
};
