/** sum(tanh(x*w+b)**2): an elementwise chain into a reduction, and a*b+c: memory alone. */
import { jit, np, type Tensor, tensor } from "tsc-jit";
import { type Case, type Contender, noise } from "./harness.js";
import { loadGpu, loadJax, loadTf } from "./rivals.js";

const N = 1_000_000;

/** As its author would write it in plain JavaScript. */
const plain = (x: Float32Array, w: Float32Array, b: Float32Array): number => {
  let s = 0;
  for (let i = 0; i < x.length; i++) {
    const t = Math.tanh((x[i] ?? 0) * (w[i] ?? 0) + (b[i] ?? 0));
    s += t * t;
  }
  return s;
};

const contender = (name: string, once: () => number | Promise<number>): Contender => ({
  name,
  run: async () => {
    await once();
  },
  result: once,
});

export const chain = async (): Promise<readonly Case[]> => {
  const [x, w, b] = [noise(N, 1), noise(N, 2), noise(N, 3)];
  const chained = jit((x: Tensor, w: Tensor, b: Tensor) => np.sum(Math.tanh(x * w + b) ** 2));
  const triad = jit((x: Tensor, w: Tensor, b: Tensor) => x * w + b);
  const ours = [tensor(x), tensor(w), tensor(b)] as const;

  const jax = await loadJax();
  const { numpy: jnp } = jax;
  const jaxChain = jax.jit((x: Jx, w: Jx, b: Jx) => jnp.sum(jnp.square(jnp.tanh(x.mul(w).add(b)))));
  const jaxTriad = jax.jit((x: Jx, w: Jx, b: Jx) => x.mul(w).add(b));
  type Jx = ReturnType<typeof jnp.array>;
  const theirs = [jnp.array(x), jnp.array(w), jnp.array(b)] as const;
  const refs = (): readonly [Jx, Jx, Jx] => [theirs[0].ref, theirs[1].ref, theirs[2].ref];
  const readJax = (y: Jx): number => y.dataSync()[0] ?? Number.NaN; // consumes it

  const tf = await loadTf();
  const [tx, tw, tb] = [tf.tensor(x, [N]), tf.tensor(w, [N]), tf.tensor(b, [N])];
  const tfOnce = (f: () => ReturnType<typeof tx.add>): number => {
    const y = tf.tidy(f);
    const value = y.dataSync()[0] ?? Number.NaN;
    y.dispose();
    return value;
  };

  const gpu = loadGpu();
  const gpuKernel = (tail: string) =>
    gpu
      .createKernel(`function(x, w, b) { const i = this.thread.x; const t = ${tail}; return t; }`)
      .setOutput([N]);
  const gpuSquare = gpuKernel("Math.pow(Math.tanh(x[i] * w[i] + b[i]), 2)");
  const gpuTriad = gpuKernel("x[i] * w[i] + b[i]");
  const sum = (xs: Float32Array): number => xs.reduce((a, v) => a + v, 0);

  const out = new Float32Array(N);
  return [
    {
      name: `sum(tanh(x*w+b)**2), f32[${N}]`,
      gflop: null,
      tolerance: 1e-3, // single precision sums of a million terms, in any order
      contenders: [
        contender("tsc-jit", () => chained(...ours).item()),
        contender("jax-js (wasm)", () => readJax(jaxChain(...refs()))),
        contender("tfjs (wasm)", () => tfOnce(() => tx.mul(tw).add(tb).tanh().square().sum())),
        contender("gpu.js (webasm)", () => sum(gpuSquare(x, w, b) as Float32Array)),
        contender("plain JavaScript", () => plain(x, w, b)),
      ],
    },
    {
      name: `x*w+b, f32[${N}]`,
      gflop: null,
      tolerance: 1e-6,
      contenders: [
        contender("tsc-jit", () => triad(...ours).data[0] ?? Number.NaN),
        contender("jax-js (wasm)", () => readJax(jaxTriad(...refs()))),
        contender("tfjs (wasm)", () => tfOnce(() => tx.mul(tw).add(tb))),
        contender("gpu.js (webasm)", () => (gpuTriad(x, w, b) as Float32Array)[0] ?? Number.NaN),
        contender("plain JavaScript", () => {
          for (let i = 0; i < N; i++) out[i] = (x[i] ?? 0) * (w[i] ?? 0) + (b[i] ?? 0);
          return out[0] ?? Number.NaN;
        }),
      ],
    },
  ];
};
