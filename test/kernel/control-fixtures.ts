/** Programs with control flow, each with the same function in plain JavaScript. */
import type { Builder } from "../../compiler/ir/builder.js";
import type { DotParams, DType, IrFunction, TensorType, Var } from "../../compiler/ir/types.js";
import { build } from "./fixtures.js";

export type Numbers = Float64Array | Int32Array | Uint32Array | Uint8Array;
export interface ControlFixture {
  readonly fn: IrFunction;
  readonly args: readonly Numbers[];
  /** The results, one array each. */
  readonly plain: (...args: readonly Numbers[]) => readonly Numbers[];
}

const scalar = (dtype: DType): TensorType => ({ dtype, shape: [] });
const [F64, I32, U32] = [scalar("f64"), scalar("i32"), scalar("u32")];
const array = (dtype: DType, ...shape: number[]): TensorType => ({ dtype, shape });

type Body = (b: Builder, ...params: readonly Var[]) => readonly Var[];
const v = (x: Var | undefined): Var => {
  if (x === undefined) throw new Error("a value is missing");
  return x;
};

const at = (b: Builder, x: Var, i: Var): Var =>
  b.emit("gather", [x, i], { axis: 0, batch: 0, mode: "check" });
const put = (b: Builder, x: Var, i: Var, value: Var): Var =>
  b.emit("dynamicUpdate", [x, b.reshape(value, [1]), i], { mode: "check" });
const plus = (b: Builder, x: Var, n: number): Var => b.add(x, b.fill(x, n));

const loop = (
  b: Builder,
  trip: number | Var,
  consts: readonly Var[],
  carries: readonly Var[],
  body: Body,
) => {
  const types = [I32, ...[...consts, ...carries].map((x) => x.type)];
  const count = typeof trip === "number" ? [] : [trip];
  return b.emitAll("for", [...count, ...consts, ...carries], {
    trip: typeof trip === "number" ? trip : null,
    consts: consts.length,
    body: build("body", types, body),
  });
};
const whileLoop = (b: Builder, consts: readonly Var[], carries: readonly Var[], cond: Body, body: Body) => {
  const types = [...consts, ...carries].map((x) => x.type);
  return b.emitAll("while", [...consts, ...carries], {
    consts: consts.length,
    cond: build("cond", types, cond),
    body: build("body", types, body),
  });
};
const choose = (b: Builder, cond: Var, operands: readonly Var[], then: Body, otherwise: Body) => {
  const types = operands.map((x) => x.type);
  return b.emitAll("if", [cond, ...operands], {
    then: build("then", types, then),
    else: build("else", types, otherwise),
  });
};
/** a && b, where b is only computed if a holds. */
const and = (b: Builder, a: Var, operands: readonly Var[], other: Body): Var =>
  v(choose(b, a, operands, other, (c) => [c.scalar(0, "bool")])[0]);

/** Newton's iteration for the square root: while |x^2 - a| > 1e-12 a: x = (x + a / x) / 2. */
export const newton: ControlFixture = {
  fn: build("newton", [F64], (b, a) => {
    const [x] = whileLoop(
      b,
      [v(a)],
      [v(a)],
      (c, n, y) => [c.gt(c.abs(c.sub(c.mul(v(y), v(y)), v(n))), c.mul(c.scalar(1e-12, "f64"), v(n)))],
      (c, n, y) => [c.mul(c.scalar(0.5, "f64"), c.add(v(y), c.div(v(n), v(y))))],
    );
    return [v(x)];
  }),
  args: [Float64Array.of(2)],
  plain: (a) => {
    const n = a?.[0] ?? 0;
    let x = n;
    while (Math.abs(x * x - n) > 1e-12 * n) x = 0.5 * (x + n / x);
    return [Float64Array.of(x)];
  },
};

