/**
 * Loops that hand arrays round: `[previous, current] = [current, previous]` after each iteration. Written in place, every array
 * would have to be copied to where the next iteration looks for it. As many iterations in a row as it takes until each array
 * is where it began become one, and the arrays stay where they are. Last of all passes, since it makes code longer.
 */
import { type Builder, createBuilder } from "../ir/builder.js";
import { forInputs, forOperands, mapRegions, regionsOf } from "../ir/control.js";
import { originOf } from "../ir/origin.js";
import {
  type ControlEqn,
  type Eqn,
  type IrFunction,
  isControl,
  isUnbounded,
  sizeOf,
  type Var,
} from "../ir/types.js";

/** Iterations and equations up to which a body is repeated. */
const [MOST_TURNS, MOST_EQUATIONS] = [4, 1000];

export const rotate = (fn: IrFunction): IrFunction => {
  if (!fn.body.some(isControl)) return fn;
  const b = createBuilder();
  const env = new Map<Var, Var>(fn.params.map((p) => [p, b.param(p.type, p)]));
  const image = (v: Var): Var => env.get(v) ?? v;
  let changed = false;
  const step = (eqn: Eqn): readonly Var[] => {
    const inputs = eqn.inputs.map(image);
    if (!isControl(eqn)) return b.append(eqn, inputs);
    const inner = mapRegions(eqn, rotate);
    const turns = inner.op === "for" ? turnsOf(inner) : 1;
    if (inner !== eqn || turns > 1) changed = true;
    return inner.op === "for" && turns > 1 ? turned(b, inner, inputs, turns) : b.append(inner, inputs);
  };
  for (const eqn of fn.body) {
    const values = b.at(eqn.span, () => step(eqn));
    eqn.outs.forEach((v, k) => {
      env.set(v, values[k] ?? v);
    });
  }
  return changed ? b.finish(fn.name, fn.results.map(image)) : fn;
};

type For = Extract<ControlEqn, { readonly op: "for" }>;

const equations = (fn: IrFunction): number =>
  fn.body.reduce(
    (sum, eqn) =>
      sum + 1 + (isControl(eqn) ? regionsOf(eqn).reduce((n, [, region]) => n + equations(region), 0) : 0),
    0,
  );

/** After how many iterations every array is back where it began; 1 where it always is, or where that is not worth it. */
const turnsOf = ({ params: { body, consts, trip } }: For): number => {
  const first = 1 + consts;
  const from = body.results.map((v, k): number | null => {
    if (sizeOf(v.type.shape) < 2 || isUnbounded(v.type)) return null;
    const origin = originOf(body, k);
    return origin === null || origin < first ? null : origin - first;
  });
  let turns = 1;
  for (const start of from.keys()) {
    let length = 1;
    let at = from[start] ?? null;
    while (at !== null && at !== start && length <= MOST_TURNS) {
      at = from[at] ?? null;
      length++;
    }
    if (at === start) turns = leastCommonMultiple(turns, length);
  }
  const worthIt = turns <= MOST_TURNS && turns * equations(body) <= MOST_EQUATIONS;
  return worthIt && (trip === null || trip >= turns) ? turns : 1;
};

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
const leastCommonMultiple = (a: number, b: number): number => (a / greatestCommonDivisor(a, b)) * b;

/** `turns` iterations at a time, then what is left of them. */
const turned = (b: Builder, eqn: For, inputs: readonly Var[], turns: number): readonly Var[] => {
  const { trip, consts, carries } = forOperands(inputs, eqn.params);
  const { body } = eqn.params;
  const several = severalOf(body, consts.length, turns);
  if (trip !== null) {
    const whole = b.div(trip, b.scalar(turns, "i32"));
    const done = b.mul(whole, b.scalar(turns, "i32"));
    const after = b.emitAll("for", forInputs({ trip: whole, consts, carries }), {
      ...eqn.params,
      body: several,
    });
    const rest = { trip: b.sub(trip, done), consts: [done, ...consts], carries: after };
    return b.emitAll("for", forInputs(rest), {
      trip: null,
      consts: consts.length + 1,
      body: shiftedBody(body),
    });
  }
  const count = eqn.params.trip ?? 0;
  const whole = Math.floor(count / turns);
  let now = b.emitAll("for", forInputs({ trip: null, consts, carries }), {
    ...eqn.params,
    trip: whole,
    body: several,
  });
  for (let k = whole * turns; k < count; k++) now = b.inline(body, [b.scalar(k, "i32"), ...consts, ...now]);
  return now;
};

/** Iterations turns * i, turns * i + 1, ... of `body` one after the other. */
const severalOf = (body: IrFunction, consts: number, turns: number): IrFunction => {
  const b = createBuilder();
  const [i, ...rest] = body.params.map((p) => b.param(p.type, p));
  if (i === undefined) return body;
  const fixed = rest.slice(0, consts);
  let now: readonly Var[] = rest.slice(consts);
  const first = b.mul(i, b.scalar(turns, "i32"));
  for (let k = 0; k < turns; k++) {
    const counter = k === 0 ? first : b.add(first, b.scalar(k, "i32"));
    now = b.inline(body, [counter, ...fixed, ...now]);
  }
  return b.finish(body.name, now);
};

/** The body with its counter shifted by its first constant. */
const shiftedBody = (body: IrFunction): IrFunction => {
  const b = createBuilder();
  const i = b.param({ dtype: "i32", shape: [] });
  const done = b.param({ dtype: "i32", shape: [] });
  const rest = body.params.slice(1).map((p) => b.param(p.type, p));
  return b.finish(body.name, b.inline(body, [b.add(i, done), ...rest]));
};
