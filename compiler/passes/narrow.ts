/**
 * Integers in floats: JavaScript's numbers are doubles, but where ranges show that a double holds an i32, what leads to an
 * index is computed in i32: sums, differences, products, minima, remainders, quotients rounded down, and comparisons. Checks
 * that always hold are dropped: an access that is known to lie inside needs no check, and a comparison that ranges decide
 * is a constant. Every value stays what it is.
 */

import { type Builder, createBuilder } from "../ir/builder.js";
import { mapRegionsAt } from "../ir/control.js";
import { describeMade } from "../ir/names.js";
import { isRule, refuseRule } from "../ir/rules.js";
import {
  type AnyOp,
  type ControlEqn,
  type Eqn,
  type IrFunction,
  isControl,
  type PlainEqn,
  type Var,
} from "../ir/types.js";
import { decided } from "./comparisons.js";
import { withExplicitChecks } from "./explicit-checks.js";
import { fitsInside } from "./inside.js";
import { carriesLess, passIntegers, unpassed } from "./integer-operands.js";
import { I32, isMultipleOf, type Range, within } from "./range.js";
import { type Analysis, begin, type ControlRanges, controlRanges, type Walk } from "./ranges.js";

export const narrow = (fn: IrFunction): IrFunction =>
  fn.body.some((eqn) => isControl(eqn) || NARROWED.has(eqn.op)) ? narrowWith(fn, []) : fn;

/** What `narrowed` looks at. */
const NARROWED: ReadonlySet<AnyOp> = new Set<AnyOp>([
  ...(["cast", "toInt32", "floor", "ceil", "trunc", "round", "rint", "min", "max"] as const),
  ...(["eq", "ne", "lt", "le", "gt", "ge"] as const),
  ...(["dynamicSlice", "dynamicUpdate", "gather", "scatterAdd"] as const),
]);

const narrowWith = (fn: IrFunction, params: readonly (Range | null)[]): IrFunction => {
  const analysis = begin(fn, params);
  const b = createBuilder();
  const env = new Map<Var, Var>(fn.params.map((p) => [p, b.param(p.type, p)]));
  const image = (v: Var): Var => env.get(v) ?? v;
  const ints = createIntegers(b, analysis, image);
  const required = conditionsOf(fn);
  let changed = false;
  const step = (eqn: Eqn): readonly Var[] => {
    const inputs = eqn.inputs.map(image);
    if (!isControl(eqn)) {
      const value = narrowed(b, analysis, ints, eqn, image, required);
      if (value !== null) changed = true;
      return value === null ? b.append(eqn, inputs) : [value];
    }
    if (isRule(eqn)) return refuseRule(eqn);
    const { loop, ranges } = checkedLoop(analysis, eqn);
    const passed = passIntegers(b, fn, loop, inputs, analysis, ranges, ints);
    const inner = mapRegionsAt(passed?.eqn ?? loop, (region, k) =>
      narrowWith(region, ranges.params[k] ?? []),
    );
    if (inner !== eqn) changed = true;
    return unpassed(b, b.append(inner, passed?.inputs ?? inputs), passed?.results ?? new Map());
  };
  for (const eqn of fn.body) {
    const values = b.at(eqn.span, () => step(eqn));
    eqn.outs.forEach((v, k) => {
      const value = values[k] ?? v;
      describeMade(b, value, v);
      env.set(v, value);
    });
    analysis.pass(eqn);
  }
  return changed ? b.finish(fn.name, fn.results.map(image)) : fn;
};

/** What checks require. It stays, known or not: what checks say may be what makes it known. The last pass drops it. */
const conditionsOf = (fn: IrFunction): ReadonlySet<Var> =>
  new Set(fn.body.flatMap((eqn) => (eqn.op === "check" ? eqn.inputs.slice(0, 1) : [])));

