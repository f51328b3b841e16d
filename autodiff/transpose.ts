/**
 * Transposition: for y = L dx the function dx̄ = Lᵀ ȳ, by walking L's equations backwards and adding up a cotangent for
 * every value.
 */
import { internal } from "../compiler/diagnostics.js";
import { type Builder, createBuilder } from "../compiler/ir/builder.js";
import { cotangentName, describeLike, markTransposed, nameOf, nameValue } from "../compiler/ir/names.js";
import { printFunction } from "../compiler/ir/print.js";
import {
  type ControlOp,
  type ControlParams,
  type Eqn,
  type IrFunction,
  isControl,
  type OpName,
  type OpParams,
  sameType,
  typeText,
  type Var,
} from "../compiler/ir/types.js";
import type { TransposeEngine } from "../compiler/ops/control/record.js";
import { controlTable, opTable } from "../compiler/ops/index.js";
import type { AdRule, MaybeVar } from "../compiler/ops/op.js";
import { ownTapes, partialInto } from "./partial.js";
import { regionBuilder } from "./regions.js";

/**
 * Appends the transpose of `fn` to `b`. `args` are values of the params; `fn` is linear in those that have none (null).
 * `cts`: one cotangent per result (null: zero); `sums`: per param what its cotangent is added to. Gives a sum per param
 * (null: zero, or no linear param).
 */
export const transposeRegion = (
  b: Builder,
  fn: IrFunction,
  args: readonly MaybeVar[],
  cts: readonly MaybeVar[],
  before: readonly MaybeVar[],
): readonly MaybeVar[] => {
  const linear = createBuilder();
  const params = fn.params.map((p, k): Var => args[k] ?? standIn(p));
  const isSource = params.map((_, k) => (args[k] ?? null) === null);
  const { results, varies: resultVaries } = partialInto(b, linear, fn, params, isSource, ownTapes(b));

  const moving = new Set<Var>(params.filter((_, k) => isSource[k] === true));
  for (const eqn of linear.body()) for (const v of eqn.outs) moving.add(v);
  const sums = new Map<Var, Var>();
  const requireType = (v: Var, ct: Var): void => {
    if (!sameType(ct.type, v.type))
      internal(`the cotangent of a ${typeText(v.type)} is a ${typeText(ct.type)}`, printFunction(fn));
  };
  const replace = (v: Var, ct: MaybeVar): void => {
    if (ct === null || !moving.has(v)) return;
    requireType(v, ct);
    sums.set(v, ct);
  };
  const accumulate = (v: Var, ct: MaybeVar): void => {
    const sum = sums.get(v);
    replace(v, ct === null || sum === undefined ? ct : b.add(sum, ct));
  };
  params.forEach((p, k) => {
    replace(p, before[k] ?? null);
  });
  results.forEach((v, k) => {
    if (resultVaries[k] === true) accumulate(v, cts[k] ?? null);
  });
  const start = b.body().length;
  for (const eqn of linear.body().toReversed()) {
    const ctsOfOuts = eqn.outs.map((v) => {
      const ct = sums.get(v) ?? null;
      nameCotangent(ct, v);
      return ct;
    });
    if (ctsOfOuts.every((ct) => ct === null)) continue;
    b.at(eqn.span, () => {
      const wanted = eqn.inputs.map((v) => moving.has(v));
      if (isControl(eqn)) {
        // the sums go through the equation, each once
        const isFirst = eqn.inputs.map((v, k) => eqn.inputs.indexOf(v) === k);
        const standing = eqn.inputs.map((v, k) => (isFirst[k] === true ? (sums.get(v) ?? null) : null));
        const back = transposeControl(b, eqn.op, eqn.inputs, wanted, ctsOfOuts, standing, eqn.params);
        eqn.inputs.forEach((v, k) => {
          (isFirst[k] === true ? replace : accumulate)(v, back[k] ?? null);
        });
        return;
      }
      const ct = ctsOfOuts[0] ?? null;
      if (ct === null) return;
      const left = wanted.map((w, k) => {
        const v = eqn.inputs[k];
        const sum = v === undefined ? undefined : sums.get(v);
        if (!w || v === undefined || sum === undefined) return w;
        const next = addInPlace(b, eqn.op, sum, ct, eqn.inputs, k, eqn.params);
        replace(v, next);
        return next === null;
      });
      if (!left.includes(true)) return;
      const back = transposeEquation(b, fn, eqn, eqn.op, ct, eqn.inputs, left, eqn.params);
      eqn.inputs.forEach((v, k) => {
        accumulate(v, back[k] ?? null);
      });
    });
  }
  for (const { outs } of b.body().slice(start)) outs.forEach(markTransposed);
  return params.map((v, k) => {
    const ct = isSource[k] === true ? (sums.get(v) ?? null) : null;
    nameCotangent(ct, v);
    return ct;
  });
};

