/** Cases of nn, special, random, optim and tree. */
import { nn, np, optim, random, special, type Tensor, tree } from "../../runtime/index.js";
import {
  apart,
  type EntriesOf,
  flat,
  indices,
  keys,
  type LibraryEntry,
  on,
  positive,
  real,
  smooth,
} from "./cases.js";

const each = (f: (x: Tensor) => Tensor, arg: typeof real = real): LibraryEntry =>
  smooth(
    on([arg()], (x) => f(x)),
    on([arg(2, 3)], (x) => f(x)),
  );

export const nnCases: EntriesOf<typeof nn> = {
  elu: smooth(
    ...each((x) => nn.elu(x), apart).cases,
    on([apart(5)], (x) => nn.elu(x, 0.5)),
  ),
  gelu: smooth(
    ...each((x) => nn.gelu(x)).cases,
    on([real(5)], (x) => nn.gelu(x, false)),
  ),
  layerNorm: smooth(
    on([real(2, 4)], (x) => nn.layerNorm(x)),
    on([real(2, 4), real(4), real(4)], (x, g, b) => nn.layerNorm(x, g, b)),
    on([real(3, 2), real(3, 1)], (x, g) => nn.layerNorm(x, g, 0, 0, 0.1)),
  ),
  leakyRelu: smooth(
    ...each((x) => nn.leakyRelu(x), apart).cases,
    on([apart(5)], (x) => nn.leakyRelu(x, 0.3)),
  ),
  logSigmoid: each((x) => nn.logSigmoid(x)),
  logSoftmax: smooth(
    on([real(2, 3)], (x) => nn.logSoftmax(x)),
    on([real(2, 3)], (x) => nn.logSoftmax(x, 0)),
  ),
  logsumexp: smooth(
    on([real(2, 3)], (x) => nn.logsumexp(x)),
    on([real(2, 3)], (x) => nn.logsumexp(x, 1, { keepdims: true })),
  ),
  oneHot: flat(on([indices(3, 4)], (i) => nn.oneHot(i, 3, "f64"))),
  relu: each((x) => nn.relu(x), apart),
  sigmoid: each((x) => nn.sigmoid(x)),
  silu: each((x) => nn.silu(x)),
  softmax: smooth(
    on([real(2, 3)], (x) => nn.softmax(x)),
    on([real(2, 3)], (x) => nn.softmax(x, [0, 1])),
  ),
  softmaxCrossEntropy: smooth(on([real(4, 3), indices(3, 4)], (z, y) => nn.softmaxCrossEntropy(z, y))),
  softplus: each((x) => nn.softplus(x)),
};

/** Of the parameters that shape and shift the numbers: what they are drawn from is constant. */
export const randomCases: EntriesOf<typeof random> = {
  bernoulli: flat(on([keys(), positive(3)], (k, p) => random.bernoulli(k, p * 0.4))),
  bits: flat(on([keys()], (k) => random.bits(k, [3]))),
  categorical: flat(on([keys(), apart(2, 3)], (k, z) => random.categorical(k, z))),
  foldIn: flat(on([keys(), indices(9)], (k, i) => random.foldIn(k, i))),
  gumbel: smooth(on([keys(), real(3)], (k, scale) => random.gumbel(k, [3]) * scale)),
  key: flat(on([indices(99)], (i) => random.key(i))),
  normal: smooth(
    on([keys(), real(3), real(3)], (k, mean, scale) => random.normal(k, [3], "f64") * scale + mean),
  ),
  randint: flat(on([keys()], (k) => random.randint(k, [3], 0, 7))),
  split: flat(on([keys()], (k) => random.split(k, 3))),
  uniform: smooth(
    on([keys(), real(), positive()], (k, low, width) => random.uniform(k, [3], low, low + width, "f64")),
    on([keys(), real(3)], (k, high) => random.uniform(k, [2, 3], -3, high, "f64")),
  ),
};

/** Two steps, of which the second reads the state of the first. */
const steps = (
  optimizer: {
    init: (p: Params) => never;
    update: (g: Params, s: never, p: Params) => { updates: Params; state: never };
  },
  params: Params,
  grads: Params,
): Params => {
  const first = optimizer.update(grads, optimizer.init(params), params);
  const next = optim.applyUpdates(params, first.updates);
  const second = optimizer.update({ w: grads.w * params.w, b: grads.b }, first.state, next);
  return optim.applyUpdates(next, second.updates);
};
interface Params {
  readonly w: number;
  readonly b: number;
}

/** The arguments of logit: between 0 and 1. */
const half = (x: number): Tensor => np.add(x / 4, 0.5);

export const specialCases: EntriesOf<typeof special> = {
  digamma: each((x) => special.digamma(x), positive),
  erf: each((x) => special.erf(x)),
  erfc: each((x) => special.erfc(x)),
  erfinv: each((x) => special.erfinv(x / 3)),
  expit: each((x) => special.expit(x)),
  gammaln: each((x) => special.gammaln(x), positive),
  logit: each((x) => special.logit(half(x))),
  ndtr: each((x) => special.ndtr(x)),
};

export const optimCases: EntriesOf<typeof optim> = {
  adam: smooth(
    on([real(3), real(), positive(3), positive()], (w, b, dw, db) => ({
      ...steps(optim.adam(0.1) as never, { w, b }, { w: dw, b: db }),
    })),
    on([real(3), real(), positive(3), positive()], (w, b, dw, db) => ({
      ...steps(optim.adam(0.1, { weightDecay: 0.2 }) as never, { w, b }, { w: dw, b: db }),
    })),
  ),
  applyUpdates: smooth(
    on([real(3), real(3)], (x, y) => ({ ...optim.applyUpdates({ x, y }, { x: y, y: x }) })),
  ),
  clipByGlobalNorm: smooth(
    on([real(3), real()], (x, y) => [...optim.clipByGlobalNorm([x, y], 0.1)]),
    on([real(3), real()], (x, y) => [...optim.clipByGlobalNorm([x, y], 100)]),
  ),
  globalNorm: smooth(on([real(2, 3), real()], (x, y) => optim.globalNorm({ x, y }))),
  sgd: smooth(
    on([real(3), real(), real(3), real()], (w, b, dw, db) => ({
      ...steps(optim.sgd(0.1, { momentum: 0.9, nesterov: true }) as never, { w, b }, { w: dw, b: db }),
    })),
    on([real(3), real(), real(3), real()], (w, b, dw, db) => ({
      ...steps(optim.sgd(0.1) as never, { w, b }, { w: dw, b: db }),
    })),
  ),
};

export const treeCases: EntriesOf<typeof tree> = {
  leaves: smooth(on([real(3), real()], (x, y) => tree.leaves({ x, y: [y, x] }).map((v) => np.sum(v * v)))),
  map: smooth(
    on([real(3), real()], (x, y) => ({
      ...tree.map((v, w) => v * w + Math.sin(v), { x, y }, { x: y, y: x }),
    })),
  ),
};
