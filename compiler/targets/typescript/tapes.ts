/** Arrays without end as lists that grow: one per column of scalars, or one whose rows are arrays. */
import { internal } from "../../diagnostics.js";
import { forOperands, whileOperands } from "../../ir/control.js";
import { carriesOf, originOf } from "../../ir/origin.js";
import {
  type Eqn,
  type IrFunction,
  isControl,
  isUnbounded,
  type PlainEqn,
  type TensorType,
  type Var,
} from "../../ir/types.js";
import { arrayTypeText, isSingle, layoutOf, newArray } from "./arrays.js";
import { array, binary, bool, type Expr, index, name as nameExpr, num, type Variable } from "./code.js";
import {
  assign,
  consume,
  declare,
  type Emitter,
  type Frame,
  keepReaders,
  newVariable,
  refusePrint,
  scalarOf,
  type TapeValue,
  type Value,
  watch,
} from "./emitter.js";
import { wordFor } from "./tidy.js";

const defines = (fn: IrFunction): ReadonlyMap<Var, Eqn> =>
  new Map(fn.body.flatMap((eqn) => eqn.outs.map((v) => [v, eqn] as const)));

/** The params of the regions that an operand of a control equation stands for. */
const paramsFor = (eqn: Eqn, operand: number): readonly (readonly [IrFunction, Var])[] => {
  const at = (fn: IrFunction, k: number): readonly (readonly [IrFunction, Var])[] => {
    const v = fn.params[k];
    return v === undefined ? [] : [[fn, v]];
  };
  switch (eqn.op) {
    case "if":
      return operand === 0 ? [] : [...at(eqn.params.then, operand - 1), ...at(eqn.params.else, operand - 1)];
    case "while":
      return at(eqn.params.body, operand);
    case "for":
      return at(eqn.params.body, eqn.params.trip === null ? operand : operand + 1);
    default:
      return [];
  }
};

/** What is written to a tape: names by column, and whether whole rows are. */
interface Stored {
  readonly words: Map<number, string | null>;
  rows: boolean;
}

/** Finds what is written to a tape by following it through loops and choices. */
const storedIn = (fn: IrFunction, tape: Var, found: Stored, seen: Set<Var>): undefined => {
  if (seen.has(tape)) return;
  seen.add(tape);
  const defs = defines(fn);
  const constant = (v: Var | undefined): number | null => {
    const eqn = v === undefined ? undefined : defs.get(v);
    return eqn?.op === "const" ? eqn.params.value : null;
  };
  for (const eqn of fn.body)
    eqn.inputs.forEach((v, k) => {
      if (v !== tape) return;
      if (eqn.op === "dynamicUpdate" && k === 0) {
        const [, block, , column] = eqn.inputs;
        const by = block === undefined ? undefined : defs.get(block);
        const source = by?.op === "reshape" ? by.inputs[0] : block;
        const isRow = tape.type.shape.length !== 2 || (block?.type.shape[1] ?? 1) > 1;
        if (isRow) found.rows = true;
        const at = isRow ? 0 : constant(column);
        if (source !== undefined && at !== null && !found.words.has(at))
          found.words.set(at, wordFor(fn, source));
        storedIn(fn, eqn.outs[0], found, seen);
      }
      if (!isControl(eqn)) return;
      for (const [region, param] of paramsFor(eqn, k)) storedIn(region, param, found, seen);
      const carried =
        eqn.op === "while"
          ? k - whileOperands(eqn.inputs, eqn.params).consts.length
          : eqn.op === "for"
            ? k - (eqn.inputs.length - forOperands(eqn.inputs, eqn.params).carries.length)
            : -1;
      const out = carried >= 0 ? eqn.outs[carried] : undefined;
      if (out !== undefined) storedIn(fn, out, found, seen);
      if (eqn.op !== "if") return;
      for (const [j, choice] of eqn.outs.entries())
        if (originOf(eqn.params.then, j) === k - 1) storedIn(fn, choice, found, seen);
    });
};

