/**
 * The printer's state: what stands for each value of the program, and the statements so far. Most values stand for an
 * expression that is written where the value is used. An expression reads variables; before a statement changes one of
 * them, every expression that reads it and is still needed gets a name of its own.
 */
import { fail, internal, type Span } from "../../diagnostics.js";
import { nameOf } from "../../ir/names.js";
import { type Eqn, type IrFunction, isFloat, type TensorType, type Var } from "../../ir/types.js";
import { begin, type Walk } from "../../passes/ranges.js";
import {
  type AssignOperator,
  type Expr,
  name as nameExpr,
  type Stmt,
  sameExpr,
  type Variable,
} from "./code.js";
import { createNames, type Names } from "./names.js";

/** What is common to everything that stands for a value. */
interface Held {
  /** Variables that have to stay what they are as long as the value is needed. */
  reads: ReadonlySet<Variable>;
  /** How often the value is still going to be used. */
  uses: number;
  /** What the user calls it. */
  name: string | null;
  /** The function or region that it is a value of. */
  readonly frame: Frame;
}

export interface ScalarValue extends Held {
  readonly kind: "scalar";
  readonly type: TensorType;
  expr: Expr;
  /** The variable that holds it and nothing else. */
  variable: Variable | null;
}

/** How the elements of an array lie: in a typed array, or in (nested) arrays of numbers. */
export interface Layout {
  readonly typed: boolean;
}

export interface ArrayValue extends Held {
  readonly kind: "array";
  readonly type: TensorType;
  /** The element at these indices. */
  element: (at: readonly Expr[]) => Expr;
  /** The array as a whole where it lies in memory. */
  whole: Expr | null;
  layout: Layout;
  /** The variable that holds it. */
  variable: Variable | null;
  /** Whether its memory may be written to once it is needed no more. */
  owned: boolean;
  /** Where the array is a smaller one among zeros: that one, and where it begins. */
  padded: { readonly low: readonly number[]; readonly block: ArrayValue } | null;
  /** Whether an element costs no more than reading it. */
  cheap: boolean;
}

/** An array without end: a list per column, or one of rows. */
export interface TapeValue extends Held {
  readonly kind: "tape";
  readonly type: TensorType;
  /** One per column, or the one whose elements are rows. */
  readonly columns: readonly Variable[];
  readonly rows: boolean;
  /** Whether rows that were never written may be read: they are zero. */
  readonly sparse: boolean;
}

export type Value = ScalarValue | ArrayValue | TapeValue;

/** A function or region while its equations are printed. */
export interface Frame {
  readonly fn: IrFunction;
  readonly env: Map<Var, Value>;
  readonly uses: ReadonlyMap<Var, number>;
  readonly ranges: Walk;
  /** The variables of the loop's carries, by the values that they are to hold in the next iteration. */
  readonly destined: ReadonlyMap<Var, { readonly variable: Variable; readonly old: Value }>;
  /** Whether a result's name tells more than its place does. */
  readonly namesResults: boolean;
  /** Whether equations stand around it. */
  readonly isRegion: boolean;
  /** Values whose expressions are known whatever their equations say: what a loop counts. */
  readonly preset: Map<Var, Expr>;
  /** Empty lists that have been declared before. */
  readonly tapes: Map<Var, TapeValue>;
}

export interface Block {
  readonly statements: Stmt[];
  readonly names: Names;
}

export interface Emitter {
  block: Block;
  /** Values that stand for expressions that read variables. */
  readonly pending: Set<Value>;
  /** Gives an array memory of its own. */
  readonly materialise: (e: Emitter, value: ArrayValue, wanted: string | null) => undefined;
  /** New arrays of one axis are typed arrays. */
  readonly typed: boolean;
  /** Constant arrays, declared before the function. */
  readonly constants: Stmt[];
  readonly topNames: Names;
  /** Functions that the text needs, by name. */
  readonly helpers: Set<string>;
  /** Where the equation at hand was written. */
  span: Span | null;
  /** The line that the last comment spoke of. */
  commented: number | null;
  /** Whether comments name the lines that are differentiated. */
  readonly comments: boolean;
}

export const createEmitter = (
  options: Pick<Emitter, "typed" | "materialise" | "comments">,
  names: Names,
): Emitter => ({
  ...options,
  block: { statements: [], names: createNames(names, []) },
  constants: [],
  topNames: names,
  pending: new Set(),
  helpers: new Set(),
  span: null,
  commented: null,
});

