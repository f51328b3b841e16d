/** Transforms of transforms of programs with loops, against closed forms, differences and each other. */
import assert from "node:assert/strict";
import {
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  np,
  stopGradient,
  type Tensor,
  valueAndGrad,
  vjp,
  vmap,
} from "../../runtime/index.js";
import { DERIVATIVES, FORWARD_AND_REVERSE, forEachPair, type Scalar } from "./modes.js";
import { close, f64, H, SLOPE, slope } from "./numbers.js";

describe("gradients of what uses gradients", () => {
  /** Descent on sum(sin(w) x + w^2 / 2), n steps: the loss at the end. */
  const energy = (w: Tensor, x: Tensor): number => np.sum(Math.sin(w) * x + 0.5 * w * w);
  const plainDescent = (rate: number, n: number): number => {
    const [x, w] = [
      [0.4, -1.2, 2],
      [0.3, 0.9, -0.5],
    ];
    for (let k = 0; k < n; k++)
      for (let i = 0; i < 3; i++)
        w[i] = (w[i] ?? 0) - rate * (Math.cos(w[i] ?? 0) * (x[i] ?? 0) + (w[i] ?? 0));
    return w.reduce((s, wi, i) => s + Math.sin(wi) * (x[i] ?? 0) + 0.5 * wi * wi, 0);
  };
  const [start, data] = [f64([0.3, 0.9, -0.5]), f64([0.4, -1.2, 2])];

  it("20 steps of gradient descent, by the rate: in for, in while, and until it has converged", () => {
    const byFor = (rate: number): number => {
      let w = start;
      for (let k = 0; k < 20; k++) w = (w - rate * grad(energy)(w, data)) as Tensor;
      return energy(w, data);
    };
    const byWhile = (rate: number): number => {
      let w = start;
      let n = 0;
      while (n < 20) {
        w = (w - rate * grad(energy)(w, data)) as Tensor;
        n++;
      }
      return energy(w, data);
    };
    const wanted = slope((r) => plainDescent(r, 20), 0.05);
    const wantedSecond = slope((r) => slope((s) => plainDescent(s, 20), r), 0.05);
    for (const f of [byFor, byWhile]) {
      for (const [name, D] of Object.entries(DERIVATIVES))
        close(jit((r: number) => D(f, r))(0.05), wanted, SLOPE, name);
      // differences of differences: 1e-10 / 1e-5
      forEachPair(FORWARD_AND_REVERSE, (name, D, d) => {
        close(jit((r: number) => D((s) => d(f, s), r))(0.05), wantedSecond, 1e-4, name);
      });
    }
    const converged = (rate: number): number => {
      let w = start;
      let g = grad(energy)(w, data);
      while (np.sum(g * g) > 1e-3) {
        w = (w - rate * g) as Tensor;
        g = grad(energy)(w, data);
      }
      return energy(w, data);
    };
    const values = jit(converged);
    close(
      jit(grad(converged))(0.05),
      slope((r) => values(r), 0.05),
      SLOPE,
      "until it has converged",
    );
  });

  it("a model that adapts to each task of a batch before its loss counts, with trees of parameters", () => {
    interface Params {
      readonly w: Tensor;
      readonly b: number;
    }
    const loss = (p: Params, x: Tensor, y: Tensor): number => np.mean((Math.tanh(x * p.w + p.b) - y) ** 2);
    const adapted = (p: Params, x: Tensor, y: Tensor): number => {
      let [w, b] = [p.w as number, p.b];
      for (let k = 0; k < 10; k++) {
        const g = grad(loss)({ w: w as Tensor, b }, x, y);
        w -= 0.1 * g.w;
        b -= 0.1 * g.b;
      }
      return loss({ w: w as Tensor, b }, x, y);
    };
    const [xs, ys] = [
      f64([
        [0.1, 0.5],
        [1, -1],
        [2, 0.3],
      ]),
      f64([
        [0.2, -0.4],
        [0.7, 0.1],
        [-0.3, 0.9],
      ]),
    ];
    const meta = (p: Params, x: Tensor, y: Tensor): number =>
      np.sum(vmap(adapted, { inAxes: [null, 0, 0] })(p, x, y));
    const [w, b] = [f64([0.3, -0.8]), 0.2];
    const got = jit(grad(meta))({ w, b: f64(b) }, xs, ys);
    // one task after the other
    const single = jit(grad(adapted));
    const rows = [0, 1, 2].map((k) => single({ w, b: f64(b) }, xs[k] as Tensor, ys[k] as Tensor));
    const total = (part: (g: { w: Tensor; b: Tensor }) => Tensor): Tensor =>
      np.sum(np.stack(rows.map(part)), 0);
    close(got.w, total((g) => g.w).toArray(), 1e-12, "w");
    close(got.b, total((g) => g.b).item(), 1e-12, "b");
    const value = jit(meta);
    close(
      got.b,
      slope((v) => Number(value({ w, b: f64(v) }, xs, ys)), b),
      SLOPE,
      "b by differences",
    );
  });

  it("in conditions, in callbacks, in recursion, with aux, through stopGradient", () => {
    const cube: Scalar = (y) => y * y * y;
    forEachPair(DERIVATIVES, (name, D, d) => {
      // the inner slope 3 x^2 decides: at 2 the first side, 3 x^2 x = 3 x^3, whose slope is 9 x^2
      const branch: Scalar = (x) => (d(cube, x) > 10 ? d(cube, x) * x : x);
      // 3 (1 + 4 + 9) x^2: 84 x
      const called: Scalar = (x) => [1, 2, 3].map((k) => d(cube, k * x)).reduce((s, v) => s + v, 0);
      const nested = (n: number, x: number): number => (n === 0 ? x * x : d((y) => nested(n - 1, y) * y, x));
      // x^2, (x^3)' = 3 x^2, (3 x^3)' = 9 x^2: 18 x
      const recursive: Scalar = (x) => nested(2, x);
      // d/dy y^2 c = 2 y c at y = x with c = x held: its slope is 2 c = 2 x
      const held: Scalar = (x) => d((y) => y * y * stopGradient(x), x);
      const f = (x: number) => [D(branch, x), D(called, x), D(recursive, x), D(held, x)];
      assert.deepEqual(jit(f)(2), [36, 168, 36, 4], name);
    });
    const withAux = (x: number): readonly [number, { square: number }] => {
      const [[value, twice], g] = valueAndGrad((y: number) => [y * y * x, y * 2] as const, { hasAux: true })(
        x,
      );
      return [value + g * twice, { square: g }];
    };
    // x^3 + 2 x^2 2 x = 5 x^3: 15 x^2; aux 2 x^2
    assert.deepEqual(jit(grad(withAux, { hasAux: true }))(2), [60, { square: 8 }]);
  });
});

