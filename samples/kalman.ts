/**
 * Fits a state space model to a time series by its Kalman filter: `npx tsc-jit run samples/kalman.ts`.
 *
 * The filter is a loop over the observations; its likelihood is maximised by L-BFGS through that loop, and standard errors
 * come from the Hessian, the derivative of the derivative of the loop. The answer must be that of Durbin and Koopman.
 */
import assert from "node:assert/strict";
import { hessian, jit, valueAndGrad } from "tsc-jit";
import { readColumns } from "./lib/csv.js";
import { inverse } from "./lib/inverse.js";
import { minimise } from "./lib/lbfgs.js";

const { flow } = readColumns("nile.csv", "flow");

/** A level that wanders with one variance, observed with another; nothing is known of it before the first observation. */
const filter = (noise: number, drift: number) => {
  let [level, variance] = [flow[0], noise + drift];
  let loss = 0;
  for (let t = 1; t < flow.length; t++) {
    const surprise = flow[t] - level;
    const expected = variance + noise;
    loss += 0.5 * (Math.log(2 * Math.PI * expected) + surprise ** 2 / expected);
    const gain = variance / expected;
    level += gain * surprise;
    variance = variance * (1 - gain) + drift;
  }
  return { loss, level, variance };
};
const loss = (logs: readonly number[]) => filter(Math.exp(logs[0]), Math.exp(logs[1])).loss;

const compiled = valueAndGrad(loss);
const { point, value, steps } = minimise(
  (logs) => {
    const [v, slope] = compiled(logs);
    return [v.item(), slope.toArray<number[]>()];
  },
  [9, 9],
);
const errors = jit((logs: readonly number[]) =>
  inverse(hessian(loss)(logs)).map((row, k) => Math.sqrt(row[k])),
)(point);

console.log(`log-likelihood ${(-value).toFixed(4)} after ${steps} steps`);
const variances = point.map((v) => Math.exp(v));
for (const [k, name] of ["observation", "level"].entries()) {
  const [low, high] = [-1.96, 1.96].map((z) => Math.exp(point[k] + z * Number(errors[k])).toFixed(0));
  console.log(
    `  variance of the ${name} ${variances[k].toFixed(2)}, with 95 % confidence from ${low} to ${high}`,
  );
}
const [noise, drift] = variances;
console.log(`  level after ${flow.length} years ${filter(noise, drift).level.toFixed(3)}`);
assert.deepEqual([noise.toFixed(0), drift.toFixed(0)], ["15099", "1469"], "Durbin and Koopman, section 2.10");
