/**
 * Scalar functions of one array, of every kind of code: what the benchmark of second derivatives measures, and its tests
 * check at smaller sizes.
 */
import { np, type Tensor, tensor } from "../../runtime/index.js";
import { noise } from "../bench/harness.js";

export interface Program {
  readonly name: string;
  /** Array code, or loops over single elements, which run as plain JavaScript too. */
  readonly kind: "arrays" | "loops";
  /** Whether differences may be taken over larger steps. */
  readonly smooth: boolean;
  readonly fn: (x: Float64Array) => number;
  readonly size: number;
  /** Entries of x lie in [low, high). */
  readonly low: number;
  readonly high: number;
}

const uniform = (n: number, seed: number, low = -1, high = 1): Float64Array =>
  Float64Array.from(noise(n, seed), (u) => low + ((high - low) * (u + 1)) / 2);
const data = (shape: readonly number[], seed: number, scale = 1): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(uniform(n, seed, -scale, scale), { shape: [...shape] });
};

export const pointOf = ({ size, low, high }: Program, seed = 1): Float64Array =>
  uniform(size, seed, low, high);
export const directionOf = ({ size }: Program, seed = 2): Float64Array => uniform(size, seed);

/** Square layers of tanh on a batch, and their mean squared error. */
const mlp = (layers: number, width: number, batch: number): Program => {
  const x = data([batch, width], 3);
  const y = data([batch, width], 4);
  const fn = (weights: Float64Array) => {
    const w = np.reshape(weights, [layers, width, width]);
    let h: number = x;
    for (let k = 0; k < layers; k++) h = Math.tanh(np.dot(h, w[k] ?? w));
    const e = h - y;
    return np.mean(e * e);
  };
  const high = 1.5 / Math.sqrt(width);
  const size = layers * width * width;
  return {
    name: `mlp ${layers}x${width}, batch ${batch}`,
    kind: "arrays",
    smooth: true,
    fn,
    size,
    low: -high,
    high,
  };
};

const logistic = (rows: number, size: number): Program => {
  const a = data([rows, size], 3);
  const y = np.sign(data([rows], 4));
  const fn = (weights: Float64Array) => {
    const w = np.reshape(weights, [size]);
    return np.mean(np.log1p(Math.exp(-(y * np.dot(a, w))))) + 0.01 * np.sum(w * w);
  };
  return {
    name: `logistic regression ${rows}x${size}`,
    kind: "arrays",
    smooth: true,
    fn,
    size,
    low: -1,
    high: 1,
  };
};

/** Negative log likelihood of points in the means of unit Gaussians. */
const mixture = (points: number, components: number, dimension: number): Program => {
  const at = data([points, 1, dimension], 3, 2);
  const fn = (x: Float64Array) => {
    const d = at - np.reshape(x, [components, dimension]);
    const q = -0.5 * np.sum(d * d, 2);
    const top = np.max(q, 1, { keepdims: true });
    return -np.sum(np.log(np.sum(Math.exp(q - top), 1)) + np.max(q, 1));
  };
  const name = `gaussian mixture ${points}x${components}x${dimension}`;
  return { name, kind: "arrays", smooth: true, fn, size: components * dimension, low: -2, high: 2 };
};

const recurrent = (steps: number, width: number): Program => {
  const inputs = data([steps, width], 3);
  const fn = (x: Float64Array) => {
    const w = np.reshape(x, [width, width]);
    let h: number = np.zeros([width], "f64");
    let loss = 0;
    for (let t = 0; t < steps; t++) {
      h = Math.tanh(np.dot(w, h) + (inputs[t] ?? inputs));
      loss += np.sum(h * h);
    }
    return loss / steps;
  };
  const high = 1.5 / Math.sqrt(width);
  return {
    name: `recurrent network ${steps}x${width}`,
    kind: "arrays",
    smooth: true,
    fn,
    size: width * width,
    low: -high,
    high,
  };
};

const rosenbrock = (size: number): Program => {
  const fn = (x: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < size - 1; i++) {
      const u = (x[i + 1] ?? 0) - (x[i] ?? 0) * (x[i] ?? 0);
      const v = 1 - (x[i] ?? 0);
      sum += 100 * u * u + v * v;
    }
    return sum;
  };
  return { name: `rosenbrock, loop of ${size}`, kind: "loops", smooth: true, fn, size, low: -1, high: 1 };
};

/** A pendulum by leapfrog steps: neither the values nor their derivatives decay. */
const pendulum = (steps: number): Program => {
  const fn = (x: Float64Array) => {
    const h = x[2] ?? 0;
    let q = x[0] ?? 0;
    let p = x[1] ?? 0;
    for (let i = 0; i < steps; i++) {
      q += h * p;
      p -= h * (q - (q * q * q) / 6);
    }
    return q * q + p * p;
  };
  return { name: `pendulum, ${steps} steps`, kind: "loops", smooth: true, fn, size: 3, low: 0.01, high: 0.1 };
};

