import assert from "node:assert/strict";
import fc from "fast-check";
import { createArena, heapStorage, type Storage } from "../../runtime/arena.js";

const filled = (length: number, value: number): Float32Array => new Float32Array(length).fill(value);

/** A storage born in the arena, with all its elements `value`. */
const born = (a: ReturnType<typeof createArena>, length: number, value: number): Storage => {
  const block = a.allocate(4 * length);
  a.write(block.start, filled(length, value));
  return a.adopt(block, "f32", length);
};

describe("the arena", () => {
  it("keeps the elements of every array under random use, within its bound", () => {
    const step = fc.oneof(
      fc.record({ make: fc.integer({ min: 0, max: 200_000 }) }),
      fc.record({ use: fc.nat(), also: fc.nat() }),
      fc.record({ drop: fc.nat() }),
    );
    const softBytes = 8 << 20;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const a = createArena(softBytes, softBytes);
        const model: { storage: Storage; value: number; length: number }[] = [];
        let next = 1;
        for (const s of steps) {
          if ("make" in s) {
            const value = next++;
            const onHeap = value % 3 === 0;
            const storage = onHeap ? heapStorage("f32", filled(s.make, value)) : born(a, s.make, value);
            model.push({ storage, value, length: s.make });
          } else if ("use" in s) {
            const pair = [model[s.use % model.length], model[s.also % model.length]];
            const addresses = pair.map((m) => (m === undefined ? null : a.pin(m.storage)));
            // Both stay while a call makes more.
            const scratch = a.allocate(1 << 20);
            pair.forEach((m, k) => {
              const address = addresses[k];
              if (m === undefined || address === null || address === undefined) return;
              assert.equal(address, m.storage.block?.start);
              if (m.length > 0) assert.equal(a.readAt("f32", address, m.length - 1), m.value);
              a.unpin(m.storage);
            });
            a.release(scratch);
          } else model.splice(s.drop % Math.max(1, model.length), 1);
          assert.ok(
            a.stats().committedBytes <= softBytes + 65536,
            "one step never needs more than the bound",
          );
        }
        for (const { storage, value, length } of model)
          assert.deepEqual(a.read(storage), filled(length, value));
      }),
      { numRuns: 40 },
    );
  });

  it("evicts what was used least recently, and never what a call uses", () => {
    const a = createArena(8 << 20, 8 << 20);
    const storages = [1, 2, 3].map((value) => born(a, 1 << 19, value));
    const [first, second, third] = storages;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    a.pin(first);
    a.release(a.allocate(3 << 20));
    assert.equal(second.block, null, "the least recently used one that is not in use has left");
    assert.notEqual(first.block, null);
    assert.deepEqual(a.read(second), filled(1 << 19, 2));
    a.unpin(first);
  });

  it("grows beyond its bound only for what one call needs at once", () => {
    const a = createArena(4 << 20, 4 << 20);
    const big = born(a, 2 << 20, 7);
    assert.ok(a.stats().committedBytes >= 8 << 20);
    a.pin(big);
    const more = a.allocate(6 << 20);
    assert.notEqual(big.block, null);
    a.unpin(big);
    a.release(more);
    const committed = a.stats().committedBytes;
    for (let k = 0; k < 20; k++) born(a, 1 << 19, k);
    assert.equal(a.stats().committedBytes, committed);
    assert.deepEqual(a.read(big), filled(2 << 20, 7));
  });

  it("raises its bound where arrays that had to leave are used again", () => {
    const a = createArena(4 << 20, 16 << 20);
    const storages = Array.from({ length: 10 }, (_, k) => born(a, 1 << 18, k));
    const round = (): number => {
      const before = a.stats().evictions;
      for (const storage of storages) {
        a.pin(storage);
        a.unpin(storage);
      }
      return a.stats().evictions - before;
    };
    round();
    round();
    assert.equal(round(), 0, "all of them have a place now");
  });

  it("says so when the 4 GiB end, and stays usable", () => {
    const a = createArena();
    assert.throws(() => a.allocate(2 ** 32), { name: "TscJitError", code: "TSJ5001" });
    assert.deepEqual(a.read(born(a, 10, 3)), filled(10, 3));
  });

  it("reads and writes every dtype", () => {
    const a = createArena();
    for (const data of [
      Float32Array.of(1.5, -0),
      Float64Array.of(Math.PI, Number.NaN),
      Int32Array.of(-5, 2 ** 31 - 1),
      Uint32Array.of(0, 2 ** 32 - 1),
      Uint8Array.of(0, 1),
    ]) {
      const dtype = ({ 1: "bool", 4: "f32", 8: "f64" } as const)[data.BYTES_PER_ELEMENT as 1 | 4 | 8];
      const kind = data instanceof Int32Array ? "i32" : data instanceof Uint32Array ? "u32" : dtype;
      const storage = heapStorage(kind, data.slice());
      a.pin(storage);
      storage.heap = null;
      assert.deepEqual(a.read(storage), data);
      a.unpin(storage);
    }
  });
});