/** x' = 1664525 x + 1013904223 mod 2^32, `steps` times, and the exclusive or of all. */
export const congruential = (steps: number): ControlFixture => ({
  fn: build("lcg", [U32], (b, seed) => {
    const [x, all] = loop(b, steps, [], [v(seed), b.scalar(0, "u32")], (c, _i, y, sum) => {
      const next = c.add(c.mul(v(y), c.scalar(1664525, "u32")), c.scalar(1013904223, "u32"));
      return [next, c.xor(v(sum), next)];
    });
    return [v(x), v(all)];
  }),
  args: [Uint32Array.of(12345)],
  plain: (seed) => {
    let x = seed?.[0] ?? 0;
    let all = 0;
    for (let i = 0; i < steps; i++) {
      x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
      all = (all ^ x) >>> 0;
    }
    return [Uint32Array.of(x), Uint32Array.of(all)];
  },
});

/** Running sums in place, over the first `count` steps: addresses that advance with the loop, and a count known at run time. */
export const runningSums = (n: number): ControlFixture => ({
  fn: build("runningSums", [array("f64", n), I32], (b, x, count) =>
    loop(b, v(count), [], [v(x)], (c, i, y) => {
      const next = plus(c, v(i), 1);
      return [put(c, v(y), next, c.add(at(c, v(y), v(i)), at(c, v(y), next)))];
    }),
  ),
  args: [Float64Array.from({ length: n }, (_, k) => k % 10), Int32Array.of(n - 1)],
  plain: (x, count) => {
    const y = Float64Array.from(x ?? []);
    for (let i = 0; i < (count?.[0] ?? 0); i++) y[i + 1] = (y[i] ?? 0) + (y[i + 1] ?? 0);
    return [y];
  },
});

/** Steps of Collatz's sequence from the first number that takes at least `least`. */
export const collatz = (least: number): ControlFixture => ({
  fn: build("collatz", [I32], (b, wanted) =>
    whileLoop(
      b,
      [v(wanted)],
      [b.scalar(1, "u32"), b.scalar(0, "i32")],
      (c, w, _n, steps) => [c.lt(v(steps), v(w))],
      (c, _w, n) => {
        const [, steps] = whileLoop(
          c,
          [],
          [plus(c, v(n), 1), c.scalar(0, "i32")],
          (d, m) => [d.ne(v(m), d.scalar(1, "u32"))],
          (d, m, k) => {
            const odd = d.eq(d.and(v(m), d.scalar(1, "u32")), d.scalar(1, "u32"));
            const up = plus(d, d.mul(v(m), d.scalar(3, "u32")), 1);
            return [d.select(odd, up, d.shr(v(m), d.scalar(1, "u32"))), plus(d, v(k), 1)];
          },
        );
        return [plus(c, v(n), 1), v(steps)];
      },
    ),
  ),
  args: [Int32Array.of(least)],
  plain: () => {
    let n = 1;
    let steps = 0;
    while (steps < least) {
      n++;
      steps = 0;
      for (let m = n; m !== 1; m = m % 2 === 1 ? 3 * m + 1 : m / 2) steps++;
    }
    return [Uint32Array.of(n), Int32Array.of(steps)];
  },
});

/** Bubble sort of `n` numbers. */
export const bubbleSort = (n: number): ControlFixture => ({
  fn: build("bubbleSort", [array("f64", n)], (b, x) => [
    v(
      loop(b, n - 1, [], [v(x)], (c, i, y) => [
        v(
          loop(c, c.sub(c.scalar(n - 1, "i32"), v(i)), [], [v(y)], (d, j, z) => {
            const [left, right] = [at(d, v(z), v(j)), at(d, v(z), plus(d, v(j), 1))];
            return choose(
              d,
              d.gt(left, right),
              [v(z), v(j), left, right],
              (e, w, k, p, q) => [put(e, put(e, v(w), v(k), v(q)), plus(e, v(k), 1), v(p))],
              (_e, w) => [v(w)],
            );
          })[0],
        ),
      ])[0],
    ),
  ]),
  args: [Float64Array.from({ length: n }, (_, k) => ((k * 7919) % 1009) - 500)],
  plain: (x) => [Float64Array.from(x ?? []).sort()],
});