const standIn = (p: Var): Var => {
  const v: Var = { type: p.type };
  describeLike(v, p);
  return v;
};

const nameCotangent = (ct: MaybeVar, v: Var): void => {
  const name = ct === null ? null : nameOf(v);
  if (ct !== null && name !== null) nameValue(ct, cotangentName(name));
};

/** As `transposeRegion`, where `fn`'s first params are the constants `known`; one cotangent per linear param. */
export const transposeInto = (
  b: Builder,
  fn: IrFunction,
  known: readonly Var[],
  cts: readonly MaybeVar[],
): readonly MaybeVar[] => {
  const args = fn.params.map((_, k) => known[k] ?? null);
  return transposeRegion(b, fn, args, cts, []).slice(known.length);
};

const transposeControl = <K extends ControlOp>(
  b: Builder,
  op: K,
  inputs: readonly Var[],
  varies: readonly boolean[],
  cts: readonly MaybeVar[],
  sums: readonly MaybeVar[],
  params: ControlParams[K],
): readonly MaybeVar[] => {
  const engine: TransposeEngine = { build: regionBuilder(b.span()), into: transposeRegion };
  return controlTable[op].transpose(engine, b, inputs, varies, cts, sums, params);
};

/** The sum with the cotangent of operand `which` added by the op's own way; null if it has none. */
const addInPlace = <K extends OpName>(
  b: Builder,
  op: K,
  sum: Var,
  ct: Var,
  inputs: readonly Var[],
  which: number,
  params: OpParams[K],
): MaybeVar => {
  const rule: AdRule<K> = opTable[op].ad;
  return rule.kind === "linear" ? (rule.accumulate?.(b, sum, ct, inputs, which, params) ?? null) : null;
};

/** A cotangent for each operand that varies. */
const transposeEquation = <K extends OpName>(
  b: Builder,
  fn: IrFunction,
  eqn: Eqn,
  op: K,
  ct: Var,
  inputs: readonly Var[],
  wanted: readonly boolean[],
  params: OpParams[K],
): readonly MaybeVar[] => {
  const notLinear = (why: string): never =>
    internal(`${op} cannot be transposed: ${why}`, printFunction(fn, { marked: new Set([eqn]) }));
  const rule: AdRule<K> = opTable[op].ad;
  switch (rule.kind) {
    case "linear":
      return rule.transpose(b, ct, inputs, wanted, params);
    case "bilinear": {
      const [x, y] = inputs;
      if (x === undefined || y === undefined) return notLinear("it needs two operands");
      if (wanted[0] === wanted[1]) return notLinear("it varies in both operands");
      return wanted[0] === true
        ? [rule.transpose(b, ct, [x, y], 0, params), null]
        : [null, rule.transpose(b, ct, [x, y], 1, params)];
    }
    case "nonlinear":
      return notLinear("it is applied to a tangent, but it is not linear");
    case "zero":
      return notLinear("it is applied to a tangent, but it has no derivative");
    default: {
      const never: never = rule;
      return never;
    }
  }
};

/** The transpose as a function: params the constants, then one cotangent per result; zeros are written out. */
export const transposeFunction = (fn: IrFunction, knownCount: number): IrFunction => {
  const b = createBuilder();
  const known = fn.params.slice(0, knownCount).map((p) => b.param(p.type));
  const cts = fn.results.map((v) => b.param(v.type));
  const back = transposeInto(b, fn, known, cts);
  const sources = fn.params.slice(knownCount);
  return b.finish(`${fn.name}.transpose`, materialise(b, sources, back));
};

/** Zeros for the symbolic ones; `like` gives their types. */
export const materialise = (b: Builder, like: readonly Var[], cts: readonly MaybeVar[]): readonly Var[] =>
  like.map((v, k) => cts[k] ?? b.zerosLike(v));
