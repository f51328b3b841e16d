/** `if`: a conditional expression where that says it all, else statements that assign to variables. */
import { internal } from "../../diagnostics.js";
import { ifOperands } from "../../ir/control.js";
import { isTransposed, nameOf } from "../../ir/names.js";
import { originOf } from "../../ir/origin.js";
import { type ControlEqn, type IrFunction, isUnbounded, type Var } from "../../ir/types.js";
import { arrayTypeText, elementOf, layoutOf, newArray } from "./arrays.js";
import {
  conditional,
  type Expr,
  name as nameExpr,
  negation,
  type Stmt,
  sizeOfExpr,
  type Variable,
} from "./code.js";
import {
  type ArrayValue,
  consume,
  declare,
  type Emitter,
  emit,
  type Frame,
  firstName,
  inBlock,
  keepReaders,
  newVariable,
  readsOf,
  refusePrint,
  type ScalarValue,
  scalarOf,
  type Value,
  valueFor,
  watch,
} from "./emitter.js";
import { newScalar, settle } from "./equations.js";
import { assignArrays, assignScalars, type EmitBody, enterRegion, settleOperand, stored } from "./regions.js";

import { sharedTapes } from "./tapes.js";
import { wordFor } from "./tidy.js";

type If = ControlEqn & { readonly op: "if" };

/** Longest conditional expression, in operators and names. */
const MAX_CONDITIONAL = 32;

/** What holds a result: a variable there is already, or a new one. */
interface Place {
  readonly k: number;
  readonly out: Var;
  readonly variable: Variable;
  readonly isNew: boolean;
  /** The operand whose variable it is. */
  readonly operand: number | null;
}

/** The operand that a result of one of the sides is handed through from. */
const handedThrough = ({ params }: If, k: number): readonly number[] =>
  [params.then, params.else].flatMap((side) => {
    const result = side.results[k];
    const at = result === undefined ? -1 : side.params.indexOf(result);
    return at < 0 ? [] : [at];
  });

const placesOf = (e: Emitter, frame: Frame, eqn: If, operands: readonly Value[]): readonly Place[] => {
  const taken = new Set<Variable>();
  const counts = new Map<Variable, number>();
  for (const v of operands)
    if (v.kind !== "tape" && v.variable !== null) counts.set(v.variable, (counts.get(v.variable) ?? 0) + 1);
  const isFree = (value: Value | undefined, out: Var): Variable | null => {
    if (value === undefined || value.kind === "tape" || value.variable === null) return null;
    if (value.uses > 0 || value.frame !== frame || taken.has(value.variable)) return null;
    if (counts.get(value.variable) !== 1 || value.type.dtype !== out.type.dtype) return null;
    return value.kind === "scalar" || value.owned ? value.variable : null;
  };
  return eqn.outs.flatMap((out, k): readonly Place[] => {
    if ((frame.uses.get(out) ?? 0) === 0 || isUnbounded(out.type)) return [];
    const candidates =
      out.type.shape.length === 0
        ? handedThrough(eqn, k)
        : [originOf(eqn.params.then, k), originOf(eqn.params.else, k)].flatMap((o) => o ?? []);
    for (const operand of candidates) {
      const variable = isFree(operands[operand], out);
      if (variable === null) continue;
      taken.add(variable);
      return [{ k, out, variable, isNew: false, operand }];
    }
    const { then, else: otherwise } = eqn.params;
    const wanted =
      firstName(out, then.results[k], otherwise.results[k]) ??
      wordFor(then, then.results[k]) ??
      wordFor(otherwise, otherwise.results[k]) ??
      (isTransposed(out) ? "d" : "t");
    const text = arrayTypeText(out.type, layoutOf(e, out.type));
    return [{ k, out, variable: newVariable(e, wanted, text), isNew: true, operand: null }];
  });
};

