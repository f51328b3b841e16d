/** The training step by hand, with the products as gpu.js kernels (it has no derivatives); the rest is plain loops. */
import type { Start } from "./mlp.js";
import { stepWith } from "./mlp-plain.js";
import type { Gpu, GpuKernel } from "./rivals.js";

/** One kernel per shape: flat operands, result [rows, cols]. */
const kernels = (gpu: Gpu, body: string) => {
  const made = new Map<string, GpuKernel>();
  return (inner: number, rows: number, cols: number): GpuKernel => {
    const key = `${inner},${rows},${cols}`;
    const kernel =
      made.get(key) ??
      gpu
        .createKernel(
          `function(a, b) { const r = this.thread.y; const c = this.thread.x; let s = 0; for (let p = 0; p < this.constants.inner; p++) s += ${body}; return s; }`,
        )
        .setConstants({ inner, rows, cols })
        .setOutput([cols, rows]);
    made.set(key, kernel);
    return kernel;
  };
};

const copyRows = (rows: readonly Float32Array[], out: Float32Array): void => {
  let at = 0;
  for (const row of rows) {
    out.set(row, at);
    at += row.length;
  }
};

export const gpuStep = (gpu: Gpu, s: Start): (() => number) => {
  const plain = kernels(gpu, "a[r * this.constants.inner + p] * b[p * this.constants.cols + c]");
  const leftTransposed = kernels(gpu, "a[p * this.constants.rows + r] * b[p * this.constants.cols + c]");
  const rightTransposed = kernels(gpu, "a[r * this.constants.inner + p] * b[c * this.constants.inner + p]");
  const run = (kernel: GpuKernel, a: Float32Array, b: Float32Array, out: Float32Array): void =>
    copyRows(kernel(a, b) as readonly Float32Array[], out);
  return stepWith(
    {
      multiply: (a, b, out, m, k, n) => run(plain(k, m, n), a, b, out),
      multiplyTransposed: (a, b, out, m, k, n) => run(leftTransposed(m, k, n), a, b, out),
      multiplyByTransposed: (a, b, out, m, n, k) => run(rightTransposed(n, m, k), a, b, out),
    },
    s,
  );
};
