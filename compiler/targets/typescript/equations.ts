/** Equations without regions: what stands for their results. */
import { internal } from "../../diagnostics.js";
import { isCount, isTransposed, nameOf } from "../../ir/names.js";
import { isUnbounded, type PlainEqn, type Var } from "../../ir/types.js";
import { elementFunction, literalExpr, needsStore } from "./array-ops.js";
import { elementOf, isSingle, newArray } from "./arrays.js";
import { emitCheck } from "./checks.js";
import {
  binary,
  call,
  type Expr,
  isElement,
  isPlainIndex,
  isSimple,
  name as nameExpr,
  num,
  type Variable,
} from "./code.js";
import {
  type ArrayValue,
  assign,
  consume,
  type Emitter,
  type Frame,
  isDouble,
  keepReaders,
  NONE,
  nameElement,
  nameScalar,
  operandsOf,
  readsOf,
  type ScalarValue,
  type Value,
  valueFor,
  watch,
} from "./emitter.js";
import { emitFold } from "./folds.js";
import { elementwise, type Known } from "./scalars.js";
import { newTape, readTape, writeTape } from "./tapes.js";
import { addBlock, emitUpdate } from "./updates.js";

/** An element that is read this often is still written out each time. */
const MAX_REPEATED_ELEMENT = 4;

export const newScalar = (frame: Frame, v: Var, expr: Expr, reads: ReadonlySet<Variable>): ScalarValue => ({
  kind: "scalar",
  type: v.type,
  frame,
  expr,
  reads,
  uses: frame.uses.get(v) ?? 0,
  name: nameOf(v),
  variable: null,
});

/** Changes a variable; what reads it is kept before. */
export const change = (e: Emitter, variable: Variable, expr: Expr): undefined => {
  keepReaders(e, new Set([variable]));
  variable.reassigned = true;
  assign(e, nameExpr(variable.name), expr);
};

/** Decides whether a scalar gets a variable, now that its expression is known. */
export const settle = (e: Emitter, frame: Frame, v: Var, value: ScalarValue): undefined => {
  frame.env.set(v, value);
  const destiny = frame.destined.get(v);
  const isResult = value.uses === 1 && frame.fn.results.includes(v) && !frame.namesResults;
  const isIndex = v.type.dtype === "i32" && isPlainIndex(value.expr);
  if (isSimple(value.expr) || isIndex || value.uses === 0) return watch(e, value);
  if (destiny !== undefined && value.uses > 1 && destiny.old.uses <= 0) {
    change(e, destiny.variable, value.expr);
    value.expr = nameExpr(destiny.variable.name);
    value.variable = destiny.variable;
    value.reads = new Set([destiny.variable]);
    return watch(e, value);
  }
  const few = isElement(value.expr) && value.uses <= MAX_REPEATED_ELEMENT;
  const isOnce = value.uses === 1 && isElement(value.expr);
  if (isOnce || (value.name === null ? value.uses === 1 || few : isResult)) return watch(e, value);
  nameScalar(e, value, value.name ?? (isTransposed(v) && value.expr.kind === "binary" ? "d" : null));
};

/** What is known of an equation for its arithmetic. */
const knownOf = (frame: Frame, eqn: PlainEqn): Known => ({
  inputs: eqn.inputs.map(frame.ranges.range),
  types: eqn.inputs.map((v) => v.type.dtype),
  dtype: eqn.outs[0].type.dtype,
  count: isCount(eqn.outs[0]),
});

const elementsOf = (value: Value): ((at: readonly Expr[]) => Expr) => {
  switch (value.kind) {
    case "scalar":
      return () => value.expr;
    case "array":
      return value.element;
    case "tape":
      return internal("an array without end has no elements");
    default: {
      const never: never = value;
      return never;
    }
  }
};

