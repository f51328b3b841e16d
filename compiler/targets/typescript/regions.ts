/** Regions: what stands for their params, and how their results reach the variables that hold them. */
import { internal } from "../../diagnostics.js";
import type { ControlEqn, IrFunction, Var } from "../../ir/types.js";
import type { Range } from "../../passes/range.js";
import { arrayTypeText } from "./arrays.js";
import { call, type Expr, isElement, isSimple, name as nameExpr, type Variable } from "./code.js";
import {
  type ArrayValue,
  consume,
  createFrame,
  type Emitter,
  emit,
  type Frame,
  keepReaders,
  nameScalar,
  refusePrint,
  type ScalarValue,
  usesIn,
  type Value,
  valueFor,
  watch,
} from "./emitter.js";
import { change } from "./equations.js";

/** Prints the equations of a frame; given where frames are entered, as regions hold equations themselves. */
export type EmitBody = (e: Emitter, frame: Frame) => void;

/** How an operand is given to a region. */
export interface Given {
  readonly value: Value;
  /** Whether the region may write to the array's memory. */
  readonly owned: boolean;
}

/** The value of a region's param: the operand's, with the uses that the region makes of it. */
const paramValue = (e: Emitter, frame: Frame, param: Var, { value, owned }: Given): Value => {
  const uses = frame.uses.get(param) ?? 0;
  const own: Value =
    value.kind === "array"
      ? { ...value, frame, uses, owned: owned && value.owned }
      : value.kind === "scalar"
        ? { ...value, frame, uses, variable: owned ? value.variable : null }
        : { ...value, frame, uses };
  if (own.kind !== "tape") watch(e, own);
  return own;
};

/** A frame for a region whose params stand for these; null for one that gets its value later. */
export const enterRegion = (
  e: Emitter,
  region: IrFunction,
  ranges: readonly (Range | null)[],
  given: readonly (Given | null)[],
  destined: (paramOf: (v: Var) => Value) => Frame["destined"],
): Frame => {
  const map = new Map<Var, { readonly variable: Variable; readonly old: Value }>();
  const frame = createFrame(region, ranges, map);
  region.params.forEach((p, k) => {
    const operand = given[k];
    if (operand === undefined) internal(`${region.name} lacks an operand`);
    else if (operand !== null) frame.env.set(p, paramValue(e, frame, p, operand));
  });
  for (const [v, to] of destined((v) => valueFor(frame, v))) map.set(v, to);
  return frame;
};

/** Before a loop: what it is given costs no more than reading it, however often it is read. */
export const steady = (e: Emitter, value: Value): undefined => {
  if (value.kind === "scalar" && !isSimple(value.expr)) nameScalar(e, value);
  else if (value.kind === "array" && !value.cheap) e.materialise(e, value, null);
};

/** Before an `if`: what both sides use, or one side often, is computed before it. */
export const settleOperand = (
  e: Emitter,
  eqn: ControlEqn & { readonly op: "if" },
  k: number,
  value: Value,
): undefined => {
  const count = [eqn.params.then, eqn.params.else].reduce((n, side) => {
    const p = side.params[k];
    return n + (p === undefined ? 0 : (usesIn(side).get(p) ?? 0));
  }, value.uses);
  if (count <= 1) return;
  if (value.kind === "scalar" && !isSimple(value.expr) && !(isElement(value.expr) && count <= 3))
    nameScalar(e, value);
  else if (value.kind === "array" && !value.cheap) e.materialise(e, value, null);
};

/** A variable, and the value that it is to hold next. */
export interface Next<T extends Value> {
  readonly variable: Variable;
  readonly value: T;
}

const holds = ({ variable, value }: Next<Value>): boolean =>
  value.kind === "scalar"
    ? value.expr.kind === "name" && value.expr.name === variable.name
    : value.kind === "array" && value.variable === variable;

/** Assigns to all of these variables, as if at once. */
export const assignScalars = (e: Emitter, list: readonly Next<ScalarValue>[]): undefined => {
  const left = list.filter((n) => {
    if (!holds(n)) return true;
    consume(e, n.value);
    return false;
  });
  while (left.length > 0) {
    const free = left.findIndex(
      (n) => !left.some((other) => other !== n && other.value.reads.has(n.variable)),
    );
    const [next] = left.splice(Math.max(free, 0), 1);
    if (next === undefined) break;
    consume(e, next.value);
    change(e, next.variable, next.value.expr);
  }
};

/** An array as another kind of array. */
const converted = (e: Emitter, value: ArrayValue, typed: boolean): Expr => {
  const whole = value.whole ?? internal("an array without memory");
  if (value.layout.typed === typed) return whole;
  if (value.type.shape.length !== 1)
    return refusePrint(e, "an array of another kind", "use one kind of arrays");
  return typed ? call(`${arrayTypeText(value.type, { typed })}.from`, whole) : call("Array.from", whole);
};

/** Lets variables hold other arrays; an array that something else holds as well is copied. */
export const assignArrays = (
  e: Emitter,
  list: readonly Next<ArrayValue>[],
  typed: (variable: Variable) => boolean,
): undefined => {
  const taken = new Set<Variable>();
  for (const n of list) if (holds(n) && n.value.variable !== null) taken.add(n.value.variable);
  const moves = list.flatMap((n): readonly { readonly variable: Variable; readonly source: Expr }[] => {
    const { value, variable } = n;
    if (holds(n)) {
      consume(e, value);
      return [];
    }
    const shared = !value.owned || value.variable === null || taken.has(value.variable);
    if (shared) {
      const copy = { ...value, uses: 0 };
      e.materialise(e, copy, `${variable.name}_next`);
      consume(e, value);
      return [{ variable, source: converted(e, copy, typed(variable)) }];
    }
    if (value.variable !== null) taken.add(value.variable);
    consume(e, value);
    return [{ variable, source: converted(e, value, typed(variable)) }];
  });
  if (moves.length === 0) return;
  const targets = new Set(moves.map((m) => m.variable));
  keepReaders(e, targets);
  for (const variable of targets) variable.reassigned = true;
  const reads = (x: Expr): boolean =>
    x.kind === "name"
      ? moves.some((m) => m.variable.name === x.name)
      : x.kind === "call" && x.args.some(reads);
  if (moves.some((m) => reads(m.source)))
    return emit(e, {
      kind: "swap",
      targets: moves.map((m) => nameExpr(m.variable.name)),
      values: moves.map((m) => m.source),
    });
  for (const { variable, source } of moves)
    emit(e, { kind: "assign", target: nameExpr(variable.name), op: "=", value: source });
};

/** An array that is needed as a whole: stored, if it is not. */
export const stored = (e: Emitter, value: ArrayValue, wanted: string | null): ArrayValue => {
  if (value.whole === null) e.materialise(e, value, wanted);
  return value;
};
