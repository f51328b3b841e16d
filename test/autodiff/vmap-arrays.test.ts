/** vmap over arrays that each example writes to, sorts, grows and reads at places of its own. */
import assert from "node:assert/strict";
import { grad, jit, np, type Tensor, tensor, vmap } from "../../runtime/index.js";
import { equalsLoop, numbers } from "./against-loop.js";

const ROWS = [
  [3, -1, 2, 0.5, 9],
  [1, 2, 3, 4, 5],
  [5, 4, 3, 2, 1],
  [0, -0, 0, 7, -7],
  [1e9, 2, 2, 2, 1e-9],
];

const insertionSort = (values: readonly number[]): readonly number[] => {
  const a = values.slice();
  for (let i = 1; i < a.length; i++) {
    const x = a[i] ?? 0;
    let j = i - 1;
    while (j >= 0 && (a[j] ?? 0) > x) {
      a[j + 1] = a[j] ?? 0;
      j--;
    }
    a[j + 1] = x;
  }
  return a;
};

describe("vmap over updates", () => {
  it("at places of each example", () => {
    equalsLoop(
      (x: number, k: number) => {
        const a = new Float64Array(4);
        a[k] = x;
        a[3 - k] = (a[3 - k] ?? 0) + 2 * x;
        return a;
      },
      [
        [1, 2, 3, 4],
        [0, 3, 1, 2],
      ],
    );
    equalsLoop(
      (x: readonly number[]) => {
        const counts = new Int32Array(3);
        for (let i = 0; i < x.length; i++) {
          const k = (x[i] ?? 0) > 2 ? 2 : (x[i] ?? 0) > 0 ? 1 : 0;
          counts[k] = (counts[k] ?? 0) + 1;
        }
        return counts;
      },
      [ROWS],
    );
    assert.throws(
      () =>
        jit(
          vmap((k: number) => {
            const a = new Float64Array(4);
            a[k] = 1;
            return a;
          }),
        )([0, 3, 4]),
      /index 4 is out of range/,
    );
  });

  it("of matrices, rows and captured arrays", () => {
    const table = tensor([10, 20, 30, 40, 50], { dtype: "f64" });
    equalsLoop(
      (x: readonly number[], k: number) => {
        const m = Array.from({ length: 3 }, () => new Float64Array(5));
        for (let i = 0; i < 3; i++) {
          const row = m[i] ?? new Float64Array(5);
          for (let j = 0; j < 5; j++) if (j !== k) row[j] = (x[j] ?? 0) * i;
        }
        const own = m[k % 3] ?? new Float64Array(5);
        own[k] = (own[k] ?? 0) + 100;
        return m;
      },
      [ROWS, [0, 4, 2, 1, 3]],
    );
    equalsLoop((k: number) => (table[k] ?? 0) * 2, [[0, 4, 2]], { plain: false });
  });

  it("in place, in sorts", () => {
    equalsLoop(insertionSort, [ROWS]);
    equalsLoop((x: readonly number[]) => [...x].sort((p, q) => p - q), [ROWS]);
    const weighted = (x: readonly number[]): number => {
      const a = insertionSort(x);
      let s = 0;
      for (let i = 0; i < a.length; i++) s += i * (a[i] ?? 0) ** 2;
      return s;
    };
    equalsLoop(grad(weighted), [ROWS.slice(0, 3)], { plain: false });
    const slope = jit(grad(weighted));
    const total = (x: readonly (readonly number[])[]): number => np.sum(vmap(weighted)(x));
    assert.deepEqual(
      numbers(jit(grad(total))(ROWS.slice(0, 3))),
      ROWS.slice(0, 3).flatMap((row) => numbers(slope(row))),
    );
  });

  it("in arrays that grow", () => {
    equalsLoop(
      (x: readonly number[]) => {
        const kept: number[] = [];
        for (const v of x) if (v > 1) kept.push(v * 2);
        let s = kept.length;
        for (const v of kept) s = s * 3 + v;
        return s;
      },
      [ROWS],
    );
  });

  it("that end a loop", () => {
    equalsLoop(
      (x: readonly number[], limit: number) => {
        const a = x.slice();
        let i = 0;
        while (i < a.length && (a[i] ?? 0) < limit) {
          a[i] = -(a[i] ?? 0);
          i++;
        }
        return { a, i };
      },
      [ROWS, [4, 3, 6, 0, 1e10]],
    );
  });
});

describe("vmap over solvers and reductions", () => {
  it("eliminates with pivots of each example", () => {
    const solve = (matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] => {
      const a = matrix.map((row) => row.slice());
      const b = right.slice();
      for (let k = 0; k < 3; k++) {
        let pivot = k;
        for (let i = k + 1; i < 3; i++)
          if (Math.abs(a[i]?.[k] ?? 0) > Math.abs(a[pivot]?.[k] ?? 0)) pivot = i;
        for (let j = 0; j < 3; j++) {
          const t = a[k]?.[j] ?? 0;
          (a[k] as number[])[j] = a[pivot]?.[j] ?? 0;
          (a[pivot] as number[])[j] = t;
        }
        const t = b[k] ?? 0;
        b[k] = b[pivot] ?? 0;
        b[pivot] = t;
        for (let i = k + 1; i < 3; i++) {
          const f = (a[i]?.[k] ?? 0) / (a[k]?.[k] ?? 1);
          for (let j = k; j < 3; j++) (a[i] as number[])[j] = (a[i]?.[j] ?? 0) - f * (a[k]?.[j] ?? 0);
          b[i] = (b[i] ?? 0) - f * (b[k] ?? 0);
        }
      }
      for (let k = 2; k >= 0; k--) {
        let s = b[k] ?? 0;
        for (let j = k + 1; j < 3; j++) s -= (a[k]?.[j] ?? 0) * (b[j] ?? 0);
        b[k] = s / (a[k]?.[k] ?? 1);
      }
      return b;
    };
    const matrices = [
      [
        [0, 2, 1],
        [1, 1, 0],
        [3, 0, 1],
      ],
      [
        [2, 0, 0],
        [0, 3, 0],
        [0, 0, 4],
      ],
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 10],
      ],
    ];
    const rights = [
      [1, 2, 3],
      [4, 5, 6],
      [-1, 0, 1],
    ];
    equalsLoop(solve, [matrices, rights]);
    equalsLoop(solve, [matrices, { shared: [1, 2, 3] }]);
    const sum = (a: readonly (readonly number[])[], b: readonly number[]): number => {
      const [x = 0, y = 0, z = 0] = solve(a, b);
      return x * y + z * z;
    };
    equalsLoop(grad(sum, { argnums: [0, 1] }), [matrices, rights], { plain: false });
  });

  it("finds maxima and first places, counts and sums", () => {
    equalsLoop((x: Tensor) => [np.max(x), np.argmin(x), np.cumsum(x), x.sum(0)], [ROWS], { plain: false });
    equalsLoop(
      (x: Tensor, k: number) => np.take(x, np.astype(np.stack([k, 0]), "i32")),
      [ROWS, [0, 4, 2, 1, 3]],
      { plain: false },
    );
  });
});
