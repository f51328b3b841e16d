/**
 * Forward mode: J(x, dx) = (f(x), f'(x) dx), equation by equation. A tangent that is zero by construction stays
 * symbolic (null), so that what depends on no active parameter is only copied.
 */
import { fail, internal } from "../compiler/diagnostics.js";
import { type Builder, createBuilder } from "../compiler/ir/builder.js";
import { nameLike, nameOf, nameValue, tangentName } from "../compiler/ir/names.js";
import {
  type ControlOp,
  type ControlParams,
  type IrFunction,
  isControl,
  isFloat,
  type OpName,
  type OpParams,
  sameType,
  typeText,
  type Var,
} from "../compiler/ir/types.js";
import type { JvpEngine } from "../compiler/ops/control/record.js";
import { controlTable, opTable } from "../compiler/ops/index.js";
import type { AdRule, MaybeVar } from "../compiler/ops/op.js";
import { regionBuilder } from "./regions.js";
import { transposeInto } from "./transpose.js";

export interface Jvp {
  /**
   * Params: all primals, then a tangent for each active param. Results: the primal results, then a tangent for each
   * result that has one. A tangent has its primal's type.
   */
  readonly fn: IrFunction;
  /** For each primal result whether its tangent is among the results; where not, it is zero. */
  readonly tangentOuts: readonly boolean[];
}

/**
 * The function of primals and tangents. `active` says which params have a tangent; they must be floats. Free values
 * of `fn` are constants and stay free.
 */
export const jvpFunction = (fn: IrFunction, active: readonly boolean[]): Jvp => {
  checkActive(fn, active);
  const b = createBuilder();
  const primals = fn.params.map((p) => b.param(p.type, p));
  const tangents = fn.params.map((p, k) => (active[k] === true ? b.param(p.type) : null));
  const { outs, tangents: outTangents } = jvpInto(b, fn, primals, tangents);
  const present = outTangents.filter((t) => t !== null);
  return {
    fn: b.finish(`${fn.name}.jvp`, [...outs, ...present]),
    tangentOuts: outTangents.map((t) => t !== null),
  };
};

/** Only floats vary smoothly. */
export const checkActive = (fn: IrFunction, active: readonly boolean[]): void => {
  fn.params.forEach((p, k) => {
    if (active[k] !== true || isFloat(p.type.dtype)) return;
    fail("TSJ3002", "type", `${fn.name} has no derivative in parameter ${k}, which is ${typeText(p.type)}`, {
      hint: "differentiate in float parameters only (choose them with argnums), or pass this one as f32 or f64",
    });
  });
};

/** Appends the function and its derivative to `b`. */
export const jvpInto = (
  b: Builder,
  fn: IrFunction,
  primals: readonly Var[],
  tangents: readonly MaybeVar[],
): { readonly outs: readonly Var[]; readonly tangents: readonly MaybeVar[] } => {
  const scratch = createBuilder();
  const primalOf = new Map<Var, Var>();
  const tangentOf = new Map<Var, Var>();
  const primal = (v: Var): Var => primalOf.get(v) ?? v;
  const tangent = (v: Var): MaybeVar => tangentOf.get(v) ?? null;
  const define = (v: Var, x: Var | undefined, dx: MaybeVar): void => {
    const value = x ?? internal(`${fn.name} needs ${fn.params.length} arguments`);
    primalOf.set(v, value);
    nameLike(value, v);
    if (dx === null) return;
    const name = nameOf(v);
    if (name !== null) nameValue(dx, tangentName(name));
    if (!sameType(dx.type, v.type)) {
      internal(`the tangent of a ${typeText(v.type)} in ${fn.name} is a ${typeText(dx.type)}`);
    }
    tangentOf.set(v, dx);
  };
  fn.params.forEach((p, k) => {
    define(p, primals[k], tangents[k] ?? null);
  });
  for (const eqn of fn.body) {
    b.at(eqn.span, () => {
      const inputs = eqn.inputs.map(primal);
      const dInputs = eqn.inputs.map(tangent);
      if (isControl(eqn)) {
        const varies = dInputs.some((t) => t !== null);
        const { outs, tangents: dOuts } = varies
          ? jvpOfControl(b, eqn.op, inputs, dInputs, eqn.params)
          : { outs: b.append(eqn, inputs), tangents: [] };
        eqn.outs.forEach((v, k) => {
          define(v, outs[k], dOuts[k] ?? null);
        });
        return;
      }
      const out = b.emit(eqn.op, inputs, eqn.params);
      const varies = isFloat(out.type.dtype) && dInputs.some((t) => t !== null);
      define(
        eqn.outs[0],
        out,
        varies ? tangentOfEquation(b, scratch, eqn.op, inputs, dInputs, eqn.params, out) : null,
      );
    });
  }
  return { outs: fn.results.map(primal), tangents: fn.results.map(tangent) };
};

