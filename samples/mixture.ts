/**
 * Finds clusters with a mixture of normal distributions: `npx tsc-jit run samples/mixture.ts`.
 *
 * The likelihood and its gradient are one compiled function; the optimiser, L-BFGS, is ordinary TypeScript that calls it.
 * Of two models of the geyser Old Faithful it must choose the one that R's mclust chooses, with the same likelihood.
 */
import assert from "node:assert/strict";
import { nn, np, type Tensor, valueAndGrad } from "tsc-jit";
import { readColumns } from "./lib/csv.js";
import { minimise } from "./lib/lbfgs.js";

const { eruptions, waiting } = readColumns("faithful.csv", "eruptions", "waiting");

/** Of `k` clusters, from k logits, k centres and factors of one inverse covariance for all or one for each. */
const minusLogLikelihood = (k: number, shared: boolean) => (theta: Tensor) => {
  const weights = nn.logSoftmax(np.slice(theta, 0, k));
  const terms: number[] = [];
  for (let j = 0; j < k; j++) {
    const dx = np.subtract(eruptions, theta[k + 2 * j]);
    const dy = np.subtract(waiting, theta[k + 2 * j + 1]);
    const r = 3 * k + (shared ? 0 : 3 * j);
    const u = Math.exp(theta[r]) * dx;
    const v = Math.exp(theta[r + 1]) * dy + theta[r + 2] * dx;
    terms.push(weights[j] + theta[r] + theta[r + 1] - Math.log(2 * Math.PI) - 0.5 * (u * u + v * v));
  }
  return -np.sum(nn.logsumexp(np.stack(terms), 0));
};

/** By their names in mclust, with the log-likelihoods at which it stops. */
const models = [
  { name: "VVV", k: 2, shared: false, mclust: -1130.264 },
  { name: "EEE", k: 3, shared: true, mclust: -1126.326 },
];
const [two, three] = models.map(({ name, k, shared, mclust }) => {
  const compiled = valueAndGrad(minusLogLikelihood(k, shared));
  const objective = (theta: readonly number[]) => {
    const [loss, slope] = compiled(theta);
    return [loss.item(), slope.toArray<number[]>()] as const;
  };
  const centres = Array.from({ length: k }, (_, j) => [2 + (2.5 * j) / (k - 1), 55 + (25 * j) / (k - 1)]);
  const factors = Array.from({ length: shared ? 1 : k }, () => [1, -1.5, 0]);
  const start = [...new Array<number>(k).fill(0), ...centres.flat(), ...factors.flat()];
  const { point, value, steps } = minimise(objective, start);
  const bic = -2 * value - (point.length - 1) * Math.log(waiting.length);
  console.log(`${name}: log-likelihood ${(-value).toFixed(4)}, BIC ${bic.toFixed(3)} after ${steps} steps`);
  for (let j = k; j < 3 * k; j += 2)
    console.log(`  eruptions of ${point[j].toFixed(3)} minutes, waits of ${point[j + 1].toFixed(2)}`);
  assert.ok(Math.abs(value + mclust) < 0.02, `mclust has the log-likelihood ${mclust}`);
  return bic;
});
assert.ok(three > two, "mclust chooses three clusters with one covariance");
