/** vmap over control flow: each example takes its own branches and makes its own iterations, and no others. */
import assert from "node:assert/strict";
import { grad, jit, np, type Tensor, tensor, vmap } from "../../runtime/index.js";
import { equalsLoop } from "./against-loop.js";

/** Numbers at which one side or the other of every branch below is undefined. */
const AWKWARD = [4, 0, -0, -2.25, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e-310];
const TAME = [4, 0.5, -2.25, 1, -1e-3, 7];

describe("vmap over branches", () => {
  it("takes one side per example, whatever the other side would give", () => {
    equalsLoop((x: number) => (x > 0 ? Math.log(x) : x * 2), [AWKWARD]);
    equalsLoop((x: number) => (x > 0 ? Math.sqrt(x) : 1 / x), [AWKWARD]);
    equalsLoop(
      (x: number) => {
        if (x === 0) return 1;
        return Math.sin(x) / x;
      },
      [AWKWARD],
    );
  });

  it("takes the sides of nested branches", () => {
    const nested = (x: number, y: number): number => {
      if (x > 0) {
        if (y > x) return Math.sqrt(y - x);
        return y < 0 ? Math.log(-y) : 1 / (x - y);
      }
      if (y > 0) return Math.log(y) / x;
      return x + y;
    };
    equalsLoop(nested, [AWKWARD, [1, -2, 5, 0, 3, -1, 2, 9]]);
    equalsLoop(nested, [AWKWARD, { shared: 2 }]);
  });

  it("checks what an example does, and nothing that it does not", () => {
    const table = [10, 20, 30];
    const read = (k: number): number => (k < 3 ? (table[k] ?? 0) : -1);
    equalsLoop(read, [[0, 2, 3, 99, 1]]);
    const mapped = jit(vmap(read));
    assert.throws(() => mapped([0, -1, 99]), /index -1 is out of range/);
    const positive = (x: number): number => {
      if (x > 10) {
        if (x > 100) throw new Error(`${x} is too large`);
        return x * 2;
      }
      return x;
    };
    equalsLoop(positive, [[1, 11, 100, -5]]);
    assert.throws(() => jit(vmap(positive))([1, 11, 101, 500]), /101 is too large/);
    assert.throws(() => jit(vmap(grad(positive)))([1, 11, 101, 500]), /101 is too large/);
  });

  it("goes through switch, early return, break and continue, labels too", () => {
    equalsLoop(
      (k: number) => {
        switch (k) {
          case 0:
            return 1;
          case 1:
          case 2:
            k += 10;
            break;
          case 5:
            return Math.sqrt(k - 5.5);
          default:
            k = -k;
        }
        return k * 2;
      },
      [[0, 1, 2, 3, 5, -7]],
    );
    equalsLoop(
      (n: number) => {
        let s = 0;
        for (let i = 0; i < 40; i++) {
          if (i % 3 === n % 3) continue;
          if (s > n * 2) break;
          s += i;
          if (s === 21) return -s;
        }
        return s;
      },
      [[0, 1, 5, 10, 20, 100]],
    );
    equalsLoop(
      (n: number) => {
        let s = 0;
        outer: for (let i = 0; i < 12; i++) {
          let j = 0;
          while (true) {
            j++;
            if (j * i > n) continue outer;
            if (s > 60) break outer;
            if (j > 9) break;
            s += j;
          }
          s += 100;
        }
        return s;
      },
      [[0, 1, 5, 10, 20, 100]],
    );
  });
});