export const emitPlain = (e: Emitter, frame: Frame, eqn: PlainEqn): undefined => {
  const [out] = eqn.outs;
  const inputs = operandsOf(eqn).map((v) => valueFor(frame, v));
  const unused = (frame.uses.get(out) ?? 0) === 0;
  const preset = frame.preset.get(out);
  if (preset !== undefined) {
    for (const value of inputs) consume(e, value);
    return settle(e, frame, out, newScalar(frame, out, preset, NONE));
  }
  if (eqn.op === "check") return emitCheck(e, frame, eqn, inputs);
  if (unused) {
    for (const value of inputs) consume(e, value);
    return;
  }
  if (isUnbounded(out.type)) {
    if (eqn.op === "const") return newTape(e, frame, out);
    return writeTape(e, frame, eqn, inputs);
  }
  const [first] = inputs;
  if (first?.kind === "tape") return readTape(e, frame, eqn, first, inputs);
  if (eqn.op === "dynamicUpdate" || eqn.op === "scatterAdd") return emitUpdate(e, frame, eqn);
  for (const [k, value] of inputs.entries())
    if (value.kind === "array" && needsStore(eqn, k, value)) e.materialise(e, value, null);
  const known = knownOf(frame, eqn);
  const parts = inputs.map(elementsOf);
  const rank = out.type.shape.length;
  const uses = frame.uses.get(out) ?? 0;
  if (eqn.op === "literal") return emitLiteral(e, frame, eqn, uses);
  const folded = emitFold(e, frame, eqn, parts);
  if (folded !== null) {
    for (const value of inputs) consume(e, value);
    frame.env.set(out, folded);
    return;
  }
  const moved = elementFunction(e, frame, eqn, parts);
  const element =
    moved ??
    ((at: readonly Expr[]): Expr => {
      const args = parts.map((part) => part(at));
      const expr = isDouble(eqn) ? doubled(args[0], out.type.dtype) : elementwise(e, eqn, args, known);
      return expr ?? internal(`${eqn.op} is not printed`);
    });
  if (eqn.op === "add" && addPadded(e, frame, out, inputs)) return;
  for (const value of inputs) consume(e, value);
  const reads = readsOf(inputs);
  if (rank === 0) return settle(e, frame, out, newScalar(frame, out, element([]), reads));
  const cheap =
    eqn.op === "const" ||
    eqn.op === "iota" ||
    ((isView(eqn) || isSingle(out.type)) && inputs.every((v) => v.kind !== "array" || v.cheap));
  const padded = eqn.op === "pad" ? blockOf(eqn, inputs) : null;
  const value = newArray(frame, out.type, { element, reads, cheap, uses, name: nameOf(out), padded });
  frame.env.set(out, value);
  if (isSingle(out.type)) return settleSingle(e, value);
  if (!cheap && (uses > 1 || value.name !== null) && !isOnlyResult(frame, out, uses))
    return e.materialise(e, value, null);
  watch(e, value);
};

const doubled = (x: Expr | undefined, dtype: Var["type"]["dtype"]): Expr | null => {
  if (x === undefined) return null;
  const twice = x.kind === "number" ? num(2 * x.value) : binary("*", num(2), x);
  return dtype === "f32" ? call("Math.fround", twice) : twice;
};

/** What is among zeros, and where. */
const blockOf = (
  eqn: Extract<PlainEqn, { readonly op: "pad" }>,
  [x, zero]: readonly Value[],
): ArrayValue["padded"] => {
  const isZero = zero?.kind === "scalar" && zero.expr.kind === "number" && zero.expr.value === 0;
  const isPlain = eqn.params.interior.every((n) => n === 0);
  return x?.kind === "array" && isZero && isPlain ? { low: eqn.params.low, block: x } : null;
};

/** An array to which a smaller one among zeros is added: the sum is written where that one lies. */
const addPadded = (e: Emitter, frame: Frame, out: Var, [x, y]: readonly Value[]): boolean => {
  if (x?.kind !== "array" || y?.kind !== "array") return false;
  const [whole, part] = x.padded === null ? [x, y] : [y, x];
  if (part.padded === null || whole.padded !== null || part.uses > 1) return false;
  const { low, block } = part.padded;
  consume(e, x);
  consume(e, y);
  addBlock(e, frame, out, whole, low, block);
  return true;
};

/** An array constant is declared once, before the function. */
const emitLiteral = (
  e: Emitter,
  frame: Frame,
  eqn: Extract<PlainEqn, { readonly op: "literal" }>,
  uses: number,
): undefined => {
  const [out] = eqn.outs;
  const { data, dtype, shape } = eqn.params;
  const name = e.topNames.fresh(nameOf(out) ?? "table");
  e.constants.push({
    kind: "declare",
    variable: { name, type: null, reassigned: false },
    value: literalExpr(data, dtype === "bool", shape),
  });
  const whole = nameExpr(name);
  frame.env.set(
    out,
    newArray(frame, out.type, {
      element: elementOf(whole),
      whole,
      reads: NONE,
      cheap: true,
      uses,
      name: nameOf(out),
    }),
  );
};

const isOnlyResult = (frame: Frame, v: Var, uses: number): boolean =>
  uses === 1 && frame.fn.results.includes(v) && frame.destined.has(v);

const isView = ({ op }: PlainEqn): boolean =>
  op === "reshape" ||
  op === "broadcast" ||
  op === "transpose" ||
  op === "slice" ||
  op === "reverse" ||
  op === "dynamicSlice";

/** An array of one element: its element gets a name where a scalar would. */
const settleSingle = (e: Emitter, value: ReturnType<typeof newArray>): undefined => {
  const expr = value.element(value.type.shape.map(() => num(0)));
  if (value.uses > 1 && !isSimple(expr) && !(isElement(expr) && value.uses <= MAX_REPEATED_ELEMENT))
    return nameElement(e, value);
  watch(e, value);
};
