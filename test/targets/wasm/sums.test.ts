/** Long sums: their error, and that it is only their length that decides what is added to what. */
import assert from "node:assert/strict";
import { type SumLevels, sumLevels } from "../../../compiler/kernel/sum-levels.js";
import type { KernelProgram, ValueId } from "../../../compiler/kernel/types.js";
import { wordsFrom } from "../../math/ulp.js";
import { at, type Data, dataOf, first, KernelBuilder, PROFILES, ramp, runProgram } from "./harness.js";

/** The sum of n numbers, or of products of two arrays. */
const sumOf = (dtype: "f32" | "f64", n: number, product = false, from = 0): KernelProgram => {
  const k = new KernelBuilder();
  const x = k.input(dtype, n);
  const y = product ? k.input(dtype, n) : x;
  const o = k.output(dtype, 1);
  const start = k.constant(dtype, from);
  let result: ValueId = -1;
  k.loop(n, true, (i) => {
    const left = k.load(x, at(0, [i, 1]));
    const term = product ? k.op("mul", dtype, left, k.load(y, at(0, [i, 1]))) : left;
    const r = k.reduce("sum", dtype, start, term);
    result = r.result;
    return [r.carry];
  });
  k.store(o, at(0), result);
  return k.program();
};

const noise = (seed: number): (() => number) => {
  const next = wordsFrom(seed);
  return () => next() / 2 ** 32;
};

