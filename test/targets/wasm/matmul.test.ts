import assert from "node:assert/strict";
import { planMatmul } from "../../../compiler/kernel/schedule-matmul.js";
import type { MatmulKernel, MatrixView, Stmt } from "../../../compiler/kernel/types.js";
import { type Data, dataOf, KernelBuilder, PROFILES, runProgram } from "./harness.js";

type DType = MatmulKernel["dtype"];
interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly dtype?: DType;
  readonly batch?: readonly number[];
  /** Storage order of the operands' (row, column). */
  readonly lhsTransposed?: boolean;
  readonly rhsTransposed?: boolean;
  /** Elements between neighbours in the faster direction. */
  readonly stretch?: number;
  readonly epilogue?: "store" | "bias-relu" | "deep" | "to-f64";
}

const M_AXIS = 900;
const N_AXIS = 901;
const BATCH_AXES = [902, 903];

/** A reproducible sequence of small integers, so that f32 sums are exact and any order gives the same result. */
const integers = (n: number, seed: number): number[] => {
  let state = seed;
  return Array.from({ length: n }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return ((state >>> 16) % 7) - 3;
  });
};

const view = (
  buffer: number,
  rows: number,
  cols: number,
  batch: readonly number[],
  transposed: boolean,
  stretch: number,
): { view: MatrixView; size: number } => {
  const [rowStride, colStride] = transposed ? [stretch, rows * stretch] : [cols * stretch, stretch];
  const matrix = rows * cols * stretch + 3;
  const batchStrides = batch.map((_, b) => matrix * batch.slice(b + 1).reduce((x, y) => x * y, 1));
  const size = 5 + matrix * batch.reduce((x, y) => x * y, 1);
  return { view: { buffer, offset: 5, batchStrides, rowStride, colStride }, size };
};

const build = (c: Case) => {
  const { m, n, k } = c;
  const dtype = c.dtype ?? "f32";
  const batch = c.batch ?? [];
  const b = new KernelBuilder();
  const lhs = view(0, m, k, batch, c.lhsTransposed ?? false, c.stretch ?? 1);
  const rhs = view(1, k, n, batch, c.rhsTransposed ?? false, c.stretch ?? 1);
  const total = batch.reduce((x, y) => x * y, 1) * m * n;
  b.input(dtype, lhs.size);
  b.input(dtype, rhs.size);
  const bias = b.input(dtype, n);
  const out = b.output(c.epilogue === "to-f64" ? "f64" : dtype, total);
  const acc = 1000;
  const axes = BATCH_AXES.slice(0, batch.length);
  const batchTerms = axes.map((axis, i) => ({
    axis,
    stride: m * n * batch.slice(i + 1).reduce((x, y) => x * y, 1),
  }));
  const address = {
    offset: 0,
    terms: [...batchTerms, { axis: M_AXIS, stride: n }, { axis: N_AXIS, stride: 1 }],
    dynamic: null,
  };
  let value = acc;
  if (c.epilogue === "bias-relu" || c.epilogue === "deep") {
    const loaded = b.load(bias, { offset: 0, terms: [{ axis: N_AXIS, stride: 1 }], dynamic: null });
    value = b.op("max", dtype, b.op("add", dtype, value, loaded), b.constant(dtype, 0));
  }
  if (c.epilogue === "deep")
    for (let r = 0; r < 6; r++) {
      const row = b.op("convert", dtype, b.axis(M_AXIS));
      value = b.op("add", dtype, b.op("sub", dtype, value, row), b.op("convert", dtype, b.axis(N_AXIS)));
    }
  if (c.epilogue === "to-f64")
    value = b.op("div", "f64", b.op("convert", "f64", value), b.constant("f64", 3));
  b.store(out, address, value);
  const epilogue: readonly Stmt[] = b.body();
  const kernel: MatmulKernel = {
    kind: "matmul",
    name: "product",
    spans: [],
    dtype,
    batch,
    m,
    n,
    k,
    lhs: lhs.view,
    rhs: rhs.view,
    batchAxes: axes,
    mAxis: M_AXIS,
    nAxis: N_AXIS,
    acc,
    epilogue,
  };
  const inputs = (): Data[] => [
    dataOf(dtype, integers(lhs.size, 1)),
    dataOf(dtype, integers(rhs.size, 2)),
    dataOf(dtype, integers(n, 3)),
  ];
  return { program: b.program({ steps: [kernel] }), kernel, inputs };
};

