/** nn: activations, normalisations and losses. */
import type { DType } from "../../compiler/ir/types.js";
import { library } from "../library-function.js";
import type { Operand, Tensor } from "../types.js";
import { type Axis, floating, lift, normalizeAxis, range } from "./core.js";
import { where } from "./elementwise.js";
import { prim } from "./prim.js";
import { logsumexp, max, mean, sum } from "./reductions.js";
import { expandDims } from "./shapes.js";

export { logsumexp };

type Unary = (x: Operand) => Tensor;
/** max(x, 0); NaN stays NaN, the derivative at 0 is 0. */
export const relu: Unary = library("nn.relu", (x: Operand): Tensor => {
  const v = lift(x);
  return where(v <= 0, 0, v);
});
/** x where x > 0, else slope * x. */
export const leakyRelu: (x: Operand, slope?: number) => Tensor = library(
  "nn.leakyRelu",
  (x: Operand, slope = 0.01): Tensor => {
    const v = lift(x);
    return where(v >= 0, v, v * slope);
  },
);
/** x where x > 0, else alpha * (exp(x) - 1). */
export const elu: (x: Operand, alpha?: number) => Tensor = library(
  "nn.elu",
  (x: Operand, alpha = 1): Tensor => {
    const v = lift(x);
    const positive = v > 0;
    // the inner where keeps expm1 of a large number out of the untaken branch's derivative
    return where(positive, v, alpha * Math.expm1(where(positive, 0, v)));
  },
);

/** -|x| with derivative -1 at 0, so that what is built on it is smooth there. */
const minusAbs = (v: Tensor): Tensor => where(v >= 0, -v, v);

/** 1 / (1 + exp(-x)). */
export const sigmoid: Unary = library("nn.sigmoid", (x: Operand): Tensor => prim.sigmoid(floating(x)));
/** log(1 + exp(x)). */
export const softplus: Unary = library("nn.softplus", (x: Operand): Tensor => {
  const v = lift(x);
  return lift(where(v >= 0, v, 0) + Math.log1p(Math.exp(minusAbs(v))));
});
/** log(1 / (1 + exp(-x))), without overflow. */
export const logSigmoid: Unary = library("nn.logSigmoid", (x: Operand): Tensor => lift(-softplus(-lift(x))));
/** x * sigmoid(x), also called swish. */
export const silu: Unary = library("nn.silu", (x: Operand): Tensor => {
  const v = lift(x);
  return lift(v * sigmoid(v));
});
/**
 * x times the share of a normal distribution below x. By default, as JAX, its approximation x/2 (1 + tanh u) = x sigmoid(2u),
 * u = sqrt(2/pi) (x + 0.044715 x^3), which differs by up to 5e-4; `approximate: false` gives the function itself, within 2 ulp.
 */
export const gelu: (x: Operand, approximate?: boolean) => Tensor = library(
  "nn.gelu",
  (x: Operand, approximate = true): Tensor => {
    const v = floating(x);
    if (!approximate) return prim.gelu(v);
    return lift(v * prim.sigmoid(lift(2 * Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))));
  },
);

/** exp(x) / sum(exp(x)) along `axis`, with the maximum taken out first. */
export const softmax: (x: Operand, axis?: Axis) => Tensor = library(
  "nn.softmax",
  (x: Operand, axis: Axis = -1): Tensor => {
    const v = lift(x);
    const e = Math.exp(v - prim.stopGradient(max(v, axis, { keepdims: true })));
    return lift(e / sum(e, axis, { keepdims: true }));
  },
);
/** log(softmax(x)) without forming the softmax. */
export const logSoftmax: (x: Operand, axis?: Axis) => Tensor = library(
  "nn.logSoftmax",
  (x: Operand, axis: Axis = -1): Tensor => {
    const v = lift(x);
    const shifted = v - prim.stopGradient(max(v, axis, { keepdims: true }));
    return lift(shifted - Math.log(sum(Math.exp(shifted), axis, { keepdims: true })));
  },
);

/** 1 where the last axis equals the label, else 0: labels' shape with `classes` appended. Labels outside give zeros. */
export const oneHot: (labels: Operand, classes: number, dtype?: DType) => Tensor = library(
  "nn.oneHot",
  (labels: Operand, classes: number, dtype: DType = "f32"): Tensor => {
    const given = lift(labels);
    const l = given.dtype === "bool" ? prim.cast(given, { dtype: "i32" }) : given;
    const wanted = prim.broadcast(expandDims(l, l.ndim), {
      shape: [...l.shape, classes],
      dims: range(l.ndim + 1),
    });
    const place = prim.iota({ dtype: l.dtype, shape: [...l.shape, classes], axis: l.ndim });
    return prim.cast(prim.eq(wanted, place), { dtype });
  },
);

/** -log softmax(logits)[label] per example: logits [.., classes], whole-number labels [..]. */
export const softmaxCrossEntropy: (logits: Operand, labels: Operand) => Tensor = library(
  "nn.softmaxCrossEntropy",
  (logits: Operand, labels: Operand): Tensor => {
    const z = lift(logits);
    const classes = z.shape[z.ndim - 1] ?? 1;
    return lift(-sum(logSoftmax(z) * oneHot(labels, classes, z.dtype), -1));
  },
);

/** (x - mean) / sqrt(var + epsilon) along `axis`, then times `gain` plus `bias`. */
export const layerNorm: (
  x: Operand,
  gain?: Operand,
  bias?: Operand,
  axis?: number,
  epsilon?: number,
) => Tensor = library(
  "nn.layerNorm",
  (x: Operand, gain: Operand = 1, bias: Operand = 0, axis = -1, epsilon = 1e-5): Tensor => {
    const v = lift(x);
    const a = normalizeAxis(axis, v.ndim);
    const d = lift(v - mean(v, a, { keepdims: true }));
    const spread = Math.sqrt(mean(d * d, a, { keepdims: true }) + epsilon);
    return lift((d / spread) * lift(gain) + lift(bias));
  },
);
