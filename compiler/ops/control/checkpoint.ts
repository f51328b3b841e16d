/**
 * checkpoint: y = f(x), of whose inner values a derivative keeps those that a policy names, and computes the others again from
 * x. Its linear part is a checkpoint as well, f'(x) dx with all of f in it, so the values come back where the derivative is
 * applied: its transpose computes them, then pulls the cotangents back.
 */
import { internal } from "../../diagnostics.js";
import { isSaved } from "../../ir/saving.js";
import { type Eqn, type IrFunction, isControl, type Var } from "../../ir/types.js";
import { substitute } from "../../ir/walk.js";
import { dce } from "../../passes/dce.js";
import { requireTypes, typesOf } from "./checks.js";
import { dependentOuts, dependentResults } from "./depends.js";
import { isPresent, negated, pick, present, spread } from "./lists.js";
import type { ControlDef } from "./record.js";
import { batchedTypes } from "./regions.js";

/** The values of a body that depend on no param flagged. */
const knownOf = (body: IrFunction, varies: readonly boolean[]): ReadonlySet<Var> => {
  const known = new Set<Var>(body.params.filter((_, k) => varies[k] === false));
  for (const eqn of body.body) {
    const moving = eqn.inputs.map((v) => !known.has(v));
    const outs = isControl(eqn) && moving.includes(true) ? dependentOuts(eqn, moving) : [];
    eqn.outs.forEach((v, k) => {
      if (!moving.includes(true) || outs[k] === false) known.add(v);
    });
  }
  return known;
};

/** The equations whose values a policy keeps: known, and no mere constants. A value that has a name is one with its named self. */
const savedBy = (body: IrFunction, known: ReadonlySet<Var>, save: readonly string[]): readonly Eqn[] => {
  const unnamed = new Set<Var>(
    body.body.flatMap((eqn) => (eqn.op === "name" && !isSaved(save, eqn) ? eqn.inputs : [])),
  );
  return body.body.filter(
    (eqn) =>
      !isControl(eqn) &&
      eqn.inputs.length > 0 &&
      known.has(eqn.outs[0]) &&
      !unnamed.has(eqn.outs[0]) &&
      isSaved(save, eqn),
  );
};

interface Parts {
  /** Inputs (known ones) -> known results, then the values that are kept. */
  readonly known: IrFunction;
  readonly knownInputs: readonly boolean[];
  /** Inputs, then kept values -> the other results. */
  readonly linear: IrFunction;
  readonly linearInputs: readonly boolean[];
}

const usedParams = (fn: IrFunction): readonly boolean[] => {
  const used = new Set<Var>([...fn.results, ...fn.body.flatMap((eqn) => eqn.inputs)]);
  return fn.params.map((p) => used.has(p));
};
const withUsed = (fn: IrFunction) => {
  const used = usedParams(fn);
  return { fn: { ...fn, params: pick(fn.params, used) }, used };
};

const takeApart = (
  body: IrFunction,
  varies: readonly boolean[],
  knownResults: readonly boolean[],
  save: readonly string[],
): Parts => {
  const known = knownOf(body, varies);
  const stands = new Map<Var, Var>();
  const cut = new Set<Eqn>();
  const candidates = new Map<Var, Var>();
  for (const eqn of savedBy(body, known, save)) {
    const [value] = eqn.outs;
    if (value === undefined) continue;
    const kept: Var = { type: value.type };
    candidates.set(kept, value);
    stands.set(value, kept);
    const [x] = eqn.inputs;
    if (eqn.op === "name" && x !== undefined && known.has(x)) stands.set(x, kept);
    cut.add(eqn);
  }
  const rest = substitute(
    {
      name: body.name,
      params: [...body.params, ...candidates.keys()],
      body: body.body.filter((eqn) => !cut.has(eqn)),
      results: pick(body.results, negated(knownResults)),
    },
    stands,
  );
  const linear = withUsed(dce(rest));
  const needed = new Set<Var>(linear.fn.params);
  const kept = [...candidates].filter(([param]) => needed.has(param)).map(([, value]) => value);
  const first = withUsed(dce({ ...body, results: [...pick(body.results, knownResults), ...kept] }));
  if (first.used.some((used, k) => used && varies[k] === true))
    return internal("what is known of a checkpoint depends on what is not");
  return { known: first.fn, knownInputs: first.used, linear: linear.fn, linearInputs: linear.used };
};

export const checkpoint: ControlDef<"checkpoint"> = {
  name: "checkpoint",
  infer: (inputs, { body }) => {
    requireTypes("checkpoint", "parameters of body", typesOf(body.params), inputs);
    return typesOf(body.results);
  },
  eval: (run, inputs, { body }) => run(body, inputs),

  jvp: (e, b, inputs, tangents, params) => {
    const { fn, tangentOuts } = e.derivative(params.body, isPresent(tangents));
    const values = b.emitAll("checkpoint", [...inputs, ...present(tangents)], { ...params, body: fn });
    const count = params.body.results.length;
    return { outs: values.slice(0, count), tangents: spread(values.slice(count), tangentOuts) };
  },

  batch: (e, b, inputs, flags, size, params) => {
    let batched: readonly boolean[] = [];
    const types = batchedTypes(params.body.params, flags, size);
    const body = e.build("body", types, (inner, args) => {
      const over = e.into(inner, params.body, args, flags, size);
      batched = over.batched;
      return over.values;
    });
    return { values: b.emitAll("checkpoint", inputs, { ...params, body }), batched };
  },

  split: (_, known, linear, inputs, flags, params) => {
    const varies = dependentResults(params.body, flags);
    const fixed = negated(varies);
    const parts = takeApart(params.body, flags, fixed, params.save);
    const values = known.emitAll("checkpoint", pick(inputs, parts.knownInputs), {
      ...params,
      body: parts.known,
    });
    const count = pick(fixed, fixed).length;
    const moving = linear.emitAll(
      "checkpoint",
      [...pick(inputs, parts.linearInputs), ...values.slice(count)],
      {
        ...params,
        run: "again",
        body: parts.linear,
      },
    );
    const [still, moved] = [spread(values.slice(0, count), fixed), spread(moving, varies)];
    const outs = varies.map((_x, k): Var => still[k] ?? moved[k] ?? internal("a checkpoint lacks a result"));
    return { outs, varies };
  },
  isLinear: (flags, { body }) => !dependentResults(body, flags).includes(false),

  // (known inputs, cotangents, sums) -> sums
  transpose: (e, b, inputs, flags, cts, sums, params) => {
    const given = negated(flags);
    const [hasCt, hasSum] = [isPresent(cts), isPresent(sums)];
    const known = pick(inputs, given);
    const operands = [...known, ...present(cts), ...present(sums)];
    let has: readonly boolean[] = [];
    const body = e.build("body", typesOf(operands), (inner, args) => {
      const from = known.length + present(cts).length;
      const values = spread(args.slice(0, known.length), given);
      const seeds = spread(args.slice(known.length, from), hasCt);
      const before = spread(args.slice(from), hasSum);
      const after = e.into(inner, params.body, values, seeds, before);
      has = isPresent(after);
      return present(after);
    });
    return spread(b.emitAll("checkpoint", operands, { ...params, run: "again", body }), has);
  },
};
