/** Which axes vmap maps: numbers, null and trees of these, for arguments and results; and what it refuses. */
import assert from "node:assert/strict";
import { grad, jit, nn, np, type Tensor, tensor, vmap } from "../../runtime/index.js";
import { code, plain } from "../runtime/expectations.js";
import { callable, equalsLoop } from "./against-loop.js";

const f64 = (data: readonly unknown[]): Tensor => tensor(data as number[], { dtype: "f64" });
const MATRIX = f64([
  [1, 2, 3],
  [4, 5, 6],
]);
const CUBE = tensor(
  Array.from({ length: 24 }, (_, k) => k),
  { shape: [2, 3, 4], dtype: "f64" },
);

describe("inAxes", () => {
  it("are numbers, negative ones count from the back, and null", () => {
    const total = (x: Tensor, y: Tensor): number => np.sum(x * 10) + y;
    for (const axis of [0, 1, 2, -1, -2, -3]) {
      const at = axis < 0 ? axis + 3 : axis;
      const sums = np.sum(
        CUBE,
        [0, 1, 2].filter((k) => k !== at),
      );
      const wanted = plain(np.add(np.multiply(sums, 10), 7));
      assert.deepEqual(plain(vmap(total, { inAxes: [axis, null] })(CUBE, f64([7]).reshape([]))), wanted);
    }
    const both = vmap((x: Tensor, y: Tensor) => x - y, { inAxes: [0, -1] });
    assert.deepEqual(plain(both(MATRIX, np.transpose(MATRIX))), [
      [0, 0, 0],
      [0, 0, 0],
    ]);
    assert.deepEqual(plain(vmap((x: Tensor) => np.sum(x), { inAxes: 1 })(MATRIX)), [5, 7, 9]);
  });

  it("keep the other axes in their order", () => {
    for (const axis of [0, 1, 2]) {
      const shape = CUBE.shape.filter((_, k) => k !== axis);
      const out = vmap(
        (x: Tensor) => {
          assert.equal(x.ndim, 2);
          return np.reshape(x, [-1]);
        },
        { inAxes: axis },
      );
      const got = out(CUBE);
      assert.deepEqual(got.shape, [CUBE.shape[axis], (shape[0] ?? 0) * (shape[1] ?? 0)]);
      assert.deepEqual(
        plain(got),
        plain(np.reshape(np.moveaxis(CUBE, axis, 0), [CUBE.shape[axis] ?? 0, -1])),
      );
    }
  });

  it("are trees, and prefixes of trees", () => {
    const model = (p: { w: Tensor; b: number }, x: Tensor): number => np.sum(p.w * x) + p.b;
    const w = f64([1, 2, 3]);
    const wanted = [14, 32];
    assert.deepEqual(plain(vmap(model, { inAxes: [null, 0] })({ w, b: 0 }, MATRIX)), wanted);
    assert.deepEqual(
      plain(vmap(model, { inAxes: [{ w: null, b: 0 }, 0] })({ w, b: f64([1, 2]) }, MATRIX)),
      [15, 34],
    );
    assert.deepEqual(
      plain(vmap(model, { inAxes: [{ w: 1, b: null }, null] })({ w: np.transpose(MATRIX), b: 5 }, w)),
      [19, 37],
    );
    const nested = (t: { a: { x: number; y: readonly [number, number] }; c: number }): number =>
      t.a.x + t.a.y[0] * 10 + t.a.y[1] * 100 + t.c * 1000;
    const xs = f64([1, 2]);
    assert.deepEqual(
      plain(
        vmap(nested, { inAxes: [{ a: { x: 0, y: [null, 0] }, c: null }] })({
          a: { x: xs, y: [3, xs] },
          c: 4,
        }),
      ),
      [4131, 4232],
    );
    // a number stands for all leaves below it
    assert.deepEqual(
      plain(vmap(nested, { inAxes: [{ a: 0, c: null }] })({ a: { x: xs, y: [xs, xs] }, c: 4 })),
      [4111, 4222],
    );
    const captured = { w, b: 2 };
    assert.deepEqual(
      plain(jit((x: Tensor) => vmap(model, { inAxes: [{ w: null, b: null }, 0] })(captured, x))(MATRIX)),
      [16, 34],
    );
  });

  it("take numbers, typed arrays and nested arrays", () => {
    const scaled = (x: number, k: number): number => x * k + 1;
    const wanted = [4, 7, 10];
    for (const xs of [[1, 2, 3], Float64Array.of(1, 2, 3), Int32Array.of(1, 2, 3), f64([1, 2, 3])])
      assert.deepEqual(plain(vmap(scaled, { inAxes: [0, null] })(xs as Tensor, 3)), wanted);
    assert.deepEqual(plain(vmap(scaled)([1, 2, 3], [3, 3, 3])), wanted);
    const rows = [
      [1, 2],
      [3, 4],
    ];
    assert.deepEqual(plain(vmap((r: readonly number[]) => (r[0] ?? 0) * (r[1] ?? 0))(rows)), [2, 12]);
  });

  it("leave functions, methods, defaults and the library as they are", () => {
    assert.deepEqual(plain(vmap((x: Tensor) => x.sum(0).mul(2))(MATRIX)), [12, 30]);
    assert.deepEqual(plain(vmap((x: Tensor) => x.reshape([3, 1]).dot(f64([2])))(MATRIX)), [
      [2, 4, 6],
      [8, 10, 12],
    ]);
    assert.deepEqual(plain(vmap(np.sum)(MATRIX)), [6, 15]);
    assert.deepEqual(plain(jit((x: Tensor) => vmap(Math.abs)(x))(f64([-1, 2]))), [1, 2]);
    assert.deepEqual(plain(vmap((x: number, k = 3) => x * k)([1, 2])), [3, 6]);
    equalsLoop(
      (x: Tensor) => nn.softmax(x),
      [
        [
          [1, 2],
          [0, 0],
          [-5, 800],
        ],
      ],
      { plain: false },
    );
    equalsLoop(
      (x: Tensor) => [np.var(x), np.linalg.norm(x), np.argmax(x)],
      [
        [
          [1, 2, 3],
          [0, 5, 0],
        ],
      ],
      {
        plain: false,
      },
    );
  });

  it("may be of any size, none and one included", () => {
    const half = (x: number): number => {
      let y = x;
      while (y > 1) y /= 2;
      return y;
    };
    for (const xs of [[], [8], [8, 3]]) {
      const data = Float64Array.from(xs);
      assert.deepEqual(plain(vmap(half)(data)), xs.map(half));
      assert.deepEqual(
        plain(vmap(grad(half))(data)),
        xs.map((x) => Number(jit(grad(half))(x))),
      );
      assert.deepEqual(
        plain(vmap((x: number) => (x > 2 ? Math.log(x) : -x))(data)),
        xs.map((x) => (x > 2 ? Math.log(x) : -x)),
      );
    }
    const empty = vmap((x: Tensor) => ({ s: np.sum(x), y: x * 2 }))(np.zeros([0, 3]));
    assert.deepEqual(
      [empty.s, empty.y].map((t) => (t as Tensor).shape),
      [[0], [0, 3]],
    );
  });

  it("read what the function captures, as it is at each call", () => {
    let captured = f64([1, 2, 3]);
    const scope = { captured };
    const f = jit((x: Tensor) => vmap((r: Tensor) => np.sum(r * scope.captured))(x));
    assert.deepEqual(plain(f(MATRIX)), [14, 32]);
    captured = f64([0, 0, 1]);
    scope.captured = captured;
    assert.deepEqual(plain(f(MATRIX)), [3, 6]);
  });
});

