/** Prices by Black and Scholes, as plain functions of numbers. */
import { customJvp } from "tsc-jit";

/** Share price, exercise price, interest and volatility per year, years to the end. */
export type Market = Readonly<Record<"spot" | "strike" | "rate" | "vol" | "time", number>>;

/** Of the normal distribution. */
export const density = (x: number) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** The normal distribution by a series (Marsaglia, J. Stat. Software 11, 2004); its derivative needs none. */
export const normal: (x: number) => number = customJvp(
  (x: number) => {
    let sum = x;
    for (let i = 3, term = x, last = 0; sum !== last; i += 2) {
      last = sum;
      term *= (x * x) / i;
      sum += term;
    }
    return 0.5 + sum * density(x);
  },
  ([x], [dx]) => [normal(x), density(x) * dx],
);

/** A call that can be exercised at the end only, on a share without dividends (Black and Scholes, 1973). */
export const call = ({ spot, strike, rate, vol, time }: Market) => {
  const d1 = (Math.log(spot / strike) + (rate + 0.5 * vol ** 2) * time) / (vol * Math.sqrt(time));
  return spot * normal(d1) - strike * Math.exp(-rate * time) * normal(d1 - vol * Math.sqrt(time));
};
