/**
 * Trees of random programs. References are numbers, taken modulo what is in scope when the tree is written out as source
 * text, so that every tree is a program, and every part of a tree that shrinking leaves over is one too.
 */

/** A reference: taken modulo the number of things it may stand for. */
export type Pick = number;

export type NumberOp = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>" | ">>>" | "**";
export type UnaryOp = "-" | "+" | "~" | "~~";
export type CompareOp = "<" | "<=" | ">" | ">=" | "===" | "!==";
export type MathName =
  | ("abs" | "floor" | "ceil" | "trunc" | "sqrt" | "round" | "sign" | "fround" | "clz32")
  | ("min" | "max" | "imul");
/** Functions whose results differ in their last bits between engines. */
export type SmoothName =
  | ("sin" | "cos" | "tan" | "exp" | "expm1" | "log" | "log1p" | "log2" | "log10" | "cbrt")
  | ("tanh" | "sinh" | "cosh" | "asinh" | "atan" | "asin" | "acos" | "atan2" | "hypot" | "pow");
export type Crement = "++x" | "x++" | "--x" | "x--";
export type AssignOp = "=" | `${NumberOp}=` | "&&=" | "||=" | "??=";

/** An index that is in range by construction, whatever its parts are; but for `raw`, which may be anything. */
export type Index =
  | { readonly kind: "literal"; readonly at: number }
  | { readonly kind: "counter"; readonly pick: Pick }
  | { readonly kind: "wrapped"; readonly form: "u32" | "abs" | "mask" | "clamp"; readonly value: Num }
  | { readonly kind: "raw"; readonly value: Num };

/** An element of an array in scope. */
export interface Element {
  readonly array: Pick;
  readonly index: Index;
  /** For an array of arrays. */
  readonly column: Index;
}

export type Num =
  | { readonly kind: "literal"; readonly value: number }
  | { readonly kind: "variable"; readonly pick: Pick }
  | { readonly kind: "element"; readonly element: Element }
  | { readonly kind: "length"; readonly array: Pick }
  | { readonly kind: "unary"; readonly op: UnaryOp; readonly x: Num }
  | { readonly kind: "binary"; readonly op: NumberOp; readonly x: Num; readonly y: Num }
  | { readonly kind: "math"; readonly name: MathName | SmoothName; readonly args: readonly Num[] }
  | { readonly kind: "choose"; readonly test: Bool; readonly x: Num; readonly y: Num }
  | { readonly kind: "short"; readonly op: "&&" | "||" | "??"; readonly x: Num; readonly y: Num }
  | { readonly kind: "fromBool"; readonly form: "Number" | "plus" | "or" | "times"; readonly test: Bool }
  /** A variable that may be undefined, or something else. */
  | { readonly kind: "perhaps"; readonly form: "??" | "==="; readonly pick: Pick; readonly x: Num }
  | { readonly kind: "call"; readonly callee: Pick; readonly args: readonly Num[] }
  | { readonly kind: "crement"; readonly op: Crement; readonly target: Target }
  | { readonly kind: "assigned"; readonly op: AssignOp; readonly target: Target; readonly x: Num }
  | {
      readonly kind: "folded";
      readonly array: Pick;
      readonly form: "reduce" | "map" | "findIndex" | "indexOf" | "spread" | "at";
      readonly x: Num;
    }
  /** A function applied to its own result by another function. */
  | { readonly kind: "applied"; readonly callee: Pick; readonly x: Num }
  | { readonly kind: "comma"; readonly x: Num; readonly y: Num };

export type Bool =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "flag"; readonly pick: Pick }
  | { readonly kind: "compare"; readonly op: CompareOp; readonly x: Num; readonly y: Num }
  | { readonly kind: "not"; readonly test: Bool }
  | { readonly kind: "logic"; readonly op: "&&" | "||"; readonly x: Bool; readonly y: Bool }
  | { readonly kind: "truthy"; readonly x: Num }
  | { readonly kind: "isNaN" | "isInteger" | "isFinite"; readonly x: Num }
  | { readonly kind: "some" | "every" | "includes"; readonly array: Pick; readonly x: Num };

/** What is assigned to: a variable or property, or an element. */
export type Target =
  | { readonly kind: "variable"; readonly pick: Pick }
  | { readonly kind: "element"; readonly element: Element };

export type TypedForm =
  | ("Float64Array" | "Float32Array" | "Int32Array" | "Uint32Array" | "Uint8Array" | "Int16Array")
  | ("Int8Array" | "Uint16Array" | "Uint8ClampedArray");
export type ArrayForm =
  | TypedForm
  | ("list" | "filled" | "from" | "pushed" | "mapped" | "part" | "joined" | "reversed" | "sorted" | "view")
  | ("copyFrom" | "copySlice" | "copySpread" | "copyNew")
  | ("alias" | "rows" | "row");

export interface Case {
  /** The values it is for; none: `default`. */
  readonly values: readonly number[];
  readonly body: readonly Stmt[];
  readonly ends: boolean;
}

export type ForForm =
  | "up"
  | "upTo"
  | "step"
  | "down"
  | "dynamic"
  | "hoisted"
  | "outside"
  | "pair"
  | "bumped"
  | "float";

/** How a function takes its parameters: each for itself, the last with a default, in a record, in an array, or as a rest. */
export type ParameterForm = "plain" | "defaults" | "record" | "array" | "rest";
/** What a function gives: a number, or two, one of which is taken. */
export type GivenForm = "number" | "list" | "record";

