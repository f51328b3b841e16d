/** What a program that is being written out has in scope, and how much work it has come to. */
import type { AssignOp, GivenForm, NumberOp, ParameterForm, Stmt } from "./program.js";

export interface NumberVariable {
  readonly text: string;
  readonly assignable: boolean;
}

export interface ArrayVariable {
  readonly text: string;
  /** What it was made by; parameters are Float64Arrays. */
  readonly form: string;
  readonly length: number;
  /** Length of the rows of an array of arrays. */
  readonly columns: number | null;
  readonly writable: boolean;
}

export interface FunctionVariable {
  readonly text: string;
  readonly taking: ParameterForm;
  readonly giving: GivenForm;
  readonly parameters: number;
  /** Length of the array that it takes before the numbers. */
  readonly array: number | null;
  /** Statements and expressions that a call runs, and those in its source, calls counted with all that they call. */
  readonly cost: number;
  readonly size: number;
}

/** A plain object with numeric fields. */
export interface ObjectVariable {
  readonly text: string;
  readonly fields: readonly string[];
}

/** An array of objects. */
export interface RecordsVariable {
  readonly text: string;
  readonly length: number;
}

/** A whole number from 0 to `limit - 1`. */
export interface Counter {
  readonly text: string;
  readonly limit: number;
}

export interface JumpTarget {
  readonly kind: "loop" | "switch";
  readonly label: string | null;
}

/** What `return` may give here. */
export type ReturnForm = "number" | "list" | "record" | "nothing" | "none";

export interface Scope {
  readonly numbers: NumberVariable[];
  readonly flags: string[];
  readonly arrays: ArrayVariable[];
  readonly objects: ObjectVariable[];
  readonly records: RecordsVariable[];
  /** Variables that may be undefined. */
  readonly perhaps: string[];
  readonly functions: FunctionVariable[];
  readonly counters: Counter[];
  readonly targets: readonly JumpTarget[];
  readonly returns: ReturnForm;
  /** Names that this block declares, and its text so far. */
  readonly own: Set<string>;
  readonly lines: string[];
  /** How often this is run, at most. */
  readonly times: number;
}

/** The state of writing out one program. */
export interface Writer {
  /** Lines of a statement; what it declares is added to the scope. */
  readonly statement: (scope: Scope, s: Stmt) => string[];
  readonly name: (prefix: string) => string;
  cost: number;
  size: number;
  /** Whether indices may be out of range here. */
  risky: boolean;
  /** Whether it may call functions whose last bits differ between engines, and whether it does. */
  readonly smooth: boolean;
  inexact: boolean;
}

export const MOST_COST = 6000;
export const MOST_SIZE = 500;
export const MOST_TIMES = 400;

export const createWriter = (
  write: (w: Writer, scope: Scope, s: Stmt) => string[],
  { risky, smooth }: Pick<Writer, "risky" | "smooth">,
): Writer => {
  let names = 0;
  const writer: Writer = {
    statement: (scope, s) => write(writer, scope, s),
    name: (prefix) => `${prefix}${++names}`,
    cost: 0,
    size: 0,
    risky,
    smooth,
    inexact: false,
  };
  return writer;
};

/** The operator, or one that is exact where the program is to be so. */
export const operator = <Op extends AssignOp | NumberOp>(w: Writer, op: Op): Op | "*" | "*=" => {
  if (op !== "**" && op !== "**=") return op;
  if (!w.smooth) return op === "**" ? "*" : "*=";
  w.inexact = true;
  return op;
};

export const inner = (scope: Scope, change: Partial<Scope> = {}): Scope => ({
  ...scope,
  numbers: [...scope.numbers],
  flags: [...scope.flags],
  arrays: [...scope.arrays],
  objects: [...scope.objects],
  records: [...scope.records],
  perhaps: [...scope.perhaps],
  functions: [...scope.functions],
  counters: [...scope.counters],
  own: new Set(),
  lines: [],
  ...change,
});

/** Item `pick` modulo the number of items; later ones, which are nearer, for low numbers. */
export const choose = <T>(items: readonly T[], pick: number): T | undefined =>
  items.length === 0 ? undefined : items[items.length - 1 - (pick % items.length)];

export const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

export const declareNumber = (scope: Scope, text: string, assignable: boolean): void => {
  scope.numbers.push({ text, assignable });
  scope.own.add(text);
};

/**
 * An index of an array of length `n` that may be out of range. Marked, as the oracle checks it where plain JavaScript would
 * give `undefined`.
 */
export const markedIndex = (value: string, n: number): string => `\u27ea${value}\u27eb${n}\u27ec`;

const MARKED = /\u27ea([^\u27ea-\u27ec]*)\u27eb([^\u27ea-\u27ec]*)\u27ec/;

/** The text with each marked index replaced; from the inside out. */
export const withIndices = (text: string, by: (value: string, n: string) => string): string => {
  let now = text;
  for (let found = MARKED.exec(now); found !== null; found = MARKED.exec(now))
    now = now.replace(MARKED, () => by(found?.[1] ?? "", found?.[2] ?? ""));
  return now;
};

/** The lines of a block that runs in a scope of its own. */
export const block = (
  w: Writer,
  scope: Scope,
  body: readonly Stmt[],
  change: Partial<Scope> = {},
): string[] => {
  const own = inner(scope, change);
  for (const s of body) own.lines.push(...w.statement(own, s));
  return indent(own.lines);
};
