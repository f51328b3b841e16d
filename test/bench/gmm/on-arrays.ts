/** The objective of ADBench's Gaussian mixture on whole arrays. */
import { nn, np, type Tensor } from "tsc-jit";

/** Where each element of a d by d matrix, row by row, lies in a row of icf; `width` where it is above or on the diagonal. */
export const places = (d: number): Int32Array => {
  const width = (d * (d + 1)) / 2;
  const at = new Int32Array(d * d).fill(width);
  let next = d;
  for (let i = 0; i < d; i++) for (let j = i + 1; j < d; j++) at[j * d + i] = next++;
  return at;
};

/** The same on arrays: alphas[k], means[k, d], icf[k, d(d+1)/2], x[n, d]. */
export const onArrays = (
  alphas: Tensor,
  means: Tensor,
  icf: Tensor,
  x: Tensor,
  gamma: number,
  m: number,
): number => {
  const [[n, d], k] = [x.shape as [number, number], alphas.shape[0] as number];
  const logs = np.slice(icf, 0, d, 1);
  const diagonals = np.exp(logs);
  const lower = np.reshape(
    np.take(
      np.pad(icf, [
        [0, 0],
        [0, 1],
      ]),
      places(d),
      1,
    ),
    [k, d, d],
  ); // 0 on and above the diagonal
  const centered = np.expandDims(x, 0) - np.expandDims(means, 1); // [k, n, d]
  const product = np.expandDims(diagonals, 1) * centered + np.einsum("kij,knj->kni", lower, centered);
  const terms = np.expandDims(alphas + np.sum(logs, 1), 1) - 0.5 * np.sum(product ** 2, 2); // [k, n]
  const slse = np.sum(nn.logsumexp(terms, 0));
  const frobenius = np.sum(diagonals ** 2) + np.sum(lower ** 2);
  return slse - n * nn.logsumexp(alphas) + 0.5 * gamma * gamma * frobenius - m * np.sum(logs);
};
