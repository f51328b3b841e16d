/** Reverse mode through loops whose number of iterations is known only at run time, compiled, against closed forms and differences. */
import assert from "node:assert/strict";
import {
  checkGrads,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  np,
  type Tensor,
  tensor,
  vjp,
  vmap,
} from "../../runtime/index.js";

type Scalar = (x: number) => number;

/**
 * d/dx f by central differences of step h: (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h, wrong by
 * O(h^4) and by roundings of about eps |f| / h; h is small, so that all five see the same branches.
 */
const slope = (f: Scalar, x: number): number => {
  const h = 2 ** -17;
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
};

/** `slope` is within this of the derivative, relative to its size or 1: the roundings of 1e4 operations, 1e4 eps / h = 1.5e-7, and room. */
const SLOPE_ERROR = 1e-6;

const near = (got: unknown, wanted: number, tolerance: number, what: string): void => {
  const error = Math.abs(Number(got) - wanted);
  assert.ok(error <= tolerance * Math.max(1, Math.abs(wanted)), `${what}: ${got} instead of ${wanted}`);
};

/** f's first and second derivative in reverse mode against differences of f and of f', and against forward mode. */
const agrees = (f: Scalar, x: number): void => {
  const first = jit(grad(f));
  const second = jit(grad(grad(f)));
  const number =
    (g: Scalar): Scalar =>
    (y) =>
      Number(g(y));
  near(first(x), slope(f, x), SLOPE_ERROR, "grad");
  near(second(x), slope(number(first), x), SLOPE_ERROR, "grad of grad");
  const forward = jit((y: number, dy: number) => jvp(f, [y], [dy])[1]);
  // both add the same products, in another order
  near(first(x), Number(forward(x, 1)), 1e-12, "forward against reverse");
};

/** sin of sin of ..., n times, with x added in each. */
const iterated = (x: number, n: number): number => {
  let y = x;
  let i = 0;
  while (i < n) {
    y = Math.sin(y) + 0.1 * x;
    i++;
  }
  return y;
};

