/**
 * Sorting as the language writes it: these functions are never called, the front end inlines them where a program sorts. They
 * may use their parameters only. `greater(x, y)` says that x belongs behind y; elements of which neither does keep their order.
 */

export type Greater = (x: number, y: number) => boolean;

/** `a[0..n-1]` in order, by way of `b`, which is as long: insertion in runs of 8, then merges of neighbouring runs. */
export const mergeSort = (a: number[], b: number[], n: number, greater: Greater): void => {
  const run = 8;
  for (let i = 1; i < n; i++) {
    const x = a[i] as number;
    const first = i - (i % run);
    let j = i - 1;
    while (j >= first && greater(a[j] as number, x)) {
      a[j + 1] = a[j] as number;
      j--;
    }
    a[j + 1] = x;
  }
  let width = run;
  while (width < n) {
    // The next of the left run, the next of the right one, and where each ends.
    let i = 0;
    let j = 0;
    let mid = 0;
    let end = 0;
    for (let k = 0; k < n; k++) {
      if (k === end) {
        i = k;
        mid = k + width < n ? k + width : n;
        j = mid;
        end = mid + width < n ? mid + width : n;
      }
      const right = i >= mid || (j < end && greater(a[i] as number, a[j] as number));
      if (right) {
        b[k] = a[j] as number;
        j++;
      } else {
        b[k] = a[i] as number;
        i++;
      }
    }
    for (let k = 0; k < n; k++) a[k] = b[k] as number;
    width = width * 2;
  }
};

/** How many elements are -0. */
export const countNegativeZeros = (a: number[], n: number): number => {
  let count = 0;
  for (let i = 0; i < n; i++) {
    const x = a[i] as number;
    if (x === 0 && 1 / x < 0) count++;
  }
  return count;
};

/** Makes the first `count` of the zeros of a sorted array -0, and the others 0: no comparison tells them apart. */
export const orderZeros = (a: number[], n: number, count: number): void => {
  let seen = 0;
  for (let i = 0; i < n; i++)
    if (a[i] === 0) {
      a[i] = seen < count ? -0 : 0;
      seen++;
    }
};
