/** Indices out of range: a RangeError with the user's line, which is a TscJitError too; other errors stay what they were. */
import assert from "node:assert/strict";
import { jit, TscJitError, tensor } from "../../runtime/index.js";

const FILE = /range-error\.test\.ts:\d+:\d+/;

const caught = (f: () => unknown): unknown => {
  try {
    f();
  } catch (e) {
    return e;
  }
  return assert.fail("nothing was thrown");
};

const assertOutOfRange = (f: () => unknown, message: RegExp): void => {
  const e = caught(f);
  assert.ok(e instanceof RangeError);
  assert.ok(e instanceof TscJitError);
  assert.ok(e instanceof Error);
  assert.equal(e.name, "RangeError");
  assert.match(e.message, message);
  assert.match(e.message, FILE);
  const [first] = e.diagnostics;
  assert.equal(first?.kind, "range");
  assert.equal(e.code, first?.code);
};

const read = jit((x: Float64Array, i: number) => (x[i] ?? 0) * 2);
const write = jit((n: number) => {
  const x = new Float64Array(8);
  for (let k = 0; k < n; k++) x[k * 2] = k;
  return x;
});
const known = jit((x: Float64Array) => x[8]);
const late = jit((x: Float64Array, n: number) => {
  let sum = 0;
  for (let k = 0; k < n; k++) {
    if (k === 3) sum += x[k + n] ?? 0;
  }
  return sum;
});

describe("an index out of range", () => {
  const x = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8]);

  it("is a RangeError and a TscJitError with the line, in compiled code", () => {
    for (const i of [8, -1, 2 ** 31, 2 ** 32, 1.5, Number.NaN, -(2 ** 31) - 1, 1e300])
      assertOutOfRange(() => read(x, i), /out of range|does not fit/);
    assert.equal(Number(read(x, 7)), 16);
    assert.equal(Number(read(x, -0)), 2);
  });

  it("in a loop that writes, and in one that fails in its fourth round", () => {
    assertOutOfRange(() => write(5), /index 8 is out of range for axis 0 of size 8/);
    assertOutOfRange(() => late(x, 6), /index 9 is out of range/);
    assert.equal(Number(late(x, 3)), 0);
    assert.equal(Number(late(x, 4)), 8);
  });

  it("where it is known when the function is compiled", () => {
    assertOutOfRange(() => known(x), /index 8/);
  });

  it("on a tensor outside of compiled code", () => {
    assertOutOfRange(() => tensor([1, 2, 3])[3], /index 3 is out of range/);
  });
});

describe("other errors", () => {
  it("are no RangeErrors", () => {
    const e = caught(() => tensor([[1], [2, 3]]));
    assert.ok(e instanceof TscJitError);
    assert.ok(!(e instanceof RangeError));
    assert.equal(e.name, "TscJitError");
  });

  it("what a function throws keeps its text", () => {
    const f = jit((n: number) => {
      if (n > 3) throw new Error("too many");
      return n;
    });
    const e = caught(() => f(4));
    assert.ok(e instanceof TscJitError);
    assert.ok(!(e instanceof RangeError));
    assert.match(e.message, /too many/);
  });

  it("of JavaScript are no TscJitErrors", () => {
    assert.ok(!(new RangeError("x") instanceof TscJitError));
    assert.ok(!(new Error("x") instanceof TscJitError));
    for (const v of [null, undefined, 1, {}]) assert.ok(!(Object(v) instanceof TscJitError));
  });
});
