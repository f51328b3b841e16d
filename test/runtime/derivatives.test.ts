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
  stopGradient,
  type Tensor,
  tensor,
  vjp,
  vmap,
} from "../../runtime/index.js";
import { code, near, plain } from "./expectations.js";

describe("Jacobians", () => {
  for (const [name, jacobian] of [
    ["jacfwd", jacfwd],
    ["jacrev", jacrev],
  ] as const) {
    it(`${name} has the result's shape, then the argument's`, () => {
      assert.deepEqual(plain(jacobian((x: Tensor) => x * x)([1, 2, 3])), [
        [2, 0, 0],
        [0, 4, 0],
        [0, 0, 6],
      ]);
      const outer = jacobian((x: Tensor, y: Tensor) => np.outer(x, y), { argnums: 1 })([1, 2], [3, 4, 5]);
      assert.deepEqual(outer.shape, [2, 3, 3]);
      for (let i = 0; i < 2; i++)
        for (let j = 0; j < 3; j++)
          for (let k = 0; k < 3; k++) assert.equal(outer[i]?.[j]?.[k]?.item(), j === k ? i + 1 : 0);
      assert.equal(jacobian((x: number) => x ** 3)(2), 12);
    });

    it(`${name} has the structure of the result, then that of the arguments`, () => {
      const f = (p: { a: Tensor; b: number }) => ({ u: p.a * p.b, v: [p.b ** 2, np.sum(p.a)] });
      assert.deepEqual(plain(jacobian(f)({ a: [1, 2], b: 3 })), {
        u: {
          a: [
            [3, 0],
            [0, 3],
          ],
          b: [1, 2],
        },
        v: [
          { a: [0, 0], b: 6 },
          { a: [1, 1], b: 0 },
        ],
      });
      const both = jacobian((x: number, y: number) => x * y, { argnums: [0, 1] });
      assert.deepEqual(both(2, 3), [3, 2]);
    });

    it(`${name} hands extra results through, and refuses what is not smooth`, () => {
      const f = jacobian((x: Tensor) => [x * x, { first: x[0], flag: x > 1 }] as const, { hasAux: true });
      assert.deepEqual(plain(f([1, 2])), [
        [
          [2, 0],
          [0, 4],
        ],
        { first: 1, flag: [false, true] },
      ]);
      assert.throws(
        () => jacobian((x: Tensor) => x > 0)([1, 2]),
        code("TSJ3001", /jac(fwd|rev) needs float results/),
      );
      assert.throws(() => jacobian((x: Tensor) => x * 2)(Int32Array.of(1, 2)), code("TSJ3012"));
      assert.throws(() => jacobian((x: number) => x, { argnums: 1 as number })(2), code("TSJ3010"));
    });

    it(`${name} of results or arguments without elements is empty`, () => {
      assert.deepEqual(jacobian((x: Tensor) => x * 2)(tensor([], { shape: [0] })).shape, [0, 0]);
      assert.deepEqual(jacobian((x: Tensor) => np.zeros([0]) * np.sum(x))(tensor([1, 2])).shape, [0, 2]);
    });
  }

  it("agree with each other inside compiled code, through loops and conditions", () => {
    const f = (x: Tensor) => {
      const y = new Float64Array(3);
      for (let i = 0; i < 3; i++) {
        const v = x[i] as number;
        y[i] = v > 1 ? Math.sin(v) * (x[(i + 1) % 3] as number) : v ** 2;
      }
      return y;
    };
    const x = new Float64Array([0.5, 1.5, 2.5]);
    const [forward, reverse] = jit((v: Tensor) => [jacfwd(f)(v), jacrev(f)(v)] as const)(x);
    assert.deepEqual(plain(forward), plain(reverse));
    // row 0: d x0^2; row 1: d sin(x1) x2; row 2: d sin(x2) x0
    const wanted = [
      [1, 0, 0],
      [0, Math.cos(1.5) * 2.5, Math.sin(1.5)],
      [Math.sin(2.5), 0, Math.cos(2.5) * 0.5],
    ];
    // a sine or cosine of 2 ULP on either side, and a product
    near(plain(forward), wanted, 9);
  });

  it("grad of several results names jacrev", () => {
    assert.throws(() => grad((x: Tensor) => x * 2)(tensor([1, 2])), code("TSJ3001", /jacrev/));
    assert.throws(
      () => grad(((x: Tensor) => [x, x]) as unknown as (x: Tensor) => number)(tensor([1, 2])),
      code("TSJ3011", /jacrev/),
    );
  });
});