/** Refuses what can't be printed. */
export const refusePrint = (e: Emitter, what: string, hint: string): never =>
  fail("TSJ7101", "unsupported", `${what} can't be printed as TypeScript`, { span: e.span, hint });

/** How often each value is used, those uses counted that are in regions the value is handed to. */
export const usesIn = (fn: IrFunction): ReadonlyMap<Var, number> => {
  const counts = new Map<Var, number>();
  const use = (v: Var): undefined => void counts.set(v, (counts.get(v) ?? 0) + 1);
  for (const eqn of fn.body) operandsOf(eqn).forEach(use);
  fn.results.forEach(use);
  return counts;
};

/** Whether an equation is x + x, which is printed as 2 * x. */
export const isDouble = ({ op, inputs: [x, y] }: Eqn): boolean =>
  op === "add" && x !== undefined && x === y && isFloat(x.type.dtype);

/** The operands of an equation as it is printed. */
export const operandsOf = (eqn: Eqn): readonly Var[] => (isDouble(eqn) ? eqn.inputs.slice(1) : eqn.inputs);

export const createFrame = (
  fn: IrFunction,
  ranges: readonly ReturnType<Walk["range"]>[],
  destined: Frame["destined"] | null = null,
  namesResults = false,
): Frame => ({
  namesResults,
  isRegion: destined !== null,
  fn,
  env: new Map(),
  uses: usesIn(fn),
  ranges: begin(fn, ranges),
  destined: destined ?? new Map(),
  preset: new Map(),
  tapes: new Map(),
});

export const valueFor = (frame: Frame, v: Var): Value =>
  frame.env.get(v) ?? internal(`a value of ${frame.fn.name} is printed before it is made`);

export const scalarOf = (frame: Frame, v: Var): ScalarValue => {
  const value = valueFor(frame, v);
  return value.kind === "scalar" ? value : internal("an array where a scalar is needed");
};
export const arrayIn = (frame: Frame, v: Var): ArrayValue => {
  const value = valueFor(frame, v);
  return value.kind === "array" ? value : internal("a scalar where an array is needed");
};

/** Uses a value once: it is then needed one time less. */
export const consume = <T extends Value>(e: Emitter, value: T): T => {
  value.uses--;
  if (value.uses <= 0) e.pending.delete(value);
  return value;
};

/** Notes what a value's expression reads, so that it is kept. */
export const watch = (e: Emitter, value: Value): undefined => {
  if (value.reads.size > 0 && value.uses > 0) e.pending.add(value);
  else e.pending.delete(value);
};

export const emit = (e: Emitter, s: Stmt): undefined => void e.block.statements.push(s);

/** A new variable with a name like `wanted`, in the block at hand. */
export const newVariable = (e: Emitter, wanted: string, type: string | null = null): Variable => ({
  name: e.block.names.fresh(wanted),
  type,
  reassigned: false,
});

export const declare = (e: Emitter, variable: Variable, value: Expr | null): undefined =>
  emit(e, { kind: "declare", variable, value });

const COMPOUND: readonly ("+" | "-" | "*" | "/")[] = ["+", "-", "*", "/"];

/** `target = value`, as `target += x` where the value is that. */
export const assign = (e: Emitter, target: Expr, value: Expr): undefined => {
  if (sameExpr(target, value)) return;
  const op = value.kind === "binary" ? COMPOUND.find((o) => o === value.op) : undefined;
  if (value.kind === "binary" && op !== undefined) {
    const compound = `${op}=` as const satisfies AssignOperator;
    if (sameExpr(value.x, target)) return emit(e, { kind: "assign", target, op: compound, value: value.y });
    if ((op === "+" || op === "*") && sameExpr(value.y, target))
      return emit(e, { kind: "assign", target, op: compound, value: value.x });
  }
  emit(e, { kind: "assign", target, op: "=", value });
};

/** Gives a scalar a constant of its own, if its expression is not one already. */
export const nameScalar = (e: Emitter, value: ScalarValue, wanted: string | null = null): undefined => {
  const { expr } = value;
  if (expr.kind === "number" || expr.kind === "boolean") return;
  const variable = newVariable(e, wanted ?? value.name ?? derivedName(expr));
  declare(e, variable, expr);
  value.expr = nameExpr(variable.name);
  value.variable = variable;
  // a loop may go on with the variable
  value.reads = new Set([variable]);
  watch(e, value);
};

