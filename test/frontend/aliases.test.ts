// biome-ignore-all lint/style/useConst: what is tested
// biome-ignore-all lint/suspicious/noConfusingLabels: what is tested
// biome-ignore-all lint/complexity/noCommaOperator: what is tested
// biome-ignore-all lint/style/noNonNullAssertion: what is tested
// biome-ignore-all lint/correctness/noInnerDeclarations: what is tested
// biome-ignore-all lint/suspicious/noAssignInExpressions: what is tested
// biome-ignore-all lint/correctness/noInvalidUseBeforeDeclaration: what is tested
/** Aliases, evaluation order and identity: what plain JavaScript gives, bit for bit, or a refusal with its code. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { refusal, runStaged } from "./harness.js";

type Fn = (...args: never[]) => unknown;
const plain = (x: unknown): unknown => {
  if (ArrayBuffer.isView(x)) return Array.from(x as Float64Array);
  if (Array.isArray(x)) return x.map(plain);
  if (typeof x !== "object" || x === null) return x;
  return Object.fromEntries(Object.entries(x).map(([key, v]) => [key, plain(v)]));
};

/** Runs `fn` both ways at every point; where the plain function throws, the program must stop. */
const agrees = (name: string, fn: Fn, points: readonly (readonly unknown[])[]): void => {
  it(name, () => {
    for (const point of points) {
      let want: unknown;
      let throws = false;
      try {
        want = plain(Reflect.apply(fn, undefined, structuredClone(point) as never[]));
      } catch {
        throws = true;
      }
      let got: unknown;
      let stops = false;
      try {
        got = runStaged(fn, point);
      } catch (e) {
        if (!throws) throw e;
        stops = true;
      }
      strictEqual(stops, throws, `at ${JSON.stringify(point)}`);
      deepStrictEqual(got, want, `at ${JSON.stringify(point)}`);
    }
  });
};

const refuses = (name: string, code: string, fn: Fn, [point]: readonly (readonly unknown[])[]): void => {
  it(`${name}: ${code}`, () => strictEqual(refusal(fn, point ?? []).code, code));
};

