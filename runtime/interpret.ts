/** The reference semantics of the IR: every equation evaluated by its op's record, one after the other. */
import { diagnostic, internal, type Span, TscJitError } from "../compiler/diagnostics.js";
import {
  type IrFunction,
  type OpName,
  type OpParams,
  sameType,
  type TensorType,
  typeText,
  type Var,
} from "../compiler/ir/types.js";
import { opTable } from "../compiler/ops/index.js";
import type { NdArray } from "../compiler/ops/op.js";

/** An index or a cast out of range, found at run time, as a diagnostic at the user's line. */
export const rangeDiagnostic = (cause: RangeError, span: Span | null): TscJitError =>
  new TscJitError([diagnostic("TSJ6001", "range", cause.message, { span })], { cause });

const evaluate = <K extends OpName>(
  op: K,
  inputs: readonly NdArray[],
  params: OpParams[K],
  span: Span | null,
): NdArray => {
  try {
    return opTable[op].eval(inputs, params);
  } catch (e) {
    throw e instanceof RangeError ? rangeDiagnostic(e, span) : e;
  }
};

const requireType = (what: string, got: TensorType, wanted: TensorType): void => {
  if (!sameType(got, wanted)) internal(`${what} is ${typeText(got)}, not ${typeText(wanted)}`);
};

/** For each equation, the values that no later equation and no result reads. */
const deadAfter = (fn: IrFunction): readonly (readonly Var[])[] => {
  const seen = new Set<Var>(fn.results);
  const dead: Var[][] = fn.body.map(() => []);
  for (let k = fn.body.length - 1; k >= 0; k--) {
    const eqn = fn.body[k];
    for (const v of eqn === undefined ? [] : [...eqn.inputs, ...eqn.outs]) {
      if (seen.has(v)) continue;
      seen.add(v);
      dead[k]?.push(v);
    }
  }
  return dead;
};

/**
 * Runs `fn` on arguments of its parameters' types; arrays are never written to, but a result may share an argument's storage.
 * Values are dropped after their last use. A value out of range throws a TscJitError of kind "range" with the equation's span
 * and the RangeError as its cause; arguments of other types are an internal error, because callers check them.
 */
export const interpret = (fn: IrFunction, args: readonly NdArray[]): readonly NdArray[] => {
  if (args.length !== fn.params.length)
    internal(`${fn.name} takes ${fn.params.length} arguments, got ${args.length}`);
  const env = new Map<Var, NdArray>();
  fn.params.forEach((p, k) => {
    const arg = args[k];
    if (arg === undefined) return;
    requireType(`argument ${k} of ${fn.name}`, arg, p.type);
    env.set(p, arg);
  });
  const read = (v: Var): NdArray =>
    env.get(v) ?? internal(`a value of ${fn.name} (${typeText(v.type)}) is read before it is defined`);

  const dead = deadAfter(fn);
  fn.body.forEach((eqn, k) => {
    const value = evaluate(eqn.op, eqn.inputs.map(read), eqn.params, eqn.span);
    requireType(`result of ${eqn.op} in ${fn.name}`, value, eqn.outs[0].type);
    env.set(eqn.outs[0], value);
    for (const v of dead[k] ?? []) env.delete(v);
  });
  return fn.results.map(read);
};
