/**
 * Dead code: drops equations that no result depends on, and what regions need not compute: results of an `if`, carries
 * and constants of a loop. Params stay. Checks stay (see `hasEffect`); a checked index or cast whose value nobody needs
 * is dropped with its check.
 */
import { forInputs, forOperands, ifOperands, whileOperands } from "../ir/control.js";
import { type ControlEqn, type Eqn, type IrFunction, isControl, type Var } from "../ir/types.js";
import { hasEffect } from "../ops/effects.js";

export const dce = (fn: IrFunction): IrFunction => {
  const live = new Set<Var>(fn.results);
  let changed = false;
  const kept = fn.body.toReversed().flatMap((eqn): readonly Eqn[] => {
    if (!eqn.outs.some((v) => live.has(v)) && !hasEffect(eqn)) return [];
    const trimmed = isControl(eqn) ? trimControl(eqn, live) : eqn;
    if (trimmed !== eqn) changed = true;
    for (const v of trimmed.inputs) live.add(v);
    return [trimmed];
  });
  return kept.length === fn.body.length && !changed ? fn : { ...fn, body: kept.toReversed() };
};

/** The items whose flag is set. */
const pick = <T>(items: readonly T[], flags: readonly boolean[]): readonly T[] =>
  items.filter((_, k) => flags[k] === true);

/** Which params a function uses. */
const usedParams = (fn: IrFunction): readonly boolean[] => {
  const used = new Set<Var>(fn.results);
  for (const eqn of fn.body) for (const v of eqn.inputs) used.add(v);
  return fn.params.map((p) => used.has(p));
};

const withResults = (fn: IrFunction, wanted: readonly boolean[]): IrFunction =>
  wanted.includes(false) ? dce({ ...fn, results: pick(fn.results, wanted) }) : dce(fn);

const withParams = (fn: IrFunction, kept: readonly boolean[]): IrFunction =>
  kept.includes(false) ? { ...fn, params: pick(fn.params, kept) } : fn;

const either = (a: readonly boolean[], b: readonly boolean[]): readonly boolean[] =>
  a.map((x, k) => x || b[k] === true);

/** The equation without what nobody needs; itself where everything is needed. */
const trimControl = (eqn: ControlEqn, live: ReadonlySet<Var>): ControlEqn => {
  const wanted = eqn.outs.map((v) => live.has(v));
  switch (eqn.op) {
    case "if": {
      const { cond, operands } = ifOperands(eqn.inputs);
      const then = withResults(eqn.params.then, wanted);
      const otherwise = withResults(eqn.params.else, wanted);
      const used = either(usedParams(then), usedParams(otherwise));
      const params = { then: withParams(then, used), else: withParams(otherwise, used) };
      if (params.then === eqn.params.then && params.else === eqn.params.else) return eqn;
      return { ...eqn, inputs: [cond, ...pick(operands, used)], params, outs: pick(eqn.outs, wanted) };
    }
    case "while": {
      const { consts, carries } = whileOperands(eqn.inputs, eqn.params);
      const cond = dce(eqn.params.cond);
      const needs = loopNeeds(eqn.params.body, 0, consts.length, wanted, usedParams(cond));
      const body = withParams(needs.body, [...needs.consts, ...needs.carries]);
      const kept = withParams(cond, [...needs.consts, ...needs.carries]);
      if (body === eqn.params.body && kept === eqn.params.cond) return eqn;
      const constants = pick(consts, needs.consts);
      return {
        ...eqn,
        inputs: [...constants, ...pick(carries, needs.carries)],
        params: { consts: constants.length, cond: kept, body },
        outs: pick(eqn.outs, needs.carries),
      };
    }
    case "for": {
      const { trip, consts, carries } = forOperands(eqn.inputs, eqn.params);
      const none = eqn.params.body.params.slice(1).map(() => false);
      const needs = loopNeeds(eqn.params.body, 1, consts.length, wanted, none);
      const body = withParams(needs.body, [true, ...needs.consts, ...needs.carries]);
      if (body === eqn.params.body) return eqn;
      const constants = pick(consts, needs.consts);
      return {
        ...eqn,
        inputs: forInputs({ trip, consts: constants, carries: pick(carries, needs.carries) }),
        params: { trip: eqn.params.trip, consts: constants.length, body },
        outs: pick(eqn.outs, needs.carries),
      };
    }
    case "checkpoint": {
      const body = withResults(eqn.params.body, wanted);
      const used = usedParams(body);
      if (body === eqn.params.body && !used.includes(false)) return eqn;
      return {
        ...eqn,
        inputs: pick(eqn.inputs, used),
        params: { ...eqn.params, body: withParams(body, used) },
        outs: pick(eqn.outs, wanted),
      };
    }
    case "custom":
    case "fromTranspose":
      return eqn;
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/**
 * What a loop needs: the carries that somebody wants afterwards or that its condition reads (`readByCond`, over consts and
 * carries), and those that their next values or checks depend on. `own` params of the body stand before the consts.
 */
const loopNeeds = (
  body: IrFunction,
  own: number,
  consts: number,
  wanted: readonly boolean[],
  readByCond: readonly boolean[],
) => {
  let carries = either(wanted, readByCond.slice(consts));
  for (;;) {
    const trimmed = withResults(body, carries);
    const used = usedParams(trimmed);
    const next = either(carries, used.slice(own + consts));
    if (next.every((need, k) => need === carries[k])) {
      const constants = either(used.slice(own, own + consts), readByCond.slice(0, consts));
      return { body: trimmed, carries, consts: constants };
    }
    carries = next;
  }
};
