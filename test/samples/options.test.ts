import { strict as assert } from "node:assert";
import { assertFails, outputOf, runChanged } from "./run-sample.js";

describe("samples/options.ts", function () {
  this.timeout(60_000);

  it("finds ten Greeks of a call, and those of an American put as published", () => {
    const output = outputOf("options");
    // Haug's closed forms, evaluated apart from this project
    for (const [name, value] of [
      ["delta", "0.7791312909"],
      ["gamma", "0.04996267041"],
      ["volga", "21.28328806"],
      ["speed", "-0.007660357767"],
    ])
      assert.match(output, new RegExp(`^ {2}${name} +${value}$`, "m"));
    assert.match(output, /^American put: 4\.263, 4\.272, 4\.278, 4\.283; its Greeks: -0\.415, 0\.034, /m);
  });

  it("says so where a Greek is not the closed form", () => {
    assertFails(
      runChanged("options", "gamma: g,", "gamma: 2 * g,"),
      /call, Black and Scholes: gamma is 0\.0499\d+ instead of 0\.0999/,
    );
  });
});
