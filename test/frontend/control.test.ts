// biome-ignore-all lint/suspicious/noConfusingLabels: what is tested
// biome-ignore-all lint/suspicious/noFallthroughSwitchClause: what is tested
// biome-ignore-all lint/style/useConst: what is tested
/** Staged control flow and mutation: each function run as plain JavaScript is the oracle of its program, bit for bit. */
import { deepStrictEqual } from "node:assert/strict";
import { runStaged } from "./harness.js";

type Fn = (...args: never[]) => unknown;
const NUMBERS = [[1.5], [-2], [0], [-0], [7], [Number.NaN], [100]];
const ARRAYS = [[[3, 1, 2]], [[-1, -2, 5, 0.5, 2, 9, 4, 4, -7, 1, 0, 3]]];

const plain = (x: unknown): unknown =>
  ArrayBuffer.isView(x) ? Array.from(x as Float64Array) : Array.isArray(x) ? x.map(plain) : x;

/** Runs `fn` both ways at every point. */
const agrees = (name: string, fn: Fn, points: readonly (readonly unknown[])[] = NUMBERS): void => {
  it(name, () => {
    for (const point of points) {
      const expected = plain(Reflect.apply(fn, undefined, structuredClone(point) as never[]));
      deepStrictEqual(runStaged(fn, point), expected, `at ${JSON.stringify(point)}`);
    }
  });
};

describe("frontend: staged branches", () => {
  agrees("if and else", (x: number) => {
    let y = 0;
    if (x > 0) y = x * 2;
    else y = -x;
    return y;
  });
  agrees("if without else", (x: number) => {
    let y = x;
    if (x > 1) {
      y += 1;
      y *= 3;
    }
    return y;
  });
  agrees("else if", (x: number) => {
    if (x > 5) return 1;
    else if (x > 0) return x;
    else if (x < -1) return -x;
    return 7;
  });
  agrees("early return", (x: number) => {
    if (x < 0) return -1;
    const y = x * 2;
    if (y > 10) {
      if (y > 100) return y;
      return y + 1;
    }
    return y - 1;
  });
  agrees("conditional expressions", (x: number) => (x > 0 ? (x > 2 ? x : x * 2) : x < -1 ? 1 : -x));
  agrees("short circuits", (x: number) => [
    x > 0 && x < 5,
    x > 0 || x < -1,
    !(x > 0 && x < 5) || x === 7,
    (x || 3) + 1,
    (x && 4) + 1,
  ]);
  agrees("numbers as conditions", (x: number) => {
    let n = 0;
    if (x) n += 1;
    if (!x) n += 10;
    return n;
  });
  agrees("logical assignment", (x: number) => {
    let a = x;
    a ||= 5;
    let b = x;
    b &&= 6;
    return [a, b];
  });
  agrees(
    "switch with fall-through",
    new Function(
      "x",
      `let r = 0;
       switch (x) {
         case 0: r += 1;
         case 7: r += 10; break;
         case 100: return -5;
         default: r = 3;
         case -2: r += 100;
       }
       return r;`,
    ) as (x: number) => number,
  );
  agrees("objects and arrays of numbers written on a path", (x: number) => {
    const p = { a: 1, b: [1, 2] };
    if (x > 0) {
      p.a = x;
      p.b[1] = x * 2;
    } else p.b[0] = 5;
    return p;
  });
  agrees("a fresh object on each path", (x: number) => {
    let p = { u: 0, v: [1, 2] };
    if (x > 0) p = { u: x, v: [x, 3] };
    return p.u + (p.v[0] ?? 0);
  });
  agrees("helper functions with early returns", (x: number) => {
    const clamp = (v: number, lo: number, hi: number): number => {
      if (v < lo) return lo;
      if (v > hi) return hi;
      return v;
    };
    const sign = (v: number) => (v > 0 ? 1 : v < 0 ? -1 : 0);
    return clamp(x, -1, 3) * 10 + sign(x);
  });
  agrees("closures that write", (x: number) => {
    let n = 0;
    const bump = (by: number) => {
      n += by;
      return n;
    };
    if (x > 0) bump(2);
    else bump(bump(1));
    return n;
  });
  agrees("strings decided by numbers that can be known", (x: number) => (x > 2 ? "big" : "small"));
  agrees("undefined until assigned on every path", (x: number) => {
    let y: number;
    if (x > 0) y = 1;
    else y = 2;
    return y;
  });
});

