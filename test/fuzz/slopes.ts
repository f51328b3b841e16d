/** Derivatives against finite differences, where these are to be trusted. */
import type { NdArray } from "../../compiler/ops/op.js";
import { difference } from "../properties/calculus.js";
import { Fault } from "./fault.js";

/** How many derivatives were compared with differences, and how many of these are not 0. */
export interface Slopes {
  readonly judged: number;
  readonly moving: number;
}
export const NO_SLOPES: Slopes = { judged: 0, moving: 0 };
export const sumOfSlopes = (all: readonly Slopes[]): Slopes => ({
  judged: all.reduce((n, s) => n + s.judged, 0),
  moving: all.reduce((n, s) => n + s.moving, 0),
});

/** Where estimates for two steps differ by more, the function is too steep for differences to say anything. */
const CONVERGED = 1e-4;
/** Errors of estimates are estimates themselves. */
const MARGIN = 100;

/**
 * A step at which a jump or a kink shows. The second difference f(h) - 2 f(0) + f(-h) of a smooth function is h^2 f''; where
 * the slope jumps by J it is h J, and where the value at the point alone is another one it does not vanish with h.
 */
const NEAR = 2 ** -16;
const KINK = 1e-2;

/**
 * What the derivative `got` of `f` along a direction is by differences, where these converge, and where the differences to
 * both sides agree. `f` gives null where the program refuses its arguments.
 */
export const requireSlope = (
  where: string,
  f: (h: number) => readonly NdArray[] | null,
  got: readonly NdArray[],
  detail: () => string,
): Slopes => {
  const compared: number[] = [];
  const missing = got.map((y) => ({ ...y, data: Float64Array.from(y.data, () => Number.NaN) }));
  const values = (h: number): readonly NdArray[] => f(h) ?? missing;
  const [before, here, after] = [values(-NEAR), values(0), values(NEAR)];
  difference(values).forEach((estimates, r) => {
    estimates.forEach(({ value, error }, i) => {
      const slope = got[r]?.data[i] ?? Number.NaN;
      if (!Number.isFinite(value) || error >= CONVERGED * (1 + Math.abs(value))) return;
      const [low, middle, high] = [before, here, after].map((ys) => ys[r]?.data[i] ?? Number.NaN);
      if (low === undefined || middle === undefined || high === undefined) return;
      if (!(Math.abs(high - 2 * middle + low) <= KINK * NEAR * (1 + Math.abs(value)))) return;
      compared.push(slope);
      if (!(Math.abs(slope - value) <= MARGIN * error))
        throw new Fault(
          `${where} differs from finite differences`,
          `result ${r}[${i}] ${detail()}\n   gives ${slope}\n  wanted ${value} +- ${error}`,
        );
    });
  });
  return { judged: compared.length, moving: compared.filter((slope) => slope !== 0).length };
};
