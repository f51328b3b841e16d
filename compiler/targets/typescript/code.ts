/** The TypeScript that is printed, as data: expressions, statements, and the variables they speak of. */

/** Operators by how tightly they bind, as in ECMAScript; higher binds tighter. */
export const PRECEDENCE = {
  "??": 1,
  "||": 2,
  "&&": 3,
  "|": 4,
  "^": 5,
  "&": 6,
  "===": 7,
  "!==": 7,
  "<": 8,
  "<=": 8,
  ">": 8,
  ">=": 8,
  "<<": 9,
  ">>": 9,
  ">>>": 9,
  "+": 10,
  "-": 10,
  "*": 11,
  "/": 11,
  "%": 11,
  "**": 13,
} as const;
export type BinaryOperator = keyof typeof PRECEDENCE;

export type Expr =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "binary"; readonly op: BinaryOperator; readonly x: Expr; readonly y: Expr }
  | { readonly kind: "unary"; readonly op: "-" | "!" | "~" | "+"; readonly x: Expr }
  | { readonly kind: "conditional"; readonly cond: Expr; readonly x: Expr; readonly y: Expr }
  | { readonly kind: "call"; readonly callee: string; readonly args: readonly Expr[] }
  | { readonly kind: "method"; readonly x: Expr; readonly name: string; readonly args: readonly Expr[] }
  | { readonly kind: "index"; readonly x: Expr; readonly at: Expr }
  | { readonly kind: "member"; readonly x: Expr; readonly name: string }
  | { readonly kind: "array"; readonly items: readonly Expr[] }
  | { readonly kind: "object"; readonly fields: readonly (readonly [string, Expr])[] }
  | { readonly kind: "arrow"; readonly params: string; readonly body: Expr };

/** A variable that statements change: an assigned `let`, or an array whose elements are written. */
export interface Variable {
  readonly name: string;
  /** Its type where the declaration needs one. */
  readonly type: string | null;
  /** Whether the name itself is assigned to again: decided while statements are made, read when they are printed. */
  reassigned: boolean;
}

export type AssignOperator = "=" | "+=" | "-=" | "*=" | "/=";

export type Stmt =
  | { readonly kind: "declare"; readonly variable: Variable; readonly value: Expr | null }
  | { readonly kind: "assign"; readonly target: Expr; readonly op: AssignOperator; readonly value: Expr }
  | { readonly kind: "swap"; readonly targets: readonly Expr[]; readonly values: readonly Expr[] }
  | { readonly kind: "do"; readonly value: Expr }
  | {
      readonly kind: "for";
      /** `let i = 0`, and more of the kind. */
      readonly start: readonly (readonly [name: string, value: Expr])[];
      readonly test: Expr;
      readonly step: string;
      readonly body: readonly Stmt[];
    }
  | { readonly kind: "while"; readonly test: Expr; readonly body: readonly Stmt[] }
  | {
      readonly kind: "if";
      readonly test: Expr;
      readonly then: readonly Stmt[];
      readonly otherwise: readonly Stmt[];
    }
  | { readonly kind: "break" }
  | { readonly kind: "return"; readonly value: Expr }
  | { readonly kind: "throw"; readonly error: string; readonly message: Expr }
  | { readonly kind: "comment"; readonly text: string };

export const num = (value: number): Expr => ({ kind: "number", value });
export const bool = (value: boolean): Expr => ({ kind: "boolean", value });
export const text = (value: string): Expr => ({ kind: "text", value });
export const name = (n: string): Expr => ({ kind: "name", name: n });
export const call = (callee: string, ...args: readonly Expr[]): Expr => ({ kind: "call", callee, args });
export const method = (x: Expr, n: string, ...args: readonly Expr[]): Expr => ({
  kind: "method",
  x,
  name: n,
  args,
});
export const index = (x: Expr, ...at: readonly Expr[]): Expr =>
  at.reduce((of, k): Expr => ({ kind: "index", x: of, at: k }), x);