describe("frontend: staged loops", () => {
  agrees("a counted loop", (x: number) => {
    let s = 0;
    for (let i = 0; i < 100; i++) s += x * i;
    return s;
  });
  agrees(
    "a bound that is an argument",
    (n: number) => {
      let s = 0;
      for (let i = 0; i < n; i++) s += i / 3;
      for (let i = n; i > 0; i -= 2) s -= i;
      for (let i = 1; i <= n; i += 3) s *= 1.5;
      return s;
    },
    [[0], [1], [10], [11], [-3], [2.5], [Number.NaN]],
  );
  agrees("while", (x: number) => {
    let n = 0;
    let y = Math.abs(x);
    while (y > 1) {
      y /= 2;
      n++;
    }
    return [n, y];
  });
  agrees("do while", (x: number) => {
    let y = x;
    let err: number;
    let n = 0;
    do {
      const next = 0.5 * (y + 2 / y);
      err = Math.abs(next - y);
      y = next;
      n++;
    } while (err > 1e-12 && n < 50);
    return [y, err, n];
  });
  agrees("break and continue", (x: number) => {
    let s = 0;
    for (let i = 0; i < 50; i++) {
      if (i % 3 === 0) continue;
      if (s > 40 + x) break;
      s += i;
    }
    return s;
  });
  agrees("return from a loop", (x: number) => {
    for (let i = 0; i < 40; i++) {
      if (i * i > x * 3) return i;
    }
    return -1;
  });
  agrees("labels", (x: number) => {
    let s = 0;
    outer: for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 20; j++) {
        if (j > i) continue outer;
        if (i * j > 30 + x) break outer;
        s += i + j;
      }
      s += 1000;
    }
    return s;
  });
  agrees("a condition with effects", (x: number) => {
    let n = 10;
    let s = x;
    while (n-- > 0) s += n;
    return [s, n];
  });
  agrees("forever until", (x: number) => {
    let i = 0;
    for (;;) {
      i++;
      if (i * i > Math.abs(x) || !(i < 30)) break;
    }
    return i;
  });
  agrees("collatz", (n: number) => {
    let k = 0;
    let m = Math.abs(Math.trunc(n)) || 1;
    while (m !== 1) {
      if (m % 2 === 0) m /= 2;
      else m = 3 * m + 1;
      k++;
    }
    return k;
  });
  agrees(
    "several variables, swapped",
    (x: number) => {
      let a = x;
      let b = 1;
      for (let i = 0; i < 30; i++) [a, b] = [b, a * 0.5 + b];
      return [a, b];
    },
    [[1], [2.5]],
  );
  agrees("a loop in a branch in a loop", (x: number) => {
    let s = 0;
    for (let i = 0; i < 12; i++) {
      if (i % 2 === 0) {
        for (let j = 0; j < i; j++) s += j * x;
      } else s -= 1;
    }
    return s;
  });
  agrees("two counters", (x: number) => {
    let s = x;
    for (let i = 0, j = 20; i < j; i++, j--) s += i * j;
    return s;
  });
  agrees(
    "an object as the state",
    (x: number) => {
      let state = { pos: x, vel: 1 };
      for (let i = 0; i < 20; i++)
        state = { pos: state.pos + 0.1 * state.vel, vel: state.vel - 0.1 * state.pos };
      return state;
    },
    [[1], [0.25]],
  );
  agrees("an index that must be known unrolls", (x: number) => {
    const fs = [(v: number) => v + 1, (v: number) => v * 2, (v: number) => v - 3];
    const names = ["a", "b", "c"];
    let s = x;
    for (let i = 0; i < 12; i++) s = (fs[i % 3] ?? fs[0])?.(s) ?? 0;
    return names.map((n, i) => `${n}${i}`).length + s;
  });
  agrees(
    "for..of over an array argument",
    (xs: readonly number[]) => {
      let best = Number.NEGATIVE_INFINITY;
      let n = 0;
      for (const v of xs) {
        if (v > best) best = v;
        n += 1;
      }
      return [best, n];
    },
    ARRAYS,
  );
  agrees(
    "elements by index",
    (xs: readonly number[]) => {
      let s = 0;
      for (let i = 1; i < xs.length; i++) s += Math.abs((xs[i] ?? 0) - (xs[i - 1] ?? 0));
      return s;
    },
    ARRAYS,
  );
});

