/** for: carries c; for i = 0, ..., trip - 1: c = body(i, consts, c). */
import { forInputs, forOperands } from "../../ir/control.js";
import { withBatch } from "../batching.js";
import { refuse } from "../checks.js";
import { at, ndarray } from "../ndarray.js";
import { COUNTER, requireConsts, requireTypes, typesOf } from "./checks.js";
import { dependentCarries } from "./depends.js";
import { isLinearFor, transposeFor } from "./for-transpose.js";
import { closure, isPresent, pick, present, spread } from "./lists.js";
import { splitLoop } from "./loop-split.js";
import type { ControlDef } from "./record.js";
import { batchedTypes, withTangents } from "./regions.js";

export const forLoop: ControlDef<"for"> = {
  name: "for",
  infer: (inputs, params) => {
    const own = params.trip === null ? 1 : 0;
    if (inputs.length < own) refuse("for", "takes its trip count first where that is not static", "type");
    requireConsts("for", params.consts, inputs.length - own);
    const { trip, consts, carries } = forOperands(inputs, params);
    if (trip !== null) requireTypes("for", "trip counts", [trip], [COUNTER]);
    const wanted = [COUNTER, ...consts, ...carries];
    requireTypes("for", "parameters of body", typesOf(params.body.params), wanted);
    requireTypes("for", "results of body", typesOf(params.body.results), carries);
    return carries;
  },
  eval: (run, inputs, params) => {
    const { trip, consts, carries } = forOperands(inputs, params);
    const n = params.trip ?? (trip === null ? 0 : at(trip.data, 0));
    let values = carries;
    for (let i = 0; i < n; i++) values = run(params.body, [ndarray("i32", [], [i]), ...consts, ...values]);
    return values;
  },

  // tangents are carried along, of every carry that has one in some iteration
  jvp: (e, b, inputs, tangents, params) => {
    const { trip, consts, carries } = forOperands(inputs, params);
    const { consts: dConsts, carries: dInits } = forOperands(tangents, params);
    const constActive = isPresent(dConsts);
    const active = closure(
      isPresent(dInits),
      (flags) => e.derivative(params.body, [false, ...constActive, ...flags]).tangentOuts,
    );
    const dCarries = pick(
      carries.map((x, k) => (active[k] === true ? (dInits[k] ?? b.zerosLike(x)) : x)),
      active,
    );
    const allConsts = [...consts, ...present(dConsts)];
    const types = [COUNTER, ...typesOf([...allConsts, ...carries, ...dCarries])];
    const nCarries = 1 + allConsts.length;
    const body = e.build("body", types, (inner, args) => {
      const given = [
        ...args.slice(0, 1 + consts.length),
        ...args.slice(nCarries, nCarries + carries.length),
        ...args.slice(1 + consts.length, nCarries),
        ...args.slice(nCarries + carries.length),
      ];
      const flags = [false, ...constActive, ...active];
      const { outs, tangents: next } = withTangents(e, inner, params.body, given, flags, active);
      return [...outs, ...next];
    });
    const values = b.emitAll(
      "for",
      forInputs({ trip, consts: allConsts, carries: [...carries, ...dCarries] }),
      {
        trip: params.trip,
        consts: allConsts.length,
        body,
      },
    );
    return { outs: values.slice(0, carries.length), tangents: spread(values.slice(carries.length), active) };
  },

  batch: (e, b, inputs, flags, size, params) => {
    const { trip, consts, carries } = forOperands(inputs, params);
    const { consts: constBatched, carries: initBatched } = forOperands(flags, params);
    const batched = dependentCarries(params.body, [false, ...constBatched], initBatched);
    const inits = carries.map((x, k) => (batched[k] === true ? withBatch(b, x, initBatched[k], size) : x));
    const all = [false, ...constBatched, ...batched];
    const body = e.build("body", batchedTypes(params.body.params, all, size), (inner, args) => {
      const { values, batched: own } = e.into(inner, params.body, args, all, size);
      return values.map((v, k) => (batched[k] === true ? withBatch(inner, v, own[k], size) : v));
    });
    const values = b.emitAll("for", forInputs({ trip, consts, carries: inits }), { ...params, body });
    return { values, batched };
  },

  split: (e, known, linear, inputs, flags, params) => {
    const { trip, consts, carries } = forOperands(inputs, params);
    const vary = forOperands(flags, params);
    const loop = { trip: params.trip, count: trip, consts, carries, cond: null, body: params.body };
    return splitLoop(e, known, linear, loop, vary.consts, vary.carries);
  },
  isLinear: isLinearFor,
  transpose: transposeFor,
};