/** Derivatives of regions that were made before: loops ask for the same ones again. */
const derivatives = new WeakMap<IrFunction, Map<string, Jvp>>();

const derivativeOfRegion = (region: IrFunction, active: readonly boolean[]): Jvp => {
  const key = active.map(Number).join("");
  const made = derivatives.get(region) ?? new Map<string, Jvp>();
  derivatives.set(region, made);
  const known = made.get(key);
  if (known !== undefined) return known;
  const jvp = jvpFunction(region, active);
  made.set(key, jvp);
  return jvp;
};

const jvpOfControl = <K extends ControlOp>(
  b: Builder,
  op: K,
  inputs: readonly Var[],
  tangents: readonly MaybeVar[],
  params: ControlParams[K],
) => {
  const engine: JvpEngine = { build: regionBuilder(b.span()), derivative: derivativeOfRegion };
  return controlTable[op].jvp(engine, b, inputs, tangents, params);
};

/** dy of y = op(x) for dx of which at least one is not zero. */
const tangentOfEquation = <K extends OpName>(
  b: Builder,
  scratch: Builder,
  op: K,
  inputs: readonly Var[],
  tangents: readonly MaybeVar[],
  params: OpParams[K],
  out: Var,
): MaybeVar => {
  const rule: AdRule<K> = opTable[op].ad;
  switch (rule.kind) {
    case "zero":
      return null;
    case "nonlinear":
      return rule.jvp(b, inputs, tangents, params, out);
    case "linear": {
      const alone = onlyTangent(inputs, tangents);
      if (alone !== null) return inOneOperand(b, scratch, rule, inputs, alone, params, out);
      // d L(x, y) = L(dx, dy); operands that are not floats (indices, conditions) are L's own
      const operands = inputs.map((x, k) => (isFloat(x.type.dtype) ? (tangents[k] ?? b.zerosLike(x)) : x));
      return b.emit(op, operands, params);
    }
    case "bilinear": {
      // d B(x, y) = B(dx, y) + B(x, dy)
      const terms = tangents.flatMap((dx, k) =>
        dx === null ? [] : [b.emit(op, inputs.with(k, dx), params)],
      );
      return terms.reduce((sum, term) => b.add(sum, term));
    }
    default: {
      const never: never = rule;
      return never;
    }
  }
};

/** The operand and its tangent, if it is the only one that varies of several that could. */
const onlyTangent = (
  inputs: readonly Var[],
  tangents: readonly MaybeVar[],
): { readonly which: number; readonly tangent: Var } | null => {
  const which = tangents.findIndex((t) => t !== null);
  const tangent = tangents[which] ?? null;
  const others = inputs.some((x, k) => k !== which && isFloat(x.type.dtype));
  return tangent === null || !others || tangents.some((t, k) => k !== which && t !== null)
    ? null
    : { which, tangent };
};

/**
 * L(0, dx, 0) without the zeros: the transpose of the transpose of L in that operand. So dx + 0 becomes dx, 0 - dx
 * becomes -dx, and a concat with zeros a pad.
 */
const inOneOperand = <K extends OpName>(
  b: Builder,
  scratch: Builder,
  rule: Extract<AdRule<K>, { readonly kind: "linear" }>,
  inputs: readonly Var[],
  { which, tangent }: { readonly which: number; readonly tangent: Var },
  params: OpParams[K],
  out: Var,
): MaybeVar => {
  const ct: Var = { type: out.type };
  const wanted = inputs.map((_, k) => k === which);
  const start = scratch.body().length;
  const result = rule.transpose(scratch, ct, inputs, wanted, params)[which] ?? null;
  if (result === null) return null;
  const back = { name: "transpose", params: [ct], body: scratch.body().slice(start), results: [result] };
  return transposeInto(b, back, [], [tangent])[0] ?? null;
};
