/** What derivatives are taken by, and what goes through them: argnums, trees, extra results. */
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
  tensor,
  valueAndGrad,
  vjp,
  vmap,
} from "../../runtime/index.js";
import { code, plain } from "./expectations.js";

describe("argnums", () => {
  const f = (x: number, y: number, z: number) => x * y * y + z * x;
  it("names one argument or several, in any order, from either end", () => {
    assert.equal(grad(f)(2, 3, 5), 14);
    assert.equal(grad(f, { argnums: 1 })(2, 3, 5), 12);
    assert.equal(grad(f, { argnums: -1 })(2, 3, 5), 2);
    assert.equal(grad(f, { argnums: -3 })(2, 3, 5), 14);
    assert.deepEqual(grad(f, { argnums: [2, 0] })(2, 3, 5), [2, 14]);
    assert.deepEqual(grad(f, { argnums: [-1, 0] })(2, 3, 5), [2, 14]);
    assert.deepEqual(valueAndGrad(f, { argnums: [0, -2] })(2, 3, 5), [28, [14, 12]]);
    assert.deepEqual(jacfwd(f, { argnums: [1] })(2, 3, 5), [12]);
    assert.deepEqual(jacrev(f, { argnums: -2 })(2, 3, 5), 12);
    // [[xx, xz], [zx, zz]]
    assert.deepEqual(hessian(f, { argnums: [0, -1] })(2, 3, 5), [
      [0, 1],
      [1, 0],
    ]);
    assert.deepEqual(plain(vmap(grad(f, { argnums: [-1, 1] }))([2, 4], [3, 3], [5, 5])), [
      [2, 4],
      [12, 24],
    ]);
    const inside = jit((x: number, y: number) =>
      grad((a: number, b: number) => a * a * b, { argnums: -1 })(x, y),
    );
    assert.equal(inside(3, 4), 9);
  });

  it("refuses arguments that are not there, and the same one twice", () => {
    const untyped = (argnums: unknown) => ({ argnums: argnums as 0 });
    assert.throws(
      () => grad(f, untyped(3))(2, 3, 5),
      code("TSJ3010", /argnums 3 of grad names no argument: the call has 3 arguments/),
    );
    assert.throws(() => jacrev(f, untyped(-4))(2, 3, 5), code("TSJ3010", /argnums -4 of jacrev/));
    assert.throws(() => grad(f, untyped([0, -3]))(2, 3, 5), code("TSJ3010", /names argument 1 twice: 0, -3/));
    assert.throws(() => grad(f, untyped([0, 0])), code("TSJ5071"));
    assert.throws(() => grad(f, untyped(0.5)), code("TSJ5070"));
  });
});

interface Layer {
  readonly w: Tensor;
  readonly b: number;
}
interface Params {
  readonly layers: readonly Layer[];
  readonly scale: Float64Array;
  readonly name: string;
}

describe("trees", () => {
  const params: Params = {
    layers: [
      { w: tensor([1, 2], { dtype: "f64" }), b: 3 },
      { w: tensor([4, 5], { dtype: "f64" }), b: 6 },
    ],
    scale: new Float64Array([2, 4]),
    name: "two layers",
  };
  // s0 (w0 b0 + w1 b1) + s1 (...), of which each factor is linear
  const loss = (p: Params): number => {
    let h = np.zeros([2], "f64");
    for (const { w, b } of p.layers) h = (h + w * b) as Tensor;
    return np.sum(h * (p.scale as unknown as Tensor));
  };
  const gradient = {
    layers: [
      { w: [6, 12], b: 10 },
      { w: [12, 24], b: 28 },
    ],
    scale: [27, 36],
    name: "two layers",
  };

  it("have gradients of their structure: objects, arrays of objects, typed arrays, numbers", () => {
    assert.deepEqual(plain(grad(loss)(params)), gradient);
    assert.deepEqual(plain(valueAndGrad(loss)(params)), [2 * 27 + 4 * 36, gradient]);
    assert.deepEqual(plain(jacrev(loss)(params)), gradient);
    assert.deepEqual(plain(jacfwd(loss)(params)), gradient);
    const [, pullback] = vjp(loss, params);
    assert.deepEqual(plain(pullback(tensor(1, { dtype: "f64" }))), [gradient]);
    assert.deepEqual(plain(jit((p: Params) => grad(loss)(p))(params)), gradient);
  });

  it("have tangents of their structure; what is no number may be left out", () => {
    const { name: _, ...along } = params;
    // the derivative along p of a function of degree 3 in p is 3 times its value
    for (const tangent of [params, along as Params]) {
      assert.equal(Number(jvp(loss, [params], [tangent])[1]), 3 * 198);
      assert.equal(Number(linearize(loss, params)[1](tangent)), 3 * 198);
    }
  });

  it("have Hessians: the structure, and the structure again at each leaf", () => {
    const second = plain(
      hessian((p: { a: Tensor; b: number[] }) => np.sum(p.a * (p.b as unknown as Tensor)) ** 2)({
        a: tensor([1, 2], { dtype: "f64" }),
        b: [3, 4],
      }),
    );
    // s = a . b = 11: d2/da da = 2 b b', d2/da db = 2 a b' (transposed) + 2 s
    assert.deepEqual(second, {
      a: {
        a: [
          [18, 24],
          [24, 32],
        ],
        b: [
          [6 + 22, 12],
          [8, 16 + 22],
        ],
      },
      b: {
        a: [
          [28, 8],
          [12, 38],
        ],
        b: [
          [2, 4],
          [4, 8],
        ],
      },
    });
  });

  it("keep the dtype of each leaf, and give the gradient of a typed array as a tensor of its type", () => {
    const g = grad(
      (p: { x: Float32Array; y: Float64Array; z: number[][] }) => np.sum(p.x) * np.sum(p.y) + np.sum(p.z),
    )({
      x: new Float32Array([1, 2]),
      y: new Float64Array([3]),
      z: [
        [1, 2],
        [3, 4],
      ],
    });
    assert.deepEqual([g.x.dtype, g.y.dtype, g.z.dtype], ["f32", "f64", "f64"]);
    assert.deepEqual(plain(g), {
      x: [3, 3],
      y: [3],
      z: [
        [1, 1],
        [1, 1],
      ],
    });
  });
});

