/**
 * What was there for transforms, once none can follow: custom(x) = body(x), checkpoint(x) = body(x), of which a second run reads
 * through barriers, so that nothing computes it once; a linear map that is known by its transpose alone has no value.
 */
import { type Builder, createBuilder } from "../ir/builder.js";
import { mapRegions, regionsOf } from "../ir/control.js";
import { type RuleEqn, refuseForward } from "../ir/rules.js";
import { type Eqn, type IrFunction, isControl, isFloat, isUnbounded, type Var } from "../ir/types.js";
import { dce } from "./dce.js";

const isMarked = (eqn: Eqn, ops: readonly RuleEqn["op"][]): boolean =>
  isControl(eqn) &&
  (ops.some((op) => op === eqn.op) || regionsOf(eqn).some(([, region]) => holds(region, ops)));
const holds = (fn: IrFunction, ops: readonly RuleEqn["op"][]): boolean =>
  fn.body.some((eqn) => isMarked(eqn, ops));

/** Whether anything of that kind is left: most passes come after the first. */
export const holdsRules = (fn: IrFunction): boolean => holds(fn, ["custom", "checkpoint", "fromTranspose"]);

export const inlineRules = (fn: IrFunction): IrFunction => {
  const plain = holds(fn, ["custom", "checkpoint"]) ? inlined(fn) : fn;
  if (!holds(plain, ["fromTranspose"])) return plain;
  const live = dce(plain);
  requireNone(live);
  return live;
};

const inlined = (fn: IrFunction): IrFunction => {
  const b = createBuilder();
  const params = fn.params.map((p) => b.param(p.type, p));
  return b.finish(fn.name, inlineInto(b, fn, params));
};

/**
 * Appends the function to `b`. `plain`: values of `b` that cost nothing, or that ranges are known of; they are the same in all
 * runs.
 */
const inlineInto = (
  b: Builder,
  fn: IrFunction,
  args: readonly Var[],
  plain: Set<Var> = new Set(),
): readonly Var[] => {
  const env = new Map<Var, Var>();
  fn.params.forEach((p, k) => {
    env.set(p, args[k] ?? p);
  });
  const image = (v: Var): Var => env.get(v) ?? v;
  for (const eqn of fn.body) {
    const inputs = eqn.inputs.map(image);
    const values = b.at(eqn.span, () => {
      if (!isControl(eqn)) return b.append(eqn, inputs);
      if (eqn.op === "custom") return inlineInto(b, eqn.params.body, inputs, plain);
      if (eqn.op !== "checkpoint") return b.append(mapRegions(eqn, inlined), inputs);
      const read = eqn.params.run === "first" ? inputs : inputs.map((v) => (plain.has(v) ? v : behind(b, v)));
      return inlineInto(b, eqn.params.body, read, plain);
    });
    const isCounter = eqn.op === "cast" && !isFloat(eqn.inputs[0]?.type.dtype ?? "f64");
    eqn.outs.forEach((v, k) => {
      const value = values[k] ?? v;
      env.set(v, value);
      if (eqn.inputs.length === 0 || (isCounter && value.type.shape.length === 0)) plain.add(value);
    });
  }
  return fn.results.map(image);
};

/** `v`, but nothing made from it is taken for what is made from `v`. Numbers that count are left as they are. */
const behind = (b: Builder, v: Var): Var => {
  const { dtype, shape } = v.type;
  return (shape.length === 0 && !isFloat(dtype)) || isUnbounded(v.type) ? v : b.barrier(v);
};

const requireNone = (fn: IrFunction): void => {
  for (const eqn of fn.body) {
    if (!isControl(eqn)) continue;
    if (eqn.op === "fromTranspose") refuseForward(eqn.span);
    for (const [, region] of regionsOf(eqn)) requireNone(region);
  }
};