/** Insertion sort: the inner loop is a `while` with a guarded read. */
export const insertionSort = (n: number): ControlFixture => ({
  fn: build("insertionSort", [array("f64", n)], (b, x) => [
    v(
      loop(b, n - 1, [], [v(x)], (c, i, y) => {
        const first = plus(c, v(i), 1);
        const key = at(c, v(y), first);
        const [j, z] = whileLoop(
          c,
          [key],
          [first, v(y)],
          (d, k, p, w) => [
            and(d, d.gt(v(p), d.scalar(0, "i32")), [v(w), v(p), v(k)], (e, u, q, l) => [
              e.gt(at(e, v(u), plus(e, v(q), -1)), v(l)),
            ]),
          ],
          (d, _k, p, w) => {
            const before = plus(d, v(p), -1);
            return [before, put(d, v(w), v(p), at(d, v(w), before))];
          },
        );
        return [put(c, v(z), v(j), key)];
      })[0],
    ),
  ]),
  // nearly sorted: each element is at most 12 places off
  args: [Float64Array.from({ length: n }, (_, k) => k + ((k * 7919) % 13))],
  plain: (data) => {
    const x = Float64Array.from(data ?? []);
    for (let i = 1; i < x.length; i++) {
      const key = x[i] ?? 0;
      let j = i;
      while (j > 0 && (x[j - 1] ?? 0) > key) {
        x[j] = x[j - 1] ?? 0;
        j--;
      }
      x[j] = key;
    }
    return [x];
  },
});

/** Heap sort: sift down, first to build the heap, then after each extraction. */
export const heapSort = (n: number): ControlFixture => {
  /** Sinks the element at `root` within the first `size`. */
  const sift = (b: Builder, x: Var, root: Var, size: Var): Var => {
    const [y] = whileLoop(
      b,
      [size],
      [x, root, b.scalar(1, "bool")],
      (c, s, _x, r, go) => [c.and(v(go), c.lt(plus(c, c.mul(v(r), c.scalar(2, "i32")), 1), v(s)))],
      (c, s, z, r) => {
        const left = plus(c, c.mul(v(r), c.scalar(2, "i32")), 1);
        const right = plus(c, left, 1);
        const larger = and(c, c.lt(right, v(s)), [v(z), left, right], (d, w, l, q) => [
          d.gt(at(d, v(w), v(q)), at(d, v(w), v(l))),
        ]);
        const child = c.select(larger, right, left);
        const [up, down] = [at(c, v(z), v(r)), at(c, v(z), child)];
        return choose(
          c,
          c.gt(down, up),
          [v(z), v(r), child, up, down],
          (d, w, p, q, a, e) => [put(d, put(d, v(w), v(p), v(e)), v(q), v(a)), v(q), d.scalar(1, "bool")],
          (d, w, p) => [v(w), v(p), d.scalar(0, "bool")],
        );
      },
    );
    return v(y);
  };
  const half = n >> 1;
  return {
    fn: build("heapSort", [array("f64", n)], (b, x) => {
      const [heap] = loop(b, half, [], [v(x)], (c, i, y) => [
        sift(c, v(y), c.sub(c.scalar(half - 1, "i32"), v(i)), c.scalar(n, "i32")),
      ]);
      return loop(b, n - 1, [], [v(heap)], (c, i, y) => {
        const last = c.sub(c.scalar(n - 1, "i32"), v(i));
        const zero = c.scalar(0, "i32");
        const [top, end] = [at(c, v(y), zero), at(c, v(y), last)];
        return [sift(c, put(c, put(c, v(y), zero, end), last, top), zero, last)];
      });
    }),
    args: [Float64Array.from({ length: n }, (_, k) => (k * 7919) % 100003)],
    plain: (data) => {
      const x = Float64Array.from(data ?? []);
      const siftDown = (start: number, size: number): void => {
        let r = start;
        while (2 * r + 1 < size) {
          const left = 2 * r + 1;
          const right = left + 1;
          const child = right < size && (x[right] ?? 0) > (x[left] ?? 0) ? right : left;
          const [up, down] = [x[r] ?? 0, x[child] ?? 0];
          if (!(down > up)) return;
          x[r] = down;
          x[child] = up;
          r = child;
        }
      };
      for (let i = (x.length >> 1) - 1; i >= 0; i--) siftDown(i, x.length);
      for (let last = x.length - 1; last > 0; last--) {
        const [top, end] = [x[0] ?? 0, x[last] ?? 0];
        x[0] = end;
        x[last] = top;
        siftDown(0, last);
      }
      return [x];
    },
  };
};

