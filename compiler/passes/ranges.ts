/** The ranges of all values of a function, through regions: what a loop carries by a fixed point, with the facts of conditions. */
import { forOperands, ifOperands, whileOperands } from "../ir/control.js";
import { refuseRule } from "../ir/rules.js";
import { type ControlEqn, type Eqn, type IrFunction, isControl, type Var } from "../ir/types.js";
import { type Facts, factsOf } from "./facts.js";
import { fixedPoint } from "./fixed-point.js";
import { groupGrowth } from "./growth.js";
import { loopRanges } from "./loop-sums.js";
import { intersection, neverMinusZero, type Range, rangeOf, union, wholeRange, withPlus } from "./range.js";

type Ranges = readonly (Range | null)[];

export interface Analysis {
  readonly range: (v: Var) => Range | null;
  readonly definition: (v: Var) => Eqn | undefined;
}

/** Ranges of a control equation's results, and of its regions' params. */
export interface ControlRanges {
  readonly outs: Ranges;
  readonly params: readonly Ranges[];
}

/** An analysis under way: ranges are those behind the equations passed so far, with what checks among them say. */
export interface Walk extends Analysis {
  /** Goes on behind the next equation. */
  readonly pass: (eqn: Eqn) => void;
  /** How many checks have told something. */
  readonly told: () => number;
  /** `controlRanges` of the next equation. */
  readonly control: (eqn: ControlEqn) => ControlRanges;
}

/** Ranges of a function's values: `range` anywhere, `end` behind the last equation, where all checks have held. */
interface Analysed extends Analysis {
  readonly end: (v: Var) => Range | null;
}

/** The analysis at the beginning of a function, given the ranges of its params. */
export const begin = (fn: IrFunction, params: Ranges): Walk => walkOf(fn, params).walk;

const walkOf = (fn: IrFunction, params: Ranges) => {
  /** Where a value is defined, and behind the checks since. */
  const first = new Map<Var, Range | null>();
  const confined = new Map<Var, Range>();
  const definitions = new Map<Var, Eqn>();
  let told = 0;
  const atFirst = (v: Var): Range | null => first.get(v) ?? wholeRange(v.type.dtype);
  const range = (v: Var): Range | null => confined.get(v) ?? atFirst(v);
  const definition = (v: Var): Eqn | undefined => definitions.get(v);
  const analysis: Analysis = { range, definition };
  fn.params.forEach((p, k) => {
    first.set(p, params[k] ?? wholeRange(p.type.dtype));
  });
  const controls = new Map<ControlEqn, ControlRanges>();
  const control = (eqn: ControlEqn): ControlRanges => {
    const found = controls.get(eqn) ?? controlRanges(analysis, eqn);
    controls.set(eqn, found);
    return found;
  };
  const pass = (eqn: Eqn): void => {
    const outs = isControl(eqn) ? control(eqn).outs : [rangeOf(eqn, eqn.inputs.map(range))];
    eqn.outs.forEach((v, k) => {
      first.set(v, outs[k] ?? null);
      definitions.set(v, eqn);
    });
    const [cond] = eqn.inputs;
    if (eqn.op !== "check" || cond === undefined) return;
    for (const [v, r] of factsOf(analysis, cond, true)) {
      confined.set(v, r);
      told++;
    }
  };
  const walk: Walk = { range, definition, pass, told: () => told, control };
  return { walk, atFirst };
};

/** Ranges of the values of a function (not of those in its regions), given its params'. */
export const analyse = (fn: IrFunction, params: Ranges): Analysed => {
  const { walk, atFirst } = walkOf(fn, params);
  for (const eqn of fn.body) walk.pass(eqn);
  const { definition } = walk;
  if (walk.told() === 0) return { range: atFirst, definition, end: atFirst };
  // once more, with what the checks say: in the end it holds for what was computed before them, too
  const ends = new Map<Var, Range | null>();
  const end = (v: Var): Range | null => ends.get(v) ?? walk.range(v);
  for (const eqn of fn.body)
    if (!isControl(eqn)) {
      const [v] = eqn.outs;
      ends.set(v, intersection(walk.range(v), rangeOf(eqn, eqn.inputs.map(end))));
    }
  return { range: atFirst, definition, end };
};

