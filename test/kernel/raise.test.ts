/** Scalar loops that become vectors, and those that must not; the oracle is the function itself. */
import assert from "node:assert/strict";
import { jit } from "../../runtime/index.js";
import { toPlain } from "../corpus/compare.js";

type Numbers = number[];
const get = (x: ArrayLike<number>, i: number): number => x[i] as number;

const N = 37;
const data = (n: number, seed: number): number[] =>
  Array.from({ length: n }, (_, i) => (((i + seed) * 7919) % 101) / 16 - 3);

interface Sample {
  readonly name: string;
  readonly f: (...args: Numbers[]) => number | number[] | Float64Array;
  readonly inputs: number;
  /** Loops that stay in order, by default and with `strict`. */
  readonly inOrder: readonly [number, number];
}

const samples: readonly Sample[] = [
  {
    name: "a map",
    inputs: 2,
    inOrder: [0, 0],
    f: (x, y) => {
      const out = new Float64Array(N);
      for (let i = 0; i < N; i++) out[i] = get(x, i) * 2 + Math.sqrt(Math.abs(get(y, i)));
      return out;
    },
  },
  {
    name: "a map in place, backwards",
    inputs: 1,
    inOrder: [0, 0],
    f: (x) => {
      const out = x.slice(0, N);
      for (let i = N - 1; i >= 0; i--) out[i] = get(out, i) * get(out, i);
      return out;
    },
  },
  {
    name: "a sum of what passes a test",
    inputs: 1,
    inOrder: [0, 1],
    f: (x) => {
      let s = 0;
      for (let i = 0; i < N; i++) if (get(x, i) > 0.5) s += get(x, i);
      return s;
    },
  },
  {
    name: "sums, products, least and greatest at once",
    inputs: 2,
    inOrder: [0, 1],
    f: (x, y) => {
      let [s, p, least, most] = [1, 1, Infinity, -Infinity];
      for (let i = 0; i < N; i++) {
        s -= get(x, i) * get(y, i);
        p *= 1 + get(x, i) / 64;
        least = Math.min(least, get(x, i));
        most = Math.max(get(y, i), most);
      }
      return [s, p, least, most];
    },
  },
  {
    name: "least and greatest keep no order",
    inputs: 1,
    inOrder: [0, 0],
    f: (x) => {
      let most = get(x, 0);
      for (let i = 1; i < N; i++) most = Math.max(most, get(x, i));
      return most;
    },
  },
  {
    name: "a product of matrices that adds up in memory",
    inputs: 2,
    inOrder: [0, 1],
    f: (x, y) => {
      const c = new Float64Array(81);
      for (let i = 0; i < 9; i++)
        for (let j = 0; j < 9; j++)
          for (let k = 0; k < 9; k++)
            c[i * 9 + j] = get(c, i * 9 + j) + get(x, i * 9 + k) * get(y, k * 9 + j);
      return c;
    },
  },
  {
    name: "a stencil into another array",
    inputs: 1,
    inOrder: [0, 0],
    f: (x) => {
      const out = x.slice();
      for (let i = 1; i < 5; i++)
        for (let j = 1; j < 5; j++)
          out[i * 6 + j] = (get(x, i * 6 + j - 1) + get(x, i * 6 + j + 1) + get(x, (i - 1) * 6 + j)) / 3;
      return out;
    },
  },
  {
    name: "a stencil in place",
    inputs: 1,
    inOrder: [1, 1],
    f: (x) => {
      const out = x.slice();
      for (let i = 1; i < N - 1; i++) out[i] = (get(out, i - 1) + get(out, i + 1)) / 2;
      return out;
    },
  },
  {
    name: "a prefix sum",
    inputs: 1,
    inOrder: [1, 1],
    f: (x) => {
      const out = new Float64Array(N);
      let s = 0;
      for (let i = 0; i < N; i++) {
        s += get(x, i);
        out[i] = s;
      }
      return out;
    },
  },
  {
    name: "even and odd places",
    inputs: 1,
    inOrder: [0, 0],
    f: (x) => {
      const out = x.slice();
      for (let i = 0; i < 18; i++) {
        const [a, b] = [get(out, 2 * i), get(out, 2 * i + 1)];
        out[2 * i] = a + b;
        out[2 * i + 1] = a - b;
      }
      return out;
    },
  },
  {
    name: "places that may meet",
    inputs: 2,
    inOrder: [1, 1],
    f: (x, y) => {
      const bins = new Float64Array(8);
      for (let i = 0; i < N; i++) bins[Math.abs(get(x, i)) & 7] = get(y, i);
      return bins;
    },
  },
  {
    name: "conditions that write",
    inputs: 2,
    inOrder: [0, 0],
    f: (x, y) => {
      const out = new Float64Array(N);
      for (let i = 0; i < N; i++) {
        if (get(x, i) > 1) out[i] = 1 / get(x, i);
        else if (get(y, i) < 0) out[i] = get(y, i);
        if (get(out, i) < 0) out[i] = Math.sqrt(-get(out, i));
      }
      return out;
    },
  },
  {
    name: "a choice among more than one loop",
    inputs: 2,
    inOrder: [0, 2],
    f: (x, y) => {
      let s = 0;
      for (let i = 0; i < N; i++) {
        let t = 0;
        for (let j = 0; j < N; j++) t += get(x, i) > get(y, j) ? get(x, i) : get(y, j);
        s += t * t;
      }
      return s;
    },
  },
];

