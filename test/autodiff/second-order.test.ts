/**
 * Second derivatives of every kind of code, compiled: all orders of forward and reverse mode against each other, against
 * differences of gradients, and against differences of the same function run as plain JavaScript.
 */
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
  type Tensor,
  vjp,
} from "../../runtime/index.js";
import { directionOf, type Program, programs as p, pointOf } from "./second-order-programs.js";

const small: readonly Program[] = [
  p.mlp(2, 3, 4),
  p.logistic(20, 5),
  p.mixture(20, 3, 2),
  p.recurrent(5, 3),
  p.rosenbrock(8),
  p.pendulum(40),
  p.stencil(8, 5),
  p.pairs(6),
  p.sweep(6),
  p.bounce(0.05),
  p.rk4(50),
  p.elimination(4),
];

const numbers = (x: number | Tensor): readonly number[] => [
  ...np.reshape(x, [-1]).toArray<readonly number[]>(),
];
const largest = (xs: readonly number[]): number => Math.max(...xs.map(Math.abs));
const along = (x: Float64Array, v: Float64Array, h: number): Float64Array =>
  x.map((value, i) => value + h * (v[i] ?? 0));

/** `tolerance` is relative to the largest entry wanted, or 1. */
const near = (got: readonly number[], wanted: readonly number[], tolerance: number, what: string): void => {
  assert.equal(got.length, wanted.length, what);
  const allowed = tolerance * Math.max(1, largest(wanted));
  wanted.forEach((w, i) => {
    const g = got[i] ?? Number.NaN;
    assert.ok(Math.abs(g - w) <= allowed, `${what}, entry ${i}: ${g} instead of ${w}`);
  });
};

/** The roundings of at most 1e4 operations of relative size eps each, 2e-12, and room for growth on the way. */
const ROUNDING = 1e-10;
/** Central differences of fourth order and step 2^-17: roundings of 1e4 operations over the step, 3e-7; h^4 is nothing. */
const FIRST_DIFFERENCE = 1e-6;
/**
 * Second differences of fourth order and step h = 2^-9: h^4 / 90 = 2e-13 times a sixth derivative (up to 1e7: a step count times a
 * change of the step's length, to the sixth); roundings of 100 operations over h^2, 6e-9.
 */
const SECOND_DIFFERENCE = 1e-5;

const product = (h: readonly number[], v: Float64Array): readonly number[] =>
  [...v].map((_, i) => v.reduce((sum, x, j) => sum + x * (h[i * v.length + j] ?? Number.NaN), 0));

