/**
 * Numbers that are whole and fit i32 go into regions, and from one iteration to the next, as i32: inside they are cast back,
 * so that what leads to an index can be seen to be whole there. A value that may be -0 stays as it is, because i32 has none.
 */

import type { Builder } from "../ir/builder.js";
import { createBuilder } from "../ir/builder.js";
import { forOperands, mapRegionsAt, regionsOf } from "../ir/control.js";
import { isRule, refuseRule } from "../ir/rules.js";
import type { ControlEqn, IrFunction, Var } from "../ir/types.js";
import {
  type Asked,
  bitsAsked,
  formOf,
  fromForm,
  type IntegerForm,
  madeOfIntegers,
  onlyBitsAsked,
  toForm,
} from "./integer-forms.js";
import { I32, neverMinusZero, type Range, within } from "./range.js";
import type { Analysis, ControlRanges } from "./ranges.js";

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
    case "checkpoint":
      return refuseRule(eqn);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

type Forms = ReadonlyMap<number, IntegerForm>;

/** A region whose params at `swapped` are i32, and whose results at `results` are. */
const withIntegers = (region: IrFunction, swapped: Forms, results: Forms): IrFunction => {
  const b = createBuilder();
  const images = region.params.map((p, k) => {
    const form = swapped.get(k);
    return form === undefined ? b.param(p.type, p) : fromForm(b, b.param({ dtype: "i32", shape: [] }), form);
  });
  const outs = b.inline(region, images);
  return b.finish(
    region.name,
    outs.map((v, k) => {
      const form = results.get(k);
      return form === undefined ? v : toForm(b, v, form);
    }),
  );
};

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

/** What is asked of carry k, param `at` of the regions; `onlyBits` says it of the loop's result. */
const askedOfCarry = (
  eqn: Extract<ControlEqn, { op: "for" | "while" }>,
  at: number,
  k: number,
  onlyBits: () => boolean,
): Asked => {
  const uses = regionsOf(eqn).map(([, region], r) => {
    const param = region.params[at];
    if (param === undefined) return { only: true, some: false };
    // the condition's result is no carry
    const isCarry = eqn.op === "for" || r === 1;
    return {
      only: onlyBitsAsked(region, param, (result) => isCarry && result === k),
      some: bitsAsked(region, param),
    };
  });
  if (!uses.some(({ some }) => some)) return "number";
  return uses.every(({ only }) => only) && onlyBits() ? "bits" : "both";
};

export interface Passed {
  readonly eqn: ControlEqn;
  readonly inputs: readonly Var[];
  /** Results that are now i32. */
  readonly results: Forms;
}

/** What is i32 among the values of a function: see `Integers` in narrow. */
interface Integers {
  readonly of: (v: Var) => Var | null;
  readonly wrapped: (v: Var) => Var | null;
}

/**
 * The equation with i32 in place of whole numbers; null where there are none.
 * @param fn where it stands
 * @param inputs the images of its operands in the function that is made
 */
export const passIntegers = (
  b: Builder,
  fn: IrFunction,
  eqn: ControlEqn,
  inputs: readonly Var[],
  { range, definition }: Analysis,
  { outs, params }: ControlRanges,
  ints: Integers,
): Passed | null => {
  const { first, own, consts } = layout(eqn);
  const next = [...inputs];
  const swapped = new Map<number, IntegerForm>();
  const results = new Map<number, IntegerForm>();
  for (let k = 0; k < consts; k++) {
    const v = eqn.inputs[first + k];
    if (v === undefined || !isScalar(v) || definition(v)?.op === "const" || !fits(range(v))) continue;
    const i = ints.of(v);
    if (i === null) continue;
    next[first + k] = i;
    swapped.set(own + k, "i32");
  }
  const onlyBits = (v: Var): boolean => onlyBitsAsked(fn, v, () => false);
  if (eqn.op === "if")
    eqn.outs.forEach((v, k) => {
      const form = isScalar(v)
        ? formOf(outs[k] ?? null, () => (onlyBits(v) ? "bits" : bitsAsked(fn, v) ? "both" : "number"))
        : null;
      if (form !== null && regionsOf(eqn).every(([, region]) => madeOfIntegers(region, k, swapped)))
        results.set(k, form);
    });
  else if (eqn.op === "for" || eqn.op === "while")
    eqn.outs.forEach((v, k) => {
      const at = own + consts + k;
      const { body } = eqn.params;
      const [init, image] = [eqn.inputs[first + consts + k], inputs[first + consts + k]];
      if (!isScalar(v) || init === undefined || image === undefined) return;
      const form = formOf(params[0]?.[at] ?? null, () => askedOfCarry(eqn, at, k, () => onlyBits(v)));
      if (form === null) return;
      if (form !== "i32" && !madeOfIntegers(body, k, new Map([...swapped, [at, form]]))) return;
      // once before the loop
      const i = (form === "i32" ? ints.of(init) : ints.wrapped(init)) ?? toForm(b, image, form);
      next[first + consts + k] = i;
      swapped.set(at, form);
      results.set(k, form);
    });
  if (swapped.size === 0 && results.size === 0) return null;
  const image = mapRegionsAt(eqn, (region, k) =>
    withIntegers(region, swapped, eqn.op === "while" && k === 0 ? new Map() : results),
  );
  return { eqn: image, inputs: next, results };
};

/** The results of `passIntegers`' equation as they were. */
export const unpassed = (b: Builder, values: readonly Var[], results: Forms): readonly Var[] =>
  values.map((v, k) => {
    const form = results.get(k);
    return form === undefined ? v : fromForm(b, v, form);
  });