const loopsInOrder = (kernels: string): number => kernels.match(/\bfor seq /g)?.length ?? 0;

/** Any order of N*N terms of size at most 2**12: N*N roundings of sums below N*N*2**12, each half a unit in the last place. */
const REORDERED = N * N * (N * N * 2 ** 12) * 2 ** -53;

const distance = (a: unknown, b: unknown): number => {
  const [x, y] = [[toPlain(a)].flat(2) as number[], [toPlain(b)].flat(2) as number[]];
  assert.equal(x.length, y.length);
  return Math.max(...x.map((v, k) => (Object.is(v, y[k]) ? 0 : Math.abs(v - (y[k] ?? Number.NaN)))));
};

describe("raised loops", () => {
  for (const { name, f, inputs, inOrder } of samples) {
    const args = Array.from({ length: inputs }, (_, k) => data(100, 10 * k));
    for (const [k, strict] of [false, true].entries())
      it(`${name}${strict ? ", strict" : ""}: ${inOrder[k]} in order`, () => {
        const fn = jit(f, { strict });
        const tolerance = strict ? 0 : REORDERED;
        assert.ok(distance(fn(...args), f(...args)) <= tolerance);
        assert.equal(loopsInOrder(fn.lower(...args).kernels), inOrder[k]);
      });
  }

  it("an empty sum keeps its sign of zero", () => {
    const f = (x: Numbers): number => {
      let s = -0;
      for (let i = 0; i < N; i++) if (get(x, i) > 100) s += get(x, i);
      return s;
    };
    assert.ok(Object.is(Number(jit(f)(data(N, 1))), f(data(N, 1))));
  });

  it("NaN goes through least and greatest as in JavaScript", () => {
    const f = (x: Numbers): number => {
      let most = -Infinity;
      for (let i = 0; i < x.length; i++) most = Math.max(most, get(x, i));
      return most;
    };
    for (const place of [0, 1, 17, 36]) {
      const x = data(N, 1).map((v, i) => (i === place ? Number.NaN : v));
      assert.ok(Number.isNaN(Number(jit(f)(x))));
    }
  });

  it("what is read under a condition stays in the array", () => {
    const f = (x: Numbers): Float64Array => {
      const out = new Float64Array(N);
      for (let i = 0; i < N; i++) if (i > 0) out[i] = get(x, i - 1);
      return out;
    };
    assert.deepEqual(toPlain(jit(f)(data(N, 1))), toPlain(f(data(N, 1))));
  });

  it("the first check that fails is the one that reports", () => {
    const f = (x: Numbers, at: Int32Array): Float64Array => {
      const out = new Float64Array(N);
      for (let i = 0; i < N; i++) out[i] = get(x, get(at, i));
      return out;
    };
    const at = Int32Array.from({ length: N }, (_, i) => (i === 9 ? 50 : i === 20 ? -3 : i));
    assert.throws(() => jit(f)(data(N, 1), at), /50/);
  });
});
