/** Cases of np and np.linalg. */
import { np, type Tensor } from "../../runtime/index.js";
import {
  apart,
  between,
  type EntriesOf,
  flags,
  flat,
  indices,
  inner,
  type LibraryEntry,
  on,
  oneOfThese,
  positive,
  real,
  smooth,
} from "./cases.js";

type Unary = (x: Tensor) => Tensor;
type Binary = (x: Tensor, y: Tensor) => Tensor;

const each = (f: Unary, arg: typeof real = real): LibraryEntry =>
  smooth(
    on([arg()], (x) => f(x)),
    on([arg(2, 3)], (x) => f(x)),
  );
const stepwise = (f: Unary, arg: typeof real = between): LibraryEntry => flat(on([arg(2, 3)], (x) => f(x)));
/** Of equal shapes, of shapes that are broadcast, and of one operand twice. */
const pairs = (f: Binary, left: typeof real = real, right: typeof real = positive): LibraryEntry =>
  smooth(
    on([left(2, 3), right(2, 3)], (x, y) => f(x, y)),
    on([left(2, 1), right(3)], (x, y) => f(x, y)),
    on([left(), right(3)], (x, y) => f(x, y)),
  );
const compared = (f: Binary): LibraryEntry => flat(on([apart(2, 3), between(3)], (x, y) => f(x, y)));
const ofFlags = (f: Binary): LibraryEntry => flat(on([flags(2, 3), flags(3)], (x, y) => f(x, y)));

type Reduction = (
  x: Tensor,
  axis?: number | readonly number[] | null,
  options?: { keepdims?: boolean },
) => Tensor;
const reduced = (f: Reduction, arg: typeof real = real): LibraryEntry =>
  smooth(
    on([arg(2, 3)], (x) => f(x)),
    on([arg(2, 3, 2)], (x) => f(x, 1)),
    on([arg(2, 3, 2)], (x) => f(x, [0, 2], { keepdims: true })),
    on([arg(4)], (x) => f(x, -1)),
  );

