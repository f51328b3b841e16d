/**
 * Prices options and differentiates the prices: `npx tsc-jit run samples/options.ts`.
 *
 * Ten Greeks of a call come from its price alone, to the third order, and must equal the closed forms. Those of an
 * American put come from a binomial tree that is rolled back in place, and must equal the values in Hull's book.
 */
import assert from "node:assert/strict";
import { grad, hessian, jit, valueAndGrad } from "tsc-jit";
import { call, density, type Market, normal } from "./lib/black-scholes.js";

const greeks = jit((m: Market) => {
  const [first, second] = [grad(call)(m), hessian(call)(m)];
  const { spot: speed, vol: zomma } = grad((at: Market) => hessian(call)(at).spot.spot)(m);
  const [delta, vega, theta, rho] = [first.spot, first.vol, -first.time, first.rate];
  const [gamma, vanna, charm, volga] = [second.spot.spot, second.spot.vol, -second.spot.time, second.vol.vol];
  return { delta, vega, theta, rho, gamma, vanna, charm, volga, speed, zomma };
});

const closedForms = ({ spot, strike, rate, vol, time }: Market) => {
  const s = vol * Math.sqrt(time);
  const d1 = (Math.log(spot / strike) + rate * time) / s + 0.5 * s;
  const d2 = d1 - s;
  const [n, g, pv] = [density(d1), density(d1) / (spot * s), strike * Math.exp(-rate * time)];
  const [delta, vega, rho] = [normal(d1), spot * n * Math.sqrt(time), time * pv * normal(d2)];
  const theta = (-0.5 * vega * vol) / time - (rate * rho) / time;
  const [vanna, volga] = [(-n * d2) / vol, (vega * d1 * d2) / vol];
  const charm = (-n * (2 * rate * time - d2 * s)) / (2 * time * s);
  const [speed, zomma] = [(-g / spot) * (d1 / s + 1), (g * (d1 * d2 - 1)) / vol];
  return { delta, vega, theta, rho, gamma: g, vanna, charm, volga, speed, zomma };
};

/** A put by Cox, Ross and Rubinstein: its price is piecewise linear in the spot, so what bends is read from the nodes. */
const put = (steps: number, american: boolean) => (m: Market) => {
  const dt = m.time / steps;
  const up = Math.exp(m.vol * Math.sqrt(dt));
  const p = (Math.exp(m.rate * dt) - 1 / up) / (up - 1 / up);
  const payoff = (n: number, k: number) => m.strike - m.spot * up ** (2 * k - n);
  const v = new Float64Array(steps + 1).map((_, k) => Math.max(payoff(steps, k), 0));
  let [delta, gamma, middle] = [0, 0, 0];
  for (let n = steps - 1; n >= 0; n--) {
    for (let k = 0; k <= n; k++) {
      const held = Math.exp(-m.rate * dt) * (p * v[k + 1] + (1 - p) * v[k]);
      v[k] = american ? Math.max(held, payoff(n, k)) : held;
    }
    const slope = (k: number) => (v[k + 1] - v[k]) / (payoff(n, k) - payoff(n, k + 1));
    if (n === 2) [gamma, middle] = [(2 * (slope(1) - slope(0))) / (payoff(2, 0) - payoff(2, 2)), v[1]];
    if (n === 1) delta = slope(0);
  }
  return [v[0], { delta, gamma, theta: (middle - v[0]) / (2 * dt) }] as const;
};

type Values = Readonly<Record<string, number>>;
const compare = (title: string, found: Values, wanted: Values, error: number) => {
  console.log(title);
  for (const [name, value] of Object.entries(found)) {
    console.log(`  ${name.padEnd(6)} ${value.toPrecision(10)}`);
    const relative = Math.abs(value / wanted[name] - 1);
    assert.ok(relative <= error, `${title}: ${name} is ${value} instead of ${wanted[name]}`);
  }
};

const example = { spot: 42, strike: 40, rate: 0.1, vol: 0.2, time: 0.5 };
compare("call, Black and Scholes", greeks(example), closedForms(example), 1e-10);

const hull = { spot: 50, strike: 50, rate: 0.1, vol: 0.4, time: 5 / 12 };
const european = (m: Market) => call(m) - m.spot + m.strike * Math.exp(-m.rate * m.time);
const [slopes] = grad(put(500, false), { hasAux: true })(hull);
compare("European put, slopes of a tree of 500 steps", slopes, grad(european)(hull), 1 / 500);

const prices = [30, 50, 100, 500].map((steps) => put(steps, true)(hull)[0].toFixed(3));
const [[, { delta, gamma, theta }], { vol, rate }] = valueAndGrad(put(50, true), { hasAux: true })(hull);
const tree = [delta, gamma, vol / 100, rate / 100].map((x) => x.toFixed(3));
console.log(
  `American put: ${prices.join(", ")}; its Greeks: ${tree.join(", ")}, ${(theta / 365).toFixed(4)} a day`,
);
assert.deepEqual(prices, ["4.263", "4.272", "4.278", "4.283"]);
assert.deepEqual([...tree, (theta / 365).toFixed(4)], ["-0.415", "0.034", "0.123", "-0.072", "-0.0117"]);
