/** Programs whose kernels the goldens show, in tensor IR. */
import { valueAndGradFunction } from "../../autodiff/grad.js";
import { type Builder, createBuilder } from "../../compiler/ir/builder.js";
import type { DotParams, IrFunction, Shape, TensorType, Var } from "../../compiler/ir/types.js";
import { runPasses } from "../../compiler/passes/pipeline.js";

export const f32 = (...shape: number[]): TensorType => ({ dtype: "f32", shape });
/** lhs [m, k] times rhs [k, n]. */
const plainDot: DotParams = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] };

export const build = (
  name: string,
  types: readonly TensorType[],
  body: (b: Builder, ...params: readonly Var[]) => readonly Var[],
): IrFunction => {
  const b = createBuilder();
  const params = types.map((t) => b.param(t));
  return b.finish(name, body(b, ...params));
};
export const optimised = (fn: IrFunction): IrFunction => runPasses(fn).fn;

const last = (x: Var): number => x.type.shape.length - 1;
/** Reduces the last axis and spreads the result over it again. */
const overRows = (b: Builder, x: Var, op: "reduceSum" | "reduceMax"): Var => {
  const dims = x.type.shape.slice(0, -1).map((_, d) => d);
  return b.broadcast(b.emit(op, [x], { axes: [last(x)] }), x.type.shape, dims);
};
const spreadRow = (b: Builder, v: Var, shape: Shape): Var => b.broadcast(v, shape, [shape.length - 1]);

export const softmax = (b: Builder, x: Var): Var => {
  const e = b.exp(b.sub(x, overRows(b, x, "reduceMax")));
  return b.div(e, overRows(b, e, "reduceSum"));
};

export const layerNorm = (b: Builder, x: Var, scale: Var, shift: Var): Var => {
  const n = b.fill(x, x.type.shape[last(x)] ?? 1);
  const d = b.sub(x, b.div(overRows(b, x, "reduceSum"), n));
  const variance = b.div(overRows(b, b.mul(d, d), "reduceSum"), n);
  const unit = b.div(d, b.sqrt(b.add(variance, b.fill(x, 1e-5))));
  return b.add(b.mul(unit, spreadRow(b, scale, x.type.shape)), spreadRow(b, shift, x.type.shape));
};

/** mean((x w + c - y)^2) */
export const meanSquaredError = (b: Builder, w: Var, c: Var, x: Var, y: Var): Var => {
  const e = b.sub(b.add(b.mul(x, b.broadcastScalar(w, x.type.shape)), b.broadcastScalar(c, x.type.shape)), y);
  const total = b.reduceSum(
    b.mul(e, e),
    x.type.shape.map((_, d) => d),
  );
  return b.div(
    total,
    b.fill(
      total,
      x.type.shape.reduce((p, q) => p * q, 1),
    ),
  );
};

const linear = (b: Builder, x: Var, w: Var, bias: Var): Var => {
  const z = b.emit("dot", [x, w], plainDot);
  return b.add(z, spreadRow(b, bias, z.type.shape));
};

/** Softmax cross-entropy of a network with one hidden layer; y is one-hot. */
const networkLoss = (b: Builder, [w1, b1, w2, b2]: readonly Var[], x: Var, y: Var): Var => {
  if (w1 === undefined || b1 === undefined || w2 === undefined || b2 === undefined)
    throw new Error("four parameters");
  const z = linear(b, x, w1, b1);
  const logits = linear(b, b.max(z, b.zerosLike(z)), w2, b2);
  const shifted = b.sub(logits, overRows(b, b.emit("stopGradient", [logits], {}), "reduceMax"));
  const logp = b.sub(shifted, b.log(overRows(b, b.exp(shifted), "reduceSum")));
  const total = b.reduceSum(b.mul(y, logp), [0, 1]);
  return b.neg(b.div(total, b.fill(total, x.type.shape[0] ?? 1)));
};

export interface Sizes {
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly classes: number;
}

/** The network's parameter types: w1, b1, w2, b2. */
export const networkTypes = (s: Sizes): readonly TensorType[] => [
  f32(s.inputs, s.hidden),
  f32(s.hidden),
  f32(s.hidden, s.classes),
  f32(s.classes),
];

export const networkLossFunction = (s: Sizes): IrFunction =>
  build("loss", [...networkTypes(s), f32(s.batch, s.inputs), f32(s.batch, s.classes)], (b, ...v) => {
    const [x, y] = v.slice(4);
    if (x === undefined || y === undefined) throw new Error("no data");
    return [networkLoss(b, v, x, y)];
  });

const BETA1 = 0.9;
const BETA2 = 0.999;

/**
 * One step of Adam: (params, first moments, second moments, t, x, y) to (loss, params, first moments, second moments).
 * m' = b1 m + (1 - b1) g; v' = b2 v + (1 - b2) g^2; p' = p - rate m' / (1 - b1^t) / (sqrt(v' / (1 - b2^t)) + eps)
 */
export const adamStep = (s: Sizes): IrFunction => {
  const types = networkTypes(s);
  const gradient = valueAndGradFunction(networkLossFunction(s), [true, true, true, true, false, false]);
  const all = [...types, ...types, ...types, f32(), f32(s.batch, s.inputs), f32(s.batch, s.classes)];
  return build("step", all, (b, ...v) => {
    const [params, firsts, seconds] = [v.slice(0, 4), v.slice(4, 8), v.slice(8, 12)];
    const t = v[12];
    if (t === undefined) throw new Error("no step count");
    const [loss, ...grads] = b.inline(gradient, [...params, ...v.slice(13)]);
    if (loss === undefined) throw new Error("no loss");
    const correction = (beta: number): Var => b.sub(b.scalar(1, "f32"), b.pow(b.scalar(beta, "f32"), t));
    const [c1, c2] = [correction(BETA1), correction(BETA2)];
    const updated = params.map((p, k) => {
      const [g, m, w] = [grads[k], firsts[k], seconds[k]];
      if (g === undefined || m === undefined || w === undefined)
        throw new Error("a parameter lacks its state");
      const m1 = b.add(b.mul(b.fill(p, BETA1), m), b.mul(b.fill(p, 1 - BETA1), g));
      const w1 = b.add(b.mul(b.fill(p, BETA2), w), b.mul(b.mul(b.fill(p, 1 - BETA2), g), g));
      const wide = (c: Var): Var => b.broadcastScalar(c, p.type.shape);
      const denominator = b.add(b.sqrt(b.div(w1, wide(c2))), b.fill(p, 1e-8));
      const p1 = b.sub(p, b.div(b.mul(b.fill(p, 1e-3), b.div(m1, wide(c1))), denominator));
      return [p1, m1, w1] as const;
    });
    return [loss, ...updated.map((u) => u[0]), ...updated.map((u) => u[1]), ...updated.map((u) => u[2])];
  });
};
