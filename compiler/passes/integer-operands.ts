/**
 * Numbers that are whole and fit i32 go into regions, and from one iteration to the next, as i32: inside they are cast back,
 * so that what leads to an index can be seen to be whole there. A value that may be -0 stays as it is, because i32 has none.
 */

import type { Builder } from "../ir/builder.js";
import { createBuilder } from "../ir/builder.js";
import { forOperands, mapRegionsAt, regionsOf } from "../ir/control.js";
import { isRule, refuseRule } from "../ir/rules.js";
import { type ControlEqn, type IrFunction, isControl, isFloat, type Var } from "../ir/types.js";
import { I32, neverMinusZero, type Range, within } from "./range.js";
import type { Analysis } from "./ranges.js";

const isScalar = (v: Var): boolean => v.type.dtype === "f64" && v.type.shape.length === 0;
const fits = (r: Range | null): boolean => r?.int === true && within(r, I32) && neverMinusZero(r);

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

/** Whether a result is computed from integers alone, those of its params that are swapped among them. */
const madeOfIntegers = (region: IrFunction, result: number, swapped: ReadonlySet<number>): boolean => {
  const definitions = new Map(region.body.flatMap((eqn) => eqn.outs.map((v) => [v, eqn] as const)));
  const known = new Map<Var, boolean>();
  const test = (v: Var | undefined): boolean => {
    if (v === undefined) return false;
    const before = known.get(v);
    if (before !== undefined) return before;
    const value = find(v);
    known.set(v, value);
    return value;
  };
  const find = (v: Var): boolean => {
    const eqn = definitions.get(v);
    if (eqn === undefined) return swapped.has(region.params.indexOf(v));
    const [x, y, z] = eqn.inputs;
    switch (eqn.op) {
      case "const":
        return true;
      case "cast":
        return x !== undefined && !isFloat(x.type.dtype);
      case "add":
      case "sub":
      case "mul":
      case "min":
      case "max":
        return test(x) && test(y);
      case "select":
        return test(y) && test(z);
      default:
        return isControl(eqn);
    }
  };
  return test(region.results[result]);
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

/** Ranges of a control equation's results, and of its regions' params. */
export interface ControlRanges {
  readonly outs: readonly (Range | null)[];
  readonly params: readonly (readonly (Range | null)[])[];
}

/** Which of a loop's carries can be i32, given the ranges of its regions' params; there are none of an `if`. */
export const integerCarries = (
  eqn: ControlEqn,
  params: readonly (readonly (Range | null)[])[],
): readonly number[] => {
  if (eqn.op === "if" || isRule(eqn)) return [];
  const { first, own, consts } = layout(eqn);
  return eqn.params.body.results.flatMap((_, k) => {
    const init = eqn.inputs[first + consts + k];
    // the first region sees what is carried as it is, before any condition
    return init !== undefined && isScalar(init) && fits(params[0]?.[own + consts + k] ?? null) ? [k] : [];
  });
};

/** Whether a scalar that a loop carries is whole and within fewer numbers than before. */
export const carriesLess = (
  eqn: ControlEqn,
  before: ControlRanges["params"],
  after: ControlRanges["params"],
): boolean => {
  const { own, consts } = layout(eqn);
  return eqn.outs.some((v, k) => {
    const [x, y] = [before, after].map((params) => params[0]?.[own + consts + k] ?? null);
    if (v.type.shape.length > 0 || y?.int !== true) return false;
    return !x?.int || y.lo > x.lo || y.hi < x.hi;
  });
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
 */
export const passIntegers = (
  b: Builder,
  eqn: ControlEqn,
  inputs: readonly Var[],
  { range, definition }: Analysis,
  { outs, params }: ControlRanges,
  int: (v: Var) => Var | null,
): Passed | null => {
  const { first, own, consts } = layout(eqn);
  const next = [...inputs];
  const swapped = new Set<number>();
  const results = new Set<number>();
  for (let k = 0; k < consts; k++) {
    const v = eqn.inputs[first + k];
    if (v === undefined || !isScalar(v) || definition(v)?.op === "const" || !fits(range(v))) continue;
    const i = int(v);
    if (i === null) continue;
    next[first + k] = i;
    swapped.add(own + k);
  }
  for (const k of integerCarries(eqn, params)) {
    const init = eqn.inputs[first + consts + k];
    if (init === undefined || !fits(range(init))) continue;
    // once before the loop
    const image = next[first + consts + k];
    const i = int(init) ?? (image === undefined ? null : b.cast(image, "i32"));
    if (i === null) continue;
    next[first + consts + k] = i;
    swapped.add(own + consts + k);
    results.add(k);
  }
  if (eqn.op === "if")
    eqn.outs.forEach((v, k) => {
      if (!isScalar(v) || !fits(outs[k] ?? null)) return;
      if (regionsOf(eqn).every(([, region]) => madeOfIntegers(region, k, swapped))) results.add(k);
    });
  if (swapped.size === 0 && results.size === 0) return null;
  const image = mapRegionsAt(eqn, (region, k) =>
    withIntegers(region, swapped, eqn.op === "while" && k === 0 ? new Set() : results),
  );
  return { eqn: image, inputs: next, results };
};

/** The results of `passIntegers`' equation as they were. */
export const unpassed = (b: Builder, values: readonly Var[], results: ReadonlySet<number>): readonly Var[] =>
  values.map((v, k) => (results.has(k) ? b.cast(v, "f64") : v));