describe("hessian", () => {
  it("is the matrix of second derivatives, forward over reverse or any other way", () => {
    // f = (x0^3 + x1^3) x0: f00 = 12 x0^2, f01 = 3 x1^2, f11 = 6 x0 x1
    const f = (x: Tensor) => np.sum(x ** 3) * (x[0] as number);
    const wanted = [
      [12, 12],
      [12, 12],
    ];
    assert.deepEqual(plain(hessian(f)([1, 2])), wanted);
    assert.deepEqual(plain(jacrev(jacfwd(f))([1, 2])), wanted);
    assert.deepEqual(plain(jacrev(jacrev(f))([1, 2])), wanted);
    assert.deepEqual(plain(jacfwd(grad(f))([1, 2])), wanted);
    assert.equal(hessian((x: number) => x ** 3)(2), 12);
  });

  it("has blocks for trees, batches under vmap, works on several results", () => {
    const f = (p: { a: Tensor; b: number }) => np.sum(p.a * p.b) ** 2;
    assert.deepEqual(plain(hessian(f)({ a: [1, 2], b: 3 })), {
      a: {
        a: [
          [18, 18],
          [18, 18],
        ],
        b: [36, 36],
      },
      b: { a: [36, 36], b: 18 },
    });
    const batch = vmap(hessian((x: Tensor) => np.prod(x)))([
      [1, 2],
      [3, 4],
    ]);
    assert.deepEqual(plain(batch), [
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 1],
        [1, 0],
      ],
    ]);
    assert.deepEqual(plain(hessian((x: Tensor) => x ** 3)([1, 2])), [
      [
        [6, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 12],
      ],
    ]);
    assert.deepEqual(
      plain(hessian((x: number) => [x ** 2, { twice: 2 * x }] as const, { hasAux: true })(3)),
      [2, { twice: 6 }],
    );
  });
});

describe("vjp and linearize", () => {
  const f = (x: Tensor, y: number) => ({ a: np.sum(x * x * y), flags: x > 0, top: np.max(x) * y });

  it("give the value once and apply the derivative there as often as wanted", () => {
    const x = new Float64Array([1, 2, -3]);
    const [value, pullback] = vjp(f, x, 2);
    assert.deepEqual(plain(value), { a: 28, flags: [true, true, false], top: 4 });
    const flags = [true, true, false];
    assert.deepEqual(plain(pullback({ a: 1, flags, top: 0 })), [[4, 8, -12], 14]);
    assert.deepEqual(plain(pullback({ a: 0, flags, top: 1 })), [[0, 2, 0], 2]);
    const [same, tangent] = linearize(f, x, 2);
    assert.deepEqual(plain(same), plain(value));
    assert.deepEqual(plain(tangent(new Float64Array([1, 0, 0]), 0)), {
      a: 4,
      flags: [false, false, false],
      top: 0,
    });
    assert.deepEqual(plain(tangent(new Float64Array([0, 0, 0]), 1)), {
      a: 14,
      flags: [false, false, false],
      top: 2,
    });
    assert.deepEqual(plain(jvp(f, [x, 2], [new Float64Array([1, 0, 0]), 1])[1]), {
      a: 18,
      flags: [false, false, false],
      top: 2,
    });
  });

  it("keep what the derivative needs: arguments and captures may change afterwards", () => {
    const scale = new Float64Array([1, 2, 3]);
    const x = new Float64Array([1, 1, 1]);
    const [value, pullback] = vjp((v: Tensor) => np.dot(v * v, scale), x);
    const [, tangent] = linearize((v: Tensor) => np.dot(v * v, scale), x);
    scale[0] = 100;
    x[1] = 50;
    assert.equal(value.item(), 6);
    assert.deepEqual(plain(pullback(1)), [[2, 4, 6]]);
    assert.equal(tangent(new Float64Array([1, 1, 1])).item(), 12);
  });

  it("keep numbers, integers and conditions exactly", () => {
    const g = (x: number) => {
      let s = 0;
      for (let k = 0; k < 50; k++) s = s > 3 ? Math.sin(s) * x : s + x * x;
      return s;
    };
    const [value, pullback] = vjp(g, 1.3);
    assert.equal(value, g(1.3));
    // 50 products of a kept slope or a cosine in another order than when all is one program
    near(pullback(1), [grad(g)(1.3)], 300);
    const [, tangent] = linearize(g, 1.3);
    near(tangent(1), grad(g)(1.3), 300);
    const pick = (x: Tensor, k: number) => (x[Math.round(k)] as number) * k;
    const [, back] = vjp(pick, new Float64Array([5, 6, 7]), 1.9);
    assert.deepEqual(plain(back(1)), [[0, 0, 1.9], 7]);
  });

  it("take cotangents in the structure of the result, an array of numbers among them", () => {
    const [value, pullback] = vjp((x: number, y: number) => [x * y, { both: [x, y] }] as const, 2, 3);
    assert.deepEqual(value, [6, { both: [2, 3] }]);
    assert.deepEqual(pullback([1, { both: [0, 0] }]), [3, 2]);
    assert.deepEqual(pullback([0, { both: [0, 5] }]), [0, 5]);
    const [, pair] = vjp((x: number, y: number) => [x * y, x], 2, 3);
    assert.deepEqual(pair([1, 0]), [3, 2]);
    assert.throws(() => pair([1, 0, 1]), code("TSJ3013", /3 entries/));
    const [, named] = vjp((x: number) => ({ a: x }), 2);
    assert.throws(() => named({ b: 1 } as never), code("TSJ3013", /lacks `a`/));
  });

  it("work inside compiled code and under other transforms", () => {
    const both = jit((x: Tensor) => {
      const [value, tangent] = linearize((y: Tensor) => y ** 3, x);
      const [, pullback] = vjp((y: Tensor) => np.sum(y * y), x);
      return [value, tangent(x), tangent(x * 2), pullback(1)[0], pullback(2)[0]];
    });
    assert.deepEqual(plain(both(tensor([1, 2]))), [
      [1, 8],
      [3, 24],
      [6, 48],
      [2, 4],
      [4, 8],
    ]);
    // a Hessian times a vector: d/dx (grad f)(x) v = 6 x v for f = sum x^3
    const product = jit((x: Tensor, v: Tensor) =>
      linearize((z: Tensor) => grad((y: Tensor) => np.sum(y ** 3))(z), x)[1](v),
    );
    assert.deepEqual(plain(product(tensor([1, 2]), tensor([1, 10]))), [6, 120]);
    const squares = grad((x: number) => linearize((y: number) => y ** 3, x)[1](1));
    assert.equal(squares(2), 12);
  });
});

