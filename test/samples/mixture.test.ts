import { strict as assert } from "node:assert";
import { assertFails, outputOf, runChanged } from "./run-sample.js";

describe("samples/mixture.ts", function () {
  this.timeout(60_000);

  it("finds the clusters of Old Faithful's eruptions", () => {
    const output = outputOf("mixture");
    // scikit-learn's EM run to a tolerance of 1e-13: -1130.26396018, -1126.31592782 and these centres
    assert.match(output, /^VVV: log-likelihood -1130\.2640, BIC -2322\.192 after \d+ steps$/m);
    assert.match(output, /^ {2}eruptions of 2\.036 minutes, waits of 54\.48$/m);
    assert.match(output, /^ {2}eruptions of 4\.290 minutes, waits of 79\.97$/m);
    assert.match(output, /^EEE: log-likelihood -1126\.3159, BIC -2314\.296 after \d+ steps$/m);
    assert.match(output, /^ {2}eruptions of 3\.798 minutes, waits of 77\.47$/m);
  });

  it("says so where the likelihood is another", () => {
    const other = runChanged("mixture", "0.5 * (u * u + v * v)", "0.6 * (u * u + v * v)");
    assertFails(other, /mclust has the log-likelihood -1130\.264/);
  });
});
