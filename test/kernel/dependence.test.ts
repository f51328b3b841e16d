/** Whether iterations meet, against all pairs of iterations tried one by one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { addressRange, loopFacts, mayMeet } from "../../compiler/kernel/raise/dependence.js";
import type { Address, LoopStmt, Stmt } from "../../compiler/kernel/types.js";

const [OUTER, INNER] = [0, 1];

const address = (a: number, b: number, offset: number): Address => ({
  offset,
  terms: [
    { axis: OUTER, stride: a },
    { axis: INNER, stride: b },
  ],
  dynamic: null,
});

const nest = (rows: number, columns: number, x: Address, y: Address): LoopStmt => {
  const body: readonly Stmt[] = [
    { kind: "load", id: 1, buffer: 0, at: y, type: "f64" },
    { kind: "store", buffer: 0, at: x, value: 1, mode: "set" },
  ];
  const inner: Stmt = { kind: "loop", axis: INNER, extent: columns, parallel: false, carries: [], body };
  return { kind: "loop", axis: OUTER, extent: rows, parallel: false, carries: [], body: [inner] };
};

const at = ({ offset, terms }: Address, i: number, j: number): number =>
  terms.reduce((sum, t) => sum + t.stride * (t.axis === OUTER ? i : j), offset);

/** Do x in one iteration of the outer loop and y in another meet? */
const meet = (rows: number, columns: number, x: Address, y: Address, same: boolean): boolean => {
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < rows; k++)
      for (let j = 0; j < columns; j++)
        for (let l = 0; l < columns; l++) if ((same || i !== k) && at(x, i, j) === at(y, k, l)) return true;
  return false;
};

const stride = fc.integer({ min: -9, max: 9 });
const cases = fc.record({
  rows: fc.integer({ min: 1, max: 6 }),
  columns: fc.integer({ min: 1, max: 6 }),
  x: fc.tuple(stride, stride, fc.integer({ min: -12, max: 12 })),
  y: fc.tuple(stride, stride, fc.integer({ min: -12, max: 12 })),
  alike: fc.boolean(),
  same: fc.boolean(),
});

describe("dependence of iterations", () => {
  it("is exact for short loops, where both addresses move alike along the loop", () => {
    fc.assert(
      fc.property(cases, ({ rows, columns, x, y, alike, same }) => {
        const [first, second] = [address(...x), alike ? address(x[0], x[1], y[2]) : address(...y)];
        const loop = nest(rows, columns, first, second);
        const access = (a: Address, writes: boolean) => ({ buffer: 0, at: a, writes });
        const found = mayMeet(loop, loopFacts(loop), access(first, true), access(second, false), same);
        // addresses that move at different speeds may meet in the same iteration alone: it is not told apart
        const exact = same || first.terms[0]?.stride === second.terms[0]?.stride;
        assert.equal(found, meet(rows, columns, first, second, same || !exact));
      }),
      { numRuns: 3000 },
    );
  });

  it("assumes that registers of the loop may hold anything, others one thing", () => {
    const plain = address(1, 0, 0);
    const loop = nest(4, 4, plain, plain);
    const facts = loopFacts(loop);
    const access = (dynamic: number | null, offset: number) => ({
      buffer: 0,
      at: { ...plain, offset, dynamic },
      writes: true,
    });
    assert.equal(mayMeet(loop, facts, access(1, 0), access(1, 0), false), true, "a register of the loop");
    assert.equal(mayMeet(loop, facts, access(7, 0), access(7, 0), false), false, "one from outside");
    assert.equal(mayMeet(loop, facts, access(7, 0), access(7, 1), false), true, "its neighbour");
    assert.equal(mayMeet(loop, facts, access(7, 0), access(8, 0), false), true, "two from outside");
    assert.equal(mayMeet(loop, facts, access(7, 0), { ...access(7, 0), buffer: 1 }, false), false);
  });

  it("knows the range of an address", () => {
    const extents = new Map([
      [OUTER, 5],
      [INNER, 3],
    ]);
    const range = addressRange(address(-2, 10, 4), (axis) => extents.get(axis) ?? null);
    assert.deepEqual(range, [-4, 24]);
    assert.equal(
      addressRange(address(-2, 10, 4), () => null),
      null,
    );
  });
});
