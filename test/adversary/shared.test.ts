import assert from "node:assert/strict";
import { jit } from "../../runtime/index.js";

/** One array passed as two arguments: in JavaScript a write through one name is seen through the other. */
describe("one array under two names", () => {
  const write = jit((p: Float64Array, q: Float64Array) => {
    p[0] = 7;
    return { p, first: q[0] ?? 0 };
  });
  const one = new Float64Array([1, 2]);

  it("is not written to", () => {
    assert.equal(write(one, new Float64Array(2)).first.item(), 0);
    assert.throws(() => write(one, one), { code: "TSJ1020" });
    assert.throws(() => write(one, one.subarray(0)), { code: "TSJ1020" });
    assert.equal(write(one, new Float64Array([3, 4])).first.item(), 3);
    assert.deepEqual([...one], [1, 2]);
  });
  it("nor inside trees", () => {
    const inside = jit((o: { a: number[]; b: number[] }) => {
      o.a[0] = 7;
      return { a: o.a, first: o.b[0] ?? 0 };
    });
    const list = [1, 2];
    assert.throws(() => inside({ a: list, b: list }), { code: "TSJ1020" });
  });
  it("may be read as often as one likes", () => {
    const dot = jit(
      (p: Float64Array, q: Float64Array) => (p[0] ?? 0) * (q[0] ?? 0) + (p[1] ?? 0) * (q[1] ?? 0),
    );
    assert.equal(dot(one, one).item(), 5);
  });
  it("nor where the second name is a captured variable", () => {
    const own = new Float64Array([1, 2]);
    const plain = [1, 2];
    const held = { w: own };
    const f = jit((p: Float64Array) => {
      p[0] = 7;
      return { p, first: own[0] ?? 0, sum: (held.w[1] ?? 0) + (plain[0] ?? 0) };
    });
    assert.equal(f(new Float64Array([3, 4])).first.item(), 1);
    assert.throws(() => f(own), { code: "TSJ1020" });
    assert.throws(() => f(own.subarray(1)), { code: "TSJ1020" });
    const g = jit((p: number[]) => {
      p[0] = 7;
      return { p, first: plain[0] ?? 0 };
    });
    assert.equal(g([5, 6]).first.item(), 1);
    assert.throws(() => g(plain), { code: "TSJ1020" });
    const reads = jit((p: Float64Array) => (p[0] ?? 0) + (own[0] ?? 0));
    assert.equal(reads(own).item(), 2);
  });
});