const known = new WeakMap<IrFunction, Map<string, Ranges>>();

/** Equal for equal ranges. */
const keyOf = (r: Range | null): string => {
  if (r === null) return "";
  const { counter, last, sums = [] } = r;
  const multiple = counter === undefined ? "" : `${counter.scale}*${counter.loop}`;
  return `${r.lo},${r.hi},${r.int},${neverMinusZero(r)},${r.multiple},${multiple},${last?.loop}+${last?.by},${sums.map((s) => `${s.scale}*${s.loop}:${s.lo},${s.hi}`)}`;
};

/** Of a region's results: loops ask for the same ones again. */
const resultsOf = (fn: IrFunction, params: Ranges): Ranges => {
  const key = params.map(keyOf).join(";");
  const cache = known.get(fn) ?? new Map<string, Ranges>();
  known.set(fn, cache);
  const before = cache.get(key);
  if (before !== undefined) return before;
  const results = fn.results.map(analyse(fn, params).end);
  cache.set(key, results);
  return results;
};

/** The params of the condition where it holds: those of the body; where it does not, what is left in the end. */
const behindTest = (eqn: Extract<ControlEqn, { op: "while" }>, params: Ranges, holds: boolean): Ranges => {
  const { cond } = eqn.params;
  const { definition, end } = analyse(cond, params);
  const [result] = cond.results;
  const facts: Facts =
    result === undefined ? new Map<Var, Range>() : factsOf({ definition, range: end }, result, holds);
  return cond.params.map((p) => facts.get(p) ?? end(p));
};

/** The operands of a loop where its first test holds. */
export const enteredOnce = (
  { range }: Analysis,
  eqn: Extract<ControlEqn, { op: "while" }>,
): readonly (Range | null)[] => behindTest(eqn, eqn.inputs.map(range), true);

