/** A quasi-Newton method in plain TypeScript. */
type Vector = readonly number[];
const dot = (a: Vector, b: Vector) => a.reduce((sum, v, k) => sum + v * b[k], 0);
/** a + c b. */
const plus = (a: Vector, c: number, b: Vector) => a.map((v, k) => v + c * b[k]);

/**
 * A minimum of `f`, which gives its value and its gradient, by L-BFGS with ten pairs and steps that are halved until they
 * gain enough: Nocedal and Wright, Numerical Optimization (2006), algorithms 7.4 and 3.1.
 */
export const minimise = (f: (x: Vector) => readonly [number, Vector], start: Vector) => {
  let [point, [value, slope], steps] = [start, f(start), 0];
  const pairs: { s: Vector; t: Vector; st: number }[] = [];
  for (; dot(slope, slope) > 1e-10; steps++) {
    let ahead = slope.map((v) => -v);
    const shares = pairs.map(({ s, t, st }) => {
      const share = dot(s, ahead) / st;
      ahead = plus(ahead, -share, t);
      return share;
    });
    const [last] = pairs;
    const scale = last === undefined ? 0.1 / Math.sqrt(dot(slope, slope)) : last.st / dot(last.t, last.t);
    ahead = ahead.map((v) => v * scale);
    for (const [k, { s, t, st }] of [...pairs.entries()].reverse())
      ahead = plus(ahead, shares[k] - dot(t, ahead) / st, s);
    let next = f(plus(point, 1, ahead));
    for (let tried = 1; !(next[0] <= value + 1e-4 * dot(slope, ahead)); tried++) {
      if (tried === 50) throw new Error("no step gains: the gradient is not that of the function");
      ahead = ahead.map((v) => v / 2);
      next = f(plus(point, 1, ahead));
    }
    const t = plus(next[1], -1, slope);
    if (dot(ahead, t) > 0) pairs.unshift({ s: ahead, t, st: dot(ahead, t) });
    pairs.length = Math.min(pairs.length, 10);
    [point, [value, slope]] = [plus(point, 1, ahead), next];
  }
  return { point, value, steps };
};
