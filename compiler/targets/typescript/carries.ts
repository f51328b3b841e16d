/** What loops carry: a variable for each value, made or taken over before the loop, assigned at the end of each iteration. */
import { isTransposed, nameOf } from "../../ir/names.js";
import type { IrFunction, Var } from "../../ir/types.js";
import { elementOf, newArray } from "./arrays.js";
import { type Expr, name as nameExpr, type Variable } from "./code.js";
import {
  type ArrayValue,
  consume,
  declare,
  type Emitter,
  type Frame,
  firstName,
  keepReaders,
  newVariable,
  refusePrint,
  type ScalarValue,
  type TapeValue,
  type Value,
  valueFor,
  watch,
} from "./emitter.js";
import { assignArrays, assignScalars, type Next, steady, stored } from "./regions.js";
import { keptBy } from "./tidy.js";

/** A carry: its variable (of a list that grows: those of its columns), and its place among the loop's values. */
export interface Carry {
  readonly k: number;
  readonly out: Var;
  readonly variable: Variable;
  /** The value that stands for the carry in the loop and behind it. */
  readonly value: Value;
  /** What it starts with, where the loop itself declares it. */
  readonly init: Expr | null;
}

export interface Operands {
  readonly consts: readonly Var[];
  readonly carries: readonly Var[];
}

/** The value of a variable that holds what is carried. */
const heldIn = (frame: Frame, init: Value, variable: Variable, name: string | null): Value => {
  const place = nameExpr(variable.name);
  const common = { frame, uses: 0, name, reads: new Set([variable]), variable };
  if (init.kind === "tape") return { ...init, frame, uses: 0 };
  if (init.kind === "scalar") return { kind: "scalar", type: init.type, expr: place, ...common };
  return newArray(frame, init.type, {
    element: elementOf(place),
    whole: place,
    layout: init.layout,
    owned: true,
    cheap: true,
    ...common,
  });
};

/**
 * Variables for the carries of a loop: that of the initial value, where nothing else needs it, else a new one. `inHeader`
 * are those that the loop's own header declares.
 */
export const openCarries = (
  e: Emitter,
  frame: Frame,
  { consts, carries }: Operands,
  body: { readonly region: IrFunction; readonly first: number },
  outs: readonly Var[],
  inHeader: ReadonlySet<number>,
): readonly Carry[] => {
  const constants = consts.map((v) => valueFor(frame, v));
  const inits = carries.map((v) => valueFor(frame, v));
  for (const value of [...constants, ...inits]) consume(e, value);
  for (const value of constants) steady(e, value);
  const shared = new Set(
    constants.flatMap((v) => (v.kind !== "tape" && v.variable !== null ? [v.variable] : [])),
  );
  const taken = new Set<Variable>();
  const names = carries.map((init, k) => {
    const result = body.region.results[k];
    const own = firstName(body.region.params[body.first + k], outs[k], result, init);
    if (own !== null || isTransposed(outs[k] ?? init)) return own;
    const kept = keptBy(body.region, result);
    return kept === null ? null : kept === "" ? "tape" : `${kept}_tape`;
  });
  const isFree = (value: Value): boolean =>
    value.kind !== "tape" &&
    value.variable !== null &&
    value.uses <= 0 &&
    value.frame === frame &&
    !shared.has(value.variable) &&
    !taken.has(value.variable) &&
    (value.kind === "scalar" || value.owned);
  const found = inits.map((value, k): Variable | null => {
    if (!isFree(value) || value.kind === "tape" || value.variable === null || inHeader.has(k)) return null;
    taken.add(value.variable);
    return value.variable;
  });
  keepReaders(e, taken);
  return inits.flatMap((init, k): readonly Carry[] => {
    const out = outs[k];
    if (out === undefined) return [];
    const name = names[k] ?? null;
    const own = found[k] ?? null;
    if (init.kind === "tape") {
      const [variable] = init.columns;
      if (variable === undefined) return [];
      return [{ k, out, variable, value: heldIn(frame, init, variable, null), init: null }];
    }
    if (own !== null) return [{ k, out, variable: own, value: heldIn(frame, init, own, name), init: null }];
    if (init.kind === "array") {
      const copy: ArrayValue = { ...init, uses: 0 };
      e.materialise(e, copy, name ?? init.name ?? (isTransposed(out) ? "d" : "a"));
      const variable = copy.variable ?? newVariable(e, "a");
      return [{ k, out, variable, value: heldIn(frame, copy, variable, name), init: null }];
    }
    const fallback =
      init.type.dtype === "bool" ? "flag" : init.type.dtype === "i32" ? "n" : isTransposed(out) ? "d" : "t";
    const variable = newVariable(e, name ?? fallback);
    variable.reassigned = true;
    if (!inHeader.has(k)) declare(e, variable, init.expr);
    return [
      {
        k,
        out,
        variable,
        value: heldIn(frame, init, variable, name),
        init: inHeader.has(k) ? init.expr : null,
      },
    ];
  });
};

/** Where a carry's next value may be assigned at once, when it is computed. */
export const destinies = (
  carries: readonly Carry[],
  region: IrFunction,
  first: number,
  paramOf: (v: Var) => Value,
  skip: ReadonlySet<number>,
): Frame["destined"] =>
  new Map(
    carries.flatMap((c) => {
      const result = region.results[c.k];
      const param = region.params[first + c.k];
      if (result === undefined || param === undefined || skip.has(c.k)) return [];
      if (c.value.kind !== "scalar" || region.params.includes(result)) return [];
      if (region.results.filter((v) => v === result).length > 1) return [];
      return [[result, { variable: c.variable, old: paramOf(param) }] as const];
    }),
  );

/** The end of an iteration: the variables get their next values. `skip` are those that get them elsewhere, `later` those whose next values are looked at after it. */
export const advance = (
  e: Emitter,
  inner: Frame,
  carries: readonly Carry[],
  skip: ReadonlySet<number>,
  later: ReadonlySet<number>,
): undefined => {
  const arrays: Next<ArrayValue>[] = [];
  const scalars: Next<ScalarValue>[] = [];
  const typed = new Map<Variable, boolean>();
  for (const c of carries) {
    const result = inner.fn.results[c.k];
    if (result === undefined) continue;
    const value = valueFor(inner, result);
    if (later.has(c.k)) continue;
    if (value.kind === "tape") sameList(e, c.value, value);
    else if (value.kind === "array") {
      arrays.push({ variable: c.variable, value: stored(e, value, null) });
      typed.set(c.variable, c.value.kind === "array" && c.value.layout.typed);
    } else if (skip.has(c.k)) consume(e, value);
    else scalars.push({ variable: c.variable, value });
  }
  assignScalars(e, scalars);
  assignArrays(e, arrays, (variable) => typed.get(variable) ?? false);
};

const sameList = (e: Emitter, before: Value, after: TapeValue): undefined => {
  if (before.kind === "tape" && before.columns.some((c, k) => c !== after.columns[k]))
    refusePrint(e, "a list that another one takes the place of", "keep the values in arrays of their own");
};

/** Behind the loop: what the variables hold are its results. */
export const closeCarries = (e: Emitter, frame: Frame, carries: readonly Carry[]): undefined => {
  for (const { out, value } of carries) {
    const own: Value = { ...value, frame, uses: frame.uses.get(out) ?? 0, name: nameOf(out) ?? value.name };
    frame.env.set(out, own);
    if (own.kind !== "tape") watch(e, own);
  }
};
