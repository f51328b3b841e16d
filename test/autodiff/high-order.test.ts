/** Derivatives of high order of programs with loops, against truncated power series. */
import { grad, jit, jvp } from "../../runtime/index.js";
import type { Derivative, Scalar } from "./modes.js";
import { close } from "./numbers.js";

/** A power series c[0] + c[1] t + ... up to t^4: what derivatives up to the fourth order are made from independently. */
type Series = readonly number[];
const ORDER = 5;
const seriesAt = (x: number): Series => [x, 1, 0, 0, 0];
const constant = (c: number): Series => [c, 0, 0, 0, 0];
const plus = (a: Series, b: Series): Series => a.map((x, k) => x + (b[k] ?? 0));
const product = (a: Series, b: Series): Series =>
  a.map((_, n) => {
    let sum = 0;
    for (let k = 0; k <= n; k++) sum += (a[k] ?? 0) * (b[n - k] ?? 0);
    return sum;
  });
/** sin and cos together: n s_n = sum k a_k c_(n-k), n c_n = -sum k a_k s_(n-k). */
const sine = (a: Series): Series => {
  const [s, c] = [[Math.sin(a[0] ?? 0)], [Math.cos(a[0] ?? 0)]];
  for (let n = 1; n < ORDER; n++) {
    let [u, v] = [0, 0];
    for (let k = 1; k <= n; k++) {
      u += k * (a[k] ?? 0) * (c[n - k] ?? 0);
      v -= k * (a[k] ?? 0) * (s[n - k] ?? 0);
    }
    s.push(u / n);
    c.push(v / n);
  }
  return s;
};
const FACTORIALS = [1, 1, 2, 6, 24];
/** f, f', f'', ... at the point of the series. */
const derivativesOf = (a: Series): readonly number[] => a.map((c, k) => c * (FACTORIALS[k] ?? 0));

/** Loops whose series are made by the same loop over series. */
const LOOPS: readonly {
  readonly name: string;
  readonly f: Scalar;
  readonly series: (x: Series) => Series;
}[] = [
  {
    name: "a for loop",
    f: (x) => {
      let y = x;
      for (let k = 0; k < 12; k++) y = Math.sin(y) * x + y * 0.5;
      return y;
    },
    series: (x) => {
      let y = x;
      for (let k = 0; k < 12; k++) y = plus(product(sine(y), x), product(y, constant(0.5)));
      return y;
    },
  },
  {
    name: "a while loop that its value ends",
    f: (x) => {
      let y = x;
      while (y < 20) y = y * y * 0.7 + Math.sin(x) + 0.5;
      return y * x;
    },
    series: (x) => {
      let y = x;
      while ((y[0] ?? 0) < 20) y = plus(plus(product(product(y, y), constant(0.7)), sine(x)), constant(0.5));
      return product(y, x);
    },
  },
  {
    name: "an array updated in place in a while in a for",
    f: (x) => {
      const a = new Float64Array(4);
      a[0] = x;
      for (let k = 0; k < 3; k++) {
        let i = 0;
        while (i < k + x) {
          a[k + 1] = (a[k + 1] as number) + Math.sin(a[k] as number) * x;
          i++;
        }
      }
      return (a[3] as number) * (a[1] as number);
    },
    series: (x) => {
      const a: Series[] = [x, constant(0), constant(0), constant(0)];
      for (let k = 0; k < 3; k++)
        for (let i = 0; i < k + (x[0] ?? 0); i++)
          a[k + 1] = plus(a[k + 1] ?? [], product(sine(a[k] ?? []), x));
      return product(a[3] ?? [], a[1] ?? []);
    },
  },
];

const forward: Derivative = (f, x) => jvp(f, [x], [1])[1];
const reverse: Derivative = (f, x) => grad(f)(x);

describe("derivatives of high order through loops", () => {
  for (const { name, f, series } of LOOPS) {
    it(`${name}: forward and reverse mode in every order up to the third`, () => {
      const x = 1.3;
      const wanted = derivativesOf(series(seriesAt(x)));
      for (const first of [forward, reverse])
        for (const second of [forward, reverse]) {
          const once: Scalar = (y) => first(f, y);
          const twice: Scalar = (y) => second(once, y);
          const got = jit((y: number) => [f(y), once(y), twice(y)])(x);
          close(got, wanted.slice(0, 3), 1e-12, name);
          for (const third of [forward, reverse])
            close(jit((y: number) => third(twice, y))(x), wanted[3], 1e-11, `${name}, third order`);
        }
    });
    it(`${name}: the fourth derivative by reverse mode alone`, () => {
      const x = 1.3;
      close(jit(grad(grad(grad(grad(f)))))(x), derivativesOf(series(seriesAt(x)))[4], 1e-10, name);
    });
  }
});
