/** The equation of a loop: `for` where iterations are counted and none leaves it, else `while`. */
import { type Builder, createBuilder } from "../ir/builder.js";
import type { TensorType, Var } from "../ir/types.js";
import { flatten, typesOf } from "./assemble.js";
import { asValue } from "./branches.js";
import { type Carry, enter, type LoopPlan, type Stable } from "./carries.js";
import type { Code } from "./codes.js";
import { anyTaken, type PossibleExit, valueIn } from "./completions.js";
import type { Form } from "./forms.js";
import type { Meeting } from "./identities.js";
import { refuse, type Site, spanAt } from "./machine.js";
import { closeRegions, inTrial, tryRegion } from "./regions.js";
import { lift, tensorOf, varOf } from "./tensors.js";

const I32: TensorType = { dtype: "i32", shape: [] };
const BOOL: TensorType = { dtype: "bool", shape: [] };

/** Stops the run unless `within` holds of the most iterations that a loop may make, where that is set. */
const limitIterations = (site: Site, b: Builder, within: (most: Var) => Var, detail: Var): void => {
  const { maxIterations } = site.machine;
  if (maxIterations === null) return;
  const message = `this loop goes on after ${maxIterations.toLocaleString("en")} iterations, which maxIterations allows`;
  b.at(spanAt(site), () =>
    b.emit("check", [within(b.scalar(maxIterations, "i32")), detail], { code: LIMIT, message }),
  );
};
const LIMIT: Code = "TSJ1140";

/** A way out of the body as carries: a flag, and what it returns. */
export interface Out {
  readonly exit: PossibleExit;
  readonly form: Form;
}

export const refuseEndless = (site: Site): never =>
  refuse(
    site,
    "TSJ1105",
    "this loop never ends",
    "leave it with break or return, or give it a condition that changes",
  );

export const emitLoop = (
  plan: LoopPlan,
  meeting: Meeting,
  stable: Stable,
  outs: readonly Out[],
): readonly Var[] => {
  const { site, trip } = plan;
  const { builder } = site.machine;
  const { carries, round, endOf } = stable;
  const outTypes = outs.flatMap(({ form }) => [BOOL, ...typesOf(form)]);
  const next = inTrial(site, round.trial, () => {
    const b = site.machine.builder;
    for (const type of outTypes) b.param(type);
    return [
      ...carries.flatMap((c) => flatten(site, c.form, endOf(c))),
      ...outs.flatMap(({ exit, form }) => [
        varOf(site, lift(site, exit.flag)),
        ...flatten(site, form, valueIn(exit.exit)),
      ]),
    ];
  });
  const initial = [
    ...carries.flatMap((c) => flatten(site, c.form, c.initial, true)),
    ...outTypes.map((t) => builder.splat(0, t)),
  ];
  if (trip !== null && outs.length === 0) {
    const body = round.trial.builder.finish("body", next);
    const { fns, free } = closeRegions([{ fn: body, own: 1 }]);
    const count = typeof trip === "number" ? [] : [trip];
    for (const n of count) limitIterations(site, builder, (most) => builder.le(n, most), n);
    return builder.emitAll("for", [...count, ...free, ...initial], {
      trip: typeof trip === "number" ? trip : null,
      consts: free.length,
      body: fns[0] ?? body,
    });
  }
  return emitWhile(plan, meeting, stable, outs, { next, initial, outTypes });
};

interface Carried {
  readonly next: readonly Var[];
  readonly initial: readonly Var[];
  readonly outTypes: readonly TensorType[];
}

