/** Statements and expressions as text: parentheses where precedence asks for them, lines of at most 100 characters. */
import { type BinaryOperator, type Expr, PRECEDENCE, type Stmt } from "./code.js";

const WIDTH = 100;
const UNARY = 12;
const CONDITIONAL = 0;
const PRIMARY = 20;

/** A double as a literal that reads back the same. */
export const numberLiteral = (n: number): string => {
  if (Number.isNaN(n)) return "Number.NaN";
  if (!Number.isFinite(n)) return n > 0 ? "Infinity" : "-Infinity";
  if (Object.is(n, -0)) return "-0";
  const constant = CONSTANTS.get(n);
  return constant ?? String(n);
};

/** Constants that ECMAScript has a name for. */
const CONSTANTS: ReadonlyMap<number, string> = new Map([
  [Math.PI, "Math.PI"],
  [Math.E, "Math.E"],
  [Math.LN2, "Math.LN2"],
  [Math.LN10, "Math.LN10"],
  [Math.LOG2E, "Math.LOG2E"],
  [Math.LOG10E, "Math.LOG10E"],
  [Math.SQRT2, "Math.SQRT2"],
  [Math.SQRT1_2, "Math.SQRT1_2"],
]);

/** How tightly the outermost operator of an expression binds. */
const precedenceOf = (e: Expr): number => {
  switch (e.kind) {
    case "number":
      return e.value < 0 || Object.is(e.value, -0) ? UNARY : PRIMARY;
    case "binary":
      return PRECEDENCE[e.op];
    case "unary":
      return UNARY;
    case "conditional":
      return CONDITIONAL;
    case "arrow":
      return -1;
    default:
      return PRIMARY;
  }
};

/** `a + (b + c)` is another sum than `a + b + c`: only these read the same from both sides. */
const isAssociative = (op: BinaryOperator): boolean => op === "&&" || op === "||";

/** Operators that readers, and formatters, want parentheses between, whatever the grammar says. */
const needsClarity = (outer: BinaryOperator, inner: BinaryOperator): boolean => {
  const bitwise = PRECEDENCE[outer] >= PRECEDENCE["|"] && PRECEDENCE[outer] <= PRECEDENCE["&"];
  const shift = PRECEDENCE[outer] === PRECEDENCE["<<"];
  if (outer === "%" || inner === "%") return PRECEDENCE[inner] === PRECEDENCE[outer];
  if (outer === "??" || inner === "??") return outer !== inner;
  return (bitwise || shift || (outer === "||" && inner === "&&")) && outer !== inner;
};

const isAssociativePair = (e: Expr, outer: BinaryOperator): boolean =>
  e.kind === "binary" && e.op === outer && isAssociative(outer);

/** The operands of a chain of operators of one precedence, with the operators between them. */
const chainOf = (e: Expr & { readonly kind: "binary" }): readonly [BinaryOperator | null, Expr][] => {
  const level = PRECEDENCE[e.op];
  const isChain = e.x.kind === "binary" && PRECEDENCE[e.x.op] === level && !needsClarity(e.op, e.x.op);
  const left =
    isChain && e.x.kind === "binary" && e.op !== "**"
      ? chainOf(e.x)
      : ([[null, e.x]] as const satisfies readonly (readonly [null, Expr])[]);
  return [...left.map(([op, x]): [BinaryOperator | null, Expr] => [op, x]), [e.op, e.y]];
};

const fits = (text: string, column: number): boolean => !text.includes("\n") && column + text.length <= WIDTH;

const pad = (indent: number): string => " ".repeat(indent);

