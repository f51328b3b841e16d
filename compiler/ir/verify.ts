/**
 * The invariants of a function, checked after every pass in tests:
 * 1. a value is defined once: as one param or as one equation's result
 * 2. a value is defined before it is used; nothing is free (unless allowed, for a function under construction)
 * 3. params are complete, of the right kind and nothing else; a constant's values belong to its dtype, and a literal
 *    has as many as its shape says
 * 4. the op's shape rule accepts the operands and gives the recorded type
 * 5. every result is defined
 * 6. the regions of a control equation are closed and sound functions
 */

import { internal, TscJitError } from "../diagnostics.js";
import { resultTypes } from "./builder.js";
import { regionsOf } from "./control.js";
import { paramAt, paramFault, REGION_KEYS, schemaOf } from "./params.js";
import { printFunction } from "./print.js";
import {
  type AnyOp,
  type AnyParams,
  type DType,
  type Eqn,
  type IrFunction,
  isControl,
  isControlOp,
  isFloat,
  sameType,
  sizeOf,
  typeText,
  type Var,
} from "./types.js";

export interface VerifyOptions {
  /** A function under construction may use values of the function around it. */
  readonly allowFree?: boolean;
}

/** Throws an internal diagnostic that shows the function with the faulty equation marked; else gives `fn` back. */
export const verify = (fn: IrFunction, options: VerifyOptions = {}): IrFunction => {
  const defined = new Set<Var>();
  const reject = (message: string, eqn: Eqn | null): never =>
    internal(
      `${fn.name}: ${message}`,
      printFunction(fn, { spans: true, marked: new Set(eqn === null ? [] : [eqn]) }),
    );
  const define = (v: Var, eqn: Eqn | null): void => {
    if (defined.has(v)) reject(`a value of type ${typeText(v.type)} is defined twice`, eqn);
    defined.add(v);
  };
  const definedLater = (v: Var): boolean => fn.body.some((eqn) => eqn.outs.includes(v));
  const use = (v: Var, eqn: Eqn | null, where: string): void => {
    if (defined.has(v)) return;
    if (definedLater(v)) reject(`${where} is used before it is defined`, eqn);
    if (options.allowFree !== true) reject(`${where} is free: neither a param nor defined`, eqn);
  };

  for (const p of fn.params) define(p, null);
  for (const eqn of fn.body) {
    for (const [k, v] of eqn.inputs.entries()) use(v, eqn, `operand ${k} of ${eqn.op}`);
    const fault = paramsFault(eqn.op, eqn.params);
    if (fault !== null) reject(`${eqn.op}: ${fault}`, eqn);
    if (isControl(eqn)) for (const [, region] of regionsOf(eqn)) verify(region);
    const refusal = typeFault(eqn);
    if (refusal !== null) reject(refusal, eqn);
    for (const out of eqn.outs) define(out, eqn);
  }
  for (const [k, v] of fn.results.entries()) use(v, null, `result ${k}`);
  return fn;
};

const typeFault = ({ op, inputs, params, outs }: Eqn): string | null => {
  try {
    const inferred = resultTypes(
      op,
      inputs.map((v) => v.type),
      params,
    );
    if (inferred.length !== outs.length)
      return `${op} gives ${inferred.length} values, ${outs.length} are recorded`;
    for (const [k, out] of outs.entries()) {
      const type = inferred[k];
      if (type !== undefined && !sameType(type, out.type))
        return `${op} gives ${typeText(type)}, recorded is ${typeText(out.type)}`;
    }
    return null;
  } catch (e) {
    if (e instanceof TscJitError || !(e instanceof Error)) throw e;
    return `the shape rule of ${op} refuses its operands: ${e.message}`;
  }
};

/** Invariant 3 for one equation: what is wrong, or null. */
export const paramsFault = (op: AnyOp, params: AnyParams[AnyOp]): string | null => {
  const schema = schemaOf(op);
  for (const [key, kind] of schema) {
    const value = paramAt(params, key);
    if (value === undefined) return `param ${key} is missing`;
    const fault = paramFault(kind, value);
    if (fault !== null) return `param ${key} ${fault}`;
  }
  for (const key of Object.keys(params)) {
    if (!schema.some(([known]) => known === key) && !isRegionKey(op, key)) return `there is no param ${key}`;
  }
  if ("value" in params && !inDType(params.value, params.dtype)) {
    return `${params.value} is no ${params.dtype}`;
  }
  if ("data" in params) {
    const { data, dtype, shape } = params;
    if (data.length !== sizeOf(shape)) return `${data.length} elements for shape [${shape.join(",")}]`;
    const stray = data.find((n) => !inDType(n, dtype));
    if (stray !== undefined) return `${stray} is no ${dtype}`;
  }
  return null;
};

const isRegionKey = (op: AnyOp, key: string): boolean =>
  isControlOp(op) && REGION_KEYS[op].some((known) => known === key);

/** Floats take any double (and round it); the others only their own values. */
const inDType = (n: number, dtype: DType): boolean => {
  if (isFloat(dtype)) return true;
  if (Object.is(n, -0)) return false;
  if (dtype === "i32") return (n | 0) === n;
  if (dtype === "u32") return n >>> 0 === n;
  return n === 0 || n === 1;
};
