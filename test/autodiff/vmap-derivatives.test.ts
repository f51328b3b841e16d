/** Derivatives of batches and batches of derivatives, through branches and loops, against loops of derivatives. */
import assert from "node:assert/strict";
import { grad, jit, jvp, np, type Tensor, vmap } from "../../runtime/index.js";
import { equalsLoop, numbers } from "./against-loop.js";

const TAME = [4, 0.5, -2.25, 1, -1e-3, 7];

describe("derivatives of batched branches", () => {
  it("gives gradients without a trace of the other side", () => {
    const guarded = [
      (x: number): number => (x > 0 ? Math.sqrt(x) : x * 3),
      (x: number): number => (x !== 0 ? 1 / x : x),
      (x: number): number => (x > 0 ? Math.log(x) * x : -x),
      (x: number): number => {
        if (x > 0) {
          if (x > 2) return Math.sqrt(x - 2);
          return Math.acos(x - 1) * x;
        }
        return x ** 3;
      },
    ];
    for (const f of guarded) {
      equalsLoop(grad(f), [[4, 0.5, -2.25, 1, -1e-3, 7]], { plain: false });
      const total = (xs: readonly number[]): number => np.sum(vmap(f)(xs));
      const slope = jit(grad(f));
      const points = [4, 0, -2.25, 1.5, -1e-3, 7];
      // reverse mode of the batch, of which every example is finite
      const finite = points.map((x) => Number(slope(x)));
      assert.ok(finite.every(Number.isFinite), String(finite));
      assert.deepEqual(numbers(jit(grad(total))(points)), finite);
      assert.deepEqual(numbers(jit(vmap(grad(f)))(points)), finite);
      const batch = (xs: Tensor): Tensor => vmap(f)(xs);
      const forward = jit((xs: Tensor, ts: Tensor) => jvp(batch, [xs], [ts])[1]);
      assert.deepEqual(
        numbers(
          forward(
            points,
            points.map(() => 1),
          ),
        ),
        finite,
      );
    }
  });
});

describe("derivatives of batched loops", () => {
  const decay = (x: number): number => {
    let y = x;
    let n = 0;
    while (y * y > 0.5 && n < 100) {
      y = Math.sin(y) * 0.9 + 0.01 * x;
      n++;
    }
    return y * n;
  };

  it("vmap of grad, grad of vmap and jvp of vmap are loops of derivatives", () => {
    equalsLoop(grad(decay), [TAME], { plain: false });
    equalsLoop(grad(grad(decay)), [TAME], { plain: false });
    const slope = jit(grad(decay));
    const wanted = TAME.map((x) => Number(slope(x)));
    const total = (xs: readonly number[]): number => np.sum(vmap(decay)(xs));
    assert.deepEqual(numbers(jit(grad(total))(TAME)), wanted);
    const tangent = jit((x: number) => jvp(decay, [x], [2])[1]);
    const batch = (xs: Tensor): Tensor => vmap(decay)(xs);
    const forward = jit((xs: Tensor, ts: Tensor) => jvp(batch, [xs], [ts])[1]);
    assert.deepEqual(
      numbers(
        forward(
          TAME,
          TAME.map(() => 2),
        ),
      ),
      TAME.map((x) => Number(tangent(x))),
    );
  });

  it("with trip counts of their own", () => {
    const series = (x: number, n: number): number => {
      let s = 0;
      let term = 1;
      for (let i = 1; i <= n; i++) {
        term = (term * x) / i;
        s += term * s * 0.1 + term;
      }
      return s;
    };
    const counts = [0, 1, 5, 17, -3, 2];
    equalsLoop(grad(series), [TAME, counts], { plain: false });
    equalsLoop(grad(grad(series)), [TAME, counts], { plain: false });
    const slope = jit(grad(series));
    const total = (xs: readonly number[], ns: readonly number[]): number => np.sum(vmap(series)(xs, ns));
    assert.deepEqual(
      numbers(jit(grad(total))(TAME, counts)),
      TAME.map((x, k) => Number(slope(x, counts[k] ?? 0))),
    );
  });
});
