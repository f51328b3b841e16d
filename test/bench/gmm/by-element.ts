/** The objective of ADBench's Gaussian mixture, one element at a time. */

const logSumExp = (x: ArrayLike<number>): number => {
  let most = x[0] as number;
  for (let i = 1; i < x.length; i++) most = Math.max(most, x[i] as number);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.exp((x[i] as number) - most);
  return Math.log(sum) + most;
};

type Row = readonly number[];
const at = (x: ArrayLike<number>, i: number): number => x[i] as number;
const row = (x: readonly Row[], i: number): Row => x[i] as Row;

/**
 * alphas[k], means[k][d], icf[k][d(d+1)/2], x[n][d]: logarithms of the diagonal of the inverse covariances' factors, then what
 * is below the diagonal, column by column; gamma and m are the prior's.
 */
export const byElement = (
  alphas: Row,
  means: readonly Row[],
  icf: readonly Row[],
  x: readonly Row[],
  gamma: number,
  m: number,
): number => {
  const [n, d, k] = [x.length, row(x, 0).length, alphas.length];
  const width = (d * (d + 1)) / 2;
  const diagonals = new Float64Array(k * d);
  const sums = new Float64Array(k);
  for (let c = 0; c < k; c++)
    for (let i = 0; i < d; i++) {
      const q = at(row(icf, c), i);
      sums[c] = at(sums, c) + q;
      diagonals[c * d + i] = Math.exp(q);
    }
  let slse = 0;
  for (let p = 0; p < n; p++) {
    const terms = new Float64Array(k);
    for (let c = 0; c < k; c++) {
      const centered = new Float64Array(d);
      const product = new Float64Array(d);
      for (let i = 0; i < d; i++) centered[i] = at(row(x, p), i) - at(row(means, c), i);
      for (let i = 0; i < d; i++) product[i] = at(diagonals, c * d + i) * at(centered, i);
      let next = d;
      for (let i = 0; i < d; i++)
        for (let j = i + 1; j < d; j++)
          product[j] = at(product, j) + at(row(icf, c), next++) * at(centered, i);
      let squares = 0;
      for (let i = 0; i < d; i++) squares += at(product, i) ** 2;
      terms[c] = at(alphas, c) + at(sums, c) - 0.5 * squares;
    }
    slse += logSumExp(terms);
  }
  let prior = 0;
  for (let c = 0; c < k; c++) {
    let frobenius = 0;
    for (let i = 0; i < d; i++) frobenius += at(diagonals, c * d + i) ** 2;
    for (let i = d; i < width; i++) frobenius += at(row(icf, c), i) ** 2;
    prior += 0.5 * gamma * gamma * frobenius - m * at(sums, c);
  }
  return slse - n * logSumExp(alphas) + prior;
};
