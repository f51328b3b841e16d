import { strict as assert } from "node:assert";
import { assertFails, outputOf, runChanged } from "./run-sample.js";

describe("samples/implicit.ts", function () {
  this.timeout(60_000);

  it("finds one derivative by the iterations and by the implicit function theorem, by that in less time", () => {
    const output = outputOf("implicit");
    assert.match(output, /^e = 0\.99, M = 0\.2: E = 1\.066997365282$/m);
    assert.match(output, /^Halley's comet, e = 0\.96714: 5\.\d steps for each of 20000 dates$/m);
    assert.match(output, /^ {2}iterations 0\.967140000000 in [\d.]+ ms$/m);
    assert.match(output, /^ {2}theorem {4}0\.967140000000 in [\d.]+ ms, differences 0\.96714000$/m);
  });

  it("says so where the theorem is not applied as it should be", () => {
    const other = runChanged("implicit", "(-fe / fx) * cotangent", "(fe / fx) * cotangent");
    assertFails(other, /the derivatives differ/);
  });
});