/** The exact sum to a double's precision: with what each addition loses (A. Neumaier, 1974). */
const exactSum = (xs: ArrayLike<number>): number => {
  let sum = 0;
  let lost = 0;
  for (let k = 0; k < xs.length; k++) {
    const x = xs[k] ?? 0;
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return sum + lost;
};

const LONG = 10_000_019;
const SOME = 1_000_003;
const random = noise(1);
const kinds: Readonly<Record<string, readonly [n: number, draw: () => number]>> = {
  "random numbers": [LONG, random],
  "one number again and again": [LONG, () => 0.1],
  "numbers of many sizes": [SOME, () => 2 ** (40 * random() - 20)],
  "few large ones among small ones": [SOME, () => (random() < 1e-3 ? 1000 : 0.4 * 2 ** -14)],
};

describe("long sums of f32", () => {
  // 14 u = 8.4e-7 for positive terms (kernel/sum-levels.ts)
  const BOUND = 14 * 2 ** -24;
  for (const [name, [n, draw]] of Object.entries(kinds))
    it(`of ${name} have a relative error below 1e-6`, async () => {
      const xs = new Float32Array(n);
      for (let k = 0; k < n; k++) xs[k] = draw();
      const exact = exactSum(xs);
      for (const profile of PROFILES) {
        const [got = Number.NaN] = first(await runProgram(sumOf("f32", n), [xs], profile));
        assert.ok(Math.abs(got - exact) <= BOUND * exact, `${got}, exactly ${exact}`);
      }
    });

  it("of products have it as well", async () => {
    const [xs, ys] = [new Float32Array(SOME), new Float32Array(SOME).fill(0.1)];
    const products = new Float64Array(SOME);
    for (let k = 0; k < SOME; k++) {
      xs[k] = random();
      products[k] = (xs[k] ?? 0) * (ys[k] ?? 0);
    }
    const exact = exactSum(products);
    for (const profile of PROFILES) {
      const [got = Number.NaN] = first(await runProgram(sumOf("f32", SOME, true), [xs, ys], profile));
      assert.ok(Math.abs(got - exact) <= (BOUND + 2 ** -24) * exact, `${got}, exactly ${exact}`);
    }
  });
});

/** The sum as kernel/sum-levels.ts describes it, the spans computed in the order that is given: as threads would. */
const model = (
  xs: Data,
  round: (x: number) => number,
  lanes: number,
  vectors: number,
  { block, span }: SumLevels,
  order: (spans: readonly number[]) => readonly number[],
): number => {
  type Vector = readonly number[];
  type Total = readonly [high: Vector, low: Vector];
  const zip = (a: Vector, b: Vector, f: (x: number, y: number) => number): Vector =>
    a.map((x, k) => f(x, b[k] ?? 0));
  const add = (a: Vector, b: Vector): Vector => zip(a, b, (x, y) => round(x + y));
  const sub = (a: Vector, b: Vector): Vector => zip(a, b, (x, y) => round(x - y));
  const nothing: Vector = ramp(lanes, () => -0);
  const pairwise = (vs: readonly Vector[]): Vector => {
    if (vs.length === 1) return vs[0] ?? nothing;
    const half = vs.length >> 1;
    return add(pairwise(vs.slice(0, half)), pairwise(vs.slice(half)));
  };
  const addExactly = ([high, low]: Total, term: Vector): Total => {
    const sum = add(high, term);
    const part = sub(sum, high);
    return [sum, add(low, add(sub(high, sub(sum, part)), sub(term, part)))];
  };
  const wide = lanes * vectors;
  const iterations = Math.floor(xs.length / wide);
  const vectorAt = (from: number): Vector => ramp(lanes, (l) => xs[from + l] ?? 0);
  const spanTotal = (from: number): Total => {
    const end = Math.min(from + (span ?? iterations), iterations);
    let total: Total = [nothing, nothing];
    for (let i = from; i < end; i += block) {
      let sums: readonly Vector[] = Array.from({ length: vectors }, () => nothing);
      for (let j = i; j < Math.min(i + block, end); j++)
        sums = sums.map((s, v) => add(s, vectorAt(j * wide + v * lanes)));
      total = addExactly(total, pairwise(sums));
    }
    return total;
  };
  const starts = ramp(Math.ceil(iterations / (span ?? iterations)), (k) => k * (span ?? iterations));
  const totals = new Map(order(starts).map((from) => [from, spanTotal(from)] as const));
  let [high, low]: Total = [nothing, nothing];
  for (const from of starts) {
    const [h, l] = totals.get(from) ?? assert.fail();
    if (span === null) [high, low] = [h, l];
    else {
      [high, low] = addExactly([high, low], h);
      low = add(low, l);
    }
  }
  const sum = zip(high, low, (h, l) => (Math.abs(l) > 0 ? round(h + l) : h));
  const tail: Vector[] = Array.from({ length: vectors }, (_, v) => (v === vectors - 1 ? sum : nothing));
  for (let i = iterations * wide; i < xs.length; i += lanes)
    tail[0] = add(
      tail[0] ?? nothing,
      ramp(lanes, (l) => (i + l < xs.length ? (xs[i + l] ?? 0) : -0)),
    );
  const [a = 0, b = 0, c = 0, d = 0] = pairwise(tail);
  return round(0 + (lanes === 2 ? round(a + b) : round(round(a + b) + round(c + d))));
};

describe("sums do not depend on who computes their spans", () => {
  const orders: Readonly<Record<string, (spans: readonly number[]) => readonly number[]>> = {
    "in order": (spans) => spans,
    "from the last": (spans) => spans.toReversed(),
    "every second one first": (spans) => [
      ...spans.filter((_, k) => k % 2 === 1),
      ...spans.filter((_, k) => k % 2 === 0),
    ],
  };
  const CASES = [
    ["f32", 4, Math.fround],
    ["f64", 2, (x: number) => x],
  ] as const;
  for (const [dtype, lanes, round] of CASES)
    for (const n of [lanes * 4 * 40 + 7, lanes * 4 * 4096 * 3 + lanes * 4 * 13 + 6])
      it(`${dtype}[${n}]`, async () => {
        const next = noise(n);
        const xs = dataOf(
          dtype,
          ramp(n, () => next() - 0.2),
        );
        const [got] = first(await runProgram(sumOf(dtype, n), [xs]));
        const levels = sumLevels(Math.floor(n / (lanes * 4))) ?? assert.fail("the sum has no blocks");
        assert.equal(levels.span === null, n < 10_000);
        for (const [name, order] of Object.entries(orders))
          assert.equal(got, model(xs, round, lanes, 4, levels, order), name);
      });
});

describe("long sums of what is no ordinary number", () => {
  const n = 100_003;
  const program = sumOf("f32", n);
  const sum = async (change: (xs: Data) => void, from = 0): Promise<number> => {
    const xs = dataOf("f32", { length: n });
    change(xs);
    const [got = 0] = first(
      await runProgram(Object.is(from, 0) ? program : sumOf("f32", n, false, from), [xs]),
    );
    return got;
  };
  it("are infinite where one is", async () => {
    for (const place of [0, 777, n - 1])
      assert.equal(await sum((xs) => void xs.fill(1).set([Infinity], place)), Infinity);
    assert.equal(await sum((xs) => void xs.fill(1e38)), Infinity);
  });
  it("are NaN where one is, or where infinities differ in sign", async () => {
    assert.ok(Number.isNaN(await sum((xs) => void xs.set([Number.NaN], 4242))));
    assert.ok(
      Number.isNaN(
        await sum((xs) => {
          xs.set([Infinity], 4242);
          xs.set([-Infinity], 99_999);
        }),
      ),
    );
  });
  it("keep the start, and its zero's sign", async () => {
    assert.equal(await sum((xs) => void xs.fill(0), 3), 3);
    assert.ok(Object.is(await sum((xs) => void xs.fill(-0)), 0));
    assert.ok(Object.is(await sum((xs) => void xs.fill(-0), -0), -0));
  });
});
