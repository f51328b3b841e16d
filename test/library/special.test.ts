import assert from "node:assert/strict";
import { checkGrads, grad, jit, nn, np, special, type Tensor, tensor } from "../../runtime/index.js";

const EULER = 0.5772156649015329;
const near = (x: number, y: number, ulps: number): void =>
  assert.ok(Math.abs(x - y) <= ulps * 2 ** -52 * Math.max(1, Math.abs(y)), `${x}, not ${y}`);

describe("special functions", () => {
  const x = Float64Array.from([-3.7, -2.2, -0.6, -0.3, 0.2, 0.9, 1.7, 4.1, 12.5]);

  it("have their well-known values", () => {
    const values = jit(() => [
      special.erf(1),
      special.erfc(3),
      special.ndtr(-1.96),
      special.gammaln(6),
      special.expit(Math.log(3)),
      special.logit(0.75),
      np.exp2(-3),
      nn.gelu(1, false),
    ]);
    // DLMF 7.23, 26.8; log 5!
    const known = [
      0.8427007929497149,
      2.209049699858544e-5,
      0.024997895148220428,
      Math.log(120),
      0.75,
      Math.log(3),
      0.125,
      0.8413447460685429,
    ];
    values().forEach((v, k) => void near(Number(v), known[k] ?? Number.NaN, 4));
  });

  it("digamma has its well-known values, and so has its derivative", () => {
    const digamma = jit((v: number) => special.digamma(v));
    near(Number(digamma(1)), -EULER, 4);
    near(Number(digamma(0.5)), -EULER - 2 * Math.LN2, 4);
    near(Number(digamma(-0.5)), 2 - EULER - 2 * Math.LN2, 8); // digamma(x + 1) = digamma(x) + 1 / x
    near(Number(digamma(100)), 4.600161852738087, 4);
    assert.ok(Number.isNaN(Number(digamma(-2))));
    const trigamma = grad((v: number) => special.digamma(v));
    near(Number(trigamma(1)), Math.PI ** 2 / 6, 16);
    near(Number(trigamma(0.5)), Math.PI ** 2 / 2, 16);
  });

  it("have the derivatives that differences give", () => {
    const all: readonly ((v: Tensor) => Tensor)[] = [
      (v) => special.erf(v),
      (v) => special.erfc(v),
      (v) => special.ndtr(v),
      (v) => special.gammaln(v),
      (v) => special.digamma(v),
      (v) => special.expit(v),
      (v) => np.exp2(v),
      (v) => nn.gelu(v, false),
      (v) => nn.gelu(v),
      (v) => nn.softplus(v),
    ];
    for (const f of all) checkGrads(f, [tensor(x)]);
  });

  it("erfinv has a slope everywhere between its ends", () => {
    // d erfinv(x) = sqrt(pi) / 2 exp(erfinv(x)^2), and erfinv(erf(1/2)) = 1/2
    const slope = grad((v: number) => special.erfinv(v));
    near(Number(slope(0)), Math.sqrt(Math.PI) / 2, 4);
    assert.ok(
      Math.abs(Number(slope(special.erf(0.5).item())) / ((Math.sqrt(Math.PI) / 2) * Math.exp(0.25)) - 1) <
        1e-13,
    );
  });

  it("give f32 for integers and keep a number's dtype weak", () => {
    const f = jit((v: Tensor) => special.erf(v) * special.expit(0.5));
    assert.equal(f(tensor([1, 2], { dtype: "i32" })).dtype, "f32");
    assert.equal(f(tensor([1, 2])).dtype, "f32");
    assert.equal(f(tensor(x)).dtype, "f64");
  });

  it("are the same outside compiled code", () => {
    const outside = special.ndtr(tensor(x)).data;
    const inside = jit((v: Tensor) => special.ndtr(v))(tensor(x)).data;
    for (let k = 0; k < x.length; k++) near(Number(outside[k]), Number(inside[k]), 2);
  });

  it("gelu's approximation keeps its lower tail", () => {
    // x sigmoid(2u): 1 + tanh u would be 0
    const y = jit((v: Tensor) => nn.gelu(v))(tensor([-6]));
    const u = Math.sqrt(2 / Math.PI) * (-6 + 0.044715 * -216);
    assert.ok(Math.abs(y.item() / (-6 / (1 + Math.exp(-2 * u))) - 1) < 1e-5);
  });
});