/** The expression on one line. */
export const flat = (e: Expr): string => {
  switch (e.kind) {
    case "number":
      return numberLiteral(e.value);
    case "boolean":
      return String(e.value);
    case "text":
      return JSON.stringify(e.value);
    case "name":
      return e.name;
    case "binary":
      return `${operandFlat(e.x, e.op, "left")} ${e.op} ${operandFlat(e.y, e.op, "right")}`;
    case "unary": {
      const inner = flat(e.x);
      return precedenceOf(e.x) < UNARY || inner.startsWith(e.op) ? `${e.op}(${inner})` : `${e.op}${inner}`;
    }
    case "conditional":
      return `${condition(e.cond)} ? ${flat(e.x)} : ${flat(e.y)}`;
    case "call":
      return `${e.callee}(${e.args.map(flat).join(", ")})`;
    case "method":
      return `${receiver(e.x)}.${e.name}(${e.args.map(flat).join(", ")})`;
    case "index":
      return `${receiver(e.x)}[${flat(e.at)}]`;
    case "member":
      return /^[A-Za-z_$][\w$]*$/.test(e.name)
        ? `${receiver(e.x)}.${e.name}`
        : `${receiver(e.x)}[${JSON.stringify(e.name)}]`;
    case "array":
      return `[${e.items.map(flat).join(", ")}]`;
    case "object":
      return e.fields.length === 0 ? "{}" : `{ ${e.fields.map(fieldText).join(", ")} }`;
    case "arrow":
      return `${e.params} => ${e.body.kind === "object" ? `(${flat(e.body)})` : flat(e.body)}`;
    default: {
      const never: never = e;
      return never;
    }
  }
};

/** What stands before the question mark. */
const condition = (e: Expr): string => (precedenceOf(e) <= CONDITIONAL ? `(${flat(e)})` : flat(e));

const receiver = (x: Expr): string => (precedenceOf(x) < PRIMARY ? `(${flat(x)})` : flat(x));

const keyText = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));
const fieldText = ([key, value]: readonly [string, Expr]): string =>
  value.kind === "name" && value.name === key ? key : `${keyText(key)}: ${flat(value)}`;

const operandFlat = (e: Expr, outer: BinaryOperator, side: "left" | "right"): string => {
  const bare = isBare(e, outer, side);
  return bare ? flat(e) : `(${flat(e)})`;
};

const isBare = (e: Expr, outer: BinaryOperator, side: "left" | "right"): boolean => {
  const own = precedenceOf(e);
  const limit = PRECEDENCE[outer];
  if (outer === "**" && side === "left" && own <= UNARY) return false;
  if (e.kind === "binary" && needsClarity(outer, e.op)) return false;
  if (own !== limit) return own > limit;
  if (outer === "**") return side === "right";
  return side === "left" || isAssociativePair(e, outer);
};

/** The expression from `column` on, in lines that fit where it can be broken; `indent` is that of the statement. */
export const exprText = (e: Expr, indent: number, column = indent): string => {
  const line = flat(e);
  if (fits(line, column)) return line;
  const inner = indent + 2;
  const list = (open: string, items: readonly string[], close: string): string =>
    `${open}\n${items.map((item) => `${pad(inner)}${item},\n`).join("")}${pad(indent)}${close}`;
  switch (e.kind) {
    case "binary": {
      const lines: string[] = [];
      for (const [op, x] of chainOf(e)) {
        const side = op === null ? "left" : "right";
        const bare = isBare(x, op ?? e.op, side);
        const prefix = op === null ? "" : `${op} `;
        const from = op === null ? column : inner + prefix.length;
        const part = bare ? exprText(x, inner, from + 2) : `(${exprText(x, inner, from + 4)})`;
        const last = lines.at(-1);
        if (last !== undefined && !last.includes("\n") && !part.includes("\n")) {
          const joined = `${last} ${op} ${part}`;
          const start = lines.length === 1 ? column : inner;
          if (start + joined.length + 2 <= WIDTH) {
            lines[lines.length - 1] = joined;
            continue;
          }
        }
        if (last === undefined) lines.push(part);
        else {
          lines[lines.length - 1] = `${last} ${op}`;
          lines.push(part);
        }
      }
      return lines.join(`\n${pad(inner)}`);
    }
    case "conditional":
      return [
        condition(e.cond),
        `${pad(inner)}? ${exprText(e.x, inner, inner + 2)}`,
        `${pad(inner)}: ${exprText(e.y, inner, inner + 2)}`,
      ].join("\n");
    case "call":
      return e.args.length === 0
        ? line
        : list(
            `${e.callee}(`,
            e.args.map((x) => exprText(x, inner)),
            ")",
          );
    case "array":
      return e.items.every((x) => x.kind === "number")
        ? `[\n${filled(e.items.map(flat), inner)}\n${pad(indent)}]`
        : list(
            "[",
            e.items.map((x) => exprText(x, inner)),
            "]",
          );
    case "object":
      return list(
        "{",
        e.fields.map(([key, x]) =>
          x.kind === "name" && x.name === key
            ? key
            : `${keyText(key)}: ${exprText(x, inner, inner + key.length + 2)}`,
        ),
        "}",
      );
    case "unary":
      return precedenceOf(e.x) < UNARY
        ? `${e.op}(${exprText(e.x, indent, column + 2)})`
        : `${e.op}${exprText(e.x, indent, column + 1)}`;
    default:
      return line;
  }
};