const A = [[[3, 1, 2, 5, 4, 9, 8, 7, 6, 0]]];
const N = [[3], [-1], [0]];
describe("frontend: aliases and order", () => {
  refuses(
    "row alias kept across a swap",
    "TSJ1043",
    (x: number[]) => {
      const m = x.map((v) => [v, v * 2]);
      const r0 = m[0] as number[];
      for (let i = 0; i + 1 < m.length; i++) {
        const t = m[i] as number[];
        m[i] = m[i + 1] as number[];
        m[i + 1] = t;
      }
      r0[0] = 99;
      return m;
    },
    A,
  );
  agrees(
    "fill with the same row",
    (x: number[]) => {
      const m: number[][] = new Array(10).fill([0, 0]);
      for (let i = 0; i < 10; i++) {
        const r = m[i] as [number];
        r[0] += x[i] as number;
      }
      return m;
    },
    A,
  );
  agrees(
    "row shared by two arrays",
    (x: number[]) => {
      const a = x.map((v) => [v]);
      const b = [...a];
      for (let i = 0; i < 10; i++) {
        const r = b[i] as [number];
        r[0] += 1;
      }
      return [a, b];
    },
    A,
  );
  refuses(
    "conditional alias then write through original",
    "TSJ1023",
    (x: number) => {
      const a = [1, 2];
      const b = [3, 4];
      let c = a;
      if (x > 0) c = b;
      const s = c[0] as number;
      a[0] = 10;
      return [s, a];
    },
    N,
  );
  refuses(
    "conditional alias then read after write",
    "TSJ1023",
    (x: number) => {
      const a = [1, 2];
      const b = [3, 4];
      const c = x > 0 ? a : b;
      a[0] = 10;
      return c[0];
    },
    N,
  );
  agrees(
    "swap of objects under a condition",
    (x: number) => {
      let a = { v: 1 };
      let b = { v: 2 };
      if (x > 0) {
        const t = a;
        a = b;
        b = t;
      }
      a.v += 10;
      return [a.v, b.v];
    },
    N,
  );
  refuses(
    "same object in both",
    "TSJ1023",
    (x: number) => {
      const a = { v: 1 };
      let b = { v: 2 };
      if (x > 0) b = a;
      a.v += 10;
      return [a.v, b.v];
    },
    N,
  );
  agrees(
    "write then read in loop order",
    (x: number[]) => {
      const y = x.slice();
      for (let i = 1; i < y.length; i++) {
        y[i] = (y[i] as number) + (y[i - 1] as number);
        y[0] = y[i] as number;
      }
      return y;
    },
    A,
  );
  agrees(
    "forEach sees later writes",
    (x: number[]) => {
      const y = Float64Array.from(x);
      let s = 0;
      y.forEach((v, i) => {
        s += v;
        if (i + 1 < y.length) y[i + 1] = v + 1;
      });
      return [s, y];
    },
    A,
  );
  agrees(
    "for of sees writes",
    (x: number[]) => {
      const y = x.slice();
      let i = 0;
      let s = 0;
      for (const v of y) {
        s += v;
        i++;
        if (i < y.length) y[i] = v * 2;
      }
      return [s, y];
    },
    A,
  );
  agrees(
    "closure captures loop variable",
    (_x: number[]) => {
      const f = () => 0;
      let s = 0;
      for (let i = 0; i < 20; i++) {
        const g = () => i * 2;
        s += g();
      }
      return s + f();
    },
    A,
  );
  agrees(
    "break value of counter",
    (x: number[]) => {
      let i = 0;
      for (i = 0; i < x.length; i++) if (x[i] === 9) break;
      return i;
    },
    A,
  );
  agrees(
    "continue in while with step before",
    (x: number[]) => {
      let i = 0;
      let s = 0;
      while (i < x.length) {
        const v = x[i++] as number;
        if (v % 2) continue;
        s += v;
      }
      return [i, s];
    },
    A,
  );
  agrees(
    "side effects in conditions",
    (x: number) => {
      let n = 0;
      const f = (v: boolean) => {
        n++;
        return v;
      };
      const r = (f(x > 0) && f(x > 2)) || f(x < 0);
      return [n, r];
    },
    N,
  );
  agrees(
    "nested function early return from loop in function",
    (x: number[]) => {
      const find = (v: number) => {
        for (let i = 0; i < x.length; i++) if (x[i] === v) return i;
        return -1;
      };
      return [find(9), find(100), find(0)];
    },
    A,
  );
  agrees(
    "throw on a path",
    (x: number) => {
      if (x < 0) throw new Error("neg");
      return Math.sqrt(x);
    },
    N,
  );
  agrees(
    "throw after loop",
    (x: number[]) => {
      for (let i = 0; i < x.length; i++) if (x[i] === 100) return i;
      throw new Error("none");
    },
    A,
  );
  agrees(
    "array grows in loop",
    (x: number[]) => {
      const out: number[] = [];
      for (let i = 0; i < x.length; i++) out.push((x[i] as number) * 2);
      return out;
    },
    A,
  );
  agrees(
    "array grows by index",
    (x: number[]) => {
      const out: number[] = [];
      for (let i = 0; i < x.length; i++) out[i] = (x[i] as number) * 2;
      return out;
    },
    A,
  );
  agrees(
    "array of n holes filled",
    (x: number[]) => {
      const out = new Array<number>(x.length);
      for (let i = 0; i < x.length; i++) out[i] = (x[i] as number) * 2;
      return out;
    },
    A,
  );
  agrees(
    "let without init in loop",
    (x: number[]) => {
      let t: number | undefined;
      let s = 0;
      for (let i = 0; i < x.length; i++) {
        t = x[i] as number;
        s += t;
      }
      return [s, t];
    },
    A,
  );
  agrees(
    "switch in loop with continue",
    (x: number[]) => {
      let a = 0,
        b = 0,
        c = 0;
      for (const v of x) {
        switch (v % 3) {
          case 0:
            a++;
            break;
          case 1:
            b++;
            continue;
          default:
            c++;
        }
        a += 10;
      }
      return [a, b, c];
    },
    A,
  );
  agrees(
    "labelled block",
    (x: number) => {
      let s = 0;
      blk: {
        if (x > 0) break blk;
        s += 1;
        if (x < 0) break blk;
        s += 10;
      }
      return s;
    },
    N,
  );
  agrees(
    "do while with continue",
    (x: number) => {
      let i = 0,
        s = 0;
      do {
        i++;
        if (i % 2) continue;
        s += i;
      } while (i < 10 + x);
      return [i, s];
    },
    N,
  );
  agrees(
    "comma and nested assignment",
    (x: number) => {
      let a: number;
      let b: number;
      a = b = x > 0 ? 1 : 2;
      return [a, b];
    },
    N,
  );
  agrees(
    "min index",
    (x: number[]) => {
      let best = 0;
      for (let i = 1; i < x.length; i++) if ((x[i] as number) < (x[best] as number)) best = i;
      return [best, x[best]];
    },
    A,
  );
  agrees(
    "typed array overlapping swap via destructuring of three",
    (x: number[]) => {
      const a = Float64Array.from(x);
      for (let i = 0; i + 2 < a.length; i++)
        [a[i], a[i + 1], a[i + 2]] = [a[i + 2] as number, a[i] as number, a[i + 1] as number];
      return a;
    },
    A,
  );
  agrees(
    "index with side effects",
    (x: number[]) => {
      const a = x.slice();
      let i = 0;
      const b = a as unknown as { 0: number };
      while (i < 8) {
        a[i++] = a[i] as number;
        b[i++ as 0] += i;
      }
      return a;
    },
    A,
  );
  agrees(
    "compound assign evaluates once",
    (x: number[]) => {
      const a = x.slice();
      let n = 0;
      const at = () => {
        n++;
        return n % 10;
      };
      for (let k = 0; k < 12; k++) (a as unknown as { 0: number })[at() as 0] *= 2;
      return [a, n];
    },
    A,
  );
  agrees(
    "2d via map in loop rebind",
    (x: number[]) => {
      let m = x.map((v) => [v, 1]);
      for (let k = 0; k < 12; k++) m = m.map((r) => [r[1] as number, (r[0] as number) + 1]);
      return m;
    },
    A,
  );
  agrees(
    "state object with array",
    (x: number[]) => {
      const st = { n: 0, buf: x.slice() };
      for (let i = 0; i < 10; i++) {
        st.n += st.buf[i] as number;
        st.buf[i] = st.n;
      }
      return st;
    },
    A,
  );
  agrees(
    "stack",
    (x: number[]) => {
      const stack = new Int32Array(20);
      let top = 0;
      let s = 0;
      stack[top++] = 5;
      while (top > 0) {
        const v = stack[--top] as number;
        s += v;
        if (v > 1) {
          stack[top++] = v - 1;
          stack[top++] = v - 2;
        }
      }
      return s + (x[0] as number);
    },
    A,
  );
  agrees(
    "boolean accumulators",
    (x: number[]) => {
      let any = false,
        all = true;
      for (const v of x) {
        any ||= v > 8;
        all &&= v >= 0;
      }
      return [any, all];
    },
    A,
  );
  agrees(
    "bool and number mixing",
    (x: number[]) => {
      let c = 0;
      for (const v of x) c += (v > 3) as unknown as number;
      return c;
    },
    A,
  );
  agrees(
    "string building refused or ok",
    (x: number) => {
      let s = "";
      for (let i = 0; i < 3; i++) s += i;
      return s + x;
    },
    N,
  );
  agrees(
    "string in staged loop",
    (x: number[]) => {
      let s = "";
      for (let i = 0; i < 12; i++) s += "a";
      return [s, x[0]];
    },
    A,
  );
  agrees(
    "early return object",
    (x: number) => {
      if (x > 0) return { a: x, b: [1, 2] };
      return { a: 0, b: [3, 4] };
    },
    N,
  );
  agrees(
    "return undefined mix",
    (x: number) => {
      if (x > 0) return;
      return undefined;
    },
    N,
  );
  agrees(
    "null vs object",
    (x: number) => {
      const f = (v: number) => (v > 0 ? { q: v } : null);
      const r = f(x);
      return r === null ? -1 : r.q;
    },
    N,
  );
  agrees(
    "while with array condition",
    (x: number[]) => {
      const q = x.slice();
      let h = 0;
      while (h < q.length && q[h] !== 9) h++;
      return h;
    },
    A,
  );
  agrees(
    "bit tricks",
    (x: number) => {
      let h = x | 0;
      for (let i = 0; i < 32; i++) {
        h ^= h << 13;
        h ^= h >>> 17;
        h ^= h << 5;
        h = Math.imul(h, 0x9e3779b1) + i;
        h >>>= 0;
      }
      return [h, h >>> 0, ~~h, h & 255];
    },
    [[1], [12345], [-7]],
  );
  agrees(
    "reduce with objects",
    (x: number[]) =>
      x.reduce((acc, v, i) => ({ max: Math.max(acc.max, v), at: v > acc.max ? i : acc.at }), {
        max: -Infinity,
        at: -1,
      }),
    A,
  );
  agrees(
    "entries loop",
    (x: number[]) => {
      let s = 0;
      for (const [i, v] of x.entries()) s += i * v;
      return s;
    },
    A,
  );
  agrees("sort staged with comparator", (x: number[]) => x.slice().sort((a, b) => a - b), A);
  agrees("typed sort", (x: number[]) => Array.from(Float64Array.from(x).sort()), A);
  agrees("filter", (x: number[]) => x.filter((v) => v > 3).length, A);
  agrees(
    "push pop fixed",
    (x: number) => {
      const a = [1, 2];
      a.push(x);
      const t = a.pop() as number;
      return [a, t];
    },
    N,
  );
  agrees(
    "var in loop body",
    (x: number[]) => {
      for (var i = 0, t = 0; i < x.length; i++) {
        var u: number | undefined = x[i] as number;
        t += u;
      }
      return [i, t, u];
    },
    A,
  );
  agrees(
    "get/set class in loop",
    (x: number[]) => {
      class Acc {
        #n = 0;
        total = 0;
        static k = 2;
        add(v: number) {
          this.#n++;
          this.total += v * Acc.k;
          return this;
        }
        get mean() {
          return this.total / this.#n;
        }
        set boost(v: number) {
          this.total += v;
        }
      }
      class B extends Acc {
        extra = 1;
        override add(v: number) {
          super.add(v);
          this.extra *= 1.5;
          return this;
        }
      }
      const a = new B();
      for (const v of x) a.add(v);
      a.boost = 4;
      return [a.mean, a.total, a.extra];
    },
    A,
  );
  agrees(
    "fn returning fn in loop",
    (x: number[]) => {
      const compose = (f: (v: number) => number, g: (v: number) => number) => (v: number) => f(g(v));
      const h = compose(
        (v) => v + 1,
        (v) => v * 2,
      );
      let s = 0;
      for (const v of x) s = h(s) - v;
      return s;
    },
    A,
  );
  agrees(
    "dyn index of object array",
    (x: number[]) => {
      const bodies = Array.from({ length: 12 }, (_, i) => ({ p: i, v: x[i % 10] as number }));
      for (let k = 0; k < 10; k++)
        for (let i = 0; i < 12; i++) {
          const b = bodies[i] as { p: number; v: number };
          b.p += b.v * 0.1;
        }
      return bodies;
    },
    A,
  );
  agrees(
    "holes: sparse write",
    (x: number) => {
      const a = [1, 2, 3];
      a[1] = x;
      return a;
    },
    N,
  );
  agrees(
    "float32 accumulate",
    (x: number[]) => {
      const a = new Float32Array(10);
      for (let k = 0; k < 30; k++) a[k % 10] = (a[k % 10] as number) + (x[k % 10] as number) / 3;
      return a;
    },
    A,
  );
});
