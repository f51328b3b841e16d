/**
 * Programs whose derivatives say something: a random program with the same statements, in which nothing overflows soon,
 * arrays hold f64, bit operations are arithmetic, and elementary functions stay inside of their domains.
 */
import type { AssignOp, MathName, NumberOp, Program, SmoothName, UnaryOp } from "./program.js";

type Tree = null | boolean | number | string | readonly Tree[] | { readonly [key: string]: Tree };
type Fields = { readonly [key: string]: Tree };

const NUMBER: Readonly<Partial<Record<NumberOp, NumberOp>>> = {
  "&": "+",
  "|": "-",
  "^": "*",
  "<<": "+",
  ">>": "-",
  ">>>": "*",
};
const ASSIGN: Readonly<Partial<Record<AssignOp, AssignOp>>> = {
  "&=": "+=",
  "|=": "-=",
  "^=": "+=",
  "<<=": "=",
  ">>=": "-=",
  ">>>=": "=",
  "**=": "*=",
};
const UNARY: Readonly<Partial<Record<UnaryOp, UnaryOp>>> = { "~": "-", "~~": "+" };
/** Functions that are flat everywhere become smooth ones; round stays. */
const MATH: Readonly<Partial<Record<MathName, SmoothName>>> = {
  floor: "sin",
  ceil: "sin",
  trunc: "cos",
  sign: "atan",
  clz32: "tanh",
  imul: "hypot",
  fround: "asinh",
};
const BIG: ReadonlySet<string> = new Set<SmoothName>(["exp", "expm1", "sinh", "cosh", "tan"]);
const OF_POSITIVE: ReadonlySet<string> = new Set<SmoothName | MathName>([
  "log",
  "log2",
  "log10",
  "log1p",
  "sqrt",
  "cbrt",
]);
const OF_UNIT: ReadonlySet<string> = new Set<SmoothName>(["asin", "acos"]);

const literal = (value: number): Tree => ({ kind: "literal", value });
const math = (name: SmoothName, ...args: readonly Tree[]): Tree => ({
  kind: "math",
  name,
  args: [args[0] ?? null, args[1] ?? literal(1)],
});
const times = (x: Tree, y: Tree): Tree => ({ kind: "binary", op: "*", x, y });
/** In (-1, 1). */
const unit = (x: Tree): Tree => math("tanh", x);
/** At least 1/2. */
const positive = (x: Tree): Tree => math("hypot", x, literal(0.5));

/** Literals that variables take the place of. */
const OFTEN: ReadonlySet<number> = new Set([1, 2, 3, 4, 7, 10, 100]);

const calmNumber = (x: number): number => {
  if (!Number.isFinite(x)) return 1.25;
  const size = Math.abs(x);
  if (size === 0) return 0.75;
  return size < 1e-6 || size > 20 ? Math.sign(x) * 1.75 : x;
};

const calmMath = (name: string, args: readonly Tree[]): Tree => {
  const given = MATH[name as MathName] ?? name;
  const [x = null, y = null] = args;
  const of = (arg: Tree): Tree => ({ kind: "math", name: given, args: [arg, y] });
  if (BIG.has(given)) return of(unit(x));
  if (OF_POSITIVE.has(given)) return of(positive(x));
  if (OF_UNIT.has(given)) return of(times(unit(x), literal(0.75)));
  if (given === "pow") return { kind: "math", name: given, args: [positive(x), unit(y)] };
  if (given === "atan2" || given === "hypot") return { kind: "math", name: given, args: [x, positive(y)] };
  return of(x);
};

const calmBinary = (node: Fields): Tree => {
  const op = String(node.op);
  const { x = null, y = null } = node;
  if (op === "/") return { ...node, y: positive(y) };
  if (op === "**") return math("pow", positive(x), unit(y));
  if (op === "%") return { ...node, y: positive(y) };
  return { ...node, op: NUMBER[op as NumberOp] ?? op };
};

const FLOATS = /^(Int|Uint|Float32)/;

const calmNode = (node: Fields): Tree => {
  switch (node.kind) {
    case "literal":
      if (typeof node.value !== "number") return node;
      // more of what may depend on the arguments
      return OFTEN.has(node.value)
        ? { kind: "variable", pick: node.value }
        : { ...node, value: calmNumber(node.value) };
    case "unary":
      return { ...node, op: UNARY[node.op as UnaryOp] ?? node.op ?? null };
    case "binary":
      return calmBinary(node);
    case "math":
      return calmMath(String(node.name), node.args as readonly Tree[]);
    case "assign":
    case "assigned": {
      const op = ASSIGN[node.op as AssignOp] ?? node.op ?? null;
      const { x = null } = node;
      // variables are written to in loops
      if (op === "*=") return { ...node, op, x: unit(x) };
      return op === "/=" || op === "%=" ? { ...node, op, x: positive(x) } : { ...node, op };
    }
    case "maker":
      return { ...node, op: "+=" };
    case "array":
      return typeof node.form === "string" && FLOATS.test(node.form)
        ? { ...node, form: "Float64Array" }
        : node;
    default:
      return node;
  }
};

const calmTree = (tree: Tree): Tree => {
  if (Array.isArray(tree)) return tree.map(calmTree);
  if (typeof tree !== "object" || tree === null) return tree;
  const fields = Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, calmTree(child)]));
  return "kind" in fields ? calmNode(fields) : fields;
};

export const calm = (p: Program): Program => {
  // A program is a tree of records, lists and numbers; what changes are names of operators and numbers.
  const { inputs, parameters, ...rest } = p;
  const calmed = calmTree(rest as unknown as Tree) as unknown as Omit<Program, "inputs" | "parameters">;
  return {
    ...calmed,
    smooth: true,
    risky: false,
    inputs: inputs.map((row) => row.map(calmNumber)),
    parameters: parameters.map((parameter) =>
      FLOATS.test(parameter.form) ? { ...parameter, form: "Float64Array" } : parameter,
    ),
  };
};
