/**
 * Perturbation confusion: derivatives inside derivatives that an implementation mixes up if it can't tell their tangents
 * apart. Programs from the literature and from the trackers of other tools, each with its value by hand.
 */
import assert from "node:assert/strict";
import { grad, jit, jvp, np, type Tensor, tensor } from "../../runtime/index.js";
import { code, near } from "../runtime/expectations.js";
import {
  DERIVATIVES,
  type Derivative,
  FORWARD_AND_REVERSE,
  forEachPair,
  GRADIENTS,
  type Gradient,
  type Scalar,
  WRAPPED,
} from "./modes.js";

interface Case {
  readonly name: string;
  readonly source: string;
  /** `D` and `d` are the outer and the inner derivative. */
  readonly program: (D: Derivative, d: Derivative) => Scalar;
  readonly at: number;
  readonly wanted: number;
  /** Roundings of 2^-53 on either way; 0 where all numbers are small integers. */
  readonly roundings?: number;
}

const CLASSIC: Case = {
  name: "d/dx x d/dy (x + y) = d/dx x",
  source: "Siskind and Pearlmutter, Perturbation confusion and referential transparency, IFL 2005",
  program: (D, d) => (x0) => D((x) => x * d((y) => x + y, 1), x0),
  at: 1,
  wanted: 1,
};

/** s u f x = f(x + u): the derivative by u at 0 takes f to f'. */
const shift =
  (u: number) =>
  (f: Scalar): Scalar =>
  (x) =>
    f(x + u);
/** D s 0, applied to f at x. */
const byShift =
  (d: Derivative) =>
  (f: Scalar): Scalar =>
  (x) =>
    d((u) => shift(u)(f)(x), 0);

/** Two instances of one function, of which one differentiates the other. */
const confuse = (d: Derivative, outer: boolean, x: number): Scalar =>
  outer ? (xy) => xy * d(confuse(d, false, xy), 1) : (xy) => x + xy;

const CASES: readonly Case[] = [
  CLASSIC,
  {
    name: "d/dx x d/dy (x y) = d/dx x^2",
    source: "ReverseDiff.jl issue 45",
    program: (D, d) => (x0) => D((x) => x * d((y) => x * y, 1), x0),
    at: 4,
    wanted: 8,
  },
  {
    name: "a derivative made outside of the function that uses it: constantOne",
    source: "Pearlmutter and Siskind, Lazy multivariate higher-order forward-mode AD, POPL 2007",
    program: (D, d) => {
      const constantOne: Scalar = (x) => d((y) => x + y, 1);
      return (x0) => D((x) => x * constantOne(x), x0);
    },
    at: 1,
    wanted: 1,
  },
  {
    name: "functions handed over by functions: the amazing bug, (D s 0 (D s 0 h)) y = h''(y)",
    source: "Manzyuk, Pearlmutter, Radul, Rush, Siskind, Perturbation confusion in forward AD, JFP 2019",
    program: (D, d) => byShift(D)(byShift(d)((y) => y * y * y)),
    at: 2,
    wanted: 12,
  },
  {
    name: "the same by one derivative operator, of exp",
    source: "Manzyuk et al., JFP 2019, section 4",
    program: (D) => byShift(D)(byShift(D)((y) => Math.exp(y))),
    at: 1,
    wanted: Math.E,
    roundings: 8,
  },
  {
    name: "the inner function does not use x",
    source: "ForwardDiff.jl issue 83",
    program: (D, d) => (x0) => D((x) => x * d((y) => y * y, 1), x0),
    at: 1,
    wanted: 2,
  },
  {
    name: "the inner function captures a constant",
    source: "ForwardDiff.jl issue 83",
    program: (D, d) => {
      const z = 3;
      return (x0) => D((x) => x / d((y) => y ** z, 1), x0);
    },
    at: 1,
    wanted: 1 / 3,
    roundings: 2,
  },
  {
    name: "a function that differentiates another instance of itself",
    source: "ForwardDiff.jl issue 313",
    program: (D, d) => (x0) => D(confuse(d, true, 0), x0),
    at: 1,
    wanted: 1,
  },
  {
    name: "d/dx d/dy x y = 1",
    source: "eshkol pull request 75",
    program: (D, d) => (x0) => D((x) => d((y) => x * y, 3), x0),
    at: 5,
    wanted: 1,
  },
  {
    name: "the inner derivative is taken at x: d/dx x 2 x",
    source: "eshkol pull request 75",
    program: (D, d) => (x0) => D((x) => x * d((y) => y * y, x), x0),
    at: 1,
    wanted: 4,
  },
  {
    name: "by a parameter of a second derivative: d/dp d2/dx2 p x^2 = 2",
    source: "eshkol pull request 138",
    program: (D, d) => (p0) => D((p) => d((x) => d((z) => p * z * z, x), 2), p0),
    at: 3,
    wanted: 2,
  },
  {
    name: "three deep, each capturing those around it: d/dx x d/dy y d/dz x y z = d/dx 2 x^2 y at y = 3",
    source: "after Siskind and Pearlmutter, Nesting forward-mode AD in a functional framework, HOSC 2008",
    program: (D, d) => (x0) => D((x) => x * d((y) => y * D((z) => x * y * z, 7), 3), x0),
    at: 2,
    wanted: 24,
  },
  {
    name: "neighbours: two inner derivatives of which one captures the other's result",
    source: "after Baydin, Pearlmutter, Radul, Siskind, AD in machine learning: a survey, JMLR 2018",
    // a = x^2 + 2 y at y = x: d a/dy = 2, b = d/dz (a z^2) at 1 = 2 a(x); d/dx of 2 (x^2 + 2 x) = 4 x + 4
    program: (D, d) => (x0) =>
      D((x) => {
        const slope = d((y) => x * x + 2 * y, x);
        const a = x * x + slope * x;
        return d((z) => a * z * z, 1);
      }, x0),
    at: 5,
    wanted: 24,
  },
  {
    name: "in a loop: each step's derivative captures the step before",
    source: "after Maclaurin, Duvenaud, Adams, Gradient-based hyperparameter optimization, ICML 2015",
    // s <- s - x d/ds s^2 / 2 = s (1 - x), n times from 1: (1 - x)^n; d/dx = -n (1 - x)^(n - 1)
    program: (D, d) => (x0) =>
      D((x) => {
        let s = 1;
        for (let k = 0; k < 20; k++) s -= x * d((w) => 0.5 * w * w, s);
        return s;
      }, x0),
    at: 0.5,
    wanted: -20 * 0.5 ** 19,
    roundings: 200,
  },
  {
    name: "in a while whose condition reads a derivative",
    source: "after Baydin, Pearlmutter, Siskind, DiffSharp, arXiv 1611.03423",
    // s <- s x while d/ds (x s^2) = 2 x s < 40, from 1, at x = 2: s = x^4 (2 x s = 32 goes on, 64 not); d/dx = 4 x^3 + 1
    program: (D, d) => (x0) =>
      D((x) => {
        let s = 1;
        while (d((w) => x * w * w, s) < 40) s *= x;
        return s + d((w) => x * w, 1);
      }, x0),
    at: 2,
    wanted: 33,
  },
  {
    name: "on one side of a condition",
    source: "after ForwardDiff.jl issue 83",
    program: (D, d) => (x0) =>
      D((x) => {
        if (x > 0) return x * d((y) => (y > x ? x + y : x * y), 2);
        return x;
      }, x0),
    at: 1,
    wanted: 1,
  },
];

