/**
 * Indices at the edge and past it, against the same functions run on arrays that watch every access: what they compute in
 * range agrees bit for bit, and where they leave an array the compiled function throws a RangeError.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { jit, TscJitError } from "../../runtime/index.js";
import { toPlain } from "../corpus/compare.js";

const numRuns = Number(process.env.TSCJIT_RUNS ?? 60);

type Numbers = Float64Array | Int32Array;

/** The array, and its copies, with an error for every index that is none. */
const watched = <T extends Numbers>(array: T): T => {
  const inRange = (key: string): boolean => {
    const i = Number(key);
    return Number.isInteger(i) && i >= 0 && i < array.length;
  };
  const isNumber = (key: string | symbol): key is string =>
    typeof key === "string" && (key === "NaN" || !Number.isNaN(Number(key)));
  return new Proxy(array, {
    get: (target, key) => {
      if (isNumber(key) && !inRange(key)) throw new RangeError(`read at ${key}`);
      if (key === "slice") return () => watched(target.slice());
      const value: unknown = Reflect.get(target, key, target);
      return value;
    },
    set: (target, key, value) => {
      if (isNumber(key) && !inRange(key)) throw new RangeError(`write at ${key}`);
      return Reflect.set(target, key, value, target);
    },
  });
};

type Outcome = readonly (number | string)[] | "out of range";

const outcome = (f: () => unknown): Outcome => {
  try {
    const value = toPlain(f());
    const all = typeof value === "object" && value !== null ? Object.values(value) : [value];
    return all.map((x) => (Object.is(x, -0) ? "-0" : Number(x)));
  } catch (e) {
    if (e instanceof RangeError && (e instanceof TscJitError || /^(read|write) at/.test(e.message)))
      return "out of range";
    throw e;
  }
};

type Plain = (...args: never[]) => unknown;
/** Compiled once for all inputs of one shape: numbers and arrays of fixed lengths. */
const agrees = (f: Plain, draw: fc.Arbitrary<readonly (number | Numbers)[]>): void => {
  const plain = f as (...args: readonly unknown[]) => unknown;
  const compiled = jit(plain);
  let failed = 0;
  let worked = 0;
  fc.assert(
    fc.property(draw, (args) => {
      const wanted = outcome(() => plain(...args.map((a) => (typeof a === "number" ? a : watched(a)))));
      const got = outcome(() => compiled(...args));
      if (wanted === "out of range") failed++;
      else worked++;
      assert.deepEqual(got, wanted, `${f}\nof ${args.map(String).join("; ")}`);
    }),
    { numRuns },
  );
  assert.ok(worked > 0 && failed > 0, `${worked} in range, ${failed} out of range: the draw tests half only`);
};

const values = fc
  .array(fc.integer({ min: -8, max: 8 }), { minLength: 24, maxLength: 24 })
  .map((xs) => Float64Array.from(xs));
const nearly = (...edges: readonly number[]): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 5 }) },
    { weight: 2, arbitrary: fc.constantFrom(...edges) },
    { weight: 1, arbitrary: fc.constantFrom(-1, -0, 0.5, Number.NaN, 2 ** 31, 2 ** 32, -(2 ** 31), 1e300) },
  );
const rows = fc
  .array(
    fc.oneof(
      { weight: 30, arbitrary: fc.integer({ min: 0, max: 5 }) },
      { weight: 1, arbitrary: fc.constantFrom(6, -1, 2 ** 30, -(2 ** 30), 2 ** 31 - 1, -(2 ** 31)) },
    ),
    { minLength: 6, maxLength: 6 },
  )
  .map((xs) => Int32Array.from(xs));