describe("outAxes", () => {
  it("are numbers, negative ones count from the back", () => {
    for (const axis of [0, 1, 2, -1, -2, -3]) {
      const got = vmap((x: Tensor) => x * 2, { outAxes: axis })(CUBE);
      const wanted = np.moveaxis(np.multiply(CUBE, 2), 0, axis);
      assert.deepEqual(got.shape, wanted.shape);
      assert.deepEqual(plain(got), plain(wanted));
    }
  });

  it("are trees, and prefixes of trees", () => {
    const f = (x: Tensor) => ({ twice: x * 2, parts: [x, { sum: np.sum(x) }] as const });
    const both = vmap(f, { outAxes: { twice: 1, parts: [-1, { sum: 0 }] } })(MATRIX);
    assert.deepEqual(plain(both), {
      twice: [
        [2, 8],
        [4, 10],
        [6, 12],
      ],
      parts: [
        [
          [1, 4],
          [2, 5],
          [3, 6],
        ],
        { sum: [6, 15] },
      ],
    });
    assert.deepEqual(plain(vmap(f, { outAxes: { twice: 1, parts: 0 } })(MATRIX)), {
      ...(plain(both) as object),
      parts: [plain(MATRIX), { sum: [6, 15] }],
    });
  });

  it("are null for what all examples share", () => {
    const f = (x: number, y: Tensor) => ({ each: x * 2, shared: np.sum(y), fixed: 3 });
    const got = vmap(f, { inAxes: [0, null], outAxes: { each: 0, shared: null, fixed: null } })(
      [1, 2],
      MATRIX,
    );
    assert.deepEqual(plain(got), { each: [2, 4], shared: 21, fixed: 3 });
    // with an axis it is repeated
    assert.deepEqual(plain(vmap(f, { inAxes: [0, null] })([1, 2], MATRIX)), {
      each: [2, 4],
      shared: [21, 21],
      fixed: [3, 3],
    });
    assert.throws(
      () => vmap(f, { inAxes: [0, null], outAxes: null })([1, 2], MATRIX),
      code("TSJ3020", /outAxes has null for the result\.each, which differs from example to example/),
    );
  });
});

