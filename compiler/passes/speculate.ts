/**
 * While loops over whole numbers that i32 holds most of the time, made into loops over i32 and what is left to do in
 * doubles. Two forms, for loops whose numbers are divided, rounded or used as indices:
 * - the first test confines what the loop starts with:   if (test) while (test) ...
 * - numbers grow without a known bound:   while (n <= most && test) ...; if (n > most) while (test) ...
 */
import { type Builder, createBuilder } from "../ir/builder.js";
import { ifOperands, mapRegionsAt, regionsOf, whileOperands } from "../ir/control.js";
import { type Eqn, type IrFunction, isControl, type Var } from "../ir/types.js";
import { integerCarries } from "./integer-operands.js";
import { neverMinusZero, type Range } from "./range.js";
import { type Analysis, begin, controlRanges, enteredOnce } from "./ranges.js";

type While = Extract<Eqn, { op: "while" }>;

export const speculate = (fn: IrFunction): IrFunction => (hasWhile(fn) ? speculateIn(fn, []) : fn);

const hasWhile = (fn: IrFunction): boolean =>
  fn.body.some(
    (eqn) => eqn.op === "while" || (isControl(eqn) && regionsOf(eqn).some(([, region]) => hasWhile(region))),
  );

const speculateIn = (fn: IrFunction, params: readonly (Range | null)[]): IrFunction => {
  if (!hasWhile(fn)) return fn;
  const analysis = begin(fn, params);
  const b = createBuilder();
  const env = new Map<Var, Var>(fn.params.map((p) => [p, b.param(p.type, p)]));
  const image = (v: Var): Var => env.get(v) ?? v;
  let changed = false;
  const step = (eqn: Eqn): readonly Var[] => {
    const inputs = eqn.inputs.map(image);
    if (!isControl(eqn)) return b.append(eqn, inputs);
    if (eqn.op === "while") {
      const values = guarded(b, analysis, eqn, inputs) ?? split(b, analysis, eqn, inputs);
      if (values !== null) changed = true;
      if (values !== null) return values;
    }
    const { params: ranges } = analysis.control(eqn);
    const inner = mapRegionsAt(eqn, (region, k) => speculateIn(region, ranges[k] ?? []));
    if (inner !== eqn) changed = true;
    return b.append(inner, inputs);
  };
  for (const eqn of fn.body) {
    const values = b.at(eqn.span, () => step(eqn));
    eqn.outs.forEach((v, k) => {
      env.set(v, values[k] ?? v);
    });
    analysis.pass(eqn);
  }
  return changed ? b.finish(fn.name, fn.results.map(image)) : fn;
};

/** Carries that can't be i32 and that something is computed from that i32 does better. */
const slowCarries = (analysis: Analysis, eqn: While): readonly number[] => {
  const { consts } = eqn.params;
  const found = new Set(integerCarries(eqn, controlRanges(analysis, eqn).params));
  return eqn.outs.flatMap((_, k) => {
    const init = eqn.inputs[consts + k];
    if (init === undefined || init.type.dtype !== "f64" || init.type.shape.length > 0 || found.has(k))
      return [];
    const slow = regionsOf(eqn).some(([, region]) => isSlow(region, new Set([consts + k])));
    return slow ? [k] : [];
  });
};

const ROUNDINGS: ReadonlySet<string> = new Set(["floor", "ceil", "trunc", "round", "toInt32"]);

/** Whether something that depends on the params is rounded, cast to an integer or divided by a constant with a rest. */
const isSlow = (fn: IrFunction, params: ReadonlySet<number>): boolean => {
  const reached = new Set<Var>(fn.params.filter((_, k) => params.has(k)));
  const constants = new Set<Var>();
  return fn.body.some((eqn) => {
    if (eqn.op === "const") constants.add(eqn.outs[0]);
    if (!eqn.inputs.some((v) => reached.has(v))) return false;
    for (const v of eqn.outs) reached.add(v);
    const [x, y] = eqn.inputs;
    if (!isControl(eqn)) {
      if (x?.type.dtype !== "f64") return false;
      if (eqn.op === "rem") return y !== undefined && constants.has(y);
      return ROUNDINGS.has(eqn.op) || (eqn.op === "cast" && eqn.params.dtype === "i32");
    }
    if (eqn.op !== "if") return false;
    const { operands } = ifOperands(eqn.inputs);
    const inner = new Set(operands.flatMap((v, k) => (reached.has(v) ? [k] : [])));
    return regionsOf(eqn).some(([, region]) => isSlow(region, inner));
  });
};