interface Side {
  readonly statements: readonly Stmt[];
  /** The expressions of the scalar results before they are assigned, by result. */
  readonly exprs: ReadonlyMap<number, Expr>;
  /** Statements that compute them, without those that assign. */
  readonly before: number;
  readonly owned: ReadonlyMap<number, boolean>;
  readonly values: readonly Value[];
}

export const emitIf = (e: Emitter, frame: Frame, eqn: If, body: EmitBody): undefined => {
  const { cond, operands: vars } = ifOperands(eqn.inputs);
  const test = consume(e, scalarOf(frame, cond));
  const operands = vars.map((v) => valueFor(frame, v));
  const ranges = frame.ranges.control(eqn).params;
  for (const value of operands) consume(e, value);
  operands.forEach((value, k) => {
    settleOperand(e, eqn, k, value);
  });
  const places = placesOf(e, frame, eqn, operands);
  const lent = new Set(places.flatMap((p) => (p.isNew ? [] : [p.variable])));
  keepReaders(e, lent);
  const testExpr = test.expr;
  const hosts = new Set(places.flatMap((p) => p.operand ?? []));
  const isTyped = (variable: Variable): boolean => {
    const place = places.find((p) => p.variable === variable);
    const operand = place === undefined || place.operand === null ? undefined : operands[place.operand];
    if (operand?.kind === "array") return operand.layout.typed;
    return place !== undefined && layoutOf(e, place.out.type).typed;
  };
  const tapes = sharedTapes(e, frame, eqn);
  const side = (region: IrFunction, s: number): Side => {
    const run = inBlock(e, () => {
      const inner = enterRegion(
        e,
        region,
        ranges[s] ?? [],
        operands.map((value, k) => ({ value, owned: hosts.has(k) })),
        (paramOf) =>
          new Map(
            places.flatMap((p) => {
              const result = region.results[p.k];
              if (result === undefined || region.params.includes(result)) return [];
              if (region.results.filter((v) => v === result).length > 1) return [];
              const param = p.operand === null ? undefined : region.params[p.operand];
              const old: Value = param === undefined ? { ...test, uses: 0 } : paramOf(param);
              return p.out.type.shape.length === 0 ? [[result, { variable: p.variable, old }] as const] : [];
            }),
          ),
      );
      for (const [v, tape] of tapes[s] ?? []) inner.tapes.set(v, tape);
      body(e, inner);
      const values = region.results.map((v) => valueFor(inner, v));
      const arrays = places.flatMap((p) => {
        const value = values[p.k];
        return value?.kind === "array" ? [{ variable: p.variable, value: stored(e, value, null) }] : [];
      });
      const owned = new Map(
        places.flatMap((p) => {
          const value = values[p.k];
          return value?.kind === "array" ? [[p.k, true] as const] : [];
        }),
      );
      const scalars = places.flatMap((p) => {
        const value = values[p.k];
        return value?.kind === "scalar" ? [{ variable: p.variable, value }] : [];
      });
      const exprs = new Map(
        places.flatMap((p) => {
          const value = values[p.k];
          return value?.kind === "scalar" ? [[p.k, value.expr] as const] : [];
        }),
      );
      const before = e.block.statements.length;
      assignScalars(e, scalars);
      assignArrays(e, arrays, isTyped);
      return { exprs, before, owned, values };
    });
    return { statements: run.statements, ...run.result };
  };
  const then = side(eqn.params.then, 0);
  const otherwise = side(eqn.params.else, 1);
  giveTapes(e, frame, eqn, then, otherwise);
  const [only] = places;
  const [a, b] = [only && then.exprs.get(only.k), only && otherwise.exprs.get(only.k)];
  if (
    places.length === 1 &&
    only !== undefined &&
    only.isNew &&
    a !== undefined &&
    b !== undefined &&
    then.before === 0 &&
    otherwise.before === 0 &&
    sizeOfExpr(a) + sizeOfExpr(b) + sizeOfExpr(testExpr) <= MAX_CONDITIONAL
  ) {
    e.block.names.release(only.variable.name);
    const reads = readsOf([
      test,
      ...[then, otherwise].flatMap((s) => s.values.filter((_, k) => k === only.k)),
    ]);
    return settle(e, frame, only.out, newScalar(frame, only.out, chosen(testExpr, a, b), reads));
  }
  emitStatements(e, places, testExpr, then, otherwise);
  for (const p of places) give(e, frame, p, isTyped(p.variable));
};

