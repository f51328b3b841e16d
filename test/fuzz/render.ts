/** Source text of programs: terminating, of bounded size, and without an index out of range. */
import type { Case, Num, Program, Stmt } from "./program.js";
import { arrayDeclaration } from "./render-arrays.js";
import { bool, number, target } from "./render-expressions.js";
import { forOfStatement, forStatement, whileStatement } from "./render-loops.js";
import {
  block,
  choose,
  createWriter,
  declareNumber,
  indent,
  inner,
  type Scope,
  type Writer,
} from "./scope.js";

const mentions = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

/** The name of a variable from outside that a declaration here may hide; null for most. */
const hidden = (scope: Scope, pick: number | null, init: string): string | null => {
  if (pick === null || pick % 3 !== 0) return null;
  const outer = scope.numbers.filter(({ text }) => !text.includes(".") && !scope.own.has(text));
  const name = choose(outer, pick)?.text;
  if (name === undefined || mentions(`${scope.lines.join("\n")}\n${init}`, name)) return null;
  const taken = scope.counters.some((c) => c.text === name);
  return taken ? null : name;
};

const declaration = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "declare" }>): string[] => {
  const init = number(w, scope, s.x);
  // Something that can be assigned to is left.
  const last = scope.numbers.filter((v) => v.assignable).length <= 1;
  const mayHide = s.word === "let" || (s.word === "const" && !last);
  const name = (mayHide ? hidden(scope, s.shadows, init) : null) ?? w.name("v");
  const shadowed = scope.numbers.findIndex(({ text }) => text === name);
  if (shadowed >= 0) scope.numbers.splice(shadowed, 1);
  declareNumber(scope, name, s.word !== "const");
  return [`${s.word} ${name} = ${init};`];
};

const objectDeclaration = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "object" }>): string[] => {
  const name = w.name("o");
  const fields = s.items.map((item, k) => `k${k}: ${number(w, scope, item)}`);
  const before = { cost: w.cost, size: w.size };
  const method = s.method === null ? null : number(w, { ...scope, times: 1 }, s.method);
  if (method !== null) {
    fields.push(`get(p) { return this.k0 * p + ${method}; }`);
    scope.functions.push({
      text: `${name}.get`,
      parameters: 1,
      cost: w.cost - before.cost + 1,
      size: w.size - before.size + 1,
    });
  }
  for (let k = 0; k < s.items.length; k++) scope.numbers.push({ text: `${name}.k${k}`, assignable: true });
  return [`const ${name} = { ${fields.join(", ")} };`];
};

const functionDeclaration = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "function" }>): string[] => {
  const name = w.name("f");
  const parameters = Array.from({ length: s.parameters }, () => w.name("p"));
  const before = { cost: w.cost, size: w.size };
  const own = inner(scope, { targets: [], returns: "number", times: 1 });
  for (const p of parameters) declareNumber(own, p, true);
  for (const inside of s.body) own.lines.push(...statement(w, own, inside));
  own.lines.push(`return ${number(w, own, s.result)};`);
  scope.functions.push({
    text: name,
    parameters: parameters.length,
    cost: w.cost - before.cost + 1,
    size: w.size - before.size + 1,
  });
  const list = `(${parameters.join(", ")})`;
  const head =
    s.form === "arrow"
      ? `const ${name} = ${list} => {`
      : s.form === "expression"
        ? `const ${name} = function ${list} {`
        : `function ${name}${list} {`;
  return [head, ...indent(own.lines), s.form === "declaration" ? "}" : "};"];
};

const switchStatement = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "switch" }>): string[] => {
  const value = number(w, scope, s.x);
  const seen = new Set<number>();
  let hasDefault = false;
  const change = { targets: [...scope.targets, { kind: "switch", label: null } as const] };
  const cases = s.cases.flatMap((c: Case): string[] => {
    const values = c.values.filter((v) => !seen.has(v));
    for (const v of values) seen.add(v);
    if (values.length === 0 && hasDefault) return [];
    if (values.length === 0) hasDefault = true;
    const labels = values.length === 0 ? ["default:"] : values.map((v) => `case ${v}:`);
    const body = block(w, scope, c.body, change);
    return [`${labels.join(" ")} {`, ...body, c.ends ? "  break;" : "  // falls through", "}"];
  });
  return [`switch (${value} & ${s.mask}) {`, ...indent(cases), "}"];
};

const jump = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "break" | "continue" }>): string[] => {
  const targets = s.kind === "break" ? scope.targets : scope.targets.filter((t) => t.kind === "loop");
  const reachable = targets.filter((t) => t.label !== null || t === targets.at(-1));
  const to = choose(reachable, s.pick);
  if (to === undefined) return [];
  const label = to.label !== null && (to !== targets.at(-1) || s.pick % 2 === 0) ? ` ${to.label}` : "";
  const text = `${s.kind}${label};`;
  return [s.test === null ? text : `if (${bool(w, scope, s.test, true)}) ${text}`];
};

const returned = (form: Scope["returns"], values: () => readonly [string, string]): string | null => {
  if (form === "none") return null;
  if (form === "nothing") return "return;";
  const [a, b] = values();
  return form === "number"
    ? `return ${a};`
    : form === "list"
      ? `return [${a}, ${b}];`
      : `return { a: ${a}, b: ${b} };`;
};