describe("reverse mode through while", () => {
  it("Newton's square root: 1 / 2 sqrt(a), -1 / 4 a^1.5", () => {
    const root = (a: number): number => {
      let x = a;
      while (Math.abs(x * x - a) > 1e-14 * a) x = 0.5 * (x + a / x);
      return x;
    };
    const [first, second] = [jit(grad(root)), jit(grad(grad(root)))];
    // the iteration converges quadratically, and its derivatives one iteration later
    for (const a of [0.3, 2, 1e6]) {
      near(first(a), 0.5 / Math.sqrt(a), 1e-9, "first");
      near(second(a), -0.25 / (a * Math.sqrt(a)), 1e-6, "second");
    }
  });

  it("bisection that breaks off", () => {
    agrees((a) => {
      let [low, high] = [0, a + 1];
      for (let i = 0; i < 200; i++) {
        const middle = 0.5 * (low + high);
        if (high - low < 1e-3) break;
        if (middle * middle * middle > 2.2) high = middle;
        else low = middle;
      }
      return low * a + high * high;
    }, 1.7);
  });

  it("an early return from nested loops", () => {
    agrees((x) => {
      let s = 0;
      for (let i = 0; i < 50; i++)
        for (let j = 0; j < 30; j++) {
          s += Math.sin(x * i) * Math.cos(j * x) * s * 0.01 + x * x;
          if (s > 40) return s * x;
        }
      return s;
    }, 1.3);
  });

  it("steps that depend on the parity of a number", () => {
    agrees((x) => {
      let n = 27;
      let y = x;
      while (n !== 1) {
        if (n % 2 === 0) {
          n /= 2;
          y = Math.sin(y) + x;
        } else {
          n = 3 * n + 1;
          y = y * 0.9 + Math.cos(y * x);
        }
      }
      return y;
    }, 0.8);
  });

  it("an integrator that chooses its step", () => {
    agrees((k) => {
      let [t, y, h] = [0, 1, 0.1];
      let n = 0;
      while (t < 2 && n < 1000) {
        if (t + h > 2) h = 2 - t;
        const a = -k * y * y;
        const b = -k * (y + h * a) * (y + h * a);
        if (Math.abs(h * (b - a) * 0.5) < 1e-4) {
          t += h;
          y += 0.5 * h * (a + b);
          h *= 1.5;
        } else h *= 0.5;
        n++;
        if (t >= 2 - 1e-12) break;
      }
      return y;
    }, 0.9);
  });

  it("an array that is updated in place, and one that is sorted", () => {
    agrees((x) => {
      const a = new Float64Array(16);
      a[0] = x;
      let i = 0;
      while (i < 40) {
        const j = (i * 7 + 3) % 16;
        a[j] = (a[j] ?? 0) * 0.5 + Math.sin((a[i % 16] ?? 0) + x);
        i++;
      }
      let s = 0;
      for (let j = 0; j < 16; j++) s += (a[j] ?? 0) * (a[j] ?? 0);
      return s;
    }, 0.4);
    agrees((x) => {
      const a = [3 * x, x * x, 1 / x, Math.sin(x), 2 - x, x];
      let swapped = true;
      while (swapped) {
        swapped = false;
        for (let i = 0; i + 1 < 6; i++) {
          const [p, q] = [a[i] ?? 0, a[i + 1] ?? 0];
          if (p > q) {
            a[i] = q;
            a[i + 1] = p;
            swapped = true;
          }
        }
      }
      const [p = 0, q = 0, r = 0, s = 0, t = 0, u = 0] = a;
      return p + q * 2 + r * s + t * u;
    }, 1.1);
  });

  it("loops in loops of every kind", () => {
    agrees((x) => {
      let s = x;
      for (let i = 0; i < 12; i++) {
        let y = s;
        while (y * y > 2 + 0.1 * i) y = y * 0.7 + 0.01 * Math.sin(y);
        s += y * 0.3;
      }
      return s;
    }, 2.5);
    agrees((x) => {
      let s = x;
      let n = 0;
      while (s < 20) {
        for (let i = 0; i < 10; i++) s += 0.02 * s * Math.sin(s + i) + 0.11 * x;
        n++;
      }
      return s * n;
    }, 1.5);
    agrees((x) => {
      let s = x;
      while (s < 100) {
        let t = s;
        while (t > 1) {
          let u = t;
          while (u > 0.5) u = (u * 0.7) / (1 + u * 0.2);
          t = t * 0.5 * (1 + 0.1 * u);
        }
        s *= 1.3 + t * 0.1;
      }
      return s;
    }, 3.5);
  });

  it("counts that are arguments, in triangles too", () => {
    const triangle = (x: number, n: number): number => {
      let s = x;
      for (let i = 0; i < n; i++) {
        s = 0.3 * Math.sin(s * i) + x;
        for (let j = i; j < n; j++) s = s * 0.9 + 0.2 * Math.cos(s * j);
      }
      return s;
    };
    const first = jit(grad(triangle));
    const second = jit(grad(grad(triangle)));
    for (const n of [0, 1, 2, 7]) {
      near(
        first(0.7, n),
        slope((x) => triangle(x, n), 0.7),
        SLOPE_ERROR,
        `first, n = ${n}`,
      );
      near(
        second(0.7, n),
        slope((x) => Number(first(x, n)), 0.7),
        SLOPE_ERROR,
        `second, n = ${n}`,
      );
    }
  });

  it("a triangle rolled back in place: its program does not grow with it", () => {
    const tree = (steps: number) => (x: number) => {
      const values = new Float64Array(steps + 1);
      for (let k = 0; k <= steps; k++) values[k] = Math.sin(x * k);
      for (let n = steps - 1; n >= 0; n--)
        for (let k = 0; k <= n; k++) {
          const held = 0.6 * Number(values[k + 1]) + 0.5 * x * Number(values[k]);
          values[k] = Math.max(held, 0.3 * x * k - 0.1 * n);
        }
      return Number(values[0]);
    };
    for (const steps of [1, 4, 9, 30]) agrees(tree(steps), 0.7);
    const lines = (steps: number) => grad(tree(steps)).lower(0.7).ir.split("\n").length;
    assert.equal(lines(30), lines(300));
  });

  it("gradients inside loops, and gradients of those", () => {
    const leave = (y: number): number => {
      let z = y;
      while (z < 10) z = z * z * 1.1 + 0.2;
      return z;
    };
    const inner = grad(leave);
    const descend = (x: number): number => {
      let s = x;
      for (let i = 0; i < 3; i++) s -= 0.00001 * inner(s);
      return s * s;
    };
    const climb = (x: number): number => {
      let s = x;
      while (s < 3) s += 0.01 * inner(s);
      return s * s;
    };
    const compiled = (f: Scalar, x: number): void => {
      const value = jit(f);
      const first = jit(grad(f));
      near(
        first(x),
        slope((y) => Number(value(y)), x),
        SLOPE_ERROR,
        "first",
      );
      near(
        jit(grad(grad(f)))(x),
        slope((y) => Number(first(y)), x),
        SLOPE_ERROR,
        "second",
      );
    };
    compiled(descend, 1.2);
    compiled(climb, 1.4);
  });

  it("matrices and branches between them", () => {
    const start = tensor([0.2, 1, 2, 3], { dtype: "f64" });
    const squared = (x: number): number => {
      let m: number = np.reshape(np.sin(start * x), [2, 2]);
      let n = 0;
      while (np.sum(m * m) < 1e3 && n < 20) {
        if (np.sum(m) > 4) m = np.dot(m, m) + m * 1.2;
        else for (let k = 0; k < x * 3; k++) m = m * m * 0.1 + m * 1.2;
        n++;
      }
      return np.sum(m);
    };
    const value = jit(squared);
    const first = jit(grad(squared));
    near(
      first(0.8),
      slope((y) => Number(value(y)), 0.8),
      SLOPE_ERROR,
      "first",
    );
    near(
      jit(grad(grad(squared)))(0.8),
      slope((y) => Number(first(y)), 0.8),
      SLOPE_ERROR,
      "second",
    );
  });

  it("a vector's gradient against a tangent: <ct, J dx> = <J' ct, dx>", () => {
    const relax = (x: number): number => {
      let v = x;
      while (np.sum(Math.abs(v)) > 1) v = Math.tanh(v) * 0.8 * Math.cos(v * x);
      return v;
    };
    const x = tensor([0.9, -1.4, 2.2, 0.1], { dtype: "f64" });
    const [dx, ct] = [Float64Array.of(0.3, -1, 0.5, 2), Float64Array.of(1, -0.2, 0.7, 0.4)];
    const pushed = jit((a: number, da: number) => jvp(relax, [a], [da])[1])(x, dx);
    const pulled = jit((a: number, ca: number) => vjp(relax, a)[1](ca))(x, ct);
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      Array.from(a).reduce((sum, n, k) => sum + n * (b[k] ?? Number.NaN), 0);
    near(
      dot(ct, (pushed as Tensor).data),
      dot((pulled as readonly [Tensor])[0].data, dx),
      1e-12,
      "inner products",
    );
  });

  it("pullbacks and tangent maps that are called often, Jacobians and Hessians", () => {
    const root = (a: number): number => {
      let x = a;
      while (Math.abs(x * x - a) > 1e-14 * a) x = 0.5 * (x + a / x);
      return x;
    };
    const [value, pull] = vjp(root, 2);
    const [, push] = linearize(root, 2);
    assert.equal(value, root(2));
    for (const seed of [1, -3]) {
      near(pull(seed)[0], (seed * 0.5) / Math.SQRT2, 1e-12, "pullback");
      near(push(seed), (seed * 0.5) / Math.SQRT2, 1e-12, "tangent map");
    }
    const x = tensor([0.9, -1.4, 2.2, 0.1], { dtype: "f64" });
    const energy = (v: number): number => {
      let s: number = np.sum(v * v);
      while (s < 50) s = s * s * 0.3 + np.sum(Math.sin(v) * v);
      return s;
    };
    const wanted = Array.from(hessian(energy)(x).data);
    const scale = Math.max(...wanted.map(Math.abs));
    for (const other of [jit(jacfwd(grad(energy))), jit(jacrev(grad(energy)))])
      Array.from(other(x).data).forEach((n, k) => {
        assert.ok(Math.abs(n - (wanted[k] ?? Number.NaN)) <= 1e-13 * scale, `${n} instead of ${wanted[k]}`);
      });
    checkGrads((v: Tensor) => energy(v), [x], { order: 2 });
  });

  it("0, 1, 2, 1000 and 1e5 iterations: the tape grows and is right again for the next call", () => {
    const first = jit(grad(iterated));
    /** The derivative by the chain rule, along the way. */
    const wanted = (x: number, n: number): number => {
      let [y, dy] = [x, 1];
      for (let i = 0; i < n; i++) [y, dy] = [Math.sin(y) + 0.1 * x, Math.cos(y) * dy + 0.1];
      return dy;
    };
    for (const n of [0, 1, 2, 1000, 1e5, 3, 1e5, 600]) {
      assert.equal(Number(jit(iterated)(0.7, n)), iterated(0.7, n));
      near(first(0.7, n), wanted(0.7, n), 1e-12, `${n} iterations`);
    }
  });

  it("vmap of gradients, gradients of vmap, and both again", () => {
    const spiral = (x: number): number => {
      let z = x;
      let i = 0;
      while (z < 10) {
        z = z * z * 1.1 + 0.2;
        let k = 0;
        while (k < z) {
          z += 0.1 * Math.sin(z);
          k++;
        }
        i++;
      }
      return z * i;
    };
    const first = jit(grad(spiral));
    const second = jit(grad(first));
    const xs = Float64Array.of(0.7, 1.2, 1.5, 2.2, 9, 11, 20);
    const same = (got: Tensor, wanted: (x: number) => number, what: string): void =>
      Array.from(got.data).forEach((n, k) => void near(n, wanted(xs[k] ?? 0), 1e-12, what));
    same(jit(vmap(grad(spiral)))(xs), (x) => Number(first(x)), "vmap of grad");
    same(jit(vmap(grad(grad(spiral))))(xs), (x) => Number(second(x)), "vmap of grad of grad");
    const total = (v: Float64Array): number => np.sum(vmap(grad(spiral))(v));
    same(jit(grad(total))(xs) as Tensor, (x) => Number(second(x)), "grad of vmap of grad");
    const values = (v: Float64Array): number => np.sum(vmap(spiral)(v));
    same(jit(grad(values))(xs) as Tensor, (x) => Number(first(x)), "grad of vmap");
  });

  it("a call that fails, or finds no room, leaves the next one as it was", () => {
    const checked = (x: number, a: Float64Array, n: number): number => {
      let s = x;
      let i = 0;
      while (i < n) {
        s = Math.sin(s) * (a[i] ?? 0);
        i++;
      }
      return s;
    };
    const first = jit(grad(checked));
    const a = new Float64Array(2000).fill(1.01);
    const before = Number(first(0.5, a, 2000));
    assert.throws(() => first(0.5, a, 2001), RangeError);
    assert.equal(Number(first(0.5, a, 2000)), before);
  });
});
