/** The memory that gradients take: measured for compiled programs, at two trip counts. */
import assert from "node:assert/strict";
import { jit, valueAndGrad } from "../../runtime/index.js";
import { peakOf } from "./peak-memory.js";
import { loadPrograms } from "./programs.js";

type Compiled = (...args: readonly unknown[]) => unknown;

const programs = await loadPrograms();

/** Bytes of a gradient with n steps, and how many times as much work 4 n steps are. */
const TIMES = 4;
/** Tapes have room for up to twice the rows that they hold. */
const ROOM = 2;
/** Blocks of the arena and first rooms of tapes: what does not depend on the trip count. */
const CONSTANT_BYTES = 65536;

describe("the memory of a gradient", () => {
  for (const { name, fn, args, n, work } of programs)
    it(`grows with the number of steps at worst: ${name}`, () => {
      const compiled = jit(valueAndGrad(fn as (x: number) => number)) as unknown as Compiled;
      const small = Math.max(4, n >> 3);
      const peak = (steps: number): number => {
        const given = args(steps);
        return peakOf(() => compiled(...given)).bytes;
      };
      const growth = work === undefined ? TIMES : work(TIMES * small) / work(small);
      const most = ROOM * growth * peak(small) + CONSTANT_BYTES;
      assert.ok(peak(TIMES * small) <= most, `${peak(TIMES * small)} bytes, at most ${most} expected`);
    });

  it("holds no copy of an array per step of an in-place update", () => {
    const cumulative = (x: Float64Array): number => {
      const s = x.slice();
      for (let i = 1; i < s.length; i++) s[i] = (s[i] ?? 0) * (s[i - 1] ?? 0);
      return s[s.length - 1] ?? 0;
    };
    const compiled = jit(valueAndGrad(cumulative)) as unknown as Compiled;
    const length = 4096;
    const x = new Float64Array(length).fill(1.0001);
    // the argument, the array, its cotangent, the gradient and two factors per step: of 8 bytes each; a copy per step were 128 MiB
    assert.ok(peakOf(() => compiled(x)).bytes <= 8 * 8 * length + CONSTANT_BYTES);
  });
});