const expected = (c: Case, kernel: MatmulKernel, inputs: readonly Data[]): number[] => {
  const { m, n, k } = c;
  const batch = c.batch ?? [];
  const [x = [], y = [], bias = []] = inputs;
  const out: number[] = [];
  const batches = batch.reduce((p, q) => p * q, 1);
  for (let flat = 0; flat < batches; flat++) {
    let rest = flat;
    const index = [...batch].reverse().map((extent) => {
      const i = rest % extent;
      rest = Math.floor(rest / extent);
      return i;
    });
    index.reverse();
    const start = (v: MatrixView): number =>
      v.offset + index.reduce((s, i, b) => s + i * (v.batchStrides[b] ?? 0), 0);
    const [x0, y0] = [start(kernel.lhs), start(kernel.rhs)];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let q = 0; q < k; q++) {
          const a = x[x0 + i * kernel.lhs.rowStride + q * kernel.lhs.colStride] ?? Number.NaN;
          const b = y[y0 + q * kernel.rhs.rowStride + j * kernel.rhs.colStride] ?? Number.NaN;
          sum = c.dtype === "i32" || c.dtype === "u32" ? (sum + Math.imul(a, b)) | 0 : sum + a * b;
        }
        if (c.epilogue === "bias-relu" || c.epilogue === "deep") sum = Math.max(sum + (bias[j] ?? 0), 0);
        if (c.epilogue === "deep") sum += 6 * (j - i);
        out.push(c.epilogue === "to-f64" ? sum / 3 : sum);
      }
  }
  return out;
};

const check = async (c: Case): Promise<void> => {
  const { program, kernel, inputs: makeInputs } = build(c);
  const inputs = makeInputs();
  const reference = expected(c, kernel, inputs);
  for (const profile of PROFILES) {
    const [out = []] = await runProgram(program, inputs, profile);
    const dtype = program.buffers.at(-1)?.dtype ?? "f32";
    assert.deepEqual([...out], [...dataOf(dtype, reference)], `${JSON.stringify(c)} under ${profile}`);
  }
};