describe("checkGrads", () => {
  it("passes right derivatives, of any order, in trees and loops", () => {
    checkGrads((x: Tensor) => np.sum(Math.sin(x) ** 2), [new Float64Array([1, 2])], { order: 2 });
    checkGrads((x: number, y: number) => (x * y ** 2) / (1 + x * x), [1.2, 3], { order: 3, modes: ["fwd"] });
    checkGrads(
      (p: { a: Tensor; b: number }, x: Tensor) => ({ u: np.dot(p.a, x) * p.b, v: x > 0, w: [p.b, p.b ** 2] }),
      [{ a: new Float64Array([1, 2]), b: 3 }, new Float64Array([4, 5])],
    );
    checkGrads((x: Tensor) => Math.exp(x) / (1 + x * x), [tensor([0.5, 1])]);
  });

  it("refuses arguments that are no floats, as jvp does; functions capture them", () => {
    const x = tensor([1, 2, 3], { dtype: "f64" });
    const [places, sides] = [tensor([2, 0, 2], { dtype: "i32" }), tensor([true, false, true])];
    checkGrads((v: Tensor) => np.take(v, places) ** 2, [x], { order: 2 });
    checkGrads((v: Tensor) => np.where(sides, v * v, v), [x], { order: 2 });
    assert.throws(
      () => checkGrads((v: Tensor, i: Tensor) => np.take(v, i) ** 2, [x, places]),
      code("TSJ3012", /i32\[3\].*\n(.*\n)*.*capture/),
    );
  });

  it("finds wrong ones in both modes and says where", () => {
    const half = (x: Tensor) => np.sum(x * stopGradient(x));
    const x = new Float64Array([1, 2]);
    assert.throws(() => checkGrads(half, [x], { modes: ["fwd"] }), code("TSJ5080", /by jvp of half is/));
    assert.throws(() => checkGrads(half, [x], { modes: ["rev"] }), code("TSJ5080", /by vjp.* of half is/));
    const second = (v: Tensor) => np.sum(v * v * v - stopGradient(v) ** 2 * (v - stopGradient(v)));
    // the slope 3 v^2 - v^2 is right for no order
    assert.throws(() => checkGrads(second, [x]), code("TSJ5080"));
  });

  it("refuses options that would do nothing", () => {
    const f = (x: number) => x;
    assert.throws(() => checkGrads(f, [1], { mode: ["fwd"] } as never), code("TSJ5072"));
    assert.throws(() => checkGrads(f, [1], { modes: ["forward"] } as never), code("TSJ5081"));
    assert.throws(() => checkGrads(f, [1], { order: 0 }), code("TSJ5081"));
    assert.throws(() => checkGrads(f, [1], { eps: -1 }), code("TSJ5081"));
    assert.throws(() => checkGrads(f, 1 as never), code("TSJ5075"));
  });
});