/** The sieve of Eratosthenes: marks of primes below n, and their number. */
export const sieve = (n: number): ControlFixture => ({
  fn: build("sieve", [I32], (b, start) => {
    const all = b.splat(1, array("i32", n));
    const [marks] = whileLoop(
      b,
      [],
      [v(start), all],
      (c, p) => [c.lt(c.mul(v(p), v(p)), c.scalar(n, "i32"))],
      (c, p, x) => {
        const [next] = choose(
          c,
          c.eq(at(c, v(x), v(p)), c.scalar(1, "i32")),
          [v(x), v(p)],
          (d, y, q) => [
            v(
              whileLoop(
                d,
                [v(q)],
                [d.mul(v(q), v(q)), v(y)],
                (e, _q, k) => [e.lt(v(k), e.scalar(n, "i32"))],
                (e, r, k, z) => [e.add(v(k), v(r)), put(e, v(z), v(k), e.scalar(0, "i32"))],
              )[1],
            ),
          ],
          (_d, y) => [v(y)],
        );
        return [plus(c, v(p), 1), v(next)];
      },
    ).slice(1);
    return [v(marks), b.reduceSum(v(marks), [0])];
  }),
  args: [Int32Array.of(2)],
  plain: () => {
    const x = new Int32Array(n).fill(1);
    for (let p = 2; p * p < n; p++) if (x[p] === 1) for (let k = p * p; k < n; k += p) x[k] = 0;
    return [x, Int32Array.of(x.reduce((s, y) => s + y, 0))];
  },
});

/** The first pair (i, j), i < j, with x[i] + x[j] = wanted: two loops, both ended by a flag. */
export const pairWithSum = (n: number): ControlFixture => ({
  fn: build("pairWithSum", [array("i32", n), I32], (b, x, wanted) => {
    const size = b.scalar(n, "i32");
    const running = (c: Builder, count: Var, k: Var, found: Var): Var => c.and(c.lt(k, count), c.not(found));
    const [, found, first, second] = whileLoop(
      b,
      [v(x), v(wanted), size],
      [b.scalar(0, "i32"), b.scalar(0, "bool"), b.scalar(-1, "i32"), b.scalar(-1, "i32")],
      (c, _x, _w, s, i, f) => [running(c, v(s), v(i), v(f))],
      (c, y, w, s, i) => {
        const [, hit, where] = whileLoop(
          c,
          [v(y), v(w), v(s), at(c, v(y), v(i))],
          [plus(c, v(i), 1), c.scalar(0, "bool"), c.scalar(-1, "i32")],
          (d, _y, _w, t, _a, j, f) => [running(d, v(t), v(j), v(f))],
          (d, z, u, _t, a, j, _f, k) => {
            const same = d.eq(d.add(v(a), at(d, v(z), v(j))), v(u));
            return [plus(d, v(j), 1), same, d.select(same, v(j), v(k))];
          },
        );
        const none = c.scalar(-1, "i32");
        return [plus(c, v(i), 1), v(hit), c.select(v(hit), v(i), none), v(where)];
      },
    );
    return [v(found), v(first), v(second)];
  }),
  args: [Int32Array.from({ length: n }, (_, k) => (k * k) % 101), Int32Array.of(150)],
  plain: (x, wanted) => {
    const data = x ?? new Int32Array();
    for (let i = 0; i < data.length; i++)
      for (let j = i + 1; j < data.length; j++)
        if ((data[i] ?? 0) + (data[j] ?? 0) === wanted?.[0])
          return [Uint8Array.of(1), Int32Array.of(i), Int32Array.of(j)];
    return [Uint8Array.of(0), Int32Array.of(-1), Int32Array.of(-1)];
  },
});

