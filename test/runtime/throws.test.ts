// biome-ignore-all lint/style: programs as their authors write them
/** `throw` at run time: the error's text shows numbers that are known only then, without compiling anew for each. */
import { equal, throws } from "node:assert/strict";
import { checkText, literalText, NOT_WHOLE } from "../../compiler/ops/check-text.js";
import { grad, jit, vmap } from "../../runtime/index.js";

const textOf = (f: () => unknown): string => {
  let text = "";
  throws(f, (e: unknown) => {
    text = String((e as Error).message).split("\n")[0] ?? "";
    return (e as { code?: string }).code === "TSJ1120";
  });
  return text.replace("range error TSJ1120: ", "");
};

describe("throws with numbers", () => {
  const root = (x: number): number => {
    if (x < 0) throw new Error(`negative: ${x} {} {1} of ${x * 2}`);
    return Math.sqrt(x);
  };
  it("show them, and braces as they are", () => {
    const f = jit(root);
    equal(f(4), 2);
    equal(
      textOf(() => f(-0.1)),
      "Error: negative: -0.1 {} {1} of -0.2",
    );
    equal(
      textOf(() => f(-3)),
      "Error: negative: -3 {} {1} of -6",
    );
    equal(f.cacheInfo().misses, 1);
  });
  it("show what was computed on the way to the throw, in loops and on nested paths", () => {
    const sum = jit((v: Float64Array) => {
      let s = 0;
      for (let i = 0; i < v.length; i++) {
        const y = v[i]! * 2;
        if (y > 10) {
          const z = y + i;
          throw new RangeError("too large: " + z + " at " + i);
        }
        s += y;
      }
      return s;
    });
    equal(sum(new Float64Array(20).fill(1)).item(), 40);
    equal(
      textOf(() => sum(Float64Array.of(1, 2, 3, 50, 1, 1, 1, 1, 1))),
      "RangeError: too large: 103 at 3",
    );
    const sides = jit((v: Float64Array) => {
      if (v[0]! > 1) {
        if (v[1]! > 1) throw new Error(`large ${v[1]}`);
        else throw new Error(`small ${v[1]}`);
      }
      return v[0]!;
    });
    equal(sides(Float64Array.of(0, 2)).item(), 0);
    equal(
      textOf(() => sides(Float64Array.of(2, 2))),
      "Error: large 2",
    );
    equal(
      textOf(() => sides(Float64Array.of(2, 0.5))),
      "Error: small 0.5",
    );
  });
  it("in helpers, NaN and tiny numbers included", () => {
    const f = jit((v: Float64Array) => {
      const log = (y: number): number => {
        if (!(y > 0)) throw new Error(`y is ${y}`);
        return Math.log(y);
      };
      return log(v[0]!) + log(v[1]!);
    });
    equal(f(Float64Array.of(1, 1)).item(), 0);
    equal(
      textOf(() => f(Float64Array.of(1, Number.NaN))),
      "Error: y is NaN",
    );
    equal(
      textOf(() => f(Float64Array.of(-1e-300, 1))),
      "Error: y is -1e-300",
    );
  });
  it("in loops without a known number of iterations", () => {
    const f = jit((v: Float64Array) => {
      let s = 0;
      for (let i = 0; i < 30; i++) {
        let j = i;
        while (true) {
          if (j > v[0]!) throw new Error(`j=${j}, i=${i}`);
          if (j * j > 50) break;
          j++;
        }
        s += j;
      }
      return s;
    });
    equal(f(Float64Array.of(100)).item(), 8 * 9 + (29 * 30) / 2 - (8 * 9) / 2);
    equal(
      textOf(() => f(Float64Array.of(5))),
      "Error: j=6, i=0",
    );
  });
  it("under derivatives and batches", () => {
    const square = (x: number): number => {
      if (x < 0) throw new Error(`negative ${x}`);
      return x * x;
    };
    equal(grad(square)(3), 6);
    equal(
      textOf(() => grad(square)(-3)),
      "Error: negative -3",
    );
    equal(
      textOf(() => vmap(square)([1, 2, -3, -4])),
      "Error: negative -3",
    );
  });
  it("shows four numbers at most", () => {
    const f = jit((v: Float64Array) => {
      if (v[0]! > 0) throw new Error(`${v[0]} ${v[1]} ${v[2]} ${v[3]} ${v[4]}`);
      return 1;
    });
    equal(
      textOf(() => f(Float64Array.of(1, 2, 3, 4, 5))),
      "Error: 1 2 3 4 ...",
    );
  });
});

describe("the text of a check", () => {
  it("has its detail and values in their places, and braces where they were written", () => {
    equal(checkText("at {} of {2}, {1}", 3, [0.5, -0]), "at 3 of 0, 0.5");
    equal(checkText("at {}", NOT_WHOLE), "at (no whole number)");
    equal(checkText(literalText("{} {1} {{ }"), 3, [4]), "{} {1} {{ }");
  });
});
