/** Declarations of functions, of objects and classes with methods, and of functions that make functions; calls of them. */
import type { GivenForm, Num, Stmt } from "./program.js";
import { number } from "./render-expressions.js";
import {
  choose,
  declareNumber,
  type FunctionVariable,
  indent,
  inner,
  operator,
  type Scope,
  type Writer,
} from "./scope.js";

/** A call with as many arguments as the function has parameters; of two results one is taken. */
export const callText = (
  f: FunctionVariable,
  args: readonly string[],
  pick: number,
  array: string | null = null,
): string => {
  const call = argumentText(f, args, array);
  if (f.giving === "number") return call;
  return f.giving === "list" ? `${call}[${pick % 2}]` : `${call}.${pick % 2 === 0 ? "a" : "b"}`;
};

const argumentText = (
  { text, taking, parameters }: FunctionVariable,
  args: readonly string[],
  array: string | null,
): string => {
  if (array !== null) return `${text}(${[array, ...args].join(", ")})`;
  switch (taking) {
    case "plain":
      return `${text}(${args.join(", ")})`;
    case "defaults":
      return `${text}(${args.slice(0, Math.max(0, parameters - 1)).join(", ")})`;
    case "record":
      return `${text}({ ${args.map((arg, k) => `q${k}: ${arg}`).join(", ")} })`;
    case "array":
    case "rest":
      return taking === "array" ? `${text}([${args.join(", ")}])` : `${text}(...[${args.join(", ")}])`;
    default: {
      const never: never = taking;
      return never;
    }
  }
};

/** What stands between the parentheses of a function, and statements that unpack it. */
const parameterList = (
  w: Writer,
  scope: Scope,
  s: Extract<Stmt, { kind: "function" }>,
  names: readonly string[],
): { readonly list: string; readonly unpack: readonly string[] } => {
  switch (s.taking) {
    case "plain":
      return { list: names.join(", "), unpack: [] };
    case "defaults": {
      const last = names.at(-1);
      if (last === undefined) return { list: "", unpack: [] };
      const value = number(w, { ...scope, times: 1 }, { kind: "variable", pick: names.length });
      return { list: [...names.slice(0, -1), `${last} = ${value}`].join(", "), unpack: [] };
    }
    case "record":
      return { list: `{ ${names.map((name, k) => `q${k}: ${name}`).join(", ")} }`, unpack: [] };
    case "array":
      return { list: `[${names.join(", ")}]`, unpack: [] };
    case "rest": {
      const rest = w.name("r");
      return {
        list: `...${rest}`,
        unpack: names.length === 0 ? [] : [`let [${names.join(", ")}] = ${rest};`],
      };
    }
    default: {
      const never: never = s.taking;
      return never;
    }
  }
};

/** What `write` comes to, which a call costs. */
const measured = (w: Writer, write: () => void): { readonly cost: number; readonly size: number } => {
  const before = { cost: w.cost, size: w.size };
  write();
  return { cost: w.cost - before.cost + 1, size: w.size - before.size + 1 };
};

/** A function of one number. */
const UNARY = { taking: "plain", giving: "number", parameters: 1, array: null } as const;

/** A `return` of these values. */
export const returned = (form: GivenForm, values: () => readonly [string, string]): string => {
  const [a, b] = values();
  return form === "number"
    ? `return ${a};`
    : form === "list"
      ? `return [${a}, ${b}];`
      : `return { a: ${a}, b: ${b} };`;
};

export const functionDeclaration = (
  w: Writer,
  scope: Scope,
  s: Extract<Stmt, { kind: "function" }>,
): string[] => {
  const name = w.name("f");
  const parameters = Array.from({ length: s.parameters }, () => w.name("p"));
  const given = s.array === null ? null : w.name("A");
  const { list: numbers, unpack } = parameterList(
    w,
    scope,
    given === null ? s : { ...s, taking: "plain" },
    parameters,
  );
  const list = [...(given === null ? [] : [given]), ...(numbers === "" ? [] : [numbers])].join(", ");
  const own = inner(scope, { targets: [], returns: s.giving, times: 1, lines: [...unpack] });
  if (given !== null && s.array !== null)
    own.arrays.push({ text: given, form: "list", length: s.array, columns: null, writable: true });
  for (const p of parameters) declareNumber(own, p, true);
  const spent = measured(w, () => {
    for (const inside of s.body) own.lines.push(...w.statement(own, inside));
    const last = number(w, own, s.result);
    own.lines.push(returned(s.giving, () => [last, number(w, own, { kind: "variable", pick: 0 })]));
  });
  const { taking, giving, array } = s;
  scope.functions.push({ text: name, taking, giving, parameters: parameters.length, array, ...spent });
  const head =
    s.form === "arrow"
      ? `const ${name} = (${list}) => {`
      : s.form === "expression"
        ? `const ${name} = function (${list}) {`
        : `function ${name}(${list}) {`;
  return [head, ...indent(own.lines), s.form === "declaration" ? "}" : "};"];
};

/** An expression over the variables around and `names`. */
const over = (w: Writer, scope: Scope, names: readonly string[], e: Num): string => {
  const numbers = [...scope.numbers, ...names.map((text) => ({ text, assignable: false }))];
  return number(w, { ...scope, numbers, times: 1 }, e);
};

