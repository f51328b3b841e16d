/**
 * The primitives as functions: operands first, then the params of those that have any. Operands need equal dtypes (and
 * shapes, where the op is elementwise); nothing is promoted or broadcast. In compiled code each is one equation; outside,
 * it is evaluated by its definition.
 */
import { fail } from "../../compiler/diagnostics.js";
import { register, registerNamespace } from "../../compiler/frontend/registry.js";
import { paramFault, paramSchema, schemaOf } from "../../compiler/ir/params.js";
import type { NoParams, OpName, OpParams, TensorType } from "../../compiler/ir/types.js";
import { opTable } from "../../compiler/ops/index.js";
import { type NdArray, ShapeError } from "../../compiler/ops/op.js";
import { newData } from "../arena.js";
import { stagedType } from "../signature.js";
import { fromData, isTensor } from "../tensor.js";
import type { Operand, Tensor } from "../types.js";

/** What each primitive takes. */
export type Prim = {
  readonly [K in OpName]: OpParams[K] extends NoParams
    ? (...operands: readonly Operand[]) => Tensor
    : (...args: readonly [...operands: Operand[], params: OpParams[K]]) => Tensor;
};

const operand = (op: OpName, x: unknown): NdArray => {
  const staged = stagedType(x);
  if (staged === null)
    return fail("TSJ5080", "type", `prim.${op} takes tensors and numbers as operands, not a ${typeof x}`);
  const { leaf, type } = staged;
  const { dtype, shape } = type;
  if (isTensor(leaf)) return { dtype, shape, data: leaf.data };
  const elements: ArrayLike<number> =
    typeof leaf === "number" ? [leaf] : "elements" in leaf ? leaf.elements : leaf;
  const data = newData(dtype, elements.length);
  data.set(elements);
  return { dtype, shape, data };
};

const checkParams = (op: OpName, params: unknown): void => {
  const schema = schemaOf(op);
  const names = schema.map(([name]) => name).join(", ");
  const given: object =
    typeof params === "object" && params !== null && !isTensor(params)
      ? params
      : fail("TSJ5082", "type", `prim.${op} takes its params at the end, as one object: { ${names} }`);
  for (const [name, kind] of schema) {
    const value: unknown = Reflect.get(given, name);
    const fault = value === undefined ? "is missing" : paramFault(kind, value);
    if (fault !== null) fail("TSJ5082", "type", `prim.${op}: the param ${name} ${fault}`);
  }
};

const inferType = <K extends OpName>(
  op: K,
  inputs: readonly TensorType[],
  params: OpParams[K],
): TensorType => {
  try {
    return opTable[op].infer(inputs, params);
  } catch (e) {
    if (e instanceof ShapeError) return fail("TSJ5081", e.kind, `prim.${op}: ${e.message}`);
    throw e;
  }
};

/** An op outside of compiled code. */
const evaluate = <K extends OpName>(op: K, args: readonly unknown[]): Tensor => {
  const hasParams = Object.keys(paramSchema[op]).length > 0;
  const given: unknown = hasParams ? args.at(-1) : {};
  checkParams(op, given);
  const inputs = (hasParams ? args.slice(0, -1) : args).map((x) => operand(op, x));
  const params = given as OpParams[K]; // by the check
  inferType(op, inputs, params);
  const { data, dtype, shape } = opTable[op].eval(inputs, params);
  return fromData(data.slice(), dtype, [...shape]);
};

const names = Object.keys(paramSchema) as OpName[];

/** Every op of the IR by its name. */
export const prim: Prim = registerNamespace(
  "prim",
  // One entry per op name, each of which hands its arguments on: the mapped type holds by construction.
  Object.fromEntries(
    names.map((op) => [
      op,
      register((...args: readonly unknown[]): Tensor => evaluate(op, args), {
        kind: "intrinsic",
        id: `prim.${op}`,
      }),
    ]),
  ) as unknown as Prim,
);