/** Before one of these variables is changed: what reads it and is still needed is kept under a name of its own. */
export const keepReaders = (e: Emitter, changed: ReadonlySet<Variable>): undefined => {
  for (const value of [...e.pending]) {
    if (value.uses <= 0 || ![...value.reads].some((v) => changed.has(v))) continue;
    if (value.kind === "scalar") nameScalar(e, value, keptName(value));
    else if (value.kind === "array" && value.variable === null && value.type.shape.every((n) => n === 1))
      nameElement(e, value);
    else if (value.kind === "array") e.materialise(e, value, null);
    else internal("an array without end is needed as it was before");
  }
};

/** Gives the element of an array that has only one a constant of its own. */
export const nameElement = (e: Emitter, value: ArrayValue): undefined => {
  const scalar: ScalarValue = {
    kind: "scalar",
    type: { dtype: value.type.dtype, shape: [] },
    frame: value.frame,
    expr: value.element(value.type.shape.map((): Expr => ({ kind: "number", value: 0 }))),
    reads: value.reads,
    uses: value.uses,
    name: value.name,
    variable: null,
  };
  nameScalar(e, scalar);
  const { expr } = scalar;
  value.element = () => expr;
  value.reads = scalar.reads;
  watch(e, value);
};

/** `s_old` for what is only the variable itself. */
const keptName = (value: ScalarValue): string | null =>
  value.expr.kind === "name" ? `${value.expr.name}_old` : null;

const union = (sets: readonly ReadonlySet<Variable>[]): ReadonlySet<Variable> => {
  const [first, ...others] = sets.filter((s) => s.size > 0);
  if (first === undefined) return NONE;
  return others.length === 0 ? first : new Set([...first, ...others.flatMap((s) => [...s])]);
};
export const NONE: ReadonlySet<Variable> = new Set();
export const readsOf = (
  values: readonly { readonly reads: ReadonlySet<Variable> }[],
): ReadonlySet<Variable> => union(values.map((v) => v.reads));

/** A name for an expression that the user has none for: `sin_x`, `x_i`. */
export const derivedName = (expr: Expr): string => {
  switch (expr.kind) {
    case "call": {
      const [of] = expr.args;
      const word = /^Math\.(\w+)$/.exec(expr.callee)?.[1];
      if (word === undefined) return "t";
      return of?.kind === "name" && expr.args.length === 1 ? `${word}_${of.name}` : word;
    }
    case "index": {
      const base = rootName(expr);
      const at = indexNames(expr);
      return base === null ? "t" : at === null ? `${base}_at` : `${base}_${at}`;
    }
    case "binary":
      return BOOLEAN.has(expr.op) ? "holds" : "t";
    case "unary":
      return expr.op === "!" ? "holds" : "t";
    default:
      return "t";
  }
};
const BOOLEAN: ReadonlySet<string> = new Set(["<", "<=", ">", ">=", "===", "!==", "&&", "||"]);
const rootName = (e: Expr): string | null =>
  e.kind === "index" ? rootName(e.x) : e.kind === "name" ? e.name : e.kind === "member" ? e.name : null;
const indexNames = (e: Expr): string | null => {
  if (e.kind !== "index") return "";
  const before = indexNames(e.x);
  const own = e.at.kind === "name" || (e.at.kind === "number" && e.at.value >= 0) ? flatName(e.at) : null;
  return before === null || own === null ? null : `${before}${own}`;
};
const flatName = (e: Expr): string =>
  e.kind === "name" ? e.name : e.kind === "number" ? String(e.value) : "";

/** What the user calls a value: the name of one of these. */
export const firstName = (...vars: readonly (Var | undefined | null)[]): string | null => {
  for (const v of vars) {
    const found = v === undefined || v === null ? null : nameOf(v);
    if (found !== null) return found;
  }
  return null;
};

/** Runs `f` with what it writes in a block of its own, which it gives. */
export const inBlock = <T>(
  e: Emitter,
  f: () => T,
): { readonly statements: readonly Stmt[]; readonly result: T } => {
  const outer = e.block;
  const commented = e.commented;
  e.block = { statements: [], names: createNames(outer.names, []) };
  try {
    const result = f();
    return { statements: e.block.statements, result };
  } finally {
    e.block = outer;
    e.commented = commented;
  }
};