export const objectDeclaration = (
  w: Writer,
  scope: Scope,
  s: Extract<Stmt, { kind: "object" }>,
): string[] => {
  const name = w.name("o");
  const fields = s.items.map((item, k) => `k${k}: ${number(w, scope, item)}`);
  const { method } = s;
  if (method !== null) {
    const spent = measured(w, () => {
      fields.push(`get(p) { return this.k0 * p + ${over(w, scope, ["p"], method)}; }`);
    });
    scope.functions.push({ text: `${name}.get`, ...UNARY, ...spent });
  } else scope.objects.push({ text: name, fields: s.items.map((_, k) => `k${k}`) });
  for (let k = 0; k < s.items.length; k++) scope.numbers.push({ text: `${name}.k${k}`, assignable: true });
  return [`const ${name} = { ${fields.join(", ")} };`];
};

export const classDeclaration = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "class" }>): string[] => {
  const [type, name] = [w.name("C"), w.name("o")];
  const fields = s.items.map((_, k) => `k${k}`);
  const own = fields.map((field) => `this.${field}`);
  const parameters = fields.map((field) => `${field}_`);
  const items = s.items.map((item) => number(w, scope, item));
  const { getter } = s;
  const lines = [
    `constructor(${parameters.join(", ")}) {`,
    ...fields.map((field) => `  this.${field} = ${field}_;`),
    "}",
  ];
  if (getter !== null) {
    const spent = measured(w, () => {
      lines.push(`get value() { return ${over(w, scope, own, getter)}; }`);
    });
    if (spent.cost < 20) scope.numbers.push({ text: `${name}.value`, assignable: false });
  }
  const spent = measured(w, () => {
    const value = over(w, scope, [...own, "p"], s.method);
    lines.push(s.writes ? `step(p) { return this.k0 = ${value}; }` : `step(p) { return ${value}; }`);
  });
  scope.functions.push({ text: `${name}.step`, ...UNARY, ...spent });
  for (const field of fields) scope.numbers.push({ text: `${name}.${field}`, assignable: true });
  return [`class ${type} {`, ...indent(lines), "}", `const ${name} = new ${type}(${items.join(", ")});`];
};

export const makerDeclaration = (w: Writer, scope: Scope, s: Extract<Stmt, { kind: "maker" }>): string[] => {
  const [maker, own, made, p, k] = [w.name("m"), w.name("c"), w.name("f"), w.name("p"), w.name("k")];
  const start = number(w, scope, s.start);
  let step = "";
  const spent = measured(w, () => {
    step = over(w, scope, [p, own], s.step);
  });
  scope.functions.push({ text: made, ...UNARY, ...spent });
  return [
    `const ${maker} = (${k}) => {`,
    `  let ${own} = ${k};`,
    `  return (${p}) => { ${own} ${operator(w, s.op)} ${step}; return ${own}; };`,
    "};",
    `const ${made} = ${maker}(${start});`,
  ];
};

export const recursionDeclaration = (
  w: Writer,
  scope: Scope,
  s: Extract<Stmt, { kind: "recursion" }>,
): string[] => {
  const [name, n, p, made] = [w.name("f"), w.name("n"), w.name("p"), w.name("f")];
  const written = { base: "", step: "" };
  const spent = measured(w, () => {
    written.base = over(w, scope, [p], s.base);
    written.step = over(w, scope, [p, n], s.step);
  });
  const times = s.depth + 1;
  scope.functions.push({
    text: made,
    ...UNARY,
    cost: spent.cost * times,
    size: spent.size * times,
  });
  return [
    `function ${name}(${n}, ${p}) {`,
    `  if (${n} <= 0) return ${written.base};`,
    `  return ${n} - ${name}(${n} - 1, ${written.step});`,
    "}",
    `const ${made} = (${p}) => ${name}(${s.depth}, ${p});`,
  ];
};

export const unpackRecord = (
  w: Writer,
  scope: Scope,
  s: Extract<Stmt, { kind: "unpackRecord" }>,
): string[] => {
  const other = number(w, scope, s.x);
  const object = choose(scope.objects, s.object);
  const [a, b] = [w.name("v"), w.name("v")];
  declareNumber(scope, a, true);
  declareNumber(scope, b, true);
  const from = object?.text ?? `{ k0: ${other} }`;
  return [`let { k0: ${a}, k9: ${b} = ${other} } = ${from};`];
};

export const spreadObject = (
  w: Writer,
  scope: Scope,
  s: Extract<Stmt, { kind: "spreadObject" }>,
): string[] => {
  const x = number(w, scope, s.x);
  const from = choose(scope.objects, s.object);
  const name = w.name("o");
  const fields = [...new Set(["k1", ...(from?.fields ?? [])])];
  scope.objects.push({ text: name, fields });
  for (const field of fields) scope.numbers.push({ text: `${name}.${field}`, assignable: true });
  return [`const ${name} = { ${from === undefined ? "" : `...${from.text}, `}k1: ${x} };`];
};

/** Fields of the objects of an array. */
const RECORD = ["k0", "k1"] as const;

export const recordsDeclaration = (
  w: Writer,
  scope: Scope,
  s: Extract<Stmt, { kind: "records" }>,
): string[] => {
  const items = s.items.map((item) => number(w, scope, item));
  const name = w.name("R");
  scope.records.push({ text: name, length: items.length });
  for (let k = 0; k < items.length; k++)
    for (const field of RECORD) scope.numbers.push({ text: `${name}[${k}].${field}`, assignable: true });
  return [`const ${name} = [${items.map((item, k) => `{ k0: ${item}, k1: ${k} }`).join(", ")}];`];
};
