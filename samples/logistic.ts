/**
 * Fits a logistic regression, with standard errors: `npx tsc-jit run samples/logistic.ts`.
 *
 * Newton's method on the likelihood, whose gradient and Hessian are derived, as one compiled function with its `while` loop.
 * Did a new way of teaching economics help? The answer must be that of Greene's Econometric Analysis.
 */
import assert from "node:assert/strict";
import { grad, hessian, jit, nn, np, type Tensor } from "tsc-jit";
import { readColumns } from "./lib/csv.js";
import { inverse } from "./lib/inverse.js";

const { gpa, tuce, psi, grade } = readColumns("spector.csv", "gpa", "tuce", "psi", "grade");
const x = np.stack([np.onesLike(gpa), gpa, tuce, psi], 1);

/** Minus the logarithm of the likelihood: each outcome has the probability sigmoid(±x b). */
const loss = (b: Tensor) => {
  const odds = np.dot(x, b);
  return np.sum(nn.softplus(odds) - np.multiply(grade, odds));
};

const maximise = jit((start: Tensor) => {
  let b = start;
  let step = np.onesLike(start);
  let steps = 0;
  while (np.max(np.abs(step)) > 1e-12) {
    step = np.dot(inverse(hessian(loss)(b)), grad(loss)(b));
    b = np.subtract(b, step);
    steps++;
  }
  const errors = inverse(hessian(loss)(b)).map((row, k) => Math.sqrt(row[k]));
  return { b, errors, logLikelihood: -loss(b), steps };
});

const published = [
  ["constant", "-13.0213", "4.9313"],
  ["grade point average", "2.8261", "1.2629"],
  ["test score", "0.0952", "0.1416"],
  ["new method", "2.3787", "1.0646"],
];
const { b, errors, logLikelihood, steps } = maximise([0, 0, 0, 0]);
console.log(`log-likelihood ${logLikelihood.toFixed(4)} after ${steps} steps of Newton's method`);
assert.equal(logLikelihood.toFixed(4), "-12.8896");
for (const [k, [name, coefficient, error]] of published.entries()) {
  const [found, deviation] = [b[k].toFixed(4), errors[k].toFixed(4)];
  const z = (b[k] / errors[k]).toFixed(2);
  console.log(`  ${name.padEnd(20)} ${found.padStart(8)} ± ${deviation}, z = ${z}`);
  assert.deepEqual([found, deviation], [coefficient, error], `Greene's coefficient of the ${name}`);
}
