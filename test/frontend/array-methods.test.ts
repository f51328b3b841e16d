// biome-ignore-all lint/style/noNonNullAssertion: programs as their authors write them
/** Methods of arrays and typed arrays on values known only at run time; plain JavaScript is the oracle. */
import { deepEqual, equal } from "node:assert/strict";
import { grad, jit } from "../../runtime/index.js";
import { agrees, numbers } from "./agrees.js";
import { refusal } from "./harness.js";

const a5 = [3, 1, 2, -1, 5];
const f5 = Float64Array.from(a5);
const nan = Float64Array.from([3, NaN, -0, 0, -Infinity, 2, Infinity, -1, NaN, 0, -0]);

describe("array methods: sorting", () => {
  agrees(
    "sort typed",
    (x: Float64Array) => {
      const a = x.slice();
      a.sort();
      return a;
    },
    [f5],
    [nan],
    [numbers(50)],
  );
  agrees("sort typed param", (x: Float64Array) => x.sort(), [f5]);
  agrees(
    "sort typed i32",
    (x: Int32Array) => {
      const a = x.slice();
      a.sort();
      return a;
    },
    [Int32Array.from([3, -1, 20, 100, 9, 2])],
  );
  agrees(
    "sort typed u32",
    (x: Uint32Array) => {
      const a = x.slice();
      a.sort();
      return a;
    },
    [Uint32Array.from([3, 4294967295, 20, 100, 9, 2])],
  );
  agrees(
    "sort typed f32",
    (x: Float32Array) => {
      const a = x.slice();
      a.sort();
      return a;
    },
    [Float32Array.from(nan)],
  );
  agrees(
    "sort typed cmp",
    (x: Float64Array) => {
      const a = x.slice();
      a.sort((p, q) => q - p);
      return a;
    },
    [f5],
    [numbers(50)],
  );
  agrees(
    "sort cmp list",
    (x: number[]) => {
      const a = [...x];
      a.sort((p, q) => p - q);
      return a;
    },
    [[3, 1, 10, 2]],
    [[...numbers(60)]],
  );
  agrees(
    "sort cmp abs (stable)",
    (x: number[]) => [...x].sort((p, q) => Math.abs(p) - Math.abs(q)),
    [[3, -3, 1, -1, 1, -3, 3, 2]],
    [[...numbers(60)]],
  );
  agrees("sort cmp bool", (x: number[]) => [...x].sort((p, q) => (p > q ? 1 : p < q ? -1 : 0)), [
    [3, -3, 1, -1, 1, -3, 3, 2],
  ]);
  agrees("sort literal", (x: number, y: number) => [x, y, 2].sort((p, q) => p - q), [3, 1]);
  agrees(
    "sort indices",
    (x: number[]) => {
      const idx = x.map((_, i) => i);
      idx.sort((i, j) => x[i]! - x[j]!);
      return idx;
    },
    [[3, -3, 1, -1, 1, -3, 3, 2]],
    [[...numbers(60)]],
  );
  agrees(
    "sort records",
    (x: number[]) => {
      const r = x.map((v, i) => ({ v, i }));
      r.sort((p, q) => p.v - q.v);
      return r.map((o) => o.i);
    },
    [[3, -3, 1, -1, 1]],
    [[...numbers(30)]],
  );
  agrees(
    "sort rows",
    (x: number[][]) => {
      const r = x.map((v) => v.slice());
      r.sort((p, q) => p[0]! - q[0]!);
      return r;
    },
    [
      [
        [3, 1],
        [2, 2],
        [5, 0],
        [1, 9],
      ],
    ],
  );
  agrees(
    "sort median",
    (x: number[]) => {
      const s = [...x].sort((a, b) => a - b);
      const h = s.length >> 1;
      return s.length % 2 ? s[h] : (s[h - 1]! + s[h]!) / 2;
    },
    [a5],
    [[...numbers(40)]],
  );
  agrees("toSorted", (x: number[]) => x.toSorted((p, q) => p - q), [a5], [[...numbers(40)]]);
  agrees("toSorted typed", (x: Float64Array) => x.toSorted(), [f5], [nan]);
  agrees(
    "sort in loop",
    (x: Float64Array) => {
      let s = 0;
      for (let k = 0; k < 10; k++) {
        const w = x.slice(k, k + 5);
        w.sort();
        s += w[2]!;
      }
      return s;
    },
    [numbers(20)],
  );
  agrees(
    "sort empty",
    (x: Float64Array) => {
      const a = x.slice(0, 0);
      a.sort();
      return a.length;
    },
    [f5],
  );
  agrees(
    "sort sub",
    (x: Float64Array) => {
      const a = x.slice();
      a.subarray(2, 18).sort();
      a.subarray(0, 5).reverse();
      a.subarray(1, 10).copyWithin(0, 3);
      a.subarray(10).fill(3, 2, 4);
      a.subarray(3, 6).set([1, 2, 3]);
      return a;
    },
    [numbers(20)],
  );
  agrees(
    "sort rows write after",
    (x: number[][]) => {
      const r = x.map((v) => v.slice());
      r.sort((p, q) => p[0]! - q[0]!);
      r[0]![0] = 100;
      return r;
    },
    [
      [
        [3, 1],
        [2, 2],
        [5, 0],
        [1, 9],
      ],
    ],
  );
  agrees(
    "sort records write after",
    (x: Float64Array) => {
      const r = Array.from(x, (v, i) => ({ v, i }));
      r.sort((p, q) => p.v - q.v);
      r[0]!.v = 100;
      return r.map((o) => o.v);
    },
    [f5],
  );
  agrees(
    "sort pairs",
    (x: Float64Array) => {
      const r = Array.from(x, (v, i): [number, number] => [v, i]);
      r.sort((p, q) => p[0] - q[0]);
      return r;
    },
    [f5],
    [numbers(30)],
  );
  agrees(
    "sort in if",
    (x: Float64Array, k: number) => {
      const a = x.slice();
      if (k > 0) a.sort();
      else a.sort((p, q) => q - p);
      return a;
    },
    [f5, 1],
    [f5, -1],
  );
  agrees(
    "sort in staged loop of list",
    (x: Float64Array) => {
      const a = [x[0]!, x[1]!, x[2]!, x[3]!];
      for (let i = 0; i < 20; i++) {
        a.sort((p, q) => p - q);
        a[3]! -= a[0]!;
      }
      return a;
    },
    [f5],
  );
  agrees(
    "sort then binary search",
    (x: number[], v: number) => {
      const s = [...x].sort((a, b) => a - b);
      let lo = 0,
        hi = s.length;
      while (lo < hi) {
        const m = (lo + hi) >> 1;
        if (s[m]! < v) lo = m + 1;
        else hi = m;
      }
      return lo;
    },
    [[...numbers(40)], 3],
  );
  agrees(
    "sort objects multi key",
    (x: Float64Array) =>
      Array.from(x, (v, i) => ({ v, i, b: v > 0 }))
        .sort((p, q) => Number(q.b) - Number(p.b) || p.v - q.v || p.i - q.i)
        .map((o) => o.i),
    [f5],
    [numbers(30)],
  );
  agrees(
    "rank (argsort)",
    (x: number[]) => {
      const idx = Array.from(x.keys()).sort((a, b) => x[a]! - x[b]!);
      const r = new Array(x.length).fill(0);
      idx.forEach((i, k) => {
        r[i] = k;
      });
      return r;
    },
    [[...numbers(30)]],
  );
});

