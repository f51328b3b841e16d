import assert from "node:assert/strict";
import { grad, jit, nn, np, type Tensor } from "../../runtime/index.js";
import { type FunctionReference, reference } from "./reference.js";

type Fn = (...xs: readonly Tensor[]) => number;

/** The reference's arguments are of any shape, which the functions' own types can't say. */
type Run = (...xs: FunctionReference["args"]) => Tensor;

/** Ours under the reference's name. */
const ours: Readonly<Record<string, Fn>> = {
  relu: (v) => nn.relu(v),
  leakyRelu: (v) => nn.leakyRelu(v),
  elu: (v) => nn.elu(v),
  sigmoid: (v) => nn.sigmoid(v),
  softplus: (v) => nn.softplus(v),
  logSigmoid: (v) => nn.logSigmoid(v),
  silu: (v) => nn.silu(v),
  gelu: (v) => nn.gelu(v),
  abs: (v) => np.abs(v),
  exp: (v) => np.exp(v / 8),
  square: (v) => np.square(v),
  tanh: (v) => np.tanh(v),
  sin: (v) => np.sin(v),
  cumsum: (v) => np.cumsum(v),
  clip: (v) => np.clip(v, -1, 1),
  flip: (v) => np.flip(v),
  roll: (v) => np.roll(v, 2),
  max: (v) => np.max(v),
  min: (v) => np.min(v),
  sum: (v) => np.sum(v),
  mean: (v) => np.mean(v),
  var: (v) => np.var(v),
  std: (v) => np.std(v),
  norm: (v) => np.linalg.norm(v),
  logsumexpAll: (v) => nn.logsumexp(v),
  tile: (v) => np.tile(v, [2, 3]),
  take: (v) =>
    np.take(v, [
      [0, -1],
      [3, 3],
    ]),
  pad: (v) => np.pad(v, 2, 1.5),
  log: (v) => np.log(v),
  sqrt: (v) => np.sqrt(v),
  reciprocal: (v) => np.reciprocal(v),
  prod: (v) => np.prod(v),
  log1p: (v) => np.log1p(v),
  cbrt: (v) => np.cbrt(v),
  softmax: (m) => nn.softmax(m),
  logSoftmax: (m) => nn.logSoftmax(m),
  softmax0: (m) => nn.softmax(m, 0),
  logsumexp1: (m) => nn.logsumexp(m, 1, { keepdims: true }),
  transpose: (m) => np.transpose(m),
  prod0: (m) => np.prod(m, 0),
  var1: (m) => np.var(m, 1, { ddof: 1 }),
  tril: (m) => np.tril(m),
  triu: (m) => np.triu(m, 1),
  standardize: (m) => nn.layerNorm(m),
  max1: (m) => np.max(m, 1),
  split: (m) => np.split(m, 2, 1)[1] as Tensor,
  swapaxes: (m) => np.swapaxes(m, 0, 1),
  dot: (x, y) => np.dot(x, y),
  matmul: (x, y) => np.matmul(x, y),
  matmulBroadcast: (x, y) => np.matmul(x, y),
  matvec: (x, y) => np.matmul(x, y),
  outer: (x, y) => np.outer(x, y),
  inner: (x, y) => np.inner(x, y),
  tensordot: (x, y) =>
    np.tensordot(x, y, [
      [2, 0],
      [1, 0],
    ]),
  einsum: (x, y) => np.einsum("bij,bjk->kb", x, y),
  power: (x, y) => np.power(x, y),
  arctan2: (x, y) => np.arctan2(x, y),
  maximum: (x, y) => np.maximum(x, y),
  hypot: (x, y) => np.hypot(x, y),
  mod: (x, y) => np.mod(x, y),
  concatenate: (x, y) => np.concatenate([x, y]),
  stack: (x, y) => np.stack([x, y], 1),
  where: (x, y) => np.where(x > 0, x, y),
};

/** Two ways to the same f64: a few roundings per element of a sum, relative to the largest term. */
const check = (what: string, got: ArrayLike<number>, want: readonly number[]): void => {
  assert.equal(got.length, want.length, what);
  const scale = Math.max(1, ...want.map(Math.abs).filter(Number.isFinite));
  want.forEach((w, k) => {
    const g = got[k] ?? Number.NaN;
    const same = Object.is(g, w) || g === w || Math.abs(g - w) <= 64 * 2 ** -52 * scale;
    assert.ok(same, `${what}[${k}]: ${g}, JAX has ${w}`);
  });
};

const compare = (f: Fn, ref: FunctionReference): void => {
  const run = jit(f) as unknown as Run;
  const got = run(...ref.args);
  assert.deepEqual([...got.shape], [...ref.shape]);
  check("value", got.data, ref.value);
  const weighted = (...xs: readonly Tensor[]) => {
    const y = f(...xs);
    const flat = np.ravel(y);
    return np.sum(flat * (np.arange(0, flat.size, 1, "f64") + 1));
  };
  ref.grads.forEach((want, k) => {
    const gradient = grad(weighted, { argnums: k }) as unknown as Run;
    check(`gradient by operand ${k}`, gradient(...ref.args).data, want);
  });
};

describe("np, nn: values and gradients as JAX gives them", () => {
  for (const ref of reference.functions) {
    it(ref.name, () => {
      const f = ours[ref.name];
      assert.ok(f !== undefined, `no counterpart of ${ref.name}`);
      compare(f, ref);
    });
  }
});