/** With explicit checks where they confine what a loop carries, and the ranges of its results and its regions' params. */
const checkedLoop = (
  analysis: Walk,
  eqn: ControlEqn,
): { readonly loop: ControlEqn; readonly ranges: ControlRanges } => {
  const ranges = analysis.control(eqn);
  const loop = eqn.op === "if" ? eqn : withExplicitChecks(eqn);
  if (loop === eqn) return { loop, ranges };
  const checked = controlRanges(analysis, loop);
  return carriesLess(loop, ranges.params, checked.params) ? { loop, ranges: checked } : { loop: eqn, ranges };
};

/** i32 values equal to float values of the function. */
interface Integers {
  /** The value as i32; null if it is none, or can't be computed as one. */
  readonly of: (v: Var) => Var | null;
  /** What ToInt32 gives: sums of integers, however large, wrap. */
  readonly wrapped: (v: Var) => Var | null;
}

const createIntegers = (b: Builder, { range, definition, told }: Walk, image: (v: Var) => Var): Integers => {
  const made = new Map<Var, Var>();
  /** Values that are none yet; each check that says something may change that. */
  let none = { at: 0, values: new Set<Var>() };
  const fits = (v: Var): boolean => {
    const r = range(v);
    return r?.int === true && within(r, I32);
  };
  const of = (v: Var): Var | null => {
    const known = made.get(v);
    if (known !== undefined) return known;
    if (none.at !== told()) none = { at: told(), values: new Set() };
    if (none.values.has(v)) return null;
    const value = v.type.dtype === "i32" ? image(v) : fits(v) ? convert(v) : null;
    if (value === null) none.values.add(v);
    else made.set(v, value);
    return value;
  };
  const both = (x: Var | undefined, y: Var | undefined): readonly [Var, Var] | null => {
    const p = x === undefined ? null : of(x);
    const q = p === null || y === undefined ? null : of(y);
    return p === null || q === null ? null : [p, q];
  };
  const positive = (v: Var | undefined): boolean => v !== undefined && (range(v)?.lo ?? 0) > 0;
  const quotient = (v: Var, floors: boolean): Var | null => {
    const eqn = definition(v);
    const [x, y] = eqn?.inputs ?? [];
    if (eqn?.op !== "div" || x === undefined || !positive(y)) return null;
    if (floors && (range(x)?.lo ?? -1) < 0) return null;
    const pair = both(x, y);
    return pair === null ? null : b.div(...pair);
  };
  /** The quotient of a number that is known to be a multiple of this one. */
  const divided = (x: Var | undefined, by: number): Var | null => {
    const p = x === undefined || !isMultipleOf(range(x), by) ? null : of(x);
    if (p === null || by > I32.hi) return null;
    const power = Math.log2(by);
    return Number.isInteger(power) ? b.shr(p, b.fill(p, power)) : b.div(p, b.fill(p, by));
  };
  /** Operands whose range fits i32, so that an i32 op on them wraps as ToInt32 of the exact result does. */
  const convert = (v: Var): Var | null => {
    const eqn = definition(v);
    const [x, y, z] = eqn?.inputs ?? [];
    switch (eqn?.op) {
      case "const":
        return b.splat(eqn.params.value + 0, { dtype: "i32", shape: v.type.shape });
      case "cast":
        if (x === undefined) return null;
        if (x.type.dtype === "u32") return b.emit("bitcast", [image(x)], { dtype: "i32" });
        if (x.type.dtype === "bool") return b.cast(image(x), "i32");
        return of(x);
      case "add":
      case "sub":
      case "mul":
      case "min":
      case "max": {
        const pair = both(x, y);
        if (pair !== null) return b[eqn.op](...pair);
        const by = eqn.op === "mul" && y !== undefined ? range(y) : null;
        return by === null || by.lo !== by.hi ? null : divided(x, 1 / by.lo);
      }
      case "div": {
        const by = y === undefined ? null : range(y);
        return by === null || by.lo !== by.hi ? null : divided(x, by.lo);
      }
      case "rem": {
        const pair = positive(y) ? both(x, y) : null;
        return pair === null ? null : b.rem(...pair);
      }
      case "neg":
      case "abs": {
        const p = x === undefined ? null : of(x);
        return p === null ? null : b[eqn.op](p);
      }
      case "floor":
      case "trunc":
      case "ceil":
      case "round":
      case "rint":
        if (x === undefined) return null;
        if (fits(x)) return of(x);
        return eqn.op === "floor" || eqn.op === "trunc" ? quotient(x, eqn.op === "floor") : null;
      case "select": {
        const pair = both(y, z);
        return pair === null || x === undefined ? null : b.select(image(x), ...pair);
      }
      default:
        return null;
    }
  };
  const wrapped = (v: Var): Var | null => {
    const fitting = fits(v) ? of(v) : null;
    if (fitting !== null) return fitting;
    const eqn = definition(v);
    // exact in f64, so that the low 32 bits are those of the i32 op
    if (range(v)?.int !== true) return null;
    const [x, y, z] = eqn?.inputs ?? [];
    switch (eqn?.op) {
      case "cast":
        return x?.type.dtype === "u32" ? b.emit("bitcast", [image(x)], { dtype: "i32" }) : null;
      case "add":
      case "sub":
      case "mul": {
        const p = x === undefined ? null : wrapped(x);
        const q = p === null || y === undefined ? null : wrapped(y);
        return p === null || q === null ? null : b[eqn.op](p, q);
      }
      case "select": {
        const p = y === undefined ? null : wrapped(y);
        const q = p === null || z === undefined ? null : wrapped(z);
        return p === null || q === null || x === undefined ? null : b.select(image(x), p, q);
      }
      default:
        return null;
    }
  };
  return { of, wrapped };
};

