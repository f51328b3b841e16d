/** The training step written out by hand over typed arrays: forward, backward, update. */
import { BATCH, RATE, SIZES, type Start } from "./mlp.js";
import { multiply, multiplyByTransposed, multiplyTransposed } from "./plain.js";

/** Products of the three kinds a step needs; plain loops here, another library's kernels elsewhere. */
export interface Products {
  readonly multiply: typeof multiply;
  readonly multiplyTransposed: typeof multiplyTransposed;
  readonly multiplyByTransposed: typeof multiplyByTransposed;
}
const at = (xs: Float32Array, i: number): number => xs[i] ?? 0;

/** d loss / d logits in place of the logits, rows of 10; gives the mean loss. */
const softmaxLoss = (z: Float32Array, labels: Float32Array): number => {
  let loss = 0;
  for (let i = 0; i < z.length; i += 10) {
    const row = z.subarray(i, i + 10);
    const top = Math.max(...row);
    let sum = 0;
    for (let c = 0; c < 10; c++) sum += Math.exp(at(row, c) - top);
    for (let c = 0; c < 10; c++) {
      const logp = at(row, c) - top - Math.log(sum);
      loss -= at(labels, i + c) * logp;
      row[c] = (Math.exp(logp) - at(labels, i + c)) / BATCH;
    }
  }
  return loss / BATCH;
};

/** A step function with its own copy of the weights. */
export const stepWith = (products: Products, s: Start): (() => number) => {
  const w = s.weights.map((v) => v.slice());
  const b = SIZES.slice(1).map((n) => new Float32Array(n));
  const z = SIZES.slice(1).map((n) => new Float32Array(BATCH * n));
  const dw = s.weights.map((v) => new Float32Array(v.length));
  const down = SIZES.map((n) => new Float32Array(BATCH * n));
  const get = <T>(xs: readonly T[], k: number): T => {
    const x = xs[k];
    if (x === undefined) throw new Error(`no layer ${k}`);
    return x;
  };
  return () => {
    for (let l = 0; l < 3; l++) {
      const input = l === 0 ? s.x : get(z, l - 1);
      const out = get(z, l);
      const n = get(SIZES, l + 1);
      products.multiply(input, get(w, l), out, BATCH, get(SIZES, l), n);
      const bias = get(b, l);
      for (let i = 0; i < out.length; i++) {
        const v = at(out, i) + at(bias, i % n);
        out[i] = l < 2 ? Math.max(0, v) : v;
      }
    }
    const loss = softmaxLoss(get(z, 2), s.labels);
    let grad = get(z, 2);
    for (let l = 2; l >= 0; l--) {
      const input = l === 0 ? s.x : get(z, l - 1);
      const [k, n] = [get(SIZES, l), get(SIZES, l + 1)];
      products.multiplyTransposed(input, grad, get(dw, l), BATCH, k, n);
      let next = grad;
      if (l > 0) {
        next = get(down, l);
        products.multiplyByTransposed(grad, get(w, l), next, BATCH, n, k);
        for (let i = 0; i < next.length; i++) if (at(input, i) <= 0) next[i] = 0;
      }
      const weights = get(w, l);
      const change = get(dw, l);
      for (let i = 0; i < weights.length; i++) weights[i] = at(weights, i) - RATE * at(change, i);
      const bias = get(b, l);
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let i = 0; i < BATCH; i++) sum += at(grad, i * n + j);
        bias[j] = at(bias, j) - RATE * sum;
      }
      grad = next;
    }
    return loss;
  };
};

export const plainStep = (s: Start): (() => number) =>
  stepWith({ multiply, multiplyTransposed, multiplyByTransposed }, s);
