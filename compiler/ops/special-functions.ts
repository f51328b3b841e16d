/** Functions that ECMAScript's Math lacks, on doubles: the reference evaluation of their ops, to some units in the last place. */

const SQRT_PI = Math.sqrt(Math.PI);

/** e^(-a^2 share), a^2 in two parts of which the first is exact: a rounded square would lose its error times a^2. */
const gaussian = (a: number, share: number): number => {
  const head = Math.fround(a);
  return Math.exp(-head * head * share) * Math.exp(-(a - head) * (a + head) * share);
};

/** 2 / sqrt(pi) sum (-1)^n x^(2n+1) / (n! (2n + 1)), |x| <= 1/2. */
const erfSeries = (x: number): number => {
  let term = x;
  let sum = 0;
  for (let n = 1; n <= 16; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / SQRT_PI) * (x + sum);
};

/**
 * e^(x^2) erfc x for x >= 1/2 by the trapezoidal rule with its pole's correction (C. Chiarella, A. Reichel, "On the evaluation of
 * integrals related to the error function", 1968): h x / pi (1 / x^2 + 2 sum e^(-n^2 h^2) / (n^2 h^2 + x^2)) -
 * 2 e^(x^2) / (e^(2 pi x / h) - 1). With h = 1/2 the error is e^(-pi^2 / h^2) = 7e-18.
 */
const scaledErfc = (x: number): number => {
  let sum = 0;
  for (let n = 13; n >= 1; n--) sum += (2 * Math.exp(-n * n * 0.25)) / (n * n * 0.25 + x * x);
  const rule = ((0.5 * x) / Math.PI) * (1 / (x * x) + sum);
  return x > 6 ? rule : rule - (2 * Math.exp(x * x)) / Math.expm1(4 * Math.PI * x);
};

/** 2 / sqrt(pi) times the integral of e^(-t^2) from x to infinity. */
export const erfc = (x: number): number => {
  if (x < -0.5) return 2 - erfc(-x);
  if (x < 0.5) return 1 - erfSeries(x);
  return x > 28 ? 0 : gaussian(x, 1) * scaledErfc(x);
};

/** 1 - erfc x, precise near 0. */
export const erf = (x: number): number => {
  if (Math.abs(x) < 0.5) return x === 0 ? x : erfSeries(x);
  return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
};

/** The share of a normal distribution below x: erfc(-x / sqrt 2) / 2. */
export const ndtr = (x: number): number => {
  if (x > 0) return x < 0.7 ? 0.5 + erfSeries(x * Math.SQRT1_2) / 2 : 1 - ndtr(-x);
  if (x > -0.7) return 0.5 - erfSeries(-x * Math.SQRT1_2) / 2;
  return x < -39 ? 0 : 0.5 * gaussian(x, 0.5) * scaledErfc(-x * Math.SQRT1_2);
};

/** x ndtr x; -0 at -Infinity, its limit. */
export const gelu = (x: number): number => (x === -Infinity ? -0 : x * ndtr(x));

/** 1 / (1 + e^-x), from e^-|x|, which does not overflow. */
export const sigmoid = (x: number): number => {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
};

const EULER = 0.5772156649015329;

/** zeta(k) - 1 for k >= 2: 2^-k + .. + 9^-k and Euler-Maclaurin for the rest. */
const zetaLess1 = (k: number): number => {
  const n = 10;
  const head = Array.from({ length: n - 2 }, (_, j) => (n - 1 - j) ** -k).reduce((s, t) => s + t, 0);
  const b2 = (k * n ** (-k - 1)) / 12;
  const b4 = (k * (k + 1) * (k + 2) * n ** (-k - 3)) / 720;
  const b6 = (k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * n ** (-k - 5)) / 30240;
  return head + (n ** (1 - k) / (k - 1) + n ** -k / 2 + b2 - b4 + b6);
};
/** (-1)^k (zeta(k) - 1) / k. */
const NEAR_TWO = Array.from({ length: 29 }, (_, j) => ((j % 2 === 0 ? 1 : -1) * zetaLess1(j + 2)) / (j + 2));

/** log gamma(2 + z) = z (1 - C) + sum over k >= 2 of (-1)^k (zeta(k) - 1) z^k / k, |z| <= 1/2. */
const lgammaNearTwo = (z: number): number =>
  z * (1 - EULER + z * NEAR_TWO.reduceRight((sum, c) => sum * z + c, 0));

/** Stirling's series, x >= 10. */
const stirling = (x: number): number => {
  const u = 1 / (x * x);
  const series = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];
  const tail = series.reduceRight((sum, c) => sum * u + c, 0) / x;
  return (x - 0.5) * (Math.log(x) - 1) + (0.5 * Math.log(2 * Math.PI) - 0.5 + tail);
};

/** log |gamma x|; Infinity at 0, -1, -2, .. and at both infinities. */
export const lgamma = (x: number): number => {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) === Infinity || (x <= 0 && Number.isInteger(x))) return Infinity;
  if (x < -0.5) {
    // reflection: gamma(x) gamma(-x) = -pi / (x sin(pi x)), the sine of what is left of the nearest integer
    const f = x - Math.round(x);
    return -Math.log(Math.abs((x * Math.sin(Math.PI * f)) / Math.PI)) - lgamma(-x);
  }
  if (x < 0.5) return lgammaNearTwo(x) - Math.log(Math.abs(x)) - Math.log1p(x);
  if (x < 1.5) return lgammaNearTwo(x - 1) - Math.log(x);
  if (x >= 10) return stirling(x);
  let product = 1;
  let r = x;
  while (r > 2.5) {
    r -= 1;
    product *= r;
  }
  return Math.log(product) + lgammaNearTwo(r - 2);
};