/** A cheaper value; null where there is none. */
const narrowed = (
  b: Builder,
  { range }: Analysis,
  ints: Integers,
  eqn: PlainEqn,
  image: (v: Var) => Var,
  required: ReadonlySet<Var>,
): Var | null => {
  const [x, y] = eqn.inputs;
  const inputs = () => eqn.inputs.map(image);
  const { type } = eqn.outs[0];
  switch (eqn.op) {
    case "cast":
      return type.dtype === "i32" && x !== undefined && x.type.dtype === "f64" ? ints.of(x) : null;
    case "toInt32": {
      if (x === undefined) return null;
      if (x.type.dtype === "i32") return image(x);
      return x.type.dtype === "f64" ? ints.wrapped(x) : null;
    }
    case "floor":
    case "ceil":
    case "trunc":
    case "round":
    case "rint":
      return x !== undefined && range(x)?.int === true ? image(x) : null;
    case "min":
    case "max": {
      if (x === undefined || y === undefined) return null;
      const [p, q] = eqn.op === "min" ? [x, y] : [y, x];
      if (below(range(p), range(q))) return image(x);
      return below(range(q), range(p)) ? image(y) : null;
    }
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      if (x === undefined || y === undefined) return null;
      const known = required.has(eqn.outs[0]) ? null : decided(eqn, range);
      if (known !== null) return b.splat(Number(known), type);
      if (x.type.dtype !== "f64") return null;
      const [p, q] = [ints.of(x), ints.of(y)];
      return p === null || q === null ? null : b[eqn.op](p, q);
    }
    case "dynamicSlice":
      return eqn.params.mode === "check" && fitsInside(eqn, range)
        ? b.emit("dynamicSlice", inputs(), { ...eqn.params, mode: "clamp" })
        : null;
    case "dynamicUpdate":
      return eqn.params.mode === "check" && fitsInside(eqn, range)
        ? b.emit("dynamicUpdate", inputs(), { mode: "clamp" })
        : null;
    case "gather":
    case "scatterAdd":
      return eqn.params.mode === "check" && fitsInside(eqn, range)
        ? b.emit(eqn.op, inputs(), { ...eqn.params, mode: "clamp" })
        : null;
    default:
      return null;
  }
};

/** x < y always; or x <= y, for integers, where equal ones are the same. */
const below = (x: Range | null, y: Range | null): boolean =>
  x !== null && y !== null && (x.hi < y.lo || (x.int && y.int && x.hi <= y.lo && x.hi !== 0));
