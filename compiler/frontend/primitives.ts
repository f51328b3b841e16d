/** `prim.*`: one op each, operands first, then the op's params as one static object. No promotion. */
import { paramFault, schemaOf } from "../ir/params.js";
import {
  BINARY_OPS,
  type DType,
  type OpName,
  type OpParams,
  type TensorType,
  UNARY_OPS,
  type Var,
} from "../ir/types.js";
import { opTable } from "../ops/index.js";
import { describe } from "./describe.js";
import { refuse, type Site } from "./machine.js";
import { toHost } from "./reify.js";
import { constantOf, constantVar, derived, lift, varOf } from "./tensors.js";
import type { Value } from "./values.js";

const WITHOUT_PARAMS: ReadonlySet<string> = new Set([...UNARY_OPS, ...BINARY_OPS, "select", "dynamicUpdate"]);
const isOp = (name: string): name is OpName => Object.hasOwn(opTable, name);

/** The dtype and shape that a number among the operands takes: those of the first staged operand that is not the condition. */
const likeOf = (name: OpName, operands: readonly Value[]): TensorType | null => {
  const staged = operands.flatMap((o, k) =>
    o.kind === "tensor" && !(name === "select" && k === 0) ? [o.v.type] : [],
  );
  return staged[0] ?? null;
};

/** Operands of these ops that are scalars of the first one's dtype, or indices. */
const scalarType = (name: OpName, k: number, like: TensorType): TensorType => {
  if (name === "pad" && k === 1) return { dtype: like.dtype, shape: [] };
  const isStart = (name === "dynamicSlice" && k >= 1) || (name === "dynamicUpdate" && k >= 2);
  const isIndex = (name === "gather" || name === "scatterAdd") && k === 1;
  return isStart || isIndex ? { dtype: "i32", shape: [] } : like;
};

const operandVar = (site: Site, name: OpName, operand: Value, k: number, like: TensorType | null): Var => {
  const constant = constantOf(operand);
  if (constant === null) return varOf(site, lift(site, operand, `operand ${k} of prim.${name}`));
  const { builder } = site.machine;
  const [value = 0] = constant.data;
  if (constant.shape.length > 0) {
    const index = (name === "gather" || name === "scatterAdd") && k === 1;
    const dtype: DType = index ? "i32" : (like?.dtype ?? (constant.bool ? "bool" : "f64"));
    return constantVar(site, constant, dtype);
  }
  const type = like === null ? null : scalarType(name, k, like);
  return builder.splat(value, type ?? { dtype: constant.bool ? "bool" : "f64", shape: [] });
};

/** Ops whose result has the dtype asked for: it is no longer a JavaScript number. */
const STRONG: ReadonlySet<OpName> = new Set<OpName>([
  "cast",
  "bitcast",
  "const",
  "literal",
  "iota",
  "threefry",
  "argmax",
  "argmin",
]);

export const callPrimitive = (site: Site, name: string, args: readonly Value[]): Value => {
  if (!isOp(name)) return refuse(site, "TSJ1041", `there is no primitive \`${name}\``);
  const takesParams = !WITHOUT_PARAMS.has(name);
  const params = takesParams
    ? toHost(site, args.at(-1) ?? { kind: "static", value: undefined }, `the params of prim.${name}`)
    : {};
  if (typeof params !== "object" || params === null)
    return refuse(site, "TSJ2104", `prim.${name} takes its params as one object at the end`);
  for (const [key, kind] of schemaOf(name)) {
    const value: unknown = Reflect.get(params, key);
    const fault = value === undefined ? "is missing" : paramFault(kind, value);
    if (fault !== null) refuse(site, "TSJ2104", `prim.${name}: the param ${key} ${fault}`);
  }
  const operands = takesParams ? args.slice(0, -1) : args;
  for (const o of operands)
    if (o.kind === "object" || o.kind === "function")
      refuse(site, "TSJ2104", `${describe(o)} is no operand of prim.${name}`);
  const like = likeOf(name, operands);
  const vars = operands.map((o, k) => operandVar(site, name, o, k, like));
  // The params come from the library's own calls; the op's shape rule checks them.
  const v = site.machine.builder.emit(name, vars, params as OpParams[typeof name]);
  const numbers = operands.every((o) => o.kind === "static" || (o.kind === "tensor" && o.weak));
  const isNumber = v.type.dtype === "f64" || v.type.dtype === "bool";
  return derived(site, operands, v, numbers && isNumber && !STRONG.has(name));
};
