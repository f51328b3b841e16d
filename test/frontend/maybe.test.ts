// biome-ignore-all lint: programs as their authors write them
/** Values that are undefined or null on some paths at run time; plain JavaScript is the oracle. */
import { equal, match, throws } from "node:assert/strict";
import { grad, jit } from "../../runtime/index.js";
import { agrees, numbers } from "./agrees.js";
import { refusal } from "./harness.js";

const f5 = Float64Array.of(3, 1, 2, -1, 5);
const points = [[f5], [numbers(30)], [Float64Array.of(-5)], [Float64Array.of(4)], [Float64Array.of(6)]];

describe("values that may be missing", () => {
  agrees("find ??", (v: Float64Array) => v.find((x) => x < 0) ?? 99, ...points);
  agrees(
    "find undefined check",
    (v: Float64Array) => {
      const r = v.find((x) => x < 0);
      return r === undefined ? 99 : r * 2;
    },
    ...points,
  );
  agrees(
    "find arithmetic",
    (v: Float64Array) => {
      const r = v.find((x) => x < 0);
      return r! + 1;
    },
    ...points,
  );
  agrees(
    "first in loop ??",
    (v: Float64Array) => {
      let first: number | undefined;
      for (const x of v)
        if (x < 0) {
          first = x;
          break;
        }
      return first ?? 99;
    },
    ...points,
  );
  agrees(
    "null helper",
    (v: Float64Array) => {
      const root = (d: number): number | null => (d < 0 ? null : Math.sqrt(d));
      const r = root(v[0]!);
      return r === null ? -1 : r;
    },
    ...points,
  );
  agrees(
    "null helper ??",
    (v: Float64Array) => {
      const root = (d: number): number | null => (d < 0 ? null : Math.sqrt(d));
      return (root(v[0]!) ?? -1) + (root(-1) ?? 0);
    },
    ...points,
  );
  agrees(
    "null != loose",
    (v: Float64Array) => {
      const root = (d: number): number | null => (d < 0 ? null : Math.sqrt(d));
      const r = root(v[0]!);
      if (r != null) return r;
      return 7;
    },
    ...points,
  );
  agrees(
    "undefined truthy",
    (v: Float64Array) => {
      const g = (d: number): number | undefined => {
        if (d > 0) return d - 3;
        return undefined;
      };
      return g(v[0]!) ? 1 : 2;
    },
    ...points,
  );
  agrees(
    "early return no value",
    (v: Float64Array) => {
      const g = (d: number): number | undefined => {
        if (d > 0) return d;
        return;
      };
      return g(v[0]!) === undefined ? 5 : 6;
    },
    ...points,
  );
  agrees(
    "null arithmetic is 0",
    (v: Float64Array) => {
      const g = (d: number): number | null => (d > 0 ? d : null);
      return g(v[0]!)! + 1;
    },
    ...points,
  );
  agrees(
    "prev null in loop",
    (v: Float64Array) => {
      let prev: number | null = null;
      let s = 0;
      for (const x of v) {
        if (prev !== null) s += Math.abs(x - prev);
        prev = x;
      }
      return s;
    },
    ...points,
  );
  agrees(
    "prev undefined cond in loop",
    (v: Float64Array) => {
      let last: number | undefined;
      let n = 0;
      for (const x of v) {
        if (x > 0) {
          if (last !== undefined && x > last) n++;
          last = x;
        }
      }
      return n + (last ?? 100);
    },
    ...points,
  );
  agrees(
    "object or null",
    (v: Float64Array) => {
      const f = (d: number) => (d > 0 ? { r: Math.sqrt(d), k: 1 } : null);
      const o = f(v[0]!);
      return o === null ? -1 : o.r + o.k;
    },
    ...points,
  );
  agrees(
    "object optional chain",
    (v: Float64Array) => {
      const f = (d: number) => (d > 0 ? { r: Math.sqrt(d), k: 1 } : undefined);
      return f(v[0]!)?.r ?? -1;
    },
    ...points,
  );
  agrees(
    "intersect pattern",
    (v: Float64Array) => {
      const hit = (o: number, d: number): number | null => {
        const disc = o * o - d;
        if (disc < 0) return null;
        const q = Math.sqrt(disc);
        if (o - q > 0) return o - q;
        if (o + q > 0) return o + q;
        return null;
      };
      let best: number | null = null;
      for (let i = 0; i < v.length; i++) {
        const h = hit(v[i]!, i);
        if (h !== null && (best === null || h < best)) best = h;
      }
      return best ?? -1;
    },
    ...points,
  );
  agrees(
    "best if",
    (v: Float64Array) => {
      let best: number | undefined;
      for (const x of v) if (best === undefined || x < best) best = x;
      return best;
    },
    ...points,
  );
  agrees(
    "best null record",
    (v: Float64Array) => {
      let best: { v: number; i: number } | null = null;
      for (let i = 0; i < v.length; i++) {
        const x = v[i]!;
        if (best === null || x > best.v) best = { v: x, i };
      }
      return best === null ? -1 : best.i + best.v;
    },
    ...points,
  );
  agrees(
    "??=",
    (v: Float64Array) => {
      let a: number | undefined;
      if (v[0]! > 3) a = v[0]!;
      a ??= 7;
      return a;
    },
    ...points,
  );
  agrees(
    "if undefined assign",
    (v: Float64Array) => {
      let a: number | undefined;
      if (v[0]! > 3) a = v[0]!;
      if (a === undefined) a = 7;
      return a;
    },
    ...points,
  );
  agrees(
    "default param",
    (v: Float64Array) => {
      const g = (d: number): number | undefined => (d > 3 ? d : undefined);
      const f = (x = 5) => x * 2;
      return f(g(v[0]!));
    },
    ...points,
  );
  agrees(
    "default pattern",
    (v: Float64Array) => {
      const o: { a?: number } = {};
      o.a = undefined as unknown as number;
      if (v[0]! > 3) o.a = v[0]!;
      const { a = 9 } = o;
      return a;
    },
    ...points,
  );
  agrees(
    "not maybe",
    (v: Float64Array) => {
      let a: number | undefined;
      if (v[0]! > 3) a = v[0]! - 4;
      return !a ? 1 : 2;
    },
    ...points,
  );
  agrees(
    "!! maybe",
    (v: Float64Array) => {
      let a: number | undefined;
      if (v[0]! > 3) a = v[0]!;
      const b = !!a;
      return b ? 1 : 2;
    },
    ...points,
  );
  agrees(
    "null === 0",
    (v: Float64Array) => {
      const g = (d: number): number | null => (d > 3 ? d - 5 : null);
      const a = g(v[0]!);
      return [a === 0, a == 0, a! >= 0, a !== 0, a == null, a === undefined, a != undefined].map(Number);
    },
    ...points,
  );
  agrees(
    "two maybes",
    (v: Float64Array) => {
      const g = (d: number): number | null => (d > 3 ? d : null);
      const h = (d: number): number | undefined => (d > 4 ? d : undefined);
      const a = g(v[0]!),
        b = h(v[0]!),
        c = g(v[0]! + 1);
      return [a === (b as unknown), a == (b as unknown), a === c, a === a, b === b].map(Number);
    },
    ...points,
  );
  agrees(
    "alias then change",
    (v: Float64Array) => {
      let a: number | null = v[0]! > 3 ? 1 : null;
      const b = a;
      a = 3;
      return (b === null ? 10 : 20) + a;
    },
    ...points,
  );
  agrees(
    "narrow && chain",
    (v: Float64Array) => {
      const g = (d: number): { r: number } | undefined => (d > 3 ? { r: d } : undefined);
      const o = g(v[0]!);
      return o && o.r > 4 ? o.r : -1;
    },
    ...points,
  );
  agrees(
    "narrow || return",
    (v: Float64Array) => {
      const g = (d: number): { r: number } | undefined => (d > 3 ? { r: d } : undefined);
      const o = g(v[0]!),
        p = g(v[0]! + 1);
      if (!o || p === undefined) return -1;
      return o.r + p.r;
    },
    ...points,
  );
  agrees(
    "mutate narrowed",
    (v: Float64Array) => {
      const g = (d: number): { r: number } | null => (d > 3 ? { r: d } : null);
      const o = g(v[0]!);
      if (o !== null) {
        o.r += 1;
      }
      return o === null ? 0 : o.r;
    },
    ...points,
  );
  agrees(
    "mutate alias",
    (v: Float64Array) => {
      const base = { r: 1 };
      const o = v[0]! > 3 ? base : null;
      if (o !== null) o.r += 1;
      return base.r;
    },
    ...points,
  );
  agrees(
    "while linked",
    (v: Float64Array) => {
      let cur: number | null = 0;
      let n = 0;
      while (cur !== null) {
        n++;
        cur = cur + 1 < v.length && v[cur]! > -60 ? cur + 1 : null;
      }
      return n;
    },
    ...points,
  );
  agrees(
    "maybe bool",
    (v: Float64Array) => {
      let a: boolean | undefined;
      if (v[0]! > 3) a = v[0]! > 4.5;
      return [a === true, a === false, a === undefined, a ? 1 : 0].map(Number);
    },
    ...points,
  );
  agrees(
    "typed store",
    (v: Float64Array) => {
      let a: number | undefined;
      if (v[0]! > 3) a = 2;
      const o = new Float64Array(2),
        i = new Int32Array(2);
      o[0] = a!;
      i[0] = a!;
      return [o, i];
    },
    ...points,
  );
  agrees(
    "isNaN",
    (v: Float64Array) => {
      let a: number | undefined;
      if (v[0]! > 3) a = 2;
      return [isNaN(a!)].map(Number);
    },
    ...points,
  );
  agrees(
    "switch maybe",
    (v: Float64Array) => {
      let a: number | null = null;
      if (v[0]! > 3) a = 2;
      switch (a) {
        case null:
          return 5;
        case 2:
          return 6;
        default:
          return 7;
      }
    },
    ...points,
  );
  agrees(
    "closure narrowed",
    (v: Float64Array) => {
      let a: number | null = null;
      const set = (x: number) => {
        a = x;
      };
      for (const x of v) if (x > 4) set(x);
      return a === null ? -1 : (a as number) * 2;
    },
    ...points,
  );
  agrees(
    "return undefined fallthrough value",
    (v: Float64Array) => {
      const f = (x: number): number | undefined => {
        for (let i = 0; i < 20; i++) if (i * i > x) return i;
        return undefined;
      };
      return (f(v[0]!) ?? -1) + (f(1000) ?? -2);
    },
    ...points,
  );
  it("in WASM", () => {
    const f = jit((v: Float64Array) => {
      let best: { v: number; i: number } | null = null;
      for (let i = 0; i < v.length; i++) {
        const x = v[i]!;
        if (best === null || x > best.v) best = { v: x, i };
      }
      return best === null ? -1 : best.i;
    });
    const x = numbers(100);
    equal(f(x).item(), x.indexOf(Math.max(...x)));
    const root = (d: number): number | undefined => (d > 0 ? Math.sqrt(d) : undefined);
    equal(grad((d: number) => (root(d) ?? 0) * 2)(4), 0.5);
    equal(grad((d: number) => (root(d) ?? 0) * 2)(-4), 0);
  });
  it("a property of what is missing stops the run", () => {
    const f = jit((v: Float64Array) => {
      const g = (d: number): { r: number } | null => (d > 3 ? { r: d } : null);
      return g(v[0]!)!.r;
    });
    equal(f(Float64Array.of(4)).item(), 4);
    throws(() => f(f5), /TSJ1051: the property `r` of null is read here/);
  });
  it("is refused where no number stands for it", () => {
    for (const f of [
      (v: Float64Array) => v.find((x) => x < 0),
      (v: Float64Array) => (typeof v.find((x) => x < 0) === "number" ? 1 : 2),
      (v: Float64Array) => Number.isNaN(v.find((x) => x < 0)),
      (v: Float64Array) => [0].fill(v.find((x) => x < 0)!),
    ])
      match(refusal(f, [numbers(30)]).message, /TSJ1103[^]*say what it is then: x \?\? 0/);
  });
});