describe("hasAux", () => {
  const f = (x: Tensor, k: number) =>
    [np.sum(x * x) * k, { doubled: x * 2, n: x.shape[0], big: x > 1, how: "squares" }] as const;
  const x = tensor([1, 2], { dtype: "f64" });
  const aux = { doubled: [2, 4], n: 2, big: [false, true], how: "squares" };
  const on = { hasAux: true } as const;

  it("hands the second result through, of every derivative", () => {
    assert.deepEqual(plain(grad(f, on)(x, 3)), [[6, 12], aux]);
    assert.deepEqual(plain(valueAndGrad(f, on)(x, 3)), [
      [15, aux],
      [6, 12],
    ]);
    assert.deepEqual(plain(jacfwd(f, on)(x, 3)), [[6, 12], aux]);
    assert.deepEqual(plain(jacrev(f, { ...on, argnums: [1, 0] })(x, 3)), [[5, [6, 12]], aux]);
    assert.deepEqual(plain(hessian(f, on)(x, 3)), [
      [
        [6, 0],
        [0, 6],
      ],
      aux,
    ]);
    assert.deepEqual(plain(jvp(f, [x, 3], [x, 1], on)), [15, 6 + 24 + 5, aux]);
    const [value, pullback, extra] = vjp(f, x, 3, on);
    assert.deepEqual(plain([value, extra, pullback(1), pullback(2)]), [
      15,
      aux,
      [[6, 12], 5],
      [[12, 24], 10],
    ]);
    const [point, push, more] = linearize(f, x, 3, on);
    assert.deepEqual(plain([point, more, push(x, 1), push(x, 0)]), [15, aux, 35, 30]);
  });

  it("does the same inside compiled code, and with plain numbers", () => {
    const all = jit((v: Tensor, k: number) => {
      const [, tangent, a] = jvp(f, [v, k], [v, 1], on);
      const [, pullback, b] = vjp(f, v, k, on);
      const [, push, c] = linearize(f, v, k, on);
      return { tangent, back: pullback(1), pushed: push(v, 1), extras: [a.doubled, b.doubled, c.doubled] };
    });
    assert.deepEqual(plain(all(x, 3)), {
      tangent: 35,
      back: [[6, 12], 5],
      pushed: 35,
      extras: [
        [2, 4],
        [2, 4],
        [2, 4],
      ],
    });
    const g = (a: number) => [a * a, a + 1] as const;
    assert.deepEqual(jvp(g, [3], [1], on), [9, 6, 4]);
    const [v, back, e] = vjp(g, 3, on);
    assert.deepEqual([v, back(1), e], [9, [6], 4]);
  });

  it("lets no derivative into the extra result, and none out", () => {
    // the extra result depends on x, but its derivative is not asked for
    const g = (a: number) => [a ** 2, Math.sqrt(a)] as const;
    assert.deepEqual(grad(g, on)(0), [0, 0], "the slope of sqrt at 0 is infinite");
    assert.deepEqual(vjp(g, 0, on)[1](1), [0]);
    assert.deepEqual(jvp(g, [0], [1], on), [0, 0, 0]);
    // and under another derivative it is a value like any other
    assert.equal(grad((a: number) => grad((b: number) => [b ** 3, b ** 2] as const, on)(a)[1])(3), 6);
  });

  it("is the function's own result where it is off", () => {
    const pair = (a: number) => [a * a, a + 1] as const;
    assert.deepEqual(jvp(pair, [3], [1]), [
      [9, 4],
      [6, 1],
    ]);
    assert.throws(() => grad(pair as never, on as never)(...([tensor([1, 2])] as never)), code("TSJ3001"));
    assert.throws(
      () => grad(((a: number) => [[a, a], 1]) as never, on as never)(...([2] as never)),
      code("TSJ3011", /the first of \[value, extra\], which must be one number, not an array of 2/),
    );
    assert.throws(() => jvp(pair, [3], [1], { hasaux: true } as never), code("TSJ5077"));
    assert.throws(
      () => vjp(((a: number) => a * a) as never, ...([3, on] as never)),
      code("TSJ3011", /vjp with hasAux/),
    );
  });
});
