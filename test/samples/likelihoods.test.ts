import { strict as assert } from "node:assert";
import { assertFails, outputOf, runChanged } from "./run-sample.js";

describe("samples/logistic.ts", function () {
  this.timeout(60_000);

  it("finds Greene's coefficients and standard errors", () => {
    const output = outputOf("logistic");
    assert.match(output, /^log-likelihood -12\.8896 after \d+ steps of Newton's method$/m);
    assert.match(output, /^ {2}constant +-13\.0213 ± 4\.9313, z = -2\.64$/m);
    assert.match(output, /^ {2}new method +2\.3787 ± 1\.0646, z = 2\.23$/m);
  });

  it("says so where a standard error is not the published one", () => {
    const other = runChanged("logistic", "Math.sqrt(row[k])", "Math.sqrt(2 * row[k])");
    assertFails(other, /Greene's coefficient of the constant/);
  });
});

describe("samples/kalman.ts", function () {
  this.timeout(60_000);

  it("finds Durbin and Koopman's variances of the Nile's flow", () => {
    const output = outputOf("kalman");
    // statsmodels and a simplex in Python: 15098.519, 1469.176, deviations of the logarithms 0.20833 and 0.87149
    assert.match(output, /^log-likelihood -632\.5456 after \d+ steps$/m);
    assert.match(output, /^ {2}variance of the observation 15098\.5\d, .* from 10037 to 22713$/m);
    assert.match(output, /^ {2}variance of the level 1469\.1\d, .* from 266 to 8108$/m);
    assert.match(output, /^ {2}level after 100 years 798\.36\d$/m);
  });

  it("says so where a variance is not the published one", () => {
    const other = runChanged("kalman", "variance * (1 - gain) + drift", "variance * (1 - gain)");
    assertFails(other, /Durbin and Koopman/);
  });
});
