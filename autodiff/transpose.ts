/**
 * Transposition: for y = L dx the function dx̄ = Lᵀ ȳ, by walking L's equations backwards and adding up a cotangent for
 * every value.
 */
import { internal } from "../compiler/diagnostics.js";
import { type Builder, createBuilder } from "../compiler/ir/builder.js";
import { printFunction } from "../compiler/ir/print.js";
import {
  type Eqn,
  type IrFunction,
  type OpName,
  type OpParams,
  sameType,
  typeText,
  type Var,
} from "../compiler/ir/types.js";
import { opTable } from "../compiler/ops/index.js";
import type { AdRule, MaybeVar } from "../compiler/ops/op.js";

/**
 * Appends the transpose of `fn` to `b`. `fn`'s first params are constants, of which `known` are the values; it is
 * linear in the others. `cts` has one cotangent per result (null: zero). Gives one per linear param (null: zero).
 */
export const transposeInto = (
  b: Builder,
  fn: IrFunction,
  known: readonly Var[],
  cts: readonly MaybeVar[],
): readonly MaybeVar[] => {
  const sources = fn.params.slice(known.length);
  const { linear, known: constants, varies } = splitLinear(fn.body, sources);
  const env = new Map<Var, Var>();
  const image = (v: Var): Var => env.get(v) ?? v;
  known.forEach((v, k) => {
    const p = fn.params[k];
    if (p !== undefined) env.set(p, v);
  });
  for (const eqn of constants) {
    env.set(
      eqn.outs[0],
      b.at(eqn.span, () => b.emit(eqn.op, eqn.inputs.map(image), eqn.params)),
    );
  }

  const sums = new Map<Var, Var>();
  const accumulate = (v: Var, ct: MaybeVar): void => {
    if (ct === null || !varies.has(v)) return;
    if (!sameType(ct.type, v.type)) {
      internal(`the cotangent of a ${typeText(v.type)} is a ${typeText(ct.type)}`, printFunction(fn));
    }
    const sum = sums.get(v);
    sums.set(v, sum === undefined ? ct : b.add(sum, ct));
  };
  fn.results.forEach((v, k) => {
    accumulate(v, cts[k] ?? null);
  });
  for (const eqn of linear.toReversed()) {
    const ct = sums.get(eqn.outs[0]);
    if (ct === undefined) continue;
    b.at(eqn.span, () => {
      const wanted = eqn.inputs.map((v) => varies.has(v));
      const back = transposeEquation(b, fn, eqn, eqn.op, ct, eqn.inputs.map(image), wanted, eqn.params);
      eqn.inputs.forEach((v, k) => {
        accumulate(v, back[k] ?? null);
      });
    });
  }
  return sources.map((v) => sums.get(v) ?? null);
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

/** Which equations depend on `sources`, and which don't, each in order. */
export const splitLinear = (
  body: readonly Eqn[],
  sources: readonly Var[],
): { readonly linear: readonly Eqn[]; readonly known: readonly Eqn[]; readonly varies: ReadonlySet<Var> } => {
  const varies = new Set<Var>(sources);
  const linear: Eqn[] = [];
  const known: Eqn[] = [];
  for (const eqn of body) {
    const depends = eqn.inputs.some((v) => varies.has(v));
    (depends ? linear : known).push(eqn);
    if (depends) for (const out of eqn.outs) varies.add(out);
  }
  return { linear, known, varies };
};
