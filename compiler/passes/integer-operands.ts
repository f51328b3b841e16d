/**
 * Numbers that are whole and fit i32 go into regions, and from one iteration to the next, as i32: inside they are cast back,
 * so that what leads to an index can be seen to be whole there. A value that may be -0 stays as it is, because i32 has none.
 */

import type { Builder } from "../ir/builder.js";
import { createBuilder } from "../ir/builder.js";
import { forOperands, mapRegionsAt, regionsOf } from "../ir/control.js";
import { isRule, refuseRule } from "../ir/rules.js";
import type { ControlEqn, IrFunction, Var } from "../ir/types.js";
import { I32, type Range, within } from "./range.js";
import type { Analysis } from "./ranges.js";

const isScalar = (v: Var): boolean => v.type.dtype === "f64" && v.type.shape.length === 0;
const fits = (r: Range | null): boolean => r?.int === true && within(r, I32);

/** Whether a whole value is never -0; `sure` names values that are not. */
const neverMinusZero = ({ range, definition }: Analysis, sure: ReadonlySet<Var>): ((v: Var) => boolean) => {
  const known = new Map<Var, boolean>();
  const find = (v: Var): boolean => {
    if (sure.has(v)) return true;
    const r = range(v);
    if (r !== null && (r.lo > 0 || r.hi < 0)) return true;
    const eqn = definition(v);
    const [x, y, z] = eqn?.inputs ?? [];
    switch (eqn?.op) {
      case "cast":
        return x !== undefined && x.type.dtype !== "f64" && x.type.dtype !== "f32";
      case "const":
        return !Object.is(eqn.params.value, -0);
      case "add": // -0 + -0 alone is -0
        return (x !== undefined && test(x)) || (y !== undefined && test(y));
      case "sub": // -0 - 0 alone is -0
        return x !== undefined && test(x);
      case "select":
        return y !== undefined && z !== undefined && test(y) && test(z);
      case "min":
      case "max":
        return x !== undefined && y !== undefined && test(x) && test(y);
      default:
        return false;
    }
  };
  const test = (v: Var): boolean => {
    const before = known.get(v);
    if (before !== undefined) return before;
    known.set(v, false);
    const result = find(v);
    known.set(v, result);
    return result;
  };
  return test;
};

/** Where an equation's constants are among its operands, and where its carries begin. */
const layout = (
  eqn: ControlEqn,
): { readonly first: number; readonly own: number; readonly consts: number } => {
  switch (eqn.op) {
    case "if":
      return { first: 1, own: 0, consts: eqn.inputs.length - 1 };
    case "while":
      return { first: 0, own: 0, consts: eqn.params.consts };
    case "for": {
      const { trip, consts } = forOperands(eqn.inputs, eqn.params);
      return { first: trip === null ? 0 : 1, own: 1, consts: consts.length };
    }
    case "custom":
    case "fromTranspose":
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/** A region whose params at `swapped` are i32, and whose results at `results` are. */
const withIntegers = (
  region: IrFunction,
  swapped: ReadonlySet<number>,
  results: ReadonlySet<number>,
): IrFunction => {
  const b = createBuilder();
  const images = region.params.map((p, k) =>
    swapped.has(k) ? b.cast(b.param({ dtype: "i32", shape: [] }), "f64") : b.param(p.type),
  );
  const outs = b.inline(region, images);
  return b.finish(
    region.name,
    outs.map((v, k) => (results.has(k) ? b.cast(v, "i32") : v)),
  );
};

export interface Passed {
  readonly eqn: ControlEqn;
  readonly inputs: readonly Var[];
  /** Results that are now i32. */
  readonly results: ReadonlySet<number>;
}

/**
 * The equation with i32 in place of whole numbers; null where there are none.
 * @param inputs the images of its operands in the function that is made
 * @param outs ranges of its results
 * @param bodies the analysis of its body: of a loop's alone
 */
export const passIntegers = (
  eqn: ControlEqn,
  inputs: readonly Var[],
  analysis: Analysis,
  outs: readonly (Range | null)[],
  body: Analysis | null,
  int: (v: Var) => Var | null,
): Passed | null => {
  const { first, own, consts } = layout(eqn);
  const sure = neverMinusZero(analysis, new Set());
  const next = [...inputs];
  const swapped = new Set<number>();
  const results = new Set<number>();
  const whole = (v: Var): Var | null =>
    isScalar(v) && analysis.definition(v)?.op !== "const" && fits(analysis.range(v)) && sure(v)
      ? int(v)
      : null;
  for (let k = 0; k < consts; k++) {
    const v = eqn.inputs[first + k];
    const i = v === undefined ? null : whole(v);
    if (i === null) continue;
    next[first + k] = i;
    swapped.add(own + k);
  }
  if (body !== null && eqn.op !== "if" && !isRule(eqn)) {
    const region = eqn.params.body;
    const start = own + consts;
    const candidates = region.results.flatMap((_, k): readonly number[] => {
      const init = eqn.inputs[first + consts + k];
      return init !== undefined && isScalar(init) && fits(outs[k] ?? null) && sure(init) && int(init) !== null
        ? [k]
        : [];
    });
    const params = new Set(candidates.flatMap((k) => region.params[start + k] ?? []));
    const inner = neverMinusZero(body, params);
    // each assumes the others: those that fail take the ones that depend on them along
    if (candidates.every((k) => region.results[k] !== undefined && inner(region.results[k])))
      for (const k of candidates) {
        const init = eqn.inputs[first + consts + k];
        const i = init === undefined ? null : int(init);
        if (i === null) continue;
        next[first + consts + k] = i;
        swapped.add(start + k);
        results.add(k);
      }
  }
  if (swapped.size === 0) return null;
  const last = regionsOf(eqn).length - 1;
  const image = mapRegionsAt(eqn, (region, k) =>
    withIntegers(region, swapped, eqn.op !== "if" && k === last ? results : new Set()),
  );
  return { eqn: image, inputs: next, results };
};

/** The results of `passIntegers`' equation as they were. */
export const unpassed = (b: Builder, values: readonly Var[], results: ReadonlySet<number>): readonly Var[] =>
  values.map((v, k) => (results.has(k) ? b.cast(v, "f64") : v));
