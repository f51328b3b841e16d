import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { BINARY_OPS, type ElementwiseOp, UNARY_OPS } from "../../compiler/ir/types.js";
import { compileOp, kernelOf } from "./evaluate.js";
import { f64OfHex, f64Steps, SPECIAL, wordsFrom } from "./ulp.js";

interface Reference {
  readonly about: string;
  readonly values: Readonly<Record<string, readonly string[]>>;
}
// written by the generator that `about` describes
const reference = JSON.parse(
  readFileSync(new URL("./f64-reference.json", import.meta.url), "utf8"),
) as Reference;

const opNamed = (name: string): ElementwiseOp => {
  const op = [...UNARY_OPS, ...BINARY_OPS].find((known) => known === name);
  if (op === undefined) throw new Error(`the reference holds values of ${name}, which is not an op`);
  return op;
};

const wordsOf = (row: string): readonly number[] => (row.match(/.{16}/g) ?? []).map(f64OfHex);

// the design's bound for vector math, against the correctly rounded result
const BOUND = 2;

describe("f64 functions are within 2 ulp of the correctly rounded result", () => {
  for (const [name, rows] of Object.entries(reference.values)) {
    it(name, () => {
      const arity = wordsOf(rows[0] ?? "").length - 1;
      const f = compileOp(
        kernelOf(
          opNamed(name),
          Array.from({ length: arity }, () => "f64" as const),
          "f64",
        ),
      );
      assert.ok(rows.length >= 100);
      for (const row of rows) {
        const values = wordsOf(row);
        const [operands, expected] = [values.slice(0, arity), values[arity] ?? Number.NaN];
        const steps = f64Steps(f(...operands), expected);
        assert.ok(
          steps <= BOUND,
          `${name}(${operands}) = ${f(...operands)}, exactly ${expected}: ${steps} ulp`,
        );
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
