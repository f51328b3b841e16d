import assert from "node:assert/strict";
import { parseFunction } from "../../compiler/ir/parse.js";
import { printFunction } from "../../compiler/ir/print.js";
import { verify } from "../../compiler/ir/verify.js";
import {
  type CheckpointPolicy,
  checkGrads,
  checkpoint,
  checkpointName,
  customVjp,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  np,
  random,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
  vmap,
} from "../../runtime/index.js";
import { plain } from "../runtime/expectations.js";

/** Deterministic numbers in (-1, 1). */
const numbers = (n: number, seed: number): Float64Array =>
  Float64Array.from({ length: n }, (_, k) => Math.sin(1 + 12.9898 * (k + 1) + 78.233 * seed));
const matrix = (rows: number, columns: number, seed: number): number[][] =>
  Array.from({ length: rows }, (_, k) => [...numbers(columns, seed + 31 * k)]);

type Wrap = <F extends (...args: never[]) => unknown>(fn: F) => F;
const none: Wrap = (fn) => fn;
const under =
  (policy: CheckpointPolicy): Wrap =>
  <F extends (...args: never[]) => unknown>(fn: F) =>
    // inside compiled code it is a function of the same type
    checkpoint(fn, { policy }) as unknown as F;

const POLICIES: readonly CheckpointPolicy[] = [
  "nothingSaveable",
  "everythingSaveable",
  "dotsSaveable",
  "dotsWithNoBatchDimsSaveable",
  { saveOnlyTheseNames: ["h"] },
  { saveAnyNamesButThese: ["h"] },
  { saveAnythingExceptTheseNames: ["h"] },
  { saveFromBothPolicies: ["dotsSaveable", { saveOnlyTheseNames: ["h"] }] },
];

/** Functions of a vector of 4 to one number, some of whose parts are under `c`. */
const PROGRAMS: Readonly<Record<string, (c: Wrap) => (x: Tensor) => number>> = {
  "a straight line": (c) => {
    const f = c((x: Tensor) => Math.sin(Math.exp(x) * x) as Tensor);
    return (x) => np.sum(f(f(x)) * x);
  },
  "products, and a named value": (c) => {
    const w = tensor(matrix(4, 4, 1), { dtype: "f64" });
    const layer = c((h: Tensor): Tensor => {
      const z = checkpointName(Math.tanh(np.dot(w, h)) as Tensor, "h");
      return Math.sin(np.dot(z, w) * z) as Tensor;
    });
    return (x) => np.sum(layer(layer(layer(x))) ** 2);
  },
  "a checkpoint in a loop": (c) => {
    const step = c(
      (h: Tensor, x: Tensor, t: number): Tensor => (Math.tanh(h * x + t / 7) * Math.cos(h)) as Tensor,
    );
    return (x) => {
      let h = np.zeros([4], "f64");
      for (let t = 0; t < 12; t++) h = step(h, x, t);
      return np.sum(h * x);
    };
  },
  "a loop in a checkpoint": (c) => {
    const run = c((x: Tensor) => {
      let s = 0.1;
      for (let k = 0; k < 11; k++) s = Math.sin(s + (x[k % 4] as number) * s);
      return s;
    });
    return (x) => run(x) * run((x * 2) as Tensor);
  },
  "loops that end when they like, and branches": (c) => {
    const run = c((x: Tensor) => {
      let y = np.sum(x * x) + 2;
      let n = 0;
      while (y > 0.5) {
        y = y * 0.7 + 0.01 * Math.sin(y);
        n++;
      }
      return n > 3 ? Math.sin(y) * (x[0] as number) : y;
    });
    return (x) => {
      let s = 0;
      for (let k = 0; k < 3; k++) s += run((x * (1 + 0.1 * k)) as Tensor) * s + 1;
      return s;
    };
  },
  "checkpoints in checkpoints": (c) => {
    const inner = c((x: Tensor) => (Math.exp(Math.sin(x)) * x) as Tensor);
    const outer = c((x: Tensor) => (inner(inner(x)) + Math.cos(inner(x))) as Tensor);
    return (x) => np.sum(outer(outer(x)));
  },
  "trees, whole numbers and captures": (c) => {
    const scale = tensor([2, 3, 4, 5], { dtype: "f64" });
    const f = c((p: { a: Tensor; n: number }, flag: boolean) => ({
      y: [Math.sin(p.a * scale) as Tensor, (p.a * p.n) as Tensor] as const,
      big: p.a > 0,
      n: p.n + 1,
      flag,
    }));
    return (x) => {
      const { y, big, n } = f({ a: x, n: 3 }, true);
      return np.sum(np.where(big, Math.exp(y[0]), y[1]) * n);
    };
  },
  "arrays written in place": (c) => {
    const sweep = c((x: Tensor) => {
      const y = new Float64Array(4);
      for (let k = 0; k < 4; k++)
        y[k] = Math.sin((x[k] as number) * (k > 0 ? (y[k - 1] as number) : 1) + 0.3);
      return y;
    });
    return (x) => {
      const y = sweep(x);
      let s = 0;
      for (let k = 0; k < 4; k++) s += (y[k] as number) * (y[3 - k] as number);
      return s;
    };
  },
  "a rule of its own inside": (c) => {
    const clipped = customVjp(
      (x: Tensor) => Math.exp(x) as Tensor,
      (x: Tensor) => [Math.exp(x) as Tensor, x],
      (x, ct) => [(Math.cos(x) * ct) as Tensor],
    );
    const f = c((x: Tensor) => (clipped((x * x) as Tensor) * x) as Tensor);
    return (x) => np.sum(f(f(x)));
  },
};
const FORWARD = new Set(["a rule of its own inside"]);

