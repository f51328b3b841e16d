import assert from "node:assert/strict";
import { random, special, type Tensor, tensor } from "../../runtime/index.js";
import { reference } from "./reference.js";

const values = (t: Tensor): number[] => Array.from(t.data);
/** Equal to within `ulps` units in the last place of a f32 near 1. */
const close = (got: readonly number[], want: readonly number[], relative: number): void => {
  assert.equal(got.length, want.length);
  got.forEach((g, k) => {
    const w = want[k] ?? Number.NaN;
    assert.ok(Math.abs(g - w) <= relative * Math.abs(w), `element ${k}: ${g}, JAX has ${w}`);
  });
};

describe("random: JAX's streams", () => {
  for (const [seed, want] of Object.entries(reference.random)) {
    const key = random.key(Number(seed));
    it(`key, bits, split, foldIn, randint of seed ${seed} are equal to the bit`, () => {
      assert.deepEqual(values(key), want.key);
      assert.deepEqual(values(random.bits(key, [3, 5])), want.bits);
      assert.deepEqual(values(random.split(key, 4)), want.split);
      assert.deepEqual(values(random.foldIn(key, 7)), want.foldIn);
      assert.deepEqual(values(random.randint(key, [17], -3, 1000)), want.randint);
    });
    it(`uniform and bernoulli of seed ${seed} are equal to the bit`, () => {
      assert.deepEqual(values(random.uniform(key, [9])), want.uniform);
      assert.deepEqual(values(random.uniform(key, [9], -3, 5)), want.uniformRange);
      assert.deepEqual(values(random.uniform(key, [5], 0, 1, "f64")), want.uniform64);
      assert.deepEqual(values(random.bernoulli(key, 0.3, [40])), want.bernoulli);
    });
    it(`normal of seed ${seed} agrees up to rounding in log1p and the polynomial`, () => {
      // 10 operations of half an ULP each, at a condition number near 1: 8 ULP
      close(values(random.normal(key, [64])), want.normal, 8 * 2 ** -23);
      close(values(random.normal(key, [16], "f64")), want.normal64, 32 * 2 ** -52);
    });
  }
  it("gives the dtype that is asked for, f32 if none is", () => {
    for (const draw of [random.normal, random.uniform]) assert.equal(draw(random.key(1), [2]).dtype, "f32");
    for (const dtype of ["f32", "f64"] as const) {
      assert.equal(random.normal(random.key(1), [2], dtype).dtype, dtype);
      assert.equal(special.erfinv(tensor([0.5, 1, -1], { dtype })).dtype, dtype);
    }
    assert.equal(random.gumbel(random.key(1), [2]).dtype, "f32");
  });

  it("refuses what is no key", () => {
    assert.throws(() => random.bits(3), /random key is u32\[2\]/);
  });
});
