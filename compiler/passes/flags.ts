/**
 * Large arrays of flags: an i32 array that a loop carries and that never holds anything but 0 and 1 (a sieve, what was visited,
 * cells that live) is carried as bool, in a quarter of the memory. Elements are read and written one block at a time there; a
 * loop that does anything else with such an array is left alone.
 */
import { type Builder, createBuilder } from "../ir/builder.js";
import { forOperands, ifOperands, whileOperands } from "../ir/control.js";
import { type ControlEqn, type Eqn, type IrFunction, isUnbounded, sizeOf, type Var } from "../ir/types.js";
import type { Range } from "./range.js";
import { type Analysis, analyse, controlRanges } from "./ranges.js";

type Ranges = readonly (Range | null)[];

/** Elements from which on it is worth the conversion: what no longer fits the first cache. */
const LEAST = 2 ** 14;

export const flags = (fn: IrFunction): IrFunction => {
  const arrays = (eqn: Eqn): boolean =>
    (eqn.op === "for" || eqn.op === "while") && eqn.outs.some((v) => isLarge(v));
  if (!fn.body.some(arrays)) return fn;
  const analysis = analyse(fn, []);
  const b = createBuilder();
  const env = new Map<Var, Var>(fn.params.map((p) => [p, b.param(p.type, p)]));
  const image = (v: Var): Var => env.get(v) ?? v;
  let changed = false;
  const step = (eqn: Eqn): readonly Var[] => {
    const inputs = eqn.inputs.map(image);
    const values = eqn.op === "for" || eqn.op === "while" ? asFlags(b, eqn, inputs, analysis) : null;
    if (values !== null) changed = true;
    return values ?? b.append(eqn, inputs);
  };
  for (const eqn of fn.body) {
    const values = b.at(eqn.span, () => step(eqn));
    eqn.outs.forEach((v, k) => {
      env.set(v, values[k] ?? v);
    });
  }
  return changed ? b.finish(fn.name, fn.results.map(image)) : fn;
};

type Loop = Extract<ControlEqn, { readonly op: "for" | "while" }>;

const isLarge = ({ type }: Var): boolean =>
  type.dtype === "i32" && !isUnbounded(type) && sizeOf(type.shape) >= LEAST;
const isFlag = (r: Range | null): boolean => r?.int === true && r.lo >= 0 && r.hi <= 1;

const operandsOf = (eqn: Loop, inputs: readonly Var[]) =>
  eqn.op === "for" ? forOperands(inputs, eqn.params) : whileOperands(inputs, eqn.params);

/** The results of the loop with its flags as bool; null where there are none, or something else is done with them. */
const asFlags = (
  b: Builder,
  eqn: Loop,
  inputs: readonly Var[],
  analysis: Analysis,
): readonly Var[] | null => {
  const { range } = analysis;
  const { carries } = operandsOf(eqn, eqn.inputs);
  const all = eqn.outs.flatMap((v, k) => {
    const init = carries[k];
    return isLarge(v) && isFlag(range(v)) && init !== undefined && isFlag(range(init)) ? [k] : [];
  });
  const attempts = all.length > 1 ? [all, ...all.map((k) => [k])] : [all];
  for (const chosen of attempts) {
    if (chosen.length === 0) continue;
    const operands = operandsOf(eqn, inputs);
    const isChosen = operands.carries.map((_, k) => chosen.includes(k));
    const rewritten = loopWith(
      eqn,
      controlRanges(analysis, eqn).params,
      operands.consts.map(() => false),
      isChosen,
    );
    if (rewritten === null) continue;
    const next = operands.carries.map((v, k) => (isChosen[k] === true ? b.cast(v, "bool") : v));
    const outs = b.append(rewritten, [...inputs.slice(0, inputs.length - next.length), ...next]);
    return outs.map((v, k) => (isChosen[k] === true ? b.cast(v, "i32") : v));
  }
  return null;
};

