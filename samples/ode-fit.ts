/**
 * Fits an ordinary differential equation to data: `npx tsc-jit run samples/ode-fit.ts`.
 *
 * Lotka and Volterra's predators and prey, by Runge-Kutta steps in a `while` loop whose number of steps depends on what is
 * fitted; the likelihood of a century-old record is maximised through it. The answer must be that of Stan's case study.
 */
import assert from "node:assert/strict";
import { grad, jit, optim, tree } from "tsc-jit";
import { readColumns } from "./lib/csv.js";

const { lynx, hare } = readColumns("lynx-hare.csv", "lynx", "hare");

/** Rates; the populations in the first year; the deviations of the logarithms of what is counted. */
type Model = Readonly<
  Record<"alpha" | "beta" | "gamma" | "delta" | "prey" | "predators" | "sigma" | "tau", number>
>;
type State = readonly [prey: number, predators: number];

const field = (m: Model, [u, v]: State): State => [(m.alpha - m.beta * v) * u, (m.delta * u - m.gamma) * v];

const after = ([u, v]: State, [du, dv]: State, h: number): State => [u + h * du, v + h * dv];

const rungeKutta = (m: Model, z: State, h: number): State => {
  const k1 = field(m, z);
  const k2 = field(m, after(z, k1, h / 2));
  const k3 = field(m, after(z, k2, h / 2));
  const k4 = field(m, after(z, k3, h));
  return after(after(after(after(z, k1, h / 6), k2, h / 3), k3, h / 3), k4, h / 6);
};

/** Minus the logarithm of the likelihood: counts are log-normal around the populations. */
const loss = (logs: Model) => {
  const m = tree.map((x) => Math.exp(x), logs);
  let z: State = [m.prey, m.predators];
  let sum = 0;
  for (let year = 0, t = 0; year < hare.length; year++) {
    while (t < year) {
      const [du, dv] = field(m, z);
      const fastest = Math.max(Math.abs(du / z[0]), Math.abs(dv / z[1]));
      const h = Math.min(0.05 / fastest, year - t);
      z = rungeKutta(m, z, h);
      t += h;
    }
    const [a, b] = [Math.log(hare[year] / z[0]) / m.sigma, Math.log(lynx[year] / z[1]) / m.tau];
    sum += 0.5 * (a * a + b * b) + Math.log(m.sigma * m.tau);
  }
  return sum;
};

const STEPS = 2000;
const adam = optim.adam((step) => 0.03 * (1 - step / STEPS));
const estimate = jit((start: Model) => {
  let logs = tree.map((x) => Math.log(x), start);
  let state = adam.init(logs);
  for (let k = 0; k < STEPS; k++) {
    const next = adam.update(grad(loss)(logs), state);
    logs = optim.applyUpdates(logs, next.updates);
    state = next.state;
  }
  return { model: tree.map((x) => Math.exp(x), logs), loss: loss(logs) };
});

const start = { alpha: 0.5, beta: 0.03, gamma: 1, delta: 0.03, prey: 30, predators: 4, sigma: 0.5, tau: 0.5 };
/** Central 80 % of Stan's posterior distribution (B. Carpenter, 2018). */
const stan: Readonly<Record<string, readonly [number, number]>> = {
  alpha: [0.47, 0.63],
  beta: [0.023, 0.033],
  gamma: [0.69, 0.91],
  delta: [0.02, 0.029],
  sigma: [0.2, 0.31],
  tau: [0.2, 0.31],
};
const { model, loss: value } = estimate(start);
console.log(`minus log-likelihood ${value.toFixed(6)}`);
for (const [name, x] of Object.entries(model)) {
  const [low, high] = stan[name] ?? [0, Infinity];
  console.log(`  ${name.padEnd(9)} ${x.toPrecision(7)}`);
  assert.ok(low <= x && x <= high, `${name} is ${x}, and with 80 % probability from ${low} to ${high}`);
}
