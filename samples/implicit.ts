/**
 * Differentiates what an equation defines, not the iterations that solve it: `npx tsc-jit run samples/implicit.ts`.
 *
 * Newton's method solves Kepler's equation, E - e sin E = M; `customVjp` gives its solution the derivative that the implicit
 * function theorem knows. It must equal the derivative through the `while` loop, and take less time.
 */
import assert from "node:assert/strict";
import { customVjp, grad, jit } from "tsc-jit";

/** 0 where E is the eccentric anomaly that belongs to the mean anomaly M, on an orbit of eccentricity e. */
const kepler = (E: number, e: number, M: number) => E - e * Math.sin(E) - M;

/** From π Newton's method converges for every e < 1. */
const newton = (e: number, M: number) => {
  let E = Math.PI;
  let steps = 0;
  for (let step = 1; Math.abs(step) > 1e-12; steps++) {
    step = kepler(E, e, M) / grad(kepler)(E, e, M);
    E -= step;
  }
  return { E, steps };
};
const iterated = (e: number, M: number) => newton(e, M).E;

/** Where f(x, e, m) = 0, dx/de = -f_e / f_x and dx/dm = -f_m / f_x. */
const implicit = customVjp(
  iterated,
  (e: number, M: number) => {
    const E = iterated(e, M);
    return [E, { E, e, M }];
  },
  ({ E, e, M }, cotangent: number) => {
    const [fx, fe, fm] = grad(kepler, { argnums: [0, 1, 2] })(E, e, M);
    return [(-fe / fx) * cotangent, (-fm / fx) * cotangent];
  },
);

const DATES = 20_000;
/** The mean of what `f` gives at dates that are spread evenly over an orbit. */
const overOrbit = (f: (M: number) => number) => {
  let sum = 0;
  for (let k = 0; k < DATES; k++) sum += f((2 * Math.PI * (k + 0.5)) / DATES);
  return sum / DATES;
};
/** Distance from the sun in units of the longer half axis; its mean is 1 + e² / 2, whose derivative is e. */
const distance = (solve: typeof iterated) => (e: number) => overOrbit((M) => 1 - e * Math.cos(solve(e, M)));

/** The result, and the milliseconds of the fastest of many calls. */
const timed = (f: (x: number) => number, x: number) => {
  const times = Array.from({ length: 30 }, () => {
    const begin = performance.now();
    f(x);
    return performance.now() - begin;
  });
  return [f(x), Math.min(...times)] as const;
};

const example = jit(iterated)(0.99, 0.2);
console.log(`e = 0.99, M = 0.2: E = ${example.toFixed(12)}`);
assert.equal(example.toFixed(12), "1.066997365282", "J. Meeus, Astronomical Algorithms, chapter 30");

const halley = 0.96714;
const steps = jit((e: number) => overOrbit((M) => newton(e, M).steps))(halley);
console.log(`Halley's comet, e = ${halley}: ${steps.toFixed(1)} steps for each of ${DATES} dates`);

const mean = jit(distance(iterated));
const [value, valueTime] = timed(mean, halley);
const [direct, directTime] = timed(grad(distance(iterated)), halley);
const [theorem, theoremTime] = timed(grad(distance(implicit)), halley);
const differences = (mean(halley + 1e-4) - mean(halley - 1e-4)) / 2e-4;
console.log(`  mean distance ${value.toFixed(12)} in ${valueTime.toFixed(1)} ms; its derivative by`);
console.log(`  iterations ${direct.toFixed(12)} in ${directTime.toFixed(1)} ms`);
console.log(
  `  theorem    ${theorem.toFixed(12)} in ${theoremTime.toFixed(1)} ms, differences ${differences.toFixed(8)}`,
);
assert.ok(Math.abs(value - (1 + halley ** 2 / 2)) < 1e-10 && Math.abs(differences - halley) < 1e-6);
assert.ok(Math.abs(theorem - halley) < 1e-9 && Math.abs(direct - theorem) < 1e-9, "the derivatives differ");
assert.ok(theoremTime < directTime, "the theorem is slower than the iterations");
