/**
 * Functions with a derivative of their own. custom: f(c, x), whose JVP is a region, dy = rule(c, x, dx). fromTranspose: the
 * linear map y = L(k) x, given by its transpose, x' = transpose(k, y'), for which there is no forward mode.
 */
import { fail } from "../../diagnostics.js";
import type { Builder } from "../../ir/builder.js";
import { refuseForward } from "../../ir/rules.js";
import { type ControlParams, isFloat, typeText, type Var } from "../../ir/types.js";
import { allBatched, withBatch } from "../batching.js";
import { refuse } from "../checks.js";
import type { MaybeVar } from "../op.js";
import { requireConsts, requireTypes, typesOf } from "./checks.js";
import { spread } from "./lists.js";
import type { BatchEngine, Batched, ControlDef } from "./record.js";
import { batchedType } from "./regions.js";

const refuseConstant = (b: Builder): never =>
  fail(
    "TSJ3007",
    "unsupported",
    "a function with a derivative of its own reads a value that is differentiated by, beside its arguments",
    {
      span: b.span(),
      hint: "pass the value as an argument, or let the function capture stopGradient of it",
    },
  );

/** Both regions over the batch, all values with the batch axis. */
const batchAll = (
  e: BatchEngine,
  b: Builder,
  inputs: readonly Var[],
  batched: readonly boolean[],
  size: number,
  params: ControlParams["custom"],
): Batched => {
  const all = allBatched(b, inputs, batched, size);
  const over = (name: "body" | "rule") => {
    const region = params[name];
    const types = typesOf(region.params).map((t) => batchedType(t, size));
    return e.build(name, types, (inner, args) => {
      const { values, batched: own } = e.into(
        inner,
        region,
        args,
        args.map(() => true),
        size,
      );
      return values.map((v, k) => withBatch(inner, v, own[k], size));
    });
  };
  const values = b.emitAll("custom", all, { consts: params.consts, body: over("body"), rule: over("rule") });
  return { values, batched: values.map(() => true) };
};

export const custom: ControlDef<"custom"> = {
  name: "custom",
  infer: (inputs, { consts, body, rule }) => {
    requireConsts("custom", consts, inputs.length);
    const primals = inputs.slice(consts);
    const odd = primals.find((t) => !isFloat(t.dtype));
    if (odd !== undefined) refuse("custom", `differentiates by a ${typeText(odd)}`, "type");
    requireTypes("custom", "parameters of body", typesOf(body.params), inputs);
    requireTypes("custom", "parameters of rule", typesOf(rule.params), [...inputs, ...primals]);
    const outs = typesOf(body.results);
    const tangents = outs.filter((t) => isFloat(t.dtype));
    requireTypes("custom", "results of rule", typesOf(rule.results), [...outs, ...tangents]);
    return outs;
  },
  eval: (run, inputs, { body }) => run(body, inputs),

  // the rule in place of the derivative of the body
  jvp: (_, b, inputs, tangents, { consts, rule, body }) => {
    if (tangents.slice(0, consts).some((t) => t !== null)) refuseConstant(b);
    const primals = inputs.slice(consts);
    const dots = tangents
      .slice(consts)
      .map((t, k): Var => t ?? b.zerosLike(primals[k] ?? rule.params[k] ?? b.scalar(0, "f64")));
    const values = b.inline(rule, [...inputs, ...dots]);
    const count = body.results.length;
    return {
      outs: values.slice(0, count),
      tangents: spread(
        values.slice(count),
        body.results.map((v) => isFloat(v.type.dtype)),
      ),
    };
  },
  batch: batchAll,
  // where it is applied to tangents, its body must be linear
  split: (_, known, linear, inputs, varies, { body }) => ({
    outs: (varies.includes(true) ? linear : known).inline(body, inputs),
    varies: body.results.map(() => true),
  }),
  isLinear: () => false,
  transpose: (_, b) => refuseForward(b.span()),
};

export const fromTranspose: ControlDef<"fromTranspose"> = {
  name: "fromTranspose",
  infer: (inputs, { known, transpose }) => {
    requireConsts("fromTranspose", known, inputs.length);
    requireTypes(
      "fromTranspose",
      "parameters of transpose",
      typesOf(transpose.params).slice(0, known),
      inputs.slice(0, known),
    );
    requireTypes("fromTranspose", "results of transpose", typesOf(transpose.results), inputs.slice(known));
    return typesOf(transpose.params).slice(known);
  },
  eval: () => refuseForward(null),
  jvp: (_, b) => refuseForward(b.span()),
  batch: (e, b, inputs, batched, size, { known, transpose }) => {
    const all = allBatched(b, inputs, batched, size);
    const types = typesOf(transpose.params).map((t) => batchedType(t, size));
    const over = e.build("transpose", types, (inner, args) => {
      const { values, batched: own } = e.into(
        inner,
        transpose,
        args,
        args.map(() => true),
        size,
      );
      return values.map((v, k) => withBatch(inner, v, own[k], size));
    });
    const values = b.emitAll("fromTranspose", all, { known, transpose: over });
    return { values, batched: values.map(() => true) };
  },
  split: (_, known) => refuseConstant(known),
  isLinear: (varies, { known }) => !varies.slice(0, known).includes(true),
  transpose: (_, b, inputs, varies, cts, sums, { known, transpose }) => {
    const given = transpose.params.slice(known).map((p, k): Var => cts[k] ?? b.zerosLike(p));
    const back = b.inline(transpose, [...inputs.slice(0, known), ...given]);
    return inputs.map((_x, k): MaybeVar => {
      const ct = back[k - known];
      if (varies[k] !== true || ct === undefined) return null;
      const sum = sums[k] ?? null;
      return sum === null ? ct : b.add(sum, ct);
    });
  },
};