describe("array methods: parts of arrays", () => {
  agrees(
    "copyWithin typed",
    (x: Float64Array) => {
      const a = x.slice();
      a.copyWithin(0, 2);
      return a;
    },
    [f5],
    [numbers(20)],
  );
  agrees(
    "copyWithin typed 3",
    (x: Float64Array) => {
      const a = x.slice();
      a.copyWithin(1, 0, 3);
      return a;
    },
    [f5],
    [numbers(20)],
  );
  agrees(
    "copyWithin list",
    (x: number[]) => {
      const a = [...x];
      a.copyWithin(1, -2);
      return a;
    },
    [a5],
  );
  agrees(
    "copyWithin literal",
    (x: number) => {
      const a = [x, 1, 2, 3, x];
      a.copyWithin(1, -2);
      return a;
    },
    [4],
  );
  agrees(
    "copyWithin staged bounds",
    (x: Float64Array, k: number) => {
      const a = x.slice();
      a.copyWithin(0, k);
      return a;
    },
    [f5, 2],
  );
  agrees(
    "subarray read",
    (x: Float64Array) => {
      const s = x.subarray(1, 4);
      return s[0]! + s.length;
    },
    [f5],
  );
  agrees(
    "subarray sum",
    (x: Float64Array) => {
      let s = 0;
      for (const v of x.subarray(2)) s += v;
      return s;
    },
    [f5],
    [numbers(30)],
  );
  agrees(
    "subarray write",
    (x: Float64Array) => {
      const a = x.slice();
      const s = a.subarray(1, 4);
      s[0] = 9;
      s[1]! += 1;
      return [a, s];
    },
    [f5],
  );
  agrees(
    "subarray write2",
    (x: Float64Array) => {
      const a = x.slice();
      const s = a.subarray(1, 4);
      a[1] = 9;
      return [a, s];
    },
    [f5],
  );
  agrees(
    "subarray loop",
    (x: Float64Array) => {
      const a = x.slice();
      const s = a.subarray(1, 4);
      for (let i = 0; i < s.length; i++) s[i] = s[i]! * 2;
      return a;
    },
    [f5],
  );
  agrees(
    "subarray of sub",
    (x: Float64Array) => {
      const a = x.slice();
      const s = a.subarray(1).subarray(1, 3);
      s.fill(7);
      return a;
    },
    [f5],
  );
  agrees(
    "subarray staged",
    (x: Float64Array, k: number) => {
      const s = x.subarray(k, k + 2);
      return s[0]! + s[1]!;
    },
    [f5, 1],
  );
  agrees(
    "fill range",
    (x: Float64Array, v: number) => {
      const a = x.slice();
      a.fill(v, 1, 3);
      a.fill(0, -1);
      return a;
    },
    [f5, 7],
  );
  agrees(
    "fill staged range",
    (x: Float64Array, k: number) => {
      const a = x.slice();
      a.fill(7, k, k + 2);
      return a;
    },
    [f5, 1],
  );
  agrees(
    "set",
    (x: Float64Array) => {
      const a = new Float64Array(8);
      a.set(x, 2);
      a.set([1, 2]);
      return a;
    },
    [f5],
  );
  agrees(
    "set staged offset",
    (x: Float64Array, k: number) => {
      const a = new Float64Array(8);
      a.set(x, k);
      return a;
    },
    [f5, 2],
  );
  agrees(
    "set from own subarray",
    (x: Float64Array) => {
      const a = x.slice();
      a.set(a.subarray(0, 3), 2);
      return a;
    },
    [f5],
  );
  agrees("slice staged", (x: Float64Array, k: number) => x.slice(k, k + 2), [f5, 1]);
  agrees(
    "subarray created in loop",
    (x: Float64Array) => {
      const a = x.slice();
      for (let i = 0; i < 20; i++) {
        const s = a.subarray(i, i + 3);
        s[0]! += s[2]! * i;
        s[1] = i;
      }
      return a;
    },
    [numbers(30)],
  );
  agrees(
    "rows of flat matrix",
    (x: Float64Array, n: number) => {
      const out = new Float64Array(12);
      for (let i = 0; i < 12; i++) {
        const row = x.subarray(i * n, (i + 1) * n);
        let s = 0;
        for (let j = 0; j < n; j++) s += row[j]!;
        out[i] = s;
      }
      return out;
    },
    [numbers(12 * 10), 10],
  );
  agrees(
    "slices of flat matrix",
    (x: Float64Array) => {
      const n = 10;
      const out = new Float64Array(12);
      for (let i = 0; i < 12; i++) {
        const row = x.slice(i * n, i * n + n);
        row.sort();
        out[i] = row[5]!;
      }
      return out;
    },
    [numbers(12 * 10)],
  );
  agrees(
    "list slices windows",
    (x: number[]) => {
      const out: number[] = [];
      for (let i = 0; i + 5 <= x.length; i++) {
        const w = x.slice(i, i + 5);
        out.push(w.reduce((a, b) => a + b, 0));
      }
      return out;
    },
    [[...numbers(30)]],
  );
  agrees(
    "recursion on subarray",
    (x: Float64Array) => {
      const rec = (v: Float64Array): number =>
        v.length === 1 ? v[0]! : rec(v.subarray(0, v.length >> 1)) + rec(v.subarray(v.length >> 1));
      return rec(x);
    },
    [f5],
    [numbers(16)],
  );
  agrees(
    "swap subarrays",
    (x: Float64Array) => {
      const a = x.slice();
      let p = a.subarray(0, 2),
        q = a.subarray(2, 4);
      [p, q] = [q, p];
      p[0] = 10;
      q[0] = 20;
      return a;
    },
    [f5],
  );
  agrees(
    "sub then reassign whole",
    (x: Float64Array) => {
      let a = x.slice();
      const s = a.subarray(1, 3);
      a = new Float64Array(5);
      a[1] = 7;
      return s[0]!;
    },
    [f5],
  );
  agrees(
    "sub passed to fn in loop",
    (x: Float64Array) => {
      const scale = (v: Float64Array, f: number) => {
        for (let i = 0; i < v.length; i++) v[i]! *= f;
      };
      const a = x.slice();
      for (let k = 0; k < 10; k++) scale(a.subarray(k * 2, k * 2 + 2), k);
      return a;
    },
    [numbers(20)],
  );
});

describe("array methods: sorting", () => {
  it("in WASM", () => {
    const x = numbers(1000);
    const sorted = jit((v: Float64Array) => v.toSorted());
    deepEqual(Array.from(sorted(x).data), Array.from(x.toSorted()));
    deepEqual(Array.from(sorted(nan).data), Array.from(nan.toSorted()));
    const order = jit((v: Float64Array) => {
      const places = Int32Array.from({ length: v.length }, (_, k) => k);
      return places.sort((i, j) => v[i]! - v[j]!);
    });
    const places = Int32Array.from(x.keys()).sort((i, j) => x[i]! - x[j]!);
    deepEqual(Array.from(order(x).data), Array.from(places));
  });
  it("has the derivative of the order's places", () => {
    const weighted = jit(
      grad((v: Float64Array) => {
        const s = v.toSorted((a, b) => a - b);
        return s[0]! * 10 + s[1]! * 100 + s[2]! * 1000;
      }),
    );
    deepEqual(Array.from(weighted(Float64Array.of(3, 1, 2)).data), [1000, 10, 100]);
  });
  it("by text is refused for what is known only at run time", () => {
    equal(refusal((v: number[]) => [...v].sort(), [[2, 1]]).code, "TSJ1102");
  });
});
