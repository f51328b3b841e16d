// biome-ignore-all lint: programs as their authors write them
/** Expressions, statements and functions of the language itself; plain JavaScript is the oracle. */
import { agrees, numbers } from "./agrees.js";

const a5 = [3, 1, 2, -1, 5];
const f5 = Float64Array.from(a5);

describe("expressions and statements", () => {
  agrees(
    "default params using others",
    (x: number) => {
      const f = (a: number, b = a * 2, c = a + b) => a + b + c;
      return f(x) + f(x, 1) + f(x, 1, 1) + f(x, undefined, 2);
    },
    [3],
  );
  agrees(
    "void",
    (x: number) => {
      let s = 0;
      const r = void (s = x);
      return r === undefined ? s : -1;
    },
    [3],
  );
  agrees(
    "comma",
    (x: number) => {
      let a = 0,
        b = 0;
      const r = ((a = x), (b = a * 2), a + b);
      for (let i = 0, j = 10; i < j; i++, j--) b += j;
      return r + b;
    },
    [3],
  );
  agrees(
    "tagged template",
    (x: number) => {
      const tag = (s: TemplateStringsArray, ...v: number[]) => v.reduce((a, b) => a + b, s.length);
      return tag`a${x}b${2}c`;
    },
    [3],
  );
  agrees(
    "structuredClone",
    (x: number) => {
      const o = { a: [x, 1], b: { c: 2 } };
      const c = structuredClone(o);
      c.a[0] = 9;
      c.b.c = 4;
      return [o.a[0], c.a[0], o.b.c, c.b.c];
    },
    [3],
  );
  agrees(
    "structuredClone typed",
    (x: Float64Array) => {
      const c = structuredClone(x);
      c[0] = 9;
      return [x[0], c[0]];
    },
    [f5],
  );
  agrees(
    "Number stuff",
    (x: number) => [
      Number.isInteger(x) ? 1 : 0,
      Number.EPSILON,
      Number.MAX_SAFE_INTEGER,
      Number.isSafeInteger(x) ? 1 : 0,
      Number.MIN_VALUE,
      Number.NaN,
    ],
    [3],
    [2.5],
    [2 ** 60],
  );
  agrees("Number(x)", (x: number) => [Number(x), Number("12"), Number(x > 2), +(x > 2), Number(true)], [3]);
  agrees(
    "parse",
    (x: number) => [parseInt("12px") * x, parseFloat("1.5") * x, Number.parseInt("11", 2)],
    [3],
  );
  agrees(
    "Math misc",
    (x: number) => [
      Math.fround(x),
      Math.clz32(x),
      Math.imul(x, 7),
      Math.hypot(x, 4),
      Math.log1p(x),
      Math.expm1(x),
      Math.hypot(),
      Math.hypot(x),
      Math.max(),
      Math.min(),
      Math.max(x),
      Math.sign(-x),
      Math.trunc(-x),
      Math.atan2(x, 2),
    ],
    [3.7],
    [-0.5],
    [0],
    [-0],
  );
  agrees(
    "Math constants",
    (x: number) =>
      x * Math.PI + Math.SQRT2 + Math.LN2 + Math.E + Math.LOG2E + Math.LOG10E + Math.LN10 + Math.SQRT1_2,
    [3],
  );
  agrees(
    "Math destructured",
    (x: number) => {
      const { sin, cos, PI } = Math;
      return sin(x) + cos(x) + PI;
    },
    [3],
  );
  agrees("BigInt", (x: number) => Number(BigInt(x) * 2n), [3]);
  agrees("BigInt lit", (x: number) => Number(2n ** 10n) * x, [3]);
  agrees(
    "in operator",
    (x: number) => {
      const o = { a: 1 };
      return ("a" in o ? x : 0) + ("b" in o ? 1 : 0) + (0 in [x] ? 1 : 0);
    },
    [3],
  );
  agrees(
    "typeof",
    (x: number) =>
      typeof x === "number" &&
      typeof [] === "object" &&
      typeof "a" === "string" &&
      typeof undefined === "undefined"
        ? x
        : 0,
    [3],
  );
  agrees(
    "label",
    (x: number) => {
      let s = 0;
      outer: for (let i = 0; i < 20; i++) {
        for (let j = 0; j < 20; j++) {
          if (j > i) continue outer;
          if (i * j > x * 10) break outer;
          s += j;
        }
      }
      return s;
    },
    [3],
  );
  agrees(
    "switch true",
    (x: number) => {
      switch (true) {
        case x > 3:
          return 1;
        case x > 1:
          return 2;
        default:
          return 3;
      }
    },
    [5],
    [2],
    [0],
  );
  agrees(
    "switch string",
    (x: number) => {
      const k = ["a", "b"];
      let s = 0;
      for (const c of k)
        switch (c) {
          case "a":
            s += x;
            break;
          case "b":
            s *= 2;
        }
      return s;
    },
    [5],
  );
  agrees(
    "map/set",
    (x: number) => {
      const m = new Map<string, number>([["a", 1]]);
      m.set("b", 2);
      const s = new Set([1, 2, 2]);
      let t = 0;
      for (const [k, v] of m) t += v * k.length;
      for (const v of s) t += v;
      return t * x + m.size + s.size;
    },
    [5],
  );
  agrees(
    "map staged values",
    (x: number) => {
      const m = new Map<string, number>();
      m.set("a", x);
      return m.get("a")! * 2;
    },
    [5],
  );
  agrees(
    "map staged key",
    (x: number) => {
      const m = new Map<number, number>();
      m.set(x, 2);
      return m.get(x)!;
    },
    [5],
  );
  agrees(
    "set has staged",
    (x: number) => {
      const m = new Set([1, 2, 3]);
      return m.has(x) ? 1 : 0;
    },
    [2],
    [5],
  );
  agrees(
    "closure counter",
    (x: number) => {
      const mk = () => {
        let c = 0;
        return () => (c += x);
      };
      const f = mk(),
        g = mk();
      f();
      f();
      g();
      return f() + g();
    },
    [5],
  );
  agrees(
    "recursion",
    (x: number) => {
      const fact = (n: number): number => (n <= 1 ? 1 : n * fact(n - 1));
      return fact(5) * x;
    },
    [5],
  );
  agrees(
    "mutual rec",
    (x: number) => {
      const ev = (n: number): boolean => n === 0 || od(n - 1);
      const od = (n: number): boolean => n !== 0 && ev(n - 1);
      return ev(10) ? x : 0;
    },
    [5],
  );
  agrees(
    "iife",
    (x: number) =>
      (() => {
        const y = x * 2;
        return y + 1;
      })() +
      (function () {
        return x;
      })(),
    [5],
  );
  agrees("Math.max.apply", (x: number) => Math.max.apply(null, [x, 2, 7]), [5]);
  agrees("Reflect.apply", (x: number) => Reflect.apply(Math.max, null, [x, 2, 7]), [5]);
  agrees(
    "string ops",
    (x: number) => {
      let s = 0;
      for (const c of "abc") s += c.charCodeAt(0);
      const p = "a,b,c".split(",");
      return (
        s * x +
        p.length +
        "abc".indexOf("c") +
        "xyz".at(-1)!.length +
        "abc".length +
        `q${1}`.length +
        ("a" < "b" ? 1 : 0)
      );
    },
    [5],
  );
  agrees(
    "string index",
    (x: number) => {
      const m = "ACGT";
      let s = 0;
      for (let i = 0; i < m.length; i++) s += m[i] === "G" ? x : 1;
      return s;
    },
    [5],
  );
  agrees(
    "charCodeAt loop",
    (x: number) => {
      const m = "hello world, this is a long string";
      let h = 5381;
      for (let i = 0; i < m.length; i++) h = ((h << 5) + h + m.charCodeAt(i)) | 0;
      return h + x;
    },
    [5],
  );
  agrees("JSON", (x: number) => JSON.parse('{"a":2}').a * x, [5]);
  agrees("JSON staged", (x: number) => JSON.stringify({ a: x }).length, [5]);
  agrees(
    "Array destruct swap",
    (x: number) => {
      let [a, b, ...c] = [x, 2, 3, 4];
      [a, b] = [b!, a!];
      [c[0], c[1]] = [c[1]!, c[0]!];
      return [a, b, ...c];
    },
    [5],
  );
  agrees(
    "array holes",
    (x: number) => {
      const a = [, x, , 2];
      return a.length + (a[0] ?? 7);
    },
    [5],
  );
  agrees(
    "array length set",
    (x: number) => {
      const a = [x, 1, 2];
      a.length = 2;
      return a.length + a[1]!;
    },
    [5],
  );
  agrees("array of fns", (x: number) => [Math.sin, (v: number) => v * 2].map((f) => f(x)), [5]);
  agrees("Array.isArray", (x: number) => (Array.isArray([x]) ? 1 : 0), [5]);
  agrees("exponent", (x: number) => x ** (2 ** 0.5) + (-2) ** 2 + x ** -1, [5]);
  agrees(
    "ushr",
    (x: number) => [x >>> 1, -x >>> 28, ~x, ~~x, x << 31, x >> 33, x ^ 5, x & 3, x | 0],
    [5.7],
    [-5.7],
    [2 ** 33 + 5],
  );
  agrees(
    "inc",
    (x: number) => {
      let a = x;
      const b = a++ + ++a;
      const c = a-- - --a;
      return [a, b, c];
    },
    [5],
  );
  agrees(
    "bool accum",
    (x: Float64Array) => {
      let c = 0;
      for (const v of x) c += +(v > 1);
      return c;
    },
    [f5],
    [numbers(30)],
  );
  agrees("ternary chain", (x: number) => (x > 3 ? 1 : x > 2 ? 2 : x > 1 ? 3 : 4), [5], [2.5], [1.5], [0]);
  agrees("or staged", (x: number) => (x || 3) + (x && 2), [5], [0], [NaN]);
  agrees(
    "var hoist",
    (x: number) => {
      if (x > 0) {
        var q = x * 2;
      }
      return q!;
    },
    [5],
  );
  agrees("with undefined args", (x: number, y?: number) => x + (y ?? 2), [5], [5, 3]);
  agrees("rest args", (...xs: number[]) => xs.reduce((a, b) => a + b, 0), [1, 2, 3]);
  agrees(
    "do while",
    (x: number) => {
      let n = 0;
      do {
        x /= 2;
        n++;
      } while (x > 1);
      return n;
    },
    [100],
    [0.5],
  );
  agrees(
    "for no parts",
    (x: number) => {
      let n = 0;
      for (;;) {
        if (n * n >= x) break;
        n++;
      }
      return n;
    },
    [100],
  );
  agrees(
    "nested destruct loop",
    (x: number) => {
      let s = 0;
      for (const {
        a,
        b: [c],
      } of [
        { a: x, b: [1] },
        { a: 2, b: [x] },
      ])
        s += a * c!;
      return s;
    },
    [5],
  );
  agrees(
    "array alias",
    (x: number) => {
      const a = [x, 2];
      const b = a;
      b[0] = 9;
      b.push(4);
      return a;
    },
    [5],
  );
  agrees(
    "array eq",
    (x: number) => {
      const a = [x];
      return a === a ? 1 : 0;
    },
    [5],
  );
  agrees(
    "string concat staged",
    (x: number) => {
      const s = "a" + x;
      return s.length;
    },
    [5],
  );
});
