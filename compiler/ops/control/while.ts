/** while: carries c; as long as cond(consts, c) holds, c = body(consts, c). */
import { internal } from "../../diagnostics.js";
import { whileOperands } from "../../ir/control.js";
import type { IrFunction, Var } from "../../ir/types.js";
import { withBatch } from "../batching.js";
import { BOOL, holds, requireConsts, requireTypes, typesOf } from "./checks.js";
import { dependentCarries } from "./depends.js";
import { closure, isPresent, pick, present, spread } from "./lists.js";
import { splitLoop } from "./loop-split.js";
import type { ControlDef } from "./record.js";
import { batchedTypes, withTangents } from "./regions.js";

export const whileLoop: ControlDef<"while"> = {
  name: "while",
  infer: (inputs, params) => {
    requireConsts("while", params.consts, inputs.length);
    const { carries } = whileOperands(inputs, params);
    requireTypes("while", "parameters of cond", typesOf(params.cond.params), inputs);
    requireTypes("while", "results of cond", typesOf(params.cond.results), [BOOL]);
    requireTypes("while", "parameters of body", typesOf(params.body.params), inputs);
    requireTypes("while", "results of body", typesOf(params.body.results), carries);
    return carries;
  },
  eval: (run, inputs, params) => {
    const { consts, carries } = whileOperands(inputs, params);
    let values = carries;
    while (holds(run(params.cond, [...consts, ...values])[0]))
      values = run(params.body, [...consts, ...values]);
    return values;
  },

  // tangents ride along
  jvp: (e, b, inputs, tangents, params) => {
    const { consts, carries } = whileOperands(inputs, params);
    const { consts: dConsts, carries: dInits } = whileOperands(tangents, params);
    const constActive = isPresent(dConsts);
    const active = closure(
      isPresent(dInits),
      (flags) => e.derivative(params.body, [...constActive, ...flags]).tangentOuts,
    );
    const dCarries = pick(
      carries.map((x, k) => (active[k] === true ? (dInits[k] ?? b.zerosLike(x)) : x)),
      active,
    );
    const all = [...consts, ...present(dConsts), ...carries, ...dCarries];
    const nConsts = consts.length;
    const nAll = nConsts + present(dConsts).length;
    const primals = (args: readonly Var[]): readonly Var[] => [
      ...args.slice(0, nConsts),
      ...args.slice(nAll, nAll + carries.length),
    ];
    const cond = e.build("cond", typesOf(all), (inner, args) => inner.inline(params.cond, primals(args)));
    const body = e.build("body", typesOf(all), (inner, args) => {
      const given = [...primals(args), ...args.slice(nConsts, nAll), ...args.slice(nAll + carries.length)];
      const flags = [...constActive, ...active];
      const { outs, tangents: next } = withTangents(e, inner, params.body, given, flags, active);
      return [...outs, ...next];
    });
    const values = b.emitAll("while", all, { consts: nAll, cond, body });
    return { outs: values.slice(0, carries.length), tangents: spread(values.slice(carries.length), active) };
  },

  batch: (e, b, inputs, flags, size, params) => {
    const { consts, carries } = whileOperands(inputs, params);
    const { consts: constBatched, carries: initBatched } = whileOperands(flags, params);
    const batched = dependentCarries(params.body, constBatched, initBatched);
    const spreadInits = carries.map((x, k) =>
      batched[k] === true ? withBatch(b, x, initBatched[k], size) : x,
    );
    const all = [...constBatched, ...batched];
    const region = (fn: IrFunction, name: string, out: readonly boolean[]): IrFunction =>
      e.build(name, batchedTypes(fn.params, all, size), (inner, args) => {
        const { values, batched: own } = e.into(inner, fn, args, all, size);
        return values.map((v, k) => (out[k] === true ? withBatch(inner, v, own[k], size) : v));
      });
    const values = b.emitAll("while", [...consts, ...spreadInits], {
      consts: params.consts,
      cond: region(params.cond, "cond", [false]),
      body: region(params.body, "body", batched),
    });
    return { values, batched };
  },

  split: (e, known, linear, inputs, flags, params) => {
    const { consts, carries } = whileOperands(inputs, params);
    const vary = whileOperands(flags, params);
    const { cond, body } = params;
    const loop = { trip: null, count: null, consts, carries, cond, body };
    return splitLoop(e, known, linear, loop, vary.consts, vary.carries);
  },
  // the split makes a `for` of what is linear in a `while`
  isLinear: () => false,
  transpose: () => internal("a `while` is not linear"),
};
