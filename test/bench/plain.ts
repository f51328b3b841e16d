/** Matrix products over typed arrays as a careful author writes them in plain JavaScript (rows of `b` in order). */

/** out[m,n] = a[m,k] b[k,n] */
export const multiply = (
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  m: number,
  k: number,
  n: number,
): void => {
  out.fill(0);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) {
      const x = a[i * k + p] ?? 0;
      for (let j = 0; j < n; j++) out[i * n + j] = (out[i * n + j] ?? 0) + x * (b[p * n + j] ?? 0);
    }
};

/** out[k,n] = a[m,k]^T b[m,n] */
export const multiplyTransposed = (
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  m: number,
  k: number,
  n: number,
): void => {
  out.fill(0);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) {
      const x = a[i * k + p] ?? 0;
      for (let j = 0; j < n; j++) out[p * n + j] = (out[p * n + j] ?? 0) + x * (b[i * n + j] ?? 0);
    }
};

/** out[m,k] = a[m,n] b[k,n]^T */
export const multiplyByTransposed = (
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  m: number,
  n: number,
  k: number,
): void => {
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) {
      let s = 0;
      for (let j = 0; j < n; j++) s += (a[i * n + j] ?? 0) * (b[p * n + j] ?? 0);
      out[i * k + p] = s;
    }
};