const chosen = (test: Expr, a: Expr, b: Expr): Expr =>
  test.kind === "unary" && test.op === "!" ? conditional(test.x, b, a) : conditional(test, a, b);

/** The results that are literals on a side that does nothing else. */
const literals = (places: readonly Place[], side: Side): readonly Expr[] | null => {
  if (side.before > 0 || places.some((p) => !p.isNew)) return null;
  const values = places.map((p) => side.exprs.get(p.k));
  return values.every((x): x is Expr => x !== undefined && (x.kind === "number" || x.kind === "boolean"))
    ? values
    : null;
};

const emitStatements = (
  e: Emitter,
  places: readonly Place[],
  test: Expr,
  then: Side,
  otherwise: Side,
): undefined => {
  const defaults = literals(places, otherwise);
  const others = defaults === null ? literals(places, then) : null;
  const known = defaults ?? others;
  places.forEach((p, k) => {
    if (!p.isNew) return;
    const value = known?.[k] ?? null;
    p.variable.reassigned = true;
    declare(e, value === null ? p.variable : withoutType(p.variable), value);
  });
  if (defaults !== null) return emitChoice(e, test, then.statements, []);
  if (others !== null) return emitChoice(e, test, [], otherwise.statements);
  emitChoice(e, test, then.statements, otherwise.statements);
};

/** Its initial value tells the type. */
const withoutType = (variable: Variable): Variable => ({ ...variable, type: null });

const emitChoice = (e: Emitter, test: Expr, then: readonly Stmt[], otherwise: readonly Stmt[]): undefined => {
  if (then.length === 0 && otherwise.length === 0) return;
  if (then.length === 0) emit(e, { kind: "if", test: negation(test), then: otherwise, otherwise: [] });
  else if (test.kind === "unary" && test.op === "!" && otherwise.length > 0)
    emit(e, { kind: "if", test: test.x, then: otherwise, otherwise: then });
  else emit(e, { kind: "if", test, then, otherwise });
};

/** The result as a value: its variable. */
const give = (e: Emitter, frame: Frame, p: Place, typed: boolean): undefined => {
  const { out, variable } = p;
  const place = nameExpr(variable.name);
  const uses = frame.uses.get(out) ?? 0;
  const name = nameOf(out);
  const reads = new Set([variable]);
  const value: ScalarValue | ArrayValue =
    out.type.shape.length === 0
      ? { kind: "scalar", type: out.type, frame, expr: place, reads, uses, name, variable }
      : newArray(frame, out.type, {
          element: elementOf(place),
          whole: place,
          layout: { typed },
          variable,
          owned: true,
          cheap: true,
          reads,
          uses,
          name,
        });
  frame.env.set(out, value);
  watch(e, value);
};

/** Lists that grow are the same behind both sides. */
const giveTapes = (e: Emitter, frame: Frame, eqn: If, then: Side, otherwise: Side): undefined => {
  for (const [k, out] of eqn.outs.entries()) {
    if (!isUnbounded(out.type)) continue;
    const [a, b] = [then.values[k], otherwise.values[k]];
    if (a?.kind !== "tape" || b?.kind !== "tape") return internal("a list that grows is none");
    if (a.columns[0] !== b.columns[0])
      return refusePrint(e, "a choice between two lists that grow", "keep the values in one of them");
    frame.env.set(out, { ...a, frame, uses: frame.uses.get(out) ?? 0 });
  }
};
