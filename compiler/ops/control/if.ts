/** if: one of two regions, chosen at run time. (cond, x) -> cond ? then(x) : else(x). */
import type { Builder } from "../../ir/builder.js";
import { ifOperands } from "../../ir/control.js";
import type { ControlParams, IrFunction, Var } from "../../ir/types.js";
import { withBatch } from "../batching.js";
import { refuse } from "../checks.js";
import type { MaybeVar } from "../op.js";
import { BOOL, holds, requireCondition, requireTypes, typesOf } from "./checks.js";
import { dependentResults } from "./depends.js";
import { either, isPresent, negated, pick, present, spread } from "./lists.js";
import { presentIn } from "./presence.js";
import type { ControlDef, JvpEngine, Parts, SplitEngine, Tapes, TapeUse } from "./record.js";
import { batchedTypes, instantiated, withTangents } from "./regions.js";
import { closeAll, tapeVars } from "./tapes.js";

type Params = ControlParams["if"];

/** Both regions by `f`. */
const bothRegions = (
  params: Params,
  f: (region: IrFunction, name: "then" | "else") => IrFunction,
): Params => ({
  then: f(params.then, "then"),
  else: f(params.else, "else"),
});

/**
 * Residuals of both sides in common places: those that are operands are read from the operand, others of equal type share
 * a result of the known part, which is zero where the side taken has fewer.
 */
const residualSlots = (sides: readonly Parts[]) => {
  const slots: { readonly type: Var["type"]; readonly of: (Var | undefined)[] }[] = [];
  sides.forEach((side, s) => {
    for (const v of side.residuals) {
      if (side.params.includes(v)) continue;
      const free = slots.find((slot) => slot.of[s] === undefined && sameText(slot.type, v.type));
      if (free !== undefined) {
        free.of[s] = v;
        continue;
      }
      const of: (Var | undefined)[] = [];
      of[s] = v;
      slots.push({ type: v.type, of });
    }
  });
  return slots;
};
const sameText = (a: Var["type"], b: Var["type"]): boolean =>
  a.dtype === b.dtype && a.shape.join() === b.shape.join();

/** Tapes that one side appends to: the side's, and those that the choice is given. */
interface SideTapes {
  readonly of: number;
  readonly use: TapeUse;
  readonly before: Tapes;
}
const standIn = ({ type }: Var): Var => ({ type });
const standIns = (tapes: Tapes): readonly Var[] => tapeVars(tapes).map(standIn);

/** The known part and the linear part of a side; both sides agree in what they take and give. */
const splitSide = (
  e: SplitEngine,
  name: string,
  side: Parts,
  s: number,
  slots: ReturnType<typeof residualSlots>,
  known: readonly boolean[],
  linearResults: readonly boolean[],
  tapes: readonly SideTapes[],
) => {
  // params: the known operands, the iterations, the tapes; results: what does not vary, the slots, the tapes
  const own = [...pick(side.params, known), ...side.at];
  const handed = tapes.flatMap(({ before }) => tapeVars(before));
  const knownRegion: IrFunction = e.build(name, typesOf([...own, ...handed]), (b, params) => {
    const given = params.slice(own.length);
    const region: IrFunction = {
      name,
      params: [
        ...own,
        ...tapes.flatMap(({ use, of }) => (of === s ? tapeVars(use.before) : standIns(use.before))),
      ],
      body: side.known,
      results: [
        ...pick(side.results, negated(linearResults)),
        ...present(slots.map((slot) => slot.of[s] ?? null)),
        ...tapes.flatMap(({ use, of }) => (of === s ? tapeVars(use.after) : [])),
      ],
    };
    const values = b.inline(region, params);
    const count = linearResults.filter((x) => !x).length;
    const filled = slots.map((slot) => slot.of[s] !== undefined);
    const kept = spread(values.slice(count), filled);
    const after = values.slice(count + filled.filter(Boolean).length);
    const appended = tapes.flatMap(({ use, of }) => tapeVars(use.before).map(() => of === s));
    return [
      ...values.slice(0, count),
      ...kept.map((v, k) => v ?? b.splat(0, slotType(slots, k))),
      ...spread(after, appended).map((v, k) => v ?? given[k] ?? b.splat(0, BOOL)),
    ];
  });
  // params: the known operands, the iterations, the slots, the tapes, the operands that vary
  const linearRegion: IrFunction = {
    name,
    params: [
      ...own,
      ...slots.map((slot): Var => slot.of[s] ?? { type: slot.type }),
      ...tapes.flatMap(({ use, of }) => (of === s ? use.after.tapes : use.after.tapes.map(standIn))),
      ...pick(side.params, negated(known)),
    ],
    body: side.linear,
    results: pick(side.results, linearResults),
  };
  return { knownRegion, linearRegion };
};
const slotType = (slots: ReturnType<typeof residualSlots>, k: number): Var["type"] =>
  slots[k]?.type ?? { dtype: "bool", shape: [] };

const jvpRegion = (
  e: JvpEngine,
  region: IrFunction,
  name: string,
  active: readonly boolean[],
  wanted: readonly boolean[],
): IrFunction => {
  const own = typesOf(region.params);
  return e.build(name, [...own, ...pick(own, active)], (b, params) => {
    const { outs, tangents } = withTangents(e, b, region, params, active, wanted);
    return [...outs, ...tangents];
  });
};

