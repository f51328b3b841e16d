/** Methods of tensors, inside and outside compiled code: each is a function of the library with the tensor first. */
import type { AnyFunction } from "../../compiler/frontend/types.js";
import * as elementwise from "./elementwise.js";
import * as products from "./products.js";
import * as reductions from "./reductions.js";
import * as shapes from "./shapes.js";

export const tensorMethods: Readonly<Record<string, AnyFunction>> = {
  abs: elementwise.abs,
  exp: elementwise.exp,
  log: elementwise.log,
  sqrt: elementwise.sqrt,
  tanh: elementwise.tanh,
  add: elementwise.add,
  sub: elementwise.subtract,
  mul: elementwise.multiply,
  div: elementwise.divide,
  pow: elementwise.power,
  neg: elementwise.negative,
  maximum: elementwise.maximum,
  minimum: elementwise.minimum,
  clip: elementwise.clip,
  astype: elementwise.astype,
  sum: reductions.sum,
  mean: reductions.mean,
  prod: reductions.prod,
  max: reductions.max,
  min: reductions.min,
  var: reductions.variance,
  std: reductions.std,
  argmax: reductions.argmax,
  argmin: reductions.argmin,
  cumsum: reductions.cumsum,
  reshape: shapes.reshape,
  transpose: shapes.transpose,
  ravel: shapes.ravel,
  squeeze: shapes.squeeze,
  take: shapes.take,
  dot: products.dot,
  matmul: products.matmul,
};