/** Gauss-Seidel smoothing with a source, in place. */
const stencil = (size: number, steps: number): Program => {
  const fn = (x: Float64Array) => {
    const u = x.slice();
    for (let t = 0; t < steps; t++)
      for (let i = 1; i < size - 1; i++) {
        const v = u[i] ?? 0;
        u[i] = v + 0.1 * ((u[i - 1] ?? 0) - 2 * v + (u[i + 1] ?? 0)) + 0.01 * Math.sin(v);
      }
    let sum = 0;
    for (let i = 0; i < size; i++) sum += (u[i] ?? 0) * (u[i] ?? 0);
    return sum;
  };
  return {
    name: `in-place stencil ${size}, ${steps} steps`,
    kind: "loops",
    smooth: true,
    fn,
    size,
    low: -1,
    high: 1,
  };
};

/** All pairs of entries: each term depends on no other. */
const pairs = (size: number): Program => {
  const fn = (x: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const d = (x[i] ?? 0) - (x[j] ?? 0);
        sum += Math.exp(-d * d) * (x[j] ?? 0);
      }
    return sum;
  };
  return { name: `pairs, loops of ${size}x${size}`, kind: "loops", smooth: true, fn, size, low: -1, high: 1 };
};

/** All pairs of entries, one after the other: each step depends on the one before. */
const sweep = (size: number): Program => {
  const fn = (x: Float64Array) => {
    let s = 0;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) s += 1e-3 * (s * s - 1) * (x[i] ?? 0) * (x[j] ?? 0);
    return s;
  };
  return { name: `sweep, loops of ${size}x${size}`, kind: "loops", smooth: true, fn, size, low: -1, high: 1 };
};

/** A ball that bounces without loss, with some drag, until a time is over. */
const bounce = (dt: number): Program => {
  const fn = (x: Float64Array) => {
    let h = x[0] ?? 0;
    let v = x[1] ?? 0;
    let t = 0;
    while (t < 20) {
      v += dt * (-9.81 - 0.01 * v * Math.abs(v));
      h += dt * v;
      if (h < 0) {
        h = -h;
        v = -v;
      }
      t += dt;
    }
    return h * h + v * v;
  };
  return { name: `while: ball, steps of ${dt}`, kind: "loops", smooth: false, fn, size: 2, low: 1, high: 2 };
};

const rk4 = (steps: number): Program => {
  const slope = (p: number, q: number, k: number) => [k * q, (1 - p * p) * q - p] as const;
  const fn = (x: Float64Array) => {
    const k = x[2] ?? 0;
    let p = x[0] ?? 0;
    let q = x[1] ?? 0;
    const h = 0.001;
    for (let i = 0; i < steps; i++) {
      const [p1, q1] = slope(p, q, k);
      const [p2, q2] = slope(p + (h / 2) * p1, q + (h / 2) * q1, k);
      const [p3, q3] = slope(p + (h / 2) * p2, q + (h / 2) * q2, k);
      const [p4, q4] = slope(p + h * p3, q + h * q3, k);
      p += (h / 6) * (p1 + 2 * p2 + 2 * p3 + p4);
      q += (h / 6) * (q1 + 2 * q2 + 2 * q3 + q4);
    }
    return p * p + q * q;
  };
  return {
    name: `RK4 of van der Pol, ${steps} steps`,
    kind: "loops",
    smooth: true,
    fn,
    size: 3,
    low: 0.5,
    high: 1,
  };
};

/** The log determinant of a matrix with a strong diagonal, by elimination in place. */
const elimination = (n: number): Program => {
  const fn = (x: Float64Array) => {
    const a = x.slice();
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const pivot = (a[k * n + k] ?? 0) + n;
      sum += Math.log(pivot);
      for (let i = k + 1; i < n; i++) {
        const f = (a[i * n + k] ?? 0) / pivot;
        for (let j = k + 1; j < n; j++) a[i * n + j] = (a[i * n + j] ?? 0) - f * (a[k * n + j] ?? 0);
      }
    }
    return sum;
  };
  return { name: `elimination ${n}x${n}`, kind: "loops", smooth: true, fn, size: n * n, low: -1, high: 1 };
};

export const programs = {
  mlp,
  logistic,
  mixture,
  recurrent,
  rosenbrock,
  pendulum,
  stencil,
  pairs,
  sweep,
  bounce,
  rk4,
  elimination,
} as const;
