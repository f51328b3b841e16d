import assert from "node:assert/strict";
import {
  argumentTrees,
  leafPaths,
  parameterNames,
  signatureOf,
  stagedType,
} from "../../runtime/signature.js";
import { tensor } from "../../runtime/tensor-data.js";

const names = parameterNames((w: unknown, { a }: { a: unknown }, b = 2) => [w, a, b]);
const key = (...args: unknown[]): string => signatureOf(args, names).key;
const code = (expected: string) => ({ name: "TscJitError", code: expected });

describe("signatures", () => {
  it("tell apart what decides a program, and nothing else", () => {
    const same: readonly (readonly [unknown, unknown])[] = [
      [1, -0],
      [
        [1, 2],
        [3, 4],
      ],
      [tensor([1, 2]), tensor([3, 4])],
      [
        { a: 1, b: [1] },
        { a: 2, b: [2] },
      ],
      [Uint8Array.of(1, 2), Uint8Array.of(3, 4)],
      [Math.sin, Math.sin],
    ];
    for (const [a, b] of same) assert.equal(key(a), key(b));
    const different: readonly unknown[] = [
      1,
      "1",
      true,
      null,
      undefined,
      [1],
      [1, 2],
      [[1, 2]],
      [],
      {},
      { a: 1 },
      { b: 1 },
      { a: 1, b: 1 },
      { b: 1, a: 1 },
      tensor(1),
      tensor([1]),
      tensor([1], { dtype: "f64" }),
      Float32Array.of(1, 2),
      Int32Array.of(1),
      Int16Array.of(1),
      Uint8Array.of(1),
      Float64Array.of(1),
      [tensor(1)],
      [tensor(1), 1],
      [[tensor(1)]],
      "undefined",
      "a,b",
      ["a", "b"],
      ["a,b"],
      () => 1,
      () => 2,
      [null],
      { a: { b: 1 } },
      { "a:b": 1 },
    ];
    const keys = different.map((x) => key(x));
    assert.equal(new Set(keys).size, keys.length, keys.join("\n"));
    assert.notEqual(key(1, 2), key([1, 2]));
    assert.notEqual(key(1), key(1, undefined));
  });

  it("take a regular nested array of numbers as one array, and one with tensors as a tree", () => {
    const [numbers, tree] = argumentTrees(
      [
        [
          [1, 2],
          [3, 4],
        ],
        [[1, 2], tensor([1])],
      ],
      names,
    );
    assert.deepEqual(numbers, {
      kind: "leaf",
      leaf: {
        kind: "staged",
        index: 0,
        type: { dtype: "f64", shape: [2, 2] },
        weak: false,
        value: [
          [1, 2],
          [3, 4],
        ],
        hostArray: true,
        store: null,
      },
    });
    assert.equal(tree?.kind === "array" && tree.items.length, 2);
  });

  it("count the leaves as the trees do, and know whether all are plain numbers", () => {
    const args = [{ a: 1, b: "x", c: [tensor(1), 2] }, 3];
    const { leaves, plain } = signatureOf(args, names);
    assert.equal(leaves.length, 4);
    assert.equal(plain, false);
    assert.equal(signatureOf([1, { a: 2 }, "mode"], names).plain, true);
    assert.deepEqual(leafPaths(args, names), [
      'argument 1 ("w").a',
      'argument 1 ("w").c[0]',
      'argument 1 ("w").c[1]',
      "argument 2",
    ]);
  });

  it("name the argument that cannot be taken", () => {
    class Model {
      weight = 1;
      forward(): number {
        return this.weight;
      }
    }
    class Point {
      x = 1;
      y = 2;
    }
    assert.equal(key(new Point()), key({ x: 1, y: 2 }));
    const cases: readonly (readonly [unknown, string, RegExp])[] = [
      [{ layers: [{ k: 10n }] }, "TSJ5040", /argument 1 \("w"\)\.layers\[0\]\.k is a bigint/],
      [Symbol("s"), "TSJ5040", /argument 1 \("w"\) is a symbol/],
      [new Model(), "TSJ5040", /an instance of Model/],
      [new Date(), "TSJ5040", /an instance of Date/],
      [new Map(), "TSJ5040", /an instance of Map/],
      [Promise.resolve(1), "TSJ5040", /await it first/],
      [new ArrayBuffer(8), "TSJ5040", /typed array/],
      [BigInt64Array.of(1n), "TSJ5040", /BigInt64Array/],
      [[[1, 2], [3]], "TSJ5020", /argument 1 \("w"\)\[1\] has 1 elements where others have 2/],
      [[1, undefined, 2], "TSJ5021", /\[1\] is missing/],
    ];
    for (const [value, expected, message] of cases)
      assert.throws(() => key(value), { ...code(expected), message }, String(message));
    const loop: { self?: unknown } = {};
    loop.self = loop;
    assert.throws(() => key(loop), { ...code("TSJ5041"), message: /\.self contains itself/ });
    const shared = { a: 1 };
    assert.doesNotThrow(() => key([shared, shared, tensor(1)]));
  });

  it("read a captured value as they read an argument", () => {
    assert.deepEqual(stagedType(3)?.type, { dtype: "f64", shape: [] });
    assert.deepEqual(stagedType([[1, 2]])?.type.shape, [1, 2]);
    assert.equal(stagedType({ a: 1 }), null);
    assert.equal(stagedType("x"), null);
    assert.equal(stagedType([tensor(1)]), null);
  });
});
