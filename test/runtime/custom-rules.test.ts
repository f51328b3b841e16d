import assert from "node:assert/strict";
import { parseFunction } from "../../compiler/ir/parse.js";
import { printFunction } from "../../compiler/ir/print.js";
import { verify } from "../../compiler/ir/verify.js";
import {
  checkGrads,
  customJvp,
  customVjp,
  grad,
  hessian,
  type Jitted,
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
import { code, near, plain } from "./expectations.js";

/** log(1 + e^x), whose slope is right where e^x is infinite. */
const softplus: Jitted<(x: number) => number> = customJvp(
  (x: number) => Math.log(1 + Math.exp(x)),
  ([x], [dx]) => [softplus(x), (1 - 1 / (1 + Math.exp(x))) * dx],
);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The identity, whose cotangents are kept in [-1, 1]. */
const clipped = customVjp(
  (x: Tensor) => x * 1,
  (x: Tensor) => [x * 1, null],
  (_, ct: number) => [np.clip(ct, -1, 1)],
);

describe("customJvp", () => {
  it("is the function itself where nothing differentiates it", () => {
    near(softplus(1), Math.log(1 + Math.exp(1)), 9);
    assert.equal(softplus(1000), Infinity);
    const text = jit((x: number) => softplus(x) + 1).lower(1).ir;
    assert.doesNotMatch(text, / custom /);
  });

  it("has its rule as the derivative: forward, reverse, in loops and batches, of any order", () => {
    assert.equal(grad(softplus)(1000), 1, "the derivative of the body is NaN");
    near(grad(softplus)(1), sigmoid(1), 20);
    const [value, tangent] = jvp(softplus, [1], [2]);
    near(value, softplus(1), 0);
    near(tangent, 2 * sigmoid(1), 20);
    assert.deepEqual(vmap(grad(softplus))([1000, 2000]).toArray(), [1, 1]);
    // (x s)'' = 2 s' + x s'' with s' = sigmoid, s'' = sigmoid (1 - sigmoid)
    const s = sigmoid(1);
    near(grad(grad((x: number) => softplus(x) * x))(1), 2 * s + s * (1 - s), 60);
    checkGrads(softplus, [0.3], { order: 3 });
    const along = (f: (x: number) => number) => (x: number) => {
      let y = x;
      for (let k = 0; k < 30; k++) y = y > 1 ? f(y) * 0.5 : f(-y) + y * x;
      return y;
    };
    const body = (x: number) => Math.log(1 + Math.exp(x));
    // 30 steps of at most 20 roundings in the slope
    near(grad(along(softplus))(0.7), grad(along(body))(0.7), 600);
    assert.equal(linearize(softplus, 1000)[1](1), 1);
  });

  it("takes trees, integers and several results; what it captures is constant", () => {
    const power: Jitted<(x: number, n: number) => number> = customJvp(
      (x: number, n: number) => {
        let p = 1;
        for (let k = 0; k < n; k++) p *= x;
        return p;
      },
      ([x, n], [dx]) => [power(x, n), n * x ** (n - 1) * dx],
    );
    assert.deepEqual([power(2, 3), grad(power)(2, 3), grad(grad(power))(2, 3)], [8, 12, 12]);
    const scale = tensor([2, 3]);
    const f = customJvp(
      (p: { a: Tensor; b: number }) => ({ y: p.a * scale * p.b, big: p.a > 1 }),
      ([p], [dp]) => [
        { y: p.a * scale * p.b, big: p.a > 1 },
        { y: dp.a * scale * 100 + dp.b, big: p.a > 1 },
      ],
    );
    assert.deepEqual(
      plain(grad((p: { a: Tensor; b: number }) => np.sum(f(p).y))({ a: tensor([1, 2]), b: 3 })),
      {
        a: [200, 300],
        b: 2,
      },
    );
    const captured = jit((x: Tensor) => {
      const y = x * 2;
      const h = customJvp(
        (a: Tensor) => a * y,
        ([a], [da]) => [a * y, da * y * 100],
      );
      return grad((a: Tensor) => np.sum(h(a)))(x);
    });
    assert.deepEqual(plain(captured([1, 2])), [200, 400]);
  });

  it("refuses a rule that does not fit, and captures that are differentiated by", () => {
    const of = (rule: unknown) =>
      grad((x: Tensor) => np.sum(customJvp((a: Tensor) => a * 2, rule as never)(x)));
    assert.throws(
      () => of(([a]: Tensor[], [da]: Tensor[]) => [a, np.sum(da ?? 0)])([1, 1]),
      code("TSJ3014", /tangent.*f64\[2\], not f64\[\]/),
    );
    assert.throws(() => of((a: Tensor[]) => a[0])([1, 1, 1]), code("TSJ3014", /returns \[value, tangent\]/));
    assert.throws(() => customJvp((a: Tensor) => a, undefined as never), code("TSJ5060"));
    const inner = (x: Tensor) => {
      const h = customJvp(
        (a: Tensor) => a * x,
        ([a], [da]) => [a * x, da * x],
      );
      return np.sum(h(x));
    };
    assert.throws(() => grad(inner)([1, 1]), code("TSJ3007", /beside its arguments/));
    let count = 0;
    const counting = (x: number) => {
      const h = customJvp(
        (a: number) => a * a,
        ([a], [da]) => {
          count += 1;
          return [a * a, 2 * a * da];
        },
      );
      return h(x) + count;
    };
    assert.throws(() => grad(counting)(1), code("TSJ1010"));
    const local = (x: number) => {
      let n = 0;
      const h = customJvp(
        (a: number) => a * a,
        ([a], [da]) => {
          n += 1;
          return [a * a, 2 * a * da];
        },
      );
      return h(x) + n;
    };
    assert.throws(() => grad(local)(1), code("TSJ3014", /changes something outside/));
  });
});

describe("customVjp", () => {
  it("pulls cotangents back by its rule", () => {
    assert.deepEqual(plain(clipped(tensor([5, -6]))), [5, -6]);
    // d sum(3 clipped(x) x) = 3 clipped(x) + clip(3 x)
    assert.deepEqual(plain(grad((x: Tensor) => np.sum(clipped(x) * x * 3))(tensor([1, -2]))), [4, -7]);
    assert.deepEqual(plain(jacrev(clipped)(tensor([1, 2]))), [
      [1, 0],
      [0, 1],
    ]);
    const each = vmap(grad((x: Tensor) => np.sum(clipped(x) ** 2)));
    assert.deepEqual(
      plain(
        each([
          [1, 2],
          [0.125, 0.25],
        ]),
      ),
      [
        [1, 1],
        [0.25, 0.5],
      ],
    );
    assert.deepEqual(plain(vjp(clipped, tensor([1, 2]))[1](tensor([5, 0.5]))), [[1, 0.5]]);
  });

  it("keeps residuals; has second derivatives; null stands for zero", () => {
    const norm = customVjp(
      (x: Tensor, s: number) => Math.sqrt(np.sum(x * x)) * s,
      (x: Tensor, s: number) => {
        const n = Math.sqrt(np.sum(x * x));
        return [n * s, { x, n, s }] as const;
      },
      (r, ct) => [(r.n > 0 ? (r.x / r.n) * r.s * ct : r.x * 0) as Tensor, null],
    );
    assert.deepEqual(plain(grad((x: Tensor) => norm(x, 2) ** 2)([3, 4])), [24, 32]);
    assert.deepEqual(plain(grad((x: Tensor) => norm(x, 2))([0, 0])), [0, 0], "sqrt has no slope there");
    assert.deepEqual(plain(grad((s: number) => norm(tensor([3, 4]), s))(2)), 0);
    // |x|^2 has the Hessian 2
    const second = hessian((x: Tensor) => norm(x, 1) ** 2)([3, 4]).toArray<number[][]>();
    second.forEach((row, i) => {
      row.forEach((entry, j) => {
        near(entry, i === j ? 2 : 0, 8);
      });
    });
  });

  it("has no forward mode, and refuses rules that do not fit", () => {
    const x = tensor([1, 2]);
    assert.throws(() => jvp(clipped, [x], [x]), code("TSJ3006", /customVjp has no forward mode/));
    assert.throws(() => jacfwd(clipped)(x), code("TSJ3006"));
    const short = customVjp(
      (a: Tensor) => a * 2,
      (a: Tensor) => [a * 2, 0],
      (() => []) as never,
    );
    assert.throws(
      () => grad((a: Tensor) => np.sum(short(a)))(x),
      code("TSJ3014", /one cotangent per argument: 1, not 0/),
    );
    const wide = customVjp(
      (a: Tensor) => a * 2,
      (a: Tensor) => [a * 2, 0],
      (_, ct) => [np.sum(ct)],
    );
    assert.throws(() => grad((a: Tensor) => np.sum(wide(a)))(x), code("TSJ3014", /f32\[2\], not f32\[\]/));
  });
});

describe("equations with rules", () => {
  const text = `fn f(%0:f64[2], %1:f64[2]) {
  %2:f64[2] = custom %0 %1 {consts=1} body(%0:f64[2], %1:f64[2]) {
    %2:f64[2] = mul %0 %1
    return %2
  } rule(%0:f64[2], %1:f64[2], %2:f64[2]) {
    %3:f64[2] = mul %0 %1
    %4:f64[2] = fromTranspose %0 %2 {known=1} transpose(%0:f64[2], %1:f64[2]) {
      %2:f64[2] = mul %0 %1
      return %2
    }
    return %3, %4
  }
  return %2
}
`;
  it("print, parse and verify", () => {
    const fn = verify(parseFunction(text));
    assert.equal(printFunction(fn).trim(), text.trim());
    assert.throws(() => parseFunction(text.replace("return %3, %4", "return %4")), /results of rule/);
    assert.throws(() => parseFunction(text.replace("known=1", "known=2")), /fromTranspose/);
  });
});
