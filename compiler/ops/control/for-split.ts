/**
 * Partial evaluation of a `for`: the known loop computes what does not depend on the inputs that vary and keeps what the
 * linear loop needs of each iteration in arrays [trip, ...]; the linear loop reads them. Not kept is what does not change
 * from one iteration to the next, and what can be computed again from the counter and constants at little cost.
 */
import type { Builder } from "../../ir/builder.js";
import { forInputs, forOperands } from "../../ir/control.js";
import { type AnyOp, type Eqn, type IrFunction, isControl, type Var } from "../../ir/types.js";
import { hasEffect } from "../effects.js";
import { COUNTER, typesOf } from "./checks.js";
import { dependentCarries } from "./depends.js";
import { negated, pick, spread } from "./lists.js";
import type { ControlDef, Parts } from "./record.js";
import { refuseReverse } from "./while.js";

/** Ops whose result costs more than reading it from memory. */
const COSTLY: ReadonlySet<AnyOp> = new Set<AnyOp>([
  "dot",
  "scatterAdd",
  "dynamicUpdate",
  "reduceSum",
  "reduceProd",
  "reduceMax",
  "reduceMin",
  "argmax",
  "argmin",
  "threefry",
]);

/** Known equations that depend on the counter and constants only, at little cost. */
const recomputable = (parts: Parts, before: readonly Var[]): ReadonlyMap<Var, Eqn> => {
  const available = new Set<Var>(before);
  const found = new Map<Var, Eqn>();
  for (const eqn of parts.known) {
    if (isControl(eqn) || COSTLY.has(eqn.op) || hasEffect(eqn)) continue;
    if (!eqn.inputs.every((v) => available.has(v))) continue;
    const [out] = eqn.outs;
    available.add(out);
    found.set(out, eqn);
  }
  return found;
};

/** The equations of `found` that `wanted` needs, in program order. */
const closureOf = (parts: Parts, found: ReadonlyMap<Var, Eqn>, wanted: readonly Var[]): readonly Eqn[] => {
  const needed = new Set<Eqn>();
  const visit = (v: Var): void => {
    const eqn = found.get(v);
    if (eqn === undefined || needed.has(eqn)) return;
    needed.add(eqn);
    eqn.inputs.forEach(visit);
  };
  wanted.forEach(visit);
  return parts.known.filter((eqn) => needed.has(eqn));
};

/** Writes x as row i of a stack. */
const store = (b: Builder, stack: Var, i: Var, x: Var): Var => {
  const row = b.reshape(x, [1, ...x.type.shape]);
  const zero = b.scalar(0, "i32");
  return b.emit("dynamicUpdate", [stack, row, i, ...x.type.shape.map(() => zero)], { mode: "clamp" });
};

/** Row i of a stack. */
const load = (b: Builder, stack: Var, i: Var): Var => {
  const shape = stack.type.shape.slice(1);
  const zero = b.scalar(0, "i32");
  const starts = [i, ...shape.map(() => zero)];
  return b.reshape(
    b.emit("dynamicSlice", [stack, ...starts], { sizes: [1, ...shape], mode: "clamp" }),
    shape,
  );
};

export const splitFor: ControlDef<"for">["split"] = (e, known, linear, inputs, flags, params) => {
  const { trip, consts, carries } = forOperands(inputs, params);
  const { consts: constVary, carries: initVary } = forOperands(flags, params);
  const varies = dependentCarries(params.body, [false, ...constVary], initVary);
  const fixed = negated(varies);
  const parts = e.parts(params.body, [false, ...constVary, ...varies], varies);
  const [counter, ...rest] = parts.params;
  const bodyConsts = rest.slice(0, consts.length);
  const bodyCarries = rest.slice(consts.length);
  if (counter === undefined) return { outs: [], varies };

  const knownConsts = pick(bodyConsts, negated(constVary));
  const found = recomputable(parts, [counter, ...knownConsts]);
  const free = new Set<Var>([counter, ...knownConsts, ...found.keys()]);
  const stacked = parts.residuals.filter((v) => !free.has(v));
  if (stacked.length > 0 && params.trip === null)
    return refuseReverse("a loop whose number of iterations is known only at run time", linear);
  const rows = Math.max(params.trip ?? 0, 1); // a body that never runs still has to fit

  // the known loop
  const stacks = stacked.map(({ type: { dtype, shape } }) =>
    known.splat(0, { dtype, shape: [rows, ...shape] }),
  );
  const knownRegion: IrFunction = {
    name: "body",
    params: [counter, ...knownConsts, ...pick(bodyCarries, fixed)],
    body: parts.known,
    results: [...pick(parts.results, fixed), ...stacked],
  };
  const nFixed = knownRegion.results.length - stacked.length;
  const nParams = knownRegion.params.length;
  const knownBody = e.build("body", typesOf([...knownRegion.params, ...stacks]), (b, args) => {
    const values = b.inline(knownRegion, args.slice(0, nParams));
    const [i] = args;
    const next = args.slice(nParams).map((stack, k) => {
      const x = values[nFixed + k];
      return i === undefined || x === undefined ? stack : store(b, stack, i, x);
    });
    return [...values.slice(0, nFixed), ...next];
  });
  const outerConsts = pick(consts, negated(constVary));
  const needed = nFixed + stacks.length > 0 || parts.known.some(hasEffect);
  const values = needed
    ? known.emitAll(
        "for",
        forInputs({ trip, consts: outerConsts, carries: [...pick(carries, fixed), ...stacks] }),
        {
          trip: params.trip,
          consts: outerConsts.length,
          body: knownBody,
        },
      )
    : [];

  // the linear loop
  const linearRegion: IrFunction = {
    name: "body",
    params: [
      counter,
      ...knownConsts,
      ...stacked,
      ...pick(bodyConsts, constVary),
      ...pick(bodyCarries, varies),
    ],
    body: [...closureOf(parts, found, parts.residuals), ...parts.linear],
    results: pick(parts.results, varies),
  };
  const outerStacks = values.slice(nFixed);
  const linearConsts = [...outerConsts, ...outerStacks, ...pick(consts, constVary)];
  const linearCarries = pick(carries, varies);
  const first = 1 + outerConsts.length;
  const types = [COUNTER, ...typesOf([...linearConsts, ...linearCarries])];
  const linearBody = e.build("body", types, (b, args) => {
    const [i] = args;
    const read = args.map((v, k) =>
      i !== undefined && k >= first && k < first + stacked.length ? load(b, v, i) : v,
    );
    return b.inline(linearRegion, read);
  });
  const moving = linear.emitAll("for", forInputs({ trip, consts: linearConsts, carries: linearCarries }), {
    trip: params.trip,
    consts: linearConsts.length,
    body: linearBody,
  });
  const still = spread(values.slice(0, nFixed), fixed);
  const moved = spread(moving, varies);
  return { outs: carries.map((x, k) => still[k] ?? moved[k] ?? x), varies };
};