/** The bits of all leaves. */
const same = (got: unknown, wanted: unknown, what: string): void => {
  assert.deepStrictEqual(plain(got), plain(wanted), what);
};

/** Equal but for 400 roundings of the greatest entry: a value computed twice has two cotangents, which are pulled back one by one. */
const close = (got: unknown, wanted: unknown, what: string): void => {
  const [a, b] = [plain(got), plain(wanted)].map((tree) => [tree].flat(9).map(Number));
  const scale = Math.max(...(b ?? []).map(Math.abs));
  assert.equal(a?.length, b?.length, what);
  a?.forEach((v, k) => {
    const w = b?.[k] ?? Number.NaN;
    assert.ok(Math.abs(v - w) <= 400 * 2 ** -53 * scale, `${what}: ${v} instead of ${w}`);
  });
};

describe("checkpoint", () => {
  const x = numbers(4, 3);
  for (const [name, make] of Object.entries(PROGRAMS))
    it(`changes ${name.startsWith("products") ? "roundings at most" : "no bit"} of ${name}`, () => {
      // a product's multiplications and additions are contracted where the engine can, kernel by kernel
      const alike = name.startsWith("products") ? close : same;
      const f = make(none);
      const policies = name.includes("named") ? POLICIES : POLICIES.slice(0, 1);
      for (const policy of policies) {
        const g = make(under(policy));
        const of = `${name} with ${JSON.stringify(policy)}`;
        alike(jit(g)(x), jit(f)(x), of);
        alike(valueAndGrad(g)(x), valueAndGrad(f)(x), `gradient of ${of}`);
        if (policy !== "nothingSaveable") continue;
        close(
          grad((v: Tensor) => np.sum(grad(g)(v) ** 2))(x),
          grad((v: Tensor) => np.sum(grad(f)(v) ** 2))(x),
          `second order of ${of}`,
        );
        const batch = matrix(3, 4, 9);
        close(vmap(grad(g))(batch), vmap(grad(f))(batch), `batch of ${of}`);
        close(
          grad((b: Tensor) => np.sum(vmap(g)(b)))(batch),
          grad((b: Tensor) => np.sum(vmap(f)(b)))(batch),
          `gradient of a batch of ${of}`,
        );
        const ct = 1.5;
        same(vjp(g, x)[1](ct), vjp(f, x)[1](ct), `vjp of ${of}`);
        same(jacrev(g)(x), jacrev(f)(x), `jacrev of ${of}`);
        if (FORWARD.has(name)) continue;
        same(jvp(g, [x], [numbers(4, 5)]), jvp(f, [x], [numbers(4, 5)]), `jvp of ${of}`);
        same(linearize(g, x)[1](numbers(4, 5)), linearize(f, x)[1](numbers(4, 5)), `linearize of ${of}`);
        close(hessian(g)(x), hessian(f)(x), `hessian of ${of}`);
        close(jacfwd(grad(g))(x), jacfwd(grad(f))(x), `jacfwd of grad of ${of}`);
      }
    });

  /** Bytes of the gradient's program, at its greatest. */
  const bytes = (f: (...args: never[]) => number, ...args: unknown[]): number =>
    grad(f as (w: Tensor, x: Tensor) => number).stats(...(args as [Tensor, Tensor])).peakBytes;

  it("keeps the ends of the layers of a chain, and not what is between them", () => {
    const layer = (h: Tensor, w: Tensor): Tensor =>
      Math.tanh(np.dot(Math.sin(np.dot(Math.tanh(np.dot(h, w)), w)), w)) as Tensor;
    const chain = (f: typeof layer) => (w: Tensor, x: Tensor) => {
      let h = x;
      for (const _ of [1, 2, 3, 4, 5, 6, 7, 8]) h = f(h, w);
      return np.sum(h);
    };
    const [w, x] = [tensor(matrix(32, 32, 1)), tensor(matrix(32, 32, 2))];
    const array = 4 * 32 * 32;
    const all = bytes(chain(layer), w, x);
    // per layer: two results of tanh, one of sin, and the cosine's argument
    assert.ok(all > 8 * 3 * array, `${all}`);
    const kept = bytes(chain(checkpoint(layer)), w, x);
    // the ends of 8 layers, one layer's inside, two arguments and the gradient
    assert.ok(kept <= (8 + 6 + 3) * array, `${kept}`);
    same(grad(chain(checkpoint(layer)))(w, x), grad(chain(layer))(w, x), "gradient");
    const saved = under("everythingSaveable")(layer);
    assert.equal(bytes(chain(saved), w, x), all);
  });

  it("keeps one state per step of a recurrence", () => {
    const [n, steps] = [16, 100];
    const step = (h: Tensor, w: Tensor, x: Tensor): Tensor => {
      const gate = 1 / (1 + Math.exp(-np.dot(w, h)));
      const next = Math.tanh(np.dot(w, gate * h) + x);
      return (gate * h + (1 - gate) * next) as Tensor;
    };
    const rnn = (f: typeof step) => (w: Tensor, xs: Tensor) => {
      let h = np.zeros([n], "f64");
      for (let t = 0; t < steps; t++) h = f(h, w, xs[t] as Tensor);
      return np.sum(h * h);
    };
    const [w, xs] = [matrix(n, n, 1), matrix(steps, n, 2)];
    const all = bytes(rnn(step), w, xs);
    const kept = bytes(rnn(checkpoint(step)), w, xs);
    const states = 8 * n * steps;
    const rest = 8 * (2 * n * n + n * steps) + 8 * 30 * n; // arguments, the gradient, and some vectors
    assert.ok(kept <= states + rest, `${kept}`);
    assert.ok(all >= 3 * states + rest, `${all}`);
  });

  it("keeps what has a name, and products, where the policy says so", () => {
    const f = (policy: CheckpointPolicy) =>
      grad((x: Tensor, w: Tensor) =>
        np.sum(
          checkpoint(
            (v: Tensor) => Math.sin(checkpointName(Math.exp(np.dot(v, w)) as Tensor, "e")) as Tensor,
            { policy },
          )(x),
        ),
      );
    const [x, w] = [matrix(16, 16, 1), matrix(16, 16, 2)];
    /** Second runs of the product and of exp. */
    const again = (policy: CheckpointPolicy): readonly boolean[] => {
      const { ir } = f(policy).lower(x, w);
      const second = ir.slice(ir.indexOf("run=again"));
      return [/ = exp /.test(second), / = dot [^\n]*lhsContract=\[1\], rhsContract=\[0\]/.test(second)];
    };
    assert.deepEqual(again("nothingSaveable"), [true, true]);
    assert.deepEqual(again("dotsSaveable"), [true, false]);
    assert.deepEqual(again({ saveOnlyTheseNames: ["e"] }), [false, false]);
    assert.deepEqual(again({ saveAnyNamesButThese: ["e"] }), [true, true]);
    assert.deepEqual(again({ saveAnyNamesButThese: ["other"] }), [false, false]);
    assert.deepEqual(again({ saveAnythingExceptTheseNames: ["e"] }), [true, false]);
    assert.deepEqual(again({ saveFromBothPolicies: ["dotsSaveable", { saveOnlyTheseNames: ["e"] }] }), [
      false,
      false,
    ]);
  });

  it("goes around whatever compiles: methods, functions as arguments, throws, indices, other transforms", () => {
    class Cell {
      readonly w: number;
      constructor(w: number) {
        this.w = w;
      }
      run(x: number) {
        return Math.sin(this.w * x);
      }
    }
    assert.equal(grad((w: number) => checkpoint((c: Cell, x: number) => c.run(x))(new Cell(w), 2))(0), 2);
    assert.equal(
      grad((x: number) => checkpoint((f: (v: number) => number, v: number) => f(v) * v)((v) => v * v, x))(2),
      12,
    );
    assert.equal(grad(checkpoint((x: number, k = 3) => x * x * k))(2), 12);
    const root = checkpoint((v: number) => {
      if (v < 0) throw new RangeError("negative");
      return Math.sqrt(v);
    });
    assert.equal(grad(root)(4), 0.25);
    assert.throws(() => grad(root)(-1), /negative/);
    const at = (v: Tensor, k: number) =>
      grad((x: Tensor) => checkpoint((u: Tensor) => (u[k] as number) ** 2)(x))(v);
    same(jit(at)([1, 2, 3], 1), [0, 4, 0], "an index that is an argument");
    assert.throws(() => jit(at)([1, 2, 3], 3), /index 3 is out of range/);
    // the axis is known only by the call
    const sums = (v: Tensor, axis: number) => np.sum(np.sum(v * v, axis));
    same(grad((v: Tensor) => checkpoint(sums)(v, 0))([[1], [2]]), [[2], [4]], "an axis");
    assert.equal(grad(checkpoint(grad((v: number) => v ** 4)))(2), 48);
    assert.equal(grad(checkpoint(jit((v: number) => v ** 4)))(2), 32);
    const each = checkpoint(vmap((v: number) => v ** 3));
    same(grad((v: Tensor) => np.sum(each(v)))([1, 2]), [3, 12], "vmap inside");
    const deep = (v: number, n: number): number =>
      n === 0 ? v : checkpoint((u: number) => deep(u, n - 1) ** 2)(v);
    assert.equal(grad((v: number) => deep(v, 3))(2), 8 * 2 ** 7);
    assert.equal(grad((v: number) => v * checkpoint(() => 3)())(2), 3);
  });

  it("makes the same random numbers again", () => {
    const key = random.key(0);
    const noisy = (v: Tensor) => np.where(random.uniform(key, [64]) > 0.5, v * v, 0);
    const x = numbers(64, 1);
    const f = (g: (v: Tensor) => Tensor) => grad((v: Tensor) => np.sum(g(v) * v));
    same(f(checkpoint(noisy))(x), f(noisy)(x), "dropout");
  });

  it("is the function itself where nothing differentiates it", () => {
    const f = checkpoint((x: number) => Math.sin(x) * x);
    assert.equal(f(2), Math.sin(2) * 2);
    assert.doesNotMatch(jit((x: number) => f(x) + 1).lower(1).ir, / = checkpoint /);
    assert.equal(checkpointName(3, "x"), 3);
    checkGrads(f, [0.3], { order: 2 });
  });

  it("prints, parses and verifies", () => {
    const text = `fn f(%0:f64[2], %1:f64[]) {
  %2:f64[2] = checkpoint %0 %1 {run=first, save=["dots","name two words"]} body(%0:f64[2], %1:f64[]) {
    %2:f64[2] = broadcast %1 {shape=[2], dims=[]}
    %3:f64[2] = mul %0 %2
    %4:f64[2] = name %3 {name="two words"}
    return %4
  }
  return %2
}
`;
    const fn = verify(parseFunction(text));
    assert.equal(printFunction(fn).trim(), text.trim());
    assert.throws(() => parseFunction(text.replace("run=first", "run=often")), /run must be first or again/);
    assert.throws(() => parseFunction(text.replace('"dots"', "3")), /save must be a list of strings/);
    assert.throws(
      () => parseFunction(text.replace("checkpoint %0 %1", "checkpoint %0 %0")),
      /checkpoint: parameters of body/,
    );
  });
});
