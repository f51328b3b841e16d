/**
 * The pattern-rewriting engine: one walk from the params to the results, in which every equation is made anew through
 * the rules. A rule sees operands that are already simplified and makes its replacement through the same rules, so one
 * walk reaches what would else take many. The time is linear in the number of equations.
 */
import { type Builder, createBuilder, inferType } from "../ir/builder.js";
import { mapRegions } from "../ir/control.js";
import { describeMade } from "../ir/names.js";
import {
  type Eqn,
  type IrFunction,
  isControl,
  type OpName,
  type OpParams,
  type PlainEqn,
  type TensorType,
  type Var,
} from "../ir/types.js";
import { useCounts } from "../ir/walk.js";

/** What a rule may look at and build with. */
export interface Rewriter {
  /** `op` on these operands, simplified. */
  readonly emit: <K extends OpName>(op: K, inputs: readonly Var[], params: OpParams[K]) => Var;
  readonly splat: (value: number, type: TensorType) => Var;
  /** The operands and params of `v` if it is defined by `op`. */
  readonly match: <K extends OpName>(v: Var, op: K) => Extract<PlainEqn, { readonly op: K }> | null;
  readonly definition: (v: Var) => Eqn | null;
  /** The value of every element, as the dtype holds it, if `v` is a splat. */
  readonly splatOf: (v: Var) => number | null;
  /**
   * Whether the equation at hand is the only one that uses its operand `v`. False where that is not known: in a
   * replacement, whose operand the replaced equation reached through another one.
   */
  readonly usedOnce: (v: Var) => boolean;
}

/** One rewrite of an op: the value that replaces the equation, or null (then nothing was emitted). */
export interface Rule<K extends OpName> {
  /** The identity, left side the pattern. */
  readonly algebra: string;
  readonly apply: (r: Rewriter, inputs: readonly Var[], params: OpParams[K], type: TensorType) => Var | null;
}

/** The rules of every op, tried in order. */
export type RuleTable = { readonly [K in OpName]: readonly Rule<K>[] };

/** A replacement that is tried after the op's own rules, for every op. */
export type Fallback = (
  r: Rewriter,
  op: OpName,
  inputs: readonly Var[],
  params: OpParams[OpName],
  type: TensorType,
) => Var | null;

/** The function after all rewrites, inside regions as well; `fn` itself if no rule applied. Equations that became dead are left to DCE. */
export const rewrite = (fn: IrFunction, rules: RuleTable, fallback: Fallback): IrFunction => {
  const b = createBuilder();
  const env = new Map<Var, Var>();
  const image = (v: Var): Var => env.get(v) ?? v;
  const uses = useCounts(fn);
  const usesOfImage = new Map<Var, number>();
  const define = (v: Var, value: Var): void => {
    env.set(v, value);
    describeMade(b, value, v);
    usesOfImage.set(value, (usesOfImage.get(value) ?? 0) + (uses.get(v) ?? 0));
  };
  const { rewriter, applied } = createRewriter(b, rules, fallback, (v) => usesOfImage.get(v) === 1);
  for (const p of fn.params) define(p, b.param(p.type, p));
  let regions = 0;
  const rewritten = (eqn: Eqn): readonly Var[] => {
    const inputs = eqn.inputs.map(image);
    if (!isControl(eqn)) return [rewriter.emit(eqn.op, inputs, eqn.params)];
    const inner = mapRegions(eqn, (region) => rewrite(region, rules, fallback));
    if (inner !== eqn) regions++;
    return b.append(inner, inputs);
  };
  for (const eqn of fn.body) {
    const values = b.at(eqn.span, () => rewritten(eqn));
    eqn.outs.forEach((v, k) => {
      define(v, values[k] ?? v);
    });
  }
  return applied() + regions === 0 ? fn : b.finish(fn.name, fn.results.map(image));
};

const createRewriter = (
  b: Builder,
  rules: RuleTable,
  fallback: Fallback,
  usedOnce: (v: Var) => boolean,
): { readonly rewriter: Rewriter; readonly applied: () => number } => {
  const defs = new Map<Var, Eqn>();
  let applied = 0;
  let depth = 0;

  const emit = <K extends OpName>(op: K, inputs: readonly Var[], params: OpParams[K]): Var => {
    depth++;
    const out = simplified(op, inputs, params);
    depth--;
    return out;
  };
  const simplified = <K extends OpName>(op: K, inputs: readonly Var[], params: OpParams[K]): Var => {
    const type = inferType(op, inputs, params, b.span());
    const opRules: readonly Rule<K>[] = rules[op];
    for (const rule of opRules) {
      const value = rule.apply(rewriter, inputs, params, type);
      if (value === null) continue;
      applied++;
      return value;
    }
    const folded = fallback(rewriter, op, inputs, params, type);
    if (folded !== null) {
      applied++;
      return folded;
    }
    const out = b.emit(op, inputs, params);
    const eqn = b.body().at(-1);
    if (eqn !== undefined) defs.set(out, eqn);
    return out;
  };
  const definition = (v: Var): Eqn | null => defs.get(v) ?? null;
  const match = <K extends OpName>(v: Var, op: K): Extract<PlainEqn, { readonly op: K }> | null => {
    const eqn = defs.get(v);
    return eqn?.op === op ? (eqn as Extract<PlainEqn, { readonly op: K }>) : null;
  };
  const rewriter: Rewriter = {
    emit,
    definition,
    match,
    usedOnce: (v) => depth === 1 && usedOnce(v),
    splat: (value, type) => emit("const", [], { value, dtype: type.dtype, shape: type.shape }),
    splatOf: (v) => {
      const eqn = match(v, "const");
      if (eqn === null) return null;
      return eqn.params.dtype === "f32" ? Math.fround(eqn.params.value) : eqn.params.value;
    },
  };
  return { rewriter, applied: () => applied };
};

/** A rule for an op of one operand. */
export const rule1 = (
  algebra: string,
  apply: (r: Rewriter, x: Var, type: TensorType) => Var | null,
): Rule<OpName> => ({
  algebra,
  apply: (r, [x], _params, type) => (x === undefined ? null : apply(r, x, type)),
});

/** A rule for an op of two operands. */
export const rule2 = (
  algebra: string,
  apply: (r: Rewriter, x: Var, y: Var, type: TensorType) => Var | null,
): Rule<OpName> => ({
  algebra,
  apply: (r, [x, y], _params, type) => (x === undefined || y === undefined ? null : apply(r, x, y, type)),
});

/** A rule that looks at the params and the first operand. */
export const ruleWith = <K extends OpName>(
  algebra: string,
  apply: (r: Rewriter, x: Var, params: OpParams[K], type: TensorType, inputs: readonly Var[]) => Var | null,
): Rule<K> => ({
  algebra,
  apply: (r, inputs, params, type) => {
    const [x] = inputs;
    return x === undefined ? null : apply(r, x, params, type, inputs);
  },
});
