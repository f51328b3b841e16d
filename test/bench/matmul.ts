/** Square matrix products in single precision. */
import { jit, np, type Tensor, tensor } from "tsc-jit";
import { type Case, type Contender, noise } from "./harness.js";
import { multiply } from "./plain.js";
import { loadGpu, loadJax, loadTf } from "./rivals.js";

const SIZES = [64, 256, 512] as const;

export const matmul = async (): Promise<readonly Case[]> => {
  const product = jit((a: Tensor, b: Tensor) => np.dot(a, b));
  const jax = await loadJax();
  const tf = await loadTf();
  const jaxProduct = jax.jit(jax.numpy.dot);
  return SIZES.map((n): Case => {
    const [a, b] = [noise(n * n, 1), noise(n * n, 2)];
    const ours = [tensor(a, { shape: [n, n] }), tensor(b, { shape: [n, n] })] as const;
    const theirs = [a, b].map((v) => jax.numpy.array(v).reshape([n, n]));
    const [ja, jb] = theirs;
    const [ta, tb] = [tf.tensor(a, [n, n]), tf.tensor(b, [n, n])];
    const gpu = loadGpu()
      .createKernel(
        "function(a, b) { let s = 0; for (let k = 0; k < this.constants.n; k++) s += a[this.thread.y][k] * b[k][this.thread.x]; return s; }",
      )
      .setConstants({ n })
      .setOutput([n, n]);
    const rows = (m: Float32Array): readonly Float32Array[] =>
      Array.from({ length: n }, (_, i) => m.subarray(i * n, (i + 1) * n));
    const [ga, gb] = [rows(a), rows(b)];
    const out = new Float32Array(n * n);
    const first = (name: string, once: () => number): Contender => ({
      name,
      run: () => void once(),
      result: once,
    });
    if (ja === undefined || jb === undefined) throw new Error("two operands");
    return {
      name: `a @ b, f32[${n},${n}]`,
      gflop: (2 * n ** 3) / 1e9,
      tolerance: 1e-3,
      contenders: [
        first("tsc-jit", () => product(...ours).data[0] ?? Number.NaN),
        first("jax-js (wasm)", () => jaxProduct(ja.ref, jb.ref).dataSync()[0] ?? Number.NaN),
        first("tfjs (wasm)", () => {
          const y = tf.matMul(ta, tb);
          const value = y.dataSync()[0] ?? Number.NaN;
          y.dispose();
          return value;
        }),
        first("gpu.js (webasm)", () => (gpu(ga, gb) as readonly Float32Array[])[0]?.[0] ?? Number.NaN),
        first("plain JavaScript", () => {
          multiply(a, b, out, n, n, n);
          return out[0] ?? Number.NaN;
        }),
      ],
    };
  });
};