/** What a control equation's results and its regions' params (in the order of the regions) lie in. */
export const controlRanges = ({ range, definition }: Analysis, eqn: ControlEqn): ControlRanges => {
  const context = { range, definition };
  switch (eqn.op) {
    case "if": {
      const { cond, operands } = ifOperands(eqn.inputs);
      const sides = [true, false].map((holds) => {
        const facts = factsOf(context, cond, holds);
        return operands.map((v) => facts.get(v) ?? range(v));
      });
      const [then = [], otherwise = []] = sides;
      const left = resultsOf(eqn.params.then, then);
      const right = resultsOf(eqn.params.else, otherwise);
      return { outs: left.map((r, k) => union(r, right[k] ?? null)), params: sides };
    }
    case "while": {
      const { consts, carries } = whileOperands(eqn.inputs, eqn.params);
      const constRanges = consts.map(range);
      const behind = (carried: Ranges, holds: boolean): Ranges =>
        behindTest(eqn, [...constRanges, ...carried], holds);
      const carried = fixedPoint(carries.map(range), carries, (now) =>
        resultsOf(eqn.params.body, behind(now, true)),
      );
      return {
        outs: behind(carried, false).slice(consts.length),
        params: [[...constRanges, ...carried], behind(carried, true)],
      };
    }
    case "for": {
      const { trip, carries } = forOperands(eqn.inputs, eqn.params);
      const most = eqn.params.trip ?? (trip === null ? null : (range(trip)?.hi ?? null));
      const last = Math.max(0, (most ?? 2 ** 31) - 1);
      const before: Ranges = loopRanges(context, eqn, last);
      const starts = carries.map(range);
      const carried = carriedBy(eqn.params.body, before, starts, carries, last + 1);
      return { outs: carried, params: [[...before, ...carried]] };
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

const carriedKnown = new WeakMap<IrFunction, Map<string, Ranges>>();

/** What the carries of a `for` lie in. The loops around ask again and again for the same. */
const carriedBy = (
  body: IrFunction,
  before: Ranges,
  starts: Ranges,
  carries: readonly Var[],
  trip: number,
): Ranges => {
  const cache = carriedKnown.get(body) ?? new Map<string, Ranges>();
  carriedKnown.set(body, cache);
  const key = `${trip}:${[...before, ...starts].map(keyOf).join(";")}`;
  const past = cache.get(key);
  if (past !== undefined) return past;
  const growth = growthOf(body, before, starts, trip);
  const next = (now: Ranges): Ranges => resultsOf(body, [...before, ...now]);
  const found = fixedPoint(starts, carries, next, growth);
  const group = groupGrowth(body, before, starts, found, trip);
  const limits = growth.map((r, k) => r ?? group[k] ?? null);
  const carried = group.every((r) => r === null) ? found : fixedPoint(starts, carries, next, limits);
  cache.set(key, carried);
  return carried;
};

/**
 * Carries of a `for` that each iteration only adds something to: after `trip` iterations at most trip times as much. null
 * for the others.
 */
const growthOf = (body: IrFunction, before: Ranges, starts: Ranges, trip: number): Ranges => {
  const all = [
    ...before,
    ...starts.map((_, k) => wholeRange(body.params[before.length + k]?.type.dtype ?? "f64")),
  ];
  const analysis = analyse(body, all);
  return starts.map((start, k) => {
    const param = body.params[before.length + k];
    const result = body.results[k];
    if (start === null || !start.int || param === undefined || result === undefined) return null;
    const step = stepOf(analysis, param, result);
    if (step === null || !step.int) return null;
    const range: Range = {
      lo: start.lo + trip * Math.min(0, step.lo),
      hi: start.hi + trip * Math.max(0, step.hi),
      int: true,
    };
    const limit =
      param.type.dtype === "f64" ? { lo: -(2 ** 53), hi: 2 ** 53, int: true } : wholeRange(param.type.dtype);
    // a sum is -0 only if it starts with it
    return limit !== null && range.lo >= limit.lo && range.hi <= limit.hi
      ? withPlus(range, neverMinusZero(start))
      : null;
  });
};

/** Steps up to which sums on the way are exact. */
const MAX_STEP = 2 ** 31;

/** What is added to `from` to give `v`, if that is all there is between them. `known` holds the values seen. */
const stepOf = (
  analysis: Analysis,
  from: Var,
  v: Var,
  known: Map<Var, Range | null> = new Map(),
): Range | null => {
  if (v === from) return { lo: 0, hi: 0, int: true };
  const before = known.get(v);
  if (before !== undefined) return before;
  const step = stepBehind(analysis, from, v, known);
  known.set(v, step);
  return step;
};

const stepBehind = (analysis: Analysis, from: Var, v: Var, known: Map<Var, Range | null>): Range | null => {
  const eqn = analysis.definition(v);
  const plus = (x: Range | null, y: Range | null, sign: 1 | -1): Range | null => {
    if (x === null || y === null || y.lo < -MAX_STEP || y.hi > MAX_STEP) return null;
    const [lo, hi] = sign === 1 ? [y.lo, y.hi] : [-y.hi, -y.lo];
    return { lo: x.lo + lo, hi: x.hi + hi, int: x.int && y.int };
  };
  switch (eqn?.op) {
    case "add": {
      const [x, y] = eqn.inputs;
      if (x === undefined || y === undefined) return null;
      return (
        plus(stepOf(analysis, from, x, known), analysis.range(y), 1) ??
        plus(stepOf(analysis, from, y, known), analysis.range(x), 1)
      );
    }
    case "sub": {
      const [x, y] = eqn.inputs;
      if (x === undefined || y === undefined) return null;
      return plus(stepOf(analysis, from, x, known), analysis.range(y), -1);
    }
    case "select": {
      const [, x, y] = eqn.inputs;
      if (x === undefined || y === undefined) return null;
      return union(stepOf(analysis, from, x, known), stepOf(analysis, from, y, known));
    }
    case "if": {
      const { operands } = ifOperands(eqn.inputs);
      const at = operands.indexOf(from);
      const k = eqn.outs.indexOf(v);
      const { params } = controlRanges(analysis, eqn);
      const sides = [eqn.params.then, eqn.params.else].map((side, s) => {
        const param = side.params[at];
        const result = side.results[k];
        if (param === undefined || result === undefined) return null;
        return stepOf(analyse(side, params[s] ?? []), param, result);
      });
      const [then = null, otherwise = null] = sides;
      return union(then, otherwise);
    }
    default:
      return null;
  }
};
