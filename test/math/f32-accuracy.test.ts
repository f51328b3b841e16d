import assert from "node:assert/strict";
import type { ElementwiseOp } from "../../compiler/ir/types.js";
import { PROFILES } from "../targets/wasm/harness.js";
import { compileOp, kernelOf } from "./evaluate.js";
import { F32_SWEEPS, type Sweep, sweepF32 } from "./f32-sweep.js";
import { statedErrors } from "./stated.js";
import { f32Error, f32OfBits, f32Samples, SPECIAL, wordsFrom } from "./ulp.js";

// the design's bound for vector math
const BOUND = 2;
/** 262,144 operands of random bits, all special ones among them; `npm run ulp` takes ten million. */
const CHUNKS = 4;

const sweeps = Object.entries(F32_SWEEPS) as [ElementwiseOp, Sweep][];

describe("f32 functions are within the errors that their files state", () => {
  const stated = statedErrors();
  for (const [op, sweep] of sweeps) {
    it(op, async () => {
      const limit = stated.get(op)?.f32 ?? Number.NaN;
      assert.ok(limit <= BOUND, `${op} states no error`);
      for (const { profile, error, at } of await sweepF32(op, sweep, PROFILES, CHUNKS))
        assert.ok(error <= limit, `${op} with ${profile}: ${error} ulp at ${at}`);
    });
  }
  it("every error that a file states is measured", () => {
    assert.deepEqual([...stated.keys()].sort(), sweeps.map(([op]) => op).sort());
  });
});

describe("f32 functions with contracted multiply-adds are within 2 ulp, whatever the engine", () => {
  // each exponent's ends and every millionth pattern
  const samples = f32Samples(1_000_003);
  const next = wordsFrom(7);
  const pairs = Array.from({ length: 4000 }, (_, k) => {
    const [u, v] = [next(), next()];
    return k % 4 === 0 ? ([f32OfBits(u), f32OfBits(v)] as const) : ([u / 2 ** 29, v / 2 ** 28 - 8] as const);
  });
  for (const [op, sweep] of sweeps) {
    it(op, async () => {
      const oracle = await sweep.oracle();
      const columns =
        sweep.arity === 1 ? [samples] : [0, 1].map((j) => Float32Array.from(pairs, (pair) => pair[j] ?? 0));
      const n = columns[0]?.length ?? 0;
      const exact = new Float64Array(n);
      oracle(columns, exact);
      const f = compileOp(
        kernelOf(
          op,
          columns.map(() => "f32" as const),
          "f32",
        ),
        "fused",
      );
      for (let k = 0; k < n; k++) {
        const operands = columns.map((x) => x[k] ?? 0);
        const error = f32Error(f(...operands), exact[k] ?? 0);
        assert.ok(error <= BOUND, `${op}(${operands}) = ${f(...operands)}, exactly ${exact[k]}`);
      }
    });
  }
});

describe("the remainder of f32 is exact", () => {
  it("rem", () => {
    const f = compileOp(kernelOf("rem", ["f32", "f32"], "f32"));
    const next = wordsFrom(11);
    const special = SPECIAL.map(Math.fround);
    const pairs = special.flatMap((x) => special.map((y) => [x, y] as const));
    for (let k = 0; k < 40_000; k++) {
      const [u, v] = [next(), next()];
      if (k % 4 === 0) pairs.push([f32OfBits(u), f32OfBits(v)]);
      else
        pairs.push([Math.fround((u - 2 ** 31) / 2 ** (v % 40)), Math.fround((v - 2 ** 31) / 2 ** (u % 40))]);
    }
    for (const [x, y] of pairs) assert.ok(Object.is(f(x, y), Math.fround(x % y)), `${x} % ${y} = ${f(x, y)}`);
  });
});
