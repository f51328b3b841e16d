/** Counts that can be worked out by hand. */
import assert from "node:assert/strict";
import { lowerProgram } from "../../compiler/kernel/lower.js";
import { programStats } from "../../compiler/kernel/stats.js";
import { build, f32 } from "./fixtures.js";

describe("program statistics", () => {
  it("of a map and a sum", () => {
    const fn = build("f", [f32(1000), f32(1000)], (b, x, y) => [b.reduceSum(b.mul(b.exp(x), y), [0])]);
    const stats = programStats(lowerProgram(fn));
    // exp, multiply and add per element
    assert.equal(stats.flops, 3000);
    assert.equal(stats.bytesRead, 8000);
    assert.equal(stats.bytesWritten, 4);
    assert.equal(stats.scratchBytes, 0);
    assert.equal(stats.peakBytes, 8004);
  });

  it("of a product with an epilogue", () => {
    const fn = build("f", [f32(32, 64), f32(64, 16), f32(16)], (b, x, w, bias) => {
      const z = b.emit("dot", [x, w], { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
      return [b.add(z, b.broadcast(bias, [32, 16], [1]))];
    });
    const stats = programStats(lowerProgram(fn));
    assert.equal(stats.kernels.length, 1);
    assert.equal(stats.flops, 2 * 32 * 64 * 16 + 32 * 16);
    assert.equal(stats.bytesRead, 4 * (32 * 64 + 64 * 16 + 16));
    assert.equal(stats.bytesWritten, 4 * 32 * 16);
  });
});