/** A loop whose flagged constants and carries are bool; null where that can't be done. */
const loopWith = (
  eqn: Loop,
  ranges: readonly Ranges[],
  consts: readonly boolean[],
  carries: readonly boolean[],
): Loop | null => {
  const own = [...consts, ...carries];
  const [first = [], second = []] = ranges;
  if (eqn.op === "for") {
    const body = regionWith(eqn.params.body, first, [false, ...own]);
    return body === null || !sameFlags(body.results, carries)
      ? null
      : { ...eqn, params: { ...eqn.params, body: body.fn } };
  }
  const cond = regionWith(eqn.params.cond, first, own);
  const body = regionWith(eqn.params.body, second, own);
  if (cond === null || body === null || !sameFlags(body.results, carries)) return null;
  return { ...eqn, params: { ...eqn.params, cond: cond.fn, body: body.fn } };
};

const sameFlags = (x: readonly boolean[], y: readonly boolean[]): boolean =>
  x.length === y.length && x.every((flag, k) => flag === y[k]);

/** The region with bool in place of its flagged params, and which of its results are bool then. */
const regionWith = (
  fn: IrFunction,
  ranges: Ranges,
  params: readonly boolean[],
): { readonly fn: IrFunction; readonly results: readonly boolean[] } | null => {
  const analysis = analyse(fn, ranges);
  const b = createBuilder();
  const env = new Map<Var, Var>();
  const flagged = new Set<Var>();
  fn.params.forEach((p, k) => {
    if (params[k] === true) flagged.add(p);
    env.set(p, b.param(params[k] === true ? { dtype: "bool", shape: p.type.shape } : p.type));
  });
  const image = (v: Var): Var => env.get(v) ?? v;
  for (const eqn of fn.body) {
    const made = b.at(eqn.span, () => equationWith(b, eqn, eqn.inputs.map(image), flagged, analysis));
    if (made === null) return null;
    eqn.outs.forEach((v, k) => {
      env.set(v, made.outs[k] ?? v);
      if (made.flagged[k] === true) flagged.add(v);
    });
  }
  return { fn: b.finish(fn.name, fn.results.map(image)), results: fn.results.map((v) => flagged.has(v)) };
};

interface Made {
  readonly outs: readonly Var[];
  readonly flagged: readonly boolean[];
}

/** The equation on images, of which those of `flagged` values are bool. */
const equationWith = (
  b: Builder,
  eqn: Eqn,
  inputs: readonly Var[],
  flagged: ReadonlySet<Var>,
  analysis: Analysis,
): Made | null => {
  const which = eqn.inputs.map((v) => flagged.has(v));
  const none = eqn.outs.map(() => false);
  if (!which.includes(true)) return { outs: b.append(eqn, inputs), flagged: none };
  const [first = false, ...others] = which;
  switch (eqn.op) {
    case "dynamicSlice":
    case "gather":
      return { outs: b.append(eqn, inputs).map((v) => b.cast(v, "i32")), flagged: none };
    case "dynamicUpdate": {
      const [x, block, ...starts] = inputs;
      if (!first || others.includes(true) || x === undefined || block === undefined) return null;
      const [, written] = eqn.inputs;
      if (written === undefined || !isFlag(analysis.range(written))) return null;
      return { outs: b.append(eqn, [x, b.cast(block, "bool"), ...starts]), flagged: [true] };
    }
    case "if": {
      const { then, else: otherwise } = eqn.params;
      const own = ifOperands(which).operands;
      const [forThen = [], forElse = []] = controlRanges(analysis, eqn).params;
      const [left, right] = [regionWith(then, forThen, own), regionWith(otherwise, forElse, own)];
      if (left === null || right === null || !sameFlags(left.results, right.results)) return null;
      const params = { then: left.fn, else: right.fn };
      return { outs: b.append({ ...eqn, params }, inputs), flagged: left.results };
    }
    case "for":
    case "while": {
      const { consts, carries } =
        eqn.op === "for" ? forOperands(which, eqn.params) : whileOperands(which, eqn.params);
      const loop = loopWith(eqn, controlRanges(analysis, eqn).params, consts, carries);
      return loop === null ? null : { outs: b.append(loop, inputs), flagged: carries };
    }
    default:
      return null;
  }
};
