/**
 * Optimisers inside functions that optimisers minimise: the programs of Siskind and Pearlmutter, Nesting forward-mode AD in a
 * functional framework, Higher-Order and Symbolic Computation 21 (2008), section 8, in every combination of forward and reverse
 * mode. Each derivative goes through the `while` loops of the inner optimiser, derivatives in their bodies included.
 */
import assert from "node:assert/strict";
import { jit, np, type Tensor, tensor } from "../../runtime/index.js";
import { forEachPair, GRADIENTS, type Gradient } from "./modes.js";

type Field = (x: Tensor) => number;

/** Gradient descent with a step that doubles after ten successes and halves after a failure, as published. */
const argmin = (gradient: Gradient, f: Field, start: Tensor): Tensor => {
  let x = start;
  let fx = f(x);
  let gx = gradient(f, x);
  let eta = 1e-5;
  let successes = 0;
  while (np.linalg.norm(gx) > 1e-5) {
    if (successes === 10) {
      eta *= 2;
      successes = 0;
      continue;
    }
    const next = (x - eta * gx) as Tensor;
    if (np.linalg.norm(x - next) <= 1e-5) break;
    const fNext = f(next);
    if (fNext < fx) {
      x = next;
      fx = fNext;
      gx = gradient(f, next);
      successes++;
    } else {
      eta /= 2;
      successes = 0;
    }
  }
  return x;
};

/** |a|^2 - |b|^2, whose saddle is the origin. */
const hyperbolic = (a: Tensor, b: Tensor): number => np.sum(a * a) - np.sum(b * b);

/** 1 / distance to a charge at (10, 10 - w) and to one at (10, 0), at (u, v). */
const potential = (u: number, v: number, w: number): number =>
  1 / Math.sqrt((u - 10) ** 2 + (v - 10 + w) ** 2) + 1 / Math.sqrt((u - 10) ** 2 + v ** 2);

/** The square of the place at which the particle from (0, 8) with speed (0.75, 0) hits the first axis. */
const hit = (gradient: Gradient, w: number): number => {
  const p: Field = (x) => potential(x[0] as number, x[1] as number, w);
  let x = np.stack([0, 8]);
  let v = np.stack([0.75, 0]);
  while (true) {
    const acceleration = -gradient(p, x);
    const next = (x + 0.1 * v) as Tensor;
    if ((next[1] as number) <= 0) break;
    x = next;
    v = (v + 0.1 * acceleration) as Tensor;
  }
  const rest = -(x[1] as number) / (v[1] as number);
  return ((x[0] as number) + rest * (v[0] as number)) ** 2;
};

/** The same as plain JavaScript, the gradient by hand. */
const plainHit = (w: number): number => {
  let [u, v, du, dv] = [0, 8, 0.75, 0];
  while (v + 0.1 * dv > 0) {
    const [a, b] = [u - 10, v - 10 + w];
    const [r, s] = [Math.hypot(a, b) ** -3, Math.hypot(a, v) ** -3];
    [u, v, du, dv] = [u + 0.1 * du, v + 0.1 * dv, du + 0.1 * (a * r + a * s), dv + 0.1 * (b * r + v * s)];
  }
  return (u - (v / dv) * du) ** 2;
};

/** One of forward mode, one of reverse. */
const MODES = { forward: GRADIENTS.jacfwd, reverse: GRADIENTS.grad } as Record<string, Gradient>;

describe("derivatives through optimisers that use derivatives", () => {
  forEachPair(MODES, (name, outer, inner) => {
    it(`min max of a saddle, ${name}`, () => {
      const saddle = jit((start: Tensor) => {
        const a = argmin(
          outer,
          (x) =>
            hyperbolic(
              x,
              argmin(inner, (y) => -hyperbolic(x, y), start),
            ),
          start,
        );
        return [a, argmin(inner, (y) => -hyperbolic(a, y), start)] as const;
      });
      // Where descent from (1, 1) by steps of 2^k 1e-5 ends: one number, published with the program.
      for (const x of saddle(tensor([1, 1], { dtype: "f64" })))
        assert.deepEqual(x.toArray(), [8.246324826140356e-6, 8.246324826140356e-6]);
    });

    it(`a particle that is to hit the origin, ${name}`, () => {
      const best = jit((start: Tensor) => argmin(outer, (w) => hit(inner, w[0] as number), start));
      const w = best(tensor([0], { dtype: "f64" }))[0]?.item() ?? Number.NaN;
      // Published: 0.20719187464861197. Some hundred steps, each of which forgets a part of the roundings before it.
      assert.ok(Math.abs(w - 0.20719187464861197) <= 1e-12, String(w));
      for (const other of [w - 1e-3, w + 1e-3]) assert.ok(plainHit(w) < plainHit(other));
    });
  });
});
