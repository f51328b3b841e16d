// biome-ignore-all lint/style/noNonNullAssertion: what is tested
// biome-ignore-all lint/style/useForOf: what is tested
/** Arrays that grow and shrink in loops. */
import { agrees, agreesAtOneSize, numbers, refuses } from "./sizes.js";

const at = (x: readonly number[], i: number): number => x[i] as number;

describe("frontend: arrays that grow", () => {
  agreesAtOneSize("push at every iteration", (x: number[]) => {
    const out: number[] = [];
    for (let i = 0; i < x.length; i++) out.push(at(x, i) * 2);
    return out;
  });
  agreesAtOneSize("two pushes at every iteration", (x: number[]) => {
    const out: number[] = [];
    for (const v of x) {
      out.push(v);
      out.push(-v);
    }
    return out;
  });
  agreesAtOneSize("as many pushes on every path", (x: number[]) => {
    const out: number[] = [];
    for (const v of x)
      if (v > 0) out.push(v);
      else out.push(0);
    return out;
  });
  agreesAtOneSize("push on some paths", (x: number[]) => {
    const out: number[] = [];
    for (const v of x) if (v > 0) out.push(v);
    let s = 0;
    for (let i = 0; i < out.length; i++) s += at(out, i);
    for (const v of out) s = s * 0.5 + v;
    return [s, out.length];
  });
  agreesAtOneSize("an element after the last is set", (x: number[]) => {
    const a: number[] = [];
    for (let i = 0; i < x.length; i++) a[i] = at(x, i) * at(x, i);
    return a;
  });
  agreesAtOneSize("a recurrence", (x: number[]) => {
    const f = [0, 1];
    for (let i = 2; i < x.length + 2; i++) f[i] = (at(f, i - 1) + at(f, i - 2)) * at(x, i - 2);
    return f;
  });
  agreesAtOneSize("a recurrence by push", (x: number[]) => {
    const f = [0, 1];
    for (let i = 2; i < x.length + 2; i++) f.push((at(f, i - 1) + at(f, i - 2)) * at(x, i - 2));
    return f;
  });
  agreesAtOneSize("a table filled on two paths", (x: number[]) => {
    const f: number[] = [];
    for (let i = 0; i < x.length; i++) f[i] = i < 2 ? i : at(f, i - 1) + at(f, i - 2) * at(x, i);
    return f;
  });
  agreesAtOneSize("rows that grow", (x: number[]) => {
    const m: number[][] = [];
    for (let i = 0; i < x.length; i++) {
      const row: number[] = [];
      for (let j = 0; j < 10; j++) row.push(at(x, i) * j);
      m.push(row);
    }
    return m;
  });
  agreesAtOneSize("rows that are filled and set", (x: number[]) => {
    const m: number[][] = [];
    for (let i = 0; i < x.length; i++) {
      m.push(new Array(10).fill(0));
      (m[i] as number[])[3] = at(x, i);
    }
    return m;
  });
  agreesAtOneSize("push in a loop in a loop", (x: number[]) => {
    const o: number[] = [];
    for (let i = 0; i < x.length; i++) for (let j = 0; j < 12; j++) o.push(at(x, i) + j);
    return o;
  });
  agreesAtOneSize("pop until it is empty", (x: number[]) => {
    const s: number[] = [];
    for (const v of x) s.push(v);
    let t = 0;
    while (s.length > 0) t = t * 0.5 + s.pop()!;
    return t;
  });
  agreesAtOneSize("push and pop", (x: number[]) => {
    const s: number[] = [];
    let t = 0;
    for (const v of x) {
      s.push(v);
      s.push(v + 1);
      if (v > 0) t += s.pop()!;
    }
    return [t, s.length];
  });
  agreesAtOneSize("a monotone stack", (x: number[]) => {
    const st: number[] = [];
    let s = 0;
    for (let i = 0; i < x.length; i++) {
      while (st.length > 0 && at(x, at(st, st.length - 1)) < at(x, i)) st.pop();
      s += st.length > 0 ? at(st, st.length - 1) : -1;
      st.push(i);
    }
    return s;
  });
  agreesAtOneSize("a queue", (x: number[]) => {
    const q: number[] = [];
    let s = 0;
    const out: number[] = [];
    for (const v of x) {
      q.push(v);
      s += v;
      if (q.length > 3) s -= q.shift()!;
      out.push(s / q.length);
    }
    return out;
  });
  agrees("unshift", (x: number[]) => {
    const b: number[] = [];
    for (const v of x) b.unshift(v);
    return b;
  });
  agreesAtOneSize("patience sorting", (x: number[]) => {
    const tails: number[] = [];
    for (const v of x) {
      let lo = 0;
      let hi = tails.length;
      while (lo < hi) {
        const mid = (lo + hi) >> 1;
        if (at(tails, mid) < v) lo = mid + 1;
        else hi = mid;
      }
      tails[lo] = v;
    }
    return tails.length;
  });
  agreesAtOneSize("emptied by its length", (x: number[]) => {
    const buf: number[] = [];
    let t = 0;
    for (const v of x) {
      buf.push(v);
      if (buf.length === 4) {
        t += at(buf, 0) * at(buf, 3);
        buf.length = 0;
      }
    }
    return [t, buf.length];
  });
  agreesAtOneSize("a loop that is left", (x: number[]) => {
    const b: number[] = [];
    for (const v of x) {
      if (v > 4.9) break;
      if (v > 4) continue;
      b.push(v);
    }
    let s = 0;
    for (const v of b) s += v;
    return [s, b.length];
  });
  agreesAtOneSize("a field and a closure that grow an array", (x: number[]) => {
    const o = { list: [] as number[], n: 0 };
    const add = (v: number): void => {
      o.list.push(v * 2);
      o.n++;
    };
    for (const v of x) add(v);
    return o;
  });
  agreesAtOneSize("the result of push", (x: number[]) => {
    const o: number[] = [];
    let s = 0;
    for (const v of x) s += o.push(v);
    return [s, o.length];
  });
  agreesAtOneSize("methods of an array of unknown length", (x: number[]) => {
    const b: number[] = [];
    for (const v of x) if (v > 0) b.push(v);
    let greatest = -Infinity;
    b.forEach((v) => {
      greatest = Math.max(greatest, v);
    });
    const doubled = b.map((v) => v * 2).reduce((s, v) => s + v, 0);
    return [greatest, doubled, b.some((v) => v > 4), b.every((v) => v > 0), b.findIndex((v) => v > 2)];
  });
  agreesAtOneSize("a copy that grows", (x: number[]) => {
    const y = x.slice();
    for (let i = 0; i < x.length; i++) y.push(at(x, i) * 2);
    return y;
  });
  agrees("an array that grows while it is gone through", (x: number[]) => {
    const q = [1];
    for (let i = 0; i < q.length; i++) if (at(q, i) < x.length) q.push(at(q, i) * 2);
    return q;
  });
  agrees("numbers and booleans in one array", (x: number[]) => {
    const b: unknown[] = [];
    for (const v of x) {
      b.push(v);
      b.push(v > 0);
    }
    return b;
  });
  agrees("one array put in many places", (x: number[]) => {
    const b: number[][] = [];
    const o = [1, 2];
    for (const _ of x) b.push(o);
    (b[0] as number[])[0] = 7;
    return [b[b.length - 1]?.[0], o[0], b.length];
  });
  agreesAtOneSize(
    "filter",
    (x: number[], least: number) => {
      const y = x.map((v) => v * 2).filter((v, i) => v > least && i !== 3);
      let s = 0;
      for (const v of y) s = s * 0.5 + v;
      const z = x.filter((v) => v > least).map((v) => v + 1);
      return [s, y.length, z.reduce((t, v) => t + v, 0), z.filter((v) => v < 2).length];
    },
    (n) => [numbers(n + 60), 0],
  );
  agrees("filter by what is known", (x: number[]) => x.map((v) => v * 2).filter((_, i) => i % 2 === 0));
  refuses("a length that depends on data as a result", "TSJ1112", (x: number[]) => {
    const out: number[] = [];
    for (const v of x) if (v > 0) out.push(v);
    return out;
  });
  refuses("a row of another length", "TSJ1043", (x: number[]) => {
    const m = x.map((v) => [v]);
    m[0]?.push(7);
    let s = 0;
    for (let i = 0; i < m.length; i++) s += m[i]?.[0] as number;
    return s;
  });
});