export const npCases: EntriesOf<typeof np> = {
  arange: flat(on([real(3)], (x) => x * 0 + np.arange(3))),
  eye: smooth(on([real(3, 3)], (x) => x * np.eye(3))),
  full: smooth(on([real(3)], (x) => np.full([2, 3], x, "f64"))),
  fullLike: smooth(on([real(2, 3), real()], (x, v) => np.fullLike(x, v))),
  linspace: smooth(on([real(), real()], (a, b) => np.linspace(a, b, 4, true, "f64"))),
  ones: smooth(on([real(3)], (x) => x * np.ones([2, 3]))),
  onesLike: flat(on([real(3)], (x) => np.onesLike(x))),
  tril: smooth(
    on([real(3, 4)], (x) => np.tril(x)),
    on([real(2, 3, 3)], (x) => np.tril(x, -1)),
  ),
  triu: smooth(
    on([real(3, 4)], (x) => np.triu(x)),
    on([real(2, 3, 3)], (x) => np.triu(x, 1)),
  ),
  zeros: flat(on([real(3)], (x) => np.zeros([2, 3]) * np.sum(np.sign(x)))),
  zerosLike: flat(on([real(3)], (x) => np.zerosLike(x))),

  abs: each((x) => np.abs(x), apart),
  arccos: each((x) => np.arccos(x), inner),
  arcsin: each((x) => np.arcsin(x), inner),
  arctan: each((x) => np.arctan(x)),
  cbrt: each((x) => np.cbrt(x), apart),
  ceil: stepwise((x) => np.ceil(x)),
  cos: each((x) => np.cos(x)),
  cosh: each((x) => np.cosh(x)),
  exp: each((x) => np.exp(x)),
  exp2: each((x) => np.exp2(x)),
  expm1: each((x) => np.expm1(x)),
  floor: stepwise((x) => np.floor(x)),
  isfinite: stepwise((x) => np.isfinite(x)),
  isinf: stepwise((x) => np.isinf(x)),
  isnan: stepwise((x) => np.isnan(x)),
  log: each((x) => np.log(x), positive),
  log10: each((x) => np.log10(x), positive),
  log1p: each((x) => np.log1p(x), inner),
  log2: each((x) => np.log2(x), positive),
  logicalNot: flat(on([flags(3)], (x) => np.logicalNot(x))),
  negative: each((x) => np.negative(x)),
  reciprocal: each((x) => np.reciprocal(x), positive),
  round: stepwise((x) => np.round(x), inner),
  sign: stepwise((x) => np.sign(x)),
  sin: each((x) => np.sin(x)),
  sinh: each((x) => np.sinh(x)),
  sqrt: each((x) => np.sqrt(x), positive),
  square: each((x) => np.square(x)),
  tan: each((x) => np.tan(x), inner),
  tanh: each((x) => np.tanh(x)),
  trunc: stepwise((x) => np.trunc(x)),

  add: pairs((x, y) => np.add(x, y)),
  arctan2: pairs((x, y) => np.arctan2(x, y)),
  divide: pairs((x, y) => np.divide(x, y)),
  equal: compared((x, y) => np.equal(x, y)),
  floorDivide: compared((x, y) => np.floorDivide(x, y * 3)),
  greater: compared((x, y) => np.greater(x, y)),
  greaterEqual: compared((x, y) => np.greaterEqual(x, y)),
  hypot: pairs((x, y) => np.hypot(x, y)),
  less: compared((x, y) => np.less(x, y)),
  lessEqual: compared((x, y) => np.lessEqual(x, y)),
  logicalAnd: ofFlags((x, y) => np.logicalAnd(x, y)),
  logicalOr: ofFlags((x, y) => np.logicalOr(x, y)),
  logicalXor: ofFlags((x, y) => np.logicalXor(x, y)),
  maximum: pairs((x, y) => np.maximum(x, y), apart, between),
  minimum: pairs((x, y) => np.minimum(x, y), apart, between),
  mod: smooth(
    // x / y stays away from whole numbers
    on([inner(2, 3)], (x) => np.mod(x + 8.5, 3)),
    on([positive(2, 3), inner(3)], (x, y) => np.mod(x * 0.25 + 0.5, y * 0.25 + 3)),
    on([positive(2, 3), inner(3)], (x, y) => np.mod(-0.5 - x * 0.25, y * 0.25 + 3)),
  ),
  multiply: pairs((x, y) => np.multiply(x, y)),
  notEqual: compared((x, y) => np.notEqual(x, y)),
  power: smooth(
    ...pairs((x, y) => np.power(x, y), positive, real).cases,
    on([apart(4)], (x) => np.power(x, 3)),
    on([real(4)], (x) => np.power(x, 0)),
  ),
  subtract: pairs((x, y) => np.subtract(x, y)),
  where: smooth(
    on([flags(2, 3), real(2, 3), real(3)], (c, x, y) => np.where(c, x, y)),
    on([apart(4), real()], (x, y) => np.where(x > 0, x * y, y)),
  ),
  clip: smooth(
    on([apart(7)], (x) => np.clip(x, -0.5, 0.5)),
    on([apart(7), oneOfThese([-0.5, -0.25], 7), oneOfThese([0.25, 0.5])], (x, a, b) => np.clip(x, a, b)),
  ),
  astype: smooth(
    on([real(3)], (x) => np.astype(x, "f64")),
    on([flags(3), real(3)], (c, x) => np.astype(c, "f64") * x),
  ),

  all: flat(on([flags(2, 3)], (x) => np.all(x, 1))),
  any: flat(on([flags(2, 3)], (x) => np.any(x, 0))),
  argmax: flat(
    on([apart(2, 3)], (x) => np.argmax(x, 1)),
    on([apart(5)], (x) => np.argmax(x)),
  ),
  argmin: flat(
    on([apart(2, 3)], (x) => np.argmin(x, 0)),
    on([apart(5)], (x) => np.argmin(x)),
  ),
  cumsum: smooth(
    on([real(2, 3)], (x) => np.cumsum(x)),
    on([real(2, 3)], (x) => np.cumsum(x, 0)),
    on([real(2, 3)], (x) => np.cumsum(x, -1)),
  ),
  max: reduced((...x) => np.max(...x), apart),
  mean: reduced((...x) => np.mean(...x)),
  min: reduced((...x) => np.min(...x), apart),
  prod: smooth(
    ...reduced((...x) => np.prod(...x)).cases,
    on([oneOfThese([0, 1, 2], 5)], (x) => np.prod(x)),
  ),
  std: reduced((...x) => np.std(...x)),
  sum: reduced((...x) => np.sum(...x)),
  var: smooth(
    ...reduced((...x) => np.var(...x)).cases,
    on([real(3, 4)], (x) => np.var(x, 1, { ddof: 1 })),
  ),

  broadcastTo: smooth(on([real(3, 1)], (x) => np.broadcastTo(x, [2, 3, 4]))),
  concatenate: smooth(
    on([real(2, 3), real(1, 3)], (x, y) => np.concatenate([x, y, x])),
    on([real(2, 3), real(2, 1)], (x, y) => np.concatenate([x, y], 1)),
  ),
  expandDims: smooth(on([real(2, 3)], (x) => np.expandDims(x, [0, 2]))),
  flip: smooth(
    on([real(2, 3)], (x) => np.flip(x)),
    on([real(2, 3)], (x) => np.flip(x, 1)),
  ),
  moveaxis: smooth(on([real(2, 3, 4)], (x) => np.moveaxis(x, 0, -1))),
  pad: smooth(
    on([real(2, 3)], (x) => np.pad(x, 1)),
    on([real(2, 3), real()], (x, v) =>
      np.pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        v,
      ),
    ),
  ),
  ravel: smooth(on([real(2, 3)], (x) => np.ravel(x))),
  reshape: smooth(on([real(2, 3)], (x) => np.reshape(x, [3, -1]))),
  roll: smooth(
    on([real(2, 3)], (x) => np.roll(x, 2)),
    on([real(2, 3)], (x) => np.roll(x, -1, 1)),
  ),
  slice: smooth(
    on([real(2, 5)], (x) => np.slice(x, 1, -1, 1)),
    on([real(4)], (x) => np.slice(x, 2)),
  ),
  split: smooth(
    on([real(4, 3)], (x) => [...np.split(x, 2)]),
    on([real(2, 5)], (x) => [...np.split(x, [1, 3], 1)]),
  ),
  squeeze: smooth(
    on([real(1, 3, 1)], (x) => np.squeeze(x)),
    on([real(1, 3, 1)], (x) => np.squeeze(x, 0)),
  ),
  stack: smooth(on([real(3), real(3)], (x, y) => np.stack([x, y, x], 1))),
  swapaxes: smooth(on([real(2, 3, 4)], (x) => np.swapaxes(x, 0, 2))),
  take: smooth(
    on([real(4, 3)], (x) => np.take(x, [0, 3, 0, -1], 0)),
    on([real(4, 3), indices(12, 5)], (x, i) => np.take(x, i)),
    on([real(4, 3), indices(3, 2, 2)], (x, i) => np.take(x, i, 1)),
  ),
  takeAlongAxis: smooth(
    on([real(4, 3), indices(3, 4, 2)], (x, i) => np.takeAlongAxis(x, i, 1)),
    on([real(4, 3), indices(4, 2, 3)], (x, i) => np.takeAlongAxis(x, i, 0)),
  ),
  tile: smooth(
    on([real(2, 3)], (x) => np.tile(x, [2, 1, 2])),
    on([real(3)], (x) => np.tile(x, 2)),
  ),
  transpose: smooth(
    on([real(2, 3, 4)], (x) => np.transpose(x)),
    on([real(2, 3, 4)], (x) => np.transpose(x, [1, 2, 0])),
  ),

  dot: smooth(
    on([real(3), real(3)], (x, y) => np.dot(x, y)),
    on([real(2, 3), real(3)], (x, y) => np.dot(x, y)),
    on([real(2, 3), real(4, 3, 2)], (x, y) => np.dot(x, y)),
    on([real(3, 3)], (x) => np.dot(x, x)),
    on([real(), real(3)], (x, y) => np.dot(x, y)),
  ),
  einsum: smooth(
    on([real(2, 3), real(3, 4)], (x, y) => np.einsum("ij,jk->ki", x, y)),
    on([real(2, 3), real(3), real(2)], (x, y, z) => np.einsum("ij,j,i->", x, y, z)),
    on([real(2, 3)], (x) => np.einsum("ij->j", x)),
  ),
  inner: smooth(
    on([real(2, 3), real(4, 3)], (x, y) => np.inner(x, y)),
    on([real(3)], (x) => np.inner(x, x)),
  ),
  matmul: smooth(
    on([real(2, 3), real(3, 4)], (x, y) => np.matmul(x, y)),
    on([real(2, 1, 2, 3), real(3, 3, 2)], (x, y) => np.matmul(x, y)),
    on([real(3), real(3, 2)], (x, y) => np.matmul(x, y)),
  ),
  outer: smooth(
    on([real(2), real(3)], (x, y) => np.outer(x, y)),
    on([real(3)], (x) => np.outer(x, x)),
  ),
  tensordot: smooth(
    on([real(2, 3, 4), real(4, 3, 2)], (x, y) =>
      np.tensordot(x, y, [
        [2, 1],
        [0, 1],
      ]),
    ),
    on([real(2, 3), real(3, 2)], (x, y) => np.tensordot(x, y, 1)),
  ),
  vdot: smooth(on([real(2, 3), real(2, 3)], (x, y) => np.vdot(x, y))),
};

export const linalgCases: EntriesOf<typeof np.linalg> = {
  norm: smooth(
    on([real(2, 3)], (x) => np.linalg.norm(x)),
    on([real(2, 3)], (x) => np.linalg.norm(x, 1)),
  ),
};