/** A loop that is left by a condition or by ways out; one that is counted carries its counter. */
const emitWhile = (
  plan: LoopPlan,
  meeting: Meeting,
  { carries, round }: Stable,
  outs: readonly Out[],
  { next, initial, outTypes }: Carried,
): readonly Var[] => {
  const { site, trip } = plan;
  const { builder } = site.machine;
  const counted = round.counter;
  const limited = site.machine.maxIterations !== null && typeof trip !== "number";
  // A loop with a limit counts its iterations behind everything else that it carries.
  const tail = limited && counted === null ? round.trial.builder.param(I32) : null;
  const results = inTrial(site, round.trial, () => {
    const b = site.machine.builder;
    const advanced = (v: Var | null): readonly Var[] => (v === null ? [] : [b.add(v, b.scalar(1, "i32"))]);
    return [...advanced(counted), ...next, ...advanced(tail)];
  });
  const body = round.trial.builder.finish("body", results);
  const cond = createBuilder();
  const k = counted === null ? null : cond.param(I32);
  const params = carries.flatMap((c) => typesOf(c.form).map((t) => cond.param(t)));
  const outParams = outTypes.map((t) => cond.param(t));
  const iteration = tail === null ? k : cond.param(I32);
  const holds = inBuilder(site, cond, () => {
    const flags: PossibleExit[] = [];
    let at = 0;
    for (const { exit, form } of outs) {
      const flag = outParams[at];
      at += 1 + typesOf(form).length;
      if (flag !== undefined) flags.push({ flag: tensorOf(site, flag, { weak: true }), exit: exit.exit });
    }
    const left = flags.length === 0 ? null : varOf(site, anyTaken(site, flags));
    if (k !== null) {
      const more = cond.lt(k, typeof trip === "number" ? cond.scalar(trip, "i32") : (trip ?? k));
      return left === null ? more : cond.and(cond.not(left), more);
    }
    if (plan.test === null) return left === null ? cond.scalar(1, "bool") : cond.not(left);
    return testUnless(plan, meeting, carries, cond, params, left);
  });
  if (limited && iteration !== null)
    limitIterations(site, cond, (most) => cond.or(cond.not(holds), cond.lt(iteration, most)), iteration);
  const closed = closeRegions([
    { fn: cond.finish("cond", [holds]), own: 0 },
    { fn: body, own: 0 },
  ]);
  const [condFn, bodyFn] = closed.fns;
  if (condFn === undefined || bodyFn === undefined) return [];
  const zero = (v: Var | null): readonly Var[] => (v === null ? [] : [builder.scalar(0, "i32")]);
  const start = [...zero(counted), ...initial, ...zero(tail)];
  const finals = builder.emitAll("while", [...closed.free, ...start], {
    consts: closed.free.length,
    cond: condFn,
    body: bodyFn,
  });
  return finals.slice(counted === null ? 0 : 1, tail === null ? finals.length : -1);
};

const inBuilder = <T>({ machine }: Site, builder: Builder, f: () => T): T => {
  const outer = machine.builder;
  machine.builder = builder;
  machine.open.add(builder);
  try {
    return builder.at(outer.span(), f);
  } finally {
    machine.builder = outer;
    machine.open.delete(builder);
  }
};

/** The loop's own condition, evaluated only where the loop was not left. */
const testUnless = (
  plan: LoopPlan,
  meeting: Meeting,
  carries: readonly Carry[],
  cond: Builder,
  params: readonly Var[],
  left: Var | null,
): Var => {
  const { site, test } = plan;
  const inner = createBuilder();
  let held: readonly Var[] = [];
  const trial = tryRegion(site, inner, [plan.need], () => {
    held = enter(meeting, inner, carries, null);
    return test === null ? true : test();
  });
  if (trial.result === true && left === null) return refuseEndless(site);
  const result = inTrial(site, trial, () => varOf(site, lift(site, asValue(trial.result))));
  const open = { ...inner.finish("test", [result]), params: held };
  if (left === null) return cond.inline(open, params)[0] ?? result;
  const otherwise = createBuilder();
  const no = createBuilder();
  const { fns, free } = closeRegions([
    { fn: no.finish("then", [no.scalar(0, "bool")]), own: 0 },
    { fn: otherwise.finish("else", otherwise.inline(open, params)), own: 0 },
  ]);
  const [then, rest] = fns;
  if (then === undefined || rest === undefined) return left;
  return cond.emitAll("if", [left, ...free], { then, else: rest })[0] ?? left;
};
