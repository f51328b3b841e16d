/** Gradients of scalar functions: reverse mode seeded with 1. */
import { fail } from "../compiler/diagnostics.js";
import { type Builder, createBuilder } from "../compiler/ir/builder.js";
import { type IrFunction, isFloat, typeText, type Var } from "../compiler/ir/types.js";
import { checkActive } from "./jvp.js";
import { materialise } from "./transpose.js";
import { vjpInto } from "./vjp.js";

export interface GradOptions {
  /** How many results after the first are auxiliary: handed through, not differentiated. */
  readonly aux?: number;
}

/** Params as `fn`; results: a gradient for each wanted param (with that param's type), then the auxiliary results. */
export const gradFunction = (
  fn: IrFunction,
  wanted: readonly boolean[],
  options: GradOptions = {},
): IrFunction => {
  const b = createBuilder();
  const { values, grads } = gradInto(b, fn, wanted, options.aux ?? 0);
  return b.finish(`${fn.name}.grad`, [...grads, ...values.slice(1)]);
};

/** Params as `fn`; results: the value, the auxiliary results, then a gradient for each wanted param. */
export const valueAndGradFunction = (
  fn: IrFunction,
  wanted: readonly boolean[],
  options: GradOptions = {},
): IrFunction => {
  const b = createBuilder();
  const { values, grads } = gradInto(b, fn, wanted, options.aux ?? 0);
  return b.finish(`${fn.name}.valueAndGrad`, [...values, ...grads]);
};

const gradInto = (b: Builder, fn: IrFunction, wanted: readonly boolean[], aux: number) => {
  checkActive(fn, wanted);
  const value = scalarResult(fn, aux);
  const args = fn.params.map((p) => b.param(p.type, p));
  const one = b.onesLike(value);
  const { outs, grads } = vjpInto(b, fn, wanted, args, [one, ...fn.results.slice(1).map(() => null)]);
  const sources = fn.params.filter((_, k) => wanted[k] === true);
  return { values: outs, grads: materialise(b, sources, grads) };
};

const scalarResult = (fn: IrFunction, aux: number): Var => {
  const [value] = fn.results;
  const found = fn.results.map((v) => typeText(v.type)).join(", ");
  if (value === undefined || fn.results.length !== 1 + aux) {
    const wantedText = aux === 0 ? "one result" : `one result and ${aux} auxiliary ones`;
    return fail("TSJ3003", "type", `grad of ${fn.name} needs ${wantedText}, it gives ${found || "none"}`, {
      hint: "return the value first; hand other results through with hasAux",
    });
  }
  if (!isFloat(value.type.dtype) || value.type.shape.length > 0) {
    const span = fn.body.find((eqn) => eqn.outs[0] === value)?.span ?? null;
    const message = `grad needs a function that gives one float scalar, this one gives ${typeText(value.type)}`;
    const hint = isFloat(value.type.dtype)
      ? "reduce it to one number (np.sum, np.mean), or take the Jacobian: jacrev"
      : "cast the result to f32 or f64; integers and booleans have no derivative";
    return fail("TSJ3001", "type", message, { span, hint });
  }
  return value;
};