const listName = (of: string | null | undefined): string =>
  of === null || of === undefined ? "tape" : `${of}_tape`;

const storedInAll = (places: readonly (readonly [IrFunction, Var])[]): Stored => {
  const found: Stored = { words: new Map(), rows: false };
  for (const [fn, v] of places) storedIn(fn, v, found, new Set());
  return found;
};

/** Declares the lists of a tape, which is written to as these values. */
const declareTape = (
  e: Emitter,
  frame: Frame,
  type: TensorType,
  places: readonly (readonly [IrFunction, Var])[],
): TapeValue => {
  const { dtype, shape } = type;
  const found = storedInAll(places);
  const row = shape.slice(1);
  const rows = found.rows || shape.length !== 2;
  const element: TensorType = { dtype, shape: rows ? row : [] };
  const inner = arrayTypeText(element, layoutOf(e, element));
  const columns = Array.from({ length: rows ? 1 : (row[0] ?? 0) }, (_, k) => {
    const variable = newVariable(e, listName(found.words.get(k)), `${inner}[]`);
    declare(e, variable, array([]));
    return variable;
  });
  return {
    kind: "tape",
    type,
    frame,
    uses: 0,
    name: null,
    reads: new Set(columns),
    columns,
    rows,
    sparse: isLinearTape(found.words),
  };
};

export const newTape = (e: Emitter, frame: Frame, v: Var): undefined => {
  const tape = frame.tapes.get(v) ?? declareTape(e, frame, v.type, [[frame.fn, v]]);
  frame.env.set(v, { ...tape, frame, uses: frame.uses.get(v) ?? 0 });
};

/** The empty list that a result of a region begins with; null where it is made from what the region is given. */
const rootOf = (fn: IrFunction, k: number): Var | null => {
  const defs = defines(fn);
  let v = fn.results[k];
  while (v !== undefined) {
    const by = defs.get(v);
    if (by?.op === "const") return v;
    if (by?.op === "dynamicUpdate") v = by.inputs[0];
    else if (by?.op === "for" || by?.op === "while") v = carriesOf(by)[by.outs.indexOf(v)];
    else return null;
  }
  return null;
};

/** Lists that both sides of a choice begin, each for itself: they are the same ones, as one side runs. */
export const sharedTapes = (
  e: Emitter,
  frame: Frame,
  eqn: Extract<Eqn, { readonly op: "if" }>,
): readonly ReadonlyMap<Var, TapeValue>[] => {
  const sides = [eqn.params.then, eqn.params.else];
  const found = sides.map(() => new Map<Var, TapeValue>());
  for (const [k, out] of eqn.outs.entries()) {
    if (!isUnbounded(out.type)) continue;
    const roots = sides.map((side) => rootOf(side, k));
    const places = sides.flatMap((side, s): readonly (readonly [IrFunction, Var])[] => {
      const root = roots[s] ?? null;
      return root === null ? [] : [[side, root]];
    });
    if (places.length !== sides.length) continue;
    const tape = declareTape(e, frame, out.type, [...places, [frame.fn, out]]);
    for (const [s, root] of roots.entries()) if (root !== null) found[s]?.set(root, tape);
  }
  return found;
};

/** Tapes of tangents and cotangents are read where nothing was written: there they are zero. */
const isLinearTape = (words: ReadonlyMap<number, string | null>): boolean =>
  [...words.values()].some((word) => /^(d|dot)_/.test(word ?? ""));

const rowAndColumn = (
  frame: Frame,
  starts: readonly Var[],
): { readonly row: Expr; readonly column: Expr } => {
  const [row, column] = starts;
  return {
    row: row === undefined ? num(0) : scalarOf(frame, row).expr,
    column: column === undefined ? num(0) : scalarOf(frame, column).expr,
  };
};

const columnOf = (e: Emitter, tape: TapeValue, column: Expr): Variable => {
  const found = column.kind === "number" ? tape.columns[column.value] : undefined;
  return found ?? refusePrint(e, "a list whose column is computed", "keep the values in arrays of their own");
};