export type Stmt =
  | {
      readonly kind: "declare";
      readonly word: "let" | "const" | "var";
      readonly shadows: Pick | null;
      readonly x: Num;
    }
  | { readonly kind: "declareLater"; readonly x: Num; readonly y: Num; readonly test: Bool }
  | { readonly kind: "flag"; readonly test: Bool }
  | { readonly kind: "setFlag"; readonly pick: Pick; readonly test: Bool }
  | {
      readonly kind: "array";
      readonly form: ArrayForm;
      readonly size: number;
      readonly of: Pick;
      readonly items: readonly Num[];
    }
  | { readonly kind: "object"; readonly items: readonly Num[]; readonly method: Num | null }
  | {
      readonly kind: "function";
      readonly form: "arrow" | "expression" | "declaration";
      readonly taking: ParameterForm;
      readonly giving: GivenForm;
      readonly parameters: number;
      /** Length of an array that it takes, and may write to, before the numbers. */
      readonly array: number | null;
      readonly body: readonly Stmt[];
      readonly result: Num;
    }
  /** A class with numeric fields, and an instance of it. */
  | {
      readonly kind: "class";
      readonly items: readonly Num[];
      readonly getter: Num | null;
      readonly method: Num;
      readonly writes: boolean;
    }
  /** A function that makes functions, each with a variable of its own. */
  | { readonly kind: "maker"; readonly start: Num; readonly step: Num; readonly op: AssignOp }
  /** A function that calls itself `depth` times. */
  | { readonly kind: "recursion"; readonly depth: number; readonly base: Num; readonly step: Num }
  | { readonly kind: "assign"; readonly op: AssignOp; readonly target: Target; readonly x: Num }
  | { readonly kind: "swap"; readonly a: Target; readonly b: Target }
  | { readonly kind: "fill"; readonly array: Pick; readonly x: Num }
  | { readonly kind: "unpack"; readonly array: Pick; readonly x: Num }
  | { readonly kind: "unpackRecord"; readonly object: Pick; readonly x: Num }
  | { readonly kind: "forIn"; readonly object: Pick; readonly body: readonly Stmt[] }
  | { readonly kind: "reverse"; readonly array: Pick }
  | {
      readonly kind: "move";
      readonly form: "fill" | "copyWithin" | "set";
      readonly array: Pick;
      readonly of: Pick;
      readonly x: Num;
    }
  | { readonly kind: "swapRows"; readonly array: Pick; readonly a: Index; readonly b: Index }
  | { readonly kind: "setRow"; readonly array: Pick; readonly at: Index; readonly items: readonly Num[] }
  | { readonly kind: "spreadObject"; readonly object: Pick; readonly x: Num }
  | { readonly kind: "records"; readonly items: readonly Num[] }
  | { readonly kind: "eachRecord"; readonly records: Pick; readonly body: readonly Stmt[] }
  /** A variable that is set on one path only. */
  | { readonly kind: "perhaps"; readonly test: Bool; readonly x: Num }
  | {
      readonly kind: "if";
      readonly test: Bool;
      readonly then: readonly Stmt[];
      readonly otherwise: readonly Stmt[] | null;
    }
  | { readonly kind: "switch"; readonly x: Num; readonly mask: number; readonly cases: readonly Case[] }
  | {
      readonly kind: "for";
      readonly form: ForForm;
      readonly trips: number;
      readonly bound: Num;
      readonly labelled: boolean;
      readonly body: readonly Stmt[];
    }
  | {
      readonly kind: "while";
      readonly form: "head" | "countdown" | "middle" | "do";
      readonly trips: number;
      readonly test: Bool;
      readonly labelled: boolean;
      readonly body: readonly Stmt[];
    }
  | {
      readonly kind: "forOf";
      readonly form: "values" | "entries" | "forEach";
      readonly array: Pick;
      readonly labelled: boolean;
      readonly body: readonly Stmt[];
    }
  | { readonly kind: "break" | "continue"; readonly pick: Pick; readonly test: Bool | null }
  | { readonly kind: "return"; readonly test: Bool | null; readonly x: Num; readonly y: Num }
  | { readonly kind: "throw"; readonly test: Bool }
  | { readonly kind: "evaluate"; readonly x: Num }
  | { readonly kind: "block"; readonly body: readonly Stmt[] };

/** - `number`, `list`, `record`: of numbers, from any return; `all`: every variable at the end, and no early return */
export type ResultForm = "number" | "list" | "record" | "all";

/** A parameter that is no number. */
export interface Parameter {
  readonly form: TypedForm | "list" | "rows" | "record";
  readonly length: number;
  /** Whether the function may write to it; then it is among the results. */
  readonly written: boolean;
}

export interface Program {
  readonly numbers: number;
  readonly parameters: readonly Parameter[];
  /** What stands outside of the function: constants, arrays, functions. */
  readonly prelude: readonly Stmt[];
  /** Whether indices may be out of range. */
  readonly risky: boolean;
  /** Whether it may call elementary functions. */
  readonly smooth: boolean;
  readonly result: ResultForm;
  readonly body: readonly Stmt[];
  readonly last: Num;
  readonly second: Num;
  /** Values of the parameters for each run, used again from the start where there are too few. */
  readonly inputs: readonly (readonly number[])[];
}
