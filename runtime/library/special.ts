/** special: the functions of jax.scipy.special. Integers give f32. */
import { library } from "../library-function.js";
import { jvp } from "../linear-maps.js";
import type { Operand, Tensor } from "../types.js";
import { floating, lift } from "./core.js";
import { onesLike } from "./creation.js";
import { erfinv } from "./erfinv.js";
import { prim } from "./prim.js";

export { erfinv };

type Unary = (x: Operand) => Tensor;

/** The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export const erf: Unary = library("special.erf", (x: Operand): Tensor => prim.erf(floating(x)));
/** 1 - erf(x), precise where that is small. */
export const erfc: Unary = library("special.erfc", (x: Operand): Tensor => prim.erfc(floating(x)));
/** The share of a normal distribution below x, precise in the lower tail. */
export const ndtr: Unary = library("special.ndtr", (x: Operand): Tensor => prim.ndtr(floating(x)));
/** log |gamma(x)|; Infinity at 0, -1, -2, ... */
export const gammaln: Unary = library("special.gammaln", (x: Operand): Tensor => prim.lgamma(floating(x)));
/** The derivative of gammaln; NaN at 0, -1, -2, ... */
export const digamma: Unary = library("special.digamma", (x: Operand): Tensor => {
  const v = floating(x);
  return jvp((u: Tensor) => prim.lgamma(u), [v], [onesLike(v)])[1];
});
/** 1 / (1 + exp(-x)), the logistic function: `nn.sigmoid`. */
export const expit: Unary = library("special.expit", (x: Operand): Tensor => prim.sigmoid(floating(x)));
/** log(x / (1 - x)), the inverse of `expit`. */
export const logit: Unary = library("special.logit", (x: Operand): Tensor => {
  const v = lift(x);
  return lift(Math.log(v / (1 - v)));
});
