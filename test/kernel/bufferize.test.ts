/** The scratch plan: aligned, and no two buffers that live together overlap. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { planScratch, type ScratchRequest } from "../../compiler/kernel/bufferize.js";
import type { Kernel, LoopKernel, Step, Stmt } from "../../compiler/kernel/types.js";

/** A kernel that touches these buffers. */
const touching = (ids: readonly number[]): LoopKernel => {
  const at = { offset: 0, terms: [], dynamic: null };
  const body = ids.map((buffer, id): Stmt => ({ kind: "load", id, buffer, at, type: "f32" }));
  return { kind: "loops", name: "k", spans: [], body };
};

const programs = fc
  .array(fc.nat(2000), { minLength: 1, maxLength: 12 })
  .chain((sizes) =>
    fc.tuple(
      fc.constant(sizes.map((size, id): ScratchRequest => ({ id, dtype: "f32", size }))),
      fc.array(fc.uniqueArray(fc.nat(sizes.length - 1), { maxLength: 4 }), { minLength: 1, maxLength: 12 }),
    ),
  );

/** First and last kernel of each buffer. */
const lives = (kernels: readonly (readonly number[])[], id: number): readonly [number, number] | null => {
  const at = kernels.flatMap((ids, k) => (ids.includes(id) ? [k] : []));
  const [first] = at;
  return first === undefined ? null : [first, at[at.length - 1] ?? first];
};

describe("scratch plan", () => {
  it("never overlaps what lives together", () => {
    fc.assert(
      fc.property(programs, ([requests, touched]) => {
        const plan = planScratch(requests, touched.map(touching));
        for (const a of requests) {
          const start = plan.offsets.get(a.id) ?? Number.NaN;
          const life = lives(touched, a.id);
          assert.equal(start % 64, 0);
          if (life === null) continue;
          assert.ok(start + a.size * 4 <= plan.bytes);
          for (const b of requests) {
            const other = lives(touched, b.id);
            const together = other !== null && life[0] <= other[1] && other[0] <= life[1];
            if (b.id <= a.id || !together) continue;
            const at = plan.offsets.get(b.id) ?? Number.NaN;
            assert.ok(start + a.size * 4 <= at || at + b.size * 4 <= start, `${a.id} and ${b.id} overlap`);
          }
        }
      }),
    );
  });

  it("keeps what a loop shares with the steps around it through the whole loop", () => {
    const requests = [0, 1, 2].map((id): ScratchRequest => ({ id, dtype: "f64", size: 8 }));
    // 0 is set before the loop and read at its start; 1 lives in one iteration, after 0's last use there
    const inner = [touching([0, 2]), touching([1, 2])];
    const loop: Step = { kind: "for", trip: 3, counter: null, body: inner };
    const at = (steps: readonly Step[]) => [0, 1].map((id) => planScratch(requests, steps).offsets.get(id));
    const [before, inside] = at([touching([0]), loop]);
    assert.notEqual(before, inside);
    const [first, second] = at([touching([0]), ...inner]);
    assert.equal(first, second);
  });

  it("uses the memory of dead buffers again", () => {
    const requests = [0, 1, 2, 3].map((id): ScratchRequest => ({ id, dtype: "f64", size: 100 }));
    const kernels: readonly Kernel[] = [[0], [0, 1], [1, 2], [2, 3]].map(touching);
    // a chain needs two buffers of 832 bytes (100 doubles, rounded up to cache lines)
    assert.equal(planScratch(requests, kernels).bytes, 2 * 832);
  });
});