export const ifElse: ControlDef<"if"> = {
  name: "if",
  infer: (inputs, { then, else: otherwise }) => {
    if (inputs.length === 0) refuse("if", "takes a condition", "type");
    const { cond, operands } = ifOperands(inputs);
    requireCondition("if", cond);
    requireTypes("if", "parameters of then", typesOf(then.params), operands);
    requireTypes("if", "parameters of else", typesOf(otherwise.params), operands);
    requireTypes("if", "results of else", typesOf(otherwise.results), typesOf(then.results));
    return typesOf(then.results);
  },
  eval: (run, inputs, params) => {
    const { cond, operands } = ifOperands(inputs);
    return run(holds(cond) ? params.then : params.else, operands);
  },

  // the same choice between the derivatives
  jvp: (e, b, inputs, tangents, params) => {
    const operands = ifOperands(tangents).operands;
    const active = isPresent(operands);
    const wanted = either(
      e.derivative(params.then, active).tangentOuts,
      e.derivative(params.else, active).tangentOuts,
    );
    const outs = b.emitAll(
      "if",
      [...inputs, ...present(operands)],
      bothRegions(params, (region, name) => jvpRegion(e, region, name, active, wanted)),
    );
    const count = params.then.results.length;
    return { outs: outs.slice(0, count), tangents: spread(outs.slice(count), wanted) };
  },

  // one condition for all examples: the choice between batches; else both sides, which are harmless, and a choice per example
  batch: (e, b, inputs, flags, size, params) => {
    const { cond, operands } = ifOperands(inputs);
    const { cond: each, operands: batched } = ifOperands(flags);
    if (each) {
      const [then, otherwise] = [params.then, params.else].map((side) => {
        const { values, batched: own } = e.into(b, side, operands, batched, size);
        return values.map((v, k) => withBatch(b, v, own[k], size));
      });
      const values = (then ?? []).map((v, k) =>
        b.select(b.broadcast(cond, v.type.shape, [0]), v, otherwise?.[k] ?? v),
      );
      return { values, batched: values.map(() => true) };
    }
    const out = either(dependentResults(params.then, batched), dependentResults(params.else, batched));
    const regions = bothRegions(params, (region, name) =>
      e.build(name, batchedTypes(region.params, batched, size), (inner, args) => {
        const { values, batched: own } = e.into(inner, region, args, batched, size);
        return values.map((v, k) => (out[k] === true ? withBatch(inner, v, own[k], size) : v));
      }),
    );
    return { values: b.emitAll("if", inputs, regions), batched: out };
  },

  split: (e, known, linear, inputs, flags, params) => {
    const { cond, operands } = ifOperands(inputs);
    const { operands: vary } = ifOperands(flags);
    const varies = either(dependentResults(params.then, vary), dependentResults(params.else, vary));
    const place = { unbounded: e.unbounded, trips: e.trips, steady: operands.map(e.isSteady) };
    const [first, second] = [
      e.parts(params.then, vary, varies, place),
      e.parts(params.else, vary, varies, place),
    ];
    const slots = residualSlots([first, second]);
    const tapes = [first, second].flatMap((side, of) =>
      side.tapes.map((use): SideTapes => ({ of, use, before: e.openTapes(use.before.types) })),
    );
    const then = splitSide(e, "then", first, 0, slots, negated(vary), varies, tapes);
    const otherwise = splitSide(e, "else", second, 1, slots, negated(vary), varies, tapes);
    const knownOperands = [...pick(operands, negated(vary)), ...e.at];
    const values = known.emitAll(
      "if",
      [cond, ...knownOperands, ...tapes.flatMap(({ before }) => tapeVars(before))],
      { then: then.knownRegion, else: otherwise.knownRegion },
    );
    const count = varies.filter((x) => !x).length;
    const kept = values.slice(count, count + slots.length);
    const after = closeAll(
      e,
      tapes.map(({ before }) => before),
      values.slice(count + slots.length),
    );
    const moving = linear.emitAll(
      "if",
      [cond, ...knownOperands, ...kept, ...after.flat(), ...pick(operands, vary)],
      { then: then.linearRegion, else: otherwise.linearRegion },
    );
    const fixed = spread(values.slice(0, count), negated(varies));
    const moved = spread(moving, varies);
    return { outs: varies.map((_, k) => fixed[k] ?? moved[k] ?? cond), varies };
  },
  isLinear: (flags, params) => {
    const { operands } = ifOperands(flags);
    return [params.then, params.else].some((side) => !dependentResults(side, operands).includes(false));
  },

  // the same choice between the transposes; each adds to the sums that are there
  transpose: (e, b, inputs, flags, cts, sums, params) => {
    const { cond, operands } = ifOperands(inputs);
    const { operands: vary } = ifOperands(flags);
    const before = ifOperands(sums).operands;
    const known = negated(vary);
    const arrive = isPresent(cts);
    const stand = isPresent(before);
    const given = [...pick(operands, known), ...present(cts), ...present(before)];
    const back = (inner: Builder, region: IrFunction, args: readonly Var[]): readonly MaybeVar[] => {
      const nKnown = known.filter(Boolean).length;
      const nCts = arrive.filter(Boolean).length;
      return e.into(
        inner,
        region,
        spread(args.slice(0, nKnown), known),
        spread(args.slice(nKnown, nKnown + nCts), arrive),
        spread(args.slice(nKnown + nCts), stand),
      );
    };
    const wanted = [params.then, params.else]
      .map((region) =>
        presentIn(region, [vary, arrive, stand], () => {
          let found: readonly boolean[] = [];
          e.build("transpose", typesOf(given), (inner, args) => {
            const result = back(inner, region, args);
            found = result.map((v, k) => vary[k] === true && v !== null);
            return [];
          });
          return found;
        }),
      )
      .reduce(either);
    const regions = bothRegions(params, (region, name) =>
      e.build(name, typesOf(given), (inner, args) =>
        instantiated(inner, back(inner, region, args), region.params, wanted),
      ),
    );
    return [null, ...spread(b.emitAll("if", [cond, ...given], regions), wanted)];
  },
};