/** How many of these carries would be i32. */
const gain = (analysis: Analysis, eqn: While, slow: readonly number[]): number => {
  const found = new Set(integerCarries(eqn, controlRanges(analysis, eqn).params));
  return slow.filter((k) => found.has(k)).length;
};

/** A region that makes something of operands like these. */
const regionOf = (
  { body }: While["params"],
  operands: readonly Var[],
  make: (b: Builder, params: readonly Var[]) => readonly Var[],
): IrFunction => {
  const b = createBuilder();
  const params = operands.map((v) => b.param(v.type));
  return b.finish(body.name, make(b, params));
};

/** The loop itself, as a region. */
const again = (eqn: While, operands: readonly Var[]): IrFunction =>
  regionOf(eqn.params, operands, (b, params) => b.at(eqn.span, () => b.append(eqn, params)));

/** The loop behind its first test; null where that says nothing new. */
const guarded = (
  b: Builder,
  analysis: Analysis,
  eqn: While,
  inputs: readonly Var[],
): readonly Var[] | null => {
  const slow = slowCarries(analysis, eqn);
  if (slow.length === 0) return null;
  const entered = new Map(enteredOnce(analysis, eqn).map((r, k) => [eqn.inputs[k], r]));
  const inside: Analysis = { ...analysis, range: (v) => entered.get(v) ?? analysis.range(v) };
  if (gain(inside, eqn, slow) === 0) return null;
  const [test] = b.inline(eqn.params.cond, inputs);
  if (test === undefined) return null;
  const { carries } = whileOperands(inputs, eqn.params);
  return b.emitAll("if", [test, ...inputs], {
    then: again(eqn, inputs),
    else: regionOf(eqn.params, inputs, (_, params) => params.slice(inputs.length - carries.length)),
  });
};

/** Bounds that are tried: with the greatest, the loop stays in i32 longest. */
const BOUNDS = [30, 29, 28, 27, 26, 24, 20].map((k) => 2 ** k);
/** Equations of a loop that is worth having twice. */
const MAX_SIZE = 60;

/** The loop as long as one of its numbers is small, then the rest of it; null where that makes no number i32. */
const split = (b: Builder, analysis: Analysis, eqn: While, inputs: readonly Var[]): readonly Var[] | null => {
  const { consts, body, cond } = eqn.params;
  if (size(body) + size(cond) > MAX_SIZE) return null;
  for (const k of slowCarries(analysis, eqn)) {
    const init = eqn.inputs[consts + k];
    const start = init === undefined ? null : analysis.range(init);
    if (start?.int !== true || !neverMinusZero(start)) continue;
    for (const most of BOUNDS) {
      if (start.lo > most) continue;
      const small: While = { ...eqn, params: { ...eqn.params, cond: bounded(cond, consts + k, most) } };
      if (gain(analysis, small, [k]) === 0) continue;
      const outs = b.append(small, inputs);
      const n = outs[k];
      if (n === undefined) return null;
      const operands = [...inputs.slice(0, consts), ...outs];
      return b.emitAll("if", [b.not(b.le(n, b.fill(n, most))), ...operands], {
        then: again(eqn, operands),
        else: regionOf(eqn.params, operands, (_, params) => params.slice(consts)),
      });
    }
  }
  return null;
};

/** Number of equations; any loop is too large. */
const size = (fn: IrFunction): number =>
  fn.body.reduce((sum, eqn) => {
    if (!isControl(eqn)) return sum + 1;
    return eqn.op === "if" ? regionsOf(eqn).reduce((n, [, region]) => n + size(region), sum) : sum + MAX_SIZE;
  }, 0);

/** The condition, where a param is at most this much. */
const bounded = (cond: IrFunction, param: number, most: number): IrFunction => {
  const b = createBuilder();
  const params = cond.params.map((p) => b.param(p.type, p));
  const [test] = b.inline(cond, params);
  const n = params[param];
  if (test === undefined || n === undefined) return cond;
  return b.finish(cond.name, [b.and(test, b.le(n, b.fill(n, most)))]);
};
