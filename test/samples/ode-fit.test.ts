import { strict as assert } from "node:assert";
import { assertFails, outputOf, runChanged } from "./run-sample.js";

/** scipy 1.x: DOP853 at tolerances of 1e-11, Nelder and Mead's simplex on the likelihood until it moved by 1e-11. */
const SCIPY = {
  alpha: 0.540013948,
  beta: 0.0271561151,
  gamma: 0.796598769,
  delta: 0.0237020375,
  prey: 34.5991554,
  predators: 5.84373658,
  sigma: 0.218379645,
  tau: 0.220084284,
};
/** Adam's last steps, and Runge and Kutta's error at steps of a twentieth of the fastest time scale. */
const ERROR = 1e-5;

describe("samples/ode-fit.ts", function () {
  this.timeout(60_000);

  it("finds the most likely rates of lynxes and hares", () => {
    const output = outputOf("ode-fit");
    assert.match(output, /^minus log-likelihood -42\.7405\d\d$/m);
    for (const [name, wanted] of Object.entries(SCIPY)) {
      const [, found] = new RegExp(`^ {2}${name} +([\\d.]+)$`, "m").exec(output) ?? [];
      assert.ok(Math.abs(Number(found) / wanted - 1) < ERROR, `${name} = ${found} instead of ${wanted}`);
    }
  });

  it("says so where a rate is not what was published", () => {
    assertFails(
      runChanged("ode-fit", "STEPS = 2000", "STEPS = 3"),
      /gamma is 0\.9\d+, and with 80 % probability from 0\.69 to 0\.91/,
    );
  });
});
