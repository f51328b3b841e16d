/** A value does not depend on where in an array it stands, nor on whether its loop runs in vectors. */
import assert from "node:assert/strict";
import type { ElementwiseOp } from "../../compiler/ir/types.js";
import { PROFILES } from "../targets/wasm/harness.js";
import { F32_SWEEPS, type Sweep } from "./f32-sweep.js";
import { SPECIAL, wordsFrom } from "./ulp.js";
import { type ArrayOp, arrayOp } from "./vector-op.js";

const next = wordsFrom(3);
const unit = (): number => next() / 2 ** 31 - 1;
/** No multiple of any number of lanes: the last vector is a partial one. */
const NUMBERS = [
  ...SPECIAL,
  ...Array.from({ length: 60 }, () => 10 * unit()),
  ...Array.from({ length: 60 }, () => unit() * 2 ** (200 * unit())),
  0.75,
  -0.3,
  1.1,
].slice(0, 167);

const apply = (f: ArrayOp, columns: readonly (readonly number[])[]): readonly number[] => {
  columns.forEach((xs, j) => void f.inputs[j]?.set(xs));
  f.run();
  return [...f.output];
};

describe("vector math is the same at every place of an array", () => {
  const n = NUMBERS.length;
  for (const dtype of ["f32", "f64"] as const)
    for (const [op, { arity }] of Object.entries(F32_SWEEPS) as [ElementwiseOp, Sweep][])
      it(`${op} of ${dtype}`, async () => {
        const turned = (by: number): readonly (readonly number[])[] =>
          Array.from({ length: arity }, (_, j) =>
            NUMBERS.map((_x, k) => NUMBERS[(((k + by) % n) * (j === 0 ? 1 : 5)) % n] ?? 0),
          );
        for (const profile of PROFILES) {
          const vectors = await arrayOp(op, arity, dtype, n, profile);
          const wanted = apply(vectors, turned(0));
          for (const by of [1, 2, 3, n - 1])
            apply(vectors, turned(by)).forEach((y, k) => {
              const place = (k + by) % n;
              assert.ok(Object.is(y, wanted[place]), `${y}, elsewhere ${wanted[place]}`);
            });
          // scalars have no contracted multiply-add
          if (profile !== "base") continue;
          const scalars = await arrayOp(op, arity, dtype, n, profile, false);
          apply(scalars, turned(0)).forEach((y, k) => {
            assert.ok(Object.is(y, wanted[k]), `scalar ${y}, vector ${wanted[k]} of ${NUMBERS[k]}`);
          });
        }
      });
});