describe("frontend: arrays that are written to", () => {
  agrees(
    "a typed array",
    (xs: readonly number[]) => {
      const y = new Float64Array(xs.length);
      for (let i = 0; i < xs.length; i++) y[i] = (xs[i] ?? 0) * 2;
      y[0] = 5;
      y[1] = (y[1] as number) + 1;
      const z = y as unknown as { 2: number };
      z[2]++;
      return y;
    },
    ARRAYS,
  );
  agrees(
    "a filled array",
    (xs: readonly number[]) => {
      const y: number[] = new Array(xs.length).fill(0);
      for (let i = 0; i < xs.length; i++) y[xs.length - 1 - i] = xs[i] ?? 0;
      return y;
    },
    ARRAYS,
  );
  agrees(
    "insertion sort on a copy",
    (xs: readonly number[]) => {
      const a = xs.slice();
      for (let i = 1; i < a.length; i++) {
        const v = a[i] as number;
        let j = i - 1;
        while (j >= 0 && (a[j] as number) > v) {
          a[j + 1] = a[j] as number;
          j--;
        }
        a[j + 1] = v;
      }
      return a;
    },
    ARRAYS,
  );
  agrees(
    "bubble sort by swaps",
    (xs: readonly number[]) => {
      const a = [...xs];
      for (let i = 0; i < a.length; i++)
        for (let j = 0; j + 1 < a.length - i; j++)
          if ((a[j] as number) > (a[j + 1] as number))
            [a[j], a[j + 1]] = [a[j + 1] as number, a[j] as number];
      return a;
    },
    ARRAYS,
  );
  agrees("an array that a branch takes apart and indexes by a computed number", (x: number) => {
    const a = [x, x + 1];
    let sum = 0;
    if (x > 1) {
      for (const [k, v] of a.entries()) sum += k * v;
      a[x & 1] = 2;
    }
    return [a[0], a[1], sum];
  });
  agrees(
    "aliases see writes",
    (xs: readonly number[]) => {
      const a = Float64Array.from(xs);
      const b = a;
      const fill = (t: Float64Array, v: number) => {
        for (let i = 0; i < t.length; i += 2) t[i] = v;
      };
      fill(b, 9);
      a[1] = 4;
      return [a[0], b[1], a];
    },
    ARRAYS,
  );
  agrees(
    "nested arrays",
    (xs: readonly number[]) => {
      const n = xs.length;
      const m: number[][] = [];
      for (let i = 0; i < 3; i++) m.push(new Array(n).fill(0));
      for (let i = 0; i < 3; i++) for (let j = 0; j < n; j++) (m[i] as number[])[j] = i * (xs[j] as number);
      const row = m[1] as number[];
      row[0] = 50;
      let s = 0;
      for (let i = 0; i < 3; i++) for (let j = 0; j < n; j++) s += m[i]?.[j] as number;
      return [s, m];
    },
    ARRAYS,
  );
  agrees(
    "rows exchanged",
    (xs: readonly number[]) => {
      const n = 10;
      const m = Array.from({ length: n }, (_, i) => [i, i * 2, xs[0] as number]);
      for (let k = 0; k < n - 1; k++) {
        let p = k;
        for (let i = k + 1; i < n; i++) if ((m[i]?.[0] as number) % 3 > (m[p]?.[0] as number) % 3) p = i;
        const t = m[k] as number[];
        m[k] = m[p] as number[];
        m[p] = t;
        [m[k], m[k + 1]] = [m[k + 1] as number[], m[k] as number[]];
        (m[k] as number[])[1] = (m[k]?.[1] as number) + 1;
      }
      return m;
    },
    ARRAYS,
  );
  agrees(
    "two buffers in turn",
    (xs: readonly number[]) => {
      let a = Float64Array.from(xs);
      let b = new Float64Array(xs.length);
      for (let k = 0; k < 10; k++) {
        for (let i = 0; i < a.length; i++) b[i] = (a[i] as number) + (a[(i + 1) % a.length] as number) / 2;
        [a, b] = [b, a];
      }
      return a;
    },
    ARRAYS,
  );
  agrees(
    "integer arrays convert",
    (xs: readonly number[]) => {
      const n = 12;
      const a = new Int32Array(n);
      const b = new Uint8Array(n);
      const c = new Uint32Array(n);
      const d = new Float32Array(n);
      const e = new Int16Array(n);
      const f = new Uint8ClampedArray(n);
      for (let i = 0; i < n; i++) {
        const v = (xs[i % xs.length] as number) * 1e5 * (i - 4.5);
        a[i] = v * 1e6;
        b[i] = v;
        c[i] = -v;
        d[i] = v / 3;
        e[i] = v;
        f[i] = v / 1000;
      }
      return [a, b, c, d, e, f];
    },
    ARRAYS,
  );
  agrees(
    "a sieve",
    (xs: readonly number[]) => {
      const n = 60 + xs.length;
      const composite = new Array<boolean>(n + 1).fill(false);
      let count = 0;
      for (let p = 2; p <= n; p++) {
        if (composite[p]) continue;
        count++;
        for (let q = p * p; q <= n; q += p) composite[q] = true;
      }
      return [count, composite];
    },
    ARRAYS,
  );
  agrees(
    "array methods with staged results",
    (xs: readonly number[]) => {
      const ys = xs.map((v, i) => (v > 0 ? v : i));
      let s = 0;
      ys.forEach((v, i) => {
        if (i % 2 === 0) s += v;
      });
      return [
        ys,
        s,
        xs.reduce((a, v) => (v > a ? v : a), -100),
        xs.some((v) => v > 8),
        xs.every((v) => v > -8),
        xs.indexOf(2),
        xs.includes(4),
        xs.findIndex((v) => v < 0),
      ];
    },
    ARRAYS,
  );
});
