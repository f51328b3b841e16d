import assert from "node:assert/strict";
import fc from "fast-check";
import { ALIGNMENT, type Allocator, type Block, createAllocator, roundUp } from "../../runtime/allocator.js";

const START = 65536;

/** Blocks tile the space, neighbours know each other, no two free blocks touch. */
const checkInvariants = (a: Allocator, held: ReadonlySet<Block>): void => {
  const blocks = a.blocks();
  let address = START;
  let used = 0;
  blocks.forEach((block, k) => {
    assert.equal(block.start, address);
    assert.equal(block.start % ALIGNMENT, 0);
    assert.equal(block.size % ALIGNMENT, 0);
    assert.ok(block.size > 0);
    assert.equal(block.before, blocks[k - 1] ?? null);
    assert.equal(block.after, blocks[k + 1] ?? null);
    assert.equal(block.free, !held.has(block));
    if (block.free) assert.notEqual(blocks[k - 1]?.free, true, "free neighbours are merged");
    else used += block.size;
    address += block.size;
  });
  assert.equal(address, a.end());
  assert.equal(a.usedBytes(), used);
};

describe("the arena's allocator", () => {
  it("keeps its blocks apart and in order under random use", () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ allocate: fc.integer({ min: 0, max: 40_000 }) }) },
      { weight: 4, arbitrary: fc.record({ release: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ extend: fc.integer({ min: 1, max: 500 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const a = createAllocator(START);
        const held = new Set<Block>();
        for (const s of steps) {
          if ("extend" in s) a.extend(s.extend * ALIGNMENT);
          else if ("allocate" in s) {
            const fits = a.blocks().some((b) => b.free && b.size >= roundUp(s.allocate));
            const block = a.allocate(s.allocate);
            assert.equal(block !== null, fits, "a block is found exactly if one is large enough");
            if (block !== null) {
              assert.equal(block.size, roundUp(s.allocate));
              held.add(block);
            }
          } else {
            const block = [...held][s.release % Math.max(1, held.size)];
            if (block === undefined) continue;
            held.delete(block);
            a.release(block);
          }
          checkInvariants(a, held);
        }
        for (const block of held) a.release(block);
        checkInvariants(a, new Set());
        assert.ok(a.blocks().length <= 1, "all space is one block again");
      }),
    );
  });

  it("notices a block that is released twice, merged away or not", () => {
    const a = createAllocator(START);
    a.extend(64 * ALIGNMENT);
    const blocks = [1, 2, 3].map((n) => a.allocate(n * ALIGNMENT));
    for (const block of blocks) if (block !== null) a.release(block);
    for (const block of blocks) assert.throws(() => block !== null && a.release(block), /released twice/);
  });

  it("serves 4 GiB", () => {
    const a = createAllocator(START);
    a.extend(2 ** 32 - START);
    const big = a.allocate(3 * 2 ** 30);
    assert.equal(big?.size, 3 * 2 ** 30);
    assert.equal(a.allocate(2 ** 30), null);
    assert.notEqual(a.allocate(2 ** 30 - 2 * START), null);
  });
});
