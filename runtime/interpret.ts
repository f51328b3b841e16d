/** The reference semantics of the IR: every equation evaluated by its op's record, one after the other. */
import { diagnostic, errorOf, internal, type Span, type TscJitError } from "../compiler/diagnostics.js";
import {
  type ControlOp,
  type ControlParams,
  type Eqn,
  type IrFunction,
  isControl,
  type OpName,
  type OpParams,
  sameType,
  type TensorType,
  typeText,
  type Var,
} from "../compiler/ir/types.js";
import { controlTable, opTable } from "../compiler/ops/index.js";
import { CheckError, type NdArray } from "../compiler/ops/op.js";

/** An index or a cast out of range, or a failed check, found at run time, as a diagnostic at the user's line. */
export const rangeDiagnostic = (cause: RangeError, span: Span | null): TscJitError =>
  errorOf(
    [diagnostic(cause instanceof CheckError ? cause.code : "TSJ6001", "range", cause.message, { span })],
    { cause },
  );

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

const evaluateControl = <K extends ControlOp>(
  op: K,
  inputs: readonly NdArray[],
  params: ControlParams[K],
): readonly NdArray[] => controlTable[op].eval(interpret, inputs, params);

const valuesOf = (eqn: Eqn, inputs: readonly NdArray[]): readonly NdArray[] =>
  isControl(eqn)
    ? evaluateControl(eqn.op, inputs, eqn.params)
    : [evaluate(eqn.op, inputs, eqn.params, eqn.span)];

const requireType = (what: string, got: TensorType, wanted: TensorType): void => {
  if (!sameType(got, wanted)) internal(`${what} is ${typeText(got)}, not ${typeText(wanted)}`);
};

/** For each equation, the values that no later equation and no result reads. */
const deadAfter = (fn: IrFunction): readonly (readonly Var[])[] => {
  const known = deadOf.get(fn);
  if (known !== undefined) return known;
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
  deadOf.set(fn, dead);
  return dead;
};
/** Regions are run again and again. */
const deadOf = new WeakMap<IrFunction, readonly (readonly Var[])[]>();

/**
 * Runs `fn` on arguments of its parameters' types; arrays are never written to, but a result may share an argument's storage.
 * Values are dropped after their last use. A value out of range throws an error of kind "range" with the equation's span
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
    const values = valuesOf(eqn, eqn.inputs.map(read));
    eqn.outs.forEach((out, i) => {
      const value = values[i] ?? internal(`${eqn.op} in ${fn.name} lacks result ${i}`);
      requireType(`result of ${eqn.op} in ${fn.name}`, value, out.type);
      env.set(out, value);
    });
    for (const v of dead[k] ?? []) env.delete(v);
  });
  return fn.results.map(read);
};