const byRows = (x: Float64Array, row: Int32Array): number => {
  let sum = 0;
  for (let i = 0; i < 6; i++) for (let j = 0; j < 4; j++) sum += (x[(row[i] ?? 0) * 4 + j] ?? 0) * (i + 1);
  return sum;
};
const byWrappedRows = (x: Float64Array, row: Int32Array): number => {
  let sum = 0;
  for (let i = 0; i < 6; i++)
    for (let j = 0; j < 4; j++) sum += (x[(Math.imul(row[i] ?? 0, 4) + j) | 0] ?? 0) * (i + 1);
  return sum;
};
const eliminate = (x: Float64Array, row: Int32Array): Float64Array => {
  const a = x.slice();
  for (let k = 0; k < 4; k++)
    for (let i = k + 1; i < 6; i++) {
      const [to, from] = [(row[i] ?? 0) * 4, (row[k] ?? 0) * 4];
      for (let j = k; j < 4; j++) a[to + j] = (a[to + j] ?? 0) - 0.5 * (a[from + j] ?? 0);
    }
  return a;
};
const fromTo = (x: Float64Array, from: number, to: number): number => {
  let sum = 0;
  for (let i = Math.floor(from); i < to; i++) sum = sum * 0.5 + (x[i + 18] ?? 0);
  return sum;
};
const byThrees = (x: Float64Array, from: number, to: number): Float64Array => {
  const a = x.slice();
  for (let i = 0; i <= to; i++) for (let j = i; j < 8; j += 3) a[i * 4 + j - from] = j;
  return a;
};
const backwards = (x: Float64Array, from: number, to: number): number => {
  let sum = 0;
  for (let i = 0; i < 6; i++) for (let j = i; j >= to; j--) sum = sum * 0.5 + (x[i * 4 + j - from] ?? 0);
  return sum;
};
const single = (x: Float64Array, i: number, j: number): Float64Array => {
  const a = x.slice();
  a[i] = a[j] ?? 0;
  a[i + j] = 7;
  return a;
};
const insertion = (x: Float64Array, least: number, most: number): Float64Array => {
  const a = x.slice();
  for (let i = 1; i < 20 + most; i++) {
    const v = a[i] ?? 0;
    let j = i - 1;
    while (j >= least && (a[j] ?? 0) > v) {
      a[j + 1] = a[j] ?? 0;
      j--;
    }
    a[j + 1] = v;
  }
  return a;
};
const walk = (x: Float64Array, from: number, step: number): number => {
  let [i, n] = [from, 0];
  while ((x[i] ?? 0) > -7 && n < 40) {
    i += step;
    n++;
  }
  return i * 100 + n;
};
const turning = (x: Float64Array, times: number, at: number): Float64Array => {
  let [a, b, c] = [x.slice(), x.slice(), x.slice()];
  for (let i = 0; i < times && i < 7; i++) {
    for (let j = 1; j < 23; j++) a[j + at] = (b[j - 1] ?? 0) + (c[j + 1] ?? 0) - i;
    [a, b, c] = [b, c, a];
  }
  return a;
};
const marks = (x: Float64Array, from: number, to: number): Float64Array => {
  const a = x.slice();
  for (let i = 0; i < 24; i++) if ((x[i] ?? 0) > from && (x[i] ?? 0) < to + 2) a[i + from] = i;
  return a;
};
const counting = (x: Float64Array, start: number, at: number): Int32Array => {
  const table = new Int32Array(24);
  table[0] = 2147483640 + start;
  for (let i = 0; i < 5; i++)
    for (let j = 1; j < 24; j++)
      table[j] = Math.max((table[j - 1] ?? 0) + 1, (table[j] ?? 0) + (x[j + at] ?? 0));
  return table;
};

const draws = fc.tuple(values, nearly(3, 5, 6), nearly(3, 5, 6));

describe("indices against arrays that watch every access", () => {
  it("of rows named by an array", () => agrees(byRows, fc.tuple(values, rows)));
  it("of rows whose place wraps around", () => agrees(byWrappedRows, fc.tuple(values, rows)));
  it("of rows that are changed", () => agrees(eliminate, fc.tuple(values, rows)));
  for (const f of [fromTo, byThrees, backwards, single, insertion, walk, turning, marks, counting])
    it(`of ${f.name}`, () => agrees(f, draws));
});