describe("vmap refuses", () => {
  const loose = (f: (...args: never[]) => unknown, options?: object) =>
    callable(Reflect.apply(vmap, undefined, [f, options]) as (...args: never[]) => unknown);
  const refuses = (message: RegExp, f: () => unknown): void => {
    assert.throws(f, code("TSJ3020", message));
  };
  const add = (left: Tensor, right: Tensor): number => left + right;

  it("sizes that differ, with the parameters' names", () => {
    refuses(/different sizes: 2 in argument 1 \("left"\) and 3 in argument 2 \("right"\)/, () =>
      loose(add)(MATRIX, f64([1, 2, 3])),
    );
    refuses(/2 in argument 1 \("p"\)\.w and 3 in argument 1 \("p"\)\.list\[1\]/, () =>
      loose((p: { w: Tensor; list: readonly Tensor[] }) => [p.w, p.list[1]], {
        inAxes: [{ w: 0, list: [null, 0] }],
      })({ w: MATRIX, list: [MATRIX, f64([1, 2, 3])] }),
    );
    refuses(/2 in argument 1 \("left"\) and 3 in argument 2 \("right"\)/, () =>
      loose(add, { inAxes: [0, 1] })(MATRIX, MATRIX),
    );
  });

  it("nothing to map, and axes that are not there", () => {
    refuses(/nothing to map over/, () => loose(add, { inAxes: [null, null] })(MATRIX, MATRIX));
    refuses(/nothing to map over/, () => loose(() => 1)());
    refuses(/axis 0 of argument 1 \("x"\), which is a number/, () => loose((x: number) => x)(3));
    refuses(/axis 2 of argument 1 \("left"\), which is f64\[2, 3\]/, () =>
      loose(add, { inAxes: 2 })(MATRIX, MATRIX),
    );
    refuses(/axis -3 of argument 2 \("right"\)/, () => loose(add, { inAxes: [0, -3] })(MATRIX, MATRIX));
    refuses(/outAxes has 2 for the result, of which the mapped form has 2 axes/, () =>
      loose(add, { outAxes: 2 })(MATRIX, MATRIX),
    );
  });

  it("axes in another structure than the tree's", () => {
    refuses(/inAxes has 1 entry, the call has 2 arguments/, () =>
      loose(add, { inAxes: [0] })(MATRIX, MATRIX),
    );
    const pick = (pair: { a: Tensor; b: Tensor }): number => pair.a + pair.b;
    const p = { a: MATRIX, b: MATRIX };
    refuses(/inAxes has no entry for argument 1 \("pair"\)\.b/, () => loose(pick, { inAxes: [{ a: 0 }] })(p));
    refuses(/inAxes has an entry for argument 1 \("pair"\)\.c, but there are only a, b/, () =>
      loose(pick, { inAxes: [{ a: 0, b: 0, c: 0 }] })(p),
    );
    refuses(/inAxes has an object for argument 1 \("left"\), which is f64\[2, 3\]/, () =>
      loose(add, { inAxes: [{ a: 0 }, 0] })(MATRIX, MATRIX),
    );
    refuses(/inAxes has 3 entries for argument 1 \("xs"\), which is an array of 2/, () =>
      loose((xs: readonly Tensor[]) => xs[0], { inAxes: [[0, 0, 0]] })([MATRIX, MATRIX]),
    );
    refuses(/outAxes has an array for the result\.y/, () =>
      loose((x: Tensor) => ({ y: x }), { outAxes: { y: [0] } })(MATRIX),
    );
  });
});
