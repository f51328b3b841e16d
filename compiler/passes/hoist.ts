/**
 * Loop-invariant code motion: equations of a loop's body that depend on constants of the loop only are computed once,
 * before it, and become constants themselves. Moved are only equations that cannot fail, because a loop may run zero
 * times. Equations without operands and broadcasts stay, because they cost less than the memory they would need outside;
 * they are copied out where something that moves depends on them. So do lengths of inner loops and what they are less one, so
 * that the loop's region shows how they relate to what it reads.
 */
import { createBuilder } from "../ir/builder.js";
import { forInputs, forOperands, mapRegions, whileOperands } from "../ir/control.js";
import { type ControlEqn, type Eqn, type IrFunction, isControl, type Var } from "../ir/types.js";
import { mayFail } from "../ops/effects.js";

export const hoist = (fn: IrFunction): IrFunction => {
  const body = fn.body.flatMap((eqn): readonly Eqn[] => (isControl(eqn) ? hoistFrom(eqn) : [eqn]));
  return body.length === fn.body.length && body.every((eqn, k) => eqn === fn.body[k]) ? fn : { ...fn, body };
};

/** What was moved out, then the equation; inner loops first, so that an equation moves out of all loops at once. */
const hoistFrom = (original: ControlEqn): readonly Eqn[] => {
  const eqn = mapRegions(original, hoist);
  switch (eqn.op) {
    case "if":
    case "custom":
    case "fromTranspose":
    case "checkpoint":
      return [eqn];
    case "while": {
      const { consts, carries } = whileOperands(eqn.inputs, eqn.params);
      const cond = moveOut(eqn.params.cond, 0, consts);
      const body = moveOut(eqn.params.body, 0, consts);
      const count = cond.made.length + body.made.length;
      if (count === 0) return [eqn];
      const fromCond = cond.made.map((v): Var => ({ type: v.type }));
      const fromBody = body.made.map((v): Var => ({ type: v.type }));
      return [
        ...cond.moved,
        ...body.moved,
        {
          ...eqn,
          inputs: [...consts, ...cond.made, ...body.made, ...carries],
          params: {
            consts: consts.length + count,
            cond: withConsts(cond.fn, consts.length, [...cond.params, ...fromBody]),
            body: withConsts(body.fn, consts.length, [...fromCond, ...body.params]),
          },
        },
      ];
    }
    case "for": {
      const { trip, consts, carries } = forOperands(eqn.inputs, eqn.params);
      const { fn, moved, made, params } = moveOut(eqn.params.body, 1, consts);
      if (made.length === 0) return [eqn];
      return [
        ...moved,
        {
          ...eqn,
          inputs: forInputs({ trip, consts: [...consts, ...made], carries }),
          params: {
            trip: eqn.params.trip,
            consts: consts.length + made.length,
            body: withConsts(fn, 1 + consts.length, params),
          },
        },
      ];
    }
    default: {
      const never: never = eqn;
      return never;
    }
  }
};

/** The region with more constants, which stand behind its first `at` params. */
const withConsts = (fn: IrFunction, at: number, params: readonly Var[]): IrFunction =>
  params.length === 0
    ? fn
    : { ...fn, params: [...fn.params.slice(0, at), ...params, ...fn.params.slice(at)] };

interface Moved {
  /** The region without the moved equations; it uses `params` instead, which are not yet among its own. */
  readonly fn: IrFunction;
  /** The equations for outside. */
  readonly moved: readonly Eqn[];
  /** The values they give that the region still needs, and the region's params for them. */
  readonly made: readonly Var[];
  readonly params: readonly Var[];
}

/** A whole number as a float: it stays, so that the region sees that it is whole. */
const isCounterCast = (eqn: Eqn): boolean =>
  eqn.op === "cast" && eqn.inputs[0]?.type.dtype === "i32" && eqn.inputs[0].type.shape.length === 0;

/** Numbers that decide how often loops of the region run. */
const countsOf = (fn: IrFunction): ReadonlySet<Var> => {
  const counts = new Set<Var>();
  for (const eqn of fn.body.toReversed()) {
    if (eqn.op === "for") {
      const { trip } = forOperands(eqn.inputs, eqn.params);
      if (trip !== null) counts.add(trip);
    }
    if (isControl(eqn) || !counts.has(eqn.outs[0])) continue;
    for (const v of eqn.inputs) if (v.type.shape.length === 0) counts.add(v);
  }
  return counts;
};

/** `own` params of the region stand before its constants, whose operands are `consts`. */
const moveOut = (fn: IrFunction, own: number, consts: readonly Var[]): Moved => {
  const outside = new Map<Var, Var>();
  fn.params.slice(own, own + consts.length).forEach((p, k) => {
    const x = consts[k];
    if (x !== undefined) outside.set(p, x);
  });
  const copied = new Map<Var, Eqn>();
  const b = createBuilder();
  const invariant = (v: Var): boolean => outside.has(v) || copied.has(v);
  const image = (v: Var): Var => {
    const known = outside.get(v);
    if (known !== undefined) return known;
    const eqn = copied.get(v);
    const [copy] = eqn === undefined ? [] : b.at(eqn.span, () => b.append(eqn, eqn.inputs.map(image)));
    if (copy === undefined) return v;
    outside.set(v, copy);
    return copy;
  };
  const counts = countsOf(fn);
  const moved = new Set<Var>();
  const rest = fn.body.filter((eqn) => {
    if (!eqn.inputs.every(invariant) || mayFail(eqn)) return true;
    const stays =
      eqn.op === "broadcast" ||
      isCounterCast(eqn) ||
      eqn.outs.every((v) => counts.has(v)) ||
      (eqn.op === "sub" && eqn.inputs.some((v) => v.type.dtype === "i32" && counts.has(v)));
    if (eqn.inputs.length === 0 || stays) {
      for (const v of eqn.outs) copied.set(v, eqn);
      return true;
    }
    const outs = b.at(eqn.span, () => b.append(eqn, eqn.inputs.map(image)));
    eqn.outs.forEach((v, k) => {
      const out = outs[k];
      if (out === undefined) return;
      outside.set(v, out);
      moved.add(v);
    });
    return false;
  });
  // only what the rest of the region uses becomes a constant of it
  const needed = new Set<Var>();
  const use = (v: Var): void => {
    if (moved.has(v)) needed.add(v);
  };
  for (const eqn of rest) eqn.inputs.forEach(use);
  fn.results.forEach(use);
  const params = [...needed];
  return {
    fn: rest.length === fn.body.length ? fn : { ...fn, body: rest },
    moved: b.body(),
    made: params.map((v) => outside.get(v) ?? v),
    params,
  };
};
