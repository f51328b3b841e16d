/** Linear algebra written out: loops that compile as they are. */
import type { Tensor } from "tsc-jit";

/** Inverse of a positive definite matrix by Gauss-Jordan elimination: such a matrix needs no pivoting. */
export const inverse = (matrix: Tensor): number[][] => {
  const a = matrix.toArray<number[][]>();
  for (let k = 0; k < a.length; k++) {
    const pivot = a[k][k];
    a[k][k] = 1;
    for (let j = 0; j < a.length; j++) a[k][j] /= pivot;
    for (let i = 0; i < a.length; i++) {
      if (i === k) continue;
      const factor = a[i][k];
      a[i][k] = 0;
      for (let j = 0; j < a.length; j++) a[i][j] -= factor * a[k][j];
    }
  }
  return a;
};