describe("vmap over loops", () => {
  it("lets each example make its own number of iterations", () => {
    const root = (a: number): number => {
      let x = a;
      while (Math.abs(x * x - a) > 1e-12 * a) x = 0.5 * (x + a / x);
      return x;
    };
    equalsLoop(root, [[1, 1e-4, 2, 1e8, 0.25, 3, 5]]);
    equalsLoop(
      (n: number) => {
        let steps = 0;
        while (n !== 1) {
          n = n % 2 === 0 ? n / 2 : 3 * n + 1;
          steps++;
        }
        return steps;
      },
      [[1, 27, 97, 6, 7, 2, 871]],
    );
    equalsLoop(
      (x: number, n: number) => {
        let s = 0;
        for (let i = 0; i < n; i++) s = s * x + 1 / (i + 1);
        return s;
      },
      [TAME, [0, 1, 5, 17, -3, 2]],
    );
    equalsLoop(
      (x: number) => {
        let n = 0;
        do {
          x = x / 2 - 1;
          n++;
        } while (x > 0.1);
        return n * 1000 + x;
      },
      [[0, 100, 3, 1e6, -4]],
    );
  });

  it("leaves examples that have ended as they are: no overflow, no index beyond an array, no endless loop", () => {
    // an example that has ended would double on to infinity, and then to NaN
    equalsLoop(
      (x: number, n: number) => {
        let y = x;
        let i = 0;
        while (i < n) {
          y = y * 2 - y / 4;
          i++;
        }
        return y - y / 2;
      },
      [
        [1, 2, 3, 4],
        [2000, 1, 0, 3],
      ],
    );
    // the first zero; the array ends right behind it
    const first = (a: readonly number[]): number => {
      let i = 0;
      while ((a[i] ?? 0) !== 0) i++;
      return i;
    };
    const rows = [
      [1, 2, 3, 0],
      [0, 2, 3, 1],
      [1, 0, 3, 1],
      [1, 2, 0, 1],
    ];
    equalsLoop(first, [rows]);
    assert.throws(() => jit(vmap(first))([...rows, [1, 1, 1, 1]]), /index 4 is out of range/);
    // the inner loop of an ended example would never end
    equalsLoop(
      (x: number) => {
        let s = 0;
        let y = x;
        while (y > 0) {
          let z = y;
          while (z !== 0) {
            z -= 1;
            s += z;
          }
          y -= 1;
        }
        return s;
      },
      [[5, 0, 1, 3]],
    );
    // integers of an ended example would leave their range
    equalsLoop(
      (n: number) => {
        let f = 1;
        let i = 1;
        while (i <= n) {
          f = Math.imul(f, i);
          i++;
        }
        return f;
      },
      [[0, 1, 12, 5, 40]],
    );
  });

  it("runs loops in loops in branches", () => {
    equalsLoop(
      (x: number, n: number) => {
        let s = x;
        for (let i = 0; i < n; i++) {
          if (s > 3) {
            let k = 0;
            while (s > 1 && k < 10) {
              s *= 0.7;
              k++;
            }
            s += k;
          } else for (let j = i; j < n; j++) s += 1 / (1 + j);
        }
        return s;
      },
      [TAME, [0, 1, 5, 7, 3, 2]],
    );
  });

  it("keeps what all examples share out of the loops over them", () => {
    equalsLoop(
      (x: number, n: number) => {
        let scale = 1;
        while (scale < n) scale *= 2;
        return x * scale;
      },
      [TAME, { shared: 100 }],
    );
  });

  it("works on arrays in loops with a condition per example", () => {
    equalsLoop(
      (x: number) => {
        let v = np.arange(4) * x;
        let n = 0;
        while (np.sum(Math.abs(v)) > 1 && n < 50) {
          v = v * 0.5 + 0.01;
          n++;
        }
        return [np.sum(v), n];
      },
      [TAME],
      { plain: false },
    );
    const m = tensor(
      [
        [0.5, 0.2],
        [-0.1, 0.4],
      ],
      { dtype: "f64" },
    );
    equalsLoop(
      (v: Tensor) => {
        let x = v;
        let n = 0;
        while (np.max(Math.abs(x)) > 0.1) {
          x = np.dot(m, x);
          n++;
        }
        return { x, n };
      },
      [
        [
          [1, 2],
          [0, 0],
          [100, -3],
          [0.1, 0.11],
        ],
      ],
      { plain: false },
    );
  });

  it("recursion on static arguments", () => {
    const power = (x: number, n: number): number => {
      if (n === 0) return 1;
      const half = power(x, n >> 1);
      return n % 2 === 0 ? half * half : half * half * x;
    };
    equalsLoop((x: number) => (x > 0 ? power(x, 5) : power(x, 6)), [TAME]);
  });
});
