import { strict as assert } from "node:assert";
import { assertFails, numbersIn, outputOf, runChanged } from "./run-sample.js";

describe("samples/levenberg-marquardt.ts", function () {
  this.timeout(60_000);

  it("finds NIST's certified parameters and standard errors to 6 digits", () => {
    const output = outputOf("levenberg-marquardt");
    assert.match(output, /^thurber: 37 points, sum of squares 5642\.7082\d* after \d+ steps$/m);
    assert.match(output, /^ {2}b1 = 1288\.13968 ± 4\.66479\d*, [\d.]+ digits as certified$/m);
    const digits = numbersIn(output, /, ([\d.]+) digits as certified$/gm);
    assert.equal(digits.length, 2 + 7 + 7);
    assert.ok(Math.min(...digits) >= 6, output);
  });

  it("says so where a fit is not the certified one", () => {
    const other = runChanged("levenberg-marquardt", "(1 - Math.exp(-b2 * x))", "Math.exp(-b2 * x)");
    assertFails(other, /misra1a: b1 = .* is not the certified 238\.94212918 ± 2\.7070075241/);
  });
});