describe("second derivatives", () => {
  for (const program of small) {
    const { fn, name } = program;
    const x = pointOf(program);
    const v = directionOf(program);
    const gradient = jit(grad(fn));
    const hess = (): readonly number[] => numbers(jit(hessian(fn))(x));

    it(`${name}: forward and reverse mode in any order give one Hessian`, () => {
      const wanted = hess();
      assert.equal(wanted.length, x.length ** 2);
      near(numbers(jit(jacrev(grad(fn)))(x)), wanted, ROUNDING, "reverse over reverse");
      near(numbers(jit(jacrev(jacfwd(fn)))(x)), wanted, ROUNDING, "reverse over forward");
      near(numbers(jit(jacfwd(jacfwd(fn)))(x)), wanted, ROUNDING, "forward over forward");
      const transposed = wanted.map(
        (_, k) => wanted[(k % x.length) * x.length + Math.floor(k / x.length)] ?? 0,
      );
      near(transposed, wanted, ROUNDING, "symmetry");
    });

    it(`${name}: products with the Hessian`, () => {
      const wanted = product(hess(), v);
      const forward = jit((at: Float64Array, t: Float64Array) => jvp(grad(fn), [at], [t])[1]);
      near(numbers(forward(x, v)), wanted, ROUNDING, "jvp of grad");
      const slope = (at: Float64Array, t: Float64Array): number => jvp(fn, [at], [t])[1];
      near(numbers(jit(grad(slope))(x, v)), wanted, ROUNDING, "grad of jvp");
      near(numbers(vjp(grad(fn), x)[1](v)[0]), wanted, ROUNDING, "vjp of grad");
      near(numbers(linearize(grad(fn), x)[1](v)), wanted, ROUNDING, "linearize of grad");
    });

    it(`${name}: differences`, () => {
      const wanted = product(hess(), v);
      const h = 2 ** -17;
      const [a, b, c, d] = [-2, -1, 1, 2].map((k) => numbers(gradient(along(x, v, k * h))));
      const slopes = wanted.map(
        (_, i) => (8 * ((c?.[i] ?? 0) - (b?.[i] ?? 0)) - ((d?.[i] ?? 0) - (a?.[i] ?? 0))) / (12 * h),
      );
      near(wanted, slopes, FIRST_DIFFERENCE, "differences of gradients");
      if (program.kind === "arrays") return;
      near(numbers(jit(fn)(x)), [fn(x)], ROUNDING, "the plain function");
      if (!program.smooth) return;
      const H = 2 ** -9;
      const [far, before, here, after, beyond] = [-2, -1, 0, 1, 2].map((k) => fn(along(x, v, k * H)));
      const curvature =
        (16 * ((before ?? 0) + (after ?? 0)) - ((far ?? 0) + (beyond ?? 0)) - 30 * (here ?? 0)) /
        (12 * H * H);
      const got = wanted.reduce((sum, y, i) => sum + y * (v[i] ?? 0), 0);
      near([got], [curvature], SECOND_DIFFERENCE, "differences of the plain function");
    });
  }
});

/** Bytes that a function's kernels write. */
const written = (
  f: {
    readonly stats: (x: Float64Array) => { readonly bytesWritten: number; readonly scratchBytes: number };
  },
  program: Program,
) => {
  const { bytesWritten, scratchBytes } = f.stats(pointOf(program));
  return { bytesWritten, scratchBytes };
};

describe("the cost of second derivatives", () => {
  const ways = {
    hessian: (q: Program) => jit(hessian(q.fn)),
    "jacrev of grad": (q: Program) => jit(jacrev(grad(q.fn))),
    "grad of the gradient's slope": (q: Program) =>
      jit(
        grad((x: Float64Array) => {
          const g = grad(q.fn)(x);
          return g[0] ?? g;
        }),
      ),
  } as const;
  const cases: readonly (readonly [string, (n: number) => Program, (n: number) => number])[] = [
    ["a loop", (n) => p.pendulum(20 * n), (n) => n],
    ["an array that is updated in place", (n) => p.stencil(6, 5 * n), (n) => n],
    ["an integrator", (n) => p.rk4(10 * n), (n) => n],
  ];
  for (const [name, make, steps] of cases)
    for (const [way, compile] of Object.entries(ways))
      it(`${way}: what ${name} moves and keeps is linear in the steps`, () => {
        const [one, four] = [4, 16].map((n) => written(compile(make(n)), make(n)));
        assert.ok(one !== undefined && four !== undefined);
        const growth = steps(16) / steps(4);
        assert.ok(four.bytesWritten <= growth * one.bytesWritten, "bytes written");
        assert.ok(four.scratchBytes <= growth * one.scratchBytes, "working memory");
      });

  it("stacks of nested loops are not copied by the loop around", () => {
    const compile = ways["grad of the gradient's slope"];
    const [one, four] = [16, 32].map((n) => written(compile(p.sweep(n)), p.sweep(n)));
    assert.ok(one !== undefined && four !== undefined);
    assert.ok(four.bytesWritten <= 4 * one.bytesWritten);
  });

  it("a Hessian is one program, of a while loop too", () => {
    for (const program of [p.bounce(0.05), p.sweep(4), p.logistic(10, 3)])
      for (const fn of [hessian(program.fn), jacrev(grad(program.fn)), jacfwd(grad(program.fn))]) {
        const compiled = jit(fn);
        compiled(pointOf(program));
        assert.equal(compiled.cacheInfo().entries.length, 1);
        assert.equal(compiled.cacheInfo().misses, 1);
      }
  });
});
