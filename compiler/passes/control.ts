/**
 * Control flow that is known: an `if` whose condition is a constant becomes the branch taken, a `for` of no or one
 * iteration its operands or its body. Constants that a region is given are written inside it, values that a loop carries
 * without changing them become its constants, and what both branches of an `if` hand through is taken from its operand.
 */
import { type Builder, createBuilder } from "../ir/builder.js";
import { forInputs, forOperands, ifOperands, mapRegions, whileOperands } from "../ir/control.js";
import { describeLike, describeMade } from "../ir/names.js";
import { refuseRule } from "../ir/rules.js";
import { type ControlEqn, type Eqn, type IrFunction, isControl, type Var } from "../ir/types.js";
import { hasEffect } from "../ops/effects.js";

/** What defines a value. */
type Definition = (v: Var) => Eqn | undefined;

export const simplifyControl = (fn: IrFunction): IrFunction => {
  if (!fn.body.some(isControl)) return fn;
  const b = createBuilder();
  const env = new Map<Var, Var>(fn.params.map((p) => [p, b.param(p.type, p)]));
  const image = (v: Var): Var => env.get(v) ?? v;
  const definitions = new Map<Var, Eqn>();
  let changed = false;
  let seen = 0;
  const define: Definition = (v) => {
    for (; seen < b.body().length; seen++) {
      const eqn = b.body()[seen];
      for (const out of eqn?.outs ?? []) if (eqn !== undefined) definitions.set(out, eqn);
    }
    return definitions.get(v);
  };
  const step = (eqn: Eqn): readonly Var[] => {
    const inputs = eqn.inputs.map(image);
    if (!isControl(eqn)) return b.append(eqn, inputs);
    const inner = mapRegions(eqn, simplifyControl);
    const values = simplified(b, inner, inputs, define);
    if (inner !== eqn || values !== null) changed = true;
    return values ?? b.append(inner, inputs);
  };
  for (const eqn of fn.body) {
    const values = b.at(eqn.span, () => step(eqn));
    eqn.outs.forEach((v, k) => {
      const value = values[k] ?? v;
      describeMade(b, value, v);
      env.set(v, value);
    });
  }
  return changed ? b.finish(fn.name, fn.results.map(image)) : fn;
};

