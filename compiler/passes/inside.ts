/**
 * Accesses that ranges show to lie inside their operand are marked so (mode `inside`) and cost nothing, and checks that always
 * hold are dropped. Last of all passes: what is marked must stay where the ranges hold, so that nothing moves it out of a
 * loop or a condition any more.
 */
import { mapRegionsAt } from "../ir/control.js";
import {
  type Eqn,
  type IrFunction,
  isControl,
  isUnbounded,
  type PlainEqn,
  type Shape,
  type Var,
} from "../ir/types.js";
import { decided } from "./comparisons.js";
import type { Range } from "./range.js";
import { type Analysis, begin, type Walk } from "./ranges.js";

type RangeOf = (v: Var) => Range | null;
type Access = Extract<PlainEqn, { op: "dynamicSlice" | "dynamicUpdate" | "gather" | "scatterAdd" }>;

export const inside = (fn: IrFunction): IrFunction => marked(fn, []);

const marked = (fn: IrFunction, params: readonly (Range | null)[]): IrFunction => {
  if (!fn.body.some((eqn) => isControl(eqn) || isAccess(eqn) || eqn.op === "check")) return fn;
  const analysis = begin(fn, params);
  const used = new Set([...fn.results, ...fn.body.flatMap((eqn) => eqn.inputs)]);
  const body = fn.body.flatMap((eqn): readonly Eqn[] => {
    const holds = eqn.op === "check" && alwaysHolds(analysis, used, eqn);
    const result = holds ? [] : [markedEqn(analysis, eqn)];
    analysis.pass(eqn);
    return result;
  });
  return body.length === fn.body.length && body.every((eqn, k) => eqn === fn.body[k]) ? fn : { ...fn, body };
};

/** A check of nobody's interest that ranges show to hold. */
const alwaysHolds = (
  { range, definition }: Analysis,
  used: ReadonlySet<Var>,
  { inputs, outs: [out] }: Extract<Eqn, { op: "check" }>,
): boolean => {
  const [cond] = inputs;
  return cond !== undefined && !used.has(out) && decided(definition(cond), range) === true;
};

const markedEqn = (analysis: Walk, eqn: Eqn): Eqn => {
  if (isControl(eqn)) {
    const ranges = analysis.control(eqn).params;
    return mapRegionsAt(eqn, (region, k) => marked(region, ranges[k] ?? []));
  }
  // an array without end holds whatever is asked of it
  if (!isAccess(eqn) || eqn.inputs.some((v) => isUnbounded(v.type))) return eqn;
  return eqn.params.mode !== "inside" && fitsInside(eqn, analysis.range) ? withMode(eqn) : eqn;
};

const isAccess = (eqn: Eqn): eqn is Access =>
  eqn.op === "dynamicSlice" || eqn.op === "dynamicUpdate" || eqn.op === "gather" || eqn.op === "scatterAdd";

const withMode = (eqn: Access): Access => {
  switch (eqn.op) {
    case "dynamicSlice":
      return { ...eqn, params: { ...eqn.params, mode: "inside" } };
    case "dynamicUpdate":
      return { ...eqn, params: { mode: "inside" } };
    case "gather":
    case "scatterAdd":
      return { ...eqn, params: { ...eqn.params, mode: "inside" } };
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/** Whether ranges show that every index lies inside the operand. */
export const fitsInside = (eqn: Access, range: RangeOf): boolean => {
  const [x, y] = eqn.inputs;
  const shape = x?.type.shape ?? [];
  switch (eqn.op) {
    case "dynamicSlice":
      return blockFits(range, shape, eqn.params.sizes, eqn.inputs.slice(1));
    case "dynamicUpdate":
      return blockFits(range, shape, y?.type.shape ?? [], eqn.inputs.slice(2));
    case "gather":
    case "scatterAdd":
      return y !== undefined && within(range(y), (shape[eqn.params.axis] ?? 0) - 1);
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

const within = (x: Range | null, greatest: number): boolean =>
  x?.int === true && x.lo >= 0 && x.hi <= greatest;

const blockFits = (range: RangeOf, shape: Shape, sizes: Shape, starts: readonly Var[]): boolean =>
  starts.every((s, k) => within(range(s), (shape[k] ?? 0) - (sizes[k] ?? 0)));