/** Numbers in lines that are full. */
const filled = (items: readonly string[], indent: number): string => {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && indent + last.length + item.length + 2 <= WIDTH)
      lines[lines.length - 1] = `${last} ${item},`;
    else lines.push(`${item},`);
  }
  return lines.map((l) => `${pad(indent)}${l}`).join("\n");
};

const block = (body: readonly Stmt[], indent: number): string => {
  const lines = body.map((s) => stmtText(s, indent + 2));
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${pad(indent)}}`;
};

/** A statement at its indentation, without the line's end. */
export const stmtText = (s: Stmt, indent: number): string => {
  const at = pad(indent);
  const tail = (head: string, value: Expr, end = ";"): string =>
    `${at}${head}${exprText(value, indent, indent + head.length + end.length)}${end}`;
  switch (s.kind) {
    case "declare": {
      const { variable, value } = s;
      const type = variable.type === null ? "" : `: ${variable.type}`;
      if (value === null) return `${at}let ${variable.name}${type};`;
      return tail(`${variable.reassigned ? "let" : "const"} ${variable.name}${type} = `, value);
    }
    case "assign":
      if ((s.op === "+=" || s.op === "-=") && s.value.kind === "number" && s.value.value === 1)
        return `${at}${flat(s.target)}${s.op === "+=" ? "++" : "--"};`;
      return tail(`${flat(s.target)} ${s.op} `, s.value);
    case "swap":
      return `${at}[${s.targets.map(flat).join(", ")}] = [${s.values.map(flat).join(", ")}];`;
    case "do":
      return tail("", s.value);
    case "for": {
      const start = s.start.map(([n, v]) => `${n} = ${flat(v)}`).join(", ");
      return `${at}for (let ${start}; ${flat(s.test)}; ${s.step}) ${block(s.body, indent)}`;
    }
    case "while":
      return `${at}while (${exprText(s.test, indent, indent + 9)}) ${block(s.body, indent)}`;
    case "if": {
      const head = `${at}if (${exprText(s.test, indent, indent + 6)})`;
      const [only] = s.then;
      if (s.then.length === 1 && s.otherwise.length === 0 && only !== undefined && isShort(only)) {
        const line = `${head} ${stmtText(only, 0)}`;
        if (fits(line, 0)) return line;
      }
      const first = `${head} ${block(s.then, indent)}`;
      if (s.otherwise.length === 0) return first;
      const [chained] = s.otherwise;
      const rest =
        s.otherwise.length === 1 && chained?.kind === "if"
          ? stmtText(chained, indent).trimStart()
          : block(s.otherwise, indent);
      return `${first} else ${rest}`;
    }
    case "break":
      return `${at}break;`;
    case "return":
      return tail("return ", s.value);
    case "throw":
      return `${at}throw new ${s.error}(${flat(s.message)});`;
    case "comment":
      return `${at}// ${s.text}`;
    default: {
      const never: never = s;
      return never;
    }
  }
};

/** What may stand behind a condition without braces. */
const isShort = (s: Stmt): boolean => s.kind === "break" || s.kind === "assign" || s.kind === "throw";
