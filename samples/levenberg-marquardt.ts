/**
 * Fits curves by Levenberg-Marquardt, with standard errors: `npx tsc-jit run samples/levenberg-marquardt.ts`.
 *
 * A fit is one compiled function: the `while` loop, the Jacobian of whatever model it is given, the elimination in place.
 * The data are NIST's reference problems; all results must agree with the certified values to 6 digits.
 */
import assert from "node:assert/strict";
import { jacfwd, jit, np, type Tensor } from "tsc-jit";
import nist from "./data/nist.json" with { type: "json" };
import { inverse } from "./lib/inverse.js";

type Model = (parameters: Tensor, x: Tensor) => number;

const saturation: Model = ([b1, b2], x) => b1 * (1 - Math.exp(-b2 * x));

const cubicOverCubic: Model = ([b1, b2, b3, b4, b5, b6, b7], x) =>
  (b1 + x * (b2 + x * (b3 + x * b4))) / (1 + x * (b5 + x * (b6 + x * b7)));

const fitter = (model: Model) => {
  const residuals = (b: Tensor, x: Tensor, y: Tensor) => np.subtract(y, model(b, x));
  return jit((start: Tensor, x: Tensor, y: Tensor) => {
    let b = start;
    let r = residuals(b, x, y);
    let squares = np.dot(r, r);
    let jacobian = jacfwd(residuals)(b, x, y);
    let damping = 1e-3;
    let steps = 0;
    // A step of -inverse(JᵀJ + damping diag(JᵀJ)) Jᵀr is taken where the sum of squares falls; ten that fail are the end.
    for (let failed = 0; failed < 10; steps++) {
      const normal = np.dot(jacobian.T, jacobian);
      const damped = np.multiply(normal, 1 + damping * np.eye(b.length));
      const trial = np.subtract(b, np.dot(inverse(damped), np.dot(jacobian.T, r)));
      const rest = residuals(trial, x, y);
      const sum = np.dot(rest, rest);
      const falls = sum < squares;
      if (falls) [b, r, squares, jacobian] = [trial, rest, sum, jacfwd(residuals)(trial, x, y)];
      damping *= falls ? 0.1 : 10;
      failed = falls ? 0 : failed + 1;
    }
    const variance = squares / (x.length - b.length);
    const errors = inverse(np.dot(jacobian.T, jacobian)).map((row, k) => Math.sqrt(variance * row[k]));
    return { b, errors, squares, steps };
  });
};

const problems = [
  { name: "misra1a", model: saturation, ...nist.misra1a },
  { name: "thurber", model: cubicOverCubic, ...nist.thurber },
  { name: "hahn1", model: cubicOverCubic, ...nist.hahn1 },
];
const digits = (found: number, certified: number) => -Math.log10(Math.abs(found / certified - 1));

for (const { name, model, x, y, start, certified } of problems) {
  const { b, errors, squares, steps } = fitter(model)(start, x, y);
  console.log(`${name}: ${x.length} points, sum of squares ${squares.toPrecision(10)} after ${steps} steps`);
  for (const [k, value] of certified.parameters.entries()) {
    const agreed = Math.min(digits(b[k], value), digits(errors[k], certified.deviations[k]));
    const estimate = `b${k + 1} = ${b[k].toPrecision(9)} ± ${errors[k].toPrecision(9)}`;
    console.log(`  ${estimate}, ${agreed.toFixed(1)} digits as certified`);
    assert.ok(agreed >= 6, `${name}: ${estimate} is not the certified ${value} ± ${certified.deviations[k]}`);
  }
}