/** `tape[row] = value` */
export const writeTape = (e: Emitter, frame: Frame, eqn: PlainEqn, inputs: readonly Value[]): undefined => {
  const [tape, block] = inputs;
  if (eqn.op !== "dynamicUpdate" || tape?.kind !== "tape" || block?.kind !== "array")
    return refusePrint(e, `${eqn.op} of a list that grows`, "keep the values in arrays of their own");
  const [out] = eqn.outs;
  const { row, column } = rowAndColumn(frame, eqn.inputs.slice(2));
  for (const value of inputs) consume(e, value);
  if (tape.uses > 0) return refusePrint(e, "a list that is needed as it was before", "keep a copy of it");
  const { type } = tape;
  if (!tape.rows) {
    const count = block.type.shape[1] ?? 1;
    for (let k = 0; k < count; k++) {
      const at = column.kind === "number" ? num(column.value + k) : column;
      const variable = columnOf(e, tape, at);
      keepReaders(e, new Set([variable]));
      assign(e, index(nameExpr(variable.name), row), block.element([num(0), num(k)]));
    }
  } else {
    const [, ...shape] = type.shape;
    const [variable = internal("a list without a variable")] = tape.columns;
    if (block.type.shape.slice(1).some((n, k) => n !== shape[k]))
      return refusePrint(e, "a list of arrays that are written in parts", "write whole rows");
    const rowType = { dtype: type.dtype, shape };
    const copy = newArray(frame, rowType, {
      element: (at) => block.element([num(0), ...at]),
      reads: block.reads,
      cheap: false,
      uses: 1,
    });
    // the row is a copy: what it is made of may be written to later
    e.materialise(e, copy, "row");
    keepReaders(e, new Set([variable]));
    assign(e, index(nameExpr(variable.name), row), copy.whole ?? internal("a row without memory"));
  }
  const value: TapeValue = { ...tape, frame, uses: frame.uses.get(out) ?? 0 };
  frame.env.set(out, value);
};

/** `tape[row]`, zero where nothing was written. */
export const readTape = (
  e: Emitter,
  frame: Frame,
  eqn: PlainEqn,
  tape: TapeValue,
  inputs: readonly Value[],
): undefined => {
  if (eqn.op !== "dynamicSlice")
    return refusePrint(e, `${eqn.op} of a list that grows`, "keep the values in arrays of their own");
  const [out] = eqn.outs;
  const { row, column } = rowAndColumn(frame, eqn.inputs.slice(1));
  const starts = inputs.slice(1).flatMap((v) => [...v.reads]);
  for (const value of inputs) consume(e, value);
  const zero = tape.type.dtype === "bool" ? bool(false) : num(0);
  const orZero = (x: Expr): Expr => (tape.sparse ? binary("??", x, zero) : x);
  const element = !tape.rows
    ? (at: readonly Expr[]): Expr => {
        const [, k = num(0)] = at;
        const place =
          column.kind === "number" && k.kind === "number" ? num(column.value + k.value) : refuseColumn(e);
        return orZero(index(nameExpr(columnOf(e, tape, place).name), row));
      }
    : ([, ...at]: readonly Expr[]): Expr => {
        const [variable = internal("a list without a variable")] = tape.columns;
        const whole = index(nameExpr(variable.name), row);
        if (!tape.sparse) return index(whole, ...at);
        return refusePrint(
          e,
          "a list of arrays some of which are missing",
          "keep the values in arrays of their own",
        );
      };
  const value = newArray(frame, out.type, {
    element,
    reads: new Set([...tape.columns, ...starts]),
    cheap: true,
    uses: frame.uses.get(out) ?? 0,
  });
  frame.env.set(out, value);
  if (isSingle(out.type) || tape.rows) return watch(e, value);
  e.materialise(e, value, null);
};

const refuseColumn = (e: Emitter): Expr =>
  refusePrint(e, "a list whose column is computed", "keep the values in arrays of their own");
