/** vmap of vmap, in loops, over random keys and of derivatives. */
import assert from "node:assert/strict";
import { grad, jacfwd, jacrev, jit, jvp, np, random, type Tensor, vjp, vmap } from "../../runtime/index.js";
import { equalsLoop, numbers } from "./against-loop.js";

const XS = [0.7, 1.2, 9, -3];
const YS = [1, 20, 0.5];

/** Steps of its own number for each pair. */
const climb = (x: number, y: number): number => {
  let z = x;
  let n = 0;
  while (z < y && n < 30) {
    z = z > 0 ? z * 1.5 + 0.1 : z * z + 0.3;
    n++;
  }
  return z + n;
};

describe("vmap of vmap", () => {
  const table = (xs: readonly number[], ys: readonly number[]): Tensor =>
    vmap((x: number) => vmap((y: number) => climb(x, y))(ys))(xs);

  it("is a loop in a loop", () => {
    assert.deepEqual(
      numbers(jit(table)(XS, YS)),
      XS.flatMap((x) => YS.map((y) => climb(x, y))),
    );
    const nested = vmap(vmap(climb, { inAxes: [null, 0] }), { inAxes: [0, null] });
    assert.deepEqual(
      numbers(jit(nested)(XS, YS)),
      XS.flatMap((x) => YS.map((y) => climb(x, y))),
    );
  });

  it("has the derivatives of the loops", () => {
    const slope = jit(grad(climb));
    const total = (xs: readonly number[], ys: readonly number[]): number => np.sum(table(xs, ys));
    const wanted = XS.map((x) => YS.reduce((sum, y) => sum + Number(slope(x, y)), 0));
    assert.deepEqual(numbers(jit(grad(total))(XS, YS)), wanted);
    const slopes = vmap(vmap(grad(climb), { inAxes: [null, 0] }), { inAxes: [0, null] });
    assert.deepEqual(
      numbers(jit(slopes)(XS, YS)),
      XS.flatMap((x) => YS.map((y) => Number(slope(x, y)))),
    );
  });
});

describe("vmap inside loops", () => {
  it("with conditions on what it gives", () => {
    const relax = (start: readonly number[]): Tensor => {
      let v = np.stack([...start]);
      let n = 0;
      while (np.max(v) > 1 && n < 20) {
        v = vmap((x: number) => (x > 1 ? x / 2 : x))(v);
        n++;
      }
      return np.add(v, n);
    };
    const plain = (start: readonly number[]): readonly number[] => {
      let v = [...start];
      let n = 0;
      while (Math.max(...v) > 1 && n < 20) {
        v = v.map((x) => (x > 1 ? x / 2 : x));
        n++;
      }
      return v.map((x) => x + n);
    };
    assert.deepEqual(numbers(jit(relax)([8, 0.3, 5, 1])), plain([8, 0.3, 5, 1]));
  });

  it("over examples that are batched again", () => {
    equalsLoop(
      (x: number, v: Tensor) => {
        let s = x;
        for (let i = 0; i < 3; i++) s += np.sum(vmap((y: number) => (y > s ? Math.log(y - s) : s))(v));
        return s;
      },
      [
        [0, 1, 2],
        [
          [1, 2, 3],
          [0, 0, 9],
          [4, 1, 7],
        ],
      ],
      { plain: false },
    );
  });
});

describe("vmap of derivatives", () => {
  const field = (v: Tensor): Tensor => np.stack([climb(v[0] ?? 0, v[1] ?? 0), (v[0] ?? 0) * (v[1] ?? 0)]);
  const points = [
    [0.7, 5],
    [2, 1],
    [0.1, 20],
  ];

  it("Jacobians, pullbacks and tangents", () => {
    equalsLoop(jacfwd(field), [points], { plain: false });
    equalsLoop(jacrev(field), [points], { plain: false });
    equalsLoop((v: Tensor, ct: Tensor) => vjp(field, v)[1](ct)[0], [points, points], { plain: false });
    equalsLoop((v: Tensor, dv: Tensor) => jvp(field, [v], [dv])[1], [points, points], { plain: false });
  });

  it("of loops over arrays that are updated", () => {
    const smooth = (x: readonly number[]): number => {
      const a = [...x];
      let k = 0;
      while (k < 6 && (a[k % 3] ?? 0) < 4) {
        a[(k + 1) % 3] = (a[(k + 1) % 3] ?? 0) * 0.5 + Math.sin(a[k % 3] ?? 0);
        k++;
      }
      return (a[0] ?? 0) * (a[1] ?? 0) + (a[2] ?? 0);
    };
    const rows = [
      [1, 2, 3],
      [9, 0, 1],
      [0.1, 5, -2],
    ];
    equalsLoop(smooth, [rows], { plain: false });
    equalsLoop(grad(smooth), [rows], { plain: false });
  });
});

describe("vmap over keys", () => {
  /** Bit for bit what each key gives by itself. */
  const same = (f: (key: Tensor) => Tensor): void => {
    const [mapped, single] = [jit(vmap(f)), jit(f)];
    for (const size of [1, 2, 5]) {
      const keys = random.split(random.key(11), size);
      const each = Array.from({ length: size }, (_, k) =>
        numbers(single(np.slice(keys, k, k + 1).reshape([2]))),
      );
      assert.deepEqual(numbers(mapped(keys)), each.flat());
    }
  };

  it("bits, uniform and normal numbers, split and foldIn", () => {
    same((key) => random.bits(key, [5]));
    same((key) => random.uniform(key, [3, 2], -2, 5));
    same((key) => random.normal(key, [7]));
    same((key) => random.split(key, 3));
    same((key) => random.foldIn(key, 9));
  });

  it("in loops of their own length", () => {
    same((key) => {
      let x = 0;
      let n = 0;
      let k = key;
      while (n < 50 && Math.abs(x) < 3) {
        const [next, draw] = random.split(k);
        k = next;
        x += random.uniform(draw, [], -1, 1, "f64");
        n++;
      }
      return np.stack([x, n]);
    });
  });
});
