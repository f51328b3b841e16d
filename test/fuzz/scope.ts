/** What a program that is being written out has in scope, and how much work it has come to. */

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
  readonly parameters: number;
  /** Statements and expressions that a call runs, and those in its source, calls counted with all that they call. */
  readonly cost: number;
  readonly size: number;
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
  readonly name: (prefix: string) => string;
  cost: number;
  size: number;
}

export const MOST_COST = 6000;
export const MOST_SIZE = 500;
export const MOST_TIMES = 400;

export const createWriter = (): Writer => {
  let names = 0;
  return { name: (prefix) => `${prefix}${++names}`, cost: 0, size: 0 };
};

export const inner = (scope: Scope, change: Partial<Scope> = {}): Scope => ({
  ...scope,
  numbers: [...scope.numbers],
  flags: [...scope.flags],
  arrays: [...scope.arrays],
  functions: [...scope.functions],
  counters: [...scope.counters],
  own: new Set(),
  lines: [],
  ...change,
});

/** Item `pick` modulo the number of items; later ones, which are nearer, for low numbers. */
export const choose = <T>(items: readonly T[], pick: number): T | undefined =>
  items.length === 0 ? undefined : items[items.length - 1 - (pick % items.length)];
