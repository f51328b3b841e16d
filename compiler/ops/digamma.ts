/** digamma = lgamma', made of ops, so that its own derivatives follow. */
import type { Builder } from "../ir/builder.js";
import type { Var } from "../ir/types.js";

const STEPS = 10;
/** B(2k) / (2k) for k = 1, 2, .. */
const SERIES = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];

/**
 * For x >= 1/2: digamma x = digamma(x + n) - (1 / x + .. + 1 / (x + n - 1)), and log y - 1 / (2y) - sum B(2k) / (2k y^2k) of
 * y = x + n >= 10.5 (error 1e-17). Below, digamma x = digamma(1 - x) - pi / tan(pi x), the tangent of what is left of the nearest
 * integer; NaN at 0, -1, -2, ...
 */
export const digamma = (b: Builder, x: Var): Var => {
  const c = (value: number): Var => b.fill(x, value);
  const half = c(0.5);
  const one = c(1);
  const below = b.lt(x, half);
  const start = b.select(below, b.sub(one, x), x);
  const y = b.add(start, c(STEPS));
  const inverse = b.div(one, y);
  const square = b.mul(inverse, inverse);
  const series = SERIES.reduceRight((sum, s) => b.add(b.mul(sum, square), c(s)), c(0));
  const far = b.sub(b.log(y), b.add(b.mul(inverse, half), b.mul(square, series)));
  let steps = b.div(one, start);
  for (let k = 1; k < STEPS; k++) steps = b.add(steps, b.div(one, b.add(start, c(k))));
  const core = b.sub(far, steps);
  const turn = b.mul(b.sub(x, b.rint(x)), c(Math.PI));
  // where it is not needed, a turn whose tangent is not 0
  const safe = b.select(below, turn, one);
  const pole = b.and(below, b.eq(turn, b.zerosLike(turn)));
  const reflected = b.sub(core, b.select(pole, c(Number.NaN), b.div(c(Math.PI), b.tan(safe))));
  return b.select(below, reflected, core);
};
