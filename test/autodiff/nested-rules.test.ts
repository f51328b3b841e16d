/** Functions with rules of the user's in transforms of transforms, against the same functions without. */
import assert from "node:assert/strict";
import { customJvp, customVjp, grad, type Jitted, jit, jvp, vmap } from "../../runtime/index.js";
import { code } from "../runtime/expectations.js";
import { FORWARD_AND_REVERSE, forEachPair, type Scalar } from "./modes.js";
import { close, f64 } from "./numbers.js";

describe("rules of users in transforms of transforms", () => {
  /** log(1 + e^x): the rule takes its slope from another derivative. */
  const soft: Scalar = (v) => Math.log(1 + Math.exp(v));
  const byRule: Jitted<Scalar> = customJvp(
    (v: number) => Math.log(1 + Math.exp(v)),
    ([v], [dv]) => [soft(v), grad(soft)(v) * dv],
  );
  /** x^3, backwards by its residual. */
  const cubed = customVjp(
    (v: number) => v * v * v,
    (v: number) => [v * v * v, { v }] as const,
    (r, ct: number) => [3 * r.v * r.v * ct],
  );

  it("customJvp whose rule differentiates, in loops, of any order and mode", () => {
    const looped =
      (f: Scalar): Scalar =>
      (v) => {
        let s = v;
        let n = 0;
        while (n < 3) {
          for (let k = 0; k < 10; k++) s = f(s * v) * 0.5 + (s > 1 ? f(v) : s * 0.1);
          n++;
        }
        return s;
      };
    forEachPair(FORWARD_AND_REVERSE, (name, D, d) => {
      const twice =
        (f: Scalar): Scalar =>
        (v) =>
          D((w) => d(f, w), v);
      close(jit(twice(looped(byRule)))(0.7), jit(twice(looped(soft)))(0.7), 1e-12, name);
      const batch = f64([0.7, -0.2]);
      close(
        jit(vmap(twice(looped(byRule))))(batch),
        jit(vmap(twice(looped(soft))))(batch),
        1e-12,
        `vmap of ${name}`,
      );
    });
    close(jit(grad(grad(grad(looped(byRule)))))(0.7), jit(grad(grad(grad(looped(soft)))))(0.7), 1e-11);
  });

  it("customVjp in loops, of second and third order, in batches, inside of optimisers", () => {
    const f: Scalar = (v) => {
      let s = v;
      for (let k = 0; k < 10; k++) s = cubed(s) * 0.1 + v;
      return s;
    };
    const g: Scalar = (v) => {
      let s = v;
      for (let k = 0; k < 10; k++) s = s * s * s * 0.1 + v;
      return s;
    };
    close(jit(grad(grad(f)))(0.5), jit(grad(grad(g)))(0.5), 1e-12);
    close(jit(grad(grad(grad(f))))(0.5), jit(grad(grad(grad(g))))(0.5), 1e-11);
    close(jit(vmap(grad(grad(f))))(f64([0.5, 0.2])), jit(vmap(grad(grad(g))))(f64([0.5, 0.2])), 1e-12);
    const trained =
      (h: Scalar): Scalar =>
      (rate) => {
        let w = 0.8;
        let n = 0;
        while (n < 12) {
          w -= rate * grad((v: number) => (h(v) - 0.3) ** 2)(w);
          n++;
        }
        return w;
      };
    close(jit(grad(trained(f)))(0.05), jit(grad(trained(g)))(0.05), 1e-12);
    // forward over reverse needs the rule's own derivative alone; forward mode of the function has none
    close(jit((v: number) => jvp(grad(f), [v], [1])[1])(0.5), jit(grad(grad(g)))(0.5), 1e-12);
    assert.throws(() => jit((v: number) => jvp(f, [v], [1])[1])(0.5), code("TSJ3006"));
    assert.throws(
      () => jit((v: number) => grad((w: number) => jvp(f, [w], [1])[1])(v))(0.5),
      code("TSJ3006"),
    );
  });
});