/** The results by simpler equations; null where nothing applies (then nothing was written). */
const simplified = (
  b: Builder,
  eqn: ControlEqn,
  inputs: readonly Var[],
  define: Definition,
): readonly Var[] | null => {
  switch (eqn.op) {
    case "if":
      return simplifiedIf(b, eqn, inputs, define);
    case "while":
      return simplifiedWhile(b, eqn, inputs, define);
    case "for":
      return simplifiedFor(b, eqn, inputs, define);
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

type Of<K extends ControlEqn["op"]> = Extract<ControlEqn, { readonly op: K }>;

/** The value of a scalar constant. */
const scalarOf = (define: Definition, v: Var): number | null => {
  const eqn = define(v);
  return eqn?.op === "const" ? eqn.params.value : null;
};

const simplifiedIf = (
  b: Builder,
  { params }: Of<"if">,
  inputs: readonly Var[],
  define: Definition,
): readonly Var[] | null => {
  const { cond, operands } = ifOperands(inputs);
  const known = scalarOf(define, cond);
  if (known !== null) return b.inline(known === 0 ? params.else : params.then, operands);
  const through = params.then.results.map((v, k) => {
    const at = params.then.params.indexOf(v);
    return at >= 0 && params.else.results[k] === params.else.params[at] ? (operands[at] ?? null) : null;
  });
  if (through.some((v) => v !== null)) {
    const kept = (fn: IrFunction): IrFunction => ({
      ...fn,
      results: fn.results.filter((_, k) => through[k] === null),
    });
    const rest = [...b.emitAll("if", inputs, { then: kept(params.then), else: kept(params.else) })];
    return through.map((v) => v ?? rest.shift() ?? cond);
  }
  const sunk = sink([params.then, params.else], 0, operands, define);
  if (sunk === null) return null;
  const [then, otherwise] = sunk.regions;
  if (then === undefined || otherwise === undefined) return null;
  return b.emitAll("if", [cond, ...sunk.operands], { then, else: otherwise });
};

const simplifiedWhile = (
  b: Builder,
  eqn: Of<"while">,
  inputs: readonly Var[],
  define: Definition,
): readonly Var[] | null => {
  const { params } = eqn;
  const { consts, carries } = whileOperands(inputs, params);
  const [cond] = params.cond.results;
  const test = params.cond.body.find((eqn) => cond !== undefined && eqn.outs.includes(cond));
  if (test?.op === "const" && test.params.value === 0 && !hasEffect(eqn)) return carries;
  const fixed = unchanged(params.body, 0, consts.length, carries);
  if (fixed !== null) {
    const next = fixed.order(consts);
    const body = { ...fixed.body, params: fixed.orderParams(params.body) };
    const condition = { ...params.cond, params: fixed.orderParams(params.cond) };
    const rest = b.emitAll("while", [...next, ...fixed.carries], {
      consts: next.length,
      cond: condition,
      body,
    });
    return fixed.results(rest);
  }
  const sunk = sink([params.cond, params.body], 0, consts, define);
  if (sunk === null) return null;
  const [condition, body] = sunk.regions;
  if (condition === undefined || body === undefined) return null;
  return b.emitAll("while", [...sunk.operands, ...carries], {
    consts: sunk.operands.length,
    cond: condition,
    body,
  });
};

const simplifiedFor = (
  b: Builder,
  { params }: Of<"for">,
  inputs: readonly Var[],
  define: Definition,
): readonly Var[] | null => {
  const { trip, consts, carries } = forOperands(inputs, params);
  const known = trip === null ? params.trip : scalarOf(define, trip);
  if (known !== null && known <= 0) return carries;
  if (known === 1) return b.inline(params.body, [b.scalar(0, "i32"), ...consts, ...carries]);
  if (trip !== null && known !== null)
    return b.emitAll("for", [...consts, ...carries], { ...params, trip: known });
  const fixed = unchanged(params.body, 1, consts.length, carries);
  if (fixed !== null) {
    const next = fixed.order(consts);
    const body = { ...fixed.body, params: fixed.orderParams(params.body) };
    const rest = b.emitAll("for", forInputs({ trip, consts: next, carries: fixed.carries }), {
      trip: params.trip,
      consts: next.length,
      body,
    });
    return fixed.results(rest);
  }
  const sunk = sink([params.body], 1, consts, define);
  const [body] = sunk?.regions ?? [];
  if (sunk === null || body === undefined) return null;
  return b.emitAll("for", forInputs({ trip, consts: sunk.operands, carries }), {
    trip: params.trip,
    consts: sunk.operands.length,
    body,
  });
};

/**
 * Carries whose next value is their value: constants. `own` params of the body stand before its consts. null if there
 * is none.
 */
const unchanged = (body: IrFunction, own: number, consts: number, carries: readonly Var[]) => {
  const first = own + consts;
  const fixed = body.results.map((v, k) => v === body.params[first + k]);
  if (!fixed.includes(true)) return null;
  const those = <T>(items: readonly T[]): readonly T[] => items.filter((_, k) => fixed[k] === true);
  const others = <T>(items: readonly T[]): readonly T[] => items.filter((_, k) => fixed[k] !== true);
  return {
    body: { ...body, results: others(body.results) },
    carries: others(carries),
    order: (constants: readonly Var[]): readonly Var[] => [...constants, ...those(carries)],
    /** Of a region whose params are `own`, consts, carries. */
    orderParams: ({ params }: IrFunction): readonly Var[] => [
      ...params.slice(0, first),
      ...those(params.slice(first)),
      ...others(params.slice(first)),
    ],
    /** All results from those of the loop that carries less. */
    results: (rest: readonly Var[]): readonly Var[] => {
      const left = [...rest];
      return carries.map((init, k) => (fixed[k] === true ? init : (left.shift() ?? init)));
    },
  };
};

/**
 * Writes operands that are constants into the regions, and gives equal operands once. The operands belong to the regions'
 * params from `own` on. null if there is nothing to do.
 */
const sink = (
  regions: readonly IrFunction[],
  own: number,
  operands: readonly Var[],
  define: Definition,
): { readonly regions: readonly IrFunction[]; readonly operands: readonly Var[] } | null => {
  const constant = operands.map((v) => {
    const eqn = define(v);
    return eqn !== undefined && eqn.inputs.length === 0 && !isControl(eqn) ? eqn : null;
  });
  const firsts = operands.map((v) => operands.indexOf(v));
  const kept = operands.map((_, k) => constant[k] === null && firsts[k] === k);
  if (!kept.includes(false)) return null;
  const rebuilt = regions.map((region): IrFunction => {
    const b = createBuilder();
    const paramOf = (k: number): Var | undefined => region.params[own + k];
    const env = new Map<Var, Var>();
    const params = region.params.flatMap((p, k): readonly Var[] => {
      const isOperand = k >= own && k < own + operands.length;
      if (isOperand && kept[k - own] !== true) return [];
      const v: Var = { type: p.type };
      describeLike(v, p);
      env.set(p, v);
      return [v];
    });
    operands.forEach((_, k) => {
      const p = paramOf(k);
      const eqn = constant[k] ?? null;
      const first = paramOf(firsts[k] ?? k);
      if (p === undefined || kept[k] === true) return;
      const value = eqn === null ? first && env.get(first) : b.at(eqn.span, () => b.append(eqn, []))[0];
      if (value !== undefined) env.set(p, value);
    });
    const results = b.inline(
      region,
      region.params.map((p) => env.get(p) ?? p),
    );
    return { name: region.name, params, body: b.body(), results };
  });
  return { regions: rebuilt, operands: operands.filter((_, k) => kept[k] === true) };
};
