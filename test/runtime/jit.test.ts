import assert from "node:assert/strict";
import { jit } from "../../runtime/jit.js";
import { library } from "../../runtime/library-function.js";
import { jvp, vjp } from "../../runtime/linear-maps.js";
import { isTensor } from "../../runtime/tensor.js";
import { tensor } from "../../runtime/tensor-data.js";
import { grad, stopGradient, valueAndGrad, vmap } from "../../runtime/transforms.js";
import type { Tensor } from "../../runtime/types.js";

const code = (expected: string) => ({ name: "TscJitError", code: expected });

describe("jit", () => {
  it("gives plain numbers for plain numbers, tensors as soon as an array goes in", () => {
    const f = jit((a: number, b: number) => a * b + 1);
    for (let k = 0; k < 3; k++) assert.equal(f(2, 3 + k), 7 + 2 * k);
    assert.deepEqual(f(tensor([1, 2]), 3), tensor([4, 7]));
    assert.deepEqual(f([1, 2], [3, 4]), tensor([4, 9], { dtype: "f64" }));
    assert.deepEqual(f(Float32Array.of(1, 2), 0.5), tensor([1.5, 2]));
    const scalar = f(tensor(2), 3);
    assert.ok(isTensor(scalar));
    assert.equal(scalar.item(), 7);
    assert.equal(f(2, Number.NaN), Number.NaN);
    assert.ok(Object.is(jit((x: number) => -x)(0), -0));
    assert.equal(f(0.1, 0.2), 0.1 * 0.2 + 1, "f64, as the JavaScript it is written in");
  });

  it("gives booleans for comparisons of numbers, bool tensors for those of tensors", () => {
    const f = jit((a: number, b: number) => a > b);
    for (let k = 0; k < 3; k++) assert.equal(f(2, k), k < 2);
    assert.deepEqual(f(tensor([1, 3]), 2), tensor([false, true]));
  });

  it("takes and gives trees", () => {
    const f = jit((p: { w: Tensor; b: readonly [number, number] }, mode: string) => ({
      sum: p.w + p.b[0],
      list: [p.w * p.b[1], p.b],
      mode,
    }));
    const out = f({ w: tensor([1, 2]), b: [tensor(10), 3] }, "train");
    assert.deepEqual(out.sum, tensor([11, 12]));
    assert.deepEqual(out.list[0], tensor([3, 6]));
    assert.equal(out.mode, "train");
    const plain = jit((p: { x: number; y: number }) => ({ product: p.x * p.y, both: [p.x, p.y] }));
    assert.deepEqual(plain({ x: 2, y: 3 }), { product: 6, both: [2, 3] });
  });

  it("compiles once per signature, and says what it compiled", () => {
    const f = jit((x: number, n: number) => x * 2 ** new Array(n).fill(0).length);
    const x = tensor([1]);
    assert.deepEqual(
      [f(x, 1), f(x, 3), f(x, 1), f(tensor([5]), 3)],
      [tensor([2]), tensor([8]), tensor([2]), tensor([40])],
    );
    const { hits, misses, entries } = f.cacheInfo();
    assert.deepEqual([hits, misses], [2, 2]);
    assert.deepEqual(
      entries.map((e) => e.staticArguments),
      [3, 1].map((value) => [{ path: 'argument 2 ("n")', value }]),
    );
    assert.deepEqual(
      // the TypeScript loader may rename a parameter
      entries.map((e) => e.signature.replace(/x\d*:/, "x:")),
      ["(x: f32[1], n: number = 3)", "(x: f32[1], n: number = 1)"],
    );
    assert.equal(f.explainMisses().length, 2);
    assert.match(f.explainMisses()[1] ?? "", /a new static value: argument 2 \("n"\) = 3/);
  });

  it("says how the arguments differ from those before", () => {
    const f = jit((p: { w: number }, x: number) => p.w * x);
    f({ w: tensor([1, 2]) }, 3);
    f({ w: tensor([1, 2]) }, [4, 5]);
    assert.deepEqual(f.explainMisses(), [
      "the first call: (p: { w: f32[2] }, x: number)",
      "other arguments: x: number array [2], before number",
    ]);
  });

  it("sees captured values as they are at each call", () => {
    const config = { rate: 0.5, w: tensor([1, 2]), layers: [tensor([1])] };
    const f = jit((x: number) => x * config.rate + config.w);
    assert.deepEqual(f(tensor([2, 4])), tensor([2, 4]));
    config.rate = 10;
    config.w = tensor([0, 1]);
    assert.deepEqual(f(tensor([2, 4])), tensor([20, 41]));
    config.w = tensor([
      [1, 1],
      [2, 2],
    ]);
    assert.deepEqual(
      f(tensor([2, 4])),
      tensor([
        [21, 41],
        [22, 42],
      ]),
    );
    assert.match(f.explainMisses().at(-1) ?? "", /captured config\.w has changed/);
    const g = jit((x: number) => config.layers.reduce((sum, w) => sum + w * x, 0));
    assert.deepEqual(g(tensor([1])), tensor([1]));
    config.layers.push(tensor([5]));
    assert.deepEqual(g(tensor([1])), tensor([6]));
    const table = Float64Array.of(1, 2);
    const h = jit((x: number) => x + (table as unknown as number));
    assert.deepEqual(h(1), tensor([2, 3], { dtype: "f64" }));
    table[0] = 100;
    assert.deepEqual(h(1), tensor([101, 3], { dtype: "f64" }));
  });

  it("takes an object that changes its structure between calls", () => {
    const f = jit((p: Record<string, Tensor>) => Object.values(p).reduce((sum: number, x) => sum + x, 0));
    const p: Record<string, Tensor> = { a: tensor([1]) };
    assert.deepEqual(f(p), tensor([1]));
    p.b = tensor([10]);
    assert.deepEqual(f(p), tensor([11]));
    delete p.a;
    assert.deepEqual(f(p), tensor([10]));
    assert.equal(f.cacheInfo().misses, 3);
  });

  it("throws for shapes that do not fit, shows both and stays usable", () => {
    const f = jit((a: Tensor, b: Tensor) => a + b);
    const bad = () => f(tensor([1, 2, 3]), tensor([1, 2]));
    assert.throws(bad, { name: "TscJitError", message: /\[3\].*\[2\]/s });
    assert.throws(bad, /jit\.test\.ts:\d+/);
    assert.deepEqual(f(tensor([1]), tensor([2])), tensor([3]));
  });

  it("throws range errors at the user's line, for casts and indices out of range", () => {
    const f = jit((x: Tensor, i: Tensor) => x[i as number] as Tensor);
    const x = tensor([1, 2, 3]);
    const index = (k: number) => tensor(k, { dtype: "i32" });
    assert.equal(f(x, index(1)).item(), 2);
    assert.throws(
      () => f(x, index(7)),
      (e: Error) => /range/.test(e.message) && /jit\.test\.ts/.test(e.message),
    );
    assert.equal(f(x, index(2)).item(), 3);
  });

  it("refuses what it cannot use", () => {
    assert.throws(() => jit(3 as never), code("TSJ5060"));
    assert.throws(() => jit((x: number) => x, { device: "gpu" as "cpu" }), code("TSJ5063"));
    assert.throws(() => jit((x: number) => x, { stric: true } as object), code("TSJ5062"));
    assert.throws(() => jit((x: number) => x, { strict: true, fast: true }), code("TSJ5064"));
    assert.throws(() => jit(Math.sin)(1), code("TSJ1001"));
    assert.throws(() => jit((x: number) => x)(2n as unknown as number), code("TSJ5040"));
  });

  it("warns about an argument that compiles the function anew again and again", async () => {
    const f = jit((x: number, n: number) => x + new Array(n).fill(0).length);
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    for (let n = 1; n <= 9; n++) f(tensor([0]), n);
    assert.match((await warned).message, /argument 2 \("n"\) is needed at compile time/);
  });

  it("shows the stages of a program, and counts what it does", () => {
    const f = jit((x: Tensor) => x * 2 + 1);
    const { ir, passes, kernels, wat } = f.lower(tensor([1, 2, 3]));
    assert.match(ir, /mul .*jit\.test\.ts/);
    assert.ok(passes.some(({ name }) => name === "cse"));
    assert.match(kernels, /kernel/);
    assert.match(wat, /\(module/);
    const stats = f.stats(tensor([1, 2, 3]));
    assert.deepEqual([stats.kernels.length, stats.flops], [1, 6]);
    assert.equal(f.cacheInfo().misses, 0, "nothing was run");
  });

  it("uses variables that it is given instead of the inspector", () => {
    const source = "(x) => x * factor";
    const f: (x: number) => number = new Function(`return ${source}`)();
    let factor = 3;
    const g = jit(f, { scope: () => ({ factor }) });
    assert.equal(g(2), 6);
    factor = 4;
    assert.equal(g(2), 8);
  });

  it("can be passed to array methods, which hand over more than it takes", () => {
    const f = jit((x: number) => x * x);
    assert.deepEqual([1, 2, 3].map(f as (x: number) => number), [1, 4, 9]);
  });

  it("hands a rank 0 number back as one that takes the dtype of what it meets", () => {
    const f = jit((state: { n: number; x: Tensor }) => ({ n: 1, x: state.x * state.n }));
    const first = f({ n: 2, x: tensor([1]) });
    const second = f(first);
    assert.equal(second.x.dtype, "f32");
    assert.equal(second.n.item(), 1);
  });
});

describe("transforms outside of compiled code", () => {
  const square = (x: number) => x * x;

  it("give derivatives of functions of numbers and of arrays", () => {
    assert.equal(grad(square)(3), 6);
    assert.equal(grad(grad(square))(3), 2);
    assert.deepEqual(valueAndGrad(square)(3), [9, 6]);
    const product = (x: number, p: { y: number }) => x * p.y * p.y;
    assert.deepEqual(grad(product, { argnums: [0, 1] })(2, { y: 3 }), [9, { y: 12 }]);
    assert.deepEqual(grad((x: number) => [x * x, { x }] as const, { hasAux: true })(3), [6, { x: 3 }]);
    assert.equal(grad((x: number) => stopGradient(x) * x)(3), 3);
  });

  it("map over a leading axis", () => {
    assert.deepEqual(vmap(square)(tensor([1, 2, 3])), tensor([1, 4, 9]));
    assert.deepEqual(vmap(grad(square))([1, 2]), tensor([2, 4], { dtype: "f64" }));
    const add = vmap((x: number, y: number) => x + y, { inAxes: [0, null] });
    assert.deepEqual(add(tensor([1, 2]), 10), tensor([11, 12]));
  });

  it("push tangents forward and pull cotangents back", () => {
    const f = (x: number, y: number) => x * y;
    assert.deepEqual(jvp(f, [2, 3], [1, 10]), [6, 23]);
    const [value, pull] = vjp(f, 2, 3);
    assert.equal(value, 6);
    assert.deepEqual(pull(1), [3, 2]);
    assert.deepEqual(pull(2), [6, 4]);
  });

  it("refuse bad options at once", () => {
    assert.throws(() => grad(3 as never), code("TSJ5060"));
    assert.throws(() => grad(square, { argnums: 0.5 as number }), code("TSJ5070"));
    assert.throws(() => grad(square, { argnums: [] }), code("TSJ5070"));
    assert.throws(() => grad(square, { argnums: [0, 0] }), code("TSJ5071"));
    assert.throws(() => grad(square, { argnum: 0 } as object), code("TSJ5072"));
    assert.throws(() => grad(square, { hasAux: 1 as never }), code("TSJ5073"));
    assert.throws(() => vmap(square, { inAxes: 0.5 }), code("TSJ5074"));
    assert.throws(() => grad(square, { argnums: 1 as number })(3), { name: "TscJitError" });
  });

  it("keep library functions in the interpreter while they are small and rare", () => {
    const twice = library("test.twice", (x: number) => 2 * x);
    for (let k = 0; k < 100; k++) assert.deepEqual(twice(tensor([k]) as number), tensor([2 * k]));
    const large = twice(tensor(new Float32Array(10_000).fill(1.5)) as number);
    assert.deepEqual(large, tensor(new Float32Array(10_000).fill(3)));
  });
});
