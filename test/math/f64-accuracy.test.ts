import assert from "node:assert/strict";
import type { ElementwiseOp } from "../../compiler/ir/types.js";
import { PROFILES } from "../targets/wasm/harness.js";
import { compileOp, kernelOf } from "./evaluate.js";
import { measureF64, readReference } from "./f64-reference.js";
import { statedErrors } from "./stated.js";
import { f64OfHex, f64Steps, SPECIAL, wordsFrom } from "./ulp.js";

// the design's bound for vector math
const BOUND = 2;

describe("f64 functions are within the errors that their files state", () => {
  const stated = statedErrors();
  for (const reference of readReference(new URL("./f64-reference.json", import.meta.url))) {
    it(reference.op, async () => {
      assert.ok(reference.values.length >= 100);
      const limit = stated.get(reference.op)?.f64 ?? Number.NaN;
      assert.ok(limit <= BOUND, `${reference.op} states no error`);
      for (const profile of PROFILES) {
        const { error, at } = await measureF64(reference, profile);
        assert.ok(error <= limit, `${reference.op} with ${profile}: ${error} ulp at ${at}`);
      }
    });
  }
});

/** V8's Math is fdlibm's, whose errors are below 1 ulp, so that both together stay below 3. */
const AGAINST_MATH = BOUND + 1;

describe("f64 functions have ECMAScript's special cases", () => {
  const unary = [
    "exp",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "cbrt",
    "sqrt",
    "floor",
    "ceil",
    "trunc",
    "round",
    "sign",
    "abs",
  ] as const satisfies readonly (ElementwiseOp & keyof Math)[];
  for (const name of unary) {
    it(name, () => {
      const f = compileOp(kernelOf(name, ["f64"], "f64"));
      for (const x of SPECIAL) {
        const steps = f64Steps(f(x), Math[name](x));
        assert.ok(steps <= AGAINST_MATH, `${name}(${x}) = ${f(x)}, not ${Math[name](x)}`);
      }
    });
  }
  const binary = { pow: Math.pow, atan2: Math.atan2, min: Math.min, max: Math.max } as const;
  for (const [name, exact] of Object.entries(binary) as [keyof typeof binary, typeof Math.pow][]) {
    it(name, () => {
      const f = compileOp(kernelOf(name, ["f64", "f64"], "f64"));
      for (const x of SPECIAL)
        for (const y of SPECIAL) {
          const steps = f64Steps(f(x, y), exact(x, y));
          assert.ok(steps <= AGAINST_MATH, `${name}(${x}, ${y}) = ${f(x, y)}, not ${exact(x, y)}`);
        }
    });
  }
  it("rem is exact for every magnitude", () => {
    const f = compileOp(kernelOf("rem", ["f64", "f64"], "f64"));
    const next = wordsFrom(11);
    const any = (): number =>
      f64OfHex(next().toString(16).padStart(8, "0") + next().toString(16).padStart(8, "0"));
    const pairs = SPECIAL.flatMap((x) => SPECIAL.map((y) => [x, y] as const));
    for (let k = 0; k < 1500; k++) {
      const x = any();
      const subnormal = next() * 2 ** -1074;
      pairs.push([x, any()], [x, x / (next() + 0.5)], [next() / 256, (next() + 1) / 65536], [x, subnormal]);
    }
    for (const [x, y] of pairs)
      assert.ok(Object.is(f(x, y), x % y), `${x} % ${y} = ${f(x, y)}, not ${x % y}`);
  });
});
