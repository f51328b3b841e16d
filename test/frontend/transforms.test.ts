/** grad, vmap, jvp, vjp and jit inside compiled code, against derivatives and loops written by hand. */
import { deepStrictEqual } from "node:assert/strict";
import { grad, jit, jvp, np, type Tensor, tensor, valueAndGrad, vjp, vmap } from "../../runtime/index.js";
import { runStaged } from "./harness.js";

const cube = (x: number): number => x * x * x;
const f32 = (data: number[] | number[][]) => tensor(data);

describe("frontend: grad", () => {
  it("of numbers, nested", () => {
    const first = (x: number): number => grad(cube)(x);
    const second = (x: number): number => grad(first)(x);
    deepStrictEqual(
      runStaged((x: number) => [first(x), second(x), grad(second)(x)], [2]),
      [12, 12, 6],
    );
  });
  it("made outside, as a callable", () => {
    const outside = grad(cube);
    deepStrictEqual(
      runStaged((x: number) => outside(x) + 1, [2]),
      13,
    );
    deepStrictEqual(runStaged(outside, [3]), 27);
  });
  it("of trees, with the tree's structure", () => {
    const loss = (p: { w: number; b: number[] }, x: number) =>
      p.w * x * x + (p.b[0] ?? 0) * x + (p.b[1] ?? 0) * 3;
    deepStrictEqual(
      runStaged(
        (p: { w: number; b: [number, number] }, x: number) => grad(loss)(p, x),
        [{ w: 2, b: [5, 6] }, 3],
      ),
      {
        w: 9,
        b: [3, 3],
      },
    );
  });
  it("argnums as a number and as a list", () => {
    const f = (x: number, y: number) => x * y * y;
    deepStrictEqual(
      runStaged(
        (x: number, y: number) => [grad(f, { argnums: 1 })(x, y), grad(f, { argnums: [0, 1] })(x, y)],
        [2, 3],
      ),
      [12, [9, 12]],
    );
  });
  it("hands auxiliary results through", () => {
    const f = (x: number) => [x * x, { twice: 2 * x, note: "n" }] as const;
    deepStrictEqual(
      runStaged((x: number) => [grad(f, { hasAux: true })(x), valueAndGrad(f, { hasAux: true })(x)], [3]),
      [
        [6, { twice: 6, note: "n" }],
        [[9, { twice: 6, note: "n" }], 6],
      ],
    );
  });
  it("through values of the function around it", () => {
    const f = (x: number, y: number) => {
      const z = x * y;
      return grad((u: number) => u * u * z)(y) + z;
    };
    deepStrictEqual(runStaged(f, [2, 3]), 2 * 3 * 6 + 6);
  });
  it("arguments that are not differentiated stay static where they must", () => {
    const f = (x: number, n: number) => {
      let r = 1;
      for (let i = 0; i < n; i++) r *= x;
      return r;
    };
    deepStrictEqual(
      runStaged((x: number, n: number) => grad(f)(x, n), [2, 4]),
      32,
    );
  });
  it("of arrays", () => {
    const loss = (w: Tensor, x: Tensor) => np.sum(np.dot(x, w) ** 2);
    const step = (w: Tensor, x: Tensor) => w - 0.5 * grad(loss)(w, x);
    deepStrictEqual(
      runStaged(step, [
        f32([1, 2]),
        f32([
          [1, 0],
          [0, 3],
        ]),
      ]),
      [0, -16],
    );
  });
});

describe("frontend: valueAndGrad, jvp, vjp, jit", () => {
  it("valueAndGrad", () => {
    deepStrictEqual(
      runStaged((x: number) => valueAndGrad(cube)(x), [2]),
      [8, 12],
    );
  });
  it("jvp", () => {
    const f = (x: number, y: number) => ({ p: x * y, q: 7 });
    deepStrictEqual(
      runStaged((x: number, y: number) => jvp(f, [x, y], [1, 10]), [2, 3]),
      [
        { p: 6, q: 7 },
        { p: 23, q: 0 },
      ],
    );
  });
  it("vjp", () => {
    const f = (x: number, y: number) => x * x * y;
    const run = (x: number, y: number) => {
      const [out, back] = vjp(f, x, y);
      return [out, back(2)];
    };
    deepStrictEqual(runStaged(run, [3, 5]), [45, [60, 18]]);
  });
  it("jit inside compiled code is the function itself", () => {
    const inner = jit((x: number) => x * 2);
    deepStrictEqual(
      runStaged((x: number) => inner(x) + jit(cube)(x), [2]),
      12,
    );
  });
});

describe("frontend: vmap", () => {
  it("over arrays, with an argument left out", () => {
    const f = (row: Tensor, k: number) => np.sum(row) * k;
    deepStrictEqual(
      runStaged(
        (x: Tensor, k: number) => vmap(f, { inAxes: [0, null] })(x, k),
        [
          f32([
            [1, 2],
            [3, 4],
          ]),
          10,
        ],
      ),
      [30, 70],
    );
  });
  it("over other axes, into other axes", () => {
    const f = (col: Tensor) => col * 2;
    deepStrictEqual(
      runStaged(
        (x: Tensor) => vmap(f, { inAxes: 1, outAxes: 1 })(x),
        [
          f32([
            [1, 2, 3],
            [4, 5, 6],
          ]),
        ],
      ),
      [
        [2, 4, 6],
        [8, 10, 12],
      ],
    );
  });
  it("of grad: per-example gradients", () => {
    const loss = (w: Tensor, x: Tensor) => np.sum(w * x) ** 2;
    const one = (w: Tensor, x: Tensor): Tensor => grad(loss)(w, x);
    deepStrictEqual(
      runStaged(
        (w: Tensor, x: Tensor) => vmap(one, { inAxes: [null, 0] })(w, x),
        [
          f32([1, 1]),
          f32([
            [1, 2],
            [3, 0],
          ]),
        ],
      ),
      [
        [6, 12],
        [18, 0],
      ],
    );
  });
  it("over trees", () => {
    const f = (p: { a: Tensor; b: number }) => ({ s: p.a + p.b });
    deepStrictEqual(
      runStaged(
        (a: Tensor, b: Tensor) => vmap(f, { inAxes: [{ a: 0, b: null }] })({ a, b }),
        [f32([1, 2]), f32([10])],
      ),
      { s: [[11], [12]] },
    );
  });
  it("grad of vmap", () => {
    const squares = vmap((r: Tensor) => np.sum(r * r));
    const f = (x: Tensor): Tensor => np.sum(squares(x));
    deepStrictEqual(
      runStaged(
        (x: Tensor) => grad(f)(x),
        [
          f32([
            [1, 2],
            [3, 4],
          ]),
        ],
      ),
      [
        [2, 4],
        [6, 8],
      ],
    );
  });
});