describe("matrix product", () => {
  const sizes: readonly (readonly [number, number, number])[] = [
    [1, 1, 1],
    [1, 8, 3],
    [5, 1, 9],
    [3, 5, 7],
    [4, 8, 16],
    [7, 9, 2],
    [13, 10, 33],
    [17, 31, 65],
    [64, 64, 64],
    [2, 70, 130],
  ];
  for (const [m, n, k] of sizes)
    for (const [lhsTransposed, rhsTransposed] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const)
      it(`${m}x${n}x${k}${lhsTransposed ? ", A transposed" : ""}${rhsTransposed ? ", B transposed" : ""}`, async () => {
        await check({ m, n, k, lhsTransposed, rhsTransposed });
        await check({ m, n, k, lhsTransposed, rhsTransposed, dtype: "f64", epilogue: "bias-relu" });
      });

  it("reads operands with gaps between elements", async () => {
    await check({ m: 9, n: 11, k: 6, stretch: 3 });
    await check({ m: 9, n: 50, k: 6, stretch: 2, dtype: "f64" });
  });
  it("multiplies integers modulo 2^32", async () => {
    await check({ m: 6, n: 13, k: 5, dtype: "i32" });
    await check({ m: 6, n: 13, k: 5, dtype: "u32", rhsTransposed: true });
  });
  it("runs over batches", async () => {
    await check({ m: 5, n: 6, k: 7, batch: [3] });
    await check({ m: 5, n: 6, k: 7, batch: [2, 3], epilogue: "bias-relu" });
    await check({ m: 20, n: 40, k: 7, batch: [2, 2], dtype: "f64", lhsTransposed: true, epilogue: "deep" });
  });
  it("runs long epilogues row by row, with both axes' counters", async () => {
    for (const dtype of ["f32", "f64"] as const)
      for (const [m, n, k] of [
        [1, 3, 4],
        [3, 5, 7],
        [17, 31, 65],
      ] as const)
        await check({ m, n, k, dtype, epilogue: "deep" });
  });
  it("splits vectors for an epilogue in f64", async () => {
    await check({ m: 7, n: 11, k: 5, epilogue: "to-f64" });
  });
  it("splits a long contraction and keeps partial products", async () => {
    await check({ m: 7, n: 11, k: 1500, epilogue: "bias-relu" });
    await check({ m: 7, n: 11, k: 1500, dtype: "f64", epilogue: "deep", rhsTransposed: true });
    await check({ m: 9, n: 70, k: 1537, lhsTransposed: true });
  });
  it("blocks rows and columns", async () => {
    await check({ m: 491, n: 21, k: 3 });
    await check({ m: 5, n: 1100, k: 600 });
    await check({ m: 300, n: 45, k: 1030, epilogue: "bias-relu" });
  });
  it("sums nothing to zero", async () => {
    await check({ m: 3, n: 5, k: 0 });
  });
});

describe("planMatmul", () => {
  const plan = (c: Case, profile: "base" | "fma" = "base") => planMatmul(build(c).kernel, profile);

  it("takes the tiles that fit the engine's registers", () => {
    const { rows, vectors, lanes } = plan({ m: 512, n: 512, k: 512 });
    assert.deepEqual([rows, vectors, lanes], [4, 2, 4]);
    const fma = plan({ m: 512, n: 512, k: 512 }, "fma");
    assert.deepEqual([fma.rows, fma.vectors], [6, 2]);
    const wide = plan({ m: 512, n: 512, k: 512, dtype: "f64" });
    assert.deepEqual([wide.rows, wide.vectors, wide.lanes], [4, 2, 2]);
  });
  it("gives few rows wider tiles, spread evenly", () => {
    assert.deepEqual([plan({ m: 1, n: 512, k: 9 }).rows, plan({ m: 1, n: 512, k: 9 }).vectors], [1, 8]);
    assert.equal(plan({ m: 7, n: 512, k: 9 }, "fma").rows, 4);
    assert.equal(plan({ m: 1, n: 3, k: 9 }).vectors, 1);
  });
  it("reads B in place only where its rows are contiguous and few rows of A use it", () => {
    assert.equal(plan({ m: 4, n: 64, k: 64 }).packRhs, false);
    assert.equal(plan({ m: 4, n: 64, k: 64, rhsTransposed: true }).packRhs, true);
    assert.equal(plan({ m: 128, n: 64, k: 64 }).packRhs, true);
  });
  it("splits a contraction only where a tile's panels outgrow the cache, into near-equal blocks", () => {
    assert.equal(plan({ m: 8, n: 8, k: 1024 }).blockK, 1024);
    assert.equal(plan({ m: 8, n: 8, k: 1100 }).blockK, 368);
    assert.equal(plan({ m: 60, n: 60, k: 877 }, "fma").blockK, 877);
    assert.equal(plan({ m: 60, n: 60, k: 1024 }, "fma").blockK, 512);
  });
  it("blocks are whole tiles", () => {
    for (const profile of ["base", "fma"] as const) {
      const p = plan({ m: 1000, n: 3001, k: 2000 }, profile);
      assert.equal(p.blockM % p.rows, 0);
      assert.equal(p.blockN % (p.vectors * p.lanes), 0);
    }
  });
});
