/**
 * optim: gradient descent methods as pairs of functions. `init(params)` makes the state; `update(grads, state, params)`
 * gives `{ updates, state }`, and `applyUpdates(params, updates)` the new parameters. All take trees.
 */
import { fail } from "../../compiler/diagnostics.js";
import { factory, library } from "../library-function.js";
import type { Tensor } from "../types.js";
import { lift, requireOptions } from "./core.js";
import { prim } from "./prim.js";
import { treeLeaves, treeMap } from "./tree.js";

/** A constant, or a function of the step count (0 at the first step). */
export type LearningRate = number | ((step: Tensor) => number);

export interface Optimizer<State> {
  readonly init: <P>(params: P) => State;
  readonly update: <P>(grads: P, state: State, params?: P) => { readonly updates: P; readonly state: State };
}

/** params + updates, leaf by leaf. */
export const applyUpdates: <P>(params: P, updates: P) => P = library(
  "optim.applyUpdates",
  <P>(params: P, updates: P): P => treeMap((p, u) => p + u, params, updates),
);

const zeroLike = (p: Tensor): Tensor => prim.const({ value: 0, dtype: p.dtype, shape: p.shape });
const zeroCount = (): Tensor => prim.const({ value: 0, dtype: "i32", shape: [] });
const rateAt = (rate: LearningRate, step: Tensor): number => (typeof rate === "function" ? rate(step) : rate);

const checkRate = (of: string, rate: unknown): void => {
  if (typeof rate !== "number" && typeof rate !== "function")
    fail(
      "TSJ4043",
      "type",
      `the learning rate of ${of} is a number or a function of the step, not a ${typeof rate}`,
    );
};

export interface SgdState {
  readonly count: Tensor;
  /** Running direction; null without momentum. */
  readonly velocity: unknown;
}
export interface SgdOptions {
  readonly momentum?: number;
  /** Looks ahead along the velocity (Nesterov). */
  readonly nesterov?: boolean;
}
const makeSgd = (rate: LearningRate, options: SgdOptions = {}): Optimizer<SgdState> => {
  checkRate("optim.sgd", rate);
  requireOptions("optim.sgd", options, ["momentum", "nesterov"]);
  const { momentum = 0, nesterov = false } = options;
  const init = <P>(params: P): SgdState => ({
    count: zeroCount(),
    velocity: momentum === 0 ? null : treeMap(zeroLike, params),
  });
  const update = <P>(grads: P, state: SgdState): { updates: P; state: SgdState } => {
    const lr = rateAt(rate, state.count);
    const count = lift(state.count + 1);
    if (momentum === 0) return { updates: treeMap((g) => -lr * g, grads), state: { count, velocity: null } };
    const velocity = treeMap((g, v) => momentum * v + g, grads, state.velocity);
    const direction = nesterov ? treeMap((g, v) => momentum * v + g, grads, velocity) : velocity;
    return { updates: treeMap((v) => -lr * v, direction), state: { count, velocity } };
  };
  return { init: library("optim.sgd.init", init), update: library("optim.sgd.update", update) };
};
/** Gradient descent: v = momentum * v + g; p -= rate * v. `rate` is a number or a function of the step count. */
export const sgd: (rate: LearningRate, options?: SgdOptions) => Optimizer<SgdState> = factory(
  "optim.sgd",
  makeSgd,
);

export interface AdamState {
  readonly count: Tensor;
  /** Running means of the gradient and of its square. */
  readonly mean: unknown;
  readonly square: unknown;
}
export interface AdamOptions {
  readonly b1?: number;
  readonly b2?: number;
  readonly eps?: number;
  /** Decoupled weight decay (AdamW): p -= rate * weightDecay * p. */
  readonly weightDecay?: number;
}
const makeAdam = (rate: LearningRate, options: AdamOptions = {}): Optimizer<AdamState> => {
  checkRate("optim.adam", rate);
  requireOptions("optim.adam", options, ["b1", "b2", "eps", "weightDecay"]);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, weightDecay = 0 } = options;
  const init = <P>(params: P): AdamState => ({
    count: zeroCount(),
    mean: treeMap(zeroLike, params),
    square: treeMap(zeroLike, params),
  });
  const update = <P>(grads: P, state: AdamState, params: P = grads): { updates: P; state: AdamState } => {
    const lr = rateAt(rate, state.count);
    const count = lift(state.count + 1);
    const mean = treeMap((g, m) => b1 * m + (1 - b1) * g, grads, state.mean);
    const square = treeMap((g, s) => b2 * s + (1 - b2) * g * g, grads, state.square);
    // bias corrections 1 / (1 - b^t)
    const t = prim.cast(count, { dtype: "f32" });
    const c1 = 1 / (1 - b1 ** t);
    const c2 = 1 / (1 - b2 ** t);
    const step = (m: Tensor, s: Tensor, p: Tensor): number => {
      const direction = (m * c1) / (Math.sqrt(s * c2) + eps);
      return -lr * (weightDecay === 0 ? direction : direction + weightDecay * p);
    };
    const updates = treeMap(
      (_g, m, s, p) => step(m as Tensor, s as Tensor, p as Tensor),
      grads,
      mean,
      square,
      params,
    );
    return { updates, state: { count, mean, square } };
  };
  return { init: library("optim.adam.init", init), update: library("optim.adam.update", update) };
};
/**
 * Kingma and Ba, "Adam" (2015), algorithm 1; with `weightDecay` Loshchilov and Hutter's AdamW. `rate` is a number or a
 * function of the step count.
 */
export const adam: (rate: LearningRate, options?: AdamOptions) => Optimizer<AdamState> = factory(
  "optim.adam",
  makeAdam,
);

/** Square root of the sum of squares of all leaves. */
export const globalNorm: (tree: unknown) => Tensor = library("optim.globalNorm", (tree: unknown): Tensor => {
  const squares = treeLeaves(tree).map((g) =>
    prim.reduceSum(lift(g * g), { axes: g.shape.map((_, k) => k) }),
  );
  return lift(Math.sqrt(squares.reduce((a: number, b: number) => a + b, 0)));
});

/** The gradients scaled down so that their global norm is at most `limit`. */
export const clipByGlobalNorm: <P>(grads: P, limit: number) => P = library(
  "optim.clipByGlobalNorm",
  <P>(grads: P, limit: number): P => {
    const norm = globalNorm(grads);
    const scale = limit / Math.max(norm, limit);
    return treeMap((g) => g * scale, grads);
  },
);