const product: DotParams = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] };
/** x to the power k by squaring: products of whole matrices under a condition in a `while`. */
export const matrixPower = (n: number): ControlFixture => ({
  fn: build("matrixPower", [array("f64", n, n), I32], (b, x, k) => {
    const row = b.emit("iota", [], { dtype: "i32", shape: [n, n], axis: 0 });
    const column = b.emit("iota", [], { dtype: "i32", shape: [n, n], axis: 1 });
    const identity = b.cast(b.eq(row, column), "f64");
    const dot = (c: Builder, p: Var, q: Var): Var => c.emit("dot", [p, q], product);
    const [, , power] = whileLoop(
      b,
      [],
      [v(k), v(x), identity],
      (c, m) => [c.gt(v(m), c.scalar(0, "i32"))],
      (c, m, y, p) => {
        const odd = c.eq(c.and(v(m), c.scalar(1, "i32")), c.scalar(1, "i32"));
        const [next] = choose(
          c,
          odd,
          [v(p), v(y)],
          (d, q, z) => [dot(d, v(q), v(z))],
          (_d, q) => [v(q)],
        );
        return [c.shr(v(m), c.scalar(1, "i32")), dot(c, v(y), v(y)), v(next)];
      },
    );
    return [v(power)];
  }),
  args: [Float64Array.from({ length: n * n }, (_, k) => ((k * 5) % 7) - 3), Int32Array.of(9)],
  plain: (x, k) => {
    let y = Float64Array.from(x ?? []);
    let p = Float64Array.from({ length: n * n }, (_, i) => Number(i % n === Math.floor(i / n)));
    const dot = (a: Float64Array, c: Float64Array): Float64Array<ArrayBuffer> =>
      Float64Array.from({ length: n * n }, (_, i) => {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += (a[Math.floor(i / n) * n + j] ?? 0) * (c[j * n + (i % n)] ?? 0);
        return sum;
      });
    for (let m = k?.[0] ?? 0; m > 0; m >>= 1) {
      if ((m & 1) === 1) p = dot(p, y);
      y = dot(y, y);
    }
    return [p];
  },
});

/** Steps of Conway's game of life on a torus of n x n. */
export const life = (n: number, steps: number): ControlFixture => ({
  fn: build("life", [array("i32", n, n)], (b, board) =>
    loop(b, steps, [], [v(board)], (c, _i, x) => {
      const shifted = (y: Var, axis: number, by: 1 | -1): Var => {
        const part = (from: number, to: number): Var =>
          c.emit("slice", [y], {
            start: [0, 1].map((d) => (d === axis ? from : 0)),
            limit: [0, 1].map((d) => (d === axis ? to : n)),
            stride: [1, 1],
          });
        const cut = by === 1 ? n - 1 : 1;
        return c.emit("concat", [part(cut, n), part(0, cut)], { axis });
      };
      const rows = c.add(v(x), c.add(shifted(v(x), 0, 1), shifted(v(x), 0, -1)));
      const around = c.add(rows, c.add(shifted(rows, 1, 1), shifted(rows, 1, -1)));
      const three = c.eq(around, c.fill(around, 3));
      const four = c.and(c.eq(around, c.fill(around, 4)), c.eq(v(x), c.fill(v(x), 1)));
      return [c.cast(c.or(three, four), "i32")];
    }),
  ),
  args: [Int32Array.from({ length: n * n }, (_, k) => Number((k * 7919) % 5 < 2))],
  plain: (board) => {
    let x = Int32Array.from(board ?? []);
    for (let s = 0; s < steps; s++)
      x = x.map((alive, k) => {
        const [i, j] = [Math.floor(k / n), k % n];
        let around = 0;
        for (const di of [n - 1, 0, 1])
          for (const dj of [n - 1, 0, 1]) around += x[((i + di) % n) * n + ((j + dj) % n)] ?? 0;
        return Number(around === 3 || (around === 4 && alive === 1));
      });
    return [x];
  },
});

export const fixtures: Readonly<Record<string, ControlFixture>> = {
  newton,
  lcg: congruential(1000),
  "running-sums": runningSums(50),
  collatz: collatz(20),
  "bubble-sort": bubbleSort(64),
  "insertion-sort": insertionSort(200),
  "heap-sort": heapSort(100),
  sieve: sieve(500),
  "pair-with-sum": pairWithSum(40),
  "matrix-power": matrixPower(8),
  life: life(12, 9),
};