const run = ({ program, at, wanted, roundings = 0 }: Case, D: Derivative, d: Derivative): void => {
  const f = program(D, d);
  near(jit(f)(at), wanted, roundings);
};

describe("perturbation confusion", () => {
  for (const c of CASES)
    it(`${c.name} (${c.source})`, () => {
      forEachPair(DERIVATIVES, (_, D, d) => {
        run(c, D, d);
      });
    });

  it("with jit, vmap and loops between the derivatives, inside jit and outside", () => {
    forEachPair({ ...FORWARD_AND_REVERSE, ...WRAPPED }, (name, D, d) => {
      run(CLASSIC, D, d);
      assert.equal(
        D((x) => x * d((y) => x + y, 1), 1),
        1,
        name,
      );
    });
  });

  it("of arrays: derivatives that capture an array which is differentiated by", () => {
    const x = tensor([3, 4], { dtype: "f64" });
    for (const [name, D] of Object.entries(GRADIENTS))
      for (const [own, d] of Object.entries(DERIVATIVES)) {
        // ForwardDiff.jl issue 83: d/dv sum(v) |v| = |v| + sum(v) v / |v|
        const norms = jit((v0: Tensor) =>
          D((v) => np.sum(v) * d((y) => y * Math.sqrt(np.sum(v * v)), 1), v0),
        );
        near(norms(x).toArray(), [5 + (7 * 3) / 5, 5 + (7 * 4) / 5], 8);
        // ForwardDiff.jl issue 59: a derivative of x / 2 does not change
        const half: Scalar = (y) => y / 2;
        const still = jit((v0: Tensor) => D((v) => d(half, v[0] as number) * half(v[1] as number), v0));
        assert.deepEqual(still(x).toArray(), [0, 0.25], `${name} of ${own}`);
      }
  });

  it("of arrays by arrays: a Jacobian of a gradient by another argument", () => {
    // ForwardDiff.jl issue 423: d2/dp du of u0^2 u1^2 p^2 = (4 u0 u1^2 p, 4 u0^2 u1 p)
    const f = (u: Tensor, p: Tensor): number =>
      (u[0] as number) ** 2 * (u[1] as number) ** 2 * (p[0] as number) ** 2;
    // ForwardDiff.jl issue 238: of m v^2 / 2 - m g q1 by v, then by q: nothing
    const lagrangian = (q: Tensor, v: Tensor): number => 0.5 * np.sum(v * v) - 9.8 * (q[1] as number);
    const [u, p] = [tensor([2, 3], { dtype: "f64" }), tensor([4], { dtype: "f64" })];
    forEachPair(GRADIENTS, (name, D, d) => {
      const mixed = jit((u0: Tensor, p0: Tensor) => D((v) => d((q) => f(v, q), p0)[0] as number, u0));
      assert.deepEqual(mixed(u, p).toArray(), [288, 192], name);
      const none = jit((q0: Tensor, v0: Tensor) =>
        D((q) => np.sum(d((v) => lagrangian(q, v), v0) * np.arange(1, 3)), q0),
      );
      assert.deepEqual(none(u, u).toArray(), [0, 0], name);
    });
  });

  it("a Legendre transformation: gradients of a Hessian's inverse", () => {
    // ForwardDiff.jl issue 238: H(q, p) = |p|^2 / 2 m + m g q1 from its Lagrangian; dH/dq = (0, m g)
    const mass = 2;
    const lagrangian = (q: Tensor, v: Tensor): number =>
      0.5 * mass * np.sum(v * v) - mass * 9.75 * (q[1] as number);
    const hamiltonian = (D: Gradient, q: Tensor, w: Tensor): number => {
      const slope = (v: Tensor): Tensor => D((a) => lagrangian(q, a), v);
      const zero = np.zeros([2], "f64");
      const rows = [0, 1].map((k) => D((v) => slope(v)[k] as number, zero));
      const r = (w - slope(zero)) as Tensor;
      // Cramer's rule for the two equations M v = w - b
      const [m00, m01] = [rows[0]?.[0] as number, rows[0]?.[1] as number];
      const [m10, m11] = [rows[1]?.[0] as number, rows[1]?.[1] as number];
      const det = m00 * m11 - m01 * m10;
      const v = np.stack([
        ((r[0] as number) * m11 - (r[1] as number) * m01) / det,
        ((r[1] as number) * m00 - (r[0] as number) * m10) / det,
      ]);
      return np.dot(w, v) - lagrangian(q, v);
    };
    const [q, p] = [tensor([1, 2], { dtype: "f64" }), tensor([5, 6], { dtype: "f64" })];
    forEachPair(GRADIENTS, (name, D, d) => {
      const by = jit((q0: Tensor, p0: Tensor) => [
        D((a) => hamiltonian(d, a, p0), q0),
        D((a) => hamiltonian(d, q0, a), p0),
      ]);
      assert.deepEqual(
        by(q, p).map((x) => x.toArray()),
        [
          [0, 19.5],
          [2.5, 3],
        ],
        name,
      );
    });
  });

  it("captured tensors are constant, captured values of the function around it are not", () => {
    const c = tensor([2, 3], { dtype: "f64" });
    forEachPair(DERIVATIVES, (name, D, d) => {
      // d/dx x d/dy sum(c x y) = d/dx 5 x^2
      const f = jit((x0: number) => D((x) => x * d((y) => np.sum(c * x * y), 1), x0));
      assert.equal(f(2), 20, name);
      const scale = { by: c };
      const g = jit((x0: number) => D((x) => d((y) => np.sum(scale.by) * x * x * y, x), x0));
      assert.equal(g(2), 20, name);
    });
  });

  it("trees: by one part inside, by another outside", () => {
    const loss = (p: { a: number; b: number[] }): number =>
      p.a * p.a * (p.b[0] as number) * (p.b[1] as number);
    forEachPair(DERIVATIVES, (name, D, d) => {
      // d/da d/db0 of a^2 b0 b1 = 2 a b1
      const f = jit((a0: number, b0: number) => D((a) => d((b) => loss({ a, b: [b, 7] }), b0), a0));
      assert.equal(f(3, 5), 42, name);
    });
  });

  it("variables that an inner function assigns would carry its tangents out: refused", () => {
    // ForwardDiff.jl issue 443: z <- z y twice, each time differentiated by its own y
    for (const [name, d] of Object.entries(DERIVATIVES)) {
      const confuses = (x0: number) =>
        d((x) => {
          let z = x;
          const f: Scalar = (y) => {
            z = z * y;
            return z;
          };
          return d(f, 1) + d(f, 1);
        }, x0);
      assert.throws(() => jit(confuses)(1), code("TSJ1061"), name);
    }
  });

  it("functions as results, which could carry tangents out, are refused", () => {
    // JFP 2019: D of s, whose values are functions, applied to one outside of D
    const byJvp = (x: number): number => {
      const derived: unknown = jvp(shift as unknown as Scalar, [x], [1])[1];
      return (derived as (f: Scalar) => Scalar)((y) => y * y)(3);
    };
    assert.throws(() => jit(byJvp)(0), code("TSJ1061"));
    assert.throws(() => jit((x: number) => grad(shift as unknown as Scalar)(x))(0), code("TSJ3011"));
  });

  it("functions as arguments may capture what is differentiated by outside", () => {
    const apply = (f: Scalar, u: number): number => f(u) * u;
    // d/du x u^2 at u = x: 2 x^2, and its derivative 4 x
    const twice = (x: number): number => grad(apply, { argnums: 1 })((z) => z * x, x) as number;
    assert.equal(jit(twice)(2), 8);
    for (const [name, D] of Object.entries(DERIVATIVES))
      assert.equal(jit((x0: number) => D(twice, x0))(2), 8, name);
  });
});