export const member = (x: Expr, n: string): Expr => ({ kind: "member", x, name: n });
export const binary = (op: BinaryOperator, x: Expr, y: Expr): Expr => ({ kind: "binary", op, x, y });
export const array = (items: readonly Expr[]): Expr => ({ kind: "array", items });
export const arrow = (params: string, body: Expr): Expr => ({ kind: "arrow", params, body });
const isBoolean = (e: Expr, value: boolean): boolean => e.kind === "boolean" && e.value === value;

/** `cond ? x : y`; of booleans where one is known: what && and || say. */
export const conditional = (cond: Expr, x: Expr, y: Expr): Expr => {
  if (isBoolean(x, true)) return isBoolean(y, false) ? cond : binary("||", cond, y);
  if (isBoolean(y, false)) return binary("&&", cond, x);
  if (isBoolean(x, false)) return isBoolean(y, true) ? negation(cond) : binary("&&", negation(cond), y);
  if (isBoolean(y, true)) return binary("||", negation(cond), x);
  return { kind: "conditional", cond, x, y };
};

const NEGATED: Readonly<Partial<Record<BinaryOperator, BinaryOperator>>> = {
  "===": "!==",
  "!==": "===",
};

/** `!x`, told apart from what NaN makes of a comparison: only equality turns into its opposite. */
export const negation = (x: Expr): Expr => {
  if (x.kind === "boolean") return bool(!x.value);
  if (x.kind === "unary" && x.op === "!") return x.x;
  const opposite = x.kind === "binary" ? NEGATED[x.op] : undefined;
  if (x.kind === "binary" && opposite !== undefined) return binary(opposite, x.x, x.y);
  return { kind: "unary", op: "!", x };
};

/** `-x` */
export const minus = (x: Expr): Expr => {
  if (x.kind === "number") return num(-x.value);
  if (x.kind === "unary" && x.op === "-") return x.x;
  return { kind: "unary", op: "-", x };
};

/** The parts of an expression. */
export const partsOf = (e: Expr): readonly Expr[] => {
  switch (e.kind) {
    case "number":
    case "boolean":
    case "text":
    case "name":
      return [];
    case "binary":
      return [e.x, e.y];
    case "unary":
      return [e.x];
    case "conditional":
      return [e.cond, e.x, e.y];
    case "call":
      return e.args;
    case "method":
      return [e.x, ...e.args];
    case "index":
      return [e.x, e.at];
    case "member":
      return [e.x];
    case "array":
      return e.items;
    case "object":
      return e.fields.map(([, field]) => field);
    case "arrow":
      return [e.body];
    default: {
      const never: never = e;
      return never;
    }
  }
};

/** How many operators, calls and names there are in an expression. */
export const sizeOfExpr = (e: Expr): number => partsOf(e).reduce((n, part) => n + sizeOfExpr(part), 1);

/** Whether two expressions read the same. */
export const sameExpr = (a: Expr, b: Expr): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether writing it twice costs nothing: a literal, a name, a field or element of one at a plain index. */
export const isSimple = (e: Expr): boolean => {
  switch (e.kind) {
    case "number":
    case "boolean":
    case "text":
    case "name":
      return true;
    case "member":
      return isSimple(e.x);
    case "unary":
      return e.op === "-" && (e.x.kind === "name" || e.x.kind === "number");
    default:
      return false;
  }
};

/** A plain index: a name or number, or one more or less than it. */
export const isPlainIndex = (e: Expr): boolean =>
  isSimple(e) ||
  (e.kind === "binary" && (e.op === "+" || e.op === "-") && isSimple(e.x) && e.y.kind === "number");

/** An element of a named array at plain indices: `x[i]`, `a[i - 1][j]`. */
export const isElement = (e: Expr): boolean =>
  e.kind === "index" && isPlainIndex(e.at) && (isSimple(e.x) || isElement(e.x));
