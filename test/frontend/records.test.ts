// biome-ignore-all lint/style/useForOf: what is tested
// biome-ignore-all lint/complexity/noForEach: what is tested
/** Arrays of objects in loops: one array of the program for each field, and still the objects that JavaScript has. */
import { agrees, agreesAtOneSize, numbers, refuses } from "./sizes.js";

interface Point {
  x: number;
  y: number;
}
interface Item {
  k: number;
  i: number;
}
const points = (x: readonly number[]): Point[] => x.map((v) => ({ x: v, y: 1 }));
const items = (x: readonly number[]): Item[] => x.map((k, i) => ({ k, i }));
const at = <T>(list: readonly T[], k: number): T => list[k] as T;

describe("frontend: arrays of objects", () => {
  agreesAtOneSize("push of objects", (x: number[]) => {
    const b: Point[] = [];
    for (const v of x) b.push({ x: v, y: v * 2 });
    let s = 0;
    for (let i = 0; i < b.length; i++) {
      at(b, i).x += 1;
      s += at(b, i).x * at(b, i).y;
    }
    return s;
  });
  agreesAtOneSize("an object that is held under another name", (x: number[]) => {
    const b = points(x);
    const q = at(b, 0);
    for (let i = 0; i < b.length; i++) at(b, i).x += 1;
    q.x += 10;
    let s = 0;
    for (const p of b) s = s * 0.5 + p.x;
    return [s, q.x, at(b, 0).x];
  });
  agreesAtOneSize("an object that is pushed last and written to then", (x: number[]) => {
    const b: Point[] = [];
    const o = { x: 1, y: 2 };
    for (const v of x) b.push({ x: v, y: 0 });
    b.push(o);
    for (let i = 0; i < b.length; i++) at(b, i).y += i;
    o.x = 99;
    return [at(b, b.length - 1).x, o.y, at(b, x.length).y];
  });
  agrees("one object in many places", (x: number[]) => {
    const b: Point[] = [];
    const o = { x: 1, y: 2 };
    for (const _ of x) b.push(o);
    at(b, 0).x = 7;
    return [at(b, b.length - 1).x, o.x, b.length];
  });
  agreesAtOneSize("objects pushed on some paths", (x: number[]) => {
    const b: Point[] = [];
    for (const v of x) {
      const p = { x: v, y: 1 };
      if (v > 0) b.push(p);
    }
    let s = 0;
    for (let i = 0; i < b.length; i++) {
      at(b, i).y += i;
      s += at(b, i).y * at(b, i).x;
    }
    return [s, b.length];
  });
  agreesAtOneSize("objects exchanged by destructuring", (x: number[]) => {
    const b = items(x);
    for (let i = 0; i + 1 < b.length; i++)
      if (at(b, i).k > at(b, i + 1).k) [b[i], b[i + 1]] = [at(b, i + 1), at(b, i)];
    return [b.map((p) => p.k), b.map((p) => p.i)];
  });
  agrees("bubble sort of objects", (x: number[]) => {
    const b = items(x);
    for (let i = 0; i < b.length; i++)
      for (let j = 0; j + 1 < b.length; j++)
        if (at(b, j).k > at(b, j + 1).k) {
          const t = at(b, j);
          b[j] = at(b, j + 1);
          b[j + 1] = t;
        }
    return b.map((p) => p.i);
  });
  agreesAtOneSize("the best of all, written to", (x: number[]) => {
    const b = items(x);
    let best = at(b, 0);
    for (let i = 1; i < b.length; i++) if (at(b, i).k < best.k) best = at(b, i);
    best.k = 100;
    let s = 0;
    for (const p of b) s += p.k;
    return [s, best.i, best.k];
  });
  agreesAtOneSize("the best of all, written to under its first name", (x: number[]) => {
    const b = items(x);
    let best = at(b, 0);
    for (const p of b) if (p.k < best.k) best = p;
    for (const p of b) p.k += 1;
    return [best.i, best.k];
  });
  agreesAtOneSize("the best row, written to", (x: number[]) => {
    const m = x.map((v, i) => [v, i]);
    let best = at(m, 0);
    for (let i = 1; i < m.length; i++) if (at(at(m, i), 0) < at(best, 0)) best = at(m, i);
    best[0] = 100;
    let s = 0;
    for (const p of m) s += at(p, 0);
    return [s, best[1]];
  });
  agreesAtOneSize("objects compared by identity", (x: number[]) => {
    const b = items(x);
    let s = 0;
    for (const p of b)
      for (const q of b) {
        if (p === q) continue;
        s += p.k * q.i;
      }
    for (let i = 0; i < b.length; i++) if (b[i] !== b[x.length - 1 - i]) s += i;
    return s;
  });
  agreesAtOneSize("rows compared by identity", (x: number[]) => {
    const b = x.map((v, i) => [v, i]);
    let s = 0;
    for (let i = 0; i < b.length; i++)
      for (let j = 0; j < b.length; j++) if (b[i] !== b[j]) s += at(at(b, j), 0) * i;
    return s;
  });
  agreesAtOneSize("copies of objects", (x: number[]) => {
    const b = items(x);
    let s = 0;
    for (let i = 0; i < b.length; i++) {
      const c = { ...at(b, i) };
      const { k, ...rest } = at(b, i);
      at(b, i).k = 0;
      at(b, i).i = 3;
      c.k += 1;
      s += c.k + at(b, i).k + k * rest.i;
    }
    return s;
  });
  agreesAtOneSize("objects replaced", (x: number[]) => {
    const b = items(x);
    for (let i = 0; i < b.length; i++) {
      const old = at(b, i);
      b[i] = { k: old.k * 2, i: old.i + 1 };
    }
    let s = 0;
    for (const p of b) s += p.k * p.i;
    return s;
  });
  agreesAtOneSize("fields that are arrays and objects", (x: number[]) => {
    const b = x.map((v, i) => ({ p: [v, i, 0], q: { a: v, b: i }, w: 1 }));
    for (let t = 0; t < 10; t++)
      for (const o of b) for (let d = 0; d < 3; d++) o.p[d] = at(o.p, d) + o.w * 0.1 + o.q.a;
    for (let i = 0; i < b.length; i++) {
      const { q } = at(b, i);
      at(b, i).q = { a: 1, b: q.b };
    }
    let s = 0;
    for (const o of b) s += at(o.p, 0) * at(o.p, 1) + at(o.p, 2) + o.q.a * o.q.b;
    return s;
  });
  agreesAtOneSize("instances of a class", (x: number[]) => {
    class Vector {
      readonly a: number;
      readonly b: number;
      constructor(a: number, b: number) {
        this.a = a;
        this.b = b;
      }
      plus(o: Vector): Vector {
        return new Vector(this.a + o.a, this.b + o.b);
      }
      get area(): number {
        return this.a * this.b;
      }
    }
    const b: Vector[] = [];
    for (const v of x) b.push(new Vector(v, 1));
    let t = new Vector(0, 0);
    for (const v of b) t = t.plus(v);
    let s = 0;
    for (let i = 0; i < b.length; i++) s += at(b, i).area;
    return [t.a, t.b, s];
  });
  agrees("a field that is added later", (x: number[]) => {
    const b: { k: number; i: number; extra?: number }[] = items(x);
    for (let i = 0; i < b.length; i++) at(b, i).extra = at(b, i).k * 2;
    let s = 0;
    for (const p of b) s += p.extra ?? 0;
    return s;
  });
  agrees(
    "arguments",
    (p: Point[]) => {
      let s = 0;
      for (let i = 0; i < p.length; i++)
        for (let j = i + 1; j < p.length; j++) s += (at(p, i).x - at(p, j).x) * at(p, i).y;
      p.forEach((q, i) => {
        s += q.x * i;
      });
      return [s, p.reduce((t, q) => t + q.x * q.y, 0), p.map((q) => q.x - q.y)];
    },
    (n) => [points(numbers(n))],
  );
  agrees("objects as a result", (x: number[]) => {
    const b: Point[] = [];
    for (const v of x) b.push({ x: v, y: v * 2 });
    return b;
  });
  refuses("a row that is kept while rows are replaced", "TSJ1043", (x: number[]) => {
    const b = items(x);
    const f = at(b, 2);
    for (let i = 0; i < b.length; i++) b[i] = { k: i, i };
    f.k = 9;
    return [f.k, at(b, 2).k];
  });
});
