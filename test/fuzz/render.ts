/** Source text of programs: terminating, of bounded size, and without an index out of range. */
import type { Case, Stmt } from "./program.js";
import { arrayDeclaration, arrayStatement } from "./render-arrays.js";
import { bool, number, target } from "./render-expressions.js";
import {
  classDeclaration,
  functionDeclaration,
  makerDeclaration,
  objectDeclaration,
  recordsDeclaration,
  recursionDeclaration,
  returned,
  spreadObject,
  unpackRecord,
} from "./render-functions.js";
import { eachRecord, forInStatement, forOfStatement, forStatement, whileStatement } from "./render-loops.js";
import { block, choose, declareNumber, indent, operator, type Scope, type Writer } from "./scope.js";

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

const returnOf = (form: Scope["returns"], values: () => readonly [string, string]): string | null => {
  if (form === "none") return null;
  return form === "nothing" ? "return;" : returned(form, values);
};

const returnStatement = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "return" }>): string[] => {
  const test = s.test === null ? null : bool(w, scope, s.test, true);
  const text = returnOf(scope.returns, () => [number(w, scope, s.x), number(w, scope, s.y)]);
  if (text === null) return [];
  return [test === null ? text : `if (${test}) ${text}`];
};

const assignment = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "assign" }>): string[] => {
  const to = target(w, scope, s.target);
  return to === null ? [] : [`${to} ${operator(w, s.op)} ${number(w, scope, s.x)};`];
};

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
      return a === null || b === null ? [] : [`[${a}, ${b}] = [${b}, ${a}];`];
    }
    case "reverse": {
      const array = choose(
        scope.arrays.filter((x) => x.writable && x.columns === null),
        s.array,
      );
      return array === undefined ? [] : [`${array.text}.reverse();`];
    }
    case "move":
    case "swapRows":
    case "setRow":
      return arrayStatement(w, scope, s);
    case "spreadObject":
      return spreadObject(w, scope, s);
    case "records":
      return recordsDeclaration(w, scope, s);
    case "eachRecord":
      return eachRecord(w, scope, s);
    case "perhaps": {
      const [test, x] = [bool(w, scope, s.test, true), number(w, scope, s.x)];
      const name = w.name("u");
      scope.perhaps.push(name);
      return [`let ${name};`, `if (${test}) ${name} = ${x};`];
    }
    case "unpackRecord":
      return unpackRecord(w, scope, s);
    case "class":
      return classDeclaration(w, scope, s);
    case "maker":
      return makerDeclaration(w, scope, s);
    case "recursion":
      return recursionDeclaration(w, scope, s);
    case "forIn":
      return forInStatement(w, scope, s);
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