describe("transforms of each other", () => {
  const M = f64([
    [1, 2, 0],
    [0.5, -1, 3],
    [2, 0, 1],
  ]);
  /** With a loop, a branch and a captured matrix. */
  const field = (v: Tensor): number => {
    let s: number = np.sum(v * v);
    let u = v as number;
    for (let k = 0; k < 3; k++) {
      u = Math.sin(np.dot(M, u as Tensor)) + v;
      if (np.sum(u) > 0) s += np.sum(u * v);
      else s -= np.sum(Math.cos(u));
    }
    let n = 0;
    while (n < s && n < 5) {
      s = s * 0.9 + np.sum(v ** 3) * 0.01;
      n++;
    }
    return s;
  };
  const x = f64([0.4, -0.3, 0.8]);
  const [t, u] = [f64([1, -2, 0.5]), f64([0.3, 0.1, -1])];
  const H0 = hessian(field)(x).toArray<number[][]>();
  const Ht = H0.map((row) => row.reduce((s, h, j) => s + h * Number(t[j]), 0));

  it("Hessians in all four combinations, at any level of jit", () => {
    close(
      H0,
      H0[0]?.map((_, j) => H0.map((row) => row[j])),
      1e-13,
      "symmetric",
    );
    const value = jit(field);
    const g = jit(grad(field));
    [0, 1, 2].forEach((j) => {
      const at = (h: number) => f64([0.4, -0.3, 0.8].map((v, k) => (k === j ? v + h : v)));
      const [after, before] = [g(at(H)).toArray<number[]>(), g(at(-H)).toArray<number[]>()];
      close(
        H0.map((row) => row[j]),
        after.map((a, i) => (a - (before[i] ?? 0)) / (2 * H)),
        SLOPE,
      );
      close(g(x)[j], (Number(value(at(H))) - Number(value(at(-H)))) / (2 * H), SLOPE);
    });
    for (const outer of [jacfwd, jacrev])
      for (const inner of [jacfwd, jacrev, grad] as (typeof jacrev)[]) {
        close(outer(inner(field))(x), H0, 1e-13);
        close(jit(outer(jit(inner(jit(field)))))(x), H0, 1e-13);
        close(jit((v: Tensor) => outer((w: Tensor) => inner(field)(w))(v))(x), H0, 1e-13);
      }
  });

  it("products with the Hessian: jvp of grad, vjp of grad, grad of jvp, linearize, jvp of vjp, vjp of vjp", () => {
    const products: Readonly<Record<string, (v: Tensor, d: Tensor) => unknown>> = {
      "jvp of grad": (v, d) => jvp(grad(field), [v], [d])[1],
      "vjp of grad": (v, d) => vjp(grad(field), v)[1](d)[0],
      "grad of jvp": (v, d) => grad((w: Tensor) => jvp(field, [w], [d])[1])(v),
      "linearize of grad": (v, d) => linearize(grad(field), v)[1](d),
      "grad of an inner product": (v, d) => grad((w: Tensor) => np.sum(grad(field)(w) * d))(v),
      "jvp of vjp": (v, d) => jvp((w: Tensor) => vjp(field, w)[1](1 as never)[0], [v], [d])[1],
      "vjp of vjp": (v, d) => vjp((w: Tensor) => vjp(field, w)[1](1 as never)[0], v)[1](d as never)[0],
      "grad of linearize": (v, d) => grad((w: Tensor) => linearize(field, w)[1](d))(v),
      "jvp of linearize of jvp": (v, d) =>
        grad((w: Tensor) => linearize((a: Tensor) => jvp(field, [a], [d])[1], v)[1](w))(v),
    };
    for (const [name, product] of Object.entries(products)) {
      close(jit(product as (v: Tensor, d: Tensor) => number)(x, t), Ht, 1e-12, name);
      close(product(x, t), Ht, 1e-12, `${name} outside of jit`);
    }
  });

  it("pullbacks and tangent maps that were made outside are functions of their own", () => {
    const [, pull] = vjp(grad(field), x);
    const [, push] = linearize(grad(field), x);
    const bilinear = u.toArray<number[]>().reduce((s, a, k) => s + a * (Ht[k] ?? 0), 0);
    close(np.dot(u, pull(t)[0]), bilinear, 1e-12);
    close(np.dot(u, push(t)), bilinear, 1e-12);
  });

  it("vmap of each, each of vmap", () => {
    const batch = f64([
      [0.4, -0.3, 0.8],
      [1, 2, -1],
      [-0.6, 0.2, 0.1],
    ]);
    const rows = [0, 1, 2].map((k) => batch[k] as Tensor);
    const total = (b: Tensor): number => np.sum(vmap(field)(b));
    const squares = (b: Tensor): number => np.sum(vmap(grad(field))(b) ** 2);
    const g = jit(grad(field));
    const h = jit(hessian(field));
    close(
      jit(vmap(grad(field)))(batch),
      rows.map((r) => g(r).toArray()),
      1e-12,
    );
    close(
      jit(grad(total))(batch),
      rows.map((r) => g(r).toArray()),
      1e-12,
    );
    close(
      jit(vmap(hessian(field)))(batch),
      rows.map((r) => h(r).toArray()),
      1e-12,
    );
    const norms = rows.map((r) =>
      h(r)
        .toArray<number[][]>()
        .map((row) => 2 * row.reduce((s, e, j) => s + e * Number(g(r)[j]), 0)),
    );
    close(jit(grad(squares))(batch), norms, 1e-12, "grad of vmap of grad");
    close(
      jit(vmap((r: Tensor) => grad((w: Tensor) => np.sum(grad(field)(w) ** 2))(r)))(batch),
      norms,
      1e-12,
      "vmap of grad of grad",
    );
    const pairs = jit((b: Tensor) =>
      vmap((r: Tensor) => vmap((d: Tensor) => jvp(grad(field), [r], [d])[1])(np.eye(3, 3, 0, "f64")))(b),
    );
    close(
      pairs(batch),
      rows.map((r) => h(r).toArray()),
      1e-12,
      "vmap of vmap of jvp of grad",
    );
  });

  it("what only the inner function is differentiated by stays constant outside, and the other way round", () => {
    const c = f64([1, 2, 3]);
    const inner = (w: Tensor, v: Tensor): number => np.sum(Math.exp(w * v) * c);
    // by w inside: v e^(w v) c; its sum by v: (1 + w v) e^(w v) c
    const outer = (v: Tensor): number => np.sum(grad(inner)(t, v));
    const wanted = [0.4, -0.3, 0.8].map((v, k) => {
      const w = Number(t[k]);
      return (1 + w * v) * Math.exp(w * v) * (k + 1);
    });
    close(jit(grad(outer))(x), wanted, 1e-13);
    close(
      jit((v: Tensor) => jvp(outer, [v], [v * 0 + 1])[1])(x),
      wanted.reduce((a, b) => a + b),
      1e-13,
    );
  });
});