const returnStatement = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "return" }>): string[] => {
  const test = s.test === null ? null : bool(w, scope, s.test, true);
  const text = returned(scope.returns, () => [number(w, scope, s.x), number(w, scope, s.y)]);
  if (text === null) return [];
  return [test === null ? text : `if (${test}) ${text}`];
};

const assignment = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "assign" }>): string[] => [
  `${target(w, scope, s.target)} ${s.op} ${number(w, scope, s.x)};`,
];

export const statement = (w: Writer, scope: Scope, s: Stmt): string[] => {
  w.size++;
  switch (s.kind) {
    case "declare":
      return declaration(w, scope, s);
    case "declareLater": {
      const [test, x, y] = [bool(w, scope, s.test, true), number(w, scope, s.x), number(w, scope, s.y)];
      const name = w.name("v");
      declareNumber(scope, name, true);
      return [`let ${name};`, `if (${test}) ${name} = ${x};`, `else ${name} = ${y};`];
    }
    case "flag": {
      const test = bool(w, scope, s.test, false);
      const name = w.name("b");
      scope.flags.push(name);
      return [`let ${name} = ${test};`];
    }
    case "setFlag": {
      const name = choose(scope.flags, s.pick);
      return name === undefined ? [] : [`${name} = ${bool(w, scope, s.test, false)};`];
    }
    case "array":
      return arrayDeclaration(w, scope, s);
    case "object":
      return objectDeclaration(w, scope, s);
    case "function":
      return functionDeclaration(w, scope, s);
    case "assign":
      return assignment(w, scope, s);
    case "swap": {
      const [a, b] = [target(w, scope, s.a), target(w, scope, s.b)];
      return [`[${a}, ${b}] = [${b}, ${a}];`];
    }
    case "fill": {
      const array = choose(
        scope.arrays.filter((a) => a.writable && a.columns === null),
        s.array,
      );
      return array === undefined ? [] : [`${array.text}.fill(${number(w, scope, s.x)});`];
    }
    case "unpack": {
      const array = choose(
        scope.arrays.filter((a) => a.columns === null),
        s.array,
      );
      const rest = number(w, scope, s.x);
      const [a, b] = [w.name("v"), w.name("v")];
      declareNumber(scope, a, true);
      declareNumber(scope, b, true);
      return [`let [${a}, ${b} = ${rest}] = ${array === undefined ? `[${rest}, 5]` : array.text};`];
    }
    case "if": {
      const test = bool(w, scope, s.test, true);
      const then = block(w, scope, s.then);
      if (s.otherwise === null) return [`if (${test}) {`, ...then, "}"];
      return [`if (${test}) {`, ...then, "} else {", ...block(w, scope, s.otherwise), "}"];
    }
    case "switch":
      return switchStatement(w, scope, s);
    case "for":
      return forStatement(w, scope, s);
    case "while":
      return whileStatement(w, scope, s);
    case "forOf":
      return forOfStatement(w, scope, s);
    case "break":
    case "continue":
      return jump(w, scope, s);
    case "return":
      return returnStatement(w, scope, s);
    case "throw":
      return [`if (${bool(w, scope, s.test, true)}) throw new RangeError("stop ${w.name("t")}");`];
    case "evaluate":
      return [`${number(w, scope, s.x)};`];
    case "block":
      return ["{", ...block(w, scope, s.body), "}"];
    default: {
      const never: never = s;
      return never;
    }
  }
};

export interface Rendered {
  readonly parameters: readonly string[];
  readonly body: string;
  /** Lengths of the array parameters, which come after the numbers. */
  readonly arrays: readonly number[];
}

const lastReturn = (w: Writer, scope: Scope, p: Program): string => {
  const value = (e: Num): string => number(w, scope, e);
  if (p.result !== "all") return returned(p.result, () => [value(p.last), value(p.second)]) ?? "";
  const values = [
    ...scope.numbers.map(({ text }) => text),
    ...scope.flags,
    ...scope.arrays.filter(({ writable }) => writable).map(({ text }) => text),
  ];
  return `return { ${values.map((text, k) => `r${k}: ${text}`).join(", ")}, last: ${value(p.last)} };`;
};

export const renderProgram = (p: Program): Rendered => {
  const w = createWriter(statement);
  const numbers = Array.from({ length: p.numbers }, () => w.name("a"));
  const arrays = p.arrays.map((length) => ({
    text: w.name("x"),
    form: "Float64Array",
    length,
    columns: null,
    writable: false,
  }));
  const parameters = [...numbers, ...arrays.map(({ text }) => text)];
  const scope: Scope = {
    numbers: numbers.map((text) => ({ text, assignable: true })),
    flags: [],
    arrays: [...arrays],
    functions: [],
    counters: [],
    targets: [],
    returns: p.result === "all" ? "none" : p.result,
    own: new Set(parameters),
    lines: ['"use strict";'],
    times: 1,
  };
  for (const s of p.body) scope.lines.push(...statement(w, scope, s));
  scope.lines.push(lastReturn(w, scope, p));
  return { parameters, body: scope.lines.join("\n"), arrays: p.arrays };
};
