// biome-ignore-all lint: programs as their authors write them
/** Objects, classes and TypeScript's own declarations; plain JavaScript is the oracle. */
import { agrees, numbers } from "./agrees.js";

const a5 = [3, 1, 2, -1, 5];
const f5 = Float64Array.from(a5);

enum Mode {
  Add,
  Mul = 5,
  Sub,
}
const enum CE {
  A = 3,
  B = A * 2,
}
namespace NS {
  export const k = 3;
  export const f = (x: number) => x * k;
  export namespace Inner {
    export function g(x: number) {
      return x + k;
    }
  }
}

describe("objects and classes", () => {
  agrees("enum", (x: number) => [x * Mode.Mul, x + Mode.Sub, Mode[0]!.length], [3]);
  agrees(
    "enum switch",
    (x: number, m: Mode) => {
      switch (m) {
        case Mode.Add:
          return x + 1;
        case Mode.Mul:
          return x * 2;
        default:
          return x;
      }
    },
    [3, 0],
    [3, 5],
    [3, 6],
  );
  agrees(
    "local enum",
    (x: number) => {
      enum E {
        A = 2,
        B,
      }
      return x * E.B + E.A;
    },
    [3],
  );
  agrees("const enum", (x: number) => x * CE.B, [3]);
  agrees(
    "local const enum",
    (x: number) => {
      const enum E {
        A = 2,
        B,
      }
      return x * E.B + E.A;
    },
    [3],
  );
  agrees("namespace", (x: number) => NS.f(x) + NS.Inner.g(x) + NS.k, [3]);
  agrees(
    "as const",
    (x: number) => {
      const w = [1, 2, 3] as const;
      const o = { k: 2 } as const;
      return w[0] * x + w[2] + o.k;
    },
    [3],
  );
  agrees(
    "satisfies",
    (x: number) => {
      const o = { a: x, b: 2 } satisfies Record<string, number>;
      return o.a * o.b;
    },
    [3],
  );
  agrees(
    "overloads",
    (x: number) => {
      function f(a: number): number;
      function f(a: number, b: number): number;
      function f(a: number, b?: number) {
        return b === undefined ? a : a * b;
      }
      return f(x) + f(x, 2);
    },
    [3],
  );
  agrees(
    "generic",
    (x: number) => {
      const id = <T>(v: T): T => v;
      function pick<T, K extends keyof T>(o: T, k: K): T[K] {
        return o[k];
      }
      return id(x) + pick({ a: x, b: 1 }, "a");
    },
    [3],
  );
  agrees(
    "getter setter",
    (x: number) => {
      const o = {
        _v: x,
        get v() {
          return this._v * 2;
        },
        set v(n: number) {
          this._v = n + 1;
        },
      };
      o.v = 5;
      return o.v + o._v;
    },
    [3],
  );
  agrees(
    "class static",
    (x: number) => {
      class C {
        static k = 2;
        static n = 0;
        static f(y: number) {
          C.n++;
          return y * this.k;
        }
        static {
          C.k = 5;
        }
      }
      return C.f(x) + C.f(1) + C.n;
    },
    [3],
  );
  agrees(
    "class static accessor",
    (x: number) => {
      class C {
        static #k = 2;
        static get k() {
          return C.#k;
        }
        static set k(v: number) {
          C.#k = v;
        }
      }
      C.k = x;
      return C.k * 2;
    },
    [3],
  );
  agrees(
    "inherit super",
    (x: number) => {
      class A {
        constructor(protected v: number) {}
        f() {
          return this.v;
        }
        get g() {
          return this.v * 10;
        }
      }
      class B extends A {
        w = 1;
        constructor(v: number) {
          super(v + 1);
          this.w += this.v;
        }
        override f() {
          return super.f() * 2 + this.w;
        }
        override get g() {
          return super.g + 1;
        }
      }
      const b = new B(x);
      return [b.f(), b.g, b instanceof A ? 1 : 0];
    },
    [3],
  );
  agrees(
    "inherit implicit ctor",
    (x: number) => {
      class A {
        a: number;
        constructor(v: number) {
          this.a = v;
        }
      }
      class B extends A {
        b = this.a * 2;
      }
      return new B(x).b;
    },
    [3],
  );
  agrees(
    "super static",
    (x: number) => {
      class A {
        static f(y: number) {
          return y + 1;
        }
      }
      class B extends A {
        static override f(y: number) {
          return super.f(y) * 2;
        }
      }
      return B.f(x);
    },
    [3],
  );
  agrees(
    "inherited static",
    (x: number) => {
      class A {
        static k = 3;
        static f(y: number) {
          return y + this.k;
        }
      }
      class B extends A {
        static override k = 7;
      }
      return A.f(x) + B.f(x);
    },
    [3],
  );
  agrees(
    "private fields",
    (x: number) => {
      class C {
        #v;
        #n = 0;
        constructor(v: number) {
          this.#v = v;
        }
        #inc() {
          this.#n++;
        }
        get val() {
          this.#inc();
          return this.#v + this.#n;
        }
        static is(o: object) {
          return #v in o;
        }
      }
      const c = new C(x);
      return c.val + c.val + (C.is(c) ? 1 : 0);
    },
    [3],
  );
  agrees(
    "abstract class",
    (x: number) => {
      abstract class S {
        abstract area(): number;
        twice() {
          return this.area() * 2;
        }
      }
      class Sq extends S {
        constructor(private s: number) {
          super();
        }
        area() {
          return this.s ** 2;
        }
      }
      return new Sq(x).twice();
    },
    [3],
  );
  agrees(
    "class expr",
    (x: number) => {
      const C = class Foo {
        v = x;
        me() {
          return Foo === C ? this.v : 0;
        }
      };
      return new C().me();
    },
    [3],
  );
  agrees(
    "class instance in loop",
    (x: number) => {
      class Acc {
        s = 0;
        n = 0;
        add(v: number) {
          this.s += v;
          this.n++;
          return this;
        }
      }
      const a = new Acc();
      for (let i = 0; i < 20; i++) a.add(i * x).add(1);
      return a.s / a.n;
    },
    [3],
  );
  agrees(
    "object spread",
    (x: number) => {
      const a = { p: 1, q: x };
      const b = { ...a, q: 2, ...{ r: a.q } };
      const { p, ...rest } = b;
      return [p, rest.q, rest.r, Object.keys(b).length];
    },
    [3],
  );
  agrees(
    "method shorthand this",
    (x: number) => {
      const o = {
        k: 2,
        f(y: number) {
          return y * this.k;
        },
        g: function (y: number) {
          return this.k + y;
        },
      };
      return o.f(x) + o.g(1);
    },
    [3],
  );
  agrees(
    "try throw static",
    (x: number) => {
      try {
        throw new Error("a");
      } catch (e) {
        return x;
      }
    },
    [3],
  );
  agrees("Math spread", (x: Float64Array) => Math.max(...x) - Math.min(...x), [f5], [numbers(30)]);
  agrees("regex static", (x: number) => (/a+/.test("caat") ? x : 0), [5]);
  agrees(
    "Object.freeze",
    (x: number) => {
      const o = Object.freeze({ a: x });
      return o.a;
    },
    [5],
  );
  agrees(
    "Object.create",
    (x: number) => {
      const o = Object.create({ a: 2 });
      return o.a * x;
    },
    [5],
  );
  agrees(
    "private spread",
    (x: number) => {
      class C {
        #v = x;
        w = 2;
        get v() {
          return this.#v;
        }
      }
      const c = new C();
      return [Object.keys(c).length, Object.keys({ ...c }).length];
    },
    [3],
  );
  agrees(
    "static inherited write",
    (x: number) => {
      class A {
        static n = 1;
        static inc() {
          this.n++;
          return this.n;
        }
      }
      class B extends A {}
      return [B.inc(), B.inc(), A.inc(), A.n, B.n].map((v) => v * x);
    },
    [3],
  );
  agrees(
    "static in loop",
    (v: Float64Array) => {
      class C {
        static n = 0;
      }
      for (const x of v) if (x > 0) C.n += x;
      return C.n;
    },
    [f5],
    [numbers(30)],
  );
});
