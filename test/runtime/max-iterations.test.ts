/** `jit(fn, { maxIterations })`: loops without a known number of iterations end. */
import { equal, match, throws } from "node:assert/strict";
import { TscJitError } from "../../compiler/diagnostics.js";
import { grad, jit, vmap } from "../../runtime/index.js";

const limited = (f: () => unknown): string => {
  let text = "";
  throws(f, (e: unknown) => {
    if (!(e instanceof TscJitError && e instanceof RangeError)) return false;
    text = e.message;
    return e.code === "TSJ1140" && e.diagnostics[0]?.kind === "range";
  });
  return text;
};

/** Iterations that halving makes to reach 1. */
const halvings = (x: number): number => {
  let n = 0;
  while (x > 1) {
    x /= 2;
    n++;
  }
  return n;
};

describe("maxIterations", () => {
  it("lets a while loop make so many iterations and no more", () => {
    const f = jit(halvings, { maxIterations: 10 });
    equal(f(1024), 10);
    equal(f(0), 0);
    const text = limited(() => f(1025));
    match(text, /this loop goes on after 10 iterations, which maxIterations allows/);
    match(text, /max-iterations\.test\.ts:\d+/);
    match(text, /while \(x > 1\)/);
  });
  it("limits loops whose condition stands at their end, is absent, or is left by break", () => {
    const atEnd = jit(
      (x: number) => {
        let n = 0;
        do {
          x /= 2;
          n++;
        } while (x > 1);
        return n;
      },
      { maxIterations: 10 },
    );
    equal(atEnd(1024), 10);
    limited(() => atEnd(1025));
    const forever = jit(
      (x: number) => {
        let n = 0;
        for (;;) {
          if (n >= x) break;
          n++;
        }
        return n;
      },
      { maxIterations: 100 },
    );
    equal(forever(99), 99);
    limited(() => forever(Number.POSITIVE_INFINITY));
  });
  it("limits counted loops whose bound is known at run time only, and no others", () => {
    const sum = jit(
      (a: Float64Array) => {
        let s = 0;
        for (let i = 0; i < (a[0] ?? 0); i++) s += i;
        return s;
      },
      { maxIterations: 10 },
    );
    equal(sum(Float64Array.of(10)).item(), 45);
    limited(() => sum(Float64Array.of(11)));
    const known = jit(
      (x: number) => {
        let s = 0;
        for (let i = 0; i < 1000; i++) s += x;
        return s;
      },
      { maxIterations: 10 },
    );
    equal(known(1), 1000);
  });
  it("counts each run of an inner loop for itself", () => {
    const f = jit(
      (a: Float64Array) => {
        let n = 0;
        for (let i = 0; i < a.length; i++) {
          let x = a[i] ?? 0;
          while (x > 1) {
            x /= 2;
            n++;
          }
        }
        return n;
      },
      { maxIterations: 5 },
    );
    equal(f(new Float64Array(20).fill(32)).item(), 100);
    limited(() => f(Float64Array.of(32, 33)));
  });
  it("holds for each example of a batch", () => {
    const f = jit(vmap(halvings), { maxIterations: 10 });
    equal(
      f(Float64Array.of(1024, 1, 3))
        .sum()
        .item(),
      12,
    );
    limited(() => f(Float64Array.of(2, 4096)));
  });
  it("is a whole number", () => {
    for (const maxIterations of [0, -1, 1.5, Number.NaN, 2 ** 31])
      throws(() => jit(halvings, { maxIterations }), { code: "TSJ5066" });
  });
  it("goes into the derivative", () => {
    const f = (x: number): number => {
      let y = x;
      for (let i = 0; i < 3; i++) y *= x;
      return y;
    };
    equal(jit(grad(f), { maxIterations: 1 })(2), 32);
  });
});
